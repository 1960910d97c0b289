"""Copies what lies below a prefix, server-side, around what is somebody else's; whatever is left alone is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Container, Iterable, Iterator
from dataclasses import replace
from functools import partial

from amlmigrate.bytes.comparing import Compared, compare
from amlmigrate.bytes.contents import files
from amlmigrate.bytes.listings import Listing, list_container, listing_digest, renamed_on_the_way
from amlmigrate.bytes.putting import Putter, TakenError
from amlmigrate.bytes.work import Copy, Record, conflict, etags
from amlmigrate.bytes.work import unreadable as unread
from amlmigrate.cloud import unreadable
from amlmigrate.cloud.blobs import Blobs
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.asset import Blob
from amlmigrate.core.errors import (
    ConflictError,
    DriftError,
    InterruptedRunError,
    MigrateError,
    PlanLockedError,
    UnreadableError,
)
from amlmigrate.core.few import few
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.parallel import each, never
from amlmigrate.core.plan import Bytes, Step
from amlmigrate.core.prior import Copied, Labels

PARALLEL = 32
# Answers about one request, which those for other blobs need not get. What shuts a whole account has others.
_OF_ONE = (400, 409, 412, 413)
_Do = Callable[[Copy, Listing, Blob], Awaitable[None]]


class Copier:
    """Copies prefixes from the source's accounts to the target's."""

    def __init__(
        self, source: Blobs, target: Blobs, mapping: Mapping, *, stopping: Callable[[], bool] = never
    ) -> None:
        """Once `stopping` says so, no further blob is begun."""
        self._source = source
        self._target = target
        self._stopping = stopping
        self._putter = Putter(source, target, mapping, stopping=stopping)

    async def copy(
        self,
        step: Step,
        amount: Bytes,
        record: Record,
        *,
        found_is_own: bool,
        apart: Container[str] = frozenset(),
    ) -> str:
        """Brings all blobs of the prefix but those apart to the target, and reads both back.

        Only what the record shows as the tool's own may be written over, and only as the tool left it; nothing is
        deleted. `found_is_own`: an earlier run was cut off while it copied, so that what it had asked for and is
        there now is its own. `apart`: paths of the target that are not this step's. Returns a note for the report.
        Raises DriftError, InterruptedRunError, and ConflictError for what was left alone once all else is there.
        """
        anew = {file.path: file for file in step.files}
        work = Copy(amount, record, apart, texts=files(step.rewrites), whole=anew)
        listed, there = await asyncio.gather(
            list_container(self._source, amount.source), list_container(self._target, amount.target)
        )
        blobs = list(listed.below(amount.source.path))
        if listing_digest(blobs) != step.source_sha256:
            await self._drifted(work, blobs, there, found_is_own=found_is_own)
        work.paths = [path for path in (work.goal(blob.path) for blob in blobs) if path not in apart]
        try:
            wanted, now = await self._bring(work, blobs, there, found_is_own=found_is_own)
        except (InterruptedRunError, PlanLockedError):
            raise
        except Exception as error:
            await _broken_off(work, there, error)
            raise
        await self._check(work, wanted, now)
        if work.false_labels:
            return f"the MD5 label in the source is false, and was kept: {few(work.false_labels)}"
        return ""

    async def _bring(
        self, work: Copy, blobs: list[Blob], there: Listing, *, found_is_own: bool
    ) -> tuple[list[Blob], Listing]:
        """Brings what is missing or another; the blobs as they shall be, and the target as it is then."""
        wanted = [blob async for blob in self._expected(work, blobs)]
        found = self._compared(work, wanted, there)
        unproven = self._unproven(found, there, work)
        work.there |= {work.goal(blob.path) for blob in found.same} - {work.goal(blob.path) for blob in unproven}
        await self._each(unproven, self._putter.same, work, there)
        if found_is_own:
            await self._claim(work, found.same, there)
            work.asked_before |= self._under_way(work, found.missing, there)
        await self._relearn(work, found, there)
        if moves := [*found.missing, *found.changed, *found.relabelled]:
            await work.record.begin(self._asked_for(work, found.missing))
        await self._each([*found.missing, *found.changed], self._putter.put, work, there)
        await self._each(found.relabelled, self._putter.relabel, work, there)
        return wanted, await list_container(self._target, work.amount.target) if moves else there

    async def _drifted(self, work: Copy, blobs: list[Blob], there: Listing, *, found_is_own: bool) -> None:
        """Raises DriftError. What arrived of what did not change is the tool's own all the same."""
        if found_is_own:
            found = compare(work.amount.source, work.amount.target, blobs, there, work.record.own)
            unproven = {blob.path for blob in self._unproven(found, there, work)}
            await self._claim(work, [blob for blob in found.same if blob.path not in unproven], there)
        raise DriftError(
            "The source's blobs are not what they were when the plan was made.",
            address=f"{work.amount.source.container}/{work.amount.source.path}",
            remedy="Make a new plan: it will hold just the difference.",
        )

    @staticmethod
    def _wanted(work: Copy, blobs: list[Blob]) -> Iterator[Blob]:
        """What this step is about. Whoever let the plan's finding go did not ask for a copy under another name."""
        for blob in blobs:
            if work.goal(blob.path) in work.apart:
                continue
            if renamed_on_the_way(blob.path):
                work.theirs[work.goal(blob.path)] = "cannot be copied under its name"
            else:
                yield blob

    async def _expected(self, work: Copy, blobs: list[Blob]) -> AsyncIterator[Blob]:
        """The same as they shall be in the target; of files that the plan rewrites only those that can be read."""
        for blob in self._wanted(work, blobs):
            try:
                yield await self._putter.expected(work, blob)
            except (UnreadableError, ServiceError) as error:
                work.theirs[work.goal(blob.path)] = _why(work, blob, error)

    @staticmethod
    def _compared(work: Copy, wanted: Iterable[Blob], there: Listing) -> Compared:
        """What is to be done; what is somebody else's is noted as left alone."""
        found = compare(work.amount.source, work.amount.target, wanted, there, work.record.own)
        work.theirs |= {one.path: one.why for one in found.foreign}
        return found

    @staticmethod
    def _unproven(found: Compared, there: Listing, work: Copy) -> list[Blob]:
        """What only looks like one there: the tool did not copy it, and no MD5 speaks for it."""
        return [
            blob
            for blob in found.same
            if blob.path not in found.settled
            and blob.length > 0
            and None in (blob.md5, there.blobs[work.goal(blob.path)].md5)
        ]

    async def _each(self, blobs: list[Blob], do: _Do, work: Copy, there: Listing) -> None:
        """Does it for each. Who stops amid a long blob, or finds one that nobody reads, cuts none off."""
        halfway: list[Blob] = []

        async def one(blob: Blob) -> None:
            try:
                await do(work, there, blob)
                work.there.add(work.goal(blob.path))
            except TakenError as error:
                work.theirs[work.goal(blob.path)] = str(error)
            except InterruptedRunError:
                halfway.append(blob)
            except ConflictError as error:
                work.theirs[work.goal(blob.path)] = error.summary.rstrip(".")
            except (UnreadableError, ServiceError) as error:
                work.theirs[work.goal(blob.path)] = _why(work, blob, error)

        if not await each(blobs, one, parallel=PARALLEL, stopping=self._stopping) or halfway:
            raise InterruptedRunError("Stopped before all blobs were copied.")

    async def _check(self, work: Copy, wanted: list[Blob], there: Listing) -> None:
        """Raises ConflictError unless the target's listing is like the source's, with nothing beside it.

        Raises UnreadableError where all that is missing cannot be read.
        """
        found = compare(work.amount.source, work.amount.target, wanted, there, work.record.own)
        goals = partial(map, lambda blob: work.goal(blob.path))
        wrong = [*goals([*found.missing, *found.changed, *found.relabelled]), *(one.path for one in found.foreign)]
        for path in wrong:
            work.theirs.setdefault(path, "not like the source's")
        beside = ((blob.path, "without a source any more: plan anew") for blob in found.gone)
        more = ((blob.path, "too many, and not made by this tool") for blob in found.extra)
        for path, why in (*beside, *more):
            if path not in work.apart:
                work.theirs.setdefault(path, why)
        await work.record.left(etags(work.theirs, there))
        if work.theirs:
            there_now = sum(1 for path in work.paths if path not in work.theirs)
            rest = f"The other {there_now} of its {len(work.paths)} blobs are there."
            if work.shut >= work.theirs.keys():
                raise unread(work.amount, work.theirs, rest)
            raise conflict(work.amount, work.theirs, rest)

    @staticmethod
    def _asked_for(work: Copy, missing: list[Blob]) -> Iterator[Blob]:
        """What is not there at all, by its new path: whoever finds it later knows by whom it came."""
        return (replace(blob, path=work.goal(blob.path)) for blob in missing)

    @staticmethod
    async def _claim(work: Copy, same: list[Blob], there: Listing) -> None:
        """Records what an earlier run had asked for and has arrived, but was cut off before it was recorded."""
        for blob in same:
            path = work.goal(blob.path)
            own, twin = work.record.own(path), there.blobs[path]
            if own and not own.untouched(twin.etag) and path not in work.theirs:
                await work.record.arrived(path, Copied(blob.etag, twin.etag, Labels.of(twin)))

    @staticmethod
    async def _relearn(work: Copy, found: Compared, there: Listing) -> None:
        """Records tier and tags of copies that are like their source, where the ledger has others or none.

        They were set by a run that was cut off, by people on both sides, or before ledgers kept them.
        """
        for blob in found.same:
            path = work.goal(blob.path)
            own, labels = work.record.own(path), Labels.of(there.blobs[path])
            if blob.path in found.settled and own and own.labels != labels:
                await work.record.arrived(path, own._replace(labels=labels))

    @staticmethod
    def _under_way(work: Copy, missing: list[Blob], there: Listing) -> set[str]:
        """What may arrive still: the service goes on with a copy whose caller is gone."""
        paths = {work.goal(blob.path) for blob in missing}
        return {
            path for path in paths - there.blobs.keys() if (own := work.record.own(path)) and not own.target_etag
        }


async def _broken_off(work: Copy, there: Listing, error: Exception) -> None:
    """Says how far a copy came that failed for what is about no single blob.

    Whoever lets it go lets go what was not seen to be there, and no more.
    """
    missing = [path for path in work.paths if path not in work.there]
    if isinstance(error, MigrateError):
        whole = len(work.paths)
        error.also(
            f"Of its {whole} blobs {whole - len(missing)} are known to be there, and {len(missing)} are not."
        )
    # Of a source that has changed nothing is to be compared: only a new plan knows what it is.
    if not isinstance(error, DriftError):
        await work.record.left(dict.fromkeys(missing, "") | etags(work.theirs, there))


def _why(work: Copy, blob: Blob, error: UnreadableError | ServiceError) -> str:
    """Why one blob is left alone, while all others go on. Raises what is not about this one alone."""
    if isinstance(error, ServiceError) and not error.shut:
        if error.transient or error.status not in _OF_ONE:
            raise error
        return f"refused by the service: {error.status} {error.code}"
    work.shut.add(work.goal(blob.path))
    return f"cannot be read: {unreadable.why(error) if isinstance(error, ServiceError) else error.why}"
