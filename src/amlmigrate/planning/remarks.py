"""Findings about the steps of a plan: what a reviewer must know beyond what each asset says of itself."""

from __future__ import annotations

from collections.abc import Iterable

from amlmigrate.core.address import Address, blob_address
from amlmigrate.core.asset import Blob
from amlmigrate.core.finding import Finding
from amlmigrate.core.plan import Action, Step
from amlmigrate.core.workspace import Location

_NAMED = 3
_ARCHIVE_TIER = "Archive"


def newest_overtaken(versions: list[Step]) -> Iterable[Finding]:
    """`latest` is the newest by creation: older versions must not come after one that is there already."""
    *older, newest = versions
    made = [step.address for step in older if step.action is Action.CREATE]
    if made and newest.action is not Action.CREATE:
        yield Finding(
            "error",
            str(newest.address),
            f"It is the newest of its name, and in the target already: {made[-1]} would be created after it, and"
            " 'latest' would mean that one.",
            "Delete it in the target, so that it is created last, or leave the older ones out with --exclude.",
        )


def foreign_overtaken(newest: Step, foreign: list[Address]) -> Iterable[Finding]:
    """`latest` of a name moves from what the target had to what is created now."""
    if foreign and newest.action is Action.CREATE:
        yield Finding(
            "warning",
            str(newest.address),
            f"The target has versions of this name that the source does not, {foreign[-1]} among them: 'latest'"
            " will mean this one, created after them.",
            "If others use 'latest' in the target, have them name a version first.",
        )


def other_types(prefix: Location, blobs: list[Blob]) -> Iterable[Finding]:
    """Put Blob From URL makes a block blob of whatever it reads (azure-facts, section 5)."""
    others = [blob.path for blob in blobs if blob.kind != "BlockBlob"]
    if others:
        yield Finding(
            "warning",
            str(blob_address(prefix.container, prefix.path)),
            f"{len(others)} append or page blobs become block blobs, byte for byte: {', '.join(others[:_NAMED])}",
            "Nothing is needed if they are only read; what appends to them needs new ones.",
        )


def offline(prefix: Location, blobs: list[Blob]) -> Iterable[Finding]:
    """Nothing can be read from the archive tier, by the service neither: 409 `BlobArchived`."""
    archived = [blob.path for blob in blobs if blob.tier == _ARCHIVE_TIER]
    if archived:
        yield Finding(
            "error",
            str(blob_address(prefix.container, prefix.path)),
            f"{len(archived)} blobs are in the archive tier and cannot be read: {', '.join(archived[:_NAMED])}",
            "Rehydrate them to an online tier in the source, which takes hours, or leave out what refers to them"
            " with --exclude.",
        )
