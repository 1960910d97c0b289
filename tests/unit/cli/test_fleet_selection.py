"""A glob that matches in no workspace of a fleet is refused; one that matches in any, or may, is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
from tests.unit.world import asset, header, inventory, step

from amlmigrate.cli import fleetplan
from amlmigrate.cli.views.base import View
from amlmigrate.core.authorship import By
from amlmigrate.core.errors import BadInputError, ExitCode
from amlmigrate.core.select import Selection
from amlmigrate.fleet.fleetfile import FleetEntry, Progress
from amlmigrate.planning import planfile, selection_check

KINDS = {"one": "models/m/1", "two": "data/d/1"}


class _Seen:
    """A view that keeps what it is given."""

    def __init__(self) -> None:
        self.told: list[tuple[str, dict[str, Any]]] = []

    def result(self, name: str, told: dict[str, Any]) -> None:
        self.told.append((name, told))


def _end(folder: Path, selection: Selection, *, failed: str = "") -> tuple[ExitCode, _Seen]:
    """The end of planning two workspaces, of which one has a model and the other data."""
    entries = []
    for name, address in KINDS.items():
        state = Progress.FAILED if name == failed else Progress.PLANNED
        entries.append(
            FleetEntry(1, f"/{name}", f"/{name}-new", "w", None, 0, name, state, {"reason": "no", "remedy": "do"})
        )
        if state is Progress.PLANNED:
            idle = selection_check.idle(selection, inventory(asset(address)), [])
            planfile.write(
                folder / name, header(findings=tuple(selection_check.findings(idle, "/ws"))), [step(address)]
            )
    wanted = fleetplan.FleetWanted(folder, folder, None, None, folder, selection, False, cast(By, None), False)
    seen = _Seen()
    return fleetplan._Planning(cast(View, seen), wanted, "0" * 64, entries, []).end(), seen


@pytest.mark.parametrize("selection", [Selection(("modles/*",)), Selection((), ("models/x", "models/m"))], ids=str)
def test_what_matches_in_none_of_them_is_refused(tmp_path: Path, selection: Selection) -> None:
    with pytest.raises(BadInputError) as refused:
        _end(tmp_path, selection)
    assert refused.value.exit_code == ExitCode.BAD_INPUT
    named = refused.value.summary.rpartition(": ")[2]
    assert named in ("modles/*.", "models/x."), "the one that matches somewhere is not among them"


@pytest.mark.parametrize("selection", [Selection(), Selection(("models/*",), ("data/*",))], ids=str)
def test_what_matches_in_one_of_them_is_obeyed(tmp_path: Path, selection: Selection) -> None:
    code, seen = _end(tmp_path, selection)
    assert code is ExitCode.DONE and [name for name, _ in seen.told] == ["fleet.written"]


def test_one_that_could_not_be_planned_may_have_it(tmp_path: Path) -> None:
    code, seen = _end(tmp_path, Selection(("schedules/*",)), failed="two")
    assert code is ExitCode.INCOMPLETE and seen.told[0][1]["failed"][0]["address"] == "/two"
