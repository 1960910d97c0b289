"""What `run` refuses before it changes anything, and what it and `show` tell where there is much of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.builders.world import plan, step

from amlmigrate.cli.views.human import HumanView
from amlmigrate.cli.views.plans import PlanView
from amlmigrate.cli.views.runs import dry_lines
from amlmigrate.core.errors import BadInputError, RefusedError
from amlmigrate.core.plan import Action, Bytes, Gone, Step
from amlmigrate.core.workspace import Location
from amlmigrate.ledger import Ledger
from amlmigrate.running.refusals import refuse_conflicts


def _conflict(path: str, *, blob: bool) -> Step:
    place = Location("a", "c", path)
    return step(f"blobs/c/{path}", action=Action.CONFLICT, bytes=Bytes(place, place, 1, 1), blob=blob)


def test_fifty_thousand_conflicts_are_told_in_short(ledger: Ledger, capsys: pytest.CaptureFixture[str]) -> None:
    many = plan(*(_conflict(f"d/{number:05d}", blob=True) for number in range(50_000)))
    ledger.bind(many)
    with pytest.raises(RefusedError) as refused:
        refuse_conflicts(many, ledger)
    assert len(refused.value.reasons) == 41 and "and 49960 more" in refused.value.reasons[-1]
    estimate = {"arm_reads": 0, "arm_writes": 0, "floor_seconds": 0, "blob_deletes": 0}
    shown = replace(many, header=replace(many.header, estimate=estimate))
    HumanView().show(PlanView(shown, whole=True))
    assert len(capsys.readouterr().out.splitlines()) < 80


def test_a_folder_in_conflict_as_a_whole_is_never_read() -> None:
    """Waived, it would leave all others of the folder uncopied."""
    with pytest.raises(BadInputError, match="'blobs/c/d' is in conflict as a folder") as refused:
        Step.of_dict(_conflict("d", blob=False).as_dict())
    assert refused.value.remedy == "Make a new plan."
    assert Step.of_dict(_conflict("e", blob=True).as_dict()).apart


def test_a_dry_run_lists_each_blob_that_would_go() -> None:
    place = Location("a", "c", "d")
    one = step("blobs/c/d#delete", action=Action.DELETE, bytes=Bytes(place, place, 2, 3),
               gone=(Gone("d/1", '"o"', 1), Gone("d/2", '"o"', 2)))  # fmt: skip
    assert list(dry_lines(one)) == [
        "delete   blobs/c/d#delete",
        "  delete d/1 (1 byte)",
        "  delete d/2 (2 bytes)",
    ]
