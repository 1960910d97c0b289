"""Alarms on the rows that a vault of the local Azure wrote of calls: by their conditions, and by their queries."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from people import ENCRYPTION_USER, nobody
from tests.unit.alarms.alarmed import CONTEXT

from amlmigrate.alarms.callers import callers
from amlmigrate.alarms.context import AlarmContext
from amlmigrate.alarms.rows import OWN, SHARED, AuditRow
from amlmigrate.alarms.rules import LOG_RULES
from amlmigrate.cloud.session import Side
from amlmigrate.guarding import learning
from amlmigrate.guarding.wanted import Alarms
from azsandbox import Sandbox, provision
from azsandbox.client import Client

VAULTS = "2023-07-01"
VAULT_HOST, KEYS = "https://vault.azure.net", "7.5"
LOGS = "https://api.loganalytics.azure.com"
DAY = timedelta(days=1)


async def _logged(local: Client, group: str, vault: str, table: str) -> str:
    """The `customerId` of a workspace that gets the vault's audit log in that table."""
    logs = f"{group}/providers/Microsoft.OperationalInsights/workspaces/{table}"
    await local.arm("PUT", logs, "2023-09-01", {"location": "eastus2", "properties": {}})
    shown = {"logAnalyticsDestinationType": "Dedicated"} if table == OWN else {}
    properties = {"workspaceId": logs, "logs": [{"categoryGroup": "audit", "enabled": True}], **shown}
    setting = f"{vault}/providers/Microsoft.Insights/diagnosticSettings/{table}"
    await local.arm("PUT", setting, "2021-05-01-preview", {"properties": properties})
    return str((await local.arm("GET", logs, "2023-09-01"))["properties"]["customerId"])


async def _call(client: Client, url: str, body: Any, *accept: int) -> Any:
    address = f"{url}?api-version={KEYS}"
    _, _, text = await client.send("POST", address, VAULT_HOST, json=body, accept=accept)
    return json.loads(text)


async def _found(local: Client, workspace: str, query: str) -> Counter[tuple[Any, ...]]:
    """What a query finds; of one with a table that is not there it is told that this is a part (AZ-LOG-6)."""
    address = f"{LOGS}/v1/workspaces/{workspace}/query"
    _, _, text = await local.send("POST", address, LOGS, json={"query": query})
    [table] = json.loads(text)["tables"]
    names = [one["name"] for one in table["columns"]]
    rows = (dict(zip(names, row, strict=True)) for row in table["rows"])
    return Counter((one["OperationName"], one["KeyId"], one["Caller"], one["Vault"]) for one in rows)


async def test_what_is_done_with_a_key_is_told_by_the_right_alarms(azure_env: Sandbox, side: Side) -> None:
    stranger = nobody(azure_env)
    name = uuid.uuid4().hex[:8]
    async with Client(azure_env.env) as local, Client(stranger.env) as other:
        group = await provision.group(local, f"alarms-{name}")
        vault = await provision.vault(local, group, f"kv{name}")
        logs = {table: await _logged(local, group, vault, table) for table in (OWN, SHARED)}
        key = await provision.key(local, vault, "cmk", days=10)
        own = await provision.identity(local, group, "own")
        await provision.assign(local, vault, ENCRYPTION_USER, own.principal_id)
        await provision.storage_account(local, group, f"acct{name}", key=key, identity=own)
        await _call(local, f"{key.url.rpartition('/')[0]}/backup", None)
        await local.arm("PATCH", vault, VAULTS, {"tags": {"for": "ml"}})
        wrapped = {"alg": "RSA-OAEP-256", "value": "MDEyMzQ1Njc4OTAxMjM0NQ"}
        await _call(other, f"{key.url}/unwrapkey", wrapped, 403)

    context = AlarmContext(CONTEXT.group, "aml-cmk", group, "", "", "eastus2", (vault,), (own.principal_id,))
    for table, workspace in logs.items():
        rows = [AuditRow.of(one, table) for one in await side.logs.query(workspace, f"{table} | take 99", DAY)]
        told = {rule.id: [one for one in rows if rule.fires(one, context)] for rule in LOG_RULES}
        assert {id_: [(one.operation, one.status) for one in found] for id_, found in told.items()} == {
            "unexpected-caller": [("KeyUnwrap", 403)],
            "key-changed": [("KeyCreate", 200), ("KeyBackup", 200), ("VaultPatch", 200)],
            "use-refused": [("KeyUnwrap", 403)],
            "key-expiring": [("KeyNearExpiryEventGridNotification", 200)],
            "access-policy-changed": [],
        }
        assert [one.caller for one in told["unexpected-caller"]] == [stranger.object_id]
        for rule in LOG_RULES:
            async with Client(azure_env.env) as local:
                found = await _found(local, workspace, rule.query(context))
            assert found == Counter(
                (one.operation, one.key, one.caller or "none", one.vault) for one in told[rule.id]
            )
        served = [one for one in callers(rows) if one.calls > one.refused]
        assert [(one.object_id, set(one.operations)) for one in served] == [
            (own.principal_id, {"KeyWrap", "KeyUnwrap"})
        ]

    found = await learning.learn(side, Alarms(group, "aml-cmk", (vault,)), datetime.now(UTC))
    assert [(one.object_id, one.explained, one.calls, one.refused, one.open) for one in found.callers] == [
        (own.principal_id, (f"storage account acct{name}",), 2, 0, True),
        (stranger.object_id, (), 1, 1, False),
    ]
    assert found.short == (vault,)
