"""Alerts: which rules fire for what, how they are listed and counted, and when they end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from arm_harness import GROUP, WORKSPACE, ArmClient, Time, client
from monitor import ALERTS, INSIGHTS, LOGS, VAULT, activity_body, metric_body, prepared, query_body

from azsandbox.arm.clock import Clock
from azsandbox.arm.logs import notices
from azsandbox.arm.logs.rows import VaultUse, note
from azsandbox.arm.monitor import byhand, queryrules

RULE, EVENTS = f"{INSIGHTS}/scheduledQueryRules/read", f"{INSIGHTS}/activityLogAlerts/vaults"
SUMMARY = ALERTS.replace("/alerts", "/alertsSummary")


@pytest.fixture
async def arm(timed: ArmClient) -> ArmClient:
    await prepared(timed)
    return timed


def use(arm: ArmClient, operation: str = "KeyGet", who: str = "stranger", status: int = 200) -> None:
    """A row in the vault's audit log."""
    vault = arm.arm._context.store.get(VAULT.lower())
    assert vault
    note(
        arm.arm._context, vault, VaultUse(operation, f"https://kv.vault.azure.net/keys/{who}", who, "app", status)
    )


async def fired(arm: ArmClient, query: str = "") -> list[dict[str, Any]]:
    """What is told of the alerts of the last day."""
    return [one["properties"]["essentials"] for one in await arm.every(f"{ALERTS}{query}")]


async def test_a_rule_on_the_log_fires_for_each_caller_and_each_row_once(arm: ArmClient) -> None:
    await arm.ok("PUT", RULE, query_body())
    assert await fired(arm) == []
    for who in ("ann", "ann", "bob"):
        use(arm, who=who)
    use(arm, "KeyWrap")  # what the rule is not about
    assert len(await fired(arm)) == 2
    assert len(await fired(arm)) == 2
    use(arm, who="ann")
    last, *_ = found = await fired(arm)
    assert len(found) == 3
    assert (last["severity"], last["monitorService"], last["signalType"]) == ("Sev1", "Log Alerts V2", "Log")
    assert (last["targetResource"], last["targetResourceType"]) == (LOGS.lower(), "workspaces")
    assert last["alertRule"] == f"{GROUP}/providers/microsoft.insights/scheduledqueryrules/read"
    assert (last["monitorCondition"], last["alertState"]) == ("Fired", "New")


async def test_what_was_in_the_log_within_a_window_before_the_rule_counts(arm: ArmClient, time: Time) -> None:
    use(arm, who="long ago")
    time.seconds += 16 * 60
    use(arm, who="just before")
    await arm.ok("PUT", RULE, query_body())
    assert len(await fired(arm)) == 1


async def test_a_rule_that_is_off_fires_neither_then_nor_for_then(arm: ArmClient) -> None:
    await arm.ok("PUT", RULE, query_body(enabled=False))
    use(arm)
    assert await fired(arm) == []
    await arm.ok("PUT", RULE, query_body())
    assert await fired(arm) == []
    use(arm)
    await arm.ok("DELETE", RULE)  # what it had to say is said before
    assert len(await fired(arm)) == 1


async def test_a_rule_that_mitigates_fires_once_until_it_is_resolved(arm: ArmClient, time: Time) -> None:
    await arm.ok("PUT", RULE, query_body(autoMitigate=True))
    use(arm)
    await fired(arm)
    use(arm)
    time.seconds += 10 * 60
    use(arm)
    time.seconds += 10 * 60
    assert [one["monitorCondition"] for one in await fired(arm)] == ["Fired"]
    time.seconds += 16 * 60
    assert [one["monitorCondition"] for one in await fired(arm)] == ["Resolved"]
    use(arm)
    assert [one["monitorCondition"] for one in await fired(arm)] == ["Fired", "Resolved"]


@pytest.mark.parametrize(
    ("criterion", "count"),
    [
        ({"dimensions": []}, 1),
        ({"dimensions": [], "threshold": 3}, 0),
        ({"dimensions": [], "threshold": 3, "operator": "GreaterThanOrEqual"}, 1),
        ({"dimensions": [{"name": "Who", "operator": "Include", "values": ["ann"]}]}, 1),
        ({"dimensions": [{"name": "Who", "operator": "Exclude", "values": ["ann", "bob"]}]}, 0),
        ({"timeAggregation": "Maximum", "metricMeasureColumn": "Status", "threshold": 399}, 1),
        ({"timeAggregation": "Average", "metricMeasureColumn": "Status", "threshold": 301}, 1),
    ],
)
async def test_what_a_criterion_counts(arm: ArmClient, criterion: dict[str, Any], count: int) -> None:
    query = "AZKVAuditLogs | project Who = tostring(Identity.claim.oid), Status = HttpStatusCode"
    use(arm, "KeyList", "nobody", 200)
    await arm.ok("PUT", RULE, query_body({"query": f"{query} | where Who != 'nobody'", **criterion}))
    for who, status in (("ann", 200), ("ann", 403), ("bob", 200)):
        use(arm, who=who, status=status)
    assert len(await fired(arm)) == count


async def test_rows_without_a_value_for_a_dimension_raise_nothing(arm: ArmClient) -> None:
    await arm.ok("PUT", RULE, query_body())
    use(arm, who="")
    assert await fired(arm) == []


async def test_a_rule_on_the_activity_log_fires_for_each_event_as_it_happens(arm: ArmClient) -> None:
    await arm.ok("PUT", EVENTS, activity_body())
    await arm.ok("PUT", f"{EVENTS}2", activity_body(enabled=False))
    await arm.ok("PUT", f"{EVENTS}3", activity_body(scopes=[f"{GROUP}2"]))
    await arm.ok("DELETE", VAULT)
    [one] = await fired(arm)
    assert (one["severity"], one["monitorService"]) == ("Sev4", "ActivityLog Administrative")
    assert (one["targetResource"], one["targetResourceType"]) == (VAULT.lower(), "vaults")
    assert one["alertRule"].endswith("/activityLogAlerts/vaults")
    await arm.error(404, "DELETE", f"{VAULT}/keys/none")
    assert len(await fired(arm)) == 1


async def test_what_takes_longer_fires_when_it_has_succeeded(arm: ArmClient, time: Time) -> None:
    leaves = (
        {"field": "operationName", "equals": "Microsoft.MachineLearningServices/workspaces/delete"},
        {"anyOf": [{"field": "status", "equals": "SUCCEEDED"}, {"field": "status", "equals": "Failed"}]},
    )
    await arm.ok("PUT", EVENTS, activity_body(*leaves))
    made = await arm.send("PUT", WORKSPACE, arm.workspace_body())
    time.seconds += 60
    await arm.finish(made)
    deleted = await arm.send("DELETE", WORKSPACE)
    assert await fired(arm) == []
    time.seconds += 60
    await arm.finish(deleted)
    assert [one["targetResource"] for one in await fired(arm)] == [WORKSPACE.lower()]


async def test_lists_are_of_a_day_unless_more_is_asked_for_and_of_thirty_at_most(
    arm: ArmClient, time: Time
) -> None:
    await arm.ok("PUT", RULE, query_body())
    for days in (0, 6, 2, 22):
        use(arm)
        await fired(arm)
        time.seconds += days * 86_400
    counts = {each: len(await fired(arm, f"?timeRange={each}")) for each in ("1h", "1d", "7d", "30d")}
    assert counts == {"1h": 0, "1d": 0, "7d": 0, "30d": 4}
    time.seconds += 86_400
    assert len(await fired(arm, "?timeRange=30d")) == 2
    await arm.error(400, "GET", f"{ALERTS}?timeRange=90d", says="90d")
    await arm.error(
        400, "GET", f"{ALERTS}?customTimeRange=2020-01-01T00:00:00Z/2020-01-02T00:00:00Z", says="30 days"
    )


async def test_lists_have_pages_filters_and_scopes(arm: ArmClient) -> None:
    await arm.ok("PUT", RULE, query_body())
    await arm.ok("PUT", EVENTS, activity_body())
    for number in range(30):
        use(arm, who=f"who {number}")
    await arm.ok("DELETE", VAULT)
    page = await arm.ok("GET", ALERTS)
    assert (len(page["value"]), "nextLink" in page) == (25, True)
    ids = [one["id"] for one in await arm.every(ALERTS)]
    assert len(set(ids)) == len(ids) == 31
    assert len(await fired(arm, f"?targetResource={VAULT}")) == 1
    assert len(await fired(arm, "?severity=Sev1&pageCount=250")) == 30
    assert len(await fired(arm, f"?alertRule={RULE}2")) == 0
    of_vault = f"{VAULT}/providers/Microsoft.AlertsManagement/alerts"
    await arm.error(404, "GET", of_vault, code="ParentResourceNotFound")
    of_logs = await arm.every(f"{LOGS}/providers/Microsoft.AlertsManagement/alerts")
    assert len(of_logs) == 30
    await arm.error(400, "GET", f"{ALERTS}?pageCount=251")
    assert (await arm.send("GET", f"{ALERTS}?sortBy=severity")).status == 501


async def test_an_alert_is_read_and_set_to_another_state(arm: ArmClient) -> None:
    await arm.ok("PUT", RULE, query_body())
    use(arm)
    [one] = await arm.every(ALERTS)
    assert await arm.ok("GET", one["id"]) == one
    closed = await arm.ok("POST", f"{one['id']}/changestate?newState=Closed")
    assert closed["properties"]["essentials"]["alertState"] == "Closed"
    assert len(await fired(arm, "?alertState=closed")) == 1
    await arm.error(400, "POST", f"{one['id']}/changestate?newState=Gone")
    await arm.error(404, "GET", f"{one['id']}x", code="AlertNotFound")


async def test_a_summary_counts_what_there_is_and_names_what_there_is_not(arm: ArmClient) -> None:
    await arm.ok("PUT", RULE, query_body())
    await arm.ok("PUT", EVENTS, activity_body())
    use(arm)
    await arm.ok("DELETE", VAULT)
    told = (await arm.ok("GET", f"{SUMMARY}?groupby=severity,alertState"))["properties"]
    assert (told["total"], told["groupedby"]) == (2, "severity")
    counts = {one["name"]: one["count"] for one in told["values"]}
    assert counts == {"Sev0": 0, "Sev1": 1, "Sev2": 0, "Sev3": 0, "Sev4": 1}
    assert [one["name"] for one in told["values"][0]["values"]] == ["New", "Acknowledged", "Closed"]
    by_rule = (await arm.ok("GET", f"{SUMMARY}?groupby=alertRule"))["properties"]["values"]
    assert [one["count"] for one in by_rule] == [1, 1]
    await arm.error(400, "GET", SUMMARY)


async def test_alerts_and_what_a_rule_has_seen_outlive_a_restart(
    arm: ArmClient, tmp_path: Path, time: Time
) -> None:
    await arm.ok("PUT", RULE, query_body())
    use(arm)
    await fired(arm)
    await arm.arm.close()
    again = client(tmp_path, clock=Clock(time))
    assert len(await fired(again)) == 1


async def test_any_rule_fires_and_resolves_by_hand(arm: ArmClient, tmp_path: Path) -> None:
    metric, log, events = f"{INSIGHTS}/metricAlerts/low", RULE, EVENTS
    await arm.ok("PUT", metric, metric_body())
    await arm.ok("PUT", log, query_body())
    await arm.ok("PUT", events, activity_body())
    for rule in (metric, log, events, f"{metric}2"):
        byhand.ask(tmp_path, rule, VAULT if rule == events else "")
    told = {one["alertRule"].rpartition("/")[2]: one for one in await fired(arm)}
    assert {name: (one["severity"], one["monitorService"]) for name, one in told.items()} == {
        "low": ("Sev1", "Platform"),
        "read": ("Sev1", "Log Alerts V2"),
        "vaults": ("Sev4", "ActivityLog Administrative"),
    }
    assert (told["low"]["targetResource"], told["low"]["signalType"]) == (VAULT.lower(), "Metric")
    assert len(await fired(arm)) == 3
    byhand.ask(tmp_path, metric, resolved=True)
    assert len(await fired(arm, "?monitorCondition=Resolved")) == 1


NOTICED = "AZKVAuditLogs | project OperationName, Id, Who = tostring(Identity.claim.oid)"


async def noticed(arm: ArmClient) -> list[tuple[str, str, bool]]:
    """What the log has of the vault itself: operation, of what, and whether somebody did it."""
    context = arm.arm._context
    notices.catch_up(context)
    workspace = context.store.get(LOGS.lower())
    assert workspace
    found = queryrules.result(context, workspace, NOTICED)
    return [(row["OperationName"], row["Id"], bool(row["Who"])) for row in found.rows]


async def test_what_is_done_to_a_vault_is_in_its_log(arm: ArmClient) -> None:
    address = "https://kv.vault.azure.net/"
    await arm.ok("PATCH", VAULT, {"tags": {"a": "b"}})
    await arm.allow(arm.who.object_id if arm.who else "", "get")
    body = {"location": "eastus2", "properties": {"accessPolicies": []}}
    await arm.ok("PUT", VAULT, body)
    await arm.ok("DELETE", VAULT)
    body["properties"]["createMode"] = "recover"
    await arm.ok("PUT", VAULT, body)
    changed = ("VaultAccessPolicyChangedEventGridNotification", address, False)
    done = [(name, address, True) for name in ("VaultPatch", "VaultPut", "VaultDelete", "VaultRecover")]
    assert await noticed(arm) == [done[0], changed, done[1], changed, *done[2:]]


async def test_a_key_near_its_end_and_past_it_is_in_the_log_once_each(arm: ArmClient, time: Time) -> None:
    end = int(time.seconds) + 60 * 86_400
    id_ = await arm.key(attributes={"exp": end})
    query = "AZKVAuditLogs | where OperationName contains 'Expir'"
    await arm.ok("PUT", RULE, query_body({"query": query, "dimensions": []}, skipQueryValidation=True))
    assert await fired(arm) == []
    time.seconds += 31 * 86_400
    near = ("KeyNearExpiryEventGridNotification", id_, False)
    assert await noticed(arm) == await noticed(arm) == [near]
    assert len(await fired(arm)) == 1
    time.seconds += 30 * 86_400
    assert len(await fired(arm, "?timeRange=1h")) == 1
    assert await noticed(arm) == [near, ("KeyExpiredEventGridNotification", id_, False)]
