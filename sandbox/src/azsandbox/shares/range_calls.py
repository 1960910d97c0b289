"""Operations on the bytes of files: Put Range, Clear Range, List Ranges."""

from __future__ import annotations

from azsandbox.calls import Answer
from azsandbox.shares import times
from azsandbox.shares.entries import changed, found
from azsandbox.shares.errors import Refused, bad_header, missing_header
from azsandbox.shares.file_calls import body, md5, put
from azsandbox.shares.listing import xml
from azsandbox.shares.ranges import range_of
from azsandbox.shares.task import Operations, Task, answer


async def _put_range(task: Task) -> Answer:
    entry = found(task, directory=False, change=True)
    part = range_of(task)
    if part is None:
        raise missing_header("x-ms-range")
    if part.start + part.length > entry.size:
        raise Refused("InvalidRange")
    headers = {"x-ms-request-server-encrypted": "true"}
    write = (task.header("x-ms-write") or "").lower()
    if write == "update":
        data = await body(task)
        if len(data) != part.length:
            raise bad_header("Content-Length", str(len(data)))
        task.store.contents.write(entry, part.start, data)
        headers["Content-MD5"] = md5(data)
    elif write == "clear":
        task.store.contents.clear(entry, part.start, part.length)
    else:
        raise bad_header("x-ms-write", write) if write else missing_header("x-ms-write")
    if (task.header("x-ms-file-last-write-time") or "now").lower() != "preserve":
        entry.written = times.iso(times.tick())
    put(task, entry)
    return answer(201, {**changed(entry), "x-ms-file-last-write-time": entry.written, **headers})


async def _list_ranges(task: Task) -> Answer:
    """One range, the whole file: what was never written is not told from zeros."""
    entry = found(task, directory=False)
    part = range_of(task)
    start, end = 0, entry.size
    if part is not None:
        start, end = part.start, min(part.start + part.length, entry.size)
    ranges = f"<Range><Start>{start}</Start><End>{end - 1}</End></Range>" if end > start else ""
    found_ = xml(f"<Ranges>{ranges}</Ranges>")
    found_.headers.update({**changed(entry), "x-ms-content-length": str(entry.size)})
    return found_


RANGES: Operations = {("PUT", "range"): _put_range, ("GET", "rangelist"): _list_ranges}
