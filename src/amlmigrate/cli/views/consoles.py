"""A console of `rich` that shows text as text: only the codes that rich itself makes reach the terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from amlmigrate.cli.views.terminal import Guarded, several


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
