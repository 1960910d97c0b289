"""What most commands say at their end: a sentence, its lines, the files it wrote, and what comes next."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from amlmigrate.cli.views.page import Page
from amlmigrate.core.events import Event

_REST = "all of them with --json"


@dataclass(frozen=True, slots=True)
class Ending:
    """One end of a command: `name` of its event, and the members that the event alone has."""

    name: str
    text: str
    lines: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    following: str = ""
    members: Mapping[str, Any] = field(default_factory=dict)


class EndView(ABC):
    """A view over what a stage returned, that says one end of a command in either form."""

    __slots__ = ()

    @property
    @abstractmethod
    def ending(self) -> Ending:
        """What it comes to."""

    def human(self, page: Page) -> None:
        """Writes it for people."""
        told = self.ending
        page.line(told.text)
        page.lines(told.lines, rest=_REST)
        for what, path in told.files.items():
            page.verbatim(f"{what}: {path}")
        if told.following:
            page.verbatim("Next: ", (told.following, "bold"))

    def as_json(self) -> Iterable[Event]:
        """The same as one event."""
        told = self.ending
        data = {"text": told.text, **told.members, "lines": list(told.lines), "files": dict(told.files)}
        if told.following:
            data["next"] = told.following
        yield Event(told.name, data)
