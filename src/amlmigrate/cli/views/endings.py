"""How a command that has done its work ends: a sentence, counts, a list, files, and what comes next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

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
        page.lines(self.lines, rest="all of them with --json")
        for what, path in self.files.items():
            page.line(f"{what}: {path}")
        page.next(self.next)

    def members(self) -> dict[str, Any]:
        """What of it an event has beside its own members."""
        told = {"text": self.text, "lines": list(self.lines)}
        more = {"items": dict(self.items), "files": dict(self.files), "next": self.next}
        return told | {name: value for name, value in more.items() if value}
