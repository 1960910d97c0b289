"""A scan for people: a line for each workspace, the highest risk first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amlmigrate.core.documents import Document
from amlmigrate.core.events import Event
from amlmigrate.core.few import many
from amlmigrate.posture.tagging import ENVIRONMENT, SENSITIVITY, LevelTeller
from amlmigrate.scanning.scan import Scan

if TYPE_CHECKING:
    from amlmigrate.cli.views.consoles import Piece
    from amlmigrate.cli.views.page import Page

_COLOURS = {"high": "red", "medium": "yellow", "low": "green"}
_KEYS = {"microsoft": "Microsoft's", "classic": "customer's, classic", "service-side": "customer's, service-side"}
_UNKNOWN = "not known"
_STORAGE = {"microsoft": "Microsoft's", "customer": "customer's", None: _UNKNOWN}
_COLUMNS = (
    "workspace",
    "subscription",
    "region",
    "key",
    "key age",
    "sensitivity",
    "environment",
    "storage",
    "open",
    "in the way",
)
_DISPENSABLE = ("subscription", "region", "storage")


@dataclass(frozen=True, slots=True)
class WorkspacesView:
    """The workspaces of a scan file, in its order."""

    workspaces: Sequence[Document]

    def human(self, page: Page) -> None:
        """A table, with some columns less where it is too wide, else a paragraph each; then what is not known."""
        if self.workspaces and not _table(page, self.workspaces, _COLUMNS):
            few = tuple(one for one in _COLUMNS if one not in _DISPENSABLE)
            if not _table(page, self.workspaces, few):
                _paragraphs(page, self.workspaces)
        page.lines(_missing(self.workspaces))

    def as_json(self) -> Iterator[Event]:
        """`scan.workspace` for each."""
        for one in self.workspaces:
            yield Event("scan.workspace", {key: value for key, value in one.items() if key != "record"})


@dataclass(frozen=True, slots=True)
class ScanEndView:
    """What a scan came to, and where it is kept."""

    scan: Scan
    path: Path

    def human(self, page: Page) -> None:
        """A sentence, what could not be read, and the next step."""
        page.gap()
        page.line(self._text)
        page.lines(self._lines)
        page.line(f"kept in: {self.path}")
        page.next(self._next)

    def as_json(self) -> Iterator[Event]:
        """`scan.end`."""
        yield Event(
            "scan.end",
            {
                "text": f"\n{self._text}",
                "workspaces": len(self.scan.workspaces),
                "complete": self.scan.complete,
                "undecided": [asdict(one) for one in self.scan.undecided],
                "risk": dict(Counter(one.risk.level for one in self.scan.workspaces if one.risk)),
                "lines": self._lines,
                "files": {"kept in": str(self.path)},
                "next": self._next,
            },
        )

    @property
    def _text(self) -> str:
        microsoft = sum(1 for one in self.scan.workspaces if not one.encryption.by_customer)
        return (
            f"{many(len(self.scan.workspaces), 'workspace')} in"
            f" {many(len(self.scan.subscriptions), 'subscription')}, {microsoft} under Microsoft's key."
            + ("" if self.scan.complete else " Not everything could be read.")
        )

    @property
    def _lines(self) -> list[str]:
        return [
            *(f"not read: {address}: {one.reason}" for address, one in sorted(self.scan.unreadable.items())),
            *(
                f"decision not followed: line {one.line}, {one.level} for {one.workspace}: {one.why}"
                for one in self.scan.undecided
            ),
        ]

    @property
    def _next(self) -> str:
        return f"migrate plan --fleet {self.path} --targets targets.csv"


def _table(page: Page, workspaces: Sequence[Document], columns: Sequence[str]) -> bool:
    risks = [_risk(one["risk"]) for one in workspaces]
    wide = max(len(text) for text, _ in risks)
    rows: list[list[Piece]] = []
    for (text, colour), one in zip(risks, workspaces, strict=True):
        cells = _cells(one)
        rows.append([(text.rjust(wide), colour), *(cells[name] for name in columns)])
    return page.grid(["risk".rjust(wide), *columns], rows)


def _paragraphs(page: Page, workspaces: Iterable[Document]) -> None:
    for one in workspaces:
        cells = _cells(one)
        page.line(_risk(one["risk"]), f"  {cells['workspace']}")
        for name in _COLUMNS[1:]:
            page.line(f"{name}: {cells[name]}", indent=2)


def _missing(workspaces: Iterable[Document]) -> list[str]:
    """What is not known of each, in lines."""
    return [
        f"{one['group']}/{one['name']}: {gap['fact']} not known: {gap['action']}. {gap['reason']}"
        for one in workspaces
        for gap in one["not_known"]
    ]


def _risk(risk: dict[str, Any]) -> tuple[str, str]:
    score = f"{risk['least']}-{risk['score']}" if risk["least"] != risk["score"] else str(risk["score"])
    return f"{score} {risk['level']}", _COLOURS[risk["level"]]


def _cells(one: Document) -> dict[str, str]:
    encryption, storage = one["encryption"], one["storage"]
    days = encryption["key_age_days"]
    return {
        "workspace": f"{one['group']}/{one['name']}",
        "subscription": one["subscription"],
        "region": one["location"],
        "key": _KEYS[encryption["kind"]],
        "key age": "-" if encryption["kind"] == "microsoft" else _UNKNOWN if days is None else f"{days} d",
        **{fact: _level(one, fact) for fact in (SENSITIVITY, ENVIRONMENT)},
        "storage": "-" if storage is None else _STORAGE[storage["encryption"]],
        "open": _open(one),
        "in the way": ", ".join(dict.fromkeys(barrier["code"] for barrier in one["barriers"])) or "-",
    }


def _level(one: Document, fact: str) -> str:
    """A level, and who says it where that is no tag."""
    by = one["told_by"].get(fact, {}).get("by", LevelTeller.TAG)
    return (one[fact] or "untagged") + ("" if by == LevelTeller.TAG else f" ({by})")


def _open(one: Document) -> str:
    """What is reached from every network."""
    found = ["workspace"] if one["exposure"]["public_network_access"].lower() != "disabled" else []
    storage = one["storage"] or {}
    access, action = storage.get("public_network_access"), storage.get("default_action")
    if storage and access is None:
        found.append(f"storage {_UNKNOWN}")
    elif storage and str(access).lower() == "enabled" and str(action).lower() == "allow":
        found.append("storage")
    return ", ".join(found) or "-"
