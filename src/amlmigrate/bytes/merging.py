"""Two sides as one stream: what lies below a place of the source, each beside what the target has there. Pure.

Neither side is held: both come in the order of their names (`cloud.sortedblobs`), and a place of the source and
its goal in the target differ only in how their names begin.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from amlmigrate.bytes.listings import Listing, goal_path
from amlmigrate.core.asset import Blob
from amlmigrate.core.mapping import CODE_FOLDER
from amlmigrate.core.workspace import Location, Service


class PathPair(NamedTuple):
    """A path of the target, the blob of the source that goes there, and the one that is there; one may be None."""

    path: str
    blob: Blob | None
    twin: Blob | None


class OrderError(ValueError):
    """A stream that was to rise does not: it came from no sorted list."""


def merged(source: Location, goal: Location, blobs: Iterable[Blob], there: Listing) -> Iterator[PathPair]:
    """By path in the target: `blobs` are the source's below `source` in their order; `there` is around `goal`.

    The folder for code uploads comes from other containers: seen from the root of the container around it, only
    what the source has there counts, and the rest is neither too many nor gone from the source. Raises OrderError.
    """
    coming = rising((goal_path(source, goal, blob.path), blob) for blob in blobs)
    present = rising((blob.path, blob) for blob in there.below(goal.path))
    left, right = next(coming, None), next(present, None)
    while left or right:
        if right is None or (left is not None and left[0] < right[0]):
            assert left is not None
            yield PathPair(*left, None)
            left = next(coming, None)
        elif left is None or right[0] < left[0]:
            if in_place(goal, right[0]):
                yield PathPair(right[0], None, right[1])
            right = next(present, None)
        else:
            yield PathPair(*left, right[1])
            left, right = next(coming, None), next(present, None)


def in_place(goal: Location, path: str) -> bool:
    """Whether a path of the target, below a goal, counts where the source has nothing for it."""
    of_code = goal.service is Service.BLOB and not goal.path and path.startswith(f"{CODE_FOLDER}/")
    return not of_code


def rising(blobs: Iterable[tuple[str, Blob]]) -> Iterator[tuple[str, Blob]]:
    """The same, each path after the one before by code point. Raises OrderError where one is not."""
    last: str | None = None
    for path, blob in blobs:
        if last is not None and path <= last:
            raise OrderError(f"'{path}' came after '{last}'")
        last = path
        yield path, blob
