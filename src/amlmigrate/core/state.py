"""The states of a step, which of them may follow which, and how an item ends in a report."""

from __future__ import annotations

from enum import StrEnum

from amlmigrate.core.decision import DecisionVerb
from amlmigrate.core.plan import Action


class State(StrEnum):
    """A step's state in the ledger."""

    PENDING = "pending"
    DOING = "doing"
    CREATED = "created"
    DONE = "done"
    FAILED = "failed"
    BLOCKED = "blocked"
    SKIPPED = "skipped"


FOLLOWS: dict[State, frozenset[State]] = {
    State.PENDING: frozenset({State.DOING, State.BLOCKED, State.SKIPPED, State.FAILED, State.DONE}),
    State.DOING: frozenset({State.CREATED, State.DONE, State.FAILED, State.PENDING}),
    State.CREATED: frozenset({State.DOING, State.DONE, State.FAILED}),
    State.FAILED: frozenset({State.PENDING, State.DOING}),
    State.BLOCKED: frozenset({State.PENDING}),
    State.DONE: frozenset(),
    State.SKIPPED: frozenset(),
}


class Outcome(StrEnum):
    """How an item ends in every report."""

    MIGRATED = "migrated"
    UPDATED = "updated"
    ADOPTED = "adopted"
    DELETED = "deleted"
    UNSELECTED = "left by selection"
    NOT_NEEDED = "not needed in the target"
    BY_HAND = "done by hand"
    WAIVED = "waived"
    MANUAL = "left to do by hand"
    CONFLICT = "in conflict"
    FAILED = "failed"
    BLOCKED = "blocked"
    REMAINING = "remaining"
    TO_CUT_OVER = "left for the cutover"
    CUT_OVER = "cut over"

    @property
    def settled(self) -> bool:
        """Whether nothing is left to do for the item."""
        return self in (
            Outcome.MIGRATED,
            Outcome.UPDATED,
            Outcome.ADOPTED,
            Outcome.DELETED,
            Outcome.UNSELECTED,
            Outcome.NOT_NEEDED,
            Outcome.BY_HAND,
            Outcome.WAIVED,
            Outcome.CUT_OVER,
            # No run and no verification waits for it; the gate of the removal asks for it.
            Outcome.TO_CUT_OVER,
        )


# By these an item of the source is in the target.
IN_TARGET = (Outcome.MIGRATED, Outcome.UPDATED, Outcome.ADOPTED)


UNSELECTED_REASON = "left by selection"
# How a step is told that a cutover has tried and could not make: it waits still, and may be let go.
NOT_MADE = "the cutover could not make it: "
_ENDED = {
    Action.CREATE: Outcome.MIGRATED,
    Action.COPY: Outcome.MIGRATED,
    Action.UPDATE: Outcome.UPDATED,
    Action.ADOPT: Outcome.ADOPTED,
    Action.DELETE: Outcome.DELETED,
}
# What no run carries out.
_LEFT = {
    Action.SKIP: Outcome.UNSELECTED,
    Action.MANUAL: Outcome.MANUAL,
    Action.CONFLICT: Outcome.CONFLICT,
}
_BY_STATE = {State.FAILED: Outcome.FAILED, State.BLOCKED: Outcome.BLOCKED}


def outcome(
    action: Action, reason: str, state: State, decided: DecisionVerb | None = None, *, for_cutover: bool = False
) -> Outcome:
    """How a step's item ends, given its state and what a person decided about it."""
    if action is Action.SKIP and not reason.startswith(UNSELECTED_REASON):
        return Outcome.NOT_NEEDED
    if state is State.DONE and action in _ENDED:
        return Outcome.CUT_OVER if for_cutover else _ENDED[action]
    if decided:
        return Outcome.BY_HAND if decided is DecisionVerb.DONE else Outcome.WAIVED
    if for_cutover and state is State.PENDING:
        return Outcome.TO_CUT_OVER
    return _LEFT.get(action) or _BY_STATE.get(state, Outcome.REMAINING)
