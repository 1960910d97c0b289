"""Plans as figures read them: what proves a successor, and what removals left."""

from __future__ import annotations

import os
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.builders.reports import filed, report
from tests.builders.world import SOURCE, TARGET, header, step

from amlmigrate.decommissioning.residuals import residuals as told_by
from amlmigrate.evidence.decommission import RemainingRecord
from amlmigrate.figures import drills, plans
from amlmigrate.figures.residuals import residuals
from amlmigrate.fleet import fleetfile
from amlmigrate.fleet.fleetfile import Fleet, FleetEntry
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.evidence import Evidence
from amlmigrate.planning import planfile

EARLY, LATE = "2026-03-01T00:00:00+00:00", "2026-03-09T00:00:00+00:00"


def chain(*reports: tuple[str, dict[str, Any]]) -> list[Any]:
    """Reports, one after the other."""
    return [filed(record, number, **{"time": EARLY, **told}) for number, (record, told) in enumerate(reports, 1)]


GREEN = ("verify", {"green": True, "depth": "checksum"})


@pytest.mark.parametrize(
    ("reports", "since"),
    [
        ([], None),
        ([("run", {})], None),
        ([("verify", {"green": False, "depth": "checksum"})], None),
        # Nobody read a byte.
        ([("verify", {"green": True, "depth": "metadata"})], None),
        ([GREEN], EARLY),
        ([GREEN, ("verify", {"green": True, "depth": "checksum", "time": LATE})], EARLY),
        # It is not so any more.
        ([GREEN, ("verify", {"green": False, "depth": "checksum", "time": LATE})], None),
        ([GREEN, ("cutover", {}), ("verify", {"green": False, "depth": "checksum", "time": LATE})], EARLY),
        (
            [GREEN, ("cutover", {}), ("cutover-back", {}), ("verify", {"green": False, "depth": "checksum"})],
            None,
        ),
        # Its users wrote to the source again.
        ([GREEN, ("cutover", {}), ("cutover-back", {})], None),
        ([GREEN, ("cutover", {}), ("cutover-back", {}), (GREEN[0], {**GREEN[1], "time": LATE})], LATE),
        ([GREEN, ("decommission", {"by_us": True, "time": LATE})], EARLY),
        ([("decommission", {"by_us": True, "time": LATE})], LATE),
        # Somebody else removed it: that proves nothing.
        ([("decommission", {"by_us": False, "time": LATE})], None),
    ],
    ids=str,
)
def test_a_successor_is_proven_by_evidence_as_it_stands(reports: Any, since: str | None) -> None:
    assert plans.proven(chain(*reports)) == (datetime.fromisoformat(since) if since else None)


def left(kind: str, id_: str, size: int | None, key: str | None = None) -> dict[str, Any]:
    """A thing that stays."""
    return {
        **{"kind": kind, "what": kind, "id": id_, "there": True, "key": key, "why": "kept", "encryption": None},
        **{"scope": None, "blobs": 1 if size is not None else None, "bytes": size},
    }


REMAINS = [
    left("account", "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/a", None),
    left("container", "a/c", 1000),
    left("container", "a/d", None),
    left("container", "a/e", 5, "https://v/keys/k/1"),
]


def tomb(*remains: dict[str, Any]) -> dict[str, Any]:
    """What a tombstone says where these things stay."""
    found = told_by(RemainingRecord(**one) for one in remains)
    return {"by_us": True, "remains": list(remains), "residuals": [asdict(one) for one in found]}


TOMB = tomb(*REMAINS)


def planned(folder: Path, *reports: tuple[str, dict[str, Any]], **head: Any) -> None:
    """A plan with evidence."""
    folder.mkdir(parents=True)
    planfile.write(folder, header(name=folder.name, **head), [step("models/m/1", body={})])
    made = planfile.read(folder)
    with Ledger(folder) as ledger:
        ledger.bind(made)
        for record, told in reports:
            own = {"time": EARLY, "plan": {"sha256": ledger.plan_sha256}, **told}
            Evidence(folder, ledger).add(report(record, **own))


def test_what_a_removal_left_is_open_until_it_is_accepted(tmp_path: Path) -> None:
    folder = tmp_path / "ws1"
    planned(folder, GREEN, ("decommission", TOMB))
    found = plans.read(tmp_path)
    assert (found.count, found.unread) == (1, {})
    [succession] = found.successions
    assert (succession.source, succession.target) == (SOURCE.workspace_id.lower(), TARGET.workspace_id.lower())
    assert succession.proven == datetime(2026, 3, 1, tzinfo=UTC)
    told = residuals(found.residues, whole=True).as_dict()
    assert told == {
        **{"containers": 2, "bytes": 1000, "size_unknown": 1, "resources": 1, "accepted": 0, "bound": "at least"}
    }


def test_an_example_counts_nowhere_and_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    planned(tmp_path / "example", GREEN, extra={"example": True})
    planned(tmp_path / "broken", GREEN)
    (tmp_path / "broken" / "plan.jsonl").write_text("{}\n")
    planned(tmp_path / "altered", GREEN, ("decommission", TOMB))
    [verified] = (tmp_path / "altered" / "evidence").glob("0001-*")
    verified.write_bytes(verified.read_bytes().replace(b"checksum", b"metadata"))
    found = plans.read(tmp_path)
    assert {Path(one).name for one in found.unread} == {"broken", "altered"}
    # What was altered proves nothing.
    assert [one.proven for one in found.successions] == [None]
    assert residuals(found.residues, whole=not found.unread).as_dict()["bound"] == "at least"
    assert plans.read(tmp_path / "nowhere") == plans.Plans()


def test_a_folder_that_cannot_be_looked_into_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planned(tmp_path / "open", GREEN)
    planned(tmp_path / "closed", GREEN, ("decommission", TOMB))
    listed = os.scandir

    def refused(path: Any) -> Any:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(os, "scandir", refused)
    found = plans.read(tmp_path)
    assert (found.count, list(found.unread)) == (1, [str(tmp_path / "closed")])


def test_a_size_that_nobody_read_is_not_0() -> None:
    one = plans.Residue("a", "residual/x/c", "x/c", "container", open=True)
    assert residuals([one], whole=True).as_dict()["bytes"] is None
    assert residuals([replace(one, open=False)], whole=True).as_dict()["bytes"] == 0


def test_waves_are_those_of_the_fleets(tmp_path: Path) -> None:
    entry = FleetEntry(2, "/s", "/t", "ID-1", "prod", 50, "one")
    fleetfile.write(tmp_path / "moves", Fleet("ab", (entry,), ()), created=EARLY)
    assert plans.read(tmp_path).waves == {"id-1": "2"}
    fleetfile.write(tmp_path / "more", Fleet("ab", (), ()), created=EARLY)
    assert plans.read(tmp_path).waves == {"id-1": "moves 2"}


def test_two_plans_that_left_one_thing_count_it_once() -> None:
    one = plans.Residue("a", "residual/x/c", "x/c", "container", open=False, blobs=1, bytes=7)
    other = plans.Residue("b", "residual/x/c", "X/C", "container", open=True, blobs=1, bytes=7)
    for both in ([one, other], [other, one]):
        told = residuals(both, whole=True)
        assert (told.containers, told.bytes, told.accepted) == (1, 7, 0)


def test_a_drill_lasts_from_when_it_disabled_a_version_until_that_was_enabled(tmp_path: Path) -> None:
    def drill(number: int, **told: str) -> Any:
        found = filed("drill", number, time=EARLY, until=LATE)
        return replace(found, content=replace(found.content, **{"disabled_at": "", "enabled_at": "", **told}))

    began = drill(1, state="begun")
    [span] = drills.spans([began])
    assert (span.since.isoformat(), span.until.isoformat()) == (EARLY, LATE)
    ended = drill(2, disabled_at=EARLY, enabled_at="2026-03-02T00:00:00+00:00")
    [span] = drills.spans([began, ended])
    assert span.until == datetime(2026, 3, 2, tzinfo=UTC)
    never = drill(2, version_end="never disabled")
    assert list(drills.spans([began, never])) == []
    assert drills.read(tmp_path) == ([], "")
