"""The levels of one resource, each with who says it, or why it is not known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from amlmigrate.posture.tagging import LevelTeller, ToldLevel

_UNTOLD = "neither a tag nor a rule tells it"


@dataclass(frozen=True, slots=True)
class Levels:
    """By the name of the fact: who says which level, and why one is not known though something tells one."""

    told: Mapping[str, ToldLevel] = field(default_factory=dict)
    doubts: Mapping[str, str] = field(default_factory=dict)

    def level(self, fact: str) -> str | None:
        """The level of a fact; None where it is not known."""
        one = self.told.get(fact)
        return one.level if one and fact not in self.doubts else None

    def text(self, fact: str) -> str:
        """Which level it is and by whom, or why that is not known: a clause."""
        one = self.told.get(fact)
        if fact in self.doubts or one is None:
            return f"not known: {self.doubts.get(fact, _UNTOLD)}"
        return f"{one.level} by {_by(one)}"

    def as_dict(self, fact: str) -> dict[str, Any]:
        """`level`, who says it as in a scan, and `not_known`: why it is not known."""
        one = self.told.get(fact) if fact not in self.doubts else None
        if one is None:
            return {"level": None, "not_known": self.doubts.get(fact, _UNTOLD)}
        return {"level": one.level, **one.source, "not_known": None}


def _by(one: ToldLevel) -> str:
    if one.by is LevelTeller.DECISION:
        other = f"tags and rules say {one.otherwise}" if one.otherwise else "neither a tag nor a rule tells one"
        return f"a decision of its owner ({one.owner}, {one.date}), while {other}"
    if one.by is LevelTeller.TAG:
        return f"the tag '{one.tag}'"
    return f"a rule, guessed in the tag '{one.tag}'" if one.tag else "a rule, and no tag"
