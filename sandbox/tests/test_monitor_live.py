"""A stranger uses a key of a running sandbox's vault, and the alarm fires; another one fires by hand."""

from __future__ import annotations

from typing import Any

from live import azure, unique
from people import nobody
from test_vault_log import logs_of
from vaults import new_vault, url

from azsandbox import Sandbox, provision
from azsandbox.cli import main
from azsandbox.client import Client

KEYS, VAULT = "7.5", "https://vault.azure.net"
ALERTS = "2019-03-01"
WORKSPACES = "microsoft.operationalinsights/workspaces"


def test_a_stranger_at_a_key_is_told_and_a_metric_by_hand(sandbox: Sandbox) -> None:
    vault, who = new_vault(sandbox.env), nobody(sandbox)
    logs_of(sandbox, vault)
    group = vault.partition("/providers/")[0]
    metric = f"{group}/providers/Microsoft.Insights/metricAlerts/{unique('low')}"

    async def prepare(client: Client) -> None:
        key = await provision.key(client, vault, "k")
        [logs] = (await client.arm("GET", f"{group}/providers/{WORKSPACES}", "2023-09-01"))["value"]
        query = {
            "query": f"AZKVAuditLogs | where tostring(Identity.claim.oid) == '{who.object_id}'",
            "operator": "GreaterThan",
            "threshold": 0,
        }
        times = {"evaluationFrequency": "PT5M", "windowSize": "PT15M", "severity": 1, "enabled": True}
        rule: dict[str, Any] = {**times, "scopes": [logs["id"]], "criteria": {"allOf": [query]}}
        path = f"{group}/providers/Microsoft.Insights/scheduledQueryRules/stranger"
        await client.arm("PUT", path, "2023-12-01", {"location": "eastus2", "properties": rule})
        one = {"criterionType": "StaticThresholdCriterion", "name": "a", "metricName": "Availability"}
        one |= {"operator": "LessThan", "threshold": 90, "timeAggregation": "Average"}
        criteria = {"odata.type": "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria", "allOf": [one]}
        low = {**times, "scopes": [vault], "criteria": criteria}
        await client.arm("PUT", metric, "2018-03-01", {"location": "global", "properties": low})
        assert key.url

    async def use(client: Client) -> None:
        await client.send("GET", f"{url(vault)}/keys/k?api-version={KEYS}", VAULT, accept=(403,))

    async def told(client: Client) -> list[str]:
        path = f"{group}/providers/Microsoft.AlertsManagement/alerts"
        found = (await client.arm("GET", path, ALERTS))["value"]
        return sorted(one["properties"]["essentials"]["monitorService"] for one in found)

    azure(sandbox.env, prepare)
    assert azure(sandbox.env, told) == []
    azure(who.env, use)
    assert azure(sandbox.env, told) == ["Log Alerts V2"]
    sandbox.alert(metric)
    assert main(["alert", "fire", metric, "--state", str(sandbox.state), "--target", vault]) == 0
    assert azure(sandbox.env, told) == ["Log Alerts V2", "Platform", "Platform"]
