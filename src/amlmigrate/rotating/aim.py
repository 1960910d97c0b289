"""Which version a rotation is about: one that is there already, or one that is to be made. Pure.

A version is made once: it bears the rotation's id as a tag, by which a run that was killed, or another machine,
finds it again.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from amlmigrate.core.few import many
from amlmigrate.core.keys import KeyVersion
from amlmigrate.keys import adoption
from amlmigrate.keys.model import Adoption, KeyInUse

# On each version that a rotation made: the rotation's id.
TAG = "aml-cmk-migrate-rotation"
_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Aim:
    """What a rotation is about.

    `version` is the one that everything is to be on, None where it is still to be made; `replaces` is the newest
    one that was there before it. `told` says why, for people.
    """

    rotation: str
    version: KeyVersion | None
    replaces: KeyVersion | None
    told: str

    @property
    def to_make(self) -> bool:
        """Whether a version has to be made."""
        return self.version is None


def aim(key: KeyInUse, rotation: str, now: datetime) -> Aim:
    """What rotating a key means now; `rotation` is the id that was asked for, empty for one of its own.

    A version that a rotation made is not followed by another one before its cryptoperiod is over, unless a
    rotation of another id is asked for: so the same command, run again, makes nothing.
    """
    versions = key.versions.value or ()
    if rotation:
        return _named(versions, rotation, now)
    # One that is not valid yet does not count until it is (`waits`).
    versions = tuple(one for one in versions if not one.early(now))
    newest = versions[0] if versions else None
    own = derived(key, newest)
    if newest is None or not newest.enabled or overdue(key, newest, now):
        return Aim(own, None, newest, _why_new(key, newest, now))
    if made := newest.tags.get(TAG):
        told = f"version {newest.version} was made by rotation {made} and is within its cryptoperiod: none is made"
        return Aim(made, newest, _before(versions, newest), told)
    if any(adoption.of(key, one, now).adoption is Adoption.LEFT_BEHIND for one in key.dependants):
        told = f"version {newest.version} is there and not in use everywhere: none is made"
        return Aim(own, newest, _before(versions, newest), told)
    return Aim(own, None, newest, "a new version is asked for")


def waits(key: KeyInUse, rotation: str, now: datetime) -> KeyVersion | None:
    """A version that is not valid yet and that a rotation would have to wait for; None where there is none.

    Of a rotation of its own id only what that one made counts: another id asks for another version.
    """
    if not rotation:
        return key.staged(now)
    made = [one for one in key.versions.value or () if one.tags.get(TAG) == rotation]
    return made[0] if made and made[0].early(now) else None


def derived(key: KeyInUse, replaced: KeyVersion | None) -> str:
    """The id of the rotation that replaces a version: the same on every machine."""
    told = f"{key.name.id}/{replaced.version if replaced else ''}"
    return hashlib.sha256(told.encode()).hexdigest()[:_DIGITS]


def overdue(key: KeyInUse, newest: KeyVersion, now: datetime) -> bool:
    """Whether the newest version has been there for longer than the cryptoperiod, or has expired."""
    expired = newest.expires is not None and newest.expires <= now
    return expired or (newest.created is not None and (now - newest.created).days > key.profile.days)


def disabled(found: Aim) -> str:
    """What is said of the version of a rotation that somebody disabled."""
    name = found.version.version if found.version else ""
    return f"Version {name}, which rotation {found.rotation} made, is disabled, and no newer one is enabled."


def _named(versions: tuple[KeyVersion, ...], rotation: str, now: datetime) -> Aim:
    """By an id that was given. What was made since counts for those under the key: they go over to the newest."""
    made = [one for one in versions if one.tags.get(TAG) == rotation]
    if not made:
        return Aim(
            rotation, None, versions[0] if versions else None, f"rotation {rotation} has made no version yet"
        )
    first = made[-1]
    told = f"version {first.version} was made by rotation {rotation}: none is made"
    # Never one that was there before it: nothing goes back.
    later = versions[: versions.index(first)]
    counts = next((one for one in later if one.enabled and not one.early(now)), first)
    if counts is not first:
        told += f"; version {counts.version} is newer"
    return Aim(rotation, counts, _before(versions, first), told)


def _before(versions: tuple[KeyVersion, ...], one: KeyVersion) -> KeyVersion | None:
    """The version before one; they are newest first."""
    at = versions.index(one)
    return versions[at + 1] if at + 1 < len(versions) else None


def _why_new(key: KeyInUse, newest: KeyVersion | None, now: datetime) -> str:
    if newest is None:
        return "the key has no version that can be seen"
    if not newest.enabled:
        return f"the newest version, {newest.version}, is disabled"
    if newest.expires is not None and newest.expires <= now:
        return f"version {newest.version} expired on {newest.expires:%Y-%m-%d}"
    return (
        f"version {newest.version} is older than the {many(key.profile.days, 'day')} of profile {key.profile.name}"
    )
