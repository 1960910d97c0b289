"""What a cutover to another target has stopped is no wish of the source's people, and each such item is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.builders.reports import report
from tests.builders.world import SOURCE, asset, header, inventory, plan

from amlmigrate.ledger import Ledger
from amlmigrate.ledger.evidence import Evidence
from amlmigrate.planning import planfile, stopped_for_others

NIGHTLY = "schedules/nightly"
ENABLED = "/properties/isEnabled"
STOP: dict[str, Any] = {"side": "source", "address": NIGHTLY, "item": NIGHTLY, "state": "changed"}
STOP |= {"was": {ENABLED: True}, "becomes": {ENABLED: False}}
TARGET_ID = "another"


@pytest.fixture
def chain(tmp_path: Path) -> Evidence:
    """That of a plan of the same source, which moves elsewhere."""
    folder, told = tmp_path / "first", header()
    made = plan()
    folder.mkdir()
    planfile.write(folder, replace(told, source={**told.source, "workspaceId": SOURCE.workspace_id}), made.steps)
    ledger = Ledger(folder)
    ledger.bind(planfile.read(folder))
    return Evidence(folder, ledger)


def _found(beside: Path, target: str = TARGET_ID, *, enabled: bool = False) -> list[tuple[str, str, str]]:
    source = inventory(asset(NIGHTLY, isEnabled=enabled), asset("schedules/weekly", isEnabled=False))
    found = stopped_for_others.findings(beside, source, target)
    return [(one.about, one.code, one.severity) for one in found]


def test_what_rests_as_the_other_cutover_left_it_is_told(tmp_path: Path, chain: Evidence) -> None:
    assert _found(tmp_path) == []
    chain.add(report("switch", **STOP))
    assert _found(tmp_path) == [(NIGHTLY, "stopped-for-another", "blocks")]
    assert _found(tmp_path, enabled=True) == [], "somebody has started it again"
    assert _found(tmp_path, str(header().target["workspaceId"])) == [], "the lease's blob tells of this pair"


@pytest.mark.parametrize("change", [{"state": "restored"}, {"side": "target"}])
def test_what_was_set_back_or_is_the_targets_is_not(
    tmp_path: Path, chain: Evidence, change: dict[str, str]
) -> None:
    chain.add(report("switch", **STOP | change))
    assert _found(tmp_path) == []


def test_one_that_cannot_be_read_tells_nothing(tmp_path: Path, chain: Evidence) -> None:
    chain.add(report("switch", **STOP))
    (tmp_path / "first" / planfile.FILE).write_text("{")
    assert _found(tmp_path) == []


def test_one_whose_evidence_cannot_be_read_is_told(
    tmp_path: Path, chain: Evidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(_: Path) -> None:
        raise OSError("no")

    chain.add(report("switch", **STOP))
    monkeypatch.setattr(stopped_for_others, "examine", unreadable)
    assert [one[1:] for one in _found(tmp_path)] == [("not-checked", "warning")]
