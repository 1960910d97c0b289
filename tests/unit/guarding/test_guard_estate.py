"""When a stage must not be reached yet, and what it would refuse."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from tests.unit.guarding.guards import SCOPE, guardrail, old, workspace_id

from amlmigrate.core.documents import Document
from amlmigrate.guarding.estate import (
    GuardedEstate,
    OpenPlan,
    RemovedSource,
    old_workspaces,
    refusals,
    unrecoverable,
    updates_refused,
)
from amlmigrate.guarding.wanted import ExemptionTerms, Stage

TODAY = date(2026, 12, 1)
NOW = datetime(2026, 12, 1, tzinfo=UTC)
SCAN = "2026-11-30T00:00:00+00:00"


def estate(*workspaces: Any, **given: Any) -> GuardedEstate:
    return GuardedEstate(**{"scan": SCAN, "old": workspaces, **given})


@pytest.mark.parametrize("stage", [Stage.AUDIT, Stage.DRY_DENY])
def test_what_refuses_nothing_needs_no_scan(stage: Stage) -> None:
    assert refusals(guardrail(stage), estate(old(), scan="", unread=("x",)), TODAY) == []


@pytest.mark.parametrize("stage", [Stage.DENY_NEW, Stage.DENY])
def test_what_refuses_needs_a_scan_that_is_whole(stage: Stage) -> None:
    wanted = guardrail(stage)
    assert "There is no scan" in refusals(wanted, estate(scan=""), TODAY)[0]
    assert "could not read /s/w" in refusals(wanted, estate(unread=("/s/w",)), TODAY)[0]
    assert "g/new needs a key, and the latest scan" in refusals(wanted, estate(unseen=("g/new",)), TODAY)[0]
    assert "other subscriptions" in refusals(wanted, estate(covered=False), TODAY)[0]
    # Whoever may not list the workspaces does not know whether each has its exemption.
    assert "not known: 403" in refusals(wanted, estate(unlisted="403"), TODAY)[0]
    assert "another tagging standard" in refusals(wanted, estate(same_standard=False), TODAY)[0]
    assert refusals(wanted, estate(old(level="public")), TODAY) == []


def test_each_exemption_needs_a_day_that_is_to_come() -> None:
    def told(terms: ExemptionTerms, wave: int | None = None) -> list[str]:
        return refusals(guardrail(Stage.DENY_NEW, exemptions=terms), estate(old(wave=wave)), TODAY)

    assert "gives it no day" in told(ExemptionTerms())[0]
    assert "is over: 2026-11-30" in told(ExemptionTerms(until=date(2026, 11, 30)))[0]
    assert told(ExemptionTerms(until=TODAY)) == []
    waves = {2: date(2026, 1, 1)}
    assert "(wave 2)" in told(ExemptionTerms(until=TODAY, waves=waves), wave=2)[0]
    assert told(ExemptionTerms(until=TODAY, waves=waves), wave=3) == []


def test_deny_waits_for_plans_waves_and_tags_that_are_to_come() -> None:
    plan = OpenPlan("plans/ws", workspace_id("WS"), "migrate run plans/ws")
    wanted = guardrail(Stage.DENY)
    assert "open plan" in refusals(wanted, estate(old("ws"), plans=(plan,)), TODAY)[0]
    assert "is in wave 2" in refusals(wanted, estate(old("ws", wave=2)), TODAY)[0]
    assert "--write-tags" in refusals(wanted, estate(old("ws", tags_due={"environment": "prod"})), TODAY)[0]
    # A plan for what needs no key, or of a workspace that nobody means to move, keeps no stage back.
    assert refusals(wanted, estate(old("ws", level="public"), plans=(plan,)), TODAY) == []
    assert refusals(wanted, estate(old("other")), TODAY) == []


def test_only_the_last_stage_refuses_updates_of_old_workspaces() -> None:
    met = estate(old("a"), old("b", level="public"))
    assert [updates_refused(guardrail(stage), met, stage) for stage in Stage] == [[], [], [], ["old-rg/a"]]


def test_a_source_that_may_still_come_back_is_told_within_its_time_and_scope() -> None:
    until = datetime(2026, 12, 10, tzinfo=UTC)
    removed = RemovedSource(workspace_id("gone"), "plans/gone", until)
    met = estate(removed=(removed, RemovedSource(workspace_id("past"), "plans/past", NOW)))
    assert unrecoverable(guardrail(Stage.DENY_NEW), met, NOW) == [removed]
    assert unrecoverable(guardrail(Stage.DRY_DENY), met, NOW) == []
    elsewhere = guardrail(Stage.DENY, scope=f"{SCOPE}/resourceGroups/another")
    assert unrecoverable(elsewhere, met, NOW) == []


def scanned(name: str, **given: Any) -> Document:
    row = {"id": workspace_id(name), "encryption": {"kind": "microsoft"}, "kind": "default", "tags": {}}
    return {**row, "sensitivity": None, "environment": None, **given}


def test_the_old_ones_of_a_scan_are_those_under_microsofts_key_within_the_scope() -> None:
    rows = [
        scanned("a", tags={"data-classification": "restricted"}, sensitivity="restricted", environment="prod"),
        scanned("b", encryption={"kind": "service-side"}),
        scanned("c", encryption={"kind": "classic"}),
        scanned("d", kind="project"),
        scanned("e", id=workspace_id("e", group="other")),
    ]
    group = guardrail(scope=f"{SCOPE}/resourceGroups/OLD-RG")
    waves = {workspace_id("a").lower(): 3}
    [found] = old_workspaces(group, rows, waves)
    assert (found.name, found.wave, found.tags_due) == ("old-rg/a", 3, {"environment": "prod"})
    assert [one.name for one in old_workspaces(guardrail(), rows, {})] == ["old-rg/a", "other/e"]
