"""The reports of a cutover, and of one that was taken back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from amlmigrate.evidence.base import Timed
from amlmigrate.evidence.members import Change, Count, Digests, FileRef, Part, Sha256, Text, Time


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified(Part):
    """The verification that a cutover rests on: the number and the SHA-256 of its report."""

    number: Count
    sha256: Sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class Cutover(Timed):
    """From here on the target lives: the source is held to `digests`, and the target to what was proven.

    `unfrozen`: why it did not matter that others could write the source, null where nobody said so; `writers`: who
    could, a sentence each; `warnings`: what else was found about them.
    """

    record: ClassVar[str] = "cutover"

    unfrozen: Text | None
    writers: tuple[Text, ...]
    warnings: tuple[Text, ...]
    evidence: Verified
    digests: Digests
    manifests: tuple[FileRef, ...]

    @property
    def files(self) -> tuple[FileRef, ...]:
        """The files beside it that it names."""
        return self.manifests


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken(Part):
    """The cutover that is taken back: its number in the chain, and its time."""

    number: Count
    time: Time


@dataclass(frozen=True, slots=True, kw_only=True)
class CutoverBack(Timed):
    """A cutover is taken back: the evidence holds both sides again. `changes`: what the target has since."""

    record: ClassVar[str] = "cutover-back"

    cutover: Taken
    changes: tuple[Change, ...]
