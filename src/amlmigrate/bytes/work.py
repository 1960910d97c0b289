"""One prefix in the making: what it comes to, what is known of the tool's own copies, and what has been seen."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from amlmigrate.bytes.listings import Listing, goal_path
from amlmigrate.cloud.errors import READABLE
from amlmigrate.core.anew import AnewFile
from amlmigrate.core.asset import Blob
from amlmigrate.core.errors import ConflictError, DriftError, UnreadableError
from amlmigrate.core.few import few
from amlmigrate.core.mapping import Rewrite
from amlmigrate.core.plan import Bytes
from amlmigrate.core.prior import Copied
from amlmigrate.core.workspace import Location


class Record(Protocol):
    """What is known of the tool's own copies, and is told of them."""

    def own(self, path: str) -> Copied | None:
        """What the tool copied to a path before, or asked to be copied there."""
        ...

    async def begin(self, missing: Iterable[Blob]) -> None:
        """Told once, before the first change: blobs that are asked for and not there, by their new paths."""
        ...

    async def arrived(self, path: str, copied: Copied) -> None:
        """Told of each copy that the tool made."""
        ...

    async def left(self, left: Mapping[str, str]) -> None:
        """Told which blobs it could not settle, in place of what it was told before: new path to ETag."""
        ...


@dataclass(slots=True)
class Copy:
    """`apart` are the paths of the target that other steps are about, or nobody is to touch."""

    amount: Bytes
    record: Record
    apart: Container[str] = frozenset()
    texts: dict[str, dict[int, Rewrite]] = field(default_factory=dict)
    data: dict[str, bytes] = field(default_factory=dict)
    # Files that are written anew as a whole, by their path in the source: read when their turn comes.
    whole: dict[str, AnewFile] = field(default_factory=dict)
    false_labels: list[str] = field(default_factory=list)
    # New paths of what an earlier run, cut off, asked for and was not there when this one listed the target.
    asked_before: set[str] = field(default_factory=set)
    # New paths of all that the step is about, and of those that are known to be in the target by now.
    paths: list[str] = field(default_factory=list)
    there: set[str] = field(default_factory=set)
    # By their new paths, the blobs that are not brought to the target, each with why.
    theirs: dict[str, str] = field(default_factory=dict)
    # Those of them that nobody can read.
    shut: set[str] = field(default_factory=set)

    def goal(self, path: str) -> str:
        """Where a blob of the source goes."""
        return goal_path(self.amount.source, self.amount.target, path)

    def source(self, blob: Blob) -> Location:
        """Where a blob lies."""
        return Location(self.amount.source.account, self.amount.source.container, blob.path)

    def target(self, blob: Blob) -> Location:
        """Where its copy lies, or will."""
        return Location(self.amount.target.account, self.amount.target.container, self.goal(blob.path))


def etags(paths: Iterable[str], there: Listing) -> dict[str, str]:
    """By path, the ETag that the target has there, '' where it has none."""
    return {path: there.blobs[path].etag if path in there.blobs else "" for path in paths}


def changed(blob: Blob) -> DriftError:
    """A blob that is not the one that was listed."""
    return DriftError(
        "A blob of the source changed while it was copied.",
        address=blob.path,
        remedy="Make a new plan: it will hold just the difference.",
    )


def conflict(amount: Bytes, theirs: dict[str, str], rest: str) -> ConflictError:
    """What could not be settled, by path and with why; `rest` tells how all others stand."""
    return ConflictError(
        f"{_named(theirs, 'not as planned, and left alone')} {rest}",
        address=f"{amount.target.container}/{amount.target.path}",
        remedy="Move them out of the way, then go on with `migrate run --resume`; or plan anew: each is then"
        " an item of its own.",
    )


def unreadable(amount: Bytes, theirs: dict[str, str], rest: str) -> UnreadableError:
    """The same where nothing is in the way but that nobody reads them."""
    return UnreadableError(
        f"{_named(theirs, 'not copied')} {rest}",
        address=f"{amount.source.container}/{amount.source.path}",
        remedy=READABLE,
    )


def _named(theirs: dict[str, str], what: str) -> str:
    named = few([f"{path} ({why})" for path, why in sorted(theirs.items())])
    return f"{f'{len(theirs)} blobs are' if len(theirs) > 1 else '1 blob is'} {what}: {named}."
