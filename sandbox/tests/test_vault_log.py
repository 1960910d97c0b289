"""A vault's own operations fill its audit log, through a diagnostic setting, for whoever may query it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from live import azure, unique
from people import ENCRYPTION_USER, READER, Person, give, nobody
from vaults import new_vault, url

from azsandbox import Sandbox, provision
from azsandbox.client import Client, Refused

LOGS = "https://api.loganalytics.azure.com"
VAULT, KEYS = "https://vault.azure.net", "7.5"
WORKSPACES, SETTINGS = "2023-09-01", "2021-05-01-preview"


def logs_of(sandbox: Sandbox, vault: str, *, dedicated: bool = True, **log: Any) -> str:
    """A Log Analytics workspace that gets the vault's audit log; its `customerId`."""
    group = vault.partition("/providers/")[0]
    path = f"{group}/providers/Microsoft.OperationalInsights/workspaces/{unique('logs')}"
    shown = {"logAnalyticsDestinationType": "Dedicated"} if dedicated else {}
    properties = {"workspaceId": path, "logs": [{"categoryGroup": "audit", "enabled": True, **log}], **shown}

    async def work(client: Client) -> str:
        await client.arm("PUT", path, WORKSPACES, {"location": "eastus2", "properties": {}})
        setting = f"{vault}/providers/Microsoft.Insights/diagnosticSettings/{unique('audit')}"
        await client.arm("PUT", setting, SETTINGS, {"properties": properties})
        made = await client.arm("GET", path, WORKSPACES)
        return str(made["properties"]["customerId"])

    found: str = azure(sandbox.env, work)
    return found


def ask(env: Mapping[str, str], workspace: str, text: str, audience: str = LOGS, **body: Any) -> tuple[int, Any]:
    """One query: its status and its answer."""

    async def work(client: Client) -> tuple[int, Any]:
        address = f"{LOGS}/v1/workspaces/{workspace}/query"
        sent = {"query": text, **body}
        status, _, answer = await client.send("POST", address, audience, json=sent, accept=tuple(range(400, 500)))
        return status, json.loads(answer)

    found: tuple[int, Any] = azure(env, work)
    return found


def rows(env: Mapping[str, str], workspace: str, text: str) -> list[list[Any]]:
    status, answer = ask(env, workspace, text)
    assert status == 200, answer
    found: list[list[Any]] = answer["tables"][0]["rows"]
    return found


async def _used(client: Client, vault: str) -> str:
    """What a person does with a key, once each; the key's identifier with its version."""
    made = await provision.key(client, vault, "k", rotates=True)

    async def call(method: str, path: str, body: Any = None, *accept: int) -> Any:
        address = f"{url(vault)}{path}?api-version={KEYS}"
        _, _, text = await client.send(method, address, VAULT, json=body, accept=accept)
        return json.loads(text)

    backup = await call("POST", "/keys/k/backup")
    await call("POST", "/keys/k/rotate")
    await call("PATCH", "/keys/k", {"attributes": {"enabled": True}})
    version = made.url.partition(".net")[2]
    await call("POST", f"{version}/wrapkey", {"alg": "RSA-OAEP-256", "value": "MDEyMzQ1Njc4OTAxMjM0NQ"})
    await call("POST", "/keys/restore", {"value": backup["value"]}, 409)
    await call("POST", "/keys/restore", {"value": "bm9uZQ"}, 400)
    await call("DELETE", "/keys/k")
    await call("POST", "/deletedkeys/k/recover")
    return made.url


def test_each_operation_of_a_vault_is_a_row(sandbox: Sandbox) -> None:
    vault = new_vault(sandbox.env)
    workspace = logs_of(sandbox, vault)
    key = azure(sandbox.env, lambda client: _used(client, vault))
    found = rows(sandbox.env, workspace, "AZKVAuditLogs | project OperationName, Id, HttpStatusCode")
    base = key.rpartition("/")[0]
    assert found == [
        ["KeyCreate", base, 200],
        ["KeyRotationPolicySet", base, 200],
        ["KeyBackup", base, 200],
        ["KeyRotate", base, 200],
        ["KeyUpdate", base, 200],
        ["KeyWrap", key, 200],
        ["KeyRestore", base, 409],
        ["KeyRestore", f"{url(vault)}/keys/restore", 400],
        ["KeyDelete", base, 200],
        ["KeyRecover", base.replace("/keys/", "/deletedkeys/"), 200],
    ]


def test_without_tables_of_their_own_they_are_in_the_shared_one(sandbox: Sandbox) -> None:
    vault = new_vault(sandbox.env)
    workspace = logs_of(sandbox, vault, dedicated=False)
    azure(sandbox.env, lambda client: provision.key(client, vault, "k"))
    text = "AzureDiagnostics | project OperationName, id_s, Status = toint(httpStatusCode_d), ResourceId, Category"
    assert rows(sandbox.env, workspace, text) == [
        ["KeyCreate", f"{url(vault)}/keys/k", 200, vault.upper(), "AuditEvent"]
    ]
    status, answer = ask(sandbox.env, workspace, "AZKVAuditLogs | take 1")
    assert (status, answer["error"]["innererror"]["code"]) == (400, "SemanticError")


def test_a_setting_that_is_off_or_of_another_category_sends_nothing(sandbox: Sandbox) -> None:
    vault = new_vault(sandbox.env)
    off = logs_of(sandbox, vault, enabled=False)
    other = logs_of(sandbox, vault, categoryGroup=None, category="AzurePolicyEvaluationDetails")
    named = logs_of(sandbox, vault, categoryGroup=None, category="AuditEvent")
    azure(sandbox.env, lambda client: provision.key(client, vault, "k"))
    for workspace in (off, other):
        assert ask(sandbox.env, workspace, "AZKVAuditLogs | take 1")[0] == 400
    assert len(rows(sandbox.env, named, "AZKVAuditLogs | take 5")) == 1


def test_what_a_vault_refuses_is_logged_with_who_was_refused(sandbox: Sandbox) -> None:
    vault = new_vault(sandbox.env)
    workspace, who = logs_of(sandbox, vault), nobody(sandbox)

    async def work(client: Client) -> None:
        await client.send("GET", f"{url(vault)}/keys/k?api-version={KEYS}", VAULT, accept=(403,))

    azure(who.env, work)
    text = "AZKVAuditLogs | project OperationName, HttpStatusCode, Who = tostring(Identity.claim.oid)"
    assert rows(sandbox.env, workspace, text) == [["KeyGet", 403, who.object_id]]


def test_who_may_not_query_a_workspace_is_refused_as_for_one_that_is_not_there(sandbox: Sandbox) -> None:
    vault = new_vault(sandbox.env)
    workspace, who = logs_of(sandbox, vault), nobody(sandbox)
    for asked in (workspace, "00000000-0000-4000-8000-000000000000"):
        status, answer = ask(who.env, asked, "AZKVAuditLogs | take 1")
        assert (status, answer["error"]["code"]) == (403, "InsufficientAccessError")
    _check_reader(sandbox, who, vault, workspace)


def _check_reader(sandbox: Sandbox, who: Person, vault: str, workspace: str) -> None:
    give(sandbox, who, READER, vault.partition("/providers/")[0])
    azure(sandbox.env, lambda client: provision.key(client, vault, "k"))
    assert len(rows(who.env, workspace, "AZKVAuditLogs | take 5")) == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"timespan": "P90D"}, 200),
        ({"timespan": "PT7776000S"}, 200),
        ({"timespan": "yesterday"}, 400),
        ({"timespan": "P"}, 400),
        ({"limit": 5}, 400),
        ({"workspaces": ["other"]}, 400),
    ],
    ids=["days", "seconds", "words", "nothing", "unknown-member", "several"],
)
def test_the_span_and_the_members_of_a_query(sandbox: Sandbox, body: dict[str, Any], status: int) -> None:
    workspace = logs_of(sandbox, new_vault(sandbox.env))
    text = "datatable(OperationName: string)[]"
    assert ask(sandbox.env, workspace, text, **body)[0] == status


def test_a_table_that_never_got_a_row_does_not_exist(sandbox: Sandbox) -> None:
    status, answer = ask(sandbox.env, logs_of(sandbox, new_vault(sandbox.env)), "NoSuchTable | where 1 == 1")
    inner = answer["error"]["innererror"]
    assert (status, answer["error"]["code"], inner["code"]) == (400, "BadArgumentError", "SemanticError")
    assert inner["innererror"] == {
        "code": "SEM0100",
        "message": "'where' operator: Failed to resolve table or column expression named 'NoSuchTable'",
    }


def test_a_fuzzy_union_leaves_such_a_table_out_and_says_so(sandbox: Sandbox) -> None:
    vault = new_vault(sandbox.env)
    workspace = logs_of(sandbox, vault)
    azure(sandbox.env, lambda client: provision.key(client, vault, "k"))
    text = "union isfuzzy=true AZKVAuditLogs, AzureDiagnostics | project OperationName"
    status, answer = ask(sandbox.env, workspace, text)
    assert (status, answer["error"]["code"]) == (200, "PartialError")
    assert answer["tables"][0]["rows"] == [["KeyCreate"]]


def test_a_token_of_another_service_is_none(sandbox: Sandbox) -> None:
    workspace = logs_of(sandbox, new_vault(sandbox.env))
    status, answer = ask(sandbox.env, workspace, "x", "https://management.azure.com")
    assert (status, answer["error"]["code"]) == (401, "AuthorizationRequiredError")


def test_what_is_put_under_a_key_uses_it_by_its_identity(sandbox: Sandbox) -> None:
    vault = new_vault(sandbox.env)
    workspace = logs_of(sandbox, vault)

    async def work(client: Client) -> tuple[str, str, str]:
        group = vault.partition("/providers/")[0]
        made = await provision.key(client, vault, "k")
        allowed, other = [await provision.identity(client, group, unique(name)) for name in ("may", "not")]
        await provision.assign(client, vault, ENCRYPTION_USER, allowed.principal_id)
        await provision.storage_account(client, group, unique("acct"), key=made, identity=allowed)
        with pytest.raises(Refused):
            await provision.storage_account(client, group, unique("acct"), key=made, identity=other)
        return made.url, allowed.principal_id, other.principal_id

    key, allowed, other = azure(sandbox.env, work)
    text = (
        "AZKVAuditLogs | where OperationName in ('KeyWrap', 'KeyUnwrap')"
        " | project OperationName, Id, Who = tostring(Identity.claim.oid), HttpStatusCode"
    )
    assert rows(sandbox.env, workspace, text) == [
        [operation, key, who, status]
        for who, status in ((allowed, 200), (other, 403))
        for operation in ("KeyWrap", "KeyUnwrap")
    ]
