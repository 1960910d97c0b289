"""CSV that a spreadsheet opens without running it, and that is read back as what it was.

A spreadsheet takes a cell for a formula by its first sign, also behind blanks. Such a cell gets an apostrophe
before it (OWASP, "CSV Injection"), and so does one that begins with apostrophes before such a sign: the one
apostrophe is taken away when the cell is read. Characters that are not visible are escapes (`core.escapes`).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from amlmigrate.core.escapes import meant, shown

_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_MARK = "'"


def written(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A head and rows by RFC 4180."""
    return _lines([columns]) + lines(rows)


def lines(rows: Iterable[Sequence[str]]) -> str:
    """Rows alone, to follow a head."""
    return _lines([cell(one) for one in row] for row in rows)


def _lines(rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue()


def cell(text: str) -> str:
    """A text as a cell."""
    found = shown(text)
    return _MARK + found if _runs(found) else found


def plain(cell: str) -> str:
    """The text that a cell was written from; of one that somebody typed, what it says."""
    return meant(cell[1:] if cell.startswith(_MARK) and _runs(cell[1:]) else cell)


def _runs(text: str) -> bool:
    """Whether a spreadsheet would see a formula, or would but for apostrophes; tabs are escaped by now."""
    return text.lstrip(_MARK).lstrip(" ").startswith(_FORMULA)
