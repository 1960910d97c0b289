"""The actions of roles by which a request was let in, noted while it is answered, for the request log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field


@dataclass(slots=True)
class Judged:
    """Of one request: whose it is, and which actions and data actions their roles were found to grant."""

    object_id: str
    actions: set[str] = field(default_factory=set)
    data_actions: set[str] = field(default_factory=set)

    @property
    def shown(self) -> dict[str, list[str]]:
        """What the log has of them: nothing of what is none."""
        each = {"actions": sorted(self.actions), "data_actions": sorted(self.data_actions)}
        return {name: found for name, found in each.items() if found}


_now: ContextVar[Judged | None] = ContextVar("judged", default=None)


@contextmanager
def noting(object_id: str) -> Iterator[Judged]:
    """What is noted while this lasts; what identities of resources are judged by meanwhile is not."""
    judged = Judged(object_id)
    token = _now.set(judged)
    try:
        yield judged
    finally:
        _now.reset(token)


def granted(object_id: str, action: str, *, data: bool) -> None:
    """Notes that an action was granted to somebody."""
    judged = _now.get()
    if judged is not None and judged.object_id == object_id:
        (judged.data_actions if data else judged.actions).add(action)
