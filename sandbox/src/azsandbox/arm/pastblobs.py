"""What an account keeps of blobs that were deleted or written over: soft-deleted ones, and earlier versions.

Kept is what a listing shows of them. Their bytes are gone here: who asks for those is told that it is not built.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from azsandbox.arm.clock import TICKS_PER_SECOND, tracked_time
from azsandbox.arm.context import Context
from azsandbox.arm.store import Record
from azsandbox.messages import Keeps, PastBlob

_TYPE = "azsandbox/pastblobs"
_CURRENT = "azsandbox/currentversions"
_DAY = 86400.0


class PastBlobs:
    """Implements `messages.BlobsKept`."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def keeps(self, account: str) -> Keeps:
        """What the settings of the account's blob service say; nothing for an unknown account.

        With a hierarchical namespace there are no versions, and what is written over is not kept
        (learn.microsoft.com: soft-delete-blob-overview, "How overwrites are handled").
        """
        record = self._account(account)
        kept = self._context.store.get(f"{record.key}/blobservices/default") if record else None
        settings: dict[str, Any] = kept.properties if kept else {}
        policy = settings.get("deleteRetentionPolicy") or {}
        days = int(policy.get("days") or 0) if policy.get("enabled") is True else 0
        if record and record.properties.get("isHnsEnabled") is True:
            return Keeps(days, overwrites=False) if days else Keeps()
        return Keeps(days, settings.get("isVersioningEnabled") is True)

    def moment(self) -> tuple[float, str]:
        """The sandbox's time in seconds since 1970, and as the data plane names a version; no two are the same."""
        ticks = self._context.clock.tick()
        return ticks / TICKS_PER_SECOND, tracked_time(ticks)

    def note(self, account: str, container: str, one: PastBlob) -> None:
        """Keeps one."""
        record = self._account(account)
        if record is None:
            return
        parent = _parent(record, container)
        key = f"{parent}/{one.snapshot or one.version or one.deleted}/{one.name}"
        self._context.store.put(Record(key, _TYPE, parent, "", one.name, {}, {"blob": one.as_dict()}))

    def current(self, account: str, container: str) -> Mapping[str, str]:
        """By name, the version that a blob is; none for what was written while no versions were kept."""
        record = self._account(account)
        found = self._context.store.children(_parent(record, container), _CURRENT) if record else ()
        return {one.name: str(one.hidden["version"]) for one in found}

    def became(self, account: str, container: str, name: str, version: str) -> None:
        """A blob is that version now; none, with ''."""
        record = self._account(account)
        if record is None:
            return
        parent, store = _parent(record, container), self._context.store
        key = f"{parent}/current/{name}"
        if version:
            store.put(Record(key, _CURRENT, parent, "", name, {}, {"version": version}))
        elif found := store.get(key):
            store.remove(found)

    def listed(self, account: str, container: str) -> list[PastBlob]:
        """All that is kept of a container's blobs, oldest first; what is over goes."""
        record = self._account(account)
        rows = list(self._context.store.children(_parent(record, container), _TYPE)) if record else []
        found, now = [], self._context.clock.now()
        for row in rows:
            one = PastBlob(**row.hidden["blob"])
            if one.deleted and now >= one.deleted + one.days * _DAY:
                self._context.store.remove(row)
            else:
                found.append(one)
        return found

    def forget(self, account: str, container: str) -> None:
        """A container was deleted with all that was kept in it."""
        if record := self._account(account):
            parent = _parent(record, container)
            self._context.store.remove(*self._context.store.below(parent))

    def _account(self, account: str) -> Record | None:
        return next(iter(self._context.store.find(f"storage-name {account.lower()}")), None)


def _parent(account: Record, container: str) -> str:
    return f"{account.key}/blobservices/default/pastblobs/{container}"
