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
from tests.unit.cutover.test_switching import NAMES, PLAN, KilledError, Pair, _inventory
from tests.unit.leasing.leased import LeasedBlob, said
from tests.unit.leasing.test_lease_looking import side

from amlmigrate.cli.views.cutover import TakenBackView
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.asset import Inventory
from amlmigrate.core.errors import RefusedError
from amlmigrate.core.events import ignore
from amlmigrate.core.state import State
from amlmigrate.cutover import stage, together
from amlmigrate.cutover.changes_since import Since
from amlmigrate.decommissioning import stopped
from amlmigrate.evidence.members import PlanRef
from amlmigrate.leasing import looking

SOURCE = str(header().source["workspaceId"])
FIRST, SECOND, OTHER = (
    PlanRef(name=name, sha256=sha * 32) for name, sha in (("a", "aa"), ("b", "bb"), ("c", "cc"))
)


def _cut(before: together.Record, plan: PlanRef, source: str = SOURCE, day: int = 1) -> together.Record:
    return together.cut_over(before, plan, source, f"2026-01-0{day}T00:00:00+00:00")


def _others(before: together.Record, plan: PlanRef, *, works: bool = True, until: str = "") -> list[Any]:
    return list(together.others(before, plan.sha256, SOURCE, works=works, until=until).ends)


def _back(
    before: together.Record, plan: PlanRef, *, works: bool = True, day: int = 2, until: str = ""
) -> together.Record:
    back = together.others(before, plan.sha256, SOURCE, works=works, until=until)
    return together.taken_back(before, plan, SOURCE, back, f"2026-01-0{day}T00:00:00+00:00")


def _said(before: together.Record, plan: PlanRef, source: str = SOURCE, day: int = 1) -> str:
    """What a plan is told that was cut over on that day."""
    return together.ended(before, plan.sha256, source, f"2026-01-0{day}T00:00:00+00:00")


def _ended(before: together.Record) -> list[str]:
    """Of those that the lease shows."""
    told = {one.get("plan") for one in together.every(before)}
    return [one.name for one in (FIRST, SECOND, OTHER) if one.sha256 in told and _said(before, one)]


BOTH = _cut(_cut(_cut({}, FIRST), SECOND), OTHER, "another source")


def test_taking_one_back_ends_all_others_of_its_source() -> None:
    assert _ended(BOTH) == []
    assert [one["name"] for one in _others(BOTH, FIRST)] == ["b"]
    back = _back(BOTH, FIRST)
    assert _ended(back) == ["b"] and "plan 'a' was taken back at 2026-01-02" in _said(back, SECOND)
    # Told once, whoever repeats it: a plan that is cut over later is none of its matter.
    assert _others(_cut(back, SECOND), FIRST, until="2026-01-02T00:00:00+00:00") == []
    # One that still stands, of a version that told nothing: what stands beside it ends.
    assert _ended(_back(_cut({}, SECOND), FIRST)) == ["b"]
    assert _ended(_back(back, SECOND)) == [] and _ended(_cut(back, FIRST)) == ["b"]
    assert _back(_back(_back(back, SECOND), OTHER), FIRST)["cutovers"] == []


def test_what_was_cut_over_since_stays_where_nothing_works_again_by_it() -> None:
    back = _back(_cut(_cut({}, FIRST), SECOND), FIRST)
    later = _cut(back, OTHER, day=3)
    # `status` sends whoever has the second to take that one back: nothing of it was left to set back.
    assert _ended(_back(later, SECOND, works=False)) == [] and _ended(_back(later, SECOND)) == ["c"]
    # One that was cut off before it told this: by then others may be cut over.
    unsaid = _cut(_cut({}, FIRST), OTHER, day=3)
    assert _others(unsaid, FIRST, until="2026-01-02T00:00:00+00:00") == [] and len(_others(unsaid, FIRST)) == 1


def test_one_that_an_older_version_cut_over_is_told_too_though_the_lease_does_not_show_it() -> None:
    older = {"time": "2026-01-01T00:00:00+00:00", "plan": {"sha256": FIRST.sha256, "name": "a"}, "changed": []}
    both = _cut(older, SECOND, day=3)
    assert _said(both, FIRST) == ""
    back = _back(both, SECOND, day=5)
    assert "plan 'b' was taken back at 2026-01-05" in _said(back, FIRST)
    # Of another source, and what was cut over later, that says nothing; nor of what the lease shows.
    assert _said(back, FIRST, "another source") == "" and _said(back, FIRST, day=6) == ""
    assert _said(_cut(back, FIRST), FIRST) == ""
    # It stays told, whatever is cut over and taken back after that.
    later = _back(_cut(back, OTHER, day=6), OTHER, day=7)
    assert _said(later, FIRST) and len(later["backs"]) == 1 and "plan 'c'" in _said(later, FIRST, day=6)
    # One told late says nothing of later ones, and the newest stays.
    assert _back(later, SECOND, until="2026-01-05T00:00:00+00:00") == later


def test_one_of_an_older_version_that_was_cut_off_as_it_was_taken_back_tells_it_the_next_time() -> None:
    """Its report is written and the lease is not told: `until` is when that was."""
    both = _cut({}, SECOND)
    told = _back(both, FIRST, until="2026-01-02T00:00:00+00:00")
    assert _ended(told) == ["b"] and _said(told, OTHER)
    assert _back(_cut(told, SECOND, day=3), FIRST, until="2026-01-02T00:00:00+00:00") == _cut(told, SECOND, day=3)
    # What sets nothing back, and was ended before, ends none.
    assert _back(told, SECOND, works=False)["backs"] == told["backs"]


@pytest.mark.parametrize(
    "odd", [{}, {"cutovers": None}, {"backs": "odd"}, {"cutovers": ["odd", {"ended": "x"}]}, {"time": "t"}]
)
def test_what_is_no_such_member_says_nothing(odd: dict[str, Any]) -> None:
    assert _ended(odd) == [] and _others(odd, FIRST) == []
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
def pair(tmp_path: Path) -> Pair:
    return Pair(tmp_path)


@pytest.fixture
def work(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> Work:
    """A plan at work with the lease; a dry run has none, and reads what it may."""
    arm = SimpleNamespace(service_clock=SimpleNamespace(now=lambda: None))
    source, target = (
        SimpleNamespace(workspace=lambda _, port=port: port, arm=arm, credential=None)
        for port in (pair.source, pair.target)
    )

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
        odd: Any = (SimpleNamespace(source=source, target=target), None if dry_run else blob)
        return stage._Cutover(request, pair.ledger, *odd)

    async def read(*_: Any) -> Inventory:
        return _inventory(pair.source)

    monkeypatch.setattr(stage, "read_source", read)
    monkeypatch.setattr(stage._Cutover, "_since", since)
    monkeypatch.setattr(stage, "signed", ann)
    return made


@pytest.fixture
def live(pair: Pair, work: Work) -> Work:
    """One that was cut over."""
    pair.evidence.add(report("cutover", time="2026-01-01T00:00:00+00:00"))
    return work


async def test_who_takes_the_first_back_is_told_and_the_lease_has_it(live: Work) -> None:
    work = live
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
    assert _said(blob.document["cutover"], SECOND)
    again = await work(blob).take_back()
    assert again.already and again.ends == ()
    cut_off = Blob(_cut(_cut({}, own), SECOND))
    assert (await work(cut_off).take_back()).ends == ("b",), "the report was written, and the lease not yet"
    assert _said(cut_off.document["cutover"], SECOND)


async def test_a_plan_that_is_live_no_more_is_not_said_to_be_cut_over(live: Work) -> None:
    work, blob = live, Blob(_cut(_cut({}, FIRST), PlanRef.of(PLAN)))
    assert (await work(blob).cut_over()).already
    with pytest.raises(RefusedError, match="live no more: the cutover of plan 'a' was taken back"):
        await work(Blob(_back(blob.document["cutover"], FIRST))).cut_over()
    # Neither is one that an older version cut over, and that the lease does not show.
    older = Blob(_back(_cut({}, FIRST), FIRST))
    with pytest.raises(RefusedError, match="live no more: the cutover of plan 'a' was taken back"):
        await work(older).cut_over()
    assert together.every(older.document["cutover"]) == [], "nor is it entered as one that stands"


async def test_the_gate_keeps_its_source_and_says_why() -> None:
    made = replace(PLAN, sha256=SECOND.sha256)

    async def told(record: together.Record, cut_at: str = "2026-01-01T00:00:00+00:00") -> list[str]:
        blob = LeasedBlob(json.dumps({"format": 1, "cutover": record}).encode())
        return await stopped.by_others(side(blob), made, inventory(), cut_at)

    assert await told(BOTH) == []
    # The lease shows it; or it does not, since an older version made it.
    for back in (_back(BOTH, FIRST), _back(_cut({}, FIRST), FIRST)):
        [reason] = await told(back)
        assert "live no more" in reason and "migrate cutover --back" in reason
        assert await told(back, "") == [], "a plan that was never cut over has nothing that ended"


async def test_what_only_stopped_the_source_is_no_cutover_and_ends_none(pair: Pair, work: Work) -> None:
    """The way with a difference stops with one plan, and cuts over another: nothing that was live ends by that."""
    blob = Blob(_cut({}, FIRST))
    assert (await work(blob).stop()).stops
    assert [one["name"] for one in blob.document["cutover"]["cutovers"]] == ["a"]
    assert {one["address"] for one in blob.document["cutover"]["changed"]} == {str(one) for one in NAMES}
    assert (await work(blob, dry_run=True).take_back()).ends == ()
    told = await work(blob).take_back()
    assert (told.ends, told.kept) == ((), ()) and pair.source.enabled() == dict.fromkeys(map(str, NAMES), True)
    assert _ended(blob.document["cutover"]) == [] and (await work(blob).take_back()).ends == ()


async def test_what_was_taken_up_again_after_the_cutover_is_told_as_left(pair: Pair, live: Work) -> None:
    pair.ledger.move(PLAN.steps[0].address, State.DONE)
    assert (await live(Blob({})).cut_over()).todo.left == ()
    pair.ledger.wait_again(PLAN.steps[0].address)
    [(left, _)] = (await live(Blob({})).cut_over()).todo.left
    assert left == str(PLAN.steps[0].address)


async def test_the_lease_has_it_before_the_evidence_says_that_it_is_cut_over(
    pair: Pair, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it is cut off in between, and another plan is taken back, no gate lets the source go for this one."""
    passed = SimpleNamespace(
        source=inventory(), verified=None, documents=({}, {}), listed=None, written=(), warnings=()
    )

    async def check(*_: Any) -> Any:
        return passed

    def killed(*_: Any, **__: Any) -> None:
        raise KilledError

    pair.ledger.move(PLAN.steps[0].address, State.DONE)
    monkeypatch.setattr(stage._Cutover, "_check", check)
    monkeypatch.setattr(stage.record, "add", killed)
    blob = Blob(_back(_cut(_cut({}, FIRST), PlanRef.of(PLAN)), FIRST))
    with pytest.raises(KilledError):
        await work(blob).cut_over()
    [told] = blob.document["cutover"]["cutovers"]
    assert told["plan"] == PLAN.sha256 and "ended" not in told
