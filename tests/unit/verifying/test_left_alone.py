"""A blob of others that only the run met, and that was let go: it still has to be there, and to be that one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.builders.reports import report
from tests.builders.world import NEW_BLOBS, OLD_BLOBS, blob, containers, plan, step

from amlmigrate.core.asset import Blob
from amlmigrate.core.authorship import By
from amlmigrate.core.decision import DecisionVerb
from amlmigrate.core.finding import Finding
from amlmigrate.core.plan import Action, Bytes
from amlmigrate.core.state import State
from amlmigrate.core.workspace import Location
from amlmigrate.inventory import foreign_blobs
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.deciding import NewDecision, decide, reopen
from amlmigrate.ledger.decision_subjects import Subjects
from amlmigrate.ledger.evidence import Evidence
from amlmigrate.ledger.items import items
from amlmigrate.ledger.valid_decisions import Standing, open_findings

AMOUNT = Bytes(Location("acct", OLD_BLOBS, "d"), Location("cmkacct", NEW_BLOBS, "d"), 50, 9)
COPY = step(f"blobs/{OLD_BLOBS}/d", action=Action.COPY, bytes=AMOUNT)
DELETE = step(f"blobs/{OLD_BLOBS}/gone", action=Action.DELETE, bytes=AMOUNT)
PLAN = plan(COPY, DELETE)
THEIRS = [blob("d/1", 3, '"1"'), blob("d/2", 3, '"2"')]
BY = By("ann", "host", "1")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(tmp_path) as made:
        made.bind(PLAN)
        for one in (COPY, DELETE):
            made.move(one.address, State.DOING)
            made.leave(one.address, AMOUNT.target, {"d/1": '"1"', "d/2": '"2"', "d/unread": ""})
            made.move(one.address, State.FAILED, detail="2 blobs are others'")
        _decide(made, str(COPY.address), str(DELETE.address))
        yield made


def _decide(ledger: Ledger, *addresses: str) -> None:
    subjects = Subjects(PLAN, Evidence(ledger.home, ledger).reports(), ledger)
    decide(
        PLAN,
        ledger,
        DecisionVerb.WAIVE,
        [NewDecision(subjects.find(one), "theirs stays") for one in addresses],
        BY,
    )


def _found(ledger: Ledger, *there: Blob, living: bool = False) -> list[Finding]:
    """What is found; as evidence it is kept, so that it can be decided."""
    found = foreign_blobs.findings(
        PLAN, items(PLAN, ledger), ledger.stayed(), containers(target={NEW_BLOBS: there}), living=living
    )
    Evidence(ledger.home, ledger).add(report("verify", **{"found": [one.as_dict() for one in found]}))
    return found


def _open(ledger: Ledger, *there: Blob) -> list[str]:
    return [one.address for one in open_findings(PLAN, Standing(PLAN, ledger), _found(ledger, *there))]


def test_what_is_there_as_it_was_is_let_go(ledger: Ledger) -> None:
    assert _found(ledger, *THEIRS, blob("d/3")) == []
    assert foreign_blobs.goals(PLAN, items(PLAN, ledger), ledger.stayed()) == {Location("cmkacct", NEW_BLOBS)}


@pytest.mark.parametrize("living", [False, True])
def test_one_that_is_gone_before_any_verification_blocks(ledger: Ledger, living: bool) -> None:
    [found] = _found(ledger, THEIRS[0], living=living)
    assert (found.code, found.severity, found.about) == ("waived-gone", "blocks", str(COPY.address))
    assert "d/2 is gone" in found.summary and "d/1" not in found.summary
    [found] = _found(ledger, living=living)
    assert "d/1, d/2 are gone" in found.summary


def test_another_one_is_another_decision_and_a_third_one_again(ledger: Ledger) -> None:
    code = f"{COPY.address}!waived-changed"
    assert _open(ledger, THEIRS[0], blob("d/2", 3, '"3"')) == [code]
    _decide(ledger, code)
    assert _open(ledger, THEIRS[0], blob("d/2", 3, '"3"')) == []
    assert _open(ledger, THEIRS[0], blob("d/2", 3, '"4"')) == [code]
    assert _open(ledger, *THEIRS) == []
    assert _found(ledger, THEIRS[0], blob("d/2", 3, '"4"'), living=True) == []


def test_what_is_open_again_is_for_the_run(ledger: Ledger) -> None:
    reopen(PLAN, ledger, [(str(COPY.address), "look anew")], BY)
    assert _found(ledger) == []
