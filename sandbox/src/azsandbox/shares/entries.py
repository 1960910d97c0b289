"""What files and directories have in common: their properties, as they are sent and as they are shown."""

from __future__ import annotations

from azsandbox.shares import times
from azsandbox.shares.errors import ShareError
from azsandbox.shares.index import Entry
from azsandbox.shares.permissions import key_of, set_permission
from azsandbox.shares.task import Task
from azsandbox.shares.written import Spans

_CONTENT = {
    "x-ms-content-type": "Content-Type",
    "x-ms-content-encoding": "Content-Encoding",
    "x-ms-content-language": "Content-Language",
    "x-ms-content-md5": "Content-MD5",
    "x-ms-cache-control": "Cache-Control",
    "x-ms-content-disposition": "Content-Disposition",
}
_ROOT_ID = 0


def new_entry(task: Task, *, directory: bool, size: int = 0) -> Entry:
    """A file or directory with the properties that the call sends. Raises Refused 404 without a parent."""
    now = times.tick()
    entry = Entry(
        account=task.place.account,
        share=task.place.share,
        path=task.store.path_of(task.place),
        directory=directory,
        parent_id=task.store.parent_id(task.place),
        changed=now,
        created=times.iso(now),
        written=times.iso(now),
        attributes="Directory" if directory else "Archive",
        size=size,
        headers=content_headers(task),
        metadata=task.metadata(),
    )
    set_smb_properties(task, entry, now)
    return entry


def content_headers(task: Task) -> dict[str, str]:
    """The headers that a file is to be read with."""
    return {shown: value for sent, shown in _CONTENT.items() if (value := task.header(sent))}


def set_smb_properties(task: Task, entry: Entry, now: int) -> None:
    """Attributes and times as the call has them: a value, `now`, or as they are (`preserve`).

    `None` is the usual attributes of what is new (learn `rest/api/storageservices/create-file`). Inferred
    (AZ-FILE-14): of what is there it is no attributes at all.
    """
    attributes = task.header("x-ms-file-attributes")
    if attributes and attributes.lower() == "none" and entry.id:
        entry.attributes = "Directory" if entry.directory else "None"
    elif attributes and attributes.lower() not in {"none", "preserve"}:
        plain = entry.directory and "directory" not in attributes.lower()
        entry.attributes = f"{attributes} | Directory" if plain else attributes
    set_permission(task, entry)
    entry.created = _time(task.header("x-ms-file-creation-time"), entry.created, now)
    entry.written = _time(task.header("x-ms-file-last-write-time"), entry.written, now)


def _time(sent: str | None, old: str, now: int) -> str:
    if sent is None or sent.lower() == "preserve":
        return old
    return times.iso(now) if sent.lower() == "now" else sent


def changed(entry: Entry) -> dict[str, str]:
    """The headers that tell of the last change."""
    return {"ETag": times.etag(entry.changed), "Last-Modified": times.http_date(entry.changed)}


def properties(entry: Entry) -> dict[str, str]:
    """The headers that every file and directory is shown with."""
    return {
        **changed(entry),
        "x-ms-file-attributes": entry.attributes,
        "x-ms-file-change-time": times.iso(entry.changed),
        "x-ms-file-creation-time": entry.created,
        "x-ms-file-last-write-time": entry.written,
        "x-ms-file-id": file_id(entry.id),
        "x-ms-file-parent-id": file_id(entry.parent_id),
        "x-ms-file-permission-key": key_of(entry),
    }


def file_id(number: int) -> str:
    """An id as the service's are: large, but 0 for the root."""
    return str(number if number == _ROOT_ID else (number << 32) | 1 << 63)


def spans_of(entry: Entry) -> Spans:
    """The bytes of a file that were written; all of a file that was kept before they were counted."""
    whole = [[0, entry.size - 1]] if entry.size else []
    return whole if entry.spans is None else entry.spans


def found(task: Task, *, directory: bool, change: bool = False) -> Entry:
    """The file or directory that a call is about. Raises Refused.

    One that is there, but of the other type, is missing for a reader and a conflict for a writer (AZ-FILE-3).
    """
    entry = task.store.find(task.place)
    if entry is not None and entry.directory != directory and change:
        raise ShareError("ResourceTypeMismatch")
    if entry is None or entry.directory != directory:
        raise ShareError("ResourceNotFound")
    if change:
        hold_lease(entry, task.header("x-ms-lease-id"))
    return entry


def hold_lease(entry: Entry, named: str | None) -> None:
    """Raises Refused where somebody has the lease on a file, and not who names that id."""
    if entry.lease and named is None:
        raise ShareError("LeaseIdMissing")
    if entry.lease and named != entry.lease:
        raise ShareError("LeaseIdMismatchWithFileOperation")
