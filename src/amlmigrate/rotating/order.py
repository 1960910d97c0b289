"""Which keys are due, and in which order: the least grave environment first. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from amlmigrate.evidence.members import EnvironmentTold
from amlmigrate.keys import judging
from amlmigrate.keys.model import KeyInUse
from amlmigrate.posture.levels import Levels
from amlmigrate.posture.tagging import ENVIRONMENT, Standard

_DUE = frozenset({"overdue", "left-behind"})
UNKNOWN_ENVIRONMENT = "not known"


def environment(key: KeyInUse, standard: Standard) -> str:
    """The gravest environment of what lies under a key; not known where one tells none, or nothing was seen."""
    found = key.level(ENVIRONMENT, standard.facts[ENVIRONMENT].levels) if key.dependants else None
    return found or UNKNOWN_ENVIRONMENT


def needs_approval(environment_: str, standard: Standard) -> bool:
    """Whether another identity has to agree: in production, and where nobody can tell that it is not."""
    return environment_ in (UNKNOWN_ENVIRONMENT, standard.facts[ENVIRONMENT].levels[-1])


def who_says(key: KeyInUse, environment_: str) -> Iterator[str]:
    """Of each thing by which a key is of that environment, or by which that is not known: who says so."""
    wanted = None if environment_ == UNKNOWN_ENVIRONMENT else environment_
    for one in key.dependants:
        if one.levels.level(ENVIRONMENT) == wanted:
            yield f"{one.called}: {one.levels.text(ENVIRONMENT)}"


def environment_by(found: Iterable[tuple[str, Levels]]) -> tuple[EnvironmentTold, ...]:
    """The environment of each thing, by its ARM id, as reports have it."""
    return tuple(
        EnvironmentTold(id=id_, **{name: value or "" for name, value in levels.as_dict(ENVIRONMENT).items()})
        for id_, levels in found
    )


def due(keys: Iterable[KeyInUse], standard: Standard, now: datetime) -> list[KeyInUse]:
    """The keys that are overdue, left behind or still waited for, development first."""
    found = [one for one in keys if _is_due(one, now)]
    levels = (*standard.facts[ENVIRONMENT].levels, UNKNOWN_ENVIRONMENT)
    return sorted(found, key=lambda one: (levels.index(environment(one, standard)), one.name))


def _is_due(key: KeyInUse, now: datetime) -> bool:
    verdict = judging.verdict(key, now)
    return bool(verdict.waiting) or any(one.code in _DUE for one in verdict.issues)
