"""What is applied of a proposal: exactly what was approved, wherever an apply before was killed, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from tests.unit.guarding.guards import GROUP, SCOPE, GuardedArm, S, guarded_side, guardrail, old, workspace_id

from amlmigrate.core.armid import key_of
from amlmigrate.core.authorship import By
from amlmigrate.core.documents import Document
from amlmigrate.core.errors import RefusedError
from amlmigrate.core.identity import Identity
from amlmigrate.guarding import bodies, stage
from amlmigrate.guarding.estate import GuardedEstate, RemovedSource
from amlmigrate.guarding.progress import events
from amlmigrate.guarding.proposing import (
    GuardProposing,
    proposal,
    refuse_other,
    refuse_other_guardrail,
    refuse_otherwise,
)
from amlmigrate.guarding.stage import GuardPlan, GuardRequest
from amlmigrate.guarding.wanted import ExemptionTerms, Guardrail, Stage
from amlmigrate.ledger.proposals import Proposal

NOW = datetime(2026, 12, 1, tzinfo=UTC)
ABOUT = GuardProposing("guard.yaml", None, "tenant-1", By("m", "h", "1", Identity("m-id")), NOW.isoformat())
MET = GuardedEstate(scan="x", old=(old("one"), old("two")), scanned=frozenset({S}))


def listed(*names: str) -> list[Document]:
    tags = {"data-classification": "restricted"}
    return [{"id": workspace_id(name), "tags": tags, "kind": "Default", "properties": {}} for name in names]


def arm(*names: str) -> GuardedArm:
    return GuardedArm(*listed(*(names or ("one", "two"))))


def planned(at: GuardedArm, wanted: Guardrail, met: GuardedEstate = MET, *, accept: bool = False) -> GuardPlan:
    request = GuardRequest(wanted, met, NOW, accept)
    return asyncio.run(stage.plan(guarded_side(at), request, events(lambda event: None)))


def proposed(at: GuardedArm, wanted: Guardrail, met: GuardedEstate = MET, *, accept: bool = False) -> Proposal:
    found = planned(at, wanted, met, accept=accept)
    assert found.reasons == ()
    return proposal(GuardRequest(wanted, met, NOW, accept), found, ABOUT)


def others(made: Proposal, found: GuardPlan) -> str:
    with pytest.raises(RefusedError) as refused:
        refuse_other("p.json", made, found)
    return " ".join(refused.value.reasons)


def step_on(at: GuardedArm, found: GuardPlan) -> None:
    at.write(next(one.step for one in found.planned if one.step.verb.writes))


def applied(at: GuardedArm, wanted: Guardrail) -> None:
    """All steps, with a kill after each of them."""
    while (found := planned(at, wanted)).changes:
        step_on(at, found)


def rail(at: Stage, scope: str = GROUP, **given: Any) -> Guardrail:
    return guardrail(at, scope=scope, **given)


# Wherever an apply was killed, the rest is what was approved.


@pytest.mark.parametrize("scope", [GROUP, SCOPE])
@pytest.mark.parametrize("before", [None, *Stage])
@pytest.mark.parametrize("after", Stage)
@pytest.mark.parametrize("changed", [{}, {"harmless": ("public",), "without": True}])
def test_what_an_apply_that_was_killed_left_is_gone_on_with(
    scope: str, before: Stage | None, after: Stage, changed: dict[str, Any]
) -> None:
    if before and before.rank > after.rank:
        return
    at = arm()
    if before:
        lacking = tuple(one for one in guardrail().members if one != "amlCmk") if changed else guardrail().members
        applied(at, rail(before, scope, members=lacking))
    wanted = rail(after, scope, **{name: value for name, value in changed.items() if name != "without"})
    made = proposed(at, wanted)
    steps = 0
    while (found := planned(at, wanted)).changes:
        refuse_other("p.json", made, found)
        step_on(at, found)
        steps += 1
        assert steps < 20
    assert steps >= len({key_of(one.id) for one in made.changes})
    refuse_other("p.json", made, planned(at, wanted))


# Whatever is otherwise by then is refused.


def _weakened(at: GuardedArm, wanted: Guardrail) -> None:
    at.kept[key_of(wanted.assignment_id)]["properties"]["notScopes"] = ["/subscriptions/x"]


def _made_anew(at: GuardedArm, wanted: Guardrail) -> None:
    at.kept[key_of(wanted.assignment_id)]["properties"]["instanceId"] = "another"


def _gone(at: GuardedArm, wanted: Guardrail) -> None:
    del at.kept[key_of(wanted.assignment_id)]


def _exempt_otherwise(at: GuardedArm, wanted: Guardrail) -> None:
    body = bodies.exemption(wanted, date(2030, 1, 1), None)
    id_ = wanted.exemption_id(workspace_id("one"))
    at.kept[key_of(id_)] = {"id": id_, "systemData": {}, **body}


@pytest.mark.parametrize("since", [_weakened, _made_anew, _gone, _exempt_otherwise])
def test_what_somebody_changed_since_is_not_overwritten(since: Callable[[GuardedArm, Guardrail], None]) -> None:
    at = arm()
    applied(at, rail(Stage.AUDIT))
    wanted = rail(Stage.DENY_NEW)
    made = proposed(at, wanted)
    since(at, wanted)
    assert "somebody changed it since" in others(made, planned(at, wanted))


def carried_out(at: GuardedArm, wanted: Guardrail, made: Proposal) -> int:
    """How many steps an apply of a proposal did."""
    found, side = planned(at, wanted), guarded_side(at)
    refuse_other("p.json", made, found)
    request = GuardRequest(wanted, MET, NOW)
    told = events(lambda event: None)
    work = stage.carry_out(side, request, found, told, lambda one: refuse_otherwise("p.json", made, one))
    return asyncio.run(work).changed


@pytest.mark.parametrize("before", [Stage.AUDIT, Stage.DENY_NEW])
def test_each_step_is_looked_at_right_before_it_is_done(before: Stage) -> None:
    at, wanted = arm(), rail(Stage.DENY)
    applied(at, rail(before, harmless=("public", "internal", "confidential")))
    made = proposed(at, wanted)

    def meanwhile(here: GuardedArm) -> None:
        if here.writes == before_it + 1:
            _weakened(here, wanted)

    before_it, at.after = at.writes, meanwhile
    with pytest.raises(RefusedError) as refused:
        carried_out(at, wanted, made)
    assert "somebody changed it since" in refused.value.reasons[0]
    assert "steps were done" in refused.value.summary
    assert at.kept[key_of(wanted.assignment_id)]["properties"]["notScopes"] == ["/subscriptions/x"]
    # As it was then, the rest is done, and a second time nothing.
    at.kept[key_of(wanted.assignment_id)]["properties"]["notScopes"] = []
    at.after = lambda here: None
    assert carried_out(at, wanted, made) > 0
    assert carried_out(at, wanted, made) == 0


def test_who_wrote_last_is_no_change() -> None:
    at = arm()
    applied(at, rail(Stage.AUDIT))
    wanted = rail(Stage.DRY_DENY)
    made = proposed(at, wanted)
    for one in at.kept.values():
        one["properties"].setdefault("metadata", {})["updatedOn"] = "2030-01-01T00:00:00Z"
    refuse_other("p.json", made, planned(at, wanted))


def test_what_was_to_stay_as_it_is_stays_so() -> None:
    at = arm()
    applied(at, rail(Stage.AUDIT))
    wanted = rail(Stage.DRY_DENY)
    made = proposed(at, wanted)
    at.kept[key_of(wanted.initiative_id)]["properties"]["description"] = "somebody's"
    assert "was to stay as it is" in others(made, planned(at, wanted))


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (rail(Stage.DENY_NEW, harmless=("public",)), "another one than was proposed"),
        (rail(Stage.DENY_NEW, untagged_needs_key=False), "another one than was proposed"),
        (rail(Stage.DENY_NEW, message="Ask us."), "another one than was proposed"),
        (rail(Stage.DENY_NEW, members=("kvRbac",)), "another one than was proposed"),
        (rail(Stage.DENY_NEW, exemptions=ExemptionTerms(until=date(2029, 1, 1))), "another one than was proposed"),
        (rail(Stage.DRY_DENY), "would be left out"),
        (rail(Stage.DENY), "The proposal does not say: Every update of these is refused: old-rg/one"),
        (rail(Stage.DENY_NEW, name="other"), "not part of the proposal"),
        (rail(Stage.DENY_NEW, SCOPE), "not part of the proposal"),
    ],
)
def test_a_file_that_says_something_else_by_then_is_refused(now: Guardrail, told: str) -> None:
    at = arm()
    made = proposed(at, rail(Stage.DENY_NEW))
    assert told in others(made, planned(at, now))


def test_another_scan_is_another_proposal_where_it_exempts_others() -> None:
    at, wanted = arm(), rail(Stage.DENY_NEW)
    third, more = arm("one", "two", "three"), replace(MET, old=(*MET.old, old("three")))
    assert "not part of the proposal" in others(proposed(at, wanted), planned(third, wanted, more))
    assert "would be left out" in others(proposed(third, wanted, more), planned(at, wanted))
    # The same workspaces in a newer one are the same.
    refuse_other("p.json", proposed(at, wanted), planned(at, wanted, replace(MET, scan="newer")))


def test_what_is_lost_by_it_has_to_be_in_the_proposal() -> None:
    at, wanted = arm(), rail(Stage.DENY_NEW)
    lost = RemovedSource(workspace_id("gone"), "plans/gone", datetime(2026, 12, 9, tzinfo=UTC))
    met = replace(MET, removed=(lost,), gone=frozenset({key_of(lost.id)}))
    assert f"very likely be refused: {lost.id}" in others(proposed(at, wanted), planned(at, wanted, met))
    made = proposed(at, wanted, met, accept=True)
    assert made.given["accept_unrecoverable"] is True
    assert any("very likely be refused" in head and lost.id in lines[0] for head, lines in made.told.items())
    assert any("accepted: --accept-unrecoverable" in lines for lines in made.told.values())
    refuse_other("p.json", made, planned(at, wanted, met))
    # What can be recovered no more by then is no loss.
    refuse_other("p.json", made, planned(at, wanted))


def test_what_a_guardrail_in_force_refuses_already_is_not_lost_by_a_plan() -> None:
    at = arm()
    applied(at, rail(Stage.DENY_NEW))
    lost = RemovedSource(workspace_id("gone"), "plans/gone", datetime(2026, 12, 9, tzinfo=UTC))
    met = replace(MET, removed=(lost,), gone=frozenset({key_of(lost.id)}))
    same = planned(at, rail(Stage.DENY_NEW), met)
    assert (same.reasons, same.lost, same.changes) == ((), (lost,), 0)
    # Where more is refused than before, it may be.
    for stricter in (rail(Stage.DENY_NEW, harmless=("public",)), rail(Stage.DENY_NEW, message="Ask us.")):
        assert any("--accept-unrecoverable" in one for one in planned(at, stricter, met).reasons)
    assert any("--accept-unrecoverable" in one for one in planned(arm(), rail(Stage.DENY_NEW), met).reasons)


def test_an_exemption_that_would_be_removed_too_is_refused() -> None:
    at, deny = arm(), rail(Stage.DENY)
    applied(at, rail(Stage.DENY_NEW))
    made = proposed(at, deny)
    assert [one.action for one in made.changes].count("remove") == 2
    id_ = deny.exemption_id(workspace_id("three"))
    at.kept[key_of(id_)] = {"id": id_, "systemData": {}, **bodies.exemption(deny, date(2030, 1, 1), None)}
    assert f"{id_} was to stay as it is" in others(made, planned(at, deny))


@pytest.mark.parametrize("forged", ["body", "notes", "none", "action", "told", "state", "list"])
def test_what_a_reviewer_was_not_shown_is_not_done_whatever_the_digests_say(forged: str) -> None:
    at, wanted = arm(), rail(Stage.DENY_NEW)
    applied(at, rail(Stage.AUDIT))
    at.kept[key_of(wanted.assignment_id)]["properties"]["notScopes"] = ["/subscriptions/x"]
    honest = proposed(at, wanted)
    refuse_other("p.json", honest, planned(at, wanted))
    last = honest.changes[-1]
    harmless = {
        "body": replace(last, body=bodies.assignment(wanted, Stage.AUDIT)),
        "notes": replace(last, notes=()),
        "action": replace(last, action="create"),
    }
    changes = (*honest.changes[:-1], *([harmless[forged]] if forged in harmless else []))
    # The states and the goal are those of what is meant to be done, and the file's digest is right.
    made = replace(honest, changes=changes)
    if forged == "told":
        made = replace(honest, told={})
    if forged == "state":
        made = replace(honest, bound={**honest.bound, "states": {}})
    if forged == "list":
        made = replace(honest, bound={"states": [1], "goal": "x"})
    assert others(made, planned(at, wanted))


def test_a_reviewer_reads_every_change_with_what_is_sent() -> None:
    made = proposed(arm(), rail(Stage.DENY_NEW), replace(MET, old=(old("one"), old("two", wave=2))))
    assert [(one.action, one.what) for one in made.changes] == [
        ("create", "definition by classification"),
        ("create", "initiative"),
        ("create", "assignment, not enforced yet"),
        ("create", "exemption"),
        ("create", "exemption"),
        ("create", "assignment at stage deny-new"),
    ]
    assert all(one.body for one in made.changes)
    assert (made.scope, made.options, made.tenant_id) == (GROUP, ("--confirm", GROUP), "tenant-1")
    [exempt] = [lines for head, lines in made.told.items() if head.startswith("Exempt until")]
    assert exempt == (f"{workspace_id('one')} until 2027-03-31", f"{workspace_id('two')} until 2027-06-30")
    assert any("Azure refuses" in line for lines in made.told.values() for line in lines)


@pytest.mark.parametrize("scope", [GROUP, SCOPE])
def test_what_is_to_be_exempt_since_it_was_planned_is_not_refused_without(scope: str) -> None:
    """A source that a plan had removed is recovered while somebody is asked: the scan has it, the plan did not."""
    at, wanted = arm("one"), rail(Stage.DENY_NEW, scope)
    met = replace(MET, gone=frozenset({key_of(workspace_id("two"))}))
    found = planned(at, wanted, met)
    assert found.reasons == ()
    at.listed += listed("two")
    request = GuardRequest(wanted, met, NOW)
    with pytest.raises(RefusedError) as refused:
        asyncio.run(stage.carry_out(guarded_side(at), request, found, events(lambda event: None)))
    assert "old-rg/two needs an exemption since" in " ".join(refused.value.reasons)
    assert at.writes == 0


@pytest.mark.parametrize("accept", [False, True])
@pytest.mark.parametrize("at", Stage)
def test_what_a_reviewer_was_told_that_it_is_has_to_be_so(at: Stage, accept: bool) -> None:
    """Whoever makes a proposal may write another scope, stage or name above the changes."""
    wanted = rail(at)
    request = GuardRequest(wanted, MET, NOW, accept)
    made = proposed(arm(), wanted, accept=accept)
    refuse_other_guardrail("p.json", made, request)
    refuse_other_guardrail("p.json", replace(made, scope=GROUP.upper()), request)
    head = "The guardrail:"
    for forged, why in (
        (replace(made, scope=SCOPE), f"for {SCOPE}, and its file for {GROUP}"),
        (
            replace(made, told={**made.told, head: ("name aml-cmk, stage x",)}),
            f"does not say: {head} name aml-cmk",
        ),
        (replace(made, told={}), f"stage {at.value}"),
    ):
        with pytest.raises(RefusedError) as refused:
            refuse_other_guardrail("p.json", forged, request)
        assert why in " ".join(refused.value.reasons)
