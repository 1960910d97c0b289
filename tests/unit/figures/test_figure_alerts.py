"""Alerts: which are counted, where, and as what."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from tests.builders.arm import FakeArm

from amlmigrate.alarms.rules import ALARMS
from amlmigrate.cloud.arm import Arm
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.figures.alerts import RULES, Alerts, DrillSpan, fired_of, read

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
VAULT = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv"
LOGS = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.OperationalInsights/workspaces/logs"
OWN = frozenset({VAULT.lower()})


def alert(rule: str, target: str = VAULT, at: datetime = AT, name: str = "1", **more: Any) -> dict[str, Any]:
    """As Azure tells one."""
    essentials = {
        "severity": "Sev1",
        "alertRule": f"/subscriptions/s/resourceGroups/rg/providers/Microsoft.Insights/scheduledQueryRules/{rule}",
        "targetResource": target,
        "startDateTime": f"{at:%Y-%m-%dT%H:%M:%S.1234567Z}",
        **more,
    }
    return {"id": f"/subscriptions/s/providers/x/alerts/{name}", "properties": {"essentials": essentials}}


@pytest.mark.parametrize("one", ALARMS, ids=lambda one: one.id)
def test_each_rule_of_guardrails_is_known_by_its_name(one: Any) -> None:
    for suffix in ("", "-vaults-delete", "-eastus2"):
        found = fired_of(alert(f"guard-{one.id}{suffix}", LOGS), OWN, ())
        assert found and (found.rule, found.about) == (one.id, one.about.value)


def test_no_two_rules_are_taken_for_each_other() -> None:
    for one in ALARMS:
        assert [rule.id for rule in RULES if rule.of(f"guard-{one.id}-x")] == [one.id]


def test_another_rule_counts_where_it_is_about_a_vault_of_ours_and_is_told_apart() -> None:
    found = fired_of(alert("theirs", VAULT.upper()), OWN, ())
    assert found and (found.rule, found.about) == ("theirs", "other")
    assert fired_of(alert("theirs", LOGS), OWN, ()) is None
    assert fired_of({"id": "x"}, OWN, ()) is None


@pytest.mark.parametrize(
    ("rule", "target", "minutes", "drill"),
    [
        ("use-refused", LOGS, 5, True),
        ("key-changed", LOGS, 5, True),
        ("vault-refusals", VAULT, 5, True),
        ("vault-refusals", VAULT, 85, True),
        ("use-refused", LOGS, 95, False),
        ("use-refused", LOGS, -1, False),
        ("vault-refusals", VAULT + "2", 5, False),
        # A stranger is one in a drill too.
        ("unexpected-caller", LOGS, 5, False),
        ("vault-deleted", VAULT, 5, False),
    ],
)
def test_what_a_drill_brings_about_is_no_incident(rule: str, target: str, minutes: int, drill: bool) -> None:
    span = DrillSpan(VAULT.lower(), AT, AT + timedelta(hours=1))
    at = AT + timedelta(minutes=minutes)
    found = fired_of(alert(f"guard-{rule}", target, at), OWN | {(VAULT + "2").lower()}, [span])
    assert found and found.drill is drill


async def test_all_subscriptions_are_read_and_one_that_is_refused_is_told() -> None:
    query = "providers/Microsoft.AlertsManagement/alerts?timeRange=30d&pageCount=250"
    arm = FakeArm(
        {
            f"/subscriptions/s/{query}": [
                alert("guard-key-changed"),
                alert("guard-key-changed"),
                alert("no", LOGS),
            ],
            f"/subscriptions/t/{query}": ServiceError(403, "AuthorizationFailed", "no", method="GET", url="/t"),
        }
    )
    found = await read(cast(Arm, arm), ["s", "t", "s"], OWN, ())
    assert [one.id for one in found.found] == ["1"]
    assert list(found.unread) == ["t"]


def test_the_figure_counts_keys_access_drills_and_others_apart() -> None:
    span = DrillSpan(VAULT.lower(), AT, AT)
    told = [
        fired_of(alert("guard-key-changed", LOGS, AT - timedelta(days=40), "1"), OWN, ()),
        fired_of(alert("guard-key-changed", LOGS, AT, "2", severity="Sev2"), OWN, ()),
        fired_of(alert("guard-access-changed", LOGS, AT, "3"), OWN, ()),
        fired_of(alert("guard-use-refused", LOGS, AT, "4"), OWN, [span]),
        fired_of(alert("theirs", VAULT, AT, "5"), OWN, ()),
    ]
    found = Alerts(tuple(one for one in told if one), AT, AT - timedelta(days=50)).as_dict()
    assert (found["total"], found["last_30_days"], found["drills"], found["other"]) == (2, 1, 1, 1)
    assert (found["by_rule"], found["by_severity"]) == ({"key-changed": 2}, {"Sev1": 1, "Sev2": 1})
    assert found["by_month"] == {"2026-01": 1, "2026-03": 1}
    assert (found["access"]["total"], found["access"]["by_rule"]) == (1, {"access-changed": 1})
    # Who could not read all of them knows of no number for the last days.
    part = Alerts(tuple(one for one in told if one), AT, AT - timedelta(days=50), whole=False).as_dict()
    assert (part["total"], part["last_30_days"], part["access"]["last_30_days"]) == (2, None, None)


def test_an_alert_without_an_id_is_one_all_the_same() -> None:
    first, other = alert("guard-key-changed"), alert("guard-key-changed", at=AT + timedelta(hours=1))
    ids = set()
    for one in (first, other, first):
        found = fired_of({**one, "id": None}, OWN, ())
        assert found and found.id
        ids.add(found.id)
    assert len(ids) == 2
