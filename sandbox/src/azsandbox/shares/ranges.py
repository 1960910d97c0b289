"""Byte ranges as headers have them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from azsandbox.shares.errors import ShareError, bad_header
from azsandbox.shares.task import Task

_RANGE = re.compile(r"bytes=(\d{1,18})-(\d{1,18})?")


@dataclass(frozen=True, slots=True)
class Range:
    """A range of bytes; one without an end is longer than any file."""

    start: int
    length: int

    def within(self, size: int) -> Range:
        """The range, cut where the file ends. Raises Refused 416 where it starts behind that."""
        if self.start >= size:
            raise ShareError("InvalidRange")
        return Range(self.start, min(self.length, size - self.start))


def range_of(task: Task) -> Range | None:
    """The range that a call names, `x-ms-range` before `Range`. Raises Refused for what is none."""
    return read_range(task, "x-ms-range", "Range")


def read_range(task: Task, *names: str) -> Range | None:
    """The range in the first of these headers that is there. Raises Refused for what is none."""
    for name in names:
        sent = task.header(name)
        if sent is not None:
            return _parse(name, sent)
    return None


def _parse(name: str, sent: str) -> Range:
    match = _RANGE.fullmatch(sent.replace(" ", ""))
    if match is None:
        raise bad_header(name, sent)
    start = int(match[1])
    end = int(match[2]) if match[2] is not None else 2**62
    if end < start:
        raise bad_header(name, sent)
    return Range(start, end - start + 1)
