"""Which prefixes are compared and which blobs are not expected: nothing is wider than what somebody let go."""

from __future__ import annotations

from typing import Any

import pytest
from tests.builders.world import plan, step

from amlmigrate.core.plan import Action, Bytes, Gone, Step
from amlmigrate.core.workspace import Location
from amlmigrate.verifying.exclusions import compared, let_go, not_compared

AT = "blobs/c/d"
SOURCE, GOAL = Location("acct", "c", "d"), Location("cmkacct", "t", "d")
GONE = (Gone("d/old", '"o"', 3), Gone("d/older", '"p"', 4))
STAYS = {GOAL.at("d/old"): '"o"', GOAL.at("d/older"): '"p"'}


def bytes_step(action: Action, *, blob: bool = False, **more: Any) -> Step:
    return step(AT, action=action, bytes=Bytes(SOURCE, GOAL, 7, 21), blob=blob, **more)


@pytest.mark.parametrize(
    ("made", "waived", "left", "is_compared"),
    [
        (bytes_step(Action.COPY), set(), {}, True),
        (bytes_step(Action.UPDATE), set(), {}, True),
        (bytes_step(Action.ADOPT), set(), {}, True),
        (bytes_step(Action.MANUAL), set(), {}, False),
        (bytes_step(Action.SKIP), set(), {}, False),
        (bytes_step(Action.DELETE), set(), {}, False),
        (bytes_step(Action.COPY, blob=True), set(), {}, False),
        (step("data/d/1"), set(), {}, False),
        # Let go as a whole; of one of which the run left some blobs alone, only these were shown.
        (bytes_step(Action.COPY), {AT}, {}, False),
        (bytes_step(Action.COPY), {AT}, {AT: frozenset({"d/1"})}, True),
        (bytes_step(Action.COPY), {"blobs/c/other"}, {}, True),
    ],
)
def test_what_moves_is_compared_unless_somebody_let_it_go(
    made: Step, waived: set[str], left: dict[str, frozenset[str]], is_compared: bool
) -> None:
    assert list(compared(plan(made), waived, left)) == [made] * is_compared


@pytest.mark.parametrize(
    ("made", "waived", "places", "count"),
    [
        (bytes_step(Action.COPY), {AT}, [], 7),
        (bytes_step(Action.UPDATE), {AT}, [], 7),
        (bytes_step(Action.ADOPT), {AT}, [], 7),
        (bytes_step(Action.CONFLICT, blob=True), {AT}, [], 7),
        (bytes_step(Action.MANUAL), {AT}, [], 0),
        (bytes_step(Action.DELETE), {AT}, [], 0),
        (bytes_step(Action.COPY), set(), [], 0),
        (step("data/d/1"), {"data/d/1"}, [], 0),
        # It lies below what is compared, and is counted there.
        (bytes_step(Action.COPY), {AT}, [Location("acct", "c")], 0),
        (bytes_step(Action.COPY), {AT}, [Location("acct", "c", "e")], 7),
    ],
)
def test_what_was_to_move_and_is_not_compared_is_counted(
    made: Step, waived: set[str], places: list[Location], count: int
) -> None:
    assert not_compared(plan(made), waived, places) == count


@pytest.mark.parametrize(
    ("made", "waived", "left", "expected"),
    [
        (bytes_step(Action.COPY), set(), {}, {}),
        # What stays beside a copy is known by its ETag, let go or not.
        (bytes_step(Action.COPY, gone=GONE), set(), {}, STAYS),
        (bytes_step(Action.COPY, gone=GONE), {AT}, {}, STAYS),
        # What is to be deleted is expected to be gone, unless somebody let that go.
        (bytes_step(Action.DELETE, gone=GONE), set(), {}, {}),
        (bytes_step(Action.DELETE, gone=GONE), {AT}, {}, STAYS),
        # What a run left alone, once that was let go, and no sooner.
        (bytes_step(Action.COPY), set(), {AT: frozenset({"d/1"})}, {}),
        (bytes_step(Action.COPY), {AT}, {AT: frozenset({"d/1"})}, {GOAL.at("d/1"): ""}),
        (bytes_step(Action.COPY), {AT}, {"blobs/c/other": frozenset({"d/1"})}, {}),
        # A blob of its own.
        (bytes_step(Action.CONFLICT, blob=True), {AT}, {AT: frozenset({"d/1"})}, {GOAL: ""}),
        (bytes_step(Action.CONFLICT, blob=True), set(), {}, {}),
        (step("data/d/1"), {"data/d/1"}, {}, {}),
    ],
)
def test_nothing_is_expected_of_what_was_let_go_and_of_nothing_else(
    made: Step, waived: set[str], left: dict[str, frozenset[str]], expected: dict[Location, str]
) -> None:
    assert let_go(plan(made), waived, left) == expected


def test_each_step_of_a_plan_is_decided_by_itself() -> None:
    other = step("blobs/c/e", action=Action.COPY, bytes=Bytes(SOURCE.at("e"), GOAL.at("e"), 2, 2))
    made = plan(step("data/d/1"), bytes_step(Action.COPY, gone=GONE), other)
    assert list(compared(made, {AT}, {})) == [other]
    assert not_compared(made, {AT, "blobs/c/e"}, []) == 9
    assert let_go(made, {"blobs/c/e"}, {"blobs/c/e": frozenset({"e/1"})}) == STAYS | {GOAL.at("e/1"): ""}
