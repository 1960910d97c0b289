"""`migrate provision` beside what others own, what is not fit, and what others have changed since."""

from __future__ import annotations

import re
from typing import Any

import yaml
from tests.acceptance.provisioning import VAULT_API, Place, steps
from tests.builders import fault

from amlmigrate.desired.ownership import TAG
from azsandbox import provision

ML_API = "2025-12-01"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
ACCESS_ADMINISTRATOR = "f58310d9-a9f6-439a-9e8d-f62e7b41a168"
ENCRYPTION_USER = "e147488a-f6f5-4113-8e2d-b22465e65bf6"


def _reasons(place: Place) -> str:
    """Why the file is refused; nothing was changed, and nothing is sent that would change anything."""
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


def test_where_another_team_owns_the_keys_it_is_told_what_they_have_to_do(sandbox: Any, place: Place) -> None:
    """Whoever provisions may only read the vault; its owner makes the key and the grant, and nobody else can."""
    vault = _anothers(place, enablePurgeProtection=True)
    place.put(place.group, "2022-09-01", {"location": "eastus2"})
    person, signed_in = place.world.principal("maker")
    for scope, role in (
        (place.subscription, READER),
        (place.group, CONTRIBUTOR),
        (place.group, ACCESS_ADMINISTRATOR),
    ):
        place.world.azure(provision.assign, scope, role, person.object_id)
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
