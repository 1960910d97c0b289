"""How much of each control the evidence of a folder supports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from amlmigrate.controls.catalogue import Control
from amlmigrate.controls.facts import SourceStanding, Support

# A claim that no verification has: of one that was made before the claim was.
_NO_CLAIM = SourceStanding(Support.ABSENT, "no verification has this claim")


class Verdict(StrEnum):
    """How much of a control is supported."""

    SUPPORTED = "supported"
    IN_PART = "supported in part"
    AGAINST = "spoken against"
    NOT_SHOWN = "not shown"


@dataclass(frozen=True, slots=True)
class ControlRow:
    """A control, and how each claim and fact that it rests on stands."""

    control: Control
    sources: Mapping[str, SourceStanding]

    @property
    def verdict(self) -> Verdict:
        """What is refuted outweighs all else; what rests on nothing is never supported."""
        states = {one.state for one in self.sources.values()}
        if Support.REFUTED in states:
            return Verdict.AGAINST
        if Support.HOLDS not in states:
            return Verdict.NOT_SHOWN
        return Verdict.SUPPORTED if states == {Support.HOLDS} else Verdict.IN_PART

    def of(self, state: Support) -> dict[str, SourceStanding]:
        """The sources that stand like that, by name."""
        return {name: one for name, one in self.sources.items() if one.state is state}

    def as_dict(self) -> dict[str, Any]:
        """As JSON."""
        told = self.control
        return {
            "standard": told.standard.id,
            "control": told.control,
            "demand": told.demand,
            "verdict": self.verdict.value,
            "sources": [
                {"name": name, "state": one.state.value, "told": one.told, "file": one.file}
                for name, one in self.sources.items()
            ],
            "look": list(told.look),
            "cannot": told.cannot,
        }


def rows(controls: Iterable[Control], held: Mapping[str, SourceStanding]) -> tuple[ControlRow, ...]:
    """A row for each control."""
    return tuple(ControlRow(one, {name: held.get(name, _NO_CLAIM) for name in one.sources}) for one in controls)
