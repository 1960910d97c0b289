"""Bodies of Monitor's rules, and the group that they tell."""

from __future__ import annotations

from typing import Any

from arm_harness import GROUP, SUBSCRIPTION, ArmClient

VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv"
INSIGHTS = f"{GROUP}/providers/Microsoft.Insights"
WHO = f"{INSIGHTS}/actionGroups/who"
LOGS = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/logs"
ALERTS = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.AlertsManagement/alerts"
EMAIL = {"name": "officers", "emailAddress": "officers@example.org", "useCommonAlertSchema": True}


def group_body(**properties: Any) -> dict[str, Any]:
    """A group of one receiver."""
    told = {"groupShortName": "keys", "enabled": True, "emailReceivers": [EMAIL]}
    return {"location": "Global", "properties": {**told, **properties}}


def metric_body(criterion: dict[str, Any] | None = None, **properties: Any) -> dict[str, Any]:
    """A rule on the availability of the vault."""
    one = {
        "criterionType": "StaticThresholdCriterion",
        "name": "low",
        "metricName": "Availability",
        "metricNamespace": "Microsoft.KeyVault/vaults",
        "dimensions": [],
        "operator": "LessThan",
        "threshold": 90,
        "timeAggregation": "Average",
        **(criterion or {}),
    }
    filled = {
        "description": "does not answer",
        "severity": 1,
        "enabled": True,
        "scopes": [VAULT],
        "evaluationFrequency": "PT1M",
        "windowSize": "PT5M",
        "criteria": {"odata.type": "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria", "allOf": [one]},
        "autoMitigate": True,
        "actions": [{"actionGroupId": WHO}],
    }
    return {"location": "global", "properties": {**filled, **properties}}


def activity_body(*leaves: dict[str, Any], **properties: Any) -> dict[str, Any]:
    """A rule on vaults that are deleted."""
    usual = (
        {"field": "operationName", "equals": "Microsoft.KeyVault/vaults/delete"},
        {"field": "status", "containsAny": ["succeeded"]},
    )
    filled = {
        "description": "a vault is deleted",
        "enabled": True,
        "scopes": [f"/subscriptions/{SUBSCRIPTION}"],
        "condition": {"allOf": [{"field": "category", "equals": "Administrative"}, *(leaves or usual)]},
        "actions": {"actionGroups": [{"actionGroupId": WHO}]},
    }
    return {"location": "Global", "properties": {**filled, **properties}}


QUERY = (
    "union isfuzzy=true (datatable(OperationName: string, Who: string)[]),"
    " (AZKVAuditLogs | project OperationName, Who = tostring(Identity.claim.oid)),"
    " (AzureDiagnostics | project OperationName, Who = tostring(column_ifexists('identity_claim_oid_g', '')))"
    " | where OperationName in ('KeyGet', 'KeyUpdate')"
)


def query_body(criterion: dict[str, Any] | None = None, **properties: Any) -> dict[str, Any]:
    """A rule on keys that are read or changed."""
    one = {
        "query": QUERY,
        "timeAggregation": "Count",
        "dimensions": [{"name": "Who", "operator": "Include", "values": ["*"]}],
        "operator": "GreaterThan",
        "threshold": 0,
        "failingPeriods": {"numberOfEvaluationPeriods": 1, "minFailingPeriodsToAlert": 1},
        **(criterion or {}),
    }
    filled = {
        "description": "a key is read or changed",
        "severity": 1,
        "enabled": True,
        "scopes": [LOGS],
        "evaluationFrequency": "PT5M",
        "windowSize": "PT15M",
        "criteria": {"allOf": [one]},
        "autoMitigate": False,
        "actions": {"actionGroups": [WHO]},
    }
    return {"location": "eastus2", "properties": {**filled, **properties}}


RULES = {
    f"{INSIGHTS}/metricAlerts/rule": metric_body(),
    f"{INSIGHTS}/activityLogAlerts/rule": activity_body(),
    f"{INSIGHTS}/scheduledQueryRules/rule": query_body(),
    WHO: group_body(),
}


async def prepared(arm: ArmClient) -> None:
    """What rules need: somebody to tell, and a workspace that gets the vault's audit log. The group is there."""
    await arm.ok("PUT", WHO, group_body())
    await arm.ok("PUT", LOGS, {"location": "eastus2", "properties": {}})
    audit = {"workspaceId": LOGS, "logAnalyticsDestinationType": "Dedicated", "logs": [{"categoryGroup": "audit", "enabled": True}]}  # fmt: skip
    await arm.ok("PUT", f"{VAULT}/providers/Microsoft.Insights/diagnosticSettings/audit", {"properties": audit})
