"""JSON as text: the strings in it that are others in the target, and all else byte for byte as it was.

A file is one value, or a value a line (JSON Lines). Nothing is written by a JSON emitter but the part of a string
that changes. What is written is read again, and has to mean what was meant.
"""

from __future__ import annotations

import codecs
import hashlib
import json
import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

# In text that is JSON, every quote outside of a string begins one.
_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
# Each stands for one sign of what the string means.
_UNIT = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|.", re.DOTALL
)
# What has none of these can be no address; most strings of a file have none.
_LIKELY = re.compile(r"[:\\]|/subscriptions/", re.IGNORECASE)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# A longer line is not shown whole.
_LONGEST = 500
# From what a string means to what it shall mean.
Meant = Callable[[str], str]


class NotJsonError(ValueError):
    """A text is no JSON that can be written anew; its message says why, without the text."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line that changes, by its number from 1; of a long one only the first string that does."""

    number: int
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class RewrittenText:
    """A file as it is in the target: its bytes, how many of its strings changed, and the first lines that did."""

    data: bytes
    count: int = 0
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class _Edit:
    """A string at its place, quotes included, as it is and as it shall be written, and what each means."""

    start: int
    end: int
    before: str
    after: str
    old: str
    new: str


def anew(data: bytes, meant: Meant, *, by_line: bool, shown: int) -> RewrittenText:
    """The file with each string changed for which `meant` gives another.

    `by_line`: its name says that it is JSON Lines; what is of the other form is read all the same, and lines that
    are no JSON stay as they are. Raises NotJsonError where there is something to change and nothing is JSON.
    """
    mark, code = _code(data)
    try:
        text = data[len(mark) :].decode(code, "surrogateescape")
    except UnicodeDecodeError as error:
        raise NotJsonError(f"it is no {code}: {error.reason}") from error
    edits = _edited(text, meant, by_line=by_line)
    if not edits:
        return RewrittenText(data)
    try:
        written = mark + _applied(text, edits).encode(code, "surrogateescape")
    except UnicodeEncodeError as error:
        raise NotJsonError(f"it cannot be written as {code}: {error.reason}") from error
    return RewrittenText(written, len(edits), tuple(_lines(text, edits, shown)))


def changed(text: str, strings: Mapping[str, str]) -> str:
    """A text that is one JSON value with some strings as others, wherever they stand in it.

    Raises NotJsonError for any other text.
    """
    edits = _whole(text, lambda string: strings.get(string, string))
    if edits is None:
        raise NotJsonError("it is not a JSON value")
    return _applied(text, edits)


def _code(data: bytes) -> tuple[bytes, str]:
    """The mark at its beginning, and how it is encoded: by the mark, or by the noughts in its first signs."""
    for mark, code in _MARKS:
        if data.startswith(mark):
            return mark, code
    return b"", json.detect_encoding(data[:4])


def _edited(text: str, meant: Meant, *, by_line: bool) -> list[_Edit]:
    """What changes, by the form that the text is of; of one value a line those that are JSON."""
    found, refused = _by_line(text, meant) if by_line else ([], True)
    if not refused:
        return found
    # A line of a value over many lines may be JSON by itself.
    whole = _whole(text, meant)
    if whole:
        return whole
    if not by_line:
        found, refused = _by_line(text, meant)
    if not found and (refused or whole is None):
        raise NotJsonError("it is neither a JSON value nor one a line")
    return found


def _whole(text: str, meant: Meant) -> list[_Edit] | None:
    """Of a text that is one value; None for no JSON."""
    edits = list(_edits(text, 0, meant))
    return edits if not edits or _comes_to(text, edits) else None


def _by_line(text: str, meant: Meant) -> tuple[list[_Edit], bool]:
    """Of all lines that are JSON, and whether there is something to change in one that is none."""
    found: list[_Edit] = []
    refused = False
    for start, line in _split(text):
        edits = list(_edits(line, start, meant)) if _LIKELY.search(line) else []
        if edits and _comes_to(line, [_moved(edit, -start) for edit in edits]):
            found += edits
        elif edits:
            refused = True
    return found, refused


def _split(text: str) -> Iterator[tuple[int, str]]:
    """Each line with where it starts: by line feeds alone, since all other signs may stand in strings."""
    start = 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        yield start, text[start:end]
        start = end + 1


def _moved(edit: _Edit, by: int) -> _Edit:
    return replace(edit, start=edit.start + by, end=edit.end + by)


def _edits(text: str, offset: int, meant: Meant) -> Iterator[_Edit]:
    """The strings of a text that shall mean something else."""
    for match in _STRING.finditer(text):
        raw = match[0]
        if not _LIKELY.search(raw):
            continue
        try:
            old: str = json.loads(raw, strict=False) if "\\" in raw else raw[1:-1]
        except ValueError:
            # The text is none that is read as JSON either.
            continue
        new = meant(old)
        if new != old:
            yield _Edit(offset + match.start(), offset + match.end(), raw, _string(raw, old, new), old, new)


def _string(raw: str, old: str, new: str) -> str:
    """The string with only that written anew which differs, escaped as it was."""
    # Most strings have no escapes, so that each sign stands for itself.
    units = _UNIT.findall(raw[1:-1]) if "\\" in raw else old
    first, last = shared(old, new)
    part = json.dumps(new[first : len(new) - last], ensure_ascii=raw.isascii())[1:-1]
    if r"\/" in raw:
        part = part.replace("/", r"\/")
    return f'"{"".join(units[:first])}{part}{"".join(units[len(units) - last :])}"'


def shared(old: str, new: str) -> tuple[int, int]:
    """How many signs two texts share at their start, and how many of the rest at their end."""
    shorter = min(len(old), len(new))
    first = next((at for at in range(shorter) if old[at] != new[at]), shorter)
    rest = shorter - first
    return first, next((at for at in range(rest) if old[-1 - at] != new[-1 - at]), rest)


def _applied(text: str, edits: list[_Edit]) -> str:
    parts, at = [], 0
    for edit in edits:
        parts += [text[at : edit.start], edit.after]
        at = edit.end
    return "".join([*parts, text[at:]])


def _comes_to(text: str, edits: list[_Edit]) -> bool:
    """Whether a text is JSON, and with the edits means the same but for the strings that shall change."""
    try:
        return _meaning(text, {edit.old: edit.new for edit in edits}) == _meaning(_applied(text, edits), {})
    except (ValueError, RecursionError):
        return False


class _Number(str):
    """A number as it is written: no other is the same, however close."""

    __slots__ = ()


class _Object(bytes):
    """The digest of an object: all that is kept of it, so that a large file is not held as objects."""

    __slots__ = ()


def _meaning(text: str, changed: Mapping[str, str]) -> bytes:
    """A digest of what a text means, with some strings as if they were others. Raises ValueError for no JSON."""

    def digest(value: Any) -> bytes:
        found = hashlib.sha256()
        _add(found, value, changed)
        return found.digest()

    value = json.loads(
        text,
        # Names may come twice, and their order counts.
        object_pairs_hook=lambda pairs: _Object(digest([item for pair in pairs for item in pair])),
        parse_int=_Number,
        parse_float=_Number,
        parse_constant=_Number,
        strict=False,
    )
    return digest(value)


def _add(found: Any, value: Any, changed: Mapping[str, str]) -> None:
    if isinstance(value, list):
        found.update(b"[%d " % len(value))
        for item in value:
            _add(found, item, changed)
        return
    if isinstance(value, _Object):
        sort, data = b"{", bytes(value)
    elif isinstance(value, _Number):
        sort, data = b"0", value.encode()
    elif isinstance(value, str):
        sort, data = b'"', changed.get(value, value).encode("utf-8", "surrogatepass")
    else:
        sort, data = b"n", repr(value).encode()
    found.update(b"%s%d " % (sort, len(data)))
    found.update(data)


def _lines(text: str, edits: list[_Edit], shown: int) -> Iterator[Line]:
    """The first lines that change."""
    number, counted, at = 1, 0, 0
    while shown and at < len(edits):
        shown -= 1
        start = text.rfind("\n", 0, edits[at].start) + 1
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        number, counted = number + text.count("\n", counted, start), start
        behind = bisect_left(edits, end, lo=at, key=lambda edit: edit.start)
        inside = [_moved(edit, -start) for edit in edits[at : behind if end - start <= _LONGEST else at + 1]]
        at = behind
        if end - start <= _LONGEST:
            line = text[start:end]
            yield Line(number, line, _applied(line, inside))
        else:
            yield Line(number, inside[0].before, inside[0].after)
