"""Query parameters that lists of assets have in common.

A line is the whole document (AZ-LIST-18), and shows at once what was just written, unlike Azure (AZ-LIST-19).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from azsandbox.arm.calls import Call
from azsandbox.arm.queries import one_of, positive, unreadable
from azsandbox.arm.store import Record


def active(call: Call, *, hidden: bool = False, named: bool = False) -> Callable[[Record], bool] | None:
    """The filter of `listViewType`: ActiveOnly unless asked, ArchivedOnly, All.

    `hidden`: all are archived; `named`: those that are active and anonymous are left out (AZ-LIST-17).
    """
    view = one_of(call.query, "listviewtype", "activeonly", "archivedonly", "all")
    if view == "all":
        return None
    archived = view == "archivedonly"

    def seen(record: Record) -> bool:
        left_out = named and not archived and record.properties.get("isAnonymous") is True
        return not left_out and (hidden or bool(record.properties.get("isArchived"))) is archived

    return seen


def size_of(call: Call, usual: int) -> int:
    """The size of a page: `$top`, but never more than usual. More pages follow all the same (AZ-LIST-13)."""
    return min(usual, positive(call.query, "$top", usual))


def ascending(call: Call) -> bool:
    """Whether `$orderBy` asks for the oldest first; `createdtime desc` is the usual order.

    Raises ArmError 400 for other properties: azure-ai-ml has these two orders and no more (`OrderString`).
    """
    order = call.query.get("$orderby", "")
    match = re.fullmatch(r"createdtime[ +](asc|desc)|", order.strip(), re.IGNORECASE)
    if match is None:
        raise unreadable("$orderBy", order)
    return (match[1] or "desc").lower() == "asc"
