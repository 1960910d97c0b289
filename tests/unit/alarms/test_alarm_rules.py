"""Which row an alarm is raised for, and what is sent to Azure for each rule, against Microsoft's descriptions."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bicep_types import Types
from tests.unit.alarms.alarmed import CONTEXT, STRANGER, SUB, VAULT, WORKSPACE_IDENTITY, row

from amlmigrate.alarms.alarm import About
from amlmigrate.alarms.metricrules import MetricRule
from amlmigrate.alarms.predicates import All, Among, AtLeast, NotAmong
from amlmigrate.alarms.rows import CALLER, OPERATION, STATUS, AuditRow
from amlmigrate.alarms.rules import ACTIVITY_RULES, ALARMS, LOG_RULES, resources, rule_of
from amlmigrate.cloud.arm import API_VERSIONS

RULES = {one.id: one for one in LOG_RULES}


def told(found: AuditRow) -> list[str]:
    """The log rules that a row is told for."""
    return [one.id for one in LOG_RULES if one.fires(found, CONTEXT)]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (row("KeyUnwrap"), []),
        (row("KeyUnwrap", oid=WORKSPACE_IDENTITY.lower()), []),
        (row("KeyUnwrap", oid=STRANGER), ["unexpected-caller"]),
        (row("KeySign", oid=STRANGER), ["unexpected-caller"]),
        (row("KeyUnwrap", Identity=None), ["unexpected-caller"]),
        (row("KeyUnwrap", 403, STRANGER), ["unexpected-caller", "use-refused"]),
        (row("KeyWrap", 403), ["use-refused"]),
        (row("KeyWrap", 429), ["use-refused"]),
        (row("KeyWrap", 401), []),
        (row("KeyWrap", 399), []),
        (row("KeyGet", 403, STRANGER), []),
        (row("KeyBackup"), ["key-changed"]),
        (row("KeyRestore", 409), ["key-changed"]),
        (row("KeyUpdate"), ["key-changed"]),
        (row("VaultPatch"), ["key-changed"]),
        (row("VaultPurge"), ["key-changed"]),
        (row("KeyRotate"), []),
        (row("KeyRotateIfDue", None), []),
        (row("KeyNearExpiryEventGridNotification", None), ["key-expiring"]),
        (row("KeyExpiredEventGridNotification", None), ["key-expiring"]),
        (row("VaultAccessPolicyChangedEventGridNotification", None), ["access-policy-changed"]),
        (row("SecretGet", 403, STRANGER), []),
        (row("KeyBackup", _ResourceId=VAULT.lower() + "2"), []),
    ],
    ids=lambda value: value.operation if isinstance(value, AuditRow) else None,
)
def test_which_rows_are_told(found: AuditRow, expected: list[str]) -> None:
    assert told(found) == expected


def test_a_condition_is_written_as_it_is_evaluated() -> None:
    test = All((Among(OPERATION, ("KeyWrap", "it's")), NotAmong(CALLER, ("ABC", "abc")), AtLeast(STATUS, 400)))
    assert test.kql() == r"OperationName in ('KeyWrap', 'it\'s') and Caller !in ('abc') and Status >= 400"


def test_nothing_is_compared_with_nothing_or_another_type() -> None:
    for values in ((), (1,), ("200", 1)):
        with pytest.raises(ValueError, match="OperationName"):
            Among(OPERATION, values)
    with pytest.raises(ValueError, match="Status"):
        NotAmong(STATUS, ("401",))


def test_a_status_that_is_not_there_is_none_of_any() -> None:
    notice = row("KeyWrap", None)
    assert not AtLeast(STATUS, 0).holds(notice) and NotAmong(STATUS, (401,)).holds(notice)


def test_a_metric_is_summed_up_as_the_reference_of_metrics_has_it() -> None:
    found = {one.metric: one.aggregation for one in ALARMS if isinstance(one, MetricRule)}
    assert found == {"Availability": "Average", "ServiceApiLatency": "Average", "ServiceApiResult": "Count"}


TYPES = {
    "scheduledQueryRules": "microsoft.insights-2023-12-01",
    "metricAlerts": "microsoft.insights-2018-03-01",
    "activityLogAlerts": "microsoft.insights-2020-10-01",
}


def test_bodies_are_as_described(shared: Path) -> None:
    types = {kind: Types(shared / "specs" / "bicep-types" / f"{name}.types.json") for kind, name in TYPES.items()}
    made = list(resources(CONTEXT))
    assert {one.type for one in made} == set(TYPES)
    for one in made:
        assert TYPES[one.type].endswith(API_VERSIONS[f"microsoft.insights/{one.type.lower()}"])
        found = types[one.type].problems_of_request(f"Microsoft.Insights/{one.type}", {"name": "n", **one.body})
        assert found == [], one.id
        assert one.body["properties"]["enabled"] is True
        assert CONTEXT.action_group_id in json.dumps(one.body["properties"]["actions"])


def test_each_resource_has_a_name_of_its_own_that_tells_its_rule() -> None:
    made = list(resources(replace(CONTEXT, vaults=(VAULT, f"{VAULT}-2"))))
    names = [one.id.lower() for one in made]
    assert len(set(names)) == len(names)
    for one in made:
        assert rule_of(one.id.upper(), CONTEXT.name) is one.rule
        assert rule_of(one.id.rpartition("/")[2], CONTEXT.name) is one.rule
    assert rule_of("aml-cmk-key-changedx", CONTEXT.name) is None
    assert rule_of("other-key-changed", CONTEXT.name) is None


def test_an_activity_rule_names_one_operation_and_one_scope() -> None:
    made = [one for one in resources(CONTEXT) if one.type == "activityLogAlerts"]
    assert len(made) == sum(len(one.told) for one in ACTIVITY_RULES) < 50
    for one in made:
        leaves = {leaf["field"]: leaf for leaf in one.body["properties"]["condition"]["allOf"]}
        assert isinstance(leaves["operationName"]["equals"], str)
        assert one.body["properties"]["scopes"] == [SUB]


def test_a_vault_outside_the_scope_is_watched_by_itself() -> None:
    context = replace(CONTEXT, scope=f"{SUB}/resourceGroups/rg-ml")
    scopes = {
        one.id.rpartition("/")[2]: one.body["properties"]["scopes"]
        for one in resources(context)
        if one.rule.id in ("vault-deleted", "workspace-deleted")
    }
    assert scopes == {
        "aml-cmk-vault-deleted-vaults-delete": [context.scope],
        "aml-cmk-vault-deleted-vaults-delete-KV-aml": [VAULT],
        "aml-cmk-workspace-deleted-workspaces-delete": [context.scope],
    }
    assert context.elsewhere == ()
    other = VAULT.replace("11111111", "22222222", 1)
    assert replace(context, vaults=(other,)).elsewhere == (other,)


def test_alarms_outside_the_scope_are_watched_where_they_lie() -> None:
    context = replace(CONTEXT, scope=f"{SUB}/resourceGroups/rg-ml")
    scopes = {
        one.id.rpartition("/")[2]: one.body["properties"]["scopes"]
        for one in resources(context)
        if one.rule.id == "watch-removed"
    }
    for did in ("scheduledQueryRules-delete", "metricAlerts-write", "actionGroups-write", "actionRules-write"):
        assert scopes[f"aml-cmk-watch-removed-{did}-rg-keys"] == [context.group]
        assert scopes[f"aml-cmk-watch-removed-{did}"] == [context.scope]
    assert scopes["aml-cmk-watch-removed-diagnosticSettings-delete-KV-aml"] == [VAULT]
    # A vault and a group of one name do not share a rule.
    same = replace(context, group=f"{SUB}/resourceGroups/KV-aml")
    names = [one.id.lower() for one in resources(same)]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("change", "missing"),
    [({"callers": ()}, {"unexpected-caller"}), ({"vaults": ()}, set(RULES))],
    ids=["callers", "vaults"],
)
def test_what_a_rule_lacks_is_told_and_it_is_not_made(change: dict[str, Any], missing: set[str]) -> None:
    context = replace(CONTEXT, **change)
    assert {one.id for one in ALARMS if one.lacks(context)} == missing
    assert missing.isdisjoint({one.rule.id for one in resources(context)})


def test_access_is_told_apart() -> None:
    assert {one.id for one in ALARMS if one.about is About.ACCESS} == {"access-policy-changed", "access-changed"}
    assert all((one.severity == 4) == (one in ACTIVITY_RULES) for one in ALARMS)
