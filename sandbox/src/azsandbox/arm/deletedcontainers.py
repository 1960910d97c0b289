"""Containers that were deleted and that an account keeps for a while: listed, and not to be restored here."""

from __future__ import annotations

import uuid
from typing import Any

from azsandbox.arm.clock import tracked_time
from azsandbox.arm.context import Context
from azsandbox.arm.store import Record

_CONTAINERS = "Microsoft.Storage/storageAccounts/blobServices/containers"


class DeletedContainers:
    """What `$include=deleted` shows (openapi 2022-09-01, ContainerProperties)."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def note(self, account: str, container: str) -> None:
        """A container was deleted by the data plane: kept where the account's blob service says so."""
        record = next(iter(self._context.store.find(f"storage-name {account.lower()}")), None)
        settings = self._context.store.get(f"{record.key}/blobservices/default") if record else None
        policy = (settings.properties if settings else {}).get("containerDeleteRetentionPolicy") or {}
        if record is None or policy.get("enabled") is not True:
            return
        version = uuid.uuid4().hex[:16].upper()
        id_ = f"{record.id}/blobServices/default/containers/{container}"
        document = {
            "id": id_,
            "name": container,
            "type": _CONTAINERS,
            "properties": {
                "version": version,
                "deleted": True,
                "deletedTime": tracked_time(self._context.clock.tick()),
                "remainingRetentionDays": int(policy["days"]),
            },
        }
        parent = _parent(record)
        key = f"{parent}/{container}/{version}"
        self._context.store.put(Record(key, _CONTAINERS.lower(), parent, id_, container, document))

    def listed(self, account: Record) -> list[dict[str, Any]]:
        """Those of an account."""
        return [one.document for one in self._context.store.children(_parent(account), _CONTAINERS.lower())]


def _parent(account: Record) -> str:
    return f"{account.key}/blobservices/default/deletedcontainers"
