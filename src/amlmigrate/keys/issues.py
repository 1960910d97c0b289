"""What is due of a key and of what lies under it: overdue, left behind, not usable, misplaced. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime

from amlmigrate.core import drilltag
from amlmigrate.core.armid import subscription_of
from amlmigrate.core.few import many
from amlmigrate.core.keys import KeyVersion
from amlmigrate.keys import drills, remedies
from amlmigrate.keys.adoption import KeyStanding
from amlmigrate.keys.model import Adoption, Dependant, DependantKind, KeyInUse
from amlmigrate.keys.reading import NO_KEY

_ANEW = "Create a workspace with a key that lies beside it (migrate provision), and move to it."
_RECOVER = "If it was deleted, recover it:"


@dataclass(frozen=True, slots=True)
class KeyIssue:
    """Something that is due: its kind, of what, in words, what to do, and the command that does it."""

    code: str
    about: str
    text: str
    remedy: str
    command: str = ""

    def as_dict(self) -> dict[str, str]:
        """For `--json`."""
        return asdict(self)


def age_of(created: datetime | None, now: datetime) -> int | None:
    """Whole days since then."""
    return None if created is None else max(0, (now - created).days)


def issues(
    key: KeyInUse, standings: Iterable[tuple[Dependant, KeyStanding]], now: datetime
) -> tuple[KeyIssue, ...]:
    """All of one key."""
    behind = [one for one, standing in standings if standing.adoption is Adoption.LEFT_BEHIND]
    drilled = _drilled(key, now)
    return (*drilled, *_overdue(key, now), *_left_behind(key, behind, now), *_unusable(key), *_misplaced(key))


def _drilled(key: KeyInUse, now: datetime) -> Iterator[KeyIssue]:
    """That a version bears the tag of a drill: whoever only looks ends none."""
    for one in drills.under_way(key):
        yield KeyIssue("drill", one.id, drilltag.told(one, now), "End it:", drilltag.restoring(key.name.id))


def _overdue(key: KeyInUse, now: datetime) -> Iterator[KeyIssue]:
    """That the version that counts is older than its cryptoperiod, or over."""
    goal, profile = key.goal(now), key.profile
    age = age_of(goal.created, now) if goal else None
    told = ""
    if goal and goal.expires is not None and goal.expires <= now:
        told = f"The newest version that is enabled expired on {goal.expires:%Y-%m-%d}."
    elif age is not None and age > profile.days:
        told = (
            f"The newest version that is enabled is {many(age, 'day')} old; the cryptoperiod is {profile.period}"
            f" (profile {profile.name}, by {profile.told_by})."
        )
    if told:
        yield KeyIssue("overdue", key.name.id, told, "Rotate it:", remedies.rotate(key))


def _left_behind(key: KeyInUse, behind: Iterable[Dependant], now: datetime) -> Iterator[KeyIssue]:
    goal = key.goal(now)
    for one in behind if goal else ():
        assert goal
        used = key.version(one.in_use)
        age = age_of(used.created, now) if used else None
        past = " and past its cryptoperiod" if age is not None and age > key.profile.days else ""
        old = f", {many(age, 'day')} old{past}" if age is not None else ""
        own = "" if one.follows is None else " It should have gone over by itself by now."
        told = f"uses the version {one.in_use}{old}, and the key has a newer one, {goal.version}.{own}"
        remedy = "Have it use the newer version:"
        yield KeyIssue("left-behind", one.id, _said(one, told), remedy, remedies.adopt(key))


def _unusable(key: KeyInUse) -> Iterator[KeyIssue]:
    """That the key is not there, or that a version in use is disabled or not there."""
    if key.versions.code == NO_KEY:
        yield KeyIssue("gone", key.name.id, "The key is not in its vault.", _RECOVER, remedies.recover(key))
    for one in key.dependants if key.versions.value else ():
        if one.in_use:
            yield from _unusable_by(key, one, key.version(one.in_use))


def _unusable_by(key: KeyInUse, one: Dependant, version: KeyVersion | None) -> Iterator[KeyIssue]:
    if version is None:
        told = _said(one, f"names the version {one.in_use}, which its vault does not have.")
        yield KeyIssue("gone", one.id, told, _RECOVER, remedies.recover(key))
    elif not version.enabled:
        told = _said(one, f"uses the version {one.in_use}, which is disabled: nobody can read its data.")
        if (tag := drilltag.tag_of(version)) and tag.disabled:
            yield KeyIssue("disabled", one.id, told, "A drill disabled it:", drilltag.restoring(key.name.id))
            return
        yield KeyIssue(
            "disabled",
            one.id,
            told,
            "Ask who disabled it, and why; if it is not to stay so:",
            remedies.enabled(version.id, to=True),
        )


def _misplaced(key: KeyInUse) -> Iterator[KeyIssue]:
    """That the key of a workspace lies where Azure ML takes none from (AZ-KEY-12, AZ-KEY-31)."""
    for one in key.dependants:
        if one.kind is not DependantKind.WORKSPACE:
            continue
        if key.name.of_hsm:
            told = f"The key of {one.called} lies in a managed HSM, and Azure ML takes keys of key vaults only."
            yield KeyIssue("managed-hsm", one.id, told, _ANEW)
        elif key.vault_id and subscription_of(key.vault_id) != subscription_of(one.id):
            told = f"The key of {one.called} lies in a vault of another subscription than the workspace."
            yield KeyIssue("elsewhere", one.id, told, _ANEW)


def _said(one: Dependant, text: str) -> str:
    """A sentence about a dependant."""
    return f"{one.called[:1].upper()}{one.called[1:]} {text}"
