"""Roles are evaluated: for ARM, for vaults, for blobs and for files, by the clients that people have."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import live
import pytest
from azure.core.exceptions import HttpResponseError
from azure.identity import ClientSecretCredential
from azure.keyvault.keys import KeyClient
from azure.storage.blob import BlobServiceClient, ContainerSasPermissions, generate_container_sas
from azure.storage.fileshare import ShareServiceClient
from live import azure, sync_credential, unique
from people import (
    BLOB_READER,
    CONTRIBUTOR,
    CRYPTO_USER,
    DATA_SCIENTIST,
    FILE_READER,
    READER,
    Person,
    give,
    nobody,
)
from vaults import new_vault, url

from azsandbox import Sandbox, provision, roledelay
from azsandbox.cli import main
from azsandbox.client import Client
from azsandbox.principals import Directory
from azsandbox.state import StateFolder

ARM = "https://management.azure.com"
GROUPS = "2022-09-01"
pytestmark = pytest.mark.usefixtures("azure_env")


def ask(
    env: Mapping[str, str], method: str, path: str, body: Any = None, version: str = GROUPS
) -> tuple[int, Any]:
    """Status and JSON of one ARM call."""
    found = live.ask(env, method, path, version, body)
    return found.status, found.body


def new_group(sandbox: Sandbox) -> str:
    made: str = azure(sandbox.env, lambda client: provision.group(client, unique("access-")))
    return made


def new_account(sandbox: Sandbox, group: str) -> str:
    made: str = azure(sandbox.env, lambda client: provision.storage_account(client, group, unique("acc")))
    return made


@pytest.fixture
def person(sandbox: Sandbox) -> Person:
    return nobody(sandbox)


@pytest.fixture
def credential(person: Person) -> Iterator[ClientSecretCredential]:
    with sync_credential(person.env) as made:
        yield made


# ARM


def test_without_a_role_everything_is_refused_in_arms_words(sandbox: Sandbox, person: Person) -> None:
    group = new_group(sandbox)
    status, body = ask(person.env, "GET", group)
    assert status == 403
    assert body["error"] == {
        "code": "AuthorizationFailed",
        "message": f"The client '{person.env['AZURE_CLIENT_ID']}' with object id '{person.object_id}' does not have "
        "authorization to perform action 'Microsoft.Resources/subscriptions/resourceGroups/read' over scope "
        f"'{group}' or the scope is invalid. If access was recently granted, please refresh your credentials.",
    }
    # Nor does a refusal tell whether anything is there.
    assert ask(person.env, "GET", f"{group}nothing")[0] == 403
    assert ask(person.env, "GET", "/subscriptions")[1]["value"] == []


def test_a_reader_reads_at_and_below_the_scope_and_nothing_else(sandbox: Sandbox, person: Person) -> None:
    group, other = new_group(sandbox), new_group(sandbox)
    account = new_account(sandbox, group)
    give(sandbox, person, READER, group)
    assert ask(person.env, "GET", group)[0] == 200
    assert ask(person.env, "GET", account, version="2023-05-01")[0] == 200
    for method, path, body, action in (
        ("PUT", group, {"location": "eastus2"}, "Microsoft.Resources/subscriptions/resourceGroups/write"),
        ("DELETE", account, None, "Microsoft.Storage/storageAccounts/delete"),
        ("POST", f"{account}/listKeys", None, "Microsoft.Storage/storageAccounts/listkeys/action"),
        ("GET", other, None, "Microsoft.Resources/subscriptions/resourceGroups/read"),
    ):
        status, answer = ask(person.env, method, path, body, GROUPS if "/providers/" not in path else "2023-05-01")
        assert (status, answer["error"]["code"]) == (403, "AuthorizationFailed")
        assert f"'{action}' over scope '{path.removesuffix('/listKeys')}'" in answer["error"]["message"]
    subscription = "/".join(group.split("/")[:3])
    listed = ask(person.env, "GET", f"{subscription}/resourcegroups")[1]["value"]
    assert [each["id"] for each in listed] == [group]
    resources = ask(person.env, "GET", f"{subscription}/resources")[1]["value"]
    assert [each["id"] for each in resources] == [account]
    assert [each["id"] for each in ask(person.env, "GET", "/subscriptions")[1]["value"]] == [subscription]


def test_an_assignment_taken_back_counts_no_more(sandbox: Sandbox, person: Person) -> None:
    group = new_group(sandbox)
    assignment = give(sandbox, person, CONTRIBUTOR, group)
    assert ask(person.env, "PUT", group, {"location": "eastus2"})[0] == 200
    # A contributor gives no rights away: notActions.
    path = f"{group}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
    body = {"properties": {"principalId": person.object_id, "roleDefinitionId": f"x/{READER}"}}
    assert ask(person.env, "PUT", path, body, "2022-04-01")[0] == 403
    assert ask(sandbox.env, "DELETE", assignment, version="2022-04-01")[0] == 200
    assert ask(person.env, "GET", group)[0] == 403


def test_a_data_scientist_works_in_the_workspace_and_leaves_it_standing(sandbox: Sandbox, person: Person) -> None:
    group = new_group(sandbox)

    async def work(client: Client) -> str:
        storage = await provision.storage_account(client, group, unique("ws"))
        vault = await provision.vault(client, group, unique("kv"))
        made = await provision.workspace(client, group, unique("ws"), storage_id=storage, vault_id=vault)
        return str(made["id"])

    workspace = azure(sandbox.env, work)
    give(sandbox, person, DATA_SCIENTIST, workspace)
    version, body = f"{workspace}/data/d/versions/1", {"dataType": "uri_file", "dataUri": "https://example.com/d"}
    assert ask(person.env, "PUT", version, {"properties": body}, "2025-12-01")[0] == 201
    assert ask(person.env, "GET", f"{workspace}/data", version="2025-12-01")[0] == 200
    assert ask(person.env, "DELETE", workspace, version="2025-12-01")[0] == 403
    assert ask(person.env, "POST", f"{workspace}/listKeys", version="2025-12-01")[0] == 403


def test_a_custom_role_grants_what_it_says(sandbox: Sandbox, person: Person) -> None:
    group = new_group(sandbox)
    account = new_account(sandbox, group)
    role, name = str(uuid.uuid4()), unique("Key lister ")
    path = f"{group}/providers/Microsoft.Authorization/roleDefinitions/{role}"
    permissions = [
        {"actions": ["Microsoft.Storage/*"], "notActions": ["Microsoft.Storage/storageAccounts/delete"]}
    ]
    body = {"properties": {"roleName": name, "assignableScopes": [group], "permissions": permissions}}
    assert ask(sandbox.env, "PUT", path, body, "2022-04-01")[0] == 201
    give(sandbox, person, role, group)
    assert ask(person.env, "POST", f"{account}/listKeys", version="2023-05-01")[0] == 200
    assert ask(person.env, "DELETE", account, version="2023-05-01")[0] == 403
    assert ask(person.env, "GET", group)[0] == 403
    filtered = f"{group}/providers/Microsoft.Authorization/roleDefinitions?$filter=roleName eq '{name}'"
    [found] = ask(sandbox.env, "GET", filtered, version="2022-04-01")[1]["value"]
    assert (found["name"], found["properties"]["type"]) == (role, "CustomRole")
    assert (
        ask(sandbox.env, "DELETE", path, version="2022-04-01")[1]["error"]["code"]
        == "RoleDefinitionHasAssignments"
    )


def test_a_users_identity_may_be_given_only_by_who_may_assign_it(sandbox: Sandbox, person: Person) -> None:
    group, other = new_group(sandbox), new_group(sandbox)
    identity = azure(sandbox.env, lambda client: provision.identity(client, other, unique("id-")))
    give(sandbox, person, CONTRIBUTOR, group)
    path = f"{group}/providers/Microsoft.Storage/storageAccounts/{unique('ida')}"
    given = {"type": "UserAssigned", "userAssignedIdentities": {identity.id: {}}}
    status, body = ask(person.env, "PUT", path, {"location": "eastus2", "identity": given}, "2023-05-01")
    assert (status, body["error"]["code"]) == (403, "LinkedAuthorizationFailed")
    give(sandbox, person, CONTRIBUTOR, identity.id)
    assert ask(person.env, "PUT", path, {"location": "eastus2", "identity": given}, "2023-05-01")[0] == 200


def test_permissions_and_assignments_tell_the_caller_what_it_may_do(sandbox: Sandbox, person: Person) -> None:
    group = new_group(sandbox)
    account = new_account(sandbox, group)
    permissions = "providers/Microsoft.Authorization/permissions"
    assert ask(person.env, "GET", f"{account}/{permissions}", version="2022-04-01")[1]["value"] == []
    first = give(sandbox, person, READER, group)
    second = give(sandbox, person, BLOB_READER, account)
    entries = ask(person.env, "GET", f"{account}/{permissions}", version="2022-04-01")[1]["value"]
    assert entries[0] == {"actions": ["*/read"], "notActions": [], "dataActions": [], "notDataActions": []}
    assert len(entries) == 2
    assignments = f"{account}/providers/Microsoft.Authorization/roleAssignments"
    for wanted in (f"assignedTo('{person.object_id}')", f"principalId eq '{person.object_id}'"):
        found = ask(person.env, "GET", f"{assignments}?$filter=atScope() and {wanted}", version="2022-04-01")[1]
        assert [each["id"] for each in found["value"]] == [first, second]
    [reader] = ask(
        person.env,
        "GET",
        f"{group}/providers/Microsoft.Authorization/roleDefinitions?$filter=roleName eq 'Reader'",
        version="2022-04-01",
    )[1]["value"]
    assert reader["name"] == READER
    assert reader["properties"]["permissions"][0]["actions"] == ["*/read"]
    # The sandbox's first principal has everything, and it can be seen why.
    own = ask(sandbox.env, "GET", f"{account}/{permissions}", version="2022-04-01")[1]["value"]
    assert own[0]["actions"] == ["*"]


def test_a_new_assignment_counts_after_the_delay(sandbox: Sandbox, person: Person) -> None:
    import time

    group, state = new_group(sandbox), StateFolder(sandbox.state)
    roledelay.set_delay(state, 1.0)
    try:
        give(sandbox, person, READER, group)
    finally:
        roledelay.set_delay(state, 0.0)
    assert ask(person.env, "GET", group)[0] == 403
    time.sleep(1.0)
    assert ask(person.env, "GET", group)[0] == 200


def test_the_command_line_makes_who_has_no_right_and_sets_the_delay(sandbox: Sandbox) -> None:
    name, state = unique("plain-"), StateFolder(sandbox.state)
    assert main(["principal", "--state", str(sandbox.state), "add", name, "--no-roles"]) == 0
    [made] = [one for one in Directory(state).all() if one.name == name]
    assert not made.has_roles
    assert main(["role-delay", "--state", str(sandbox.state), "0.5"]) == 0
    assert roledelay.delay_of(state) == 0.5
    assert main(["role-delay", "--state", str(sandbox.state), "0"]) == 0
    assert roledelay.delay_of(state) == 0
    with pytest.raises(SystemExit):
        main(["role-delay", "--state", str(sandbox.state), "-1"])


# Vaults


def test_a_vault_goes_by_roles(sandbox: Sandbox, person: Person, credential: ClientSecretCredential) -> None:
    vault = new_vault(sandbox.env)
    azure(sandbox.env, lambda client: provision.key(client, vault, "k", size=2048))
    keys = KeyClient(url(vault), credential)
    with keys:
        with pytest.raises(HttpResponseError) as refused:
            keys.get_key("k")
        assert refused.value.status_code == 403
        assert refused.value.error.innererror["code"] == "ForbiddenByRbac"
        assert "Action: 'Microsoft.KeyVault/vaults/keys/read'" in refused.value.message
        # A role on the one key is enough for it, and for nothing else.
        give(sandbox, person, CRYPTO_USER, f"{vault}/keys/k")
        assert keys.get_key("k").name == "k"
        with pytest.raises(HttpResponseError, match="vaults/keys/read"):
            list(keys.list_properties_of_keys())
        give(sandbox, person, CRYPTO_USER, vault)
        assert [each.name for each in keys.list_properties_of_keys()] == ["k"]
        with pytest.raises(HttpResponseError, match="vaults/keys/create/action"):
            keys.create_rsa_key("l", size=2048)


def test_a_deny_assignment_closes_a_vault_whatever_roles_say(
    sandbox: Sandbox, person: Person, credential: ClientSecretCredential, tmp_path: Path
) -> None:
    vault = new_vault(sandbox.env)
    azure(sandbox.env, lambda client: provision.key(client, vault, "k", size=2048))
    give(sandbox, person, CRYPTO_USER, vault)
    told = {
        "permissions": [{"dataActions": ["Microsoft.KeyVault/vaults/keys/read"]}],
        "principals": [{"id": person.object_id, "type": "User"}],
    }
    file = tmp_path / "deny.json"
    file.write_text(json.dumps([{"scope": vault, "name": "d1", "properties": told}]))
    with KeyClient(url(vault), credential) as keys:
        assert keys.get_key("k").name == "k"
        assert main(["deny", "--state", str(sandbox.state), "set", str(file)]) == 0
        try:
            with pytest.raises(HttpResponseError, match="DenyAssignmentId: 'd1'") as refused:
                keys.get_key("k")
        finally:
            main(["deny", "--state", str(sandbox.state), "clear"])
        assert refused.value.error.innererror["code"] == "ForbiddenByRbac"
        assert keys.get_key("k").name == "k"


def test_a_vault_goes_by_access_policies(
    sandbox: Sandbox, person: Person, credential: ClientSecretCredential
) -> None:
    vault = new_vault(sandbox.env)
    body = {"properties": {"enableRbacAuthorization": False}}
    ask(sandbox.env, "PATCH", vault, body, "2023-07-01")
    give(sandbox, person, CRYPTO_USER, vault)  # worth nothing here
    with KeyClient(url(vault), credential) as keys:
        with pytest.raises(HttpResponseError, match="does not have keys create permission") as refused:
            keys.create_rsa_key("k", size=2048)
        assert refused.value.error.innererror["code"] == "ForbiddenByPolicy"
        entry = {
            "tenantId": person.env["AZURE_TENANT_ID"],
            "objectId": person.object_id,
            "permissions": {"keys": ["Create", "get"]},
        }
        added = {"properties": {"accessPolicies": [entry]}}
        assert ask(sandbox.env, "PUT", f"{vault}/accessPolicies/add", added, "2023-07-01")[0] == 200
        keys.create_rsa_key("k", size=2048)
        assert keys.get_key("k").name == "k"
        with pytest.raises(HttpResponseError, match="does not have keys list permission"):
            list(keys.list_properties_of_keys())


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        ({"publicNetworkAccess": "Disabled"}, "ForbiddenByConnection"),
        ({"networkAcls": {"defaultAction": "Deny", "bypass": "AzureServices"}}, "ForbiddenByFirewall"),
    ],
)
def test_a_vaults_firewall_keeps_clients_out(sandbox: Sandbox, rules: dict[str, Any], reason: str) -> None:
    vault = new_vault(sandbox.env)
    ask(sandbox.env, "PATCH", vault, {"properties": rules}, "2023-07-01")
    with sync_credential(sandbox.env) as owner, KeyClient(url(vault), owner) as keys:
        with pytest.raises(HttpResponseError) as refused:
            list(keys.list_properties_of_keys())
        assert refused.value.error.innererror["code"] == reason
        opened = {"defaultAction": "Deny", "ipRules": [{"value": "198.51.100.0/24"}]}
        properties = {"publicNetworkAccess": "Enabled", "networkAcls": opened}
        ask(sandbox.env, "PATCH", vault, {"properties": properties}, "2023-07-01")
        assert list(keys.list_properties_of_keys()) == []


# Storage


def filled(sandbox: Sandbox, account: str) -> None:
    name = account.rpartition("/")[2]
    with (
        sync_credential(sandbox.env) as owner,
        BlobServiceClient(f"https://{name}.blob.core.windows.net", owner) as blobs,
    ):
        for container in ("one", "two"):
            blobs.create_container(container).upload_blob("b", b"text")


def test_blobs_are_read_and_written_by_role(
    sandbox: Sandbox, person: Person, credential: ClientSecretCredential
) -> None:
    account = new_account(sandbox, new_group(sandbox))
    filled(sandbox, account)
    name = account.rpartition("/")[2]
    give(sandbox, person, CONTRIBUTOR, account)  # says nothing of blobs
    with BlobServiceClient(f"https://{name}.blob.core.windows.net", credential) as blobs:
        one, two = (blobs.get_blob_client(container, "b") for container in ("one", "two"))
        with pytest.raises(HttpResponseError, match="AuthorizationPermissionMismatch"):
            one.download_blob()
        give(sandbox, person, BLOB_READER, f"{account}/blobServices/default/containers/one")
        assert one.download_blob().readall() == b"text"
        with pytest.raises(HttpResponseError, match="AuthorizationPermissionMismatch"):
            two.download_blob()
        with pytest.raises(HttpResponseError, match="AuthorizationPermissionMismatch"):
            one.upload_blob(b"other", overwrite=True)
        # The account's key passes by all roles, until keys are not permitted.
        keys = ask(person.env, "POST", f"{account}/listKeys", version="2023-05-01")[1]["keys"]
        with BlobServiceClient(f"https://{name}.blob.core.windows.net", keys[0]["value"]) as by_key:
            assert by_key.get_blob_client("two", "b").download_blob().readall() == b"text"
            ask(sandbox.env, "PATCH", account, {"properties": {"allowSharedKeyAccess": False}}, "2023-05-01")
            with pytest.raises(HttpResponseError, match="KeyBasedAuthenticationNotPermitted"):
                by_key.get_blob_client("two", "b").download_blob()
        assert one.download_blob().readall() == b"text"


def test_a_delegated_signature_is_worth_what_its_signers_roles_are(
    sandbox: Sandbox, person: Person, credential: ClientSecretCredential
) -> None:
    account = new_account(sandbox, new_group(sandbox))
    filled(sandbox, account)
    name = account.rpartition("/")[2]
    ask(sandbox.env, "PATCH", account, {"properties": {"allowSharedKeyAccess": False}}, "2023-05-01")
    assignment = give(sandbox, person, BLOB_READER, account)
    now = datetime.now(UTC)
    with BlobServiceClient(f"https://{name}.blob.core.windows.net", credential) as blobs:
        key = blobs.get_user_delegation_key(now - timedelta(minutes=5), now + timedelta(hours=1))
    permission = ContainerSasPermissions(read=True)
    signature = generate_container_sas(
        name, "one", user_delegation_key=key, permission=permission, expiry=now + timedelta(hours=1)
    )
    with BlobServiceClient(f"https://{name}.blob.core.windows.net", signature) as signed:
        assert signed.get_blob_client("one", "b").download_blob().readall() == b"text"
        ask(sandbox.env, "DELETE", assignment, version="2022-04-01")
        with pytest.raises(HttpResponseError, match="AuthorizationPermissionMismatch"):
            signed.get_blob_client("one", "b").download_blob()


def test_files_are_read_by_role(sandbox: Sandbox, person: Person, credential: ClientSecretCredential) -> None:
    account = new_account(sandbox, new_group(sandbox))
    host = f"https://{account.rpartition('/')[2]}.file.core.windows.net"
    with (
        sync_credential(sandbox.env) as owner,
        ShareServiceClient(host, owner, token_intent="backup") as files,
    ):
        files.create_share("share").get_directory_client().upload_file("a", b"text")
    with ShareServiceClient(host, credential, token_intent="backup") as files:
        file = files.get_share_client("share").get_file_client("a")
        with pytest.raises(HttpResponseError, match="AuthorizationPermissionMismatch"):
            file.download_file()
        give(sandbox, person, FILE_READER, account)
        assert file.download_file().readall() == b"text"
        with pytest.raises(HttpResponseError, match="AuthorizationPermissionMismatch"):
            file.upload_file(b"other")


@pytest.mark.parametrize(
    "rules", [{"publicNetworkAccess": "Disabled"}, {"networkAcls": {"defaultAction": "Deny"}}]
)
def test_an_accounts_firewall_keeps_clients_out(sandbox: Sandbox, rules: dict[str, Any]) -> None:
    account = new_account(sandbox, new_group(sandbox))
    filled(sandbox, account)
    ask(sandbox.env, "PATCH", account, {"properties": rules}, "2023-05-01")
    host = f"https://{account.rpartition('/')[2]}.blob.core.windows.net"
    with sync_credential(sandbox.env) as owner, BlobServiceClient(host, owner) as blobs:
        blob = blobs.get_blob_client("one", "b")
        with pytest.raises(HttpResponseError, match="not authorized to perform this operation") as refused:
            blob.download_blob()
        assert refused.value.error_code == "AuthorizationFailure"
        opened = {"defaultAction": "Deny", "ipRules": [{"value": "198.51.100.10"}]}
        properties = {"publicNetworkAccess": "Enabled", "networkAcls": opened}
        ask(sandbox.env, "PATCH", account, {"properties": properties}, "2023-05-01")
        assert blob.download_blob().readall() == b"text"


@pytest.mark.parametrize("days", ["nan", "inf", "-1"])
def test_the_clock_goes_on_by_a_number_of_days_and_never_back(sandbox: Sandbox, days: str) -> None:
    # The tests beside this one share its local Azure, and some of them move the clock.
    before = _clock(sandbox)
    assert main(["pass-days", "--state", str(sandbox.state), "--", days]) != 0
    assert _clock(sandbox) == before


def _clock(sandbox: Sandbox) -> str | None:
    moved = sandbox.state / "clock-ahead"
    return moved.read_text(encoding="utf-8") if moved.exists() else None
