"""Two plans that were cut over: where the first is taken back the second is told to be live no more, everywhere."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.builders.people import ANN
from tests.builders.reports import report
from tests.builders.world import header, inventory
from tests.unit.cutover.test_switching import PLAN, Pair
from tests.unit.leasing.leased import LeasedBlob, said
from tests.unit.leasing.test_lease_looking import side

from amlmigrate.cli.views.cutover import TakenBackView
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.errors import RefusedError
from amlmigrate.core.events import ignore
from amlmigrate.cutover import stage, together
from amlmigrate.cutover.changes_since import Since
from amlmigrate.decommissioning import stopped
from amlmigrate.evidence.members import PlanRef
from amlmigrate.leasing import looking

SOURCE = str(header().source["workspaceId"])
FIRST, SECOND, OTHER = (
    PlanRef(name=name, sha256=sha * 32) for name, sha in (("a", "aa"), ("b", "bb"), ("c", "cc"))
)


def _cut(before: together.Record, plan: PlanRef, source: str = SOURCE, **more: Any) -> together.Record:
    return {together.MEMBER: together.cut_over(before, plan, source, "2026-01-01T00:00:00+00:00", **more)}


def _back(before: together.Record, plan: PlanRef, source: str = SOURCE) -> together.Record:
    return {together.MEMBER: together.taken_back(before, plan, source, "2026-01-02T00:00:00+00:00")}


def _ended(before: together.Record) -> list[str]:
    return [one.name for one in (FIRST, SECOND, OTHER) if together.ended(before, one.sha256)]


BOTH = _cut(_cut(_cut({}, FIRST), SECOND), OTHER, "another source")


def test_taking_one_back_ends_all_others_of_its_source() -> None:
    assert _ended(BOTH) == []
    assert [one["name"] for one in together.others(BOTH, FIRST.sha256, SOURCE)] == ["b"]
    back = _back(BOTH, FIRST)
    assert _ended(back) == ["b"] and "plan 'a' was taken back at 2026-01-02" in together.ended(back, SECOND.sha256)
    # Told once, whoever repeats it: a plan that is cut over later is none of its matter.
    assert together.others(back, FIRST.sha256, SOURCE) == []
    assert _ended(_back(_cut(back, SECOND, anew=True), FIRST)) == []
    # What is written on the way, or once more, says nothing else.
    assert _ended(_cut(back, SECOND)) == ["b"] and _ended(_cut(back, FIRST, anew=True)) == ["b"]
    assert _ended(_back(back, SECOND)) == [] and _back(_back(_back(back, SECOND), OTHER), FIRST) == {
        "cutovers": []
    }


@pytest.mark.parametrize("odd", [{}, {"cutovers": None}, {"cutovers": ["odd", {"ended": "x"}]}, {"time": "t"}])
def test_what_is_no_such_member_says_nothing(odd: dict[str, Any]) -> None:
    assert _ended(odd) == [] and together.others(odd, FIRST.sha256, SOURCE) == []
    assert _ended(_cut(odd, FIRST)) == [] and _ended(_back(odd, FIRST)) == []


class Blob:
    """The lease as its holder has it: what stands in its blob."""

    def __init__(self, told: together.Record) -> None:
        self.document: dict[str, Any] = {"cutover": dict(told)}

    async def record(self) -> dict[str, Any]:
        return self.document

    async def change(self, members: dict[str, Any]) -> None:
        self.document |= members


Work = Callable[..., Any]


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Work:
    """A plan that was cut over, at work with the lease; a dry run has none, and reads what it may."""
    pair = Pair(tmp_path)
    pair.evidence.add(report("cutover", time="2026-01-01T00:00:00+00:00"))
    arm = SimpleNamespace(service_clock=SimpleNamespace(now=lambda: None))
    one = SimpleNamespace(workspace=lambda _: pair.target, arm=arm, credential=None)

    async def since(*_: Any) -> Since:
        return Since()

    async def ann(*_: Any) -> Any:
        return ANN

    def made(blob: Blob, *, dry_run: bool = False, error: Exception | None = None) -> Any:
        async def shown(*_: Any) -> Any:
            if error:
                raise error
            return blob.document["cutover"]

        monkeypatch.setattr(looking, "cutovers", shown)
        request = stage.CutoverRequest(PLAN, pair.folder, ANN, ignore, dry_run=dry_run)
        odd: Any = (SimpleNamespace(source=one, target=one), None if dry_run else blob)
        return stage._Cutover(request, pair.ledger, *odd)

    monkeypatch.setattr(stage._Cutover, "_since", since)
    monkeypatch.setattr(stage, "signed", ann)
    return made


async def test_who_takes_the_first_back_is_told_and_the_lease_has_it(work: Work) -> None:
    own = PlanRef.of(PLAN)
    blob = Blob(_cut(_cut({}, own), SECOND))
    would = await work(blob, dry_run=True).take_back()
    assert would.ends == ("b",) and "would be live no more" in TakenBackView(Path(), would).ending.lines[0]
    assert (await work(blob, dry_run=True, error=said(403, "X")).take_back()).ends == ()
    with pytest.raises(ServiceError):
        await work(blob, dry_run=True, error=said(500, "X")).take_back()
    told = await work(blob).take_back()
    assert told.ends == ("b",)
    assert "warning: plan 'b' was cut over too, and is live no more" in TakenBackView(Path(), told).ending.lines
    assert together.ended(blob.document["cutover"], SECOND.sha256)
    again = await work(blob).take_back()
    assert again.already and again.ends == ()
    cut_off = Blob(_cut(_cut({}, own), SECOND))
    assert (await work(cut_off).take_back()).ends == ("b",), "the report was written, and the lease not yet"
    assert together.ended(cut_off.document["cutover"], SECOND.sha256)


async def test_a_plan_that_is_live_no_more_is_not_said_to_be_cut_over(work: Work) -> None:
    live = Blob(_cut(_cut({}, FIRST), PlanRef.of(PLAN)))
    assert (await work(live).cut_over()).already
    with pytest.raises(RefusedError, match="live no more: the cutover of plan 'a' was taken back"):
        await work(Blob(_back(live.document["cutover"], FIRST))).cut_over()


async def test_the_gate_keeps_its_source_and_says_why() -> None:
    made = replace(PLAN, sha256=SECOND.sha256)

    async def told(record: together.Record) -> list[str]:
        blob = LeasedBlob(json.dumps({"format": 1, "cutover": record}).encode())
        return await stopped.by_others(side(blob), made, inventory())

    assert await told(BOTH) == []
    [reason] = await told(_back(BOTH, FIRST))
    assert "live no more" in reason and "migrate cutover --back" in reason
