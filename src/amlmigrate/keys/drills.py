"""Drills of a key: who may begin one, and what a version says of one that is under way. Pure.

A drill disables a version for a time. What it takes to end one from any machine is in a tag of that version: which
drill it is, until when, by whom, and whether it has disabled the version. That last is written by the very call
that disables it, so that a version that somebody else disabled is never taken for one of a drill (AZ-KEY-37).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from amlmigrate.core.clock import moment, stamp
from amlmigrate.core.drilltag import UNDER_WAY, DrillTag, tag_of
from amlmigrate.core.keys import KeyVersion
from amlmigrate.keys.model import DRILLED, KeyInUse

# Of a workspace and of a vault: whether a drill may disable the key. It is looked for without letter case.
PERMIT, PERMITTED = "aml-cmk-migrate-drill", "allowed"
# So far apart the time of a call and the one that the vault notes for it can be: a vault tells whole seconds.
_SLACK = timedelta(seconds=90)
# So many of those who drilled a version are kept: a tag's value has 256 characters.
_MOST = 5


class DrillEnd(StrEnum):
    """What is to be done with a version that a drill has tagged."""

    ENABLE = "enable it, and remove the tag"
    UNTAG = "remove the tag: it is enabled"
    LEAVE = "leave it as it is"


@dataclass(frozen=True, slots=True)
class DrillVerdict:
    """What is to be done with a version, and why it is left, where it is."""

    end: DrillEnd
    why: str = ""


def under_way(key: KeyInUse) -> tuple[KeyVersion, ...]:
    """The versions that a drill has tagged and nobody has untagged."""
    return tuple(one for one in key.versions.value or () if UNDER_WAY in one.tags)


def permitted(tags: Mapping[str, str]) -> bool:
    """Whether the tags allow a drill. Names of tags have no letter case (learn: tag-resources)."""
    return any(name.lower() == PERMIT and value.lower() == PERMITTED for name, value in tags.items())


def verdict(version: KeyVersion, noted: datetime | None = None) -> DrillVerdict:
    """What ending the drill of a version means now.

    Whoever did not disable it itself has the tag's own time to go by; `noted` is what the vault noted for the call
    that disabled it, where that is known. A version that was changed after that is somebody else's.
    """
    tag = tag_of(version)
    if version.enabled:
        return DrillVerdict(DrillEnd.UNTAG)
    if tag is None:
        return DrillVerdict(DrillEnd.LEAVE, "its tag says nothing that a drill wrote")
    if not tag.disabled:
        return DrillVerdict(DrillEnd.LEAVE, "it was disabled, and not by the drill")
    if version.updated is None:
        return DrillVerdict(DrillEnd.LEAVE, "when it was changed last is not known")
    if version.updated > tag.at + _SLACK or (noted is not None and version.updated != noted):
        told = (
            f"somebody changed it at {stamp(version.updated)}, after the drill had disabled it (whether that was"
            " only a tag, or to have it stay disabled, the vault does not tell)"
        )
        return DrillVerdict(DrillEnd.LEAVE, told)
    return DrillVerdict(DrillEnd.ENABLE)


def ended(tags: Mapping[str, str], at: datetime) -> dict[str, str]:
    """The tags of a version whose drill has ended: without that of the drill, and with when it ended, and by whom.

    Those who drilled it before are kept: a drill uses the key by itself, which the vault's log has for 90 days.
    """
    tag = DrillTag.of(tags.get(UNDER_WAY, ""))
    latest = (tag.operator,) if tag else ()
    by = list(dict.fromkeys(one for one in (*latest, *_operators(tags)) if one))[:_MOST]
    # By its milliseconds whoever wrote it knows it again.
    time = at.astimezone(UTC).isoformat(timespec="milliseconds")
    return untagged(tags) | {DRILLED: " ".join((time, *by))}


def operators(key: KeyInUse) -> frozenset[str]:
    """Who drilled a version of the key, as the tags tell: object ids in lower case."""
    return frozenset(one.lower() for version in key.versions.value or () for one in _operators(version.tags))


def last(key: KeyInUse) -> datetime | None:
    """When the last drill of any version ended, as the tags tell."""
    told = (one.tags.get(DRILLED, "").partition(" ")[0] for one in key.versions.value or ())
    return max((time for one in told if (time := moment(one))), default=None)


def _operators(tags: Mapping[str, str]) -> list[str]:
    return tags.get(DRILLED, "").split()[1:]


def untagged(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags of a version that no drill has disabled in the end: without that of the drill."""
    return {name: value for name, value in tags.items() if name != UNDER_WAY}
