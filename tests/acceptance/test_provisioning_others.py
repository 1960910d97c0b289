"""`migrate provision` beside what others own, what is not fit, and what others have changed since."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.acceptance import alone
from tests.acceptance.provisioning import VAULT_API, VAULTS, Place, make_place, steps
from tests.builders import fault

from amlmigrate.desired.ownership import TAG
from azsandbox import provision
from azsandbox.principals import Directory
from azsandbox.state import StateFolder

sandbox = alone.sandbox

ML_API, STORAGE_API = "2025-12-01", "2023-05-01"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
ACCESS_ADMINISTRATOR = "f58310d9-a9f6-439a-9e8d-f62e7b41a168"
VAULT_ADMINISTRATOR = "00482a5a-887f-4fb3-b363-3b7fe8e74483"
ENCRYPTION_USER = "e147488a-f6f5-4113-8e2d-b22465e65bf6"


@pytest.fixture
def place(sandbox: Any, tmp_path: Path) -> Place:
    """The least file."""
    return make_place(sandbox, tmp_path)


def _reasons(place: Place) -> str:
    """Why the file is refused; nothing was changed, and nothing is sent that would change anything."""
    time.sleep(0.05)  # what came before is before it in the log too
    since = place.now()
    error = place.refused()
    assert error["summary"].endswith("nothing was changed.")
    assert place.writes(since) == []
    return "\n".join(error["reasons"])


def _key(place: Place, vault: str, name: str = "cmk", **changed: Any) -> None:
    """A key that its vault's owner made for this workspace, as the tag says."""
    told = {"kty": "RSA", "keySize": 2048, "attributes": {"enabled": True}, **changed}
    place.put(f"{vault}/keys/{name}", VAULT_API, {"tags": {TAG: place.owner}, "properties": told})


def _anothers(place: Place, **changed: Any) -> str:
    """A vault of another team's that the file names by its id."""
    vault = place.vault(f"kv-o{place.number}", f"other{place.number}", **changed)
    place.file["keyVault"] = {"id": vault}
    return vault


def test_a_vault_in_another_region(place: Place) -> None:
    _anothers(place, location="westus", enablePurgeProtection=True)
    assert "It is in westus, the workspace in eastus2." in _reasons(place)


def test_anothers_vault_is_never_changed(place: Place) -> None:
    vault = _anothers(place)
    reasons = _reasons(place)
    assert "lacks purge protection" in reasons and "az keyvault update --name" in reasons
    assert not place.get(vault, VAULT_API)["properties"].get("enablePurgeProtection")


def test_a_vault_whose_firewall_keeps_azures_services_out(place: Place) -> None:
    closed = {"networkAcls": {"defaultAction": "Deny", "bypass": "None"}, "enablePurgeProtection": True}
    _anothers(place, **closed)
    assert "keeps Azure's trusted services out" in _reasons(place)


def test_a_key_that_is_too_small_or_expired(place: Place) -> None:
    vault = _anothers(place, enablePurgeProtection=True)
    place.file["key"] = {"name": "cmk", "size": 3072}
    _key(place, vault)
    assert "It has 2048 bits, and the file asks for 3072" in _reasons(place)

    place.file["key"] = {"name": "spent", "size": 2048}
    _key(place, vault, "spent", attributes={"enabled": True, "exp": int(time.time()) + 1})
    time.sleep(1.1)
    assert "Its newest version has expired" in _reasons(place)


def test_an_account_under_microsofts_key_that_is_named_by_its_id(place: Place) -> None:
    place.put(place.group, "2022-09-01", {"location": "eastus2"})
    account = place.id("Microsoft.Storage/storageAccounts", f"stm{place.number}")
    plain = {"location": "eastus2", "sku": {"name": "Standard_GRS"}, "kind": "StorageV2", "properties": {}}
    place.put(account, STORAGE_API, plain)
    place.file["storage"] = {"id": account}
    place.adopt(f"stm{place.number}", "encryption", "grants")
    plan = place.ok().event("provision.plan")
    [step] = [step for step in plan["steps"] if step["what"] == "storage account"]
    assert step["action"] == "update" and "is put under the key" in step["notes"][0]
    encryption = place.get(account, STORAGE_API)["properties"]["encryption"]
    assert (encryption["keySource"], encryption["keyvaultproperties"]["keyname"]) == ("Microsoft.Keyvault", "cmk")


def test_keys_of_an_account_that_another_workspace_uses_stay_on(place: Place) -> None:
    place.put(place.group, "2022-09-01", {"location": "eastus2"})
    account = place.id("Microsoft.Storage/storageAccounts", f"stu{place.number}")
    plain = {"location": "eastus2", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2", "properties": {}}
    place.put(account, STORAGE_API, plain)
    group, name = place.group, f"user{place.number}"
    vault = place.vault(f"kv-u{place.number}")
    user = place.world.azure(provision.workspace, group, name, storage_id=account, vault_id=vault)
    place.file["storage"] = {"name": f"stu{place.number}", "sharedKey": False}
    place.adopt(f"stu{place.number}", "encryption", "grants", "sharedKey")
    place.file["workspace"]["systemDatastoresAuthMode"] = "Identity"
    since = place.now()
    error = place.refused()
    told = " ".join(error["reasons"])
    assert user["id"] in told and f"{user['id']}/datastores/workspaceblobstore" in told
    assert place.writes(since) == []
    assert place.get(account, STORAGE_API)["properties"].get("allowSharedKeyAccess") is not False


def test_keys_of_an_account_that_nobody_uses_are_switched_off(place: Place) -> None:
    place.put(place.group, "2022-09-01", {"location": "eastus2"})
    account = place.id("Microsoft.Storage/storageAccounts", f"stf{place.number}")
    plain = {"location": "eastus2", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2", "properties": {}}
    place.put(account, STORAGE_API, plain)
    place.file["storage"] = {"name": f"stf{place.number}", "sharedKey": False}
    place.adopt(f"stf{place.number}", "encryption", "grants", "sharedKey")
    place.file["workspace"]["systemDatastoresAuthMode"] = "Identity"
    place.ok()
    assert place.get(account, STORAGE_API)["properties"]["allowSharedKeyAccess"] is False
    assert set(steps(place.ok()).values()) == {"exists"}


def test_where_another_team_owns_the_keys_it_is_told_what_they_have_to_do(sandbox: Any, place: Place) -> None:
    """Whoever provisions may only read the vault; its owner makes the key and the grant, and nobody else can."""
    vault = _anothers(place, enablePurgeProtection=True)
    place.put(place.group, "2022-09-01", {"location": "eastus2"})
    person, secret = Directory(StateFolder(sandbox.state)).add(f"maker{place.number}", has_roles=False)
    for scope, role in (
        (place.subscription, READER),
        (place.group, CONTRIBUTOR),
        (place.group, ACCESS_ADMINISTRATOR),
    ):
        place.world.azure(provision.assign, scope, role, person.object_id)
    signed_in = {"AZURE_CLIENT_ID": person.client_id, "AZURE_CLIENT_SECRET": secret}
    place.adopt(f"kv-o{place.number}", "keys")
    place.path.write_text(yaml.safe_dump(place.file))
    command = ("provision", str(place.path), "--json", "--yes", "--adopt", f"kv-o{place.number}")

    error = place.world.migrate(*command, **signed_in)
    assert error.code == 6, error.out + error.err
    told = error.event("error")
    assert told["address"] == f"{vault}/keys/cmk" and "vaults/keys/write" in told["summary"]
    assert (
        "Whoever owns the vault has to make the key (RSA 2048): az keyvault key create --vault-name "
        in told["remedy"]
    )
    _key(place, vault)

    error = place.world.migrate(*command, **signed_in)
    assert error.code == 6, error.out + error.err
    remedy = error.event("error")["remedy"]
    assert '--role "Key Vault Crypto Service Encryption User"' in remedy and f"--scope {vault}/keys/cmk" in remedy
    principal = re.findall(r"--assignee-object-id (\S+)", remedy)[0]
    place.world.azure(provision.assign, f"{vault}/keys/cmk", ENCRYPTION_USER, principal)

    done = place.world.migrate(*command, **signed_in)
    assert done.code == 0, done.out + done.err
    found = steps(done)
    assert (found["key vault"], found["key"]) == ("exists", "exists")
    assert found["Key Vault Crypto Service Encryption User for the identity"] == "exists"


def test_a_right_that_is_more_than_needed_is_told(place: Place) -> None:
    place.ok()
    identity = place.id("Microsoft.ManagedIdentity/userAssignedIdentities", place.file["identity"]["name"])
    principal = place.get(identity, "2023-01-31")["properties"]["principalId"]
    vault = place.id(VAULTS, f"kv-p{place.number}")
    place.world.azure(provision.assign, vault, VAULT_ADMINISTRATOR, principal)
    plan = place.ok().event("provision.plan")
    [step] = [each for each in plan["steps"] if each["what"].startswith("Key Vault Crypto Service")]
    assert step["action"] == "exists"
    [note] = step["notes"]
    assert note.startswith("warning: holds Key Vault Administrator at") and "more than it needs" in note


def test_a_workspace_that_was_made_is_never_written_again(place: Place) -> None:
    """Its last update failed: a PUT would take away what others have given it since."""
    place.ok()
    other = place.id("Microsoft.ManagedIdentity/userAssignedIdentities", f"other{place.number}")
    place.put(other, "2023-01-31", {"location": "eastus2"})
    ours = place.id("Microsoft.ManagedIdentity/userAssignedIdentities", place.file["identity"]["name"])
    changed = {
        "tags": {"owner": "risk", TAG: place.owner},
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {ours: {}, other: {}}},
        "properties": {"publicNetworkAccess": "Disabled"},
    }
    place.world.arm("PATCH", place.workspace, ML_API, changed)
    before = place.get(place.workspace, ML_API)
    failed = {**before, "properties": {**before["properties"], "provisioningState": "Failed"}}
    rule = fault("GET", f"/workspaces/{place.file['workspace']['name']}$", times=0, status=200, body=failed)
    with place.world.faults(rule):
        reasons = _reasons(place)
    assert "Its last operation failed, but it was made before that" in reasons
    assert place.get(place.workspace, ML_API) == before
    assert set(steps(place.ok("--dry-run")).values()) == {"exists"}


def test_what_people_see_of_a_workspace_stays_and_is_told(place: Place) -> None:
    place.file["workspace"]["description"] = "Credit risk"
    place.ok()
    told = {"properties": {"description": "Theirs"}}
    place.world.arm("PATCH", place.workspace, ML_API, told)
    plan = place.ok().event("provision.plan")
    [step] = [each for each in plan["steps"] if each["what"] == "workspace"]
    assert (step["action"], step["notes"]) == ("exists", ["its description stays 'Theirs'"])
