"""Copies what lies below a prefix, server-side, around what is somebody else's; whatever is left alone is told.

It decides by the lists of both sides (`deciding`), has an executor perform what that comes to, and records.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Container, Iterator
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from itertools import islice

from amlmigrate.bytes.comparing import Comparison, judged
from amlmigrate.bytes.contents import as_written, files, rewritten
from amlmigrate.bytes.deciding import PathDecision, copies
from amlmigrate.bytes.executing import Executor, performed
from amlmigrate.bytes.listings import Listing, list_container, listing_digest, renamed_on_the_way
from amlmigrate.bytes.performing import alone, read_listed
from amlmigrate.bytes.tasks import CompareTask, RewriteTask, Task
from amlmigrate.bytes.work import Copy, CopyRecord, conflict, etags
from amlmigrate.bytes.work import unreadable as unread
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.store import Placing, StorePair
from amlmigrate.core.asset import Blob
from amlmigrate.core.errors import (
    DriftError,
    InterruptedRunError,
    MigrateError,
    PlanLockedError,
    UnreadableError,
)
from amlmigrate.core.few import agreed, few, many
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.ownership_record import Copied
from amlmigrate.core.parallel import each, in_turns, never
from amlmigrate.core.plan import Bytes, Step
from amlmigrate.core.workspace import Service

# So many are asked for, and recorded as asked for, at once.
_BATCH = 1000
_FOLDERS_AT_ONCE = 16


class Copier:
    """Copies prefixes from the source's accounts to the target's."""

    def __init__(
        self,
        stores: StorePair,
        mapping: Mapping,
        executor: Executor,
        *,
        stopping: Callable[[], bool] = never,
    ) -> None:
        """Once `stopping` says so, no further blob is begun."""
        self._stores = stores
        self._mapping = mapping
        self._executor = executor
        self._stopping = stopping

    async def copy(
        self,
        step: Step,
        amount: Bytes,
        record: CopyRecord,
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
        listed, there = await asyncio.gather(
            list_container(self._stores.source(amount.source), amount.source),
            list_container(self._stores.target(amount.target), amount.target),
        )
        whole = {file.path: RewriteTask(file, self._mapping) for file in step.files}
        blobs = listed.below(amount.source.path)
        work = Copy(amount, record, blobs, apart, texts=files(step.rewrites), whole=whole)
        # Of many blobs this takes a while, in which the lease has to be renewed.
        if await asyncio.to_thread(listing_digest, work.blobs) != step.source_sha256:
            await self._drifted(work, there, found_is_own=found_is_own)
        try:
            await self._read_texts(work, listed)
            now = await self._bring(work, there, found_is_own=found_is_own)
        except (InterruptedRunError, PlanLockedError):
            raise
        except Exception as error:
            await _broken_off(work, there, error, _decided(work, there, found_is_own=found_is_own))
            raise
        await self._check(work, now)
        told = [f"the MD5 label in the source is false, and was kept: {few(work.false_labels)}"]
        return "; ".join([*(told if work.false_labels else ()), *self._told(work)])

    def _told(self, work: Copy) -> list[str]:
        """What the store of the target says of the copies."""
        placing = self._stores.placing(work.amount.target)
        said = placing.told(work.amount.source, work.amount.target) if placing else ""
        return [said] if said else []

    async def _read_texts(self, work: Copy, listed: Listing) -> None:
        """Reads the files of which the plan rewrites lines; of one that nobody can read it is noted."""
        for path in sorted(work.texts.keys() - work.whole.keys()):
            blob, goal = listed.blobs.get(path), work.goal(path)
            if blob is None or goal in work.apart or renamed_on_the_way(path):
                continue
            try:
                data = await self._rewritten(work, blob)
            except (UnreadableError, ServiceError) as error:
                work.leave(goal, *alone(error))
            else:
                work.data[path], work.made[path] = data, as_written(blob, data)

    async def _rewritten(self, work: Copy, blob: Blob) -> bytes:
        """A file with the planned lines in it. Raises DriftError where it is not the one that was planned."""
        data = await read_listed(self._stores.source(work.amount.source), work.amount.source.at(blob.path), blob)
        try:
            return rewritten((data or b"").decode(), work.texts[blob.path]).encode()
        except ValueError as error:
            raise DriftError(
                f"A file that the plan rewrites has changed: {error}.",
                address=blob.path,
                remedy="Make a new plan: it will contain only the difference.",
            ) from error

    async def _bring(self, work: Copy, there: Listing, *, found_is_own: bool) -> Listing:
        """Brings what is missing or another; the target as it is then."""
        decided = _decided(work, there, found_is_own=found_is_own)
        async with aclosing(_begun(work, decided)) as tasks:
            every = await performed(self._executor, tasks, work.take, stopping=self._stopping)
        if not every or work.halfway:
            raise InterruptedRunError("Stopped before all blobs were copied.")
        # What an earlier run was cut off at may be all that is left to do.
        if (work.moves or found_is_own) and (placing := self._stores.placing(work.amount.target)):
            await placing.tidy(work.amount.target)
            # When nothing is made in them any more: that would be their last write (AZ-FILE-19).
            await each(self._folders(work), partial(self._dress, work, placing), parallel=_FOLDERS_AT_ONCE)
        return (
            await list_container(self._stores.target(work.amount.target), work.amount.target)
            if work.moves
            else there
        )

    def _folders(self, work: Copy) -> Iterator[Blob]:
        """The directories of a share that the tool made, in this run or before."""
        own = work.record.own
        return (
            one
            for one in work.blobs
            if one.folder and ((goal := work.goal(one.path)) in work.made_folders or own(goal))
        )

    async def _dress(self, work: Copy, placing: Placing, folder: Blob) -> None:
        amount = work.amount
        source, target = amount.source.at(folder.path), amount.target.at(work.goal(folder.path))
        await placing.dress(self._stores.source(source), source, target)

    async def _drifted(self, work: Copy, there: Listing, *, found_is_own: bool) -> None:
        """Raises DriftError. What arrived of what did not change is the tool's own all the same."""
        if found_is_own:
            decided = copies(work.amount, work.blobs, there, work.record.own, found_is_own=True, data={}, whole={})
            async for one in in_turns(decided):
                if one.task is None and one.known and _is_new(one.known, work.record.own(one.path)):
                    await work.record.arrived(one.path, one.known)
        raise DriftError(
            "The source's blobs are not what they were when the plan was made.",
            address=f"{work.amount.source.container}/{work.amount.source.path}",
            remedy="Make a new plan: it will contain only the difference.",
        )

    async def _check(self, work: Copy, there: Listing) -> None:
        """Raises ConflictError unless the target's listing is like the source's, with nothing beside it.

        Raises UnreadableError where all that is missing cannot be read.
        """
        found = judged(work.amount.source, work.amount.target, work.wanted(), there, work.record.own)
        async for one in in_turns(found):
            if one.what in _WRONG and (one.pair.blob or one.pair.path not in work.apart):
                cased = one.what is Comparison.MISSING and one.pair.path in work.there
                why = _CASED if cased and work.amount.target.service is Service.FILE else _WRONG[one.what]
                work.theirs.setdefault(one.pair.path, why)
        await work.record.left(etags(work.theirs, there))
        if work.theirs:
            mine = [path in work.theirs for path in work.paths()]
            good = mine.count(False)
            rest = f"The other {good} of its {many(len(mine), 'blob')} {agreed(good, 'is', 'are')} there."
            if work.shut >= work.theirs.keys():
                raise unread(work.amount, work.theirs, rest)
            raise conflict(work.amount, work.theirs, rest)


_UNLIKE = "not like the source's"
# What a share answers for by this name, and lists by none.
_CASED = "there, but its name or that of a directory above it has another letter case: rename it to this one"
_WRONG = {
    Comparison.MISSING: _UNLIKE,
    Comparison.CHANGED: _UNLIKE,
    Comparison.RELABELLED: _UNLIKE,
    Comparison.FOREIGN: _UNLIKE,
    Comparison.GONE: "without a source any more: plan again",
    Comparison.EXTRA: "too many, and not created by this tool",
}


def _decided(work: Copy, there: Listing, *, found_is_own: bool) -> Iterator[PathDecision]:
    """What is to become of each blob of the step, by what was listed before its first change."""
    return copies(
        work.amount,
        work.wanted(),
        there,
        work.record.own,
        found_is_own=found_is_own,
        data=work.data,
        whole=work.whole,
    )


async def _begun(work: Copy, decided: Iterator[PathDecision]) -> AsyncGenerator[Task, None]:
    """The tasks, those that change anything once it is recorded that they are asked for."""
    while batch := list(islice(decided, _BATCH)):
        # Where all is there nothing of it waits, and what does has to have its turn.
        await asyncio.sleep(0)
        changing = [one for one in batch if one.task and not isinstance(one.task, CompareTask)]
        if changing:
            work.moves = True
            work.made_folders |= {one.path for one in changing if one.blob.folder}
            # What is not there at all, by its new path: whoever finds it later knows by whom it came.
            await work.record.begin([replace(one.blob, path=one.path) for one in changing if one.asked])
        for one in batch:
            if one.task:
                yield one.task
            elif one.theirs:
                work.theirs[one.path] = one.theirs
            else:
                work.there.add(one.path)
                if one.known:
                    await work.record.arrived(one.path, one.known)
        # Of many that are there already none waits for anything: others have a turn between two batches.
        await asyncio.sleep(0)


def _is_new(known: Copied, before: Copied | None) -> bool:
    """Whether it is another copy than the one that was known, and not only its tier or tags."""
    return before is None or before.target_etag != known.target_etag


async def _broken_off(work: Copy, there: Listing, error: Exception, decided: Iterator[PathDecision]) -> None:
    """Says how far a copy came that failed for what is about no single blob. `decided`: all that there was to do.

    Whoever lets it go lets go what was not seen to be there, and no more: the lists show it of those too whose
    turn had not come.
    """
    for one in decided:
        if one.theirs:
            work.theirs.setdefault(one.path, one.theirs)
        elif one.task is None:
            work.there.add(one.path)
    whole, missing = 0, list[str]()
    for path in work.paths():
        whole += 1
        if path not in work.there:
            missing.append(path)
    if isinstance(error, MigrateError):
        error.also(
            f"Of its {many(whole, 'blob')} {many(whole - len(missing), 'is', 'are')} known to be there,"
            f" and {many(len(missing), 'is', 'are')} not."
        )
    # Of a source that has changed nothing is to be compared: only a new plan knows what it is.
    if not isinstance(error, DriftError):
        await work.record.left(dict.fromkeys(missing, "") | etags(work.theirs, there))
