"""How the blobs below a prefix compare with what the target has there: what is copied, what is left, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from amlmigrate.bytes.listings import Listing, unlike
from amlmigrate.bytes.merging import merged
from amlmigrate.bytes.ownership import Doing, overwritten, removable, settled, verdict
from amlmigrate.core.asset import Blob
from amlmigrate.core.prior import Copied
from amlmigrate.core.workspace import Location

Own = Callable[[str], Copied | None]
Others = Callable[[str], str]


def nobodys(_: str) -> str:
    """No blob is known to be another's that looks the same."""
    return ""


@dataclass(frozen=True, slots=True)
class Foreign:
    """A blob of the target that differs and is not the tool's to change; `blob` is the source's as it shall be."""

    path: str
    blob: Blob
    there: Blob
    why: str


@dataclass(slots=True)
class Compared:
    """All blobs of a prefix, by what becomes of each; of the last two by what the target has.

    `settled` are those that are the tool's own copies of just the versions that the source has.
    """

    missing: list[Blob] = field(default_factory=list)
    changed: list[Blob] = field(default_factory=list)
    relabelled: list[Blob] = field(default_factory=list)
    same: list[Blob] = field(default_factory=list)
    settled: set[str] = field(default_factory=set)
    foreign: list[Foreign] = field(default_factory=list)
    # Copies of the tool's own whose source is no longer there; and what is neither the source's nor the tool's.
    gone: list[Blob] = field(default_factory=list)
    extra: list[Blob] = field(default_factory=list)

    @property
    def kept(self) -> list[Blob]:
        """What of the source's blobs moves, or has."""
        return [*self.missing, *self.changed, *self.relabelled, *self.same]


def compare(
    source: Location,
    goal: Location,
    blobs: Iterable[Blob],
    there: Listing,
    own: Own,
    others: Others = nobodys,
) -> Compared:
    """`blobs` are the source's below `source` as they shall be below `goal`; `own`: what was copied to a path.

    `others`: the ETag of a blob that a run saw to be another's by its bytes, '' for none.
    """
    found = Compared()
    for path, blob, twin in merged(source, goal, blobs, there):
        if blob is None:
            assert twin
            (found.gone if removable(own(path), twin) else found.extra).append(twin)
        elif twin is None:
            found.missing.append(blob)
        else:
            _both(found, path, blob, twin, own, others)
    return found


def _both(found: Compared, path: str, blob: Blob, twin: Blob, own: Own, others: Others) -> None:
    """What becomes of a blob where the target has one of its name."""
    copied = own(path)
    if settled(copied, blob, twin):
        found.settled.add(blob.path)
    if unlike(blob, twin):
        _differing(found, path, blob, twin, copied)
    elif overwritten(copied, blob, twin):
        found.changed.append(blob)
    elif others(path) == twin.etag and not settled(copied, blob, twin):
        found.foreign.append(Foreign(path, blob, twin, "of other bytes, as an earlier run saw"))
    else:
        found.same.append(blob)


def _differing(found: Compared, path: str, blob: Blob, twin: Blob, copied: Copied | None) -> None:
    judged = verdict(copied, blob, twin)
    if judged.doing is Doing.REPLACE:
        found.changed.append(blob)
    elif judged.doing is Doing.RELABEL:
        found.relabelled.append(blob)
    else:
        found.foreign.append(Foreign(path, blob, twin, judged.why))
