"""A glob that matches in no workspace of a fleet is refused; one that matches in any, or may, is told."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
from tests.builders.world import asset, header, inventory, step

from amlmigrate.core.authorship import By
from amlmigrate.core.errors import BadInputError, ExitCode
from amlmigrate.core.events import ignore
from amlmigrate.core.select import Selection
from amlmigrate.fleet.fleetfile import FleetEntry, PlanningProgress
from amlmigrate.fleet.stage import FleetFiles, FleetOutcome, FleetPlanning, FleetRequest
from amlmigrate.planning import planfile, selection_check
from amlmigrate.planning.stage import PlanChoices

KINDS = {"one": "models/m/1", "two": "data/d/1"}


def _end(folder: Path, selection: Selection, *, failed: str = "") -> FleetOutcome:
    """The end of planning two workspaces, of which one has a model and the other data."""
    entries = []
    for name, address in KINDS.items():
        state = PlanningProgress.FAILED if name == failed else PlanningProgress.PLANNED
        entries.append(
            FleetEntry(1, f"/{name}", f"/{name}-new", "w", None, 0, name, state, {"reason": "no", "remedy": "do"})
        )
        if state is PlanningProgress.PLANNED:
            idle = selection_check.idle(selection, inventory(asset(address)), [])
            planfile.write(
                folder / name, header(findings=tuple(selection_check.findings(idle, "/ws"))), [step(address)]
            )
    request = FleetRequest(FleetFiles(folder, folder), folder, PlanChoices(selection), cast(By, None))
    return FleetPlanning(request, "0" * 64, entries, [], ignore).end()


@pytest.mark.parametrize("selection", [Selection(("modles/*",)), Selection((), ("models/x", "models/m"))], ids=str)
def test_what_matches_in_none_of_them_is_refused(tmp_path: Path, selection: Selection) -> None:
    with pytest.raises(BadInputError) as refused:
        _end(tmp_path, selection)
    assert refused.value.exit_code == ExitCode.BAD_INPUT
    named = refused.value.summary.rpartition(": ")[2]
    assert named in ("modles/*.", "models/x."), "the one that matches somewhere is not among them"


@pytest.mark.parametrize("selection", [Selection(), Selection(("models/*",), ("data/*",))], ids=str)
def test_what_matches_in_one_of_them_is_obeyed(tmp_path: Path, selection: Selection) -> None:
    outcome = _end(tmp_path, selection)
    assert outcome.complete and len(outcome.of(PlanningProgress.PLANNED)) == len(KINDS)


def test_one_that_could_not_be_planned_may_have_it(tmp_path: Path) -> None:
    outcome = _end(tmp_path, Selection(("schedules/*",)), failed="two")
    assert not outcome.complete and [one.source for one in outcome.of(PlanningProgress.FAILED)] == ["/two"]
