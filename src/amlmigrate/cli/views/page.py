"""What a view for people writes on: lines that end between words, and lists that fold.

A file or a pipe has no width, so that a line stays one there, unless `COLUMNS` gives it one.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from rich.text import Text

from amlmigrate.cli.views import consoles
from amlmigrate.cli.views.consoles import GuardedConsole, Piece

MOST = 40
_WORD = re.compile(r"\s*\S+")
_LEAST_WIDTH = 20
WITH_JSON = "all of them with --json"


class Page:
    """Lines on a console; each is one item, whatever stands in it."""

    def __init__(self, console: GuardedConsole) -> None:
        self._console = console

    @property
    def width(self) -> int | None:
        """How many cells a line has; None where nothing ends it."""
        if self._console.is_terminal or os.environ.get("COLUMNS", "").isdigit():
            return max(self._console.width, _LEAST_WIDTH)
        return None

    def gap(self) -> None:
        """An empty line."""
        self._console.print()

    def line(self, *pieces: Piece, indent: int = 0, hang: int = 2) -> None:
        """One line; what of it does not fit goes below, set in by `hang` more. A word is never broken."""
        text = consoles.text(*pieces)
        for number, part in enumerate(self._broken(text, indent, hang)):
            part.pad_left(indent + (hang if number else 0))
            self._console.print(part)

    def verbatim(self, *pieces: Piece) -> None:
        """One line as it is, for what is copied from the terminal: it alone breaks it."""
        self._console.print(consoles.text(*pieces))

    def lines(self, lines: Sequence[str], *, rest: str = WITH_JSON, indent: int = 2, most: int = MOST) -> None:
        """The first lines of many; `rest` says where all of them are."""
        for line in lines[:most]:
            self.line(line, indent=indent)
        self.more(len(lines) - most, rest, indent=indent)

    def ending(self, text: str, lines: Sequence[str], step: str) -> None:
        """A sentence behind an empty line, its lines, and what comes next."""
        self.gap()
        self.line(text)
        self.lines(lines)
        self.next(step)

    def more(self, count: int, rest: str, *, indent: int = 2) -> None:
        """How many were left out, where any were."""
        if count > 0:
            self.line((f"and {count} more; {rest}", "dim"), indent=indent)

    def next(self, step: str) -> None:
        """What comes next, as it is typed: a command that is broken over two lines cannot be copied."""
        if step:
            self.verbatim("Next: ", (step, "bold"))

    def grid(self, head: Sequence[Piece], rows: Sequence[Sequence[Piece]], *, numbers: bool = False) -> bool:
        """A table; False where it is too wide for the terminal, and nothing is written.

        With `numbers` all columns but the first are set to the right.
        """
        cells = [[consoles.text(cell) for cell in row] for row in (head, *rows)]
        widths = [max(cell.cell_len for cell in column) for column in zip(*cells, strict=True)]
        if self.width is not None and sum(widths) + 2 * (len(widths) - 1) > self.width:
            return False
        for row in cells:
            self._console.print(_row(row, widths, numbers=numbers))
        return True

    def _broken(self, text: Text, indent: int, hang: int) -> Iterable[Text]:
        """The text in parts that fit, without the blanks at which it was broken."""
        if self.width is None:
            return [text]
        parts = text.divide(_ends(text.plain, self.width - indent, self.width - indent - hang))
        return [parts[0], *(part[len(part.plain) - len(part.plain.lstrip()) :] for part in parts[1:])]


def _ends(text: str, first: int, others: int) -> list[int]:
    """Where a text is broken between words, so that the first line and the others have so many cells."""
    found: list[int] = []
    room = first
    for word in _WORD.finditer(text):
        blanks = len(word[0]) - len(word[0].lstrip())
        if cell_len(word[0]) <= room or word.start() == 0:
            room -= cell_len(word[0])
            continue
        found.append(word.start())
        room = others - cell_len(word[0]) + blanks
    return found


def _row(cells: Iterable[Text], widths: Iterable[int], *, numbers: bool) -> Text:
    """One line of a table."""
    made = Text()
    for number, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        room = " " * (width - cell.cell_len)
        made.append_text(
            Text.assemble("  " if number else "", *((room, cell) if number and numbers else (cell, room)))
        )
    made.rstrip()
    return made
