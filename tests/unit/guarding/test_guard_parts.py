"""What becomes of each resource of a guardrail: made, strengthened, left alone, refused, removed."""

from __future__ import annotations

from copy import deepcopy
from datetime import date
from typing import Any

import pytest
from tests.unit.guarding.guards import guardrail

from amlmigrate.core.documents import Document
from amlmigrate.desired.parts import DesiredPart
from amlmigrate.desired.steps import DesiredStep, DesiredVerb
from amlmigrate.guarding import bodies
from amlmigrate.guarding.parts import (
    AssignmentPart,
    DefinitionPart,
    ExemptionPart,
    FirstAssignmentPart,
    GuardKnown,
    GuardPart,
    NoExemptionPart,
    stage_of,
)
from amlmigrate.guarding.wanted import Guardrail, Stage


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
        assert bool(part.forever(decided(part, None))) is stage.refuses
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
    part = NoExemptionPart("exemption", "/w/e")
    made = {"properties": {"metadata": {bodies.MARK: "x"}}}
    step = decided(part, made)
    assert step.verb is DesiredVerb.REMOVE
    assert step.change and step.change.method == "DELETE"
    assert decided(part, {"properties": {"metadata": {}}}).verb is DesiredVerb.EXISTS
    assert decided(part, None).verb is DesiredVerb.EXISTS
