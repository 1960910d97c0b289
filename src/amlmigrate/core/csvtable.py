"""CSV files that people write: by the names in their first line, with the number of each line for messages."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from amlmigrate.core import csvtext, unread
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.redaction import path_text

# Its number in the file, and its cells by the names of their columns; a column that is not there is empty.
Line = tuple[int, dict[str, str]]


def read(path: Path, columns: Sequence[str], optional: Sequence[str] = (), *, remedy: str) -> list[Line]:
    """The lines of a file that has these columns; columns of other names are their users' own.

    In UTF-8, with or without a byte order mark. Raises BadInputError for a file that cannot be read or has none.
    """
    return read_digested(path, columns, optional, remedy=remedy)[0]


def read_digested(
    path: Path, columns: Sequence[str], optional: Sequence[str] = (), *, remedy: str
) -> tuple[list[Line], str]:
    """As `read`, and the SHA-256 of the very bytes that the lines are from: the file may change at any time."""
    try:
        data = path.read_bytes()
        # Spreadsheets write a mark of the byte order in front.
        text = data.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise refused(path, unread.why(error), remedy) from error
    found = lines(path, text, columns, optional, remedy=remedy)
    if not found:
        raise refused(path, "it has no line below its first", remedy)
    return found, sha256(data).hexdigest()


def lines(
    path: Path, text: str, columns: Sequence[str], optional: Sequence[str] = (), *, remedy: str
) -> list[Line]:
    """The lines of a text; `path` is where it is from, for messages. Raises BadInputError."""
    rows = _rows(path, text, remedy)
    head = rows.pop(0)[1] if rows else []
    if not set(columns) <= set(head):
        raise refused(path, f"its first line does not name the columns {' and '.join(columns)}", remedy)
    if twice := next((name for name in head if name and head.count(name) > 1), ""):
        raise refused(path, f"its first line names the column '{twice}' twice", remedy)
    places = {name: head.index(name) for name in (*columns, *optional) if name in head}
    found = []
    for number, cells in rows:
        # As where a cell with a comma has no quotes: what stands after it would be read as something else.
        if any(cells[len(head) :]):
            raise refused(path, f"line {number} has more cells than columns", "Quote what has a comma.")
        told = {name: csvtext.plain(cells[at]) if at < len(cells) else "" for name, at in places.items()}
        found.append((number, dict.fromkeys(optional, "") | told))
    return found


def _rows(path: Path, text: str, remedy: str) -> list[tuple[int, list[str]]]:
    """All that are not empty."""
    parsed = csv.reader(io.StringIO(text, newline=""), skipinitialspace=True, strict=True)
    try:
        rows = [(parsed.line_num, [cell.strip() for cell in cells]) for cells in parsed]
    except csv.Error as error:
        raise refused(path, f"line {parsed.line_num} is not valid CSV: {error}", remedy) from error
    return [(number, cells) for number, cells in rows if any(cells)]


def refused(path: Path, why: str, remedy: str) -> BadInputError:
    """That a file cannot be used."""
    return BadInputError(f"The file cannot be used: {why}.", address=path_text(path), remedy=remedy)
