"""The report of a verification: what is the same, what is not, and what both sides were when it was made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from amlmigrate.evidence.base import Timed
from amlmigrate.evidence.members import (
    Change,
    CodeBytes,
    Count,
    Digests,
    FileRef,
    Flag,
    ForeignBytes,
    Left,
    Part,
    Text,
    Told,
)
from amlmigrate.evidence.values import Claimed, Found

Depth = Literal["metadata", "checksum", "sdk"]
_READ = ("checksum", "sdk")


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceRecord(Part):
    """One field that is not as it should be; `expected` and `actual` are JSON."""

    address: Text
    field: Text
    expected: Any
    actual: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class NamingFile(Part):
    """A file of the target that names places of the source: what it was copied with, where it lies, how often."""

    prefix: Text
    file: Text
    count: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class Same(Part):
    """How many were compared and are the same; at depth `metadata` the bytes were not read."""

    blobs: Count
    documents: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class Of(Part):
    """How many of the source's were to be the same, those that were let go among them."""

    blobs: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class MLClientReads(Part):
    """What MLClient reads: of how many assets, how many in the target; of the rest, address to reason."""

    assets: Count
    readable: Count
    unreadable_alike: dict[Text, Text]
    source_not_checked: dict[Text, Text]


@dataclass(frozen=True, slots=True, kw_only=True)
class SinceCutover(Part):
    """What has become of the target since the cutover whose report has the number `cutover`.

    `blobs`, `bytes`: how much of what was proven is as it was; `open`: what was lost and nobody has let go.
    """

    cutover: Count
    open: tuple[Found, ...]
    blobs: Count
    bytes: Count
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verify(Timed):
    """What a verification compared and what it came to.

    A verification after the cutover has `since_cutover`, and none of what a comparison of both sides alone has:
    `headline`, `same`, `of`, `tolerated`, `not_in_target`, `not_the_same`, `not_compared`.
    """

    record: ClassVar[str] = "verify"

    depth: Depth
    green: Flag
    items: dict[Text, Count]
    waived: tuple[Told, ...]
    by_hand: tuple[Told, ...]
    unsettled: tuple[Left, ...]
    open_findings: tuple[Found, ...]
    decided_findings: tuple[Told, ...]
    foreign_bytes: tuple[ForeignBytes, ...]
    differences: tuple[DifferenceRecord, ...]
    posture: tuple[Found, ...]
    claims: tuple[Claimed, ...]
    warnings: tuple[Found, ...]
    found: tuple[Found, ...]
    naming_files: tuple[NamingFile, ...]
    rewritten_files: tuple[Text, ...]
    false_md5_labels: tuple[Text, ...]
    not_checked: tuple[Text, ...]
    code_bytes: CodeBytes | None
    blobs: Count
    bytes: Count
    trees: dict[Text, dict[Text, Text]]
    sdk: MLClientReads | None = None
    let_go: dict[Text, Text]
    since_cutover: SinceCutover | None = None
    tolerated: tuple[DifferenceRecord, ...] | None = None
    same: Same | None = None
    of: Of | None = None
    not_in_target: dict[Text, Count] | None = None
    not_compared: dict[Text, Count] | None = None
    not_the_same: dict[Text, Count] | None = None
    headline: Text | None = None
    digests: Digests
    manifests: tuple[FileRef, ...]

    @property
    def files(self) -> tuple[FileRef, ...]:
        """The files beside it that it names."""
        return self.manifests

    @property
    def reads_bytes(self) -> bool:
        """Whether every byte was read."""
        return self.depth in _READ
