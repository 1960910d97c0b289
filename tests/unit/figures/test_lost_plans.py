"""A plan that an earlier run counted and that is gone: it counts on, is told, and makes nothing better."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.unit.figures.histories import FIRST, PLACES, arm_id
from tests.unit.figures.test_figure_plans import EARLY, GREEN, REMAINS, TOMB, planned, tomb

from amlmigrate.figures import lostplans, plans, record, stage
from amlmigrate.figures.history import Look, Sighting, Succession
from amlmigrate.figures.moves import Move
from amlmigrate.figures.plans import Plans, PlanTold, Residue
from amlmigrate.figures.record import Record
from amlmigrate.figures.resources import EstateResources
from amlmigrate.figures.scans import ScansRead
from amlmigrate.figures.stage import Live

NOW = datetime(2026, 6, 1, tzinfo=UTC)
REMOVED = ("decommission", TOMB)


def kept(folder: Path) -> dict[str, PlanTold]:
    """What is read of the plans below a folder, as a run keeps it."""
    record.add(folder, NOW, {}, None, {}, plans.read(folder).told)
    return record.read(folder).plans


def found(folder: Path) -> Plans:
    """What counts by the plans below a folder and those that were kept beside it."""
    return lostplans.with_lost(record.read(folder).plans, plans.read(folder))


def test_what_a_run_keeps_of_a_plan_is_all_that_counts_and_kept_once(tmp_path: Path) -> None:
    account, *more = REMAINS
    known = {**account, "encryption": {"keySource": "Microsoft.Storage"}}
    planned(tmp_path / "one", GREEN, ("decommission", tomb(known, *more)))
    [told] = plans.read(tmp_path).told
    assert kept(tmp_path) == {told.sha256: replace(told, chain=frozenset())}
    assert (told.reports, told.newest in told.chain, len(told.residues)) == (2, True, 3)
    [line] = record.read(tmp_path).lines
    assert kept(tmp_path) and [len(one["plans"]) for one in record.read(tmp_path).lines] == [1, 0]
    text = json.dumps(line["plans"])
    assert "keySource" not in text and all(one["id"] in text for one in REMAINS)


def test_a_line_that_was_written_is_read_the_same_by_later_versions() -> None:
    remains = {"kind": "container", "what": "container", "id": "a/c", "there": True, "key": None, "why": "kept"}
    written: dict[str, Any] = {
        "sha256": "ab",
        "reports": 2,
        "newest": "cd",
        "succession": {"source": "s", "target": "t", "plan": "plans/x", "planned": EARLY, "proven": EARLY},
        "residues": [
            {
                "plan": "plans/x",
                "address": "residual/a/c",
                "id": "a/c",
                "kind": "container",
                "open": False,
                "bytes": 7,
            }
        ],
        "move": {
            **{"plan": "plans/x", "workspace": "s", "source": "/s", "target": "/t", "blobs": 1, "bytes": 7},
            "begun": EARLY,
            "leftover": {
                **{"gone": EARLY, "kept_until": None, "customers_key": False},
                "remains": [{**remains, "encryption": None, "scope": None, "blobs": 1, "bytes": 7}],
            },
        },
    }
    told = lostplans.of_dict(written)
    day = datetime.fromisoformat(EARLY)
    assert told.succession == Succession("s", "t", "plans/x", day, day)
    assert told.residues == (Residue("plans/x", "residual/a/c", "a/c", "container", open=False, bytes=7),)
    assert told.move.leftover and told.move.leftover.remains[0].bytes == 7
    assert lostplans.of_dict(lostplans.as_dict(told)) == told
    with pytest.raises(ValueError, match="move"):
        lostplans.of_dict({**written, "move": None})


def test_a_record_without_plans_is_read_as_it_is(tmp_path: Path) -> None:
    path = record.add(tmp_path, NOW, {}, None, {"a1": "SCAN-1"})
    path.write_bytes(path.read_bytes().replace(b'"plans":[],', b""))
    assert b"plans" not in path.read_bytes()
    older = record.read(tmp_path)
    assert (older.plans, older.scans) == ({}, {"a1": "SCAN-1"})
    planned(tmp_path / "one", GREEN)
    assert len(kept(tmp_path)) == 1


def test_a_plan_is_the_same_wherever_its_folder_is_and_however_often_it_is_there(tmp_path: Path) -> None:
    planned(tmp_path / "one", GREEN)
    shutil.copytree(tmp_path / "one", tmp_path / "older")
    shutil.rmtree(tmp_path / "one")
    planned(tmp_path / "one", GREEN, REMOVED)
    # Of two copies the one counts that has more evidence, in whichever order they are read.
    assert [one.reports for one in kept(tmp_path).values()] == [2]
    (tmp_path / "one").rename(tmp_path / "zone")
    assert lostplans.gone(found(tmp_path)) == {} and not [one for one in found(tmp_path).successions if one.lost]
    assert [one.folder for one in kept(tmp_path).values()] == [str(tmp_path / "zone")]
    # An older copy alone does not tell what was left.
    shutil.rmtree(tmp_path / "zone")
    assert list(lostplans.gone(found(tmp_path)).values()) == ["its evidence is"]
    assert len(found(tmp_path).residues) == 3


def test_evidence_that_was_taken_away_with_the_ledger_that_knows_it_is_missed(tmp_path: Path) -> None:
    planned(tmp_path / "one", GREEN, REMOVED)
    [told] = kept(tmp_path).values()
    for name in ("ledger.db", "evidence"):
        place = tmp_path / "one" / name
        shutil.rmtree(place) if place.is_dir() else place.unlink()
    # By itself it looks like a plan that never ran.
    assert (plans.read(tmp_path).unread, plans.read(tmp_path).residues) == ({}, [])
    left = found(tmp_path)
    assert list(lostplans.gone(left)) == [f"{tmp_path / 'one'} (SHA-256 {told.sha256[:12]})"]
    assert len(left.residues) == 3 and [one.leftover is not None for one in left.moves] == [False, True]
    # What was kept of it is not forgotten by keeping what is there now.
    assert kept(tmp_path) == {told.sha256: told}


def test_a_plan_that_is_there_and_cannot_be_read_counts_on_and_is_told_once(tmp_path: Path) -> None:
    planned(tmp_path / "below" / "one", GREEN, REMOVED)
    kept(tmp_path)
    (tmp_path / "below" / "one" / "plan.jsonl").write_text("{}\n")
    left = found(tmp_path)
    assert (len(left.unread), lostplans.gone(left), len(left.residues)) == (1, {}, 3)
    # So it is where nobody can look into a folder above it.
    closed = replace(left, unread={str(tmp_path / "below"): "refused"})
    assert lostplans.gone(closed) == {} and lostplans.gone(replace(left, unread={})) != {}


def test_a_plan_that_did_nothing_may_go_for_another_one_of_the_same_workspaces(tmp_path: Path) -> None:
    planned(tmp_path / "one")
    kept(tmp_path)
    shutil.rmtree(tmp_path / "one")
    assert list(lostplans.gone(found(tmp_path)).values()) == ["it is"]
    planned(tmp_path / "again", created="2026-02-01T00:00:00+00:00")
    assert lostplans.gone(found(tmp_path)) == {} and len(found(tmp_path).told) == 1
    # One that ran is missed all the same.
    planned(tmp_path / "ran", GREEN, created="2026-03-01T00:00:00+00:00")
    kept(tmp_path)
    shutil.rmtree(tmp_path / "ran")
    assert list(lostplans.gone(found(tmp_path)).values()) == ["it is"]


def test_of_runs_at_one_time_the_one_with_more_evidence_is_kept(tmp_path: Path) -> None:
    planned(tmp_path / "one", GREEN, ("decommission", tomb()))
    [late] = plans.read(tmp_path).told
    early = replace(late, reports=1, newest="ab" * 32, chain=frozenset())
    for told in (late, early):
        record.add(tmp_path, NOW, {}, None, {}, [told])
    assert [one.reports for one in record.read(tmp_path).plans.values()] == [2]


def of(looks: list[Look], there: Plans, earlier: Plans | None = None) -> dict[str, Any]:
    """The figures, where an earlier run counted those plans."""
    line = {"alerts": None, "scans": [], "plans": [lostplans.as_dict(one) for one in (earlier or there).told]}
    known = stage.sources(ScansRead(looks, {}, EstateResources()), there, Record((line,)))
    made = stage.figures(known, Live(), looks[-1].at)
    return {**made.as_dict(), "whole": made.whole}


def test_what_a_plan_proved_that_is_gone_is_open_and_the_mean_is_no_better_for_it() -> None:
    def seen(day: int, *those: Sighting) -> Look:
        sightings = {one.workspace: one for one in those}
        return Look(FIRST + timedelta(days=day), f"{day}", f"{day}", frozenset(PLACES), sightings)

    slow, fast = (Sighting(name, arm_id("aaaa", name), False, production=True) for name in ("slow", "fast"))
    fine, good = (replace(one, workspace=one.workspace + "2", customer=True) for one in (slow, fast))
    looks = [seen(0, slow, fast), seen(1, slow, good), seen(100, fine, good)]
    told = []
    for source, target, day in ((fast, good, 1), (slow, fine, 99)):
        since = FIRST + timedelta(days=day) - timedelta(hours=1)
        succession = Succession(source.workspace, target.workspace, source.workspace, FIRST, since)
        move = Move(source.workspace, source.workspace, source.id, target.id, 0, 0, None)
        told.append(PlanTold(source.workspace, 1, "ab", succession, (), move, frozenset({"ab"})))
    every, less = Plans(tuple(told), count=2), Plans(tuple(told[:1]), count=1)
    fair, unfair = of(looks, every), of(looks, less, every)
    assert (fair["production"]["under_cmk"], fair["production"]["total"], fair["whole"]) == (2, 2, True)
    production, times = unfair["production"], unfair["mttr_days"]
    assert (production["under_cmk"], production["total"], production["vanished"]) == (1, 2, 1)
    assert (times["closed"], times["mean"]) == (2, fair["mttr_days"]["mean"]) == (2, 50.5)
    assert (times["open"], times["open_oldest"], times["vanished"]) == (1, 100.0, 1)
    assert (unfair["residual"]["bound"], unfair["whole"]) == ("at least", False)
    # Nobody knew of it before: then the mean is of the other alone, and that was so.
    assert of(looks, less)["mttr_days"]["mean"] == 1.0


def test_what_a_lost_plan_left_is_open_whoever_accepted_it() -> None:
    one = Residue("a", "residual/x/c", "x/c", "container", open=False, bytes=7)
    move = Move("a", "s", "/s", "/t", 0, 0, None)
    told = PlanTold("ab", 1, "cd", Succession("s", "t", "a", NOW), (one,), move)
    lost = lostplans.with_lost({"ab": told}, Plans())
    assert [(left.open, left.bytes) for left in lost.residues] == [(True, 7)]
