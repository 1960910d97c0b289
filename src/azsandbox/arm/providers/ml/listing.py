"""Query parameters that lists of assets have in common."""

from __future__ import annotations

from collections.abc import Callable

from azsandbox.arm.calls import Call
from azsandbox.arm.store import Record


def active(call: Call) -> Callable[[Record], bool] | None:
    """The filter of `listViewType`: ActiveOnly unless asked, ArchivedOnly, All."""
    view = call.query.get("listviewtype", "ActiveOnly").lower()
    if view == "all":
        return None
    archived = view == "archivedonly"
    return lambda record: bool(record.properties.get("isArchived")) is archived


def size_of(call: Call, usual: int) -> int:
    """The size of a page: `$top`, but never more than usual. More pages follow all the same [I]."""
    top = call.query.get("$top", "")
    return min(usual, int(top)) if top.isdecimal() and int(top) > 0 else usual


def ascending(call: Call) -> bool:
    """Whether `$orderBy` asks for the oldest first; `createdtime desc` is the usual order."""
    order = call.query.get("$orderby", "")
    return order.lower().replace("+", " ").split()[-1:] == ["asc"]
