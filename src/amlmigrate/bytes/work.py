"""One prefix in the making: what it comes to, what is known of the tool's own copies, and what has been seen."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from amlmigrate.bytes.listings import Listing, goal_path, renamed_on_the_way, source_path
from amlmigrate.bytes.tasks import End, Result, RewriteTask
from amlmigrate.cloud.errors import READABLE
from amlmigrate.core.asset import Blob
from amlmigrate.core.errors import ConflictError, UnreadableError
from amlmigrate.core.few import few, many
from amlmigrate.core.mapping import Rewrite
from amlmigrate.core.ownership_record import Copied
from amlmigrate.core.plan import Bytes


class CopyRecord(Protocol):
    """What is known of the tool's own copies, and is told of them."""

    def own(self, path: str) -> Copied | None:
        """What the tool copied to a path before, or asked to be copied there."""
        ...

    async def begin(self, missing: Iterable[Blob]) -> None:
        """Told before their first change: blobs that are asked for and not there, by their new paths."""
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
    record: CopyRecord
    # The source's blobs below the prefix, as they are listed.
    blobs: Collection[Blob]
    apart: Container[str] = frozenset()
    texts: dict[str, dict[int, Rewrite]] = field(default_factory=dict)
    # By path in the source: files of which lines are rewritten, as they shall be, and their bytes; and files that
    # are written anew as a whole, which are read when their turn comes.
    made: dict[str, Blob] = field(default_factory=dict)
    data: dict[str, bytes] = field(default_factory=dict)
    whole: dict[str, RewriteTask] = field(default_factory=dict)
    false_labels: list[str] = field(default_factory=list)
    # New paths of those that are known to be in the target by now; and whether anything was to be changed there,
    # and which directories made.
    there: set[str] = field(default_factory=set)
    moves: bool = False
    made_folders: set[str] = field(default_factory=set)
    # Whether one was left amid its blocks.
    halfway: bool = False
    # By their new paths, the blobs that are not brought to the target, each with why.
    theirs: dict[str, str] = field(default_factory=dict)
    # Those of them that nobody can read.
    shut: set[str] = field(default_factory=set)

    def goal(self, path: str) -> str:
        """Where a blob of the source goes."""
        return goal_path(self.amount.source, self.amount.target, path)

    def paths(self) -> Iterator[str]:
        """New paths of all that the step is about."""
        return (path for path in (self.goal(blob.path) for blob in self.blobs) if path not in self.apart)

    def wanted(self) -> Iterator[Blob]:
        """The blobs that this step brings, as they shall be in the target.

        Whoever let the plan's finding of one that is renamed on the way go did not ask for a copy under another
        name; and of files that are rewritten only those come that could be read.
        """
        for blob in self.blobs:
            goal = self.goal(blob.path)
            if goal in self.apart:
                continue
            if renamed_on_the_way(blob.path):
                self.theirs[goal] = "cannot be copied under its name"
            elif file := self.whole.get(blob.path):
                yield replace(blob, length=file.file.length, md5=file.file.md5)
            elif blob.path not in self.texts:
                yield blob
            elif made := self.made.get(blob.path):
                yield made

    def leave(self, path: str, end: End, why: str) -> None:
        """Notes one that is left alone."""
        self.theirs[path] = why
        if end is End.SHUT:
            self.shut.add(path)

    async def take(self, result: Result) -> None:
        """Notes and records what came of a task."""
        if result.end is End.HALFWAY:
            self.halfway = True
        elif result.end is not End.DONE:
            self.leave(result.path, result.end, result.why)
        else:
            if result.copied:
                await self.record.arrived(result.path, result.copied)
            self.there.add(result.path)
        if result.false_label:
            self.false_labels.append(source_path(self.amount.source, self.amount.target, result.path))


def etags(paths: Iterable[str], there: Listing) -> dict[str, str]:
    """By path, the ETag that the target has there, '' where it has none."""
    return {path: there.blobs[path].etag if path in there.blobs else "" for path in paths}


def conflict(amount: Bytes, theirs: dict[str, str], rest: str) -> ConflictError:
    """What could not be settled, by path and with why; `rest` tells how all others stand."""
    return ConflictError(
        f"{_named(theirs, 'not as planned, and left alone')} {rest}",
        address=f"{amount.target.container}/{amount.target.path}",
        remedy="Move them out of the way, then continue with `migrate run --resume`; or plan again: each is"
        " then an item of its own.",
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
    return f"{many(len(theirs), 'blob is', 'blobs are')} {what}: {named}."
