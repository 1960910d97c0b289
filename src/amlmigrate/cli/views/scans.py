"""A scan for people: a line for each workspace, the highest risk first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.table import Table
from rich.text import Text

from amlmigrate.cli.views import consoles

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


def table(workspaces: Iterable[dict[str, Any]], *, wide: bool) -> Table:
    """The workspaces of a scan file, in its order; where there is little room, some columns less."""
    kept = [n for n, column in enumerate(_COLUMNS) if wide or column not in _DISPENSABLE]
    shown = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    shown.add_column("risk", justify="right", no_wrap=True)
    for n in kept:
        shown.add_column(_COLUMNS[n], overflow="fold")
    for one in workspaces:
        cells = _cells(one)
        shown.add_row(_risk(one["risk"]), *(consoles.text(cells[n]) for n in kept))
    return shown


def missing(workspaces: Iterable[dict[str, Any]]) -> list[str]:
    """What is not known of each, in lines."""
    return [
        f"{one['group']}/{one['name']}: {gap['fact']} not known: {gap['action']}. {gap['reason']}"
        for one in workspaces
        for gap in one["not_known"]
    ]


def _risk(risk: dict[str, Any]) -> Text:
    score = f"{risk['least']}-{risk['score']}" if risk["least"] != risk["score"] else str(risk["score"])
    return consoles.text((f"{score} {risk['level']}", _COLOURS[risk["level"]]))


def _cells(one: dict[str, Any]) -> tuple[str, ...]:
    encryption, storage = one["encryption"], one["storage"]
    days = encryption["key_age_days"]
    age = "-" if encryption["kind"] == "microsoft" else _UNKNOWN if days is None else f"{days} d"
    return (
        f"{one['group']}/{one['name']}",
        one["subscription"],
        one["location"],
        _KEYS[encryption["kind"]],
        age,
        one["sensitivity"] or "untagged",
        one["environment"] or "untagged",
        "-" if storage is None else _STORAGE[storage["encryption"]],
        _open(one),
        ", ".join(dict.fromkeys(barrier["code"] for barrier in one["barriers"])) or "-",
    )


def _open(one: dict[str, Any]) -> str:
    """What is reached from every network."""
    found = ["workspace"] if one["exposure"]["public_network_access"].lower() != "disabled" else []
    storage = one["storage"] or {}
    access, action = storage.get("public_network_access"), storage.get("default_action")
    if storage and access is None:
        found.append(f"storage {_UNKNOWN}")
    elif storage and str(access).lower() == "enabled" and str(action).lower() == "allow":
        found.append("storage")
    return ", ".join(found) or "-"
