"""The walk: ready steps in parallel, what comes after a failure blocked, the rest done."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.builders.world import plan, step
from tests.unit.running.walk import TREE, Walk

from amlmigrate.core.address import Address
from amlmigrate.core.errors import DeniedError, ExitCode, MigrateError
from amlmigrate.core.plan import Action, Step
from amlmigrate.core.state import State
from amlmigrate.running.walker import WalkResult


async def test_everything_is_done_after_what_it_comes_after(walk: Callable[..., Walk]) -> None:
    one = walk(*TREE)
    tally = await one.walk()
    assert (tally.done, tally.failed, tally.blocked, tally.stopped) == (5, [], 0, False)
    assert set(one.states().values()) == {State.DONE}
    for found in TREE:
        for before in found.after:
            assert one.begun.index(str(before)) < one.begun.index(str(found.address))


async def test_what_comes_after_a_failure_is_blocked_and_all_else_is_done(walk: Callable[..., Walk]) -> None:
    one = walk(*TREE)
    one.failing["m/b"] = MigrateError("it broke", remedy="mend it")
    tally = await one.walk()
    assert one.states() == {
        "m/a": State.DONE, "m/b": State.FAILED, "m/c": State.BLOCKED, "m/d": State.DONE, "m/e": State.DONE,
    }  # fmt: skip
    assert (tally.done, [error.summary for error in tally.failed], tally.blocked) == (3, ["it broke"], 1)
    assert "m/c" not in one.begun
    assert one.ledger.step(Address.parse("m/b")).detail == "it broke"
    assert "m/b" in one.ledger.step(Address.parse("m/c")).detail


async def test_a_failure_at_the_root_blocks_the_whole_tree_once(walk: Callable[..., Walk]) -> None:
    one = walk(*TREE, step("m/f", "m/b", "m/d"))
    one.failing["m/a"] = MigrateError("it broke")
    tally = await one.walk()
    assert (tally.done, tally.blocked) == (1, 4)
    assert sorted(event.data["address"] for event in one.events if event.name == "step.blocked") == [
        "m/b", "m/c", "m/d", "m/f",
    ]  # fmt: skip


async def test_what_comes_after_two_failures_is_blocked_by_the_first(walk: Callable[..., Walk]) -> None:
    one = walk(step("m/a"), step("m/b"), step("m/c", "m/a", "m/b"))
    one.failing = {"m/a": MigrateError("first"), "m/b": MigrateError("second")}
    tally = await one.walk(jobs=1)
    assert (len(tally.failed), tally.blocked) == (2, 1)
    assert one.states()["m/c"] is State.BLOCKED


async def test_events_tell_each_step_that_began_and_how_it_ended(walk: Callable[..., Walk]) -> None:
    one = walk(*TREE)
    one.failing["m/b"] = MigrateError("it broke", remedy="mend it")
    await one.walk()
    told = {
        name: sorted(e.data["address"] for e in one.events if e.name == name)
        for name in ("step.doing", "step.done")
    }
    assert told == {"step.doing": ["m/a", "m/b", "m/d", "m/e"], "step.done": ["m/a", "m/d", "m/e"]}
    [failed] = [event for event in one.events if event.name == "step.failed"]
    assert failed.data == {"address": "m/b", "reason": "it broke", "remedy": "mend it"}


async def test_only_what_a_run_carries_out_and_is_not_done_is_walked(walk: Callable[..., Walk]) -> None:
    one = walk(
        step("m/a"),
        step("m/skip", action=Action.SKIP),
        step("m/manual", action=Action.MANUAL),
        step("m/b", "m/a", "m/skip", "m/manual", action=Action.ADOPT),
    )
    one.ledger.move(Address.parse("m/a"), State.DONE)
    tally = await one.walk()
    assert one.begun == ["m/b"]
    assert (tally.done, tally.stopped) == (1, False)
    assert one.states()["m/skip"] is State.SKIPPED
    assert one.states()["m/manual"] is State.PENDING


async def test_a_step_is_told_the_state_that_it_was_found_in(walk: Callable[..., Walk]) -> None:
    one = walk(step("m/a"), step("m/b"))
    one.ledger.move(Address.parse("m/b"), State.DOING)
    found: dict[str, State] = {}

    async def look(walked: Step, state: State) -> None:
        found[str(walked.address)] = state

    await one.walker(look).walk(2)
    assert found == {"m/a": State.PENDING, "m/b": State.DOING}


async def test_steps_that_wait_for_each_other_stay_open_and_all_else_is_done(walk: Callable[..., Walk]) -> None:
    one = walk(step("m/a", "m/b"), step("m/b", "m/a"), step("m/c", "m/b"), step("m/d"), step("m/e", "m/d"))
    tally = await one.walk()
    assert (tally.done, tally.blocked, one.begun) == (2, 0, ["m/d", "m/e"])
    assert {one.states()[name] for name in ("m/a", "m/b", "m/c")} == {State.PENDING}


@pytest.mark.parametrize("jobs", [1, 3, 100])
async def test_no_more_steps_are_under_way_than_asked_for(walk: Callable[..., Walk], jobs: int) -> None:
    one = walk(*(step(f"m/{number:02}") for number in range(12)))
    running, most, order = 0, 0, []

    async def slow(walked: Step, _: State) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        order.append(str(walked.address))
        await asyncio.sleep(0.001)
        running -= 1

    await one.walker(slow).walk(jobs)
    assert most == min(jobs, 12)
    assert order == sorted(order)


async def test_a_refused_permission_is_told_apart(walk: Callable[..., Walk]) -> None:
    one = walk(*TREE)
    one.failing = {"m/e": MigrateError("it broke"), "m/d": DeniedError("no right")}
    tally = await one.walk()
    assert tally.denied
    assert {error.exit_code for error in tally.failed} == {ExitCode.UNEXPECTED, ExitCode.DENIED}
    assert not WalkResult(failed=[MigrateError("it broke")]).denied


@st.composite
def trees(draw: st.DrawFn) -> tuple[list[Step], set[str]]:
    """Steps that come after earlier ones, and those that fail."""
    size = draw(st.integers(1, 9))
    steps = [
        step(f"m/{number}", *(f"m/{edge}" for edge in sorted(draw(st.sets(st.integers(0, number - 1))))))
        if number
        else step("m/0")
        for number in range(size)
    ]
    return steps, draw(st.sets(st.sampled_from([str(one.address) for one in steps])))


@settings(max_examples=40)
@given(trees(), st.integers(1, 4))
def test_every_step_ends_done_failed_or_blocked_as_its_ancestors_say(
    tmp_path_factory: pytest.TempPathFactory, tree: tuple[list[Step], set[str]], jobs: int
) -> None:
    steps, failing = tree
    one = Walk(tmp_path_factory.mktemp("walk"), plan(*steps))
    one.failing = dict.fromkeys(failing, MigrateError("it broke"))
    tally = asyncio.run(one.walk(jobs))
    states = one.states()
    one.close()
    for found in steps:
        before = {states[str(address)] for address in found.after}
        expected = State.FAILED if str(found.address) in failing else State.DONE
        assert states[str(found.address)] is (State.BLOCKED if before - {State.DONE} else expected)
    ends = list(states.values())
    assert (tally.done, len(tally.failed), tally.blocked) == tuple(
        ends.count(state) for state in (State.DONE, State.FAILED, State.BLOCKED)
    )
