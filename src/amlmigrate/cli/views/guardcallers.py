"""What `guard callers` says: who uses keys, and what the file of the guardrail would name them by."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlmigrate.core.armid import name_of
from amlmigrate.core.clock import stamp
from amlmigrate.core.documents import Document
from amlmigrate.core.errors import ExitCode
from amlmigrate.core.events import Event
from amlmigrate.core.few import many
from amlmigrate.guarding.learning import WEEK, LearntCallers, SeenCaller

if TYPE_CHECKING:
    from amlmigrate.cli.views.page import Page


@dataclass(frozen=True, slots=True)
class GuardCallersView:
    """Who was seen, and what is still to be said of them."""

    learnt: LearntCallers

    @property
    def code(self) -> ExitCode:
        """3 where somebody is to be confirmed, or not everybody could be seen."""
        return ExitCode.DONE if self.learnt.settled else ExitCode.INCOMPLETE

    @property
    def _text(self) -> str:
        found = self.learnt
        if found.open:
            return f"{many(len(found.open), 'caller')} to confirm of {len(found.callers)}."
        whole = "" if found.settled else "; not everything could be seen"
        return f"Everybody who was seen to use the keys, or is named under one, is in the file{whole}."

    def human(self, page: Page) -> None:
        """A line for each caller, what the file lacks, and what is not known."""
        for vault, first in self.learnt.since.items():
            page.line(f"The log of {name_of(vault)} is seen from {stamp(first)} on.")
        page.lines([_line(one) for one in self.learnt.callers])
        if self.learnt.open:
            page.gap()
            page.line("Who is expected belongs into the file, below `alarms`, once somebody has confirmed it:")
            page.line("callers:", indent=2)
            for one in self.learnt.open:
                page.line(_entry(one), indent=2)
        page.gap()
        for vault in self.learnt.short:
            page.line(
                f"The log of {name_of(vault)} is younger than {many(WEEK.days, 'day')}: what runs once a week may"
                " not be in it. Look again."
            )
        page.lines([f"not read: {one}" for one in self.learnt.unread])
        page.line(self._text)

    def as_json(self) -> Iterator[Event]:
        """`guard.callers`."""
        found = self.learnt
        yield Event(
            "guard.callers",
            {
                "text": self._text,
                "callers": [_document(one) for one in found.callers],
                "since": {vault: stamp(first) for vault, first in found.since.items()},
                "younger_than_a_week": list(found.short),
                "not_read": list(found.unread),
            },
        )


def _line(one: SeenCaller) -> str:
    counts = ", ".join(f"{name} {count}" for name, count in _operations(one).items()) or "not in the log"
    refused = f"; {one.refused} refused" if one.refused else ""
    last = f"; last {stamp(one.last)}" if one.last else ""
    state = "in the file" if one.confirmed else "to confirm" if one.open else "only refused"
    return f"{one.object_id} ({one.whose or 'nobody says whose it is'}): {counts}{refused}{last}; {state}"


def _entry(one: SeenCaller) -> str:
    what = f", what: {json.dumps(one.whose, ensure_ascii=False)}" if one.whose else ""
    return f"- {{id: {one.object_id}{what}}}" + ("" if one.explained else "  # whose is it?")


def _operations(one: SeenCaller) -> dict[str, int]:
    found: dict[str, int] = {}
    for use in one.uses:
        for name, count in use.operations.items():
            found[name] = found.get(name, 0) + count
    return dict(sorted(found.items()))


def _document(one: SeenCaller) -> Document:
    return {
        "object_id": one.object_id,
        "applications": [use.application for use in one.uses],
        "operations": _operations(one),
        "refused": one.refused,
        "last": stamp(one.last),
        "explained": list(one.explained),
        "name": one.name,
        "what": one.what,
        "confirmed": one.confirmed,
        "open": one.open,
    }
