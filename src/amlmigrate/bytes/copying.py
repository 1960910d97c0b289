"""Copies what lies below a prefix, server-side: nothing overwritten that the tool did not write, nothing half."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Protocol

from amlmigrate.bytes.contents import LARGEST, as_written, files, rewritten
from amlmigrate.bytes.jsonfiles import LARGEST as JSON_LARGEST
from amlmigrate.bytes.jsonfiles import written_anew
from amlmigrate.bytes.listings import (
    Listing,
    at_goal,
    goal_path,
    list_container,
    listing_digest,
    renamed_on_the_way,
    unlike,
)
from amlmigrate.bytes.ownership import removable, replaceable
from amlmigrate.cloud.blobs import Blobs
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.anew import AnewFile
from amlmigrate.core.asset import Blob
from amlmigrate.core.errors import ConflictError, DriftError, InterruptedRunError
from amlmigrate.core.mapping import Mapping, Rewrite
from amlmigrate.core.parallel import each, never
from amlmigrate.core.plan import Bytes, Step
from amlmigrate.core.prior import Copied
from amlmigrate.core.workspace import Location

PARALLEL = 32
_LARGE_AT_ONCE = 2
_TAKEN = frozenset({"BlobAlreadyExists", "ConditionNotMet", "TargetConditionNotMet"})
_NAMED = 3


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


@dataclass(slots=True)
class Copy:
    """One prefix in the making: what it comes to, and what has been seen."""

    amount: Bytes
    record: Record
    texts: dict[str, dict[int, Rewrite]] = field(default_factory=dict)
    data: dict[str, bytes] = field(default_factory=dict)
    # Files that are written anew as a whole, by their path in the source: read when their turn comes.
    whole: dict[str, AnewFile] = field(default_factory=dict)
    false_labels: list[str] = field(default_factory=list)
    # New paths of what an earlier run, cut off, asked for and was not there when this one listed the target.
    asked_before: set[str] = field(default_factory=set)


class Copier:
    """Copies prefixes from the source's accounts to the target's."""

    def __init__(
        self, source: Blobs, target: Blobs, mapping: Mapping, *, stopping: Callable[[], bool] = never
    ) -> None:
        """Once `stopping` says so, no further blob is begun."""
        self._mapping = mapping
        # Each takes several times its length while it is read as JSON.
        self._large = asyncio.Semaphore(_LARGE_AT_ONCE)
        self._source = source
        self._target = target
        self._stopping = stopping

    async def copy(self, step: Step, amount: Bytes, record: Record, *, found_is_own: bool) -> str:
        """Brings all blobs of the prefix to the target and reads both back; what is there already is compared.

        Only what the record shows as the tool's own may be written over or deleted, and only as the tool left
        it. `found_is_own`: an earlier run was cut off while it copied, so that what it had asked for and is
        there now is its own. Returns a note for the report. Raises DriftError, ConflictError,
        InterruptedRunError.
        """
        work = Copy(amount, record, texts=files(step.rewrites), whole={file.path: file for file in step.files})
        listed, there = await asyncio.gather(
            self._list(self._source, amount.source), self._list(self._target, amount.target)
        )
        blobs = listed.below(amount.source.path)
        if listing_digest(blobs) != step.source_sha256:
            if found_is_own:
                # What arrived of what did not change is the tool's own all the same.
                await self._claim(work, [blob for blob in blobs if not self._unproven(work, blob, there)], there)
            raise DriftError(
                "The source's blobs are not what they were when the plan was made.",
                address=f"{amount.source.container}/{amount.source.path}",
                remedy="Make a new plan: it will hold just the difference.",
            )
        # Whoever let the plan's finding go did not ask for a copy under another name.
        if renamed := [blob.path for blob in blobs if renamed_on_the_way(blob.path)]:
            raise _conflict(amount, renamed, "cannot be copied under their names")
        blobs = [await self._expected(work, blob) for blob in blobs]
        missing = [blob for blob in blobs if not self._equal(work, blob, there)]
        unproven = [blob for blob in blobs if self._unproven(work, blob, there)]
        await self._each(unproven, partial(self._compare, work, there))
        if found_is_own:
            await self._claim(work, blobs, there)
            work.asked_before |= self._under_way(work, missing, there)
        gone = self._gone(work, blobs, there)
        if missing or gone:
            await record.begin(self._asked_for(amount, missing, there))
        await self._each(missing, partial(self._one, work, there))
        await self._each(gone, partial(self._remove, amount))
        self.check(amount, blobs, await self._list(self._target, amount.target) if missing or gone else there)
        if work.false_labels:
            return f"the MD5 label in the source is false, and was kept: {', '.join(work.false_labels[:_NAMED])}"
        return ""

    async def _each(self, blobs: list[Blob], do: Callable[[Blob], Awaitable[None]]) -> None:
        """Does it for each. Whoever stops in the middle of a long blob does not cut off the others under way."""
        halfway: list[Blob] = []

        async def one(blob: Blob) -> None:
            try:
                await do(blob)
            except InterruptedRunError:
                halfway.append(blob)

        if not await each(blobs, one, parallel=PARALLEL, stopping=self._stopping) or halfway:
            raise InterruptedRunError("Stopped before all blobs were copied.")

    def check(self, amount: Bytes, blobs: list[Blob], there: Listing) -> None:
        """Raises ConflictError unless the target's listing is like the source's, with nothing beside it."""
        names = {goal_path(amount.source, amount.target, blob.path): blob for blob in blobs}
        twins = at_goal(there, amount.target, names)
        wrong = [path for path, blob in names.items() if path not in twins or unlike(blob, twins[path])]
        extra = sorted(twins.keys() - names.keys())
        if wrong or extra:
            raise _conflict(amount, [*wrong, *extra], "are not like the source's, or too many")

    async def _expected(self, work: Copy, blob: Blob) -> Blob:
        """The blob that the target shall have: another one where the plan rewrites lines of it."""
        if file := work.whole.get(blob.path):
            return replace(blob, length=file.length, md5=file.md5)
        if blob.path not in work.texts:
            return blob
        place = Location(work.amount.source.account, work.amount.source.container, blob.path)
        data = await self._read(place, blob)
        try:
            text = rewritten((data or b"").decode(), work.texts[blob.path])
        except ValueError as error:
            raise DriftError(
                f"A file that the plan rewrites has changed: {error}.",
                address=blob.path,
                remedy="Make a new plan: it will hold just the difference.",
            ) from error
        work.data[blob.path] = text.encode()
        return as_written(blob, work.data[blob.path])

    async def _read(self, place: Location, blob: Blob, largest: int = LARGEST) -> bytes | None:
        try:
            return await self._source.read(place, largest, blob.etag)
        except ServiceError as error:
            if error.status != 412:
                raise
            raise _changed(blob) from error

    def _gone(self, work: Copy, blobs: list[Blob], there: Listing) -> list[Blob]:
        """Copies that the tool made of blobs that the source no longer has."""
        amount = work.amount
        names = {goal_path(amount.source, amount.target, blob.path) for blob in blobs}
        twins = at_goal(there, amount.target, names)
        return [
            blob for path, blob in twins.items() if path not in names and removable(work.record.own(path), blob)
        ]

    async def _remove(self, amount: Bytes, blob: Blob) -> None:
        place = Location(amount.target.account, amount.target.container, blob.path)
        try:
            await self._target.delete(place, blob.etag)
        except ServiceError as error:
            if error.status != 412:
                raise
            raise _conflict(
                amount, [blob.path], "were written by somebody else while they were deleted"
            ) from error

    @staticmethod
    def _asked_for(amount: Bytes, missing: list[Blob], there: Listing) -> Iterator[Blob]:
        """What is not there at all, by its new path: whoever finds it later knows by whom it came."""
        for blob in missing:
            path = goal_path(amount.source, amount.target, blob.path)
            if path not in there.blobs:
                yield replace(blob, path=path)

    async def _claim(self, work: Copy, blobs: list[Blob], there: Listing) -> None:
        """Records what an earlier run had asked for and has arrived, but was cut off before it was recorded."""
        for blob in blobs:
            path = goal_path(work.amount.source, work.amount.target, blob.path)
            own, twin = work.record.own(path), there.blobs.get(path)
            if own and twin and not own.untouched(twin.etag) and self._equal(work, blob, there):
                await work.record.arrived(path, Copied(blob.etag, twin.etag))

    @staticmethod
    def _under_way(work: Copy, missing: list[Blob], there: Listing) -> set[str]:
        """What may arrive still: the service goes on with a copy whose caller is gone."""
        paths = {goal_path(work.amount.source, work.amount.target, blob.path) for blob in missing}
        return {
            path for path in paths - there.blobs.keys() if (own := work.record.own(path)) and not own.target_etag
        }

    async def _list(self, blobs: Blobs, place: Location) -> Listing:
        return await list_container(blobs, place)

    def _equal(self, work: Copy, blob: Blob, there: Listing) -> bool:
        twin = there.blobs.get(goal_path(work.amount.source, work.amount.target, blob.path))
        return twin is not None and not unlike(blob, twin)

    def _unproven(self, work: Copy, blob: Blob, there: Listing) -> bool:
        """Whether a blob only looks like one there: the tool did not copy it, and no MD5 speaks for it."""
        path = goal_path(work.amount.source, work.amount.target, blob.path)
        twin = there.blobs.get(path)
        if twin is None or not self._equal(work, blob, there):
            return False
        own = work.record.own(path)
        if own and own.untouched(twin.etag) and own.source_etag == blob.etag:
            return False
        return blob.length > 0 and None in (blob.md5, twin.md5)

    async def _compare(self, work: Copy, there: Listing, blob: Blob) -> None:
        """Raises ConflictError unless both blobs hold the same bytes."""
        amount = work.amount
        path = goal_path(amount.source, amount.target, blob.path)
        source = Location(amount.source.account, amount.source.container, blob.path)
        target = Location(amount.target.account, amount.target.container, path)
        if not await self._alike(source, blob, target, there.blobs[path]):
            raise _conflict(amount, [path], "have other bytes in the target, and were not written by this tool")

    async def _alike(self, source: Location, blob: Blob, target: Location, twin: Blob) -> bool:
        """Whether both have the same bytes: each is read."""
        ours = await self._source.hash(source, blob, stopping=self._stopping)
        return ours == await self._target.hash(target, twin, stopping=self._stopping)

    async def _one(self, work: Copy, there: Listing, blob: Blob) -> None:
        amount = work.amount
        path = goal_path(amount.source, amount.target, blob.path)
        source = Location(amount.source.account, amount.source.container, blob.path)
        target = Location(amount.target.account, amount.target.container, path)
        twin = there.blobs.get(path)
        if twin is not None and not replaceable(work.record.own(path), blob, twin):
            raise _conflict(amount, [path], "differ in the target and are not as this tool left them")
        try:
            etag = await self._put(work, source, blob, target, twin.etag if twin else None)
        except ServiceError as error:
            etag = await self._settle(error, source, blob, target)
            if not error.doubtful and path not in work.asked_before:
                # Somebody else was faster: theirs is equal, and stays theirs.
                return
        await work.record.arrived(path, Copied(blob.etag, etag))

    async def _put(self, work: Copy, source: Location, blob: Blob, target: Location, replaces: str | None) -> str:
        """The ETag of the new blob."""
        if file := work.whole.get(blob.path):
            async with self._large:
                data = await self._anew(source, blob, file)
                return await self._target.write(blob, target, data, replaces=replaces)
        if blob.path in work.data:
            return await self._target.write(blob, target, work.data[blob.path], replaces=replaces)
        try:
            return await self._target.copy(
                self._source, source, blob, target, replaces=replaces, stopping=self._stopping
            )
        except ServiceError as error:
            if error.code != "Md5Mismatch":
                raise
            # The label in the source is false: the bytes are what counts, and the label is kept as it is.
            work.false_labels.append(blob.path)
            return await self._target.copy(
                self._source, source, blob, target, replaces=replaces, check=False, stopping=self._stopping
            )

    async def _anew(self, source: Location, blob: Blob, file: AnewFile) -> bytes:
        """A file as it has to be in the target. Raises DriftError where it is not what was planned."""
        found = await self._read(source, blob, JSON_LARGEST) or b""
        if hashlib.sha256(found).hexdigest() != file.sha256:
            raise _changed(blob)
        made = await asyncio.to_thread(written_anew, file.path, found, self._mapping)
        if hashlib.sha256(made).hexdigest() != file.to_sha256:
            raise DriftError(
                "A file would be written anew in another way than was planned.",
                address=blob.path,
                remedy="A datastore or an account of either side has changed since: make a new plan.",
            )
        return made

    async def _settle(self, error: ServiceError, source: Location, blob: Blob, target: Location) -> str:
        """A target that is taken is settled by reading it: a lost answer leaves a copy behind. Its ETag."""
        if error.status not in (409, 412) or error.code not in _TAKEN:
            gone = error.status == 404 and await self._source.head(source) is None
            if gone or error.code == "SourceConditionNotMet":
                raise _changed(blob) from error
            raise error
        twin = await self._target.head(target)
        other = twin is None or bool(set(unlike(blob, twin)) - {"tags"})
        if twin and not other and blob.length and None in (blob.md5, twin.md5):
            other = not await self._alike(source, blob, target, twin)
        if twin is None or other:
            raise ConflictError(
                "The target's blob of this name is another one, or was taken away.",
                address=f"{target.container}/{target.path}",
                remedy="Move it out of the way, then go on with `migrate run --resume`.",
            ) from error
        return twin.etag


def _changed(blob: Blob) -> DriftError:
    return DriftError(
        "A blob of the source changed while it was copied.",
        address=blob.path,
        remedy="Make a new plan: it will hold just the difference.",
    )


def _conflict(amount: Bytes, paths: list[str], what: str) -> ConflictError:
    shown = ", ".join(paths[:_NAMED])
    return ConflictError(
        f"{len(paths)} blobs {what}: {shown}",
        address=f"{amount.target.container}/{amount.target.path}",
        remedy="Move them out of the way, then go on with `migrate run --resume`.",
    )
