"""Stale reads: what a path looked like before a change, kept for its next few readers."""

from __future__ import annotations

import json
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Any

from multidict import CIMultiDict

from azsandbox.calls import Answer, HttpCall

_LIMIT = 1000


@dataclass(slots=True)
class _Before:
    answer: Answer
    reads: int
    listings: int


class StaleReads:
    """Answers for the first reads after a change: of the path itself, and of the lists it is an item of."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], _Before] = OrderedDict()

    def keep(self, call: HttpCall, before: Answer, reads: int) -> None:
        """Remembers how a read of the call's path was answered before the call changed it."""
        while len(self._kept) >= _LIMIT:
            self._kept.popitem(last=False)
        self._kept[call.host, call.path.lower()] = _Before(before, reads, reads)

    def instead(self, call: HttpCall) -> Answer | None:
        """The old answer to a read of a changed path, while it is stale; else None."""
        before = self._kept.get((call.host, call.path.lower())) if call.method == "GET" else None
        if before is None or before.reads == 0:
            return None
        before.reads -= 1
        return replace(before.answer, headers=CIMultiDict(before.answer.headers))

    def as_listed_before(self, call: HttpCall, answer: Answer) -> Answer:
        """A list of ARM (`{"value": [...]}`) with changed items as they were, new ones missing."""
        prefix = call.path.lower().rstrip("/") + "/"
        near = {
            path: before
            for (host, path), before in self._kept.items()
            if host == call.host and before.listings > 0 and path.startswith(prefix)
        }
        if call.method != "GET" or not near or not isinstance(answer.body, bytes):
            return answer
        document = _json(answer.body)
        if not isinstance(document, dict) or not isinstance(document.get("value"), list):
            return answer
        for before in near.values():
            before.listings -= 1
        older = [_older(item, near) for item in document["value"]]
        document["value"] = [item for item in older if item is not None]
        return replace(answer, body=json.dumps(document, indent=2).encode())


def _older(item: Any, near: dict[str, _Before]) -> Any:
    before = near.get(str(item.get("id", "")).lower()) if isinstance(item, dict) else None
    if before is None:
        return item
    if before.answer.status != 200 or not isinstance(before.answer.body, bytes):
        return None
    return _json(before.answer.body)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None
