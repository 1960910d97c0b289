"""Settings change sides one by one: killed anywhere the same call goes on, nothing twice, and never on both sides."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from tests.builders.reports import report
from tests.builders.world import CONTEXT, MAPPING, NEW, OLD, inventory, plan, step
from tests.contract.kinds.workspace_of import InMemory

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset, Inventory
from amlmigrate.core.documents import Document
from amlmigrate.core.errors import BadInputError, ConflictError, DriftError, MigrateError, RefusedError
from amlmigrate.core.events import ignore
from amlmigrate.core.plan import Action
from amlmigrate.core.state import State
from amlmigrate.core.switched import SOURCE, TARGET, Switched, laid
from amlmigrate.core.writes import Accepted
from amlmigrate.cutover import checking, switches
from amlmigrate.cutover.switching import Switching
from amlmigrate.evidence import CutoverBack
from amlmigrate.evidence.cutover import SwitchState
from amlmigrate.kinds import Context, document_digests, moving_kinds, planned_digests
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.evidence import Evidence
from amlmigrate.running.sources import Sources

KIND = moving_kinds()["schedules"]
ENABLED = "/properties/isEnabled"
NIGHTLY, THEIRS = Address.parse("schedules/nightly"), Address.parse("schedules/theirs")
NAMES = (NIGHTLY, THEIRS)
SENT = ("time", "service_time", "tool", "by", "plan", "source", "target")


class KilledError(BaseException):
    """The process ended here: nothing catches it."""


def _schedule(address: Address, *, enabled: bool) -> Document:
    example = copy.deepcopy(KIND.example().document)
    return laid({**example, "name": address.name, "id": f"/x/{address}"}, {ENABLED: enabled})


@dataclass
class Side(InMemory):
    """A workspace that ends the process at a call, before it is served or after; both together tell when it is both."""

    before: Callable[[], None] = lambda: None
    after: Callable[[], None] = lambda: None
    failing: int = 0

    async def get(self, path: str) -> Document | None:
        self.before()
        found = await super().get(path)
        self.after()
        return found

    async def put(self, path: str, body: Document, query: Any = None) -> Accepted:
        self.before()
        if self.failing:
            self.failing -= 1
            body = {**body, "properties": {**body["properties"], "provisioningState": "Failed"}}
        found = await super().put(path, body, query)
        self.after()
        return found

    def enabled(self) -> dict[str, bool]:
        return {path: one["properties"]["isEnabled"] for path, one in self.documents.items()}

    def puts(self) -> list[str]:
        return [path for verb, path in self.calls if verb == "PUT"]


PLAN = plan(
    step(
        str(NIGHTLY.at("enable")),
        action=Action.UPDATE,
        stage="cutover",
        changes=(ENABLED,),
        body={"properties": _schedule(NIGHTLY, enabled=True)["properties"]},
    )
)


PROVEN = KIND.digest(Asset(NIGHTLY, _schedule(NIGHTLY, enabled=False)))


@dataclass
class Pair:
    """Both sides of a plan, and what is known of it on the disk."""

    folder: Path
    source: Side = field(default_factory=lambda: Side(id=OLD.id))
    target: Side = field(default_factory=lambda: Side(id=NEW.id))
    told: list[int] = field(default_factory=list)
    calls: int = 0
    dying: tuple[int, str] = (-1, "before")

    def __post_init__(self) -> None:
        for address in NAMES:
            self.source.documents[str(address)] = _schedule(address, enabled=True)
            self.target.documents[str(address)] = _schedule(address, enabled=False)
        for side in (self.source, self.target):
            side.before, side.after = self._begins, self._ended
        self.ledger = Ledger(self.folder)
        self.ledger.bind(PLAN)
        self.evidence = Evidence(self.folder, self.ledger)

    def _begins(self) -> None:
        self.calls += 1
        if self.dying == (self.calls, "before"):
            raise KilledError

    def _ended(self) -> None:
        both = [path for path, on in self.source.enabled().items() if on and self.target.enabled().get(path)]
        assert not both, "enabled on both sides"
        if self.dying == (self.calls, "after"):
            raise KilledError

    async def _tell(self) -> None:
        self.told.append(len(switches.standing(self.evidence.reports())))

    @property
    def switching(self) -> Switching:
        """That of a process of its own."""
        told = report("switch")
        content = {name: getattr(told, name) for name in SENT}
        ports: Any = {SOURCE: self.source, TARGET: self.target}
        every = frozenset(one.address for one in PLAN.steps)

        async def at_once(_: float) -> None:
            return None

        return Switching(
            ports, self.ledger, self.evidence, content, self._tell, ignore, PLAN.called, every, at_once
        )

    async def cut_over(self) -> None:
        switching = self.switching
        await switching.take_up()
        for address in NAMES:
            await switching.stop(Asset(address, self.source.documents[str(address)]))
        await switching.start(PLAN.steps[0], PROVEN)

    async def back(self) -> list[bool]:
        standing = switches.standing(self.evidence.reports())
        switching = self.switching
        return [await switching.restore(one) for one in sorted(standing, key=lambda one: one.side != TARGET)]

    def states(self) -> dict[tuple[str, str], SwitchState]:
        return {key: one.state for key, one in switches.newest(self.evidence.reports()).items()}


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    return Pair(tmp_path)


OFF = dict.fromkeys(map(str, NAMES), False)
LIVE = OFF | {str(NIGHTLY): True}


async def test_each_is_recorded_before_and_after_and_the_source_stops_first(pair: Pair) -> None:
    await pair.cut_over()
    assert (pair.source.enabled(), pair.target.enabled()) == (OFF, LIVE)
    told = [(one.content.side, one.content.address, str(one.content.state)) for one in pair.evidence.reports()]  # type: ignore[attr-defined] - all are of that record
    assert told == [
        (side, str(address), state)
        for side, address in (("source", NIGHTLY), ("source", THEIRS), ("target", NIGHTLY))
        for state in ("changing", "changed")
    ]
    first = pair.evidence.reports()[1].content
    assert (first.was, first.becomes) == ({ENABLED: True}, {ENABLED: False})  # type: ignore[attr-defined] - as above
    assert pair.told == [1, 2, 3], "what stands is told before each call"
    assert pair.ledger.step(PLAN.steps[0].address).state is State.DONE
    # Once more: nothing.
    before = len(pair.evidence.reports())
    await pair.cut_over()
    assert len(pair.evidence.reports()) == before and len(pair.source.puts() + pair.target.puts()) == 3


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("call", range(1, 15))
async def test_killed_at_any_call_the_same_goes_on_and_back_is_as_before(pair: Pair, call: int, when: str) -> None:
    before = copy.deepcopy(pair.source.documents)
    pair.dying = (call, when)
    try:
        await pair.cut_over()
    except KilledError:
        assert switches.unfinished(pair.evidence.reports()) or not pair.source.puts()
    pair.dying = (-1, "")
    await pair.cut_over()
    assert (pair.source.enabled(), pair.target.enabled()) == (OFF, LIVE)
    assert (sorted(pair.source.puts()), pair.target.puts()) == ([str(one) for one in NAMES], [str(NIGHTLY)])
    assert set(pair.states().values()) == {SwitchState.CHANGED}
    pair.calls, pair.dying = 0, (call, when)
    try:
        await pair.back()
    except KilledError:
        assert switches.going_back(pair.evidence.reports()) or len(pair.target.puts()) == 1
    pair.dying = (-1, "")
    assert all(await pair.back())
    assert _said(pair.source.documents) == _said(before) and pair.target.enabled() == OFF
    assert (len(pair.source.puts()), len(pair.target.puts())) == (4, 2)
    assert switches.standing(pair.evidence.reports()) == ()
    assert pair.ledger.step(PLAN.steps[0].address).state is State.PENDING


def _said(documents: dict[str, Document]) -> dict[str, Any]:
    return {path: KIND.canonical(one) for path, one in documents.items()}


async def test_killed_between_ledger_and_evidence_it_still_waits_for_the_next_cutover(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    await pair.cut_over()
    with monkeypatch.context() as patched:
        patched.setattr(pair.ledger, "wait_again", _killed)
        with pytest.raises(KilledError):
            await pair.back()
    assert all(await pair.back())
    assert pair.ledger.step(PLAN.steps[0].address).state is State.PENDING


def _killed(_: Address) -> None:
    raise KilledError


async def test_half_of_one_is_taken_back_too_and_refuses_whatever_comes_between(pair: Pair) -> None:
    pair.dying = (4, "after")
    with pytest.raises(KilledError):
        await pair.cut_over()
    with pytest.raises(RefusedError, match="begun, and has not ended"):
        switches.refuse_unfinished(pair.evidence.reports(), pair.folder)
    assert "The source stays stopped" in checking._remedy(pair.evidence.reports())
    pair.dying = (-1, "")
    assert all(await pair.back())
    assert pair.source.enabled() == dict.fromkeys(map(str, NAMES), True) and pair.target.puts() == []
    pair.evidence.add(report("cutover-back"))
    told = checking._remedy(pair.evidence.reports())
    assert "in this plan: plan, run and verify" in told and "with --stop" in told
    switches.refuse_unfinished(pair.evidence.reports(), pair.folder)
    assert switches.newest(pair.evidence.reports()) == {}


async def test_where_the_target_is_started_a_difference_needs_it_taken_back_first(pair: Pair) -> None:
    await pair.cut_over()
    assert "take this cutover back with --back, then plan" in checking._remedy(pair.evidence.reports())


async def test_what_another_plan_stopped_is_taken_over_and_set_back_with_this_one(
    pair: Pair, tmp_path: Path
) -> None:
    # The other plan stops the source, and is known by what it left in the lease's blob.
    switching = pair.switching
    for address in NAMES:
        await switching.stop(Asset(address, pair.source.documents[str(address)]))
    left = switches.for_others(pair.evidence.reports(), "cd" * 32, "ws", [])
    (tmp_path / "later").mkdir()
    later = Pair(tmp_path / "later")
    later.source.documents, later.target.documents = pair.source.documents, pair.target.documents
    found = switches.stopped_by_others(left, PLAN.sha256, "ws", PLAN.called)
    assert [one.address for one in found] == list(NAMES)
    # Somebody has enabled one again meanwhile: that one is not at rest.
    later.source.documents[str(THEIRS)]["properties"]["isEnabled"] = True
    then = document_digests(_inventory(later.source))
    for one in found:
        await later.switching.take_over(one)
        await later.switching.take_over(one)
    assert later.source.puts() == [] and later.states() == {("source", str(NIGHTLY)): SwitchState.CHANGED}
    reports = later.evidence.reports()
    assert len(reports) == 1, "once each"
    assert switches.digests_before(_inventory(later.source), SOURCE, reports) == then, "it was verified at rest"
    told = switches.for_others(reports, PLAN.sha256, "ws", left)
    assert sorted((one["plan"][:2], one["address"]) for one in told) == [
        ("ab", str(NIGHTLY)),
        ("cd", str(THEIRS)),
    ]
    with pytest.raises(RefusedError, match="what this one stopped is that one's: schedules/nightly"):
        switches.refuse_taken_over(switches.standing(pair.evidence.reports()), told, "cd" * 32, "ws", pair.folder)
    # What the later one could not set back, this one may try to.
    kept = [one | {"state": "kept"} for one in told]
    switches.refuse_taken_over(switches.standing(pair.evidence.reports()), kept, "cd" * 32, "ws", pair.folder)
    assert await later.back() == [True]
    assert later.source.enabled() == dict.fromkeys(map(str, NAMES), True)


async def test_two_sources_of_one_target_have_what_is_called_alike_each_for_itself(pair: Pair) -> None:
    await pair.switching.stop(Asset(NIGHTLY, pair.source.documents[str(NIGHTLY)]))
    reports = pair.evidence.reports()
    first = switches.for_others(reports, "cd" * 32, "ws", [])
    both = switches.for_others(reports, "ef" * 32, "other", first)
    assert [(one["plan"][:2], one["workspaceId"]) for one in both] == [("cd", "ws"), ("ef", "other")]
    assert [one.address for one in switches.stopped_by_others(both, PLAN.sha256, "ws", PLAN.called)] == [NIGHTLY]
    switches.refuse_taken_over(switches.standing(reports), both, "cd" * 32, "ws", pair.folder)


@pytest.mark.parametrize(
    "odd", [{"workspaceId": "other"}, {"state": "kept"}, {"side": "target"}, {"plan": PLAN.sha256}]
)
def test_what_is_no_others_to_take_over_is_not(odd: dict[str, str]) -> None:
    one = {
        "plan": "cd" * 32,
        "workspaceId": "ws",
        "side": "source",
        "address": str(NIGHTLY),
        "was": {ENABLED: True},
        "left": {ENABLED: False},
        "state": "changed",
    }
    assert switches.stopped_by_others([one], PLAN.sha256, "ws", PLAN.called)
    assert switches.stopped_by_others([one | odd, "odd"], PLAN.sha256, "ws", PLAN.called) == ()
    # What it started in the target is its own to set back, both sides of it.
    started = one | {"side": "target"}
    assert switches.stopped_by_others([one, started], PLAN.sha256, "ws", PLAN.called) == ()


async def test_what_somebody_enabled_in_the_source_again_is_not_enabled_in_the_target(pair: Pair) -> None:
    switching = pair.switching
    for address in NAMES:
        await switching.stop(Asset(address, pair.source.documents[str(address)]))
    pair.source.documents[str(NIGHTLY)]["properties"]["isEnabled"] = True
    with pytest.raises(ConflictError, match="at work in the source again"):
        await switching.start(PLAN.steps[0], PROVEN)
    assert pair.target.puts() == []


async def test_what_somebody_wrote_into_the_target_is_not_overwritten_and_no_secret_of_it_is_kept(
    pair: Pair,
) -> None:
    switching = pair.switching
    for address in NAMES:
        await switching.stop(Asset(address, pair.source.documents[str(address)]))
    secret = "TOPSECRETKEY2abcdefghijklmnopqrs=="
    there = pair.target.documents[str(NIGHTLY)]["properties"]
    there["description"] = f"AccountKey={secret}"
    with pytest.raises(ConflictError, match="while the cutover was made"):
        await switching.start(PLAN.steps[0], PROVEN)
    assert pair.target.puts() == [] and there["description"].endswith(secret)
    kept = [one for one in pair.folder.rglob("*") if one.is_file() and secret.encode() in one.read_bytes()]
    assert kept == []


async def test_only_what_the_step_names_is_written_and_what_people_made_of_the_rest_stays(pair: Pair) -> None:
    there = pair.target.documents[str(NIGHTLY)]
    theirs = {"tags": {"team": "theirs"}, "description": "as its users have it", "displayName": None}
    there["properties"] |= theirs
    switching = pair.switching
    for address in NAMES:
        await switching.stop(Asset(address, pair.source.documents[str(address)]))
    # It was verified so: somebody let that go.
    await switching.start(PLAN.steps[0], KIND.digest(Asset(NIGHTLY, there)))
    made = pair.target.documents[str(NIGHTLY)]["properties"]
    assert made["isEnabled"] is True
    assert {name: made.get(name) for name in theirs} == theirs
    [switch] = [one for one in switches.standing(pair.evidence.reports()) if one.side == TARGET]
    assert (switch.was, switch.becomes) == ({ENABLED: False}, {ENABLED: True})


async def test_a_plan_that_names_nothing_is_refused_and_not_taken_for_made(pair: Pair) -> None:
    switching = pair.switching
    for address in NAMES:
        await switching.stop(Asset(address, pair.source.documents[str(address)]))
    with pytest.raises(BadInputError, match="an older version made it"):
        await switching.start(replace(PLAN.steps[0], changes=()), PROVEN)
    assert pair.target.puts() == []
    assert pair.ledger.step(PLAN.steps[0].address).state is State.PENDING


async def test_what_somebody_enabled_in_the_target_keeps_the_sources_off_when_it_is_taken_back(pair: Pair) -> None:
    await pair.cut_over()
    # Its owner has saved it.
    pair.target.documents[str(THEIRS)]["properties"]["isEnabled"] = True
    assert await pair.back() == [True, True, False]
    assert pair.source.enabled() == {str(NIGHTLY): True, str(THEIRS): False}
    [kept] = switches.standing(pair.evidence.reports())
    assert (kept.state, kept.address) == (SwitchState.KEPT, str(THEIRS)) and "both would be" in kept.note


async def test_what_was_kept_is_set_back_once_nothing_stands_in_its_way_and_is_known_to_others_until_then(
    pair: Pair,
) -> None:
    await pair.cut_over()
    theirs = pair.target.documents[str(THEIRS)]["properties"]
    theirs["isEnabled"] = True
    await pair.back()
    pair.evidence.add(report("cutover-back"))
    reports = pair.evidence.reports()
    assert [one["address"] for one in switches.for_others(reports, PLAN.sha256, "ws", [])] == [str(THEIRS)]
    assert switches.unfinished(reports) == "", "it keeps nobody from anything else"
    kept = switches.digests_before(_inventory(pair.source), SOURCE, reports)
    assert kept == document_digests(_inventory(pair.source)), "what is verified from then on is what is there"
    assert await pair.back() == [False]
    pair.evidence.add(report("cutover-back"))
    theirs["isEnabled"] = False
    assert await pair.back() == [True]
    pair.evidence.add(report("cutover-back"))
    assert pair.source.enabled() == dict.fromkeys(map(str, NAMES), True)
    assert switches.standing(pair.evidence.reports()) == ()


def _inventory(side: Side) -> Inventory:
    held = {address: Asset(address, side.documents[str(address)]) for address in NAMES}
    return Inventory(inventory().workspace, held)


async def test_a_plan_of_a_stopped_source_is_no_other_where_that_was_taken_back_and_where_more_changed_it_is(
    pair: Pair,
) -> None:
    switching = pair.switching
    for address in NAMES:
        await switching.stop(Asset(address, pair.source.documents[str(address)]))
    told = switches.for_others(pair.evidence.reports(), PLAN.sha256, "ws", [])
    switched = tuple(map(Switched.of_dict, told))
    planned = document_digests(_inventory(pair.source))
    assert planned_digests(_inventory(pair.source), switched) == planned
    await pair.back()
    assert document_digests(_inventory(pair.source)) != planned
    assert planned_digests(_inventory(pair.source), switched) == planned
    port: Any = pair.source
    sources = Sources(port, (), Context(MAPPING, (), switched))
    step_ = step(str(NIGHTLY), source_sha256=planned[str(NIGHTLY)])
    await sources.refuse_changed(KIND, step_)
    with pytest.raises(DriftError):
        await Sources(port, (), CONTEXT).refuse_changed(KIND, step_)
    pair.source.documents[str(NIGHTLY)]["properties"]["tags"] = {"team": "other"}
    assert planned_digests(_inventory(pair.source), switched)[str(NIGHTLY)] != planned[str(NIGHTLY)]
    with pytest.raises(DriftError):
        await sources.refuse_changed(KIND, step_)


async def test_what_is_gone_from_the_source_is_told_and_from_the_target_is_no_matter(pair: Pair) -> None:
    await pair.cut_over()
    del pair.source.documents[str(THEIRS)], pair.target.documents[str(NIGHTLY)]
    assert await pair.back() == [True, True, False]
    assert pair.source.enabled() == {str(NIGHTLY): True}
    [kept] = switches.standing(pair.evidence.reports())
    assert kept.note == "it is not there any more"


@pytest.mark.parametrize("value", [2, "no"])
async def test_what_somebody_set_otherwise_is_a_conflict_and_not_overwritten(pair: Pair, value: Any) -> None:
    await pair.cut_over()
    pair.target.documents[str(NIGHTLY)]["properties"]["isEnabled"] = value
    assert (await pair.back())[0] is False
    assert pair.target.documents[str(NIGHTLY)]["properties"]["isEnabled"] == value
    [kept] = [one for one in switches.standing(pair.evidence.reports()) if one.side == TARGET]
    assert kept.note.startswith("somebody has changed it since the cutover")


async def test_what_does_not_come_about_ends_it_and_is_asked_for_again(pair: Pair) -> None:
    pair.target.failing = 1
    with pytest.raises(MigrateError):
        await _failing(pair)
    assert pair.states()["target", str(NIGHTLY)] is SwitchState.CHANGING
    await pair.cut_over()
    assert pair.target.enabled() == LIVE and pair.target.puts() == [str(NIGHTLY)] * 2


async def _failing(pair: Pair) -> None:
    """The service takes it, and fails at it."""
    settled = pair.target.settled

    async def fails(path: str, operation: Any = None) -> Document | None:
        found = await settled(path, operation)
        if found and found["properties"].get("provisioningState") == "Failed":
            raise MigrateError("no capacity is left")
        return found

    pair.target.settled = fails  # type: ignore[method-assign] - for this once
    try:
        await pair.cut_over()
    finally:
        pair.target.settled = settled  # type: ignore[method-assign] - as it was


async def test_others_are_told_what_stands_and_keep_what_they_know(pair: Pair) -> None:
    await pair.cut_over()
    other = {
        "plan": "cd" * 32,
        "workspaceId": "w",
        "side": "source",
        "address": "schedules/x",
        "was": {},
        "left": {},
    }
    mine = {"plan": PLAN.sha256, "address": "stale"}
    found = switches.for_others(pair.evidence.reports(), PLAN.sha256, "ws", [other, mine, "odd"])
    assert found[0] == other and [one["address"] for one in found[1:]] == [str(NIGHTLY), str(THEIRS), str(NIGHTLY)]
    assert {one["workspaceId"] for one in found[1:]} == {"ws"}
    assert isinstance(report("cutover-back"), CutoverBack)
