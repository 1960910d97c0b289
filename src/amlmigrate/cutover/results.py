"""What comes of a cutover, of stopping the source only, and of taking a cutover back."""

from __future__ import annotations

from dataclasses import dataclass

from amlmigrate.core.asset import Asset
from amlmigrate.cutover.switching import NOTHING, Todo
from amlmigrate.evidence import Cutover, CutoverBack
from amlmigrate.evidence.members import Change, Told
from amlmigrate.ledger.evidence import EvidenceFile


@dataclass(frozen=True, slots=True)
class CutoverResult:
    """The record, None of a dry run, and where only a part was asked for; `already`: it was there before.

    `warnings`: what else is to be known. `todo`: what is still to be done, of a dry run what it would do; `made`:
    what was done now.
    """

    report: EvidenceFile[Cutover] | None = None
    already: bool = False
    warnings: tuple[str, ...] = ()
    todo: Todo = NOTHING
    made: Todo = NOTHING


@dataclass(frozen=True, slots=True)
class Stopped:
    """What was stopped in the source, of a dry run what would be, and a sentence for each kind that works on.

    `left`: what works by itself in the source all the same, as what was made meanwhile.
    """

    stops: tuple[Asset, ...]
    running: tuple[str, ...]
    left: tuple[Asset, ...] = ()
    done: bool = False

    @property
    def at_rest(self) -> bool:
        """Whether nothing comes into the source by itself any more."""
        return self.done and not self.running and not self.left


@dataclass(frozen=True, slots=True)
class TakenBack:
    """The report that takes a cutover back, None of a dry run; `changes`: what the target has since.

    `restores`: the settings that it sets back, the side before each. `ends`: the names of other plans that were
    cut over, and are live no more.
    """

    report: EvidenceFile[CutoverBack] | None = None
    already: bool = False
    changes: tuple[Change, ...] = ()
    restores: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()

    @property
    def kept(self) -> tuple[Told, ...]:
        """The settings that were not set back, and why."""
        return self.report.content.kept if self.report else ()
