"""The gate after a cutover: the source is held to it, the target only to what was proven, and the soak to its time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.builders.reports import report, since
from tests.builders.world import blob, inventory
from tests.unit.cutover import cut

from amlmigrate.bytes.storage_containers import Containers
from amlmigrate.core.asset import Blob
from amlmigrate.core.finding import Finding
from amlmigrate.core.state import State
from amlmigrate.core.workspace import Location, Service
from amlmigrate.decommissioning import copy_proof
from amlmigrate.decommissioning.gate import GateFacts, reasons
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.evidence import EvidenceFile

USED = ({"models/m/1": "s"}, {"models/m/1": "tagged", "data/new/1": "n"})
LOST = Finding("blocks", "models/m/1", "it was deleted", "put it back", code="deleted-since-cutover")


def _reasons(
    folder: Path,
    documents: Any = cut.DOCUMENTS,
    listed: Containers | None = None,
    *,
    soak: timedelta = timedelta(0),
    cut_at: str = "2026-01-02T00:00:00+00:00",
    lost: tuple[Finding, ...] = (),
    back: bool = False,
    verified: dict[str, Any] | None = None,
    removed: frozenset[str] = frozenset(),
) -> list[str]:
    with Ledger(folder) as ledger:
        chain = cut.chain(folder, ledger)
        for step in cut.PLAN.steps:
            for state in (State.DOING, State.DONE):
                ledger.move(step.address, state)
        cut.verified(chain)
        cut.cut_over(chain, time=cut_at)
        if back:
            chain.add(report("cutover-back"))
        if verified is not None:
            cut.verified(chain, **verified)
        digests, parts = cut.parts(documents, listed or cut.listed(*cut.PROVEN, cut.OWN))
        facts = GateFacts(inventory(), digests, parts, posture=[], locks=[], soak=soak, removed=removed)
        return reasons(cut.PLAN, ledger, chain.reports(), replace(facts, lost=lost))


def test_a_target_in_use_is_no_reason(tmp_path: Path) -> None:
    assert _reasons(tmp_path, USED, cut.listed(*cut.PROVEN, blob("new"))) == []


def test_what_people_took_down_in_the_source_is_no_reason_and_all_else_is(tmp_path: Path) -> None:
    gone, target = frozenset({"models/m/1"}), cut.DOCUMENTS[1]
    folders = [tmp_path / name for name in "abc"]
    for folder in folders:
        folder.mkdir()
    assert _reasons(folders[0], ({}, target), removed=gone) == []
    [deleted] = _reasons(folders[1], ({}, target))
    [added] = _reasons(folders[2], ({"data/new/1": "n"}, target), removed=gone)
    assert "models/m/1 was deleted" in deleted and "data/new/1" in added and "models/m/1" not in added


def test_what_it_lost_is_one_each(tmp_path: Path) -> None:
    [reason] = _reasons(tmp_path, USED, lost=(LOST,))
    assert reason == "models/m/1!deleted-since-cutover: it was deleted put it back"


def test_a_source_that_was_written_is_a_reason(tmp_path: Path) -> None:
    documents = ({"models/m/1": "s", "models/m/2": "late"}, USED[1])
    [one, other] = _reasons(tmp_path, documents, cut.listed(source=[*cut.PROVEN, blob("late")]))
    assert "documents of the source" in one and "cut over: models/m/2 was added." in one
    assert "blobs of the source" in other


def test_taken_back_the_evidence_holds_both_sides_again(tmp_path: Path) -> None:
    [reason] = _reasons(tmp_path, USED, back=True)
    assert "documents of the target are not what they were when they were verified" in reason


def test_taken_back_and_unchanged_nothing_stands_in_the_way(tmp_path: Path) -> None:
    assert _reasons(tmp_path, back=True) == []


def test_a_verification_after_it_that_is_not_green_is_a_reason(tmp_path: Path) -> None:
    [reason] = _reasons(tmp_path, USED, verified={"green": False, "since_cutover": since()})
    assert "not green" in reason


@pytest.mark.parametrize("verified", [None, {"time": "2026-01-03T00:00:00+00:00", "since_cutover": since()}])
def test_the_soak_counts_from_the_cutover(tmp_path: Path, verified: dict[str, Any] | None) -> None:
    """Whatever was green long before, and whatever was verified since."""
    now = datetime.now(UTC).isoformat()
    [reason] = _reasons(tmp_path, soak=timedelta(hours=1), cut_at=now, verified=verified)
    assert "The soak of 1 hour is over at" in reason


def test_and_is_over_once_it_has_passed_since_then(tmp_path: Path) -> None:
    long_ago = (datetime.now(UTC) - timedelta(hours=2)).isoformat()
    late = {"time": datetime.now(UTC).isoformat(), "since_cutover": since()}
    assert _reasons(tmp_path, soak=timedelta(hours=1), cut_at=long_ago, verified=late) == []


class Side:
    """The target's bytes, which all are what was proven."""

    def store(self, _: Service) -> Any:
        return self

    async def digest(self, place: Location, one: Blob, **_: Any) -> tuple[str, str, int]:
        return f"sha of {place.path}", "", one.length


async def _changed(side: Any, reports: list[EvidenceFile], newest: EvidenceFile, found: Any) -> set[str]:
    places = cut.PLAN.places(source=False)
    then, now = await copy_proof._digests(side, reports, newest, found, places)
    changed, unseen = copy_proof.compared([one for one in cut.PLAN.steps if one.bytes], places, then, now)
    assert unseen == []
    return set(changed)


@pytest.mark.parametrize(
    ("blobs", "after_cutover", "before_it"),
    [
        ([*cut.PROVEN, cut.OWN], set(), set()),
        ([*cut.PROVEN, blob("m/new"), blob("new")], set(), {cut.COPY}),
        ([replace(cut.PROVEN[0], etag='"touched"'), cut.PROVEN[1]], set(), {cut.COPY}),
        ([cut.PROVEN[0]], {cut.COPY}, {cut.COPY}),
    ],
)
async def test_what_a_later_deletion_takes_for_copied(
    tmp_path: Path, blobs: list[Blob], after_cutover: set[str], before_it: set[str]
) -> None:
    """What users added below a prefix is no reason to keep its source, once the target is in use."""
    with Ledger(tmp_path) as ledger:
        chain = cut.chain(tmp_path, ledger)
        newest = cut.verified(chain)
        found = cut.listed(*blobs).target
        side: Any = Side()
        assert await _changed(side, chain.reports(), newest, found) == before_it
        cut.cut_over(chain)
        # A verification of the target in use holds what it is now, and makes nothing whole.
        later = cut.verified(chain, **{"since_cutover": since()})
        assert await _changed(side, chain.reports(), later, found) == after_cutover
