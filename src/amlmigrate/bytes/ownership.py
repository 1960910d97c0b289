"""What of the target's blobs the tool may write over, relabel or delete: its own copies, as it left them.

A blob's ETag changes with every write of its bytes, headers or metadata. It stays with a change of tier or of
index tags (AZ-BLOB-22): these are held against what the ledger kept.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from amlmigrate.bytes.listings import unlike
from amlmigrate.core.asset import FILE_KIND, Blob
from amlmigrate.core.ownership_record import Copied, Labels

LABELS = frozenset(Labels._fields)
# Nothing is read of a blob in it before it is rehydrated, which takes hours.
ARCHIVE = "Archive"


class Doing(Enum):
    """What is to be done to a blob that is there and differs from its source."""

    REPLACE = "replace"
    RELABEL = "relabel"
    LEAVE = "leave"


class OwnershipVerdict(NamedTuple):
    """What is to be done, and why it is nothing, where it is."""

    doing: Doing
    why: str = ""


def removable(copied: Copied | None, there: Blob) -> bool:
    """Whether a blob that is there is a copy as the tool left it; of its tier and tags as far as that is known."""
    return copied is not None and copied.untouched(there.etag) and not relabelled(copied, there)


def settled(copied: Copied | None, source: Blob, there: Blob) -> bool:
    """Whether a blob that is there is the tool's own copy of just this version of its source."""
    return copied is not None and copied.untouched(there.etag) and copied.source_etag == source.etag


def overwritten(copied: Copied | None, source: Blob, there: Blob) -> bool:
    """Whether the source of the tool's own copy was written again, and no MD5 says that its bytes are the same.

    Of a file of a share no list shows the metadata and headers: they may be others even if it has no bytes.
    """
    if copied is None or not copied.untouched(there.etag) or copied.source_etag == source.etag:
        return False
    return (source.length > 0 or source.kind == FILE_KIND) and None in (source.md5, there.md5)


def verdict(copied: Copied | None, source: Blob, there: Blob) -> OwnershipVerdict:
    """What becomes of a blob that is there and is not like `source`, as it shall be."""
    if copied is None:
        return OwnershipVerdict(Doing.LEAVE, "not created by this tool")
    if not copied.untouched(there.etag):
        known = copied.target_etag != ""
        return OwnershipVerdict(
            Doing.LEAVE, "changed in the target since it was copied" if known else "not known to be this tool's"
        )
    differs = set(unlike(source, there))
    touched = sorted(differs & set(relabelled(copied, there)))
    if touched:
        return OwnershipVerdict(
            Doing.LEAVE, f"changed in the target since it was copied: its {' and '.join(touched)}"
        )
    if copied.source_etag != source.etag:
        return OwnershipVerdict(Doing.REPLACE)
    if copied.labels is None or not differs <= LABELS:
        return OwnershipVerdict(Doing.LEAVE, "changed in the target since it was copied")
    return _relabel(source, there, differs)


def _relabel(source: Blob, there: Blob, differs: set[str]) -> OwnershipVerdict:
    """Of a copy of which the source's tier or tags alone have changed."""
    if "tier" in differs and there.tier == ARCHIVE:
        return OwnershipVerdict(
            Doing.LEAVE,
            "in the archive tier in the target, and no longer in the source: rehydrate it, which takes hours",
        )
    if "tier" in differs and source.tier is None:
        return OwnershipVerdict(
            Doing.LEAVE, "of a tier of its own in the target, and of its account's in the source"
        )
    return OwnershipVerdict(Doing.RELABEL)


def relabelled(copied: Copied, there: Blob) -> list[str]:
    """Which of tier and tags somebody changed in the target since the tool left it, as far as that is known."""
    if copied.labels is None:
        return []
    now = Labels.of(there)
    pairs = zip(Labels._fields, copied.labels, now, strict=True)
    unread = copied.labels.tags is None or now.tags is None
    return [name for name, then, found in pairs if then != found and not (name == "tags" and unread)]
