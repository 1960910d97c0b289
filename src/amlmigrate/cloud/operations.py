"""How a long-running operation or a resource stands: the one table of states, and where an operation is polled.

learn.microsoft.com/azure/azure-resource-manager/management/async-operations: an answer to a change names where it
is polled in `Azure-AsyncOperation` (whose answers have a `status`) or `Location` (202 until the end), else the
resource's own `provisioningState` tells; `Succeeded`, `Failed` and `Canceled` are ends, any other word is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from amlmigrate.cloud.errors import retry_after
from amlmigrate.core.documents import Document, shown_properties

# With 201 `Location` is the resource, as the request named it, whose own state tells (AZ-ARM-13).
_ACCEPTED = 202
# Nothing is asked sooner of an operation whose first answer names no time.
_FIRST = 0.5


class Ending(StrEnum):
    """How something stands, as far as an answer tells. `UNKNOWN` is an answer that tells nothing."""

    UNDER_WAY = "under way"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"


# Every end that an operation or a resource can come to (AZ-ARM-11, AZ-ARM-13), in lower case. All else, also a
# word that is not known, is under way until the deadline, and then told as not known.
STATES: Mapping[str, Ending] = {
    "succeeded": Ending.SUCCEEDED,
    "failed": Ending.FAILED,
    "canceled": Ending.FAILED,
    # Inferred (AZ-ARM-12): a provider may spell it so.
    "cancelled": Ending.FAILED,
    # Of providers (`registrationState`).
    "registered": Ending.SUCCEEDED,
    "notregistered": Ending.FAILED,
    "unregistered": Ending.FAILED,
}
# Of those under way, the words for one that ends in absence.
_GOING = frozenset({"deleting", "softdeleting"})


def state(document: Document | None) -> str:
    """`provisioningState` (a provider's: `registrationState`), in lower case; empty where there is none."""
    return _spelled(document or {}).lower()


def _spelled(found: Document) -> str:
    told = (shown_properties(found) or {}).get("provisioningState")
    return str(told or found.get("registrationState") or "")


def word_of(body: Any) -> str:
    """The word that an operation or a resource tells its state by, as the service spells it."""
    return str(body.get("status") or _spelled(body)) if isinstance(body, dict) else ""


def of_state(word: str) -> Ending:
    """How what tells this word stands."""
    return STATES.get(word.lower(), Ending.UNDER_WAY)


def of_resource(document: Document | None) -> Ending:
    """How a resource stands; nothing is under way at one that tells no state."""
    word = state(document)
    return of_state(word) if word else Ending.SUCCEEDED


def under_way(document: Document | None) -> bool:
    """Whether the service is still at work on a resource."""
    return of_resource(document) is Ending.UNDER_WAY


def going(document: Document | None) -> bool:
    """Whether a resource is being deleted."""
    return state(document) in _GOING


@dataclass(frozen=True, slots=True)
class Operation:
    """Where a change that was accepted is polled: `url` to be followed as it is, signature and all, for minutes.

    `tells`: `Azure-AsyncOperation`, whose answers name a status; else `Location`, which answers 202 until the end,
    or is the resource itself. `after`: so many seconds are waited before the first look. A ledger keeps it as
    `as_dict`, and whoever goes on after a kill polls it there.
    """

    url: str
    tells: bool
    after: float = 0.0

    @classmethod
    def of(cls, status: int, headers: Any) -> Operation | None:
        """Of an answer to a change; None where it is done already, or names no address."""
        after = retry_after(headers) or _FIRST
        if url := headers.get("Azure-AsyncOperation"):
            return cls(str(url), tells=True, after=after)
        link = headers.get("Location") if status == _ACCEPTED else None
        return cls(str(link), tells=False, after=after) if link else None

    @classmethod
    def of_dict(cls, kept: Document) -> Operation:
        """As a ledger has kept it."""
        return cls(str(kept["url"]), tells=bool(kept["tells"]))

    def as_dict(self) -> Document:
        """As a ledger keeps it."""
        return {"url": self.url, "tells": self.tells}

    def ending(self, status: int, body: Any) -> Ending:
        """What an answer of 200 to 299 of its address says."""
        if status == 202:
            return Ending.UNDER_WAY
        told = body.get("status") if isinstance(body, dict) else None
        if told and isinstance(told, str):
            return of_state(told)
        if self.tells:
            return Ending.UNKNOWN
        return of_resource(body) if isinstance(body, dict) else Ending.SUCCEEDED
