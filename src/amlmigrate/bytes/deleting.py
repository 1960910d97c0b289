"""Deletes copies of the tool's own whose source is gone: those that the plan lists, each as the tool left it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import aclosing
from typing import Protocol

from amlmigrate.bytes.deciding import Deletions, deletions
from amlmigrate.bytes.executing import Executor, performed, streamed
from amlmigrate.bytes.listings import list_container, listing_digest
from amlmigrate.bytes.tasks import End, Result
from amlmigrate.bytes.work import conflict, etags
from amlmigrate.cloud.errors import OutOfReachError, ServiceError
from amlmigrate.cloud.store import StorePair
from amlmigrate.core.errors import DriftError, InterruptedRunError
from amlmigrate.core.few import agreed, many
from amlmigrate.core.ownership_record import Copied
from amlmigrate.core.parallel import never
from amlmigrate.core.plan import Bytes, Gone, Step
from amlmigrate.core.workspace import Location

# Looks when it is asked, since a run may take days, and gives who of the target refers to a place by then, or ''.
Needed = Callable[[], Awaitable[Callable[[Location], str]]]


class DeletionRecord(Protocol):
    """What is known of the tool's own copies, and is told of what becomes of them."""

    def own(self, path: str) -> Copied | None:
        """What the tool copied to a path before."""
        ...

    async def asked(self) -> frozenset[str]:
        """What an earlier run asked to be deleted, and was not seen to be."""
        ...

    async def deleting(self, gone: Iterable[Gone]) -> None:
        """Told once, before the first deletion: all that are asked for."""
        ...

    async def deleted(self, path: str) -> None:
        """Told of each that is gone."""
        ...

    async def left(self, left: Mapping[str, str]) -> None:
        """Told which the step could not delete, in place of what it was told before: path to ETag."""
        ...


class Deleter:
    """Deletes in the target's accounts; nothing is ever deleted in the source's."""

    def __init__(self, stores: StorePair, executor: Executor, *, stopping: Callable[[], bool] = never) -> None:
        self._stores = stores
        self._executor = executor
        self._stopping = stopping

    async def delete(self, step: Step, amount: Bytes, record: DeletionRecord, needed: Needed) -> str:
        """Deletes what the step lists, but what `needed` says that the target's users refer to.

        Returns a note for the report. Raises DriftError where the source is not what was planned,
        InterruptedRunError, and ConflictError for what is not as it was left, once all else is deleted.
        """
        listed, there = await asyncio.gather(
            list_container(self._stores.source(amount.source), amount.source),
            list_container(self._stores.target(amount.target), amount.target),
        )
        # A container that is not there is no folder that was cleaned up: nobody knows why it is not.
        if not listed.exists or listing_digest(listed.below(amount.source.path)) != step.source_sha256:
            raise DriftError(
                "The source's blobs are not what they were when the plan was made.",
                address=f"{amount.source.container}/{amount.source.path}",
                remedy="Make a new plan: it will contain only the difference.",
            )
        refers = await needed()
        found = deletions(amount, step.gone, there, record.own, lambda path: refers(amount.target.at(path)))
        asked = await record.asked()
        before = [path for path in found.gone if path in asked]
        for path in before:
            await record.deleted(path)
        if found.tasks:
            paths = {task.target.path for task in found.tasks}
            await record.deleting([one for one in step.gone if one.path in paths])
        theirs, went = found.theirs, list[str]()
        try:
            await self._all(found, record, went)
        except (ServiceError, OutOfReachError) as error:
            known = len(found.gone) + len(went)
            error.also(f"Of its {many(len(step.gone), 'blob')} {many(known, 'is', 'are')} known to be gone.")
            raise
        await record.left(etags(theirs, there))
        if theirs:
            others = len(step.gone) - len(theirs)
            are = agreed(others, "is", "are")
            raise conflict(amount, theirs, f"The other {others} of {len(step.gone)} {are} gone.")
        absent = len(found.gone) - len(before)
        already = f", {many(absent, 'was', 'were')} gone already" if absent else ""
        return f"{many(len(found.tasks) + len(before), 'blob')} deleted{already}"

    async def _all(self, found: Deletions, record: DeletionRecord, went: list[str]) -> None:
        async def take(result: Result) -> None:
            if result.end is not End.DONE:
                found.theirs[result.path] = result.why
            else:
                went.append(result.path)
                await record.deleted(result.path)

        async with aclosing(streamed(found.tasks)) as tasks:
            if not await performed(self._executor, tasks, take, stopping=self._stopping):
                raise InterruptedRunError("Stopped before all blobs were deleted.")
