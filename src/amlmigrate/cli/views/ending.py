"""What most commands say at their end: a sentence, its lines, the files it wrote, and what comes next."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from amlmigrate.core.events import Event

if TYPE_CHECKING:
    from amlmigrate.cli.views.page import Page


@dataclass(frozen=True, slots=True)
class CommandEnd:
    """`items` are counts by what is counted, `files` paths by what they hold, `next` is typed as it stands."""

    text: str
    lines: Sequence[str] = ()
    items: Mapping[str, int] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    next: str = ""

    def human(self, page: Page) -> None:
        """For people; a long list is cut short."""
        page.line(self.text)
        for what, count in self.items.items():
            page.line(f"{count:>7}  {what}", indent=2)
        page.lines(self.lines)
        for what, path in self.files.items():
            page.verbatim(f"{what}: {path}")
        page.next(self.next)

    def members(self) -> dict[str, Any]:
        """What of it an event has beside its own members."""
        told = {"text": self.text, "lines": list(self.lines)}
        more = {"items": dict(self.items), "files": dict(self.files), "next": self.next}
        return told | {name: value for name, value in more.items() if value}


@dataclass(frozen=True, slots=True)
class NamedEnd:
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
    def ending(self) -> NamedEnd:
        """What it comes to."""

    def human(self, page: Page) -> None:
        """Writes it for people."""
        told = self.ending
        CommandEnd(told.text, told.lines, files=told.files, next=told.following).human(page)

    def as_json(self) -> Iterable[Event]:
        """The same as one event."""
        told = self.ending
        data = {"text": told.text, **told.members, "lines": list(told.lines), "files": dict(told.files)}
        if told.following:
            data["next"] = told.following
        yield Event(told.name, data)
