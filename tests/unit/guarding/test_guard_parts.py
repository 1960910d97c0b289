"""What becomes of each resource of a guardrail: made, strengthened, left alone, refused, removed."""

from __future__ import annotations

from copy import deepcopy
from datetime import date
from typing import Any

import pytest
from tests.unit.guarding.guards import SCOPE, guardrail, workspace_id

from amlmigrate.core.documents import Document
from amlmigrate.desired.known import UNKNOWN
from amlmigrate.desired.parts import DesiredPart
from amlmigrate.desired.steps import DesiredStep, DesiredVerb
from amlmigrate.guarding import bodies
from amlmigrate.guarding.members import MEMBERS
from amlmigrate.guarding.parts import (
    AssignmentPart,
    DefinitionPart,
    ExemptionPart,
    FirstAssignmentPart,
    GuardKnown,
    GuardPart,
    InitiativePart,
    MembersFirstPart,
    NoExemptionPart,
    differences,
    exempted_here,
    stage_of,
)
from amlmigrate.guarding.wanted import Guardrail, KeyLimits, Stage


def answered(body: Document) -> Document:
    """As Azure answers it: with its own members, and its own letter case of ids."""
    found = deepcopy(body)
    found["properties"]["metadata"] |= {"createdBy": "x", "createdOn": "2026-01-01T00:00:00Z", "updatedBy": None}
    if "policyDefinitionId" in found["properties"]:
        found["properties"]["policyDefinitionId"] = found["properties"]["policyDefinitionId"].upper()
    return {"id": "x", "name": "x", "systemData": {}, **found}


def decided(part: DesiredPart[GuardKnown], found: Any, known: GuardKnown | None = None) -> DesiredStep:
    return part.decide(found, known or GuardKnown())


def assignment(wanted: Guardrail) -> AssignmentPart:
    return AssignmentPart("assignment", wanted.assignment_id, bodies.assignment(wanted))


@pytest.mark.parametrize(
    "body", [bodies.definition(guardrail()), bodies.initiative(guardrail()), bodies.assignment(guardrail())]
)
def test_what_is_there_already_stays_as_it_is(body: Document) -> None:
    part = GuardPart("it", "/x", body)
    assert decided(part, None).verb is DesiredVerb.CREATE
    assert decided(part, answered(body)).verb is DesiredVerb.EXISTS


def test_what_others_made_is_not_touched() -> None:
    there = answered(bodies.assignment(guardrail()))
    there["properties"]["metadata"] = {"assignedBy": "somebody"}
    step = decided(assignment(guardrail(Stage.DENY)), there)
    assert (step.verb, step.change) == (DesiredVerb.REFUSE, None)
    del there["properties"]["metadata"]
    assert decided(assignment(guardrail(Stage.DENY)), there).verb is DesiredVerb.REFUSE


@pytest.mark.parametrize("there", Stage)
@pytest.mark.parametrize("asked", Stage)
def test_a_stage_is_raised_and_never_lowered(there: Stage, asked: Stage) -> None:
    found = answered(bodies.assignment(guardrail(there)))
    assert stage_of(found) is there
    step = decided(assignment(guardrail(asked)), found)
    expected = (
        DesiredVerb.EXISTS
        if asked is there
        else DesiredVerb.UPDATE
        if asked.rank > there.rank
        else DesiredVerb.REFUSE
    )
    assert step.verb is expected
    if expected is DesiredVerb.UPDATE:
        # Azure takes a new mode or parameter by a whole PUT alone.
        assert step.change and step.change.method == "PUT"


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"notScopes": ["/subscriptions/s/resourceGroups/g"]}, "/notScopes differs"),
        ({"overrides": [{"kind": "policyEffect", "value": "Disabled"}]}, "/overrides differs"),
        ({"resourceSelectors": [{"name": "x"}]}, "/resourceSelectors differs"),
    ],
)
def test_what_weakens_the_assignment_is_taken_away(changed: Document, found: str) -> None:
    wanted = guardrail(Stage.DENY)
    there = answered(bodies.assignment(wanted))
    there["properties"] |= changed
    step = decided(assignment(wanted), there)
    assert step.verb is DesiredVerb.UPDATE
    assert any(found in note for note in step.notes)


def test_more_that_is_harmless_is_refused_and_less_is_not() -> None:
    def part(**given: Any) -> DefinitionPart:
        wanted = guardrail(**given)
        return DefinitionPart("definition", wanted.definition_id, bodies.definition(wanted))

    there = answered(bodies.definition(guardrail()))
    more = decided(part(harmless=("public", "internal", "confidential")), there)
    assert more.verb is DesiredVerb.REFUSE
    assert "confidential" in more.notes[0]
    assert decided(part(harmless=("public",)), there).verb is DesiredVerb.UPDATE
    assert decided(part(untagged_needs_key=False), there).verb is DesiredVerb.REFUSE
    lax = answered(bodies.definition(guardrail(untagged_needs_key=False)))
    assert decided(part(), lax).verb is DesiredVerb.UPDATE


def test_an_assignment_begins_unenforced_and_one_that_is_there_is_left_to_the_stage() -> None:
    wanted = guardrail(Stage.DENY_NEW)
    body = bodies.assignment(wanted, Stage.DRY_DENY)
    part = FirstAssignmentPart("assignment", wanted.assignment_id, body)
    step = decided(part, None)
    assert step.change and step.change.body
    assert step.change.body["properties"]["enforcementMode"] == "DoNotEnforce"
    for stage in Stage:
        assert decided(part, answered(bodies.assignment(guardrail(stage)))).verb is DesiredVerb.EXISTS


def test_only_a_stage_that_refuses_is_agreed_to() -> None:
    for stage in Stage:
        part = assignment(guardrail(stage))
        assert bool(part.forever(decided(part, None, GuardKnown(assigned=UNKNOWN)))) is stage.refuses
        assert not part.forever(decided(part, answered(part.body)))


def test_an_exemption_for_an_earlier_assignment_is_written_again() -> None:
    body = bodies.exemption(guardrail(Stage.DENY_NEW), date(2027, 3, 31), None)
    part = ExemptionPart("exemption", "/w/e", body)
    there = {**answered(body), "systemData": {"lastModifiedAt": "2026-12-01T10:00:00.1234567Z"}}
    for made, verb in (
        ("", DesiredVerb.EXISTS),
        (FirstAssignmentPart("a", "/a", {}).learn(None, GuardKnown()).assigned, DesiredVerb.UPDATE),
        ("2026-12-01T09:59:59Z", DesiredVerb.EXISTS),
        ("2026-12-01T10:00:01Z", DesiredVerb.UPDATE),
        # Times without an offset can be compared too.
        ("2026-12-01T10:00:01", DesiredVerb.UPDATE),
    ):
        assert decided(part, there, GuardKnown(assigned=made)).verb is verb
    assignment = {"systemData": {"createdAt": "2026-12-01T10:00:01Z"}}
    first = FirstAssignmentPart("assignment", "/a", {})
    assert first.learn(assignment, GuardKnown()).assigned == "2026-12-01T10:00:01Z"
    # Another day in the file is an update as well, later or earlier.
    for until in (date(2027, 3, 30), date(2027, 4, 1)):
        other = ExemptionPart("exemption", "/w/e", bodies.exemption(guardrail(Stage.DENY_NEW), until, None))
        assert decided(other, there).verb is DesiredVerb.UPDATE


def test_an_exemption_of_this_tool_goes_and_anothers_stays() -> None:
    wanted = guardrail(Stage.DENY)
    at = wanted.exemption_id(workspace_id("ws"))
    part = NoExemptionPart("exemption", at, SCOPE)
    made = {"id": at, **bodies.exemption(wanted, date(2027, 3, 31), None)}
    made["properties"]["metadata"] = {bodies.MARK: SCOPE.upper()}
    step = decided(part, made)
    assert step.verb is DesiredVerb.REMOVE
    assert step.change and step.change.method == "DELETE"
    for changed in (
        {"metadata": {}},
        {"metadata": {bodies.MARK: f"{SCOPE}/resourceGroups/g"}},
        # Put in its place since, with its metadata, from something else.
        {"policyAssignmentId": f"{wanted.assignment_id}-theirs"},
    ):
        other = {**made, "properties": {**made["properties"], **changed}}
        assert decided(part, other).verb is DesiredVerb.EXISTS
    assert decided(part, None).verb is DesiredVerb.EXISTS


def test_an_exemption_is_ours_by_its_place_and_name_and_not_by_copied_metadata() -> None:
    wanted = guardrail(Stage.DENY_NEW)
    body = bodies.exemption(wanted, date(2027, 3, 31), None)
    at = wanted.exemption_id(workspace_id("ws"))
    assert exempted_here(wanted, {"id": at.upper(), **body})
    group = f"{SCOPE}/resourceGroups/g/providers/Microsoft.Authorization/policyExemptions/theirs"
    for id_ in (f"{at}-theirs", group):
        assert not exempted_here(wanted, {"id": id_, **body})
    other = bodies.exemption(guardrail(name="other"), date(2027, 3, 31), None)
    assert not exempted_here(wanted, {"id": at, **other})


def test_what_a_guardrail_of_another_scope_has_is_not_touched() -> None:
    there, group = guardrail(Stage.DENY_NEW), guardrail(scope=f"{SCOPE}/resourceGroups/g")
    for what in (bodies.definition, bodies.initiative):
        assert decided(GuardPart("it", "/x", what(group)), answered(what(there))).verb is DesiredVerb.REFUSE
        assert decided(GuardPart("it", "/x", what(there)), answered(what(there))).verb is DesiredVerb.EXISTS


def initiative(**given: Any) -> DesiredStep:
    """What becomes of the documented initiative when a file asks for something else."""
    wanted = guardrail(**given)
    part = InitiativePart("initiative", wanted.initiative_id, bodies.initiative(wanted))
    return decided(part, answered(bodies.initiative(guardrail())))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"members": tuple(name for name in MEMBERS if name != "keySize")}, "lose the members keySize"),
        ({"keys": KeyLimits(days_before_expiry=29)}, "would become 29 instead of 30"),
        ({"keys": KeyLimits(rsa_size=2048)}, "would become 2048 instead of 3072"),
        ({"keys": KeyLimits(rotate_within_days=366)}, "would become 366 instead of 365"),
        ({"harmless": ("public", "internal", "confidential")}, "let more through: confidential"),
    ],
)
def test_an_initiative_is_never_made_weaker(given: dict[str, Any], told: str) -> None:
    step = initiative(**given)
    assert (step.verb, step.change) == (DesiredVerb.REFUSE, None)
    assert any(told in note for note in step.notes)


@pytest.mark.parametrize(
    "given",
    [{"keys": KeyLimits(days_before_expiry=31, rsa_size=4096, rotate_within_days=364)}, {"harmless": ("public",)}],
)
def test_an_initiative_is_made_stricter(given: dict[str, Any]) -> None:
    assert initiative(**given).verb is DesiredVerb.UPDATE


def test_what_somebody_made_stricter_by_hand_stays() -> None:
    wanted = guardrail(Stage.DENY)
    part = InitiativePart("initiative", wanted.initiative_id, bodies.initiative(wanted))
    there = answered(part.body)
    there["properties"]["policyDefinitions"][1]["parameters"]["effect"] = {"value": "deny"}
    assert "would become Audit instead of deny" in decided(part, there).notes[0]
    there = answered(part.body)
    there["properties"]["policyDefinitions"].append({"policyDefinitionReferenceId": "theirs", "parameters": {}})
    assert "lose the members theirs" in decided(part, there).notes[0]
    there = answered(part.body)
    there["properties"]["policyDefinitions"][0]["parameters"]["tagName"]["value"] = "another"
    assert "instead of another" in decided(part, there).notes[0]
    there = answered(part.body)
    there["properties"]["policyDefinitions"][1]["policyDefinitionId"] = "/theirs"
    assert "is /theirs, and would no longer be" in decided(part, there).notes[0]
    assigned = AssignmentPart("it", wanted.assignment_id, bodies.assignment(wanted), bodies.limits(wanted))
    for bits, verb in ((4096, DesiredVerb.REFUSE), (1024, DesiredVerb.UPDATE)):
        there = answered(assigned.body)
        there["properties"]["parameters"]["minimumRSAKeySize"] = {"value": bits}
        assert decided(assigned, there).verb is verb


@pytest.mark.parametrize(
    ("member", "name", "stricter", "weaker"),
    [
        ("keySize", "minimumRSAKeySize", 4096, 2048),
        ("keyNearExpiry", "minimumDaysBeforeExpiration", 90, 1),
        ("keyRotation", "maximumDaysToRotate", 30, 999),
    ],
)
def test_a_limit_that_somebody_gave_a_member_itself_stays_where_it_is_stricter(
    member: str, name: str, stricter: int, weaker: int
) -> None:
    wanted = guardrail()
    part = InitiativePart("initiative", wanted.initiative_id, bodies.initiative(wanted))
    for value, verb in ((stricter, DesiredVerb.REFUSE), (weaker, DesiredVerb.UPDATE)):
        there = answered(part.body)
        [entry] = [
            one for one in there["properties"]["policyDefinitions"] if one["policyDefinitionReferenceId"] == member
        ]
        entry["parameters"][name] = {"value": value}
        assert decided(part, there).verb is verb


def test_the_name_of_a_parameter_has_no_letter_case() -> None:
    part = assignment(guardrail(Stage.AUDIT))
    there = answered(part.body)
    there["properties"]["parameters"] = {"CMKEFFECT": {"value": "Deny"}}
    assert decided(part, there).verb is DesiredVerb.REFUSE


@pytest.mark.parametrize("member", [0, 1, 5])
def test_a_value_that_somebody_added_is_a_difference(member: int) -> None:
    wanted = bodies.initiative(guardrail())
    there = answered(wanted)
    there["properties"]["policyDefinitions"][member]["parameters"]["more"] = {"value": 0}
    assert [one for one in differences(wanted, there) if "more" in one]
    rule = bodies.definition(guardrail())
    there = answered(rule)
    there["properties"]["policyRule"]["if"]["allOf"][0]["like"] = "x"
    assert [one for one in differences(rule, there) if "like" in one]


def test_members_come_before_exemptions_and_who_needs_a_key_stays_until_after_them() -> None:
    without = guardrail(members=tuple(name for name in MEMBERS if name != "amlCmk"))
    there = answered(bodies.initiative(without))
    wanted = guardrail(harmless=("public",))
    part = MembersFirstPart("members", wanted.initiative_id, bodies.initiative(wanted))
    step = decided(part, there)
    assert step.verb is DesiredVerb.UPDATE
    assert step.change and step.change.body
    members = {
        one["policyDefinitionReferenceId"]: one for one in step.change.body["properties"]["policyDefinitions"]
    }
    assert members[bodies.BY_CLASSIFICATION]["parameters"]["harmless"]["value"] == ["public", "internal"]
    assert "amlCmk" in members
    assert decided(part, answered(bodies.initiative(guardrail()))).verb is DesiredVerb.EXISTS


def test_an_assignment_that_exemptions_were_not_written_for_is_not_made_to_refuse() -> None:
    wanted = guardrail(Stage.DENY_NEW)
    part, seen = assignment(wanted), GuardKnown(assigned="2026-12-01T10:00:01Z")
    there = {**answered(bodies.assignment(wanted, Stage.DRY_DENY)), "systemData": {"createdAt": seen.assigned}}
    assert decided(part, there, seen).verb is DesiredVerb.UPDATE
    assert decided(part, None, seen).verb is DesiredVerb.REFUSE
    there["systemData"] = {"createdAt": "2026-12-01T11:00:00Z"}
    assert decided(part, there, seen).verb is DesiredVerb.REFUSE
    assert decided(part, None, GuardKnown(assigned=UNKNOWN)).verb is DesiredVerb.CREATE
    # A stage that refuses nothing needs no exemption.
    assert decided(assignment(guardrail()), None, seen).verb is DesiredVerb.CREATE


@pytest.mark.parametrize("stage", Stage)
def test_an_override_that_refuses_is_not_undone(stage: Stage) -> None:
    wanted = guardrail(stage)
    there = answered(bodies.assignment(wanted))
    for value, verb in (
        ("Deny", DesiredVerb.REFUSE),
        ("audit", DesiredVerb.UPDATE),
        ("Disabled", DesiredVerb.UPDATE),
    ):
        there["properties"]["overrides"] = [{"kind": "policyEffect", "value": value}]
        assert decided(assignment(wanted), there).verb is verb
