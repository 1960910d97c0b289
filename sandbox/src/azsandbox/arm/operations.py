"""What takes longer than a request: operations, settled by the first request after their due time."""

from __future__ import annotations

import heapq
import logging
from collections.abc import Awaitable, Callable

from azsandbox.arm.ground import Ground
from azsandbox.arm.store import Record

_log = logging.getLogger(__name__)
PENDING_TERM = "operation-pending"
End = Callable[[Record | None, Record], Awaitable[None]]


class Operations:
    """Operations are records (their key is the path that is polled), so they outlive a restart.

    Of an operation's `hidden`: `target` (key), `verb` (create, update, delete, or a kind's own), `started`
    (ticks), `due` (seconds), `ended` (ticks, 0 while pending), `error` (an error object, or null). `end` does what
    an operation, its second argument, comes to for its target, the first.
    """

    def __init__(self, ground: Ground, seconds: float, end: End) -> None:
        self._ground, self._seconds, self._end = ground, seconds, end
        self._due: list[tuple[float, int, Record]] = []
        for record in ground.store.find(PENDING_TERM):
            if not record.hidden["ended"]:
                self._push(record)

    def start(self, record: Record, target: Record | str, verb: str, factor: float = 1.0) -> Record:
        """Puts an operation under way; it is due after the sandbox's usual time, times `factor`."""
        now = self._ground.clock.now()
        record.hidden |= {
            "target": target if isinstance(target, str) else target.key,
            "verb": verb,
            "started": self._ground.clock.tick(),
            "due": now + self._seconds * factor,
            "ended": 0,
            "error": None,
        }
        record.terms = (*record.terms, PENDING_TERM)
        self._ground.store.put(record)
        self._push(record)
        return record

    async def settle(self) -> None:
        """Ends all operations that are due; each is ended once, in the order in which they became due."""
        now = self._ground.clock.now()
        while self._due and self._due[0][0] <= now:
            _, _, record = heapq.heappop(self._due)
            target = self._ground.store.get(record.hidden["target"])
            try:
                await self._end(target, record)
            except Exception as error:  # noqa: BLE001 - the operation fails, not whoever asks next
                _log.exception("%s of %s", record.hidden["verb"], record.hidden["target"])
                record.hidden["error"] = {"code": "InternalServerError", "message": str(error)}
                self._mark_failed(target)
            record.hidden["ended"] = self._ground.clock.tick()
            self._ground.store.put(record)

    def _mark_failed(self, target: Record | None) -> None:
        if target is not None and "provisioningState" in target.document.get("properties", {}):
            properties = {**target.properties, "provisioningState": "Failed"}
            target.document = {**target.document, "properties": properties}
            self._ground.store.put(target)

    def _push(self, record: Record) -> None:
        heapq.heappush(self._due, (record.hidden["due"], record.sequence, record))
