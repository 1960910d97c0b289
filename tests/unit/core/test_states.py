"""The states of a step, what may follow what, and how an item ends."""

from __future__ import annotations

import itertools

import pytest

from amlmigrate.core.decision import DecisionVerb
from amlmigrate.core.plan import Action
from amlmigrate.core.state import FOLLOWS, Outcome, State, outcome

ACTIONS = [action for action in Action if action.carried_out]


def test_every_state_says_what_may_follow_it() -> None:
    assert set(FOLLOWS) == set(State)


def test_the_way_of_a_step_is_the_contracts() -> None:
    way = [State.PENDING, State.DOING, State.CREATED, State.DONE]
    assert all(after in FOLLOWS[before] for before, after in itertools.pairwise(way))


@pytest.mark.parametrize("end", [State.DONE, State.SKIPPED])
def test_what_has_ended_stays_ended(end: State) -> None:
    assert not FOLLOWS[end]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (State.PENDING, State.CREATED),
        (State.FAILED, State.CREATED),
        (State.CREATED, State.PENDING),
        (State.BLOCKED, State.DONE),
        (State.BLOCKED, State.DOING),
        (State.FAILED, State.DONE),
        (State.DOING, State.BLOCKED),
    ],
)
def test_no_state_is_passed_over(before: State, after: State) -> None:
    assert after not in FOLLOWS[before]


def test_from_every_open_state_a_step_can_still_be_done() -> None:
    reached = {State.DONE}
    while more := {state for state, after in FOLLOWS.items() if after & reached} - reached:
        reached |= more
    assert reached == set(State) - {State.SKIPPED}


@pytest.mark.parametrize(
    ("action", "end"),
    [
        (Action.CREATE, Outcome.MIGRATED),
        (Action.COPY, Outcome.MIGRATED),
        (Action.UPDATE, Outcome.UPDATED),
        (Action.ADOPT, Outcome.ADOPTED),
    ],
)
def test_a_done_step_ends_by_its_action(action: Action, end: Outcome) -> None:
    assert outcome(action, "", State.DONE) is end
    assert outcome(action, "", State.DONE, DecisionVerb.WAIVE) is end


@pytest.mark.parametrize(
    ("action", "state", "end"),
    [
        *((action, state, Outcome.REMAINING) for action in ACTIONS for state in (State.PENDING, State.DOING, State.CREATED)),
        *((action, State.FAILED, Outcome.FAILED) for action in ACTIONS),
        *((action, State.BLOCKED, Outcome.BLOCKED) for action in ACTIONS),
        # No run carries these out.
        (Action.MANUAL, State.PENDING, Outcome.MANUAL),
        (Action.CONFLICT, State.PENDING, Outcome.CONFLICT),
    ],
)  # fmt: skip
def test_what_is_not_done_is_open_until_it_is_waived(action: Action, state: State, end: Outcome) -> None:
    assert outcome(action, "", state) is end
    assert not end.settled
    assert outcome(action, "", state, DecisionVerb.WAIVE) is Outcome.WAIVED
    assert Outcome.WAIVED.settled


@pytest.mark.parametrize(
    ("reason", "end"),
    [("left by selection", Outcome.UNSELECTED), ("curated: the service offers it", Outcome.NOT_NEEDED)],
)
def test_a_skipped_step_ends_by_its_reason(reason: str, end: Outcome) -> None:
    assert outcome(Action.SKIP, reason, State.PENDING) is end
    assert end.settled
    waived = outcome(Action.SKIP, reason, State.PENDING, DecisionVerb.WAIVE)
    assert waived is (Outcome.WAIVED if end is Outcome.UNSELECTED else end)


def test_only_five_actions_are_carried_out_and_adopting_writes_nothing() -> None:
    assert set(ACTIONS) == {Action.CREATE, Action.UPDATE, Action.COPY, Action.DELETE, Action.ADOPT}
    assert [action for action in ACTIONS if not action.writes] == [Action.ADOPT]
