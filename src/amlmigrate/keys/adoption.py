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
    """Against the newest version that is enabled and valid by now.

    A version that Azure does not tell is not known, never the newest: as of a workspace whose key is named
    without one (AZ-KEY-14).
    """
    goal = key.goal(now)
    if goal is not None and dependant.in_use.lower() == goal.version.lower():
        return KeyStanding(Adoption.NEWEST)
    if goal is None or (why := _unknown(key, dependant, goal, now)):
        refused = key.versions.refused or "The key has no version that is enabled and valid by now."
        return KeyStanding(Adoption.NOT_KNOWN, why=f"which version counts: {refused}" if goal is None else why)
    if dependant.follows is None:
        return KeyStanding(Adoption.LEFT_BEHIND)
    assert goal.begins
    # Inferred (AZ-KEY-36): what goes over by itself takes a version no sooner than it is valid.
    until = goal.begins + dependant.follows
    return KeyStanding(Adoption.WAITING, until) if now < until else KeyStanding(Adoption.LEFT_BEHIND)


def _unknown(key: KeyInUse, dependant: Dependant, goal: KeyVersion, now: datetime) -> str:
    """Why nobody can tell where one stands that is not on the version that counts; empty where somebody can."""
    if not dependant.in_use:
        return "which version it uses: Azure does not say"
    used = key.version(dependant.in_use)
    if used and used.not_before and used.early(now):
        return (
            f"whether it can write: the version that it uses is not valid before {used.not_before:%Y-%m-%d %H:%M}"
            " UTC, and a vault refuses to wrap with it until then"
        )
    if key.is_newer(dependant.in_use, goal):
        # Nothing goes back: what was written under the newer version needs it.
        return "which version counts: it uses one that is newer and disabled"
    return "since when the newest version is there" if dependant.follows and goal.begins is None else ""
