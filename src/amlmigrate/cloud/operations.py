"""Long-running operations: where one is polled, and what an answer there says of its end."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from amlmigrate.core.documents import Document

_UNDER_WAY = frozenset(
    {
        "inprogress",
        "updating",
        "creating",
        "deleting",
        "running",
        "accepted",
        "provisioning",
        "softdeleting",
        "notstarted",
    }
)
_SUCCEEDED = "succeeded"
_ACCEPTED = (201, 202)


class Ending(StrEnum):
    """How an operation stands, as far as its address tells. `UNKNOWN` is an answer that tells nothing."""

    UNDER_WAY = "under way"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Operation:
    """Where a change that was accepted is polled: `url` to be followed as it is, signature and all, for minutes.

    `tells`: `Azure-AsyncOperation`, whose answers name a status; else `Location`, which answers 202 until the end.
    """

    url: str
    tells: bool

    @classmethod
    def of(cls, status: int, headers: Any) -> Operation | None:
        """Of an answer to a change; None where it is done already, or names no address."""
        if status not in _ACCEPTED:
            return None
        if url := headers.get("Azure-AsyncOperation"):
            return cls(str(url), tells=True)
        return cls(str(headers["Location"]), tells=False) if headers.get("Location") else None

    def ending(self, status: int, body: Any) -> Ending:
        """What an answer of 200 to 299 of its address says."""
        told = str(body.get("status", "")).lower() if isinstance(body, dict) else ""
        if status == 202 or told in _UNDER_WAY:
            return Ending.UNDER_WAY
        if told:
            return Ending.SUCCEEDED if told == _SUCCEEDED else Ending.FAILED
        return Ending.UNKNOWN if self.tells else Ending.SUCCEEDED

    def as_dict(self) -> Document:
        """As a ledger keeps it."""
        return {"url": self.url, "tells": self.tells}
