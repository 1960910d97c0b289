"""Operations on a file's name, its lease and its handles: Rename File, Lease File, List Handles."""

from __future__ import annotations

import uuid
from urllib.parse import unquote, urlsplit

from azsandbox.calls import Answer
from azsandbox.shares import times
from azsandbox.shares.entries import changed, found, hold_lease, properties, set_smb_properties
from azsandbox.shares.errors import ShareError, bad_header, missing_header
from azsandbox.shares.file_calls import changeable
from azsandbox.shares.index import Entry
from azsandbox.shares.listing import xml
from azsandbox.shares.places import Place, named
from azsandbox.shares.task import Operations, Task, answer


async def _rename(task: Task) -> Answer:
    """To a name that nothing has, unless the call says that it may be replaced.

    Inferred (AZ-FILE-15): the lease on what is replaced ends.
    """
    entry = _origin(task)
    hold_lease(entry, task.header("x-ms-source-lease-id"))
    there = task.store.find(task.place)
    task.store.parent_id(task.place)
    if there is not None and there.id != entry.id:
        _replaced(task, there)
    goal = task.store.path_of(task.place)
    task.store.contents.move(entry, goal)
    now = times.tick()
    set_smb_properties(task, entry, now)
    entry.metadata = task.metadata() or entry.metadata
    if (content_type := task.header("x-ms-content-type")) is not None:
        entry.headers = {**entry.headers, "Content-Type": content_type}
    entry.changed, entry.parent_id = now, task.store.parent_id(task.place)
    task.store.index.rename(entry, goal)
    return answer(200, {**properties(entry), "x-ms-request-server-encrypted": "true"})


def _origin(task: Task) -> Entry:
    """The file that gets the name. Raises Refused for one of another share, and for none."""
    source = task.header("x-ms-file-rename-source") or ""
    share, _, path = unquote(urlsplit(source).path).lstrip("/").partition("/")
    if share != task.place.share or not path:
        raise bad_header("x-ms-file-rename-source", source)
    dots = (task.header("x-ms-source-allow-trailing-dot") or "").lower() == "true"
    entry = task.store.find(Place(task.place.account, share, named(path, dots=dots)))
    if entry is None or entry.directory:
        raise ShareError("ResourceNotFound")
    return entry


def _replaced(task: Task, there: Entry) -> None:
    """Takes away what has the name. Raises Refused where it stays."""
    if (task.header("x-ms-file-rename-replace-if-exists") or "").lower() != "true":
        raise ShareError("ResourceAlreadyExists")
    if there.directory:
        raise ShareError("ResourceTypeMismatch")
    if (task.header("x-ms-file-rename-ignore-readonly") or "").lower() != "true":
        changeable(there)
    hold_lease(there, task.header("x-ms-destination-lease-id"))
    task.store.remove(there)


async def _lease(task: Task) -> Answer:
    """Leases of files have no end."""
    entry, action = found(task, directory=False), (task.header("x-ms-lease-action") or "").lower()
    shown: dict[str, str] = {}
    if action == "acquire":
        wanted = task.header("x-ms-proposed-lease-id") or str(uuid.uuid4())
        if entry.lease not in ("", wanted):
            raise ShareError("LeaseAlreadyPresent")
        entry.lease = wanted
        shown = {"x-ms-lease-id": wanted}
    elif action == "release":
        if not entry.lease or task.header("x-ms-lease-id") != entry.lease:
            raise ShareError("LeaseIdMismatchWithLeaseOperation")
        entry.lease = ""
    elif action == "break":
        if not entry.lease:
            raise ShareError("LeaseNotPresentWithLeaseOperation")
        entry.lease = ""
        shown = {"x-ms-lease-time": "0"}
    else:
        raise bad_header("x-ms-lease-action", action) if action else missing_header("x-ms-lease-action")
    # A lease leaves the version of a file as it is.
    task.store.index.put(entry)
    return answer({"acquire": 201, "break": 202}.get(action, 200), {**changed(entry), **shown})


async def _handles(task: Task) -> Answer:
    """Nobody opens anything here: there is no SMB. Inferred (AZ-FILE-16): the right to read is enough.

    Of a file or a directory; with `x-ms-recursive` of all that lies in the latter (AZ-FILE-18).
    """
    task.store.share(task.place)
    if task.place.path and task.store.find(task.place) is None:
        raise ShareError("ResourceNotFound")
    return xml("<EnumerationResults><Entries /><NextMarker /></EnumerationResults>")


HANDLES: Operations = {("GET", "listhandles"): _handles}
NAMES: Operations = {("PUT", "rename"): _rename, ("PUT", "lease"): _lease, **HANDLES}
