"""Operations on directories; the root of a share is one without a row of its own."""

from __future__ import annotations

from azsandbox.calls import Answer
from azsandbox.shares import times
from azsandbox.shares.entries import changed, found, new_entry, properties, set_smb_properties
from azsandbox.shares.errors import ShareError
from azsandbox.shares.index import Entry
from azsandbox.shares.listing import OF_ENTRIES, Page, entries_document, marked, xml
from azsandbox.shares.task import Operations, Task, answer, shown


def _directory(task: Task, *, change: bool = False) -> Entry:
    if task.place.path:
        return found(task, directory=True, change=change)
    share = task.store.share(task.place)
    moment = times.iso(share.changed)
    return Entry(share.account, share.name, "", True, 0, share.changed, moment, moment, "Directory")


async def _create(task: Task) -> Answer:
    if not task.place.path or task.store.find(task.place) is not None:
        raise ShareError("ResourceAlreadyExists")
    entry = new_entry(task, directory=True)
    task.store.contents.create(entry)
    task.store.index.put(entry)
    return answer(201, {**properties(entry), "x-ms-request-server-encrypted": "true"})


async def _properties(task: Task) -> Answer:
    entry = _directory(task)
    return answer(200, {**properties(entry), **shown(entry.metadata), "x-ms-server-encrypted": "true"})


async def _set(task: Task) -> Answer:
    entry = found(task, directory=True, change=True)
    set_smb_properties(task, entry, times.tick())
    _put(task, entry)
    return answer(200, {**properties(entry), "x-ms-request-server-encrypted": "true"})


async def _set_metadata(task: Task) -> Answer:
    entry = found(task, directory=True, change=True)
    entry.metadata = task.metadata()
    _put(task, entry)
    return answer(200, {**changed(entry), "x-ms-request-server-encrypted": "true"})


def _put(task: Task, entry: Entry) -> None:
    entry.changed = times.tick()
    task.store.index.put(entry)


async def _delete(task: Task) -> Answer:
    task.store.remove(found(task, directory=True, change=True))
    return answer(202, {})


async def _list(task: Task) -> Answer:
    entry, page = _directory(task), Page.of(task.call, OF_ENTRIES)
    items = task.store.index.children(task.place, page.prefix, marked(page.marker), page.size + 1)
    return xml(entries_document(task.call, page, task.place, entry.id, items))


DIRECTORY: Operations = {
    ("PUT", ""): _create,
    ("GET", ""): _properties,
    ("GET", "metadata"): _properties,
    ("PUT", "metadata"): _set_metadata,
    ("PUT", "properties"): _set,
    ("DELETE", ""): _delete,
    ("GET", "list"): _list,
}
