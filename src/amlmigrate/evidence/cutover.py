"""The reports of a cutover, and of one that was taken back."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Literal

from amlmigrate.evidence.base import Timed
from amlmigrate.evidence.members import Change, Count, Digests, FileRef, Free, Part, Sha256, Text, Time, Told


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


class SwitchState(StrEnum):
    """How settings that a cutover changes stand."""

    # Written before the call that changes them, and after a read has shown them.
    CHANGING = "changing"
    CHANGED = "changed"
    # The same when the cutover is taken back.
    RESTORING = "restoring"
    RESTORED = "restored"
    # They stay as they are: what stands in the way is in `note`.
    KEPT = "kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch(Timed):
    """Settings of one item that a cutover changes, or sets back: how they stand from now on.

    `address` is what its side calls it, `item` what the plan does. `was` and `becomes` are by JSON pointers, null
    for what is not there: what it was before, and what the cutover makes of it. `was_sha256` and `becomes_sha256`
    are digests of the whole document before, and as it was read after the call.
    """

    record: ClassVar[str] = "switch"

    side: Literal["source", "target"]
    item: Text
    address: Text
    state: SwitchState
    was: Free
    becomes: Free
    was_sha256: Sha256
    becomes_sha256: Sha256 | Literal[""] = ""
    note: Text = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken(Part):
    """The cutover that is taken back: its number in the chain, and its time."""

    number: Count
    time: Time


@dataclass(frozen=True, slots=True, kw_only=True)
class CutoverBack(Timed):
    """A cutover is taken back: the evidence holds both sides again. `changes`: what the target has since.

    `cutover` is null of one that was cut off. `kept` are settings that were not set back, and why.
    """

    record: ClassVar[str] = "cutover-back"

    cutover: Taken | None
    changes: tuple[Change, ...]
    kept: tuple[Told, ...] = ()
