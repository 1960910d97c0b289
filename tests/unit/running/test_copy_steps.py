"""A step about bytes: what it hands to the copier or the deleter, and when what came of it is on the disk."""

from __future__ import annotations

from typing import Any

import pytest
from tests.builders.clocks import Clock
from tests.builders.world import blob, step

from amlmigrate.core.errors import DriftError
from amlmigrate.core.ownership_record import Copied, OwnershipRecord
from amlmigrate.core.plan import Action, Bytes, Gone, Step
from amlmigrate.core.state import State
from amlmigrate.core.workspace import Location
from amlmigrate.running import copy_executor
from amlmigrate.running.copy_executor import CopyExecutor, StepRecord, unneeded

GOAL = Location("cmkacct", "c", "d")
CONTAINER = Location("cmkacct", "c")
AMOUNT = Bytes(Location("acct", "c", "d"), GOAL, 1, 1)
COPY, DELETE = step("blobs/c/d", action=Action.COPY), step("blobs/c/d", action=Action.DELETE)
OURS = Copied('"s"', '"t"')
GONE = Gone("d/1", '"t"', 3)


class Ledger:
    """Notes each call, with what it was given."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Any:
        async def noted(*given: Any, **named: Any) -> frozenset[str]:
            told = [list(one) if name in ("begin_copy", "ask_for") and one is given[-1] else one for one in given]
            self.calls.append((name, *told, *named.values()))
            return frozenset({"d/9"})

        return noted


class Worker:
    """A copier and a deleter: each tells the record of one blob, and ends as a test says."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error, self.given = error, dict[str, Any]()

    async def copy(self, step: Step, amount: Bytes, record: StepRecord, **more: Any) -> str:
        await record.arrived("d/1", OURS)
        return self._ended("copied", step=step, amount=amount, **more)

    async def delete(self, step: Step, amount: Bytes, record: StepRecord, needed: Any) -> str:
        await record.deleted("d/1")
        return self._ended("deleted", step=step, amount=amount, needed=needed)

    def _ended(self, note: str, **given: Any) -> str:
        self.given = given
        if self.error:
            raise self.error
        return note


def steps(worker: Worker, ledger: Ledger, **more: Any) -> CopyExecutor:
    copier: Any = worker
    own: Any = ledger
    return CopyExecutor(copier, copier, own, **({"prior": OwnershipRecord()} | more))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock(0.0)
    monkeypatch.setattr(copy_executor, "time", clock)
    return clock


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


def record(ledger: Ledger, **more: Any) -> StepRecord:
    return StepRecord(steps(Worker(), ledger, **more), COPY, CONTAINER)


@pytest.mark.parametrize(("state", "own"), [(State.DOING, True), (State.PENDING, False), (State.FAILED, False)])
async def test_only_what_was_cut_off_amid_a_copy_is_taken_for_its_own(
    state: State, own: bool, ledger: Ledger
) -> None:
    worker = Worker()
    apart = frozenset({Location("cmkacct", "c", "d/x"), Location("cmkacct", "other", "d/y")})
    await steps(worker, ledger, apart=apart).carry_out(COPY, AMOUNT, state)
    assert (worker.given["step"], worker.given["amount"], worker.given["found_is_own"]) == (COPY, AMOUNT, own)
    assert [path in worker.given["apart"] for path in ("d/x", "d/y", "d")] == [True, False, False]
    assert ledger.calls == [
        ("copied", CONTAINER, [("d/1", OURS)]),
        ("move", COPY.address, State.DONE, "copied"),
    ]


async def test_a_deletion_asks_who_needs_the_place(ledger: Ledger) -> None:
    worker = Worker()
    await steps(worker, ledger).carry_out(DELETE, AMOUNT, State.PENDING)
    assert (worker.given["step"], worker.given["amount"], worker.given["needed"]) == (DELETE, AMOUNT, unneeded)
    assert ledger.calls == [
        ("deleted", DELETE.address, ["d/1"]),
        ("move", DELETE.address, State.DONE, "deleted"),
    ]
    assert (await unneeded())(GOAL) == ""


@pytest.mark.parametrize(("which", "kept"), [(COPY, "copied"), (DELETE, "deleted")])
async def test_what_came_before_a_failure_is_written_down_and_the_step_is_not_done(
    which: Step, kept: str, ledger: Ledger
) -> None:
    with pytest.raises(DriftError):
        await steps(Worker(DriftError("It changed.")), ledger).carry_out(which, AMOUNT, State.PENDING)
    assert [call[0] for call in ledger.calls] == [kept]


async def test_copies_are_written_down_two_hundred_at_once(ledger: Ledger, clock: Clock) -> None:
    found = record(ledger)
    for number in range(199):
        await found.arrived(f"d/{number}", OURS)
    assert ledger.calls == []
    await found.arrived("d/199", OURS)
    assert ledger.calls == [("copied", CONTAINER, [(f"d/{number}", OURS) for number in range(200)])]
    await found.write()
    assert len(ledger.calls) == 1, "each once"


async def test_none_waits_for_more_than_two_seconds(ledger: Ledger, clock: Clock) -> None:
    found = record(ledger)
    clock.at = 2.0
    await found.arrived("d/1", OURS)
    assert ledger.calls == []
    clock.at = 2.5
    await found.deleted("d/2")
    assert ledger.calls == [("copied", CONTAINER, [("d/1", OURS)]), ("deleted", COPY.address, ["d/2"])]
    # From then on, not from the beginning.
    clock.at = 4.5
    await found.arrived("d/3", OURS)
    assert len(ledger.calls) == 2
    clock.at = 4.75
    await found.arrived("d/4", OURS)
    assert ledger.calls[2:] == [("copied", CONTAINER, [("d/3", OURS), ("d/4", OURS)])]


async def test_the_first_that_are_asked_for_begin_the_copy_and_the_others_go_on_with_it(ledger: Ledger) -> None:
    found = record(ledger)
    await found.begin(iter([blob("d/1")]))
    await found.begin(iter([blob("d/2")]))
    assert ledger.calls == [
        ("begin_copy", COPY.address, CONTAINER, [blob("d/1")]),
        ("ask_for", CONTAINER, [blob("d/2")]),
    ]


async def test_the_record_is_that_of_its_step_and_container(ledger: Ledger) -> None:
    prior = OwnershipRecord(blobs={("cmkacct", "c", "d/1"): OURS, ("cmkacct", "other", "d/2"): OURS})
    found = record(ledger, prior=prior)
    assert [found.own(path) for path in ("d/1", "d/2")] == [OURS, None]
    assert await found.asked() == frozenset({"d/9"})
    await found.deleting([GONE])
    await found.left({"d/1": '"e"'})
    assert ledger.calls == [
        ("asked", COPY.address),
        ("begin_deleting", COPY.address, [GONE]),
        ("leave", COPY.address, CONTAINER, {"d/1": '"e"'}),
    ]
