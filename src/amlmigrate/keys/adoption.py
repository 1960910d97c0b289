"""Where each dependant stands against the version of its key that counts. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from amlmigrate.core.keys import KeyVersion
from amlmigrate.keys.model import Adoption, Dependant, KeyInUse


@dataclass(frozen=True, slots=True)
class KeyStanding:
    """Where a dependant stands; `until` is when it has gone over by itself at the latest, where it is waiting.

    `why` says what is not known.
    """

    adoption: Adoption
    until: datetime | None = None
    why: str = ""


def of(key: KeyInUse, dependant: Dependant, now: datetime) -> KeyStanding:
    """Against the newest version that is enabled.

    A version that Azure does not tell is not known, never the newest: as of a workspace whose key is named
    without one (AZ-KEY-14).
    """
    goal = key.goal
    if goal is None:
        refused = key.versions.refused or "The key has no version that is enabled."
        return KeyStanding(Adoption.NOT_KNOWN, why=f"which version counts: {refused}")
    if not dependant.in_use:
        return KeyStanding(Adoption.NOT_KNOWN, why="which version it uses: Azure does not say")
    if dependant.in_use.lower() == goal.version.lower():
        return KeyStanding(Adoption.NEWEST)
    if key.is_newer(dependant.in_use, goal):
        # Nothing goes back: what was written under the newer version needs it.
        return KeyStanding(Adoption.NOT_KNOWN, why="which version counts: it uses one that is newer and disabled")
    return _on_older(goal, dependant, now)


def _on_older(goal: KeyVersion, dependant: Dependant, now: datetime) -> KeyStanding:
    if dependant.follows is None:
        return KeyStanding(Adoption.LEFT_BEHIND)
    if goal.created is None:
        return KeyStanding(Adoption.NOT_KNOWN, why="since when the newest version is there")
    until = goal.created + dependant.follows
    return KeyStanding(Adoption.WAITING, until) if now < until else KeyStanding(Adoption.LEFT_BEHIND)
