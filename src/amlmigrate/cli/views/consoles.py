"""A console of `rich` that shows text as text: only the codes that rich itself makes reach the terminal.

What people are shown is made of pieces: each is text, whatever stands in it, with a style beside it; no markup is
ever read.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from amlmigrate.cli.views.terminal import Guarded, let_go, several
from amlmigrate.core.escapes import shown

# A text, or a text with a style.
Piece = str | tuple[str, str]
_STYLE = 1


class GuardedConsole(Console):
    """Whatever is printed, the text of each segment is escaped; styles and control codes are rich's own."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """As rich's, with the text of each segment escaped."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=several(segment.text))

    @property
    def file(self) -> IO[str]:
        """The stream below the guard, which would take rich's colours for somebody else's."""
        found = super().file
        return found.stream if isinstance(found, Guarded) else found

    @file.setter
    def file(self, new_file: IO[str]) -> None:
        self._file = new_file

    def on_broken_pipe(self) -> None:
        """As for any stream that nobody reads any more; rich would end the command."""
        self.quiet = True
        let_go(self.file)


def console(*, stderr: bool = False, width: int | None = None) -> GuardedConsole:
    """A console for lines made by `text`. It reads no markup, and escapes whatever it is given."""
    return GuardedConsole(
        stderr=stderr, width=width, highlight=False, soft_wrap=width is None, markup=False, emoji=False
    )


def text(*pieces: Piece) -> Text:
    """Pieces on one line."""
    return Text.assemble(*(_piece(one) for one in pieces))


def _piece(piece: Piece) -> Piece:
    return shown(piece) if isinstance(piece, str) else (shown(piece[0]), piece[_STYLE])
