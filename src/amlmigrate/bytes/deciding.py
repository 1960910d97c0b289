"""Decides what is to be done with the blobs of a step, by the lists of both sides and what the tool made. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from amlmigrate.bytes.comparing import Comparison, Judged, judged
from amlmigrate.bytes.listings import Listing
from amlmigrate.bytes.ownership import removable
from amlmigrate.bytes.tasks import CompareTask, CopyTask, DeleteTask, RelabelTask, RewriteTask
from amlmigrate.core.asset import Blob
from amlmigrate.core.ownership_record import Copied, Labels
from amlmigrate.core.plan import Bytes, Gone

Own = Callable[[str], Copied | None]


class PathDecision(NamedTuple):
    """What becomes of one path of the target: a task, or nothing.

    `known` is to be recorded as the tool's own without any call. `theirs` says why it is left alone. `asked`: it
    is not there, so that whatever appears there once it was asked for is the tool's own.
    """

    path: str
    blob: Blob
    task: CopyTask | RelabelTask | CompareTask | None = None
    known: Copied | None = None
    theirs: str = ""
    asked: bool = False


def copies(
    amount: Bytes,
    blobs: Iterable[Blob],
    there: Listing,
    own: Own,
    *,
    found_is_own: bool,
    data: Mapping[str, bytes],
    whole: Mapping[str, RewriteTask],
) -> Iterator[PathDecision]:
    """By path in the target, one by one: no list of all is held. `blobs` are the source's as they shall be.

    Only what `own` shows as the tool's own may be written over, and only as the tool left it; nothing is deleted.
    `found_is_own`: an earlier run was cut off while it copied. `data` and `whole`, by path in the source: what is
    written anew.
    """
    for one in judged(amount.source, amount.target, blobs, there, own):
        path, blob, twin = one.pair
        if blob is None:
            continue
        copied = own(path)
        if one.what is Comparison.FOREIGN:
            yield PathDecision(path, blob, theirs=one.why)
        elif one.what is Comparison.SAME:
            yield _same(amount, one, blob, copied, found_is_own=found_is_own)
        elif one.what is Comparison.RELABELLED:
            assert twin
            yield PathDecision(path, blob, RelabelTask(blob, amount.target.at(path), twin))
        else:
            before = found_is_own and copied is not None and not copied.target_etag
            task = CopyTask(
                amount.source.at(blob.path),
                blob,
                amount.target.at(path),
                replaces=twin.etag if twin else None,
                data=data.get(blob.path),
                anew=whole.get(blob.path),
                asked_before=before and twin is None,
            )
            yield PathDecision(path, blob, task, asked=twin is None)


def _same(amount: Bytes, one: Judged, blob: Blob, copied: Copied | None, *, found_is_own: bool) -> PathDecision:
    """Of one that looks like its source: whose it is, and whether its bytes have to be read for that."""
    path, twin = one.pair.path, one.pair.twin
    assert twin
    known: Copied | None = None
    if one.settled:
        labels = Labels.of(twin)
        # Tier or tags were set by a run that was cut off, by people on both sides, or before ledgers kept them.
        known = copied._replace(labels=labels) if copied and copied.labels != labels else None
    elif found_is_own and copied and not copied.untouched(twin.etag):
        # An earlier run had asked for it, and was cut off before it was recorded.
        known = Copied(blob.etag, twin.etag, Labels.of(twin))
    # The tool did not copy it, and no MD5 speaks for it.
    if not one.settled and blob.length > 0 and None in (blob.md5, twin.md5):
        task = CompareTask(amount.source.at(blob.path), blob, amount.target.at(path), twin, known)
        return PathDecision(path, blob, task)
    return PathDecision(path, blob, known=known)


class Deletions(NamedTuple):
    """What becomes of the copies that a step lists: tasks, what is gone already, and what stays, with why."""

    tasks: list[DeleteTask]
    gone: list[str]
    theirs: dict[str, str]


def deletions(
    amount: Bytes, listed: Iterable[Gone], there: Listing, own: Own, refers: Callable[[str], str]
) -> Deletions:
    """Only the tool's own copies are deleted, each as the tool left it. `refers`: who needs a path, or ''."""
    found = Deletions([], [], {})
    for one in listed:
        twin = there.blobs.get(one.path)
        if twin is None:
            found.gone.append(one.path)
        elif twin.etag != one.etag or not removable(own(one.path), twin):
            found.theirs[one.path] = "not as this tool left it"
        elif by := refers(one.path):
            found.theirs[one.path] = f"{by} refers to it"
        else:
            found.tasks.append(DeleteTask(amount.target.at(one.path), one.etag))
    return found
