"""Without a green verification of the plan nothing counts as copied, and nobody has to be asked for that."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.builders.reports import report as made_report
from tests.builders.world import NEW_BLOBS, OLD_BLOBS, SOURCE, TARGET, inventory, plan, step

from amlmigrate.core.plan import Action, Bytes
from amlmigrate.core.state import State
from amlmigrate.core.workspace import Location
from amlmigrate.decommissioning import copy_proof, guards
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.evidence import Evidence, examine

FROM = Location(SOURCE.storage_account, OLD_BLOBS, "m/1/")
MOVED = Bytes(FROM, Location(TARGET.storage_account, NEW_BLOBS, "m/1/"), 1, 1)
PLAN = plan(step("blobs/1", action=Action.COPY, bytes=MOVED))
OF_THIS = {"plan": {"sha256": PLAN.sha256}}


def _moved(ledger: Ledger, end: State) -> None:
    for state in (State.DOING, end):
        ledger.move(PLAN.steps[0].address, state)


@pytest.mark.parametrize(
    "reports",
    [
        [],
        [OF_THIS | {"green": False}],
        [OF_THIS | {"green": True}, OF_THIS | {"green": False}],
        [{"plan": {"sha256": "cd" * 32}, "green": True}],
    ],
)
def test_nothing_is_proven_without_a_green_report_of_the_plan(
    ledger: Ledger, tmp_path: Path, reports: list[dict[str, Any]]
) -> None:
    unasked: Any = None
    _moved(ledger, State.DONE)
    chain = Evidence(tmp_path, ledger)
    for report in reports:
        chain.add(made_report("verify", **report))
    # The chain itself refuses a report of another plan.
    every, _ = examine(chain.folder)
    found = asyncio.run(copy_proof.read(unasked, PLAN, ledger, every, inventory(of=TARGET)))
    [why] = found.against(FROM)
    assert "not a green one of this plan" in why
    assert found.sources == {FROM: "blobs/1"}


@pytest.mark.parametrize("end", [State.FAILED, State.CREATED, None])
def test_what_was_copied_half_way_is_no_copy_once_its_waiver_has_run_out(
    ledger: Ledger, end: State | None
) -> None:
    """The blobs that did come over look like their verification; those that did not are in no manifest."""
    if end:
        _moved(ledger, end)
    assert copy_proof.planned(PLAN, ledger).sources == {}


SEEN = "blobs/new/m/1"


@pytest.mark.parametrize(
    ("then", "now", "changed", "unseen"),
    [
        ({SEEN: "a"}, {SEEN: "a"}, False, False),
        ({SEEN: "a"}, {SEEN: "b"}, True, False),
        ({SEEN: "a"}, {}, True, False),
        # No verification saw it: whatever is there now, nobody has compared it.
        ({}, {SEEN: "a"}, True, True),
        ({}, {}, True, True),
        ({"blobs/new/m/2": "a"}, {SEEN: "a", "blobs/new/m/2": "a"}, True, True),
    ],
)
def test_a_copy_is_what_was_verified_only_where_a_verification_saw_it(
    then: dict[str, str], now: dict[str, str], changed: bool, unseen: bool
) -> None:
    places = {MOVED.target: SEEN}
    found = copy_proof.compared(PLAN.steps, places, then, now)
    assert found == (["blobs/1"] * changed, ["blobs/1"] * unseen)
    kept = copy_proof.CopyProof({FROM: "blobs/1"}, frozenset(found[0]), (), tuple(found[1]))
    assert bool(kept.against(FROM)) is changed
    assert bool(list(guards.of_purge(kept, ()))) is unseen


def test_what_lies_under_no_prefix_that_is_listed_counts_as_changed_and_never_seen() -> None:
    assert copy_proof.compared(PLAN.steps, {}, {"": "a"}, {"": "a"}) == (["blobs/1"], ["blobs/1"])
