"""What `evidence controls` says: each demand, what supports it, what speaks against it, and what is not shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlmigrate.controls.catalogue import SENTENCE
from amlmigrate.controls.facts import SourceStanding, Support
from amlmigrate.controls.judging import ControlRow, Verdict
from amlmigrate.core import csvtext
from amlmigrate.core.events import Event
from amlmigrate.core.few import many

if TYPE_CHECKING:
    from amlmigrate.cli.views.page import Page

_COLUMNS = (
    "standard",
    "control",
    "demand",
    "verdict",
    "supported by",
    "spoken against by",
    "not shown",
    "look at",
    "cannot show",
)


@dataclass(frozen=True, slots=True)
class ControlsView:
    """The rows of one plan's evidence; `read_at` is when the last verification was made, empty without one."""

    folder: str
    rows: Sequence[ControlRow]
    read_at: str
    unchecked: Sequence[str]

    def human(self, page: Page) -> None:
        """By standard, a block for each control."""
        standard = None
        for row in self.rows:
            if row.control.standard != standard:
                standard = row.control.standard
                page.line((standard.name, "bold"))
            page.line(f"{row.control.control}  {row.verdict}: {row.control.demand}", indent=2)
            for line in _told(row):
                page.line(f"- {line}", indent=4)
        page.gap()
        page.lines([f"not checked: {one}" for one in self.unchecked], indent=0)
        page.line(self._text)
        page.line(SENTENCE)

    def as_json(self) -> Iterator[Event]:
        """`evidence.controls`."""
        yield Event(
            "evidence.controls",
            {
                "text": self._text,
                "sentence": SENTENCE,
                "folder": self.folder,
                "read_at": self.read_at,
                "rows": [row.as_dict() for row in self.rows],
                "not_checked": list(self.unchecked),
            },
        )

    def as_csv(self) -> str:
        """A row for each control, for a spreadsheet; what it does not establish is the last one."""
        found = [
            (
                row.control.standard.name,
                row.control.control,
                row.control.demand,
                row.verdict.value,
                "; ".join(_named(row.of(Support.HOLDS))),
                "; ".join(_why(row.of(Support.REFUTED))),
                "; ".join([*_why(row.of(Support.NOT_KNOWN)), *_why(row.of(Support.ABSENT))]),
                "; ".join(f"migrate {one}" for one in row.control.look),
                row.control.cannot,
            )
            for row in self.rows
        ]
        last = ("", "", self._text, "", "", "", "; ".join(self.unchecked), "", SENTENCE)
        return csvtext.written(_COLUMNS, [*found, last])

    @property
    def _text(self) -> str:
        counts = Counter(row.verdict for row in self.rows)
        told = ", ".join(f"{counts[one]} {one}" for one in Verdict)
        when = f"its last verification is of {self.read_at}" if self.read_at else "it has no verification"
        return f"{many(len(self.rows), 'control')} against the evidence of {self.folder}: {told}; {when}."


def _told(row: ControlRow) -> Iterator[str]:
    if holding := row.of(Support.HOLDS):
        yield f"holds: {', '.join(_named(holding))}"
    for state in (Support.REFUTED, Support.NOT_KNOWN, Support.ABSENT):
        for one in _why(row.of(state)):
            yield f"{state}: {one}"
    if row.control.look:
        yield f"look at: {', '.join(f'migrate {one}' for one in row.control.look)}"
    yield f"cannot show: {row.control.cannot}"


def _named(sources: dict[str, SourceStanding]) -> list[str]:
    return [f"{name} ({one.file})" for name, one in sources.items()]


def _why(sources: dict[str, SourceStanding]) -> list[str]:
    return [f"{name}: {one.told.rstrip('.')}" for name, one in sources.items()]
