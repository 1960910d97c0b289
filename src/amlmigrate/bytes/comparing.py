"""How the blobs below a prefix compare with what the target has there: what is copied, what is left, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from typing import NamedTuple

from amlmigrate.bytes.listings import Listing, unlike
from amlmigrate.bytes.merging import PathPair, merged
from amlmigrate.bytes.ownership import Doing, overwritten, removable, settled, verdict
from amlmigrate.core.asset import Blob
from amlmigrate.core.ownership_record import Copied
from amlmigrate.core.workspace import Location

Own = Callable[[str], Copied | None]
Others = Callable[[str], str]


def nobodys(_: str) -> str:
    """No blob is known to be another's that looks the same."""
    return ""


class Comparison(Enum):
    """What becomes of a path of the target."""

    MISSING = "not in the target"
    CHANGED = "changed"
    RELABELLED = "of another tier or other index tags"
    SAME = "in the target already"
    FOREIGN = "different in the target"
    # A copy of the tool's own whose source is no longer there; and what is neither the source's nor the tool's.
    GONE = "without a source any more"
    EXTRA = "too many"


class Judged(NamedTuple):
    """A path of the target and what becomes of it; of the source's blob as it shall be, and of what is there.

    `settled`: what is there is the tool's own copy of just the version that the source has. `why` it is foreign.
    """

    what: Comparison
    pair: PathPair
    settled: bool = False
    why: str = ""


def judged(
    source: Location,
    goal: Location,
    blobs: Iterable[Blob],
    there: Listing,
    own: Own,
    others: Others = nobodys,
) -> Iterator[Judged]:
    """By path in the target; `blobs` are the source's below `source`, in order, as they shall be below `goal`.

    `own`: what was copied to a path. `others`: the ETag of a blob that a run saw to be another's by its bytes, ''
    for none. Nothing is held.
    """
    for pair in merged(source, goal, blobs, there):
        path, blob, twin = pair
        if blob is None:
            assert twin
            if twin.folder:
                # A directory that only the target has is nobody's loss, and no copy of anything.
                continue
            yield Judged(Comparison.GONE if removable(own(path), twin) else Comparison.EXTRA, pair)
        elif twin is None:
            yield Judged(Comparison.MISSING, pair)
        else:
            yield _both(pair, blob, twin, own(path), others)


def _both(pair: PathPair, blob: Blob, twin: Blob, copied: Copied | None, others: Others) -> Judged:
    """What becomes of a blob where the target has one of its name."""
    known = settled(copied, blob, twin)
    if unlike(blob, twin):
        found = verdict(copied, blob, twin)
        return Judged(_DOING[found.doing], pair, known, found.why)
    if overwritten(copied, blob, twin):
        return Judged(Comparison.CHANGED, pair, known)
    if others(pair.path) == twin.etag and not known:
        return Judged(Comparison.FOREIGN, pair, known, "of other bytes, as an earlier run saw")
    return Judged(Comparison.SAME, pair, known)


_DOING = {Doing.REPLACE: Comparison.CHANGED, Doing.RELABEL: Comparison.RELABELLED, Doing.LEAVE: Comparison.FOREIGN}
