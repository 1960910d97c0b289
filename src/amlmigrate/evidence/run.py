"""The report of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from amlmigrate.evidence.base import OfPair
from amlmigrate.evidence.members import Count, ForeignBytes, Left, Part, Sha256, Text, Time
from amlmigrate.evidence.values import Found

Ended = Literal["ended", "stopped", "stopped: the target can no longer be used", "cut off before its report"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeRecord(Part):
    """All that the ledger says that the tool made in the target, and how it left it: how much, and its digest."""

    count: Count
    sha256: Sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class IdMap(Part):
    """The file of old and new ids; its digest is empty where it is not there."""

    file: Text
    sha256: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Run(OfPair):
    """What a run did, how each item stands after it, and what is left.

    `started`: when it began; `cut_off`: when those before it began that ended without a report. `items`: outcome
    to number of items. `deleted`: by the address of a step, how many blobs of the target it deleted.
    `idmap`: the map of ids as this run left it, with an empty digest where there is none.
    """

    record: ClassVar[str] = "run"

    tool: Text
    started: Time | None
    cut_off: tuple[Time, ...]
    ended: Ended
    headline: Text
    items: dict[Text, Count]
    left: tuple[Left, ...]
    foreign_bytes: tuple[ForeignBytes, ...]
    deleted: dict[Text, Count]
    warnings: tuple[Found, ...]
    idmap: IdMap
    made: MadeRecord
