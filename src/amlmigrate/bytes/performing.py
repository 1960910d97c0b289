"""Performs one task: nothing overwritten that the tool did not write, nothing half. It knows no ledger.

All that it needs comes with the task, but for the stores of both sides, and it keeps nothing: whoever signs in can
do it anywhere.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from typing import cast

from amlmigrate.bytes.contents import LARGEST
from amlmigrate.bytes.jsonfiles import LARGEST as JSON_LARGEST
from amlmigrate.bytes.jsonfiles import written_anew
from amlmigrate.bytes.listings import unlike
from amlmigrate.bytes.searching import Search
from amlmigrate.bytes.tasks import (
    CompareTask,
    CopyTask,
    DeleteTask,
    Digested,
    DigestTask,
    End,
    RelabelTask,
    Result,
    RewriteTask,
    Task,
)
from amlmigrate.cloud import unreadable
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.store import Placing, Store, StorePair
from amlmigrate.core.asset import Blob
from amlmigrate.core.errors import ConflictError, DriftError, InterruptedRunError, UnreadableError
from amlmigrate.core.ownership_record import Copied, Labels
from amlmigrate.core.parallel import never
from amlmigrate.core.workspace import Location, Service

_TAKEN = frozenset({"BlobAlreadyExists", "ResourceAlreadyExists", "ConditionNotMet", "TargetConditionNotMet"})
# Answers about one request, which those for other blobs need not get. What shuts a whole account has others.
_OF_ONE = (400, 409, 412, 413)
# Of a source that is gone, or shorter than it was listed: no read of a file is held to its version (AZ-FILE-4).
_NOT_THERE = (404, 416)
# What a read that is held to an ETag is answered of one that is gone since it was listed (AZ-BLOB-27).
_GONE = (404, "BlobNotFound")
# Somebody wrote it, or keeps it: a lease, a hold, a policy, a snapshot that would go with it
# (learn.microsoft.com, delete-blob and status-and-error-codes). Anything else fails the step as it is.
_KEPT = (409, 412)
_REFUSED = 403
_LEASED = "somebody has a lease on it, and has to give it back or break it"
# What has to end before the same command goes on.
_HELD = {
    "LeaseAlreadyPresent": _LEASED,
    "LeaseIdMissing": _LEASED,
    "SharingViolation": "somebody has it open, and has to close it",
}
Stopping = Callable[[], bool]


class TakenError(Exception):
    """The target has another blob of this name; its text says why it is another."""


async def perform(task: Task, stores: StorePair, *, stopping: Stopping = never) -> Result:
    """Does what a task says. What is about this one blob alone is its result; all else is raised.

    Once `stopping` says so a long blob is left at the end of its block. Raises MigrateError: DriftError where the
    source is not what was listed, ServiceError and OutOfReachError where a whole account is in the way.
    """
    match task:
        case DeleteTask():
            return await _delete(task, stores)
        case DigestTask():
            return await _digest(task, stores, stopping)
        case _:
            return await _bring(task, stores, stopping)


async def _bring(task: CopyTask | RelabelTask | CompareTask, stores: StorePair, stopping: Stopping) -> Result:
    """What makes the target's blob like the source's, or shows that it is."""
    try:
        match task:
            case CopyTask():
                return await _copy(task, stores, stopping)
            case RelabelTask():
                return await _relabel(task, stores)
            case CompareTask():
                return await _compare(task, stores, stopping)
    except TakenError as error:
        end, why = End.LEFT, str(error)
    except InterruptedRunError:
        end, why = End.HALFWAY, ""
    except ConflictError as error:
        end, why = End.LEFT, error.summary.rstrip(".")
    except (UnreadableError, ServiceError) as error:
        end, why = alone(error)
    return Result(task.target.path, end, why)


def alone(error: UnreadableError | ServiceError) -> tuple[End, str]:
    """Why one blob is left alone, while all others go on. Raises what is not about this one alone."""
    if isinstance(error, ServiceError) and not error.shut:
        if error.transient or (error.status not in _OF_ONE and (error.status, error.code) != _GONE):
            raise error
        held = _HELD.get(error.code)
        return End.LEFT, f"refused by the service: {error.status} {error.code}{f', {held}' if held else ''}"
    why = unreadable.why(error) if isinstance(error, ServiceError) else error.why
    return End.SHUT, f"cannot be read: {why}"


def changed(blob: Blob) -> DriftError:
    """A blob that is not the one that was listed."""
    return DriftError(
        "A blob of the source changed while it was copied.",
        address=blob.path,
        remedy="Make a new plan: it will contain only the difference.",
    )


async def read_listed(store: Store, place: Location, blob: Blob, largest: int = LARGEST) -> bytes | None:
    """The bytes of a blob as it was listed. Raises DriftError for another version."""
    try:
        return await store.read(place, largest, blob.etag)
    except ServiceError as error:
        if error.status != 412:
            raise
        raise changed(blob) from error


async def _copy(task: CopyTask, stores: StorePair, stopping: Stopping) -> Result:
    """Brings a blob to the target where there is none, or the tool's own. Raises TakenError, DriftError."""
    path, blob, false_label = task.target.path, task.blob, False
    try:
        try:
            etag = await _put(task, stores, stopping)
        except ServiceError as error:
            if error.code != "Md5Mismatch" or task.anew or task.data is not None:
                # Of what is written the label is our own, and false only where it was damaged on the way.
                raise
            # The label in the source is false: the bytes are what counts, and the label is kept as it is.
            false_label = True
            etag = await _put(task, stores, stopping, check=False)
    except ServiceError as error:
        etag = await _settle(error, task, stores, stopping)
        if not error.doubtful and not task.asked_before:
            # Somebody else was faster: theirs is equal, and stays theirs.
            return Result(path, false_label=false_label)
    return Result(path, copied=Copied(blob.etag, etag, Labels.of(blob)), false_label=false_label)


async def _put(task: CopyTask, stores: StorePair, stopping: Stopping, *, check: bool = True) -> str:
    """The ETag of the new blob."""
    target, source = stores.target(task.target), stores.source(task.source)
    if task.anew or task.data is not None:
        data = await _anew(task, task.anew, source) if task.anew else task.data or b""
        return await target.write(task.blob, task.target, data, replaces=task.replaces)
    return await target.copy_from(
        source,
        task.source,
        task.blob,
        task.target,
        replaces=task.replaces,
        check=check,
        stopping=stopping,
    )


async def _anew(task: CopyTask, anew: RewriteTask, store: Store) -> bytes:
    """A file as it has to be in the target. Raises DriftError where it is not what was planned."""
    file, blob = anew.file, task.blob
    found = await read_listed(store, task.source, blob, JSON_LARGEST) or b""
    if hashlib.sha256(found).hexdigest() != file.sha256:
        raise changed(blob)
    made = await asyncio.to_thread(written_anew, file.path, found, anew.mapping)
    if hashlib.sha256(made).hexdigest() != file.to_sha256:
        raise DriftError(
            "A file would be rewritten in another way than was planned.",
            address=blob.path,
            remedy="A datastore or an account of either side has changed since: make a new plan.",
        )
    return made


async def _settle(error: ServiceError, task: CopyTask, stores: StorePair, stopping: Stopping) -> str:
    """A target that is taken is settled by reading it: a lost answer leaves a copy behind. Its ETag."""
    blob = task.blob
    if error.status not in (409, 412) or error.code not in _TAKEN:
        if error.code == "SourceConditionNotMet" or (
            error.status in _NOT_THERE and await _is_another(task, stores)
        ):
            raise changed(blob) from error
        raise error
    twin = await stores.target(task.target).head(task.target)
    other = twin is None or bool(set(unlike(blob, twin)) - _unlisted(task.target))
    if twin and not other and blob.length and None in (blob.md5, twin.md5):
        other = not await _alike(CompareTask(task.source, blob, task.target, twin), stores, stopping)
    if twin is None or other:
        raise TakenError("another one than the source's, or taken away while it was copied") from error
    return twin.etag


async def _is_another(task: CopyTask, stores: StorePair) -> bool:
    """Whether the source is not the version that was listed, or gone."""
    now = await stores.source(task.source).head(task.source)
    return now is None or now.etag != task.blob.etag


def _unlisted(place: Location) -> set[str]:
    """What a list does not show of what lies at a place, or a look at one alone."""
    return {"tags"} if place.service is Service.BLOB else {"headers", "metadata"}


async def _relabel(task: RelabelTask, stores: StorePair) -> Result:
    """Sets tier and tags of a copy of the tool's own. Raises TakenError."""
    store, blob, twin = stores.labelled(task.target), task.blob, task.twin
    # Neither call takes an ETag as its condition (learn.microsoft.com, set-blob-tier and set-blob-tags).
    now = await store.head(task.target)
    if now is None or now.etag != twin.etag or now.tier != twin.tier:
        raise TakenError("written by somebody else while its tier or tags were to be set")
    if blob.tags is not None and blob.tags != twin.tags:
        await store.set_tags(task.target, blob.tags)
    if blob.tier and blob.tier != twin.tier:
        await store.set_tier(task.target, blob.tier)
    return Result(task.target.path, copied=Copied(blob.etag, twin.etag, Labels.of(blob)))


async def _compare(task: CompareTask, stores: StorePair, stopping: Stopping) -> Result:
    """Raises TakenError unless both blobs hold the same bytes."""
    if not await _alike(task, stores, stopping):
        raise TakenError("of other bytes, and not written by this tool")
    return Result(task.target.path, copied=task.known)


async def _alike(task: CompareTask, stores: StorePair, stopping: Stopping) -> bool:
    """Whether both have the same bytes: each is read."""
    ours = await stores.source(task.source).digest(task.source, task.blob, md5=False, stopping=stopping)
    return ours == await stores.target(task.target).digest(task.target, task.twin, md5=False, stopping=stopping)


async def _delete(task: DeleteTask, stores: StorePair) -> Result:
    try:
        await stores.target(task.target).delete(task.target, task.etag)
    except ServiceError as error:
        if error.status not in _KEPT:
            raise
        return Result(task.target.path, End.LEFT, f"kept by the service: {error.code}")
    return Result(task.target.path)


async def _digest(task: DigestTask, stores: StorePair, stopping: Stopping) -> Result:
    search = Search(task.places) if task.places else None
    store = stores.source(task.place) if task.of_source else stores.target(task.place)
    try:
        watch = search.begin if search else None
        asked = (task.place, task.blob, watch)
        shown: Blob | None = None
        if task.place.service is Service.FILE:
            # A list of files shows neither their headers nor their metadata.
            (sha256, md5, _), shown = await cast(Placing, store).digest_shown(
                *asked, md5=task.md5, stopping=stopping
            )
        else:
            sha256, md5, _ = await store.digest(*asked, md5=task.md5, stopping=stopping)
    except ServiceError as error:
        if not unreadable.why(error):
            raise
        told = f"not read: {error.status} {error.code}"
        return Result(task.place.path, End.SHUT, told, refused=error if error.status == _REFUSED else None)
    found = search.end() if search else None
    return Result(task.place.path, digested=Digested(sha256, md5 or None, found, shown))
