"""Secrets of vaults: values, versions, rights, backups; and what a workspace shows of those of its own vault."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from arm_harness import GROUP, SUBSCRIPTION, TENANT, WORKSPACE, ArmClient, client, principal, with_workspace

from azsandbox.arm.access.evaluation import Terms
from azsandbox.messages import Principal, Request, Response

arm = with_workspace  # the fixture

VAULT = "https://vault.azure.net"
ALL = ["get", "list", "set", "delete", "recover", "backup", "restore", "purge"]
OWNER = principal("owner", VAULT)
SAMPLE = {"value": "hush", "contentType": "text/plain", "tags": {"a": "b"}}


async def send(
    arm: ArmClient, method: str, path: str, body: Any = None, *, who: Principal | None = OWNER, vault: str = "kv"
) -> Response:
    parts = urlsplit(path)
    query = {"api-version": "7.5", **dict(parse_qsl(parts.query))}
    raw = b"" if body is None else json.dumps(body).encode()
    headers = {"content-type": "application/json"} if raw else {}
    return await arm.arm.vault.handle(
        Request(method, f"{vault}.vault.azure.net", parts.path, query, headers, raw, who, path)
    )


async def ok(arm: ArmClient, method: str, path: str, body: Any = None, **more: Any) -> Any:
    response = await send(arm, method, path, body, **more)
    assert response.status < 300, response.body
    return json.loads(response.body) if response.body else None


async def refused(arm: ArmClient, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, str]:
    response = await send(arm, method, path, body, **more)
    return response.status, json.loads(response.body)["error"]["code"]


async def allow(arm: ArmClient, *permissions: str, vault: str = "kv", object_id: str = OWNER.object_id) -> None:
    path = f"{GROUP}/providers/Microsoft.KeyVault/vaults/{vault}/accessPolicies/add"
    entry = {"tenantId": TENANT, "objectId": object_id, "permissions": {"secrets": list(permissions)}}
    await arm.ok("PUT", path, {"properties": {"accessPolicies": [entry]}})


async def more_vault(arm: ArmClient, name: str, location: str, group: str = GROUP) -> None:
    if group != GROUP:
        await arm.ok("PUT", group, {"location": location})
    path = f"{group}/providers/Microsoft.KeyVault/vaults/{name}"
    entry = {"tenantId": TENANT, "objectId": OWNER.object_id, "permissions": {"secrets": ALL}}
    await arm.ok("PUT", path, {"location": location, "properties": {"accessPolicies": [entry]}})


async def test_values_have_versions_and_lists_have_no_values(arm: ArmClient) -> None:
    await allow(arm, *ALL)
    first = await ok(arm, "PUT", "/secrets/Token", SAMPLE)
    second = await ok(arm, "PUT", "/secrets/token", {"value": "hush 2"})
    assert (
        first["id"].rpartition("/")[0]
        == second["id"].rpartition("/")[0]
        == "https://kv.vault.azure.net/secrets/Token"
    )
    assert (first["contentType"], first["tags"], first["attributes"]["enabled"]) == (
        "text/plain",
        {"a": "b"},
        True,
    )
    version = first["id"].rpartition("/")[2]
    assert (await ok(arm, "GET", "/secrets/token"))["value"] == "hush 2"
    assert (await ok(arm, "GET", f"/secrets/token/{version}"))["value"] == "hush"
    listed = await ok(arm, "GET", "/secrets")
    assert [each["id"] for each in listed["value"]] == ["https://kv.vault.azure.net/secrets/Token"]
    versions = await ok(arm, "GET", "/secrets/token/versions?maxresults=1")
    assert [each["id"] for each in versions["value"]] == [first["id"]] and "skiptoken" in versions["nextLink"]
    assert "hush" not in json.dumps([listed, versions])
    assert await refused(arm, "GET", "/secrets/other") == (404, "SecretNotFound")
    assert await refused(arm, "GET", f"/secrets/token/{'0' * 32}") == (404, "SecretNotFound")
    assert await refused(arm, "PUT", "/secrets/no_underscores", SAMPLE) == (400, "BadParameter")
    assert await refused(arm, "PUT", "/secrets/long", {"value": "x" * 26_000}) == (400, "BadParameter")
    assert await refused(arm, "GET", "/certificates") == (404, "NotFound")


async def test_a_disabled_secret_is_not_shown_and_an_expired_one_is(arm: ArmClient) -> None:
    await allow(arm, *ALL)
    made = await ok(arm, "PUT", "/secrets/token", {**SAMPLE, "attributes": {"exp": 1_000_000_000}})
    assert (await ok(arm, "GET", "/secrets/token"))["value"] == "hush"
    version = made["id"].rpartition("/secrets/token/")[2]
    changed = await ok(arm, "PATCH", f"/secrets/token/{version}", {"attributes": {"enabled": False}, "tags": {}})
    assert (changed["attributes"]["enabled"], "value" in changed) == (False, False)
    assert await refused(arm, "GET", "/secrets/token") == (403, "Forbidden")


async def test_what_is_deleted_can_be_recovered_until_it_is_purged(arm: ArmClient) -> None:
    await allow(arm, *ALL)
    await ok(arm, "PUT", "/secrets/token", SAMPLE)
    gone = await ok(arm, "DELETE", "/secrets/token")
    assert gone["recoveryId"].endswith("/deletedsecrets/token") and "value" not in gone
    assert await refused(arm, "GET", "/secrets/token") == (404, "SecretNotFound")
    assert await refused(arm, "PUT", "/secrets/token", SAMPLE) == (409, "Conflict")
    assert len((await ok(arm, "GET", "/deletedsecrets"))["value"]) == 1
    await ok(arm, "POST", "/deletedsecrets/token/recover")
    assert (await ok(arm, "GET", "/secrets/token"))["value"] == "hush"
    await ok(arm, "DELETE", "/secrets/token")
    await ok(arm, "DELETE", "/deletedsecrets/token")
    assert await refused(arm, "GET", "/deletedsecrets/token") == (404, "SecretNotFound")
    await ok(arm, "PUT", "/secrets/token", SAMPLE)


CALLS: Mapping[str, tuple[str, str, Any]] = {
    "get": ("GET", "/secrets/token", None),
    "list": ("GET", "/secrets", None),
    "set": ("PUT", "/secrets/token", SAMPLE),
    "delete": ("DELETE", "/secrets/token", None),
    "backup": ("POST", "/secrets/token/backup", None),
}
ROLES = {
    "Key Vault Secrets User": {"get", "list"},
    "Key Vault Reader": {"list"},
    "Key Vault Secrets Officer": set(CALLS),
    "Key Vault Crypto Officer": set[str](),
}


@pytest.mark.parametrize("permission", CALLS)
async def test_each_call_takes_its_own_permission(arm: ArmClient, permission: str) -> None:
    await allow(arm, "set")
    await ok(arm, "PUT", "/secrets/token", SAMPLE)
    other = principal("other", VAULT)
    await allow(arm, *(name for name in CALLS if name != permission), object_id=other.object_id)
    method, path, body = CALLS[permission]
    assert await refused(arm, method, path, body, who=other) == (403, "Forbidden")
    await allow(arm, permission, object_id=other.object_id)
    await ok(arm, method, path, body, who=other)
    assert await refused(arm, "GET", "/keys", who=other) == (403, "Forbidden")


@pytest.mark.parametrize("role", ROLES)
async def test_roles_count_where_a_vault_goes_by_them(tmp_path: Path, role: str) -> None:
    arm = client(tmp_path, terms=Terms(standing=lambda object_id: object_id == OWNER.object_id))
    await arm.group()
    path = f"{GROUP}/providers/Microsoft.KeyVault/vaults/roles"
    await arm.ok("PUT", path, {"location": "eastus2", "properties": {"enableRbacAuthorization": True}})
    definitions = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions"
    known = {each["properties"]["roleName"]: each["id"] for each in await arm.every(definitions)}
    admin, who = principal("admin", VAULT), principal("reader", VAULT)
    for name, each in (("Key Vault Administrator", admin), (role, who)):
        guid = f"12345678-1234-1234-1234-12345678901{len(name) % 10}"
        body = {"properties": {"roleDefinitionId": known[name], "principalId": each.object_id}}
        await arm.ok("PUT", f"{path}/providers/Microsoft.Authorization/roleAssignments/{guid}", body)
    await ok(arm, "PUT", "/secrets/token", SAMPLE, who=admin, vault="roles")
    allowed = set()
    for name, (method, url, body) in CALLS.items():
        response = await send(arm, method, url, body, who=who, vault="roles")
        allowed |= {name} if response.status < 300 else set()
        if name == "delete" and response.status < 300:
            await ok(arm, "POST", "/deletedsecrets/token/recover", who=admin, vault="roles")
    assert allowed == ROLES[role]
    await arm.arm.close()


async def test_a_backup_is_restored_in_its_subscription_and_geography_alone(arm: ArmClient) -> None:
    await allow(arm, *ALL)
    for value in ("one", "two"):
        await ok(arm, "PUT", "/secrets/token", {**SAMPLE, "value": value})
    backup = await ok(arm, "POST", "/secrets/token/backup")
    assert "one" not in json.dumps(backup)
    assert await refused(arm, "POST", "/secrets/restore", backup) == (409, "Conflict")
    await more_vault(arm, "near", "westus")
    await more_vault(arm, "far", "westeurope")
    elsewhere = GROUP.replace(SUBSCRIPTION, "22222222-2222-3333-4444-555555555555")
    await more_vault(arm, "others", "eastus2", elsewhere)
    for vault in ("far", "others"):
        assert await refused(arm, "POST", "/secrets/restore", backup, vault=vault) == (400, "BadParameter")
    restored = await ok(arm, "POST", "/secrets/restore", backup, vault="near")
    assert "value" not in restored and restored["contentType"] == "text/plain"
    assert (await ok(arm, "GET", "/secrets/token", vault="near"))["value"] == "two"
    here = await ok(arm, "GET", "/secrets/token/versions")
    there = await ok(arm, "GET", "/secrets/token/versions", vault="near")
    assert [each["id"].rpartition("/")[2] for each in here["value"]] == [
        each["id"].rpartition("/")[2] for each in there["value"]
    ]
    for text in ("", "bm8", backup["value"][:-8]):
        assert (await refused(arm, "POST", "/secrets/restore", {"value": text}, vault="near"))[0] == 400


async def test_arm_sets_a_value_that_only_the_vault_shows(arm: ArmClient) -> None:
    await allow(arm, *ALL)
    path = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv/secrets/token"
    made = await arm.ok("PUT", path, {"properties": {"value": "hush", "contentType": "text/plain"}})
    assert "hush" not in json.dumps([made, await arm.ok("GET", path)])
    assert (await ok(arm, "GET", "/secrets/token"))["value"] == "hush"
    await ok(arm, "PUT", "/secrets/other", SAMPLE)
    assert await arm.names(path.rpartition("/")[0]) == ["token", "other"]


async def test_a_workspace_lists_what_was_set_through_it_and_reads_all(arm: ArmClient) -> None:
    await allow(arm, *ALL)
    await ok(arm, "PUT", "/secrets/of-the-service", SAMPLE)
    me: Principal | None = principal()
    base = f"/credential/v2.0{WORKSPACE.replace('/resourceGroups/', '/resourcegroups/')}/secrets"

    async def asked(method: str, path: str = "", body: Any = None) -> tuple[int, Any]:
        raw = b"" if body is None else json.dumps(body).encode()
        request = Request(method, "eastus2.api.azureml.ms", f"{base}{path}", {}, {}, raw, me, "")
        response = await arm.arm.discovery.handle(request)
        return response.status, json.loads(response.body) if response.body else None

    assert await asked("GET") == (200, {"value": [], "continuationToken": None})
    status, made = await asked("PUT", "/mine", {"name": "mine", "value": "mine too", "contentType": "text/plain"})
    assert (status, made["name"], "value" in made) == (200, "mine", False)
    _, listed = await asked("GET")
    assert [each["name"] for each in listed["value"]] == ["mine"] and "mine too" not in json.dumps(listed)
    assert (await asked("GET", "/mine"))[1]["value"] == "mine too"
    assert (await asked("GET", "/of-the-service"))[1]["value"] == "hush"
    assert (await ok(arm, "GET", "/secrets/mine"))["value"] == "mine too"
    assert (await asked("GET", "/gone"))[0] == 404 and (await asked("POST", ":getbatch", {}))[0] == 404
    assert (await asked("DELETE", "/mine"))[0] == 200 and (await asked("GET"))[1]["value"] == []
    me = None
    assert (await asked("GET"))[0] == 401
