"""The CSV of decisions: address, decision, reason, what was shown. `show --open` writes it, `--from` reads it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from amlmigrate.core import csvtext, unread
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.redaction import path_text

COLUMNS = ("address", "decision", "reason")
# By which a row is held to what its reader was shown; a file that somebody wrote themselves need not have it.
SHOWN = "shown"
_MUST = f"Its columns are {', '.join(COLUMNS)}, and {SHOWN} where `migrate show` wrote it."
# A spreadsheet would take bare digits for a number.
_SHA = "sha256:"
_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Row:
    """One row; `number` is its line in the file, for messages, `shown` the beginning of a digest, or ''."""

    number: int
    address: str
    decision: str
    reason: str
    shown: str = ""

    def names(self, sha256: str) -> bool:
        """Whether it is about just what has that digest, as far as it says."""
        return sha256.startswith(self.shown.strip().lower().removeprefix(_SHA))


def mark(sha256: str) -> str:
    """What stands in the column for a digest."""
    return f"{_SHA}{sha256[:_DIGITS]}"


def written(rows: Iterable[tuple[str, ...]], columns: tuple[str, ...] = COLUMNS) -> str:
    """Rows as CSV, which `read` reads back."""
    return csvtext.written(columns, rows)


def read(path: Path, verb: str) -> list[Row]:
    """The rows of a file, all with this decision.

    With or without a first row of column names; in UTF-8, with or without a byte order mark. Raises BadInputError
    for a file that cannot be read, holds no row, has a row of another decision or two about one address.
    """
    rows = list(_rows(path))
    if not rows:
        raise _refused(path, "The file holds no decision", "Write a row of address, decision and reason for each.")
    seen: dict[str, int] = {}
    for row in rows:
        if row.decision.strip().lower() != verb:
            told = f"says '{row.decision}'" if row.decision.strip() else "has no decision"
            raise _refused(
                path,
                f"Row {row.number} {told}, and this is `migrate {verb}`",
                "Keep a file of its own for each command; nothing was recorded.",
            )
        if row.address in seen:
            raise _refused(
                path,
                f"Rows {seen[row.address]} and {row.number} are both about '{row.address}'",
                "Leave one of them; nothing was recorded.",
            )
        seen[row.address] = row.number
    return rows


def _rows(path: Path) -> Iterable[Row]:
    try:
        # What Windows writes begins with a byte order mark.
        text = path.read_bytes().decode("utf-8-sig")
        lines = csv.reader(io.StringIO(text, newline=""), skipinitialspace=True, strict=True)
        found = [(lines.line_num, cells) for cells in lines if any(cell.strip() for cell in cells)]
    except OSError as error:
        why = f"The file cannot be read: {unread.why(error)}"
        raise _refused(path, why, "Name a CSV file with --from.") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise _refused(path, f"The file is not a CSV file in UTF-8: {error}", "Save it as CSV in UTF-8.") from None
    places = list(range(len(COLUMNS)))
    if found and found[0][1][0].strip().lower() == COLUMNS[0]:
        head = [cell.strip().lower() for cell in found.pop(0)[1]]
        if missing := [name for name in COLUMNS if name not in head]:
            raise _refused(path, f"The file has no column '{missing[0]}'", _MUST)
        # What another column says, as a date, would be recorded nowhere.
        known = (*COLUMNS, SHOWN)
        if other := next((name for name in head if name and (name not in known or head.count(name) > 1)), ""):
            raise _refused(
                path, f"The file has a column '{other}' that means nothing here, or has it twice", _MUST
            )
        places = [head.index(name) for name in known if name in head]
    for number, cells in found:
        if len(cells) <= max(places[:2]):
            raise _refused(path, f"Row {number} has too few cells", _MUST)
        # As where a reason with commas is not quoted: the rest of it may take back what its beginning says.
        if any(cell.strip() for at, cell in enumerate(cells) if at not in places):
            raise _refused(path, f"Row {number} has more cells than columns", f"{_MUST} Quote what has a comma.")
        yield Row(number, *(csvtext.plain(cells[at]) if at < len(cells) else "" for at in places))


def _refused(path: Path, summary: str, remedy: str) -> BadInputError:
    return BadInputError(f"{summary}.", address=path_text(path), remedy=remedy)
