"""Deletes copies of the tool's own whose source is gone: those that the plan lists, each as the tool left it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Protocol

from amlmigrate.bytes.listings import list_container, listing_digest
from amlmigrate.bytes.ownership import removable
from amlmigrate.bytes.work import conflict, etags
from amlmigrate.cloud.blobs import Blobs
from amlmigrate.cloud.errors import OutOfReachError, ServiceError
from amlmigrate.core.errors import DriftError, InterruptedRunError
from amlmigrate.core.few import many
from amlmigrate.core.parallel import each, never
from amlmigrate.core.plan import Bytes, Gone, Step
from amlmigrate.core.prior import Copied
from amlmigrate.core.workspace import Location

PARALLEL = 32
# Looks when it is asked, since a run may take days, and gives who of the target refers to a place by then, or ''.
Needed = Callable[[], Awaitable[Callable[[Location], str]]]
# Somebody wrote it, or keeps it: a lease, a hold, a policy, a snapshot that would go with it
# (learn.microsoft.com, delete-blob and status-and-error-codes). Anything else fails the step as it is.
_KEPT = (409, 412)


class Record(Protocol):
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

    def __init__(self, source: Blobs, target: Blobs, *, stopping: Callable[[], bool] = never) -> None:
        self._source = source
        self._target = target
        self._stopping = stopping

    async def delete(self, step: Step, amount: Bytes, record: Record, needed: Needed) -> str:
        """Deletes what the step lists, but what `needed` says that the target's users refer to.

        Returns a note for the report. Raises DriftError where the source is not what was planned,
        InterruptedRunError, and ConflictError for what is not as it was left, once all else is deleted.
        """
        listed, there = await asyncio.gather(
            list_container(self._source, amount.source), list_container(self._target, amount.target)
        )
        # A container that is not there is no folder that was cleaned up: nobody knows why it is not.
        if not listed.exists or listing_digest(listed.below(amount.source.path)) != step.source_sha256:
            raise DriftError(
                "The source's blobs are not what they were when the plan was made.",
                address=f"{amount.source.container}/{amount.source.path}",
                remedy="Make a new plan: it will hold just the difference.",
            )
        refers = await needed()
        theirs: dict[str, str] = {}
        todo: list[Gone] = []
        asked, before = await record.asked(), 0
        for gone in step.gone:
            twin = there.blobs.get(gone.path)
            place = Location(amount.target.account, amount.target.container, gone.path)
            if twin is None:
                if gone.path in asked:
                    before += 1
                    await record.deleted(gone.path)
            elif twin.etag != gone.etag or not removable(record.own(gone.path), twin):
                theirs[gone.path] = "not as this tool left it"
            elif by := refers(place):
                theirs[gone.path] = f"{by} refers to it"
            else:
                todo.append(gone)
        if todo:
            await record.deleting(todo)
        absent, went = len(step.gone) - len(todo) - len(theirs), list[Gone]()
        try:
            await self._all(amount, todo, record, theirs, went)
        except (ServiceError, OutOfReachError) as error:
            error.also(f"Of its {len(step.gone)} blobs {absent + len(went)} are known to be gone.")
            raise
        await record.left(etags(theirs, there))
        if theirs:
            others = many(len(step.gone) - len(theirs), f"of {len(step.gone)} is", f"of {len(step.gone)} are")
            raise conflict(amount, theirs, f"The other {others} gone.")
        already = f", {many(absent - before, 'was', 'were')} gone already" if absent > before else ""
        return f"{many(len(todo) + before, 'blob')} deleted{already}"

    async def _all(
        self, amount: Bytes, todo: list[Gone], record: Record, theirs: dict[str, str], went: list[Gone]
    ) -> None:
        async def one(gone: Gone) -> None:
            place = Location(amount.target.account, amount.target.container, gone.path)
            try:
                await self._target.delete(place, gone.etag)
            except ServiceError as error:
                if error.status not in _KEPT:
                    raise
                theirs[gone.path] = f"kept by the service: {error.code}"
            else:
                went.append(gone)
                await record.deleted(gone.path)

        if not await each(todo, one, parallel=PARALLEL, stopping=self._stopping):
            raise InterruptedRunError("Stopped before all blobs were deleted.")
