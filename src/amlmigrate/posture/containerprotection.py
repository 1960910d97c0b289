"""What protects the blobs of a container, as ARM shows it of both sides: holds, retention, who may read. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from amlmigrate.core.address import blob_address
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.few import few, many
from amlmigrate.core.finding import Finding

_PUBLIC = ("none", "blob", "container")
# Under a hold or a policy no blob of a container is written over, nor its metadata set
# (learn.microsoft.com/azure/storage/blobs/immutable-container-level-worm-policies, prohibited operations).
_LATER = (
    "Let this finding go until the source is removed, as cutover and decommission write their lease into the"
    " target's default container; then set it there"
)
_NAMED = 5


def weaker(
    source: Iterable[Document] | None, target: Iterable[Document] | None, pairs: Mapping[str, str]
) -> Iterator[Finding]:
    """What a container of the target lacks that the one of the source has; none where a side was not read.

    `pairs` are names in the source to names in the target. One that is not in the target yet has nothing.
    """
    if source is None or target is None:
        return
    left, right = ({str(one.get("name")): properties_of(one) for one in side} for side in (source, target))
    for name, goal in sorted(pairs.items()):
        if name in left:
            yield from _of(name, left[name], goal, right.get(goal, {}))


def _of(name: str, before: Document, goal: str, now: Document) -> Iterator[Finding]:
    about = str(blob_address(name))
    yield from _retained(about, before, goal, now)
    if _versioned(before) and not _versioned(now):
        yield Finding(
            "blocks",
            about,
            f"It takes policies of retention for single versions of blobs, and '{goal}' in the target does not.",
            "Switch it on there (az storage container-rm migrate-vlw), or waive this finding.",
            code="immutability-weaker",
        )
    tags = sorted(_held(before) - _held(now))
    if tags:
        yield Finding(
            "blocks",
            about,
            f"It is under a legal hold ({few(tags, _NAMED)}), and '{goal}' in the target is not.",
            f"{_LATER} (az storage container legal-hold set).",
            code="legal-hold-left",
        )
    public, wider = (str(side.get("publicAccess") or "None").lower() for side in (before, now))
    if wider in _PUBLIC and public in _PUBLIC and _PUBLIC.index(wider) > _PUBLIC.index(public):
        yield Finding(
            "blocks",
            about,
            f"Anybody may read '{goal}' in the target (public access: {wider}), more than in the source.",
            "Take the public access away (az storage container-rm update --public-access off), or waive this.",
            code="container-more-public",
        )
    there = now.get("metadata") or {}
    lost = sorted(key for key, value in (before.get("metadata") or {}).items() if there.get(key) != value)
    if lost:
        yield Finding(
            "warning",
            about,
            f"Metadata of the container is not, or otherwise, on '{goal}' in the target: {few(lost, _NAMED)}.",
            "Set it there where it counts (az storage container metadata update).",
            code="container-metadata-left",
        )


def _retained(about: str, before: Document, goal: str, now: Document) -> Iterator[Finding]:
    """A policy of retention: for how long, and whether it is locked."""
    (days, locked), (there, firm) = _policy(before), _policy(now)
    if days and there >= days and _appends(now) > _appends(before):
        yield Finding(
            "blocks",
            about,
            f"The policy of retention of '{goal}' in the target lets blobs grow, more than the source's.",
            "Take it back there (az storage container immutability-policy), or waive this finding.",
            code="immutability-weaker",
        )
    if days > there or (days and locked and not firm):
        what = f"keeps blobs from being changed for {many(days, 'day')} ({'locked' if locked else 'not locked'})"
        other = f"for {many(there, 'day')} ({'locked' if firm else 'not locked'})" if there else "does not"
        yield Finding(
            "blocks",
            about,
            f"A policy of the container {what}, and one of '{goal}' in the target {other}.",
            f"{_LATER} (az storage container immutability-policy create; one that is locked stays).",
            code="immutability-weaker",
        )


def _versioned(properties: Document) -> bool:
    """Whether it takes such policies (storage description, ImmutableStorageWithVersioning)."""
    return (properties.get("immutableStorageWithVersioning") or {}).get("enabled") is True


def _policy(properties: Document) -> tuple[int, bool]:
    policy = properties_of(properties.get("immutabilityPolicy"))
    days = int(policy.get("immutabilityPeriodSinceCreationInDays") or 0)
    return days, str(policy.get("state") or "").lower() == "locked"


def keeps(properties: Document) -> str:
    """What keeps every blob of a container from being written over, in words; '' where nothing does.

    Where policies are for single versions a blob that is written over gets another one (same page).
    """
    if tags := sorted(_held(properties)):
        return f"a legal hold ({few(tags, _NAMED)})"
    days, _ = _policy(properties)
    return f"an immutability policy of {many(days, 'day')}" if days and not _versioned(properties) else ""


def _appends(properties: Document) -> int:
    """What may be appended to in spite of the policy: nothing, append blobs, or block blobs too."""
    policy = properties_of(properties.get("immutabilityPolicy"))
    if policy.get("allowProtectedAppendWritesAll") is True:
        return 2
    return int(policy.get("allowProtectedAppendWrites") is True)


def _held(properties: Document) -> set[str]:
    hold = properties.get("legalHold") or {}
    return {str(one.get("tag")) for one in hold.get("tags") or ()} if hold.get("hasLegalHold") else set()
