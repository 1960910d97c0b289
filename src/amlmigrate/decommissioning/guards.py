"""Why nothing more is removed once the workspace is gone: the guards before what cannot be undone. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from amlmigrate.decommissioning.copy_proof import CopyProof
from amlmigrate.decommissioning.gone import LOOKS, SECONDS, GoneLook, Sight
from amlmigrate.decommissioning.references import SeenTarget, unlisted


def of_look(look: GoneLook) -> Iterator[str]:
    """The workspace must be absent, and nobody else have its name."""
    if look.sight is Sight.ANOTHER:
        yield f"Another workspace has the name now ({look.told}): what is done by the name would be done to that."
    elif look.sight is not Sight.ABSENT:
        yield f"The workspace is not absent in {LOOKS} looks over {SECONDS:g} seconds: {look}."


def of_source(look: GoneLook) -> Iterator[str]:
    """Deleted by its name, it must be the one that was verified, or none."""
    if look.sight in (Sight.ANOTHER, Sight.UNKNOWN):
        yield f"What has the name now is not shown to be the workspace that was verified: {look}."


def of_purge(copied: CopyProof, locks: Iterable[str]) -> Iterator[str]:
    """A workspace is purged only without locks, known ones and unknown, and with what was moved still there."""
    yield from locks
    yield from copied.unproven
    yield from (f"{address} was copied, and the last verification did not see it." for address in copied.unseen)


def of_time(until: str | None, now: str) -> Iterator[str]:
    """What Microsoft documents to have gone by itself is not asked for; times are ISO 8601 in UTC."""
    if until and until < now:
        yield f"Microsoft documents that the deleted workspace went by itself at {until}: nothing to purge."


def of_target(target: SeenTarget) -> Iterator[str]:
    """What could not be listed in the target may lead into the containers."""
    for left in unlisted(target):
        yield f"Whether {left.address} in the target point into the containers is not known: {left.reason}."
