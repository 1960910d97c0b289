"""Operations on the bytes of files: Put Range, Clear Range, List Ranges."""

from __future__ import annotations

from azsandbox.calls import Answer
from azsandbox.shares import times
from azsandbox.shares.entries import changed, found, spans_of
from azsandbox.shares.errors import ShareError, bad_header, missing_header
from azsandbox.shares.file_calls import body, changeable, md5, put
from azsandbox.shares.listing import Page, xml
from azsandbox.shares.ranges import Range, range_of
from azsandbox.shares.task import Operations, Task, answer
from azsandbox.shares.written import added, removed, within


async def _put_range(task: Task) -> Answer:
    entry = changeable(found(task, directory=False, change=True))
    part = range_of(task)
    if part is None:
        raise missing_header("x-ms-range")
    if part.start + part.length > entry.size:
        raise ShareError("InvalidRange")
    headers = {"x-ms-request-server-encrypted": "true"}
    write = (task.header("x-ms-write") or "").lower()
    if write == "update":
        data = await body(task)
        if len(data) != part.length:
            raise bad_header("Content-Length", str(len(data)))
        task.store.contents.write(entry, part.start, data)
        entry.spans = added(spans_of(entry), part.start, part.length)
        headers["Content-MD5"] = md5(data)
    elif write == "clear":
        task.store.contents.clear(entry, part.start, part.length)
        entry.spans = removed(spans_of(entry), part.start, part.length)
    else:
        raise bad_header("x-ms-write", write) if write else missing_header("x-ms-write")
    if (task.header("x-ms-file-last-write-time") or "now").lower() != "preserve":
        entry.written = times.iso(times.tick())
    put(task, entry)
    return answer(201, {**changed(entry), "x-ms-file-last-write-time": entry.written, **headers})


async def _list_ranges(task: Task) -> Answer:
    """What was written and not cleared since, of the whole file or of a range of it."""
    entry = found(task, directory=False)
    part = range_of(task) or Range(0, entry.size)
    spans = within(spans_of(entry), part.start, min(part.start + part.length, entry.size))
    page = Page.of(task.call, frozenset())
    first = int(page.marker) if page.marker.isdecimal() else 0
    shown = spans[first : first + page.size] if page.sent else spans[first:]
    more = first + len(shown)
    ranges = "".join(f"<Range><Start>{low}</Start><End>{high}</End></Range>" for low, high in shown)
    next_ = f"<NextMarker>{more}</NextMarker>" if more < len(spans) else ""
    found_ = xml(f"<Ranges>{ranges}{next_}</Ranges>")
    found_.headers.update({**changed(entry), "x-ms-content-length": str(entry.size)})
    return found_


RANGES: Operations = {("PUT", "range"): _put_range, ("GET", "rangelist"): _list_ranges}
