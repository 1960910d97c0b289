"""Who used the keys of a vault, summed up for somebody to confirm who of them is expected.

Whom the service that holds workspaces' metadata uses a key as is not documented (AZ-LOG-9): what a week of the log
shows is the way to know.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from amlmigrate.alarms.rows import USES


class CountedUse(Protocol):
    """What one caller did, summed up or a single call."""

    @property
    def operation(self) -> str:
        """As the log names it."""

    @property
    def caller(self) -> str:
        """An object id."""

    @property
    def application(self) -> str:
        """A client id."""

    @property
    def calls(self) -> int:
        """How often."""

    @property
    def refused(self) -> int:
        """How often with an error."""


@dataclass(frozen=True, slots=True)
class KeyCaller:
    """Somebody who used keys: calls by operation, and how many calls were refused. Both ids are in lower case."""

    object_id: str
    application: str
    operations: Mapping[str, int]
    refused: int

    @property
    def calls(self) -> int:
        """All calls."""
        return sum(self.operations.values())


def callers(uses: Iterable[CountedUse]) -> tuple[KeyCaller, ...]:
    """Those who used keys, the most frequent first; what changes, copies or lists keys is no use of one."""
    operations: dict[tuple[str, str], Counter[str]] = {}
    refused: Counter[tuple[str, str]] = Counter()
    for one in uses:
        if one.operation in USES:
            who = (one.caller.lower(), one.application.lower())
            operations.setdefault(who, Counter())[one.operation] += one.calls
            refused[who] += one.refused
    found = (KeyCaller(*who, dict(sorted(counts.items())), refused[who]) for who, counts in operations.items())
    return tuple(sorted(found, key=lambda one: (-one.calls, one.object_id, one.application)))
