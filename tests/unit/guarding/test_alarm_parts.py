"""What becomes of each resource of the alarms: made once, put right, never made less, and others' left alone."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from tests.unit.guarding.guards import CALLER, LOGS, SCOPE, VAULT, alarms, guardrail, workspace_id

from amlmigrate.core.documents import Document
from amlmigrate.desired.steps import DesiredStep, DesiredVerb
from amlmigrate.guarding import alarmparts, alarmrules
from amlmigrate.guarding.alarmparts import ActionGroupPart, AlarmParts, RulePart, SettingPart
from amlmigrate.guarding.parts import GuardKnown
from amlmigrate.guarding.wanted import Alarms
from amlmigrate.policies.marks import MARK

OTHER = "bbbbbbbb-0000-4000-8000-000000000002"


def every(wanted: Alarms | None = None) -> list[AlarmParts]:
    wanted = wanted or alarms()
    return list(alarmparts.parts(guardrail(alarms=wanted), wanted))


def one(kind: str, wanted: Alarms | None = None) -> AlarmParts:
    return next(part for part in every(wanted) if kind in part.id)


def rule(name: str, wanted: Alarms | None = None) -> RulePart:
    found = one(f"/aml-cmk-{name}", wanted)
    assert isinstance(found, RulePart)
    return found


def decided(part: AlarmParts, found: Any) -> DesiredStep:
    return part.decide(found, GuardKnown())


def there(part: AlarmParts, **properties: Any) -> Document:
    """As Azure has it, with members of its own and its own letter case."""
    found = deepcopy(part.body)
    found["properties"] |= {"own": None, **properties}
    return {"id": part.id.upper(), "location": "GLOBAL", "kind": None, **found}


def test_each_is_made_where_it_is_missing_and_stays_where_it_is() -> None:
    parts = every()
    assert {type(part) for part in parts} == {SettingPart, ActionGroupPart, RulePart}
    for part in parts:
        assert decided(part, None).verb is DesiredVerb.CREATE, part.id
        assert decided(part, there(part)).verb is DesiredVerb.EXISTS, part.id


def test_what_logs_go_to_comes_first_and_who_is_told_before_of_what() -> None:
    kinds = [type(part) for part in every()]
    assert kinds.index(ActionGroupPart) == 1
    assert set(kinds[2:]) == {RulePart}


def test_what_bears_no_tag_of_this_guardrail_is_not_touched() -> None:
    for part in every():
        if isinstance(part, SettingPart):
            continue
        for tags in ({}, None, {MARK: f"{SCOPE}/resourceGroups/other"}, {"other": SCOPE}):
            found = {**there(part, enabled=False), "tags": tags}
            step = decided(part, found)
            assert (step.verb, step.change) == (DesiredVerb.REFUSE, None)
        # The names of tags have no letter case of their own.
        own = {**there(part, enabled=False), "tags": {MARK.upper(): SCOPE.upper()}}
        assert decided(part, own).verb is DesiredVerb.UPDATE


def test_what_was_switched_off_is_switched_on() -> None:
    part = rule("vault-deleted")
    step = decided(part, there(part, enabled=False))
    assert (step.verb, step.change and step.change.body) == (DesiredVerb.UPDATE, part.body)


def test_a_rule_that_was_muted_tells_again_and_the_tags_of_others_stay() -> None:
    part = rule("key-changed")
    found = there(part, muteActionsDuration="P1D")
    found["tags"] = {"costcenter": "12", MARK.upper(): SCOPE}
    step = decided(part, found)
    assert (step.verb, step.change and step.change.body) == (
        DesiredVerb.UPDATE,
        {**part.body, "tags": {"costcenter": "12", MARK: SCOPE}},
    )


def test_nobody_who_is_told_is_told_no_longer() -> None:
    group = one("/actionGroups/")
    hook = {"name": "pager", "serviceUri": "https://hooks.example.com/secret-token"}
    step = decided(group, there(group, webhookReceivers=[hook]))
    assert step.verb is DesiredVerb.REFUSE
    # What it is reached by may be a secret.
    assert "'pager'" in step.notes[0] and "secret-token" not in str(step)
    more = decided(one("/actionGroups/", alarms(emails=("keys@contoso.com", "b@contoso.com"))), there(group))
    assert more.verb is DesiredVerb.UPDATE
    fewer = decided(one("/actionGroups/", alarms(emails=("b@contoso.com",))), there(group))
    assert (fewer.verb, "keys@contoso.com" in fewer.notes[0]) == (DesiredVerb.REFUSE, True)


def test_that_nobody_is_told_is_said_and_is_no_refusal() -> None:
    group = one("/actionGroups/", alarms(emails=()))
    for found in (None, there(group)):
        step = decided(group, found)
        assert any(note.startswith("warning: nobody is told") for note in step.notes)
        assert step.verb is not DesiredVerb.REFUSE
    told = one("/actionGroups/", alarms(emails=(), roles=(OTHER,)))
    assert decided(told, None).notes == ()


@pytest.mark.parametrize(
    ("name", "changed", "told"),
    [
        ("vault-availability", {"severity": 0}, "severity would become 1 instead of 0"),
        ("vault-latency", {"evaluationFrequency": "PT1M"}, "judged every PT5M instead of every PT1M"),
        ("vault-deleted", {"scopes": [SCOPE, f"{SCOPE}x"]}, "no longer watch /subscriptions/"),
    ],
)
def test_a_rule_is_not_made_to_tell_less(name: str, changed: Document, told: str) -> None:
    part = rule(name)
    step = decided(part, there(part, **changed))
    assert (step.verb, told in step.notes[0]) == (DesiredVerb.REFUSE, True), step.notes


def test_a_threshold_that_tells_more_stays_and_one_that_tells_less_goes() -> None:
    for name, stricter, laxer in (("vault-availability", 99, 10), ("vault-latency", 500, 9000)):
        part = rule(name)
        for value, verb in ((stricter, DesiredVerb.REFUSE), (laxer, DesiredVerb.UPDATE)):
            found = there(part)
            found["properties"]["criteria"]["allOf"][0]["threshold"] = value
            assert decided(part, found).verb is verb, (name, value)


def test_a_rule_that_tells_of_something_else_instead_tells_of_what_it_was_made_for() -> None:
    part = rule("vault-deleted")
    asked = part.body["properties"]["condition"]["allOf"][1]["equals"]
    other = {"field": "operationName", "equals": "Microsoft.KeyVault/vaults/write"}
    own = {"field": "operationName", "equals": asked}
    for condition, verb in ((other, DesiredVerb.UPDATE), ({"anyOf": [own, other]}, DesiredVerb.REFUSE)):
        found = there(part)
        found["properties"]["condition"]["allOf"][1] = condition
        assert decided(part, found).verb is verb


def test_a_wider_scope_is_no_less_than_a_narrower_one() -> None:
    part = rule("vault-deleted")
    assert decided(part, there(part, scopes=[f"{SCOPE}/resourceGroups/g"])).verb is DesiredVerb.UPDATE


def test_action_groups_of_others_are_named_by_each_rule_and_none_is_lost() -> None:
    theirs = f"{SCOPE}/resourceGroups/ops/providers/Microsoft.Insights/actionGroups/pager"
    more = alarms(action_groups=(theirs,))
    for part in every(more):
        if isinstance(part, RulePart):
            assert theirs in str(part.body["properties"]["actions"])
            assert more.action_group_id in str(part.body["properties"]["actions"])
            step = decided(rule_like(part), there(part))
            assert (step.verb, "no longer tell the action group" in step.notes[0]) == (DesiredVerb.REFUSE, True)


def rule_like(part: RulePart) -> RulePart:
    """The same rule as a file without those action groups has it."""
    return next(own for own in every() if isinstance(own, RulePart) and own.id == part.id)


def test_who_may_use_a_key_without_an_alarm_from_now_on_is_agreed_to() -> None:
    found = there(rule("unexpected-caller"))
    part = rule("unexpected-caller", alarms(callers={CALLER: "", OTHER: ""}))
    step = decided(part, found)
    assert step.verb is DesiredVerb.UPDATE
    [asked] = part.forever(step)
    assert OTHER in asked
    # Fewer of them is more that is told.
    fewer = decided(rule("unexpected-caller"), there(part))
    assert (fewer.verb, rule("unexpected-caller").forever(fewer)) == (DesiredVerb.UPDATE, ())


def test_a_vault_that_was_watched_stays_watched() -> None:
    other = VAULT.replace("/kv", "/kv-2")
    found = there(rule("key-changed", alarms(vaults=(VAULT, other))))
    step = decided(rule("key-changed"), found)
    assert (step.verb, other.lower() in step.notes[0]) == (DesiredVerb.REFUSE, True)


def setting() -> SettingPart:
    found = one("/diagnosticSettings/")
    assert isinstance(found, SettingPart)
    return found


def theirs(name: str, to: str, *logs: Document) -> Document:
    at = f"{VAULT}/providers/microsoft.insights/diagnosticSettings/{name}"
    return {"id": at, "name": name, "properties": {"workspaceId": to, "logs": list(logs)}}


AUDIT = {"category": "AuditEvent", "enabled": True}


@pytest.mark.parametrize(
    ("found", "verb"),
    [
        ((), DesiredVerb.CREATE),
        # Another one that sends the log there will do: a second one is refused.
        ((theirs("central", LOGS.upper(), AUDIT),), DesiredVerb.EXISTS),
        ((theirs("all", LOGS, {"categoryGroup": "allLogs", "enabled": True}),), DesiredVerb.EXISTS),
        ((theirs("central", LOGS, {**AUDIT, "enabled": False}),), DesiredVerb.CREATE),
        ((theirs("metrics", LOGS),), DesiredVerb.CREATE),
        ((theirs("central", f"{LOGS}-2", AUDIT),), DesiredVerb.CREATE),
        # Of this name, and something else: nothing shows who made it.
        ((theirs("aml-cmk", f"{LOGS}-2", AUDIT),), DesiredVerb.REFUSE),
        ((theirs("aml-cmk", f"{LOGS}-2", AUDIT), theirs("central", LOGS, AUDIT)), DesiredVerb.EXISTS),
    ],
)
def test_a_setting_is_made_where_none_sends_the_log_and_no_other_is_changed(found: Any, verb: DesiredVerb) -> None:
    part = setting()
    step = decided(part, part.chosen(found))
    assert step.verb is verb
    assert (step.change is not None) == (verb is DesiredVerb.CREATE)


def test_of_a_workspace_any_setting_that_sends_logs_there_stays() -> None:
    workspace = workspace_id("ws")
    part = next(one for one in every(alarms(workspaces=(workspace,))) if workspace in one.id)
    assert isinstance(part, SettingPart)
    at = f"{workspace}/providers/Microsoft.Insights/diagnosticSettings/jobs"
    log = {"category": "AmlComputeJobEvent", "enabled": True}
    for on, verb in ((True, DesiredVerb.EXISTS), (False, DesiredVerb.CREATE)):
        found = {"id": at, "name": "jobs", "properties": {"workspaceId": LOGS, "logs": [{**log, "enabled": on}]}}
        step = decided(part, part.chosen([found]))
        assert step.verb is verb
        assert ("'jobs' of others" in " ".join(step.facts)) is on


def test_other_words_and_another_spelling_of_a_place_change_nothing() -> None:
    for part in every():
        if isinstance(part, RulePart):
            found = there(part, description="x", displayName="y", skipQueryValidation=None)
            assert decided(part, {**found, "location": "East US 2"}).verb is DesiredVerb.EXISTS


def test_without_a_place_for_logs_no_rule_on_them_is_made_and_that_is_said() -> None:
    without = alarms(logs="", location="")
    assert not [
        part for part in every(without) if "/scheduledQueryRules/" in part.id or isinstance(part, SettingPart)
    ]
    told = list(alarmrules.lacking(guardrail(), without))
    assert len(told) == 5 and all("alarms.logs" in one for one in told)
    assert list(alarmrules.lacking(guardrail(), alarms())) == []


def test_what_the_file_leaves_out_is_not_made_and_is_said() -> None:
    without = alarms(without=("vault-latency",), callers={})
    assert not [part for part in every(without) if "latency" in part.id or "unexpected-caller" in part.id]
    told = " ".join(alarmrules.lacking(guardrail(), without))
    assert "A vault answers slowly" in told and "nobody is named who is expected" in told
