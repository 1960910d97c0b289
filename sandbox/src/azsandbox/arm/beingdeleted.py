"""Containers and shares whose deletion is still under way: their names cannot be used again at once."""

from __future__ import annotations

from azsandbox.arm.context import Context
from azsandbox.arm.deletedcontainers import DeletedContainers
from azsandbox.arm.store import Record

CONTAINERS, SHARES = "containers", "shares"
_SERVICES = {CONTAINERS: "blobservices", SHARES: "fileservices"}
# "A container with the same name can't be created for at least 30 seconds", and the same of shares
# (learn.microsoft.com/rest/api/storageservices: delete-container, delete-share). How much longer it takes is not
# told; here it never does.
SECONDS = 30.0


class BeingDeleted:
    """Implements `messages.Deletions`, for both planes."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def note(self, account: str, kind: str, name: str) -> None:
        """One was deleted: what ARM kept of it goes, and its name is taken for a while."""
        record = self._account(account)
        if record is None:
            return
        store = self._context.store
        key = f"{record.key}/{_SERVICES[kind]}/default/{kind}/{name}"
        kept = store.get(key)
        store.remove(*store.below(key), *([kept] if kept is not None else []))
        until = self._context.clock.now() + SECONDS
        parent = _parent(record, kind)
        type_ = f"microsoft.storage/storageaccounts/{_SERVICES[kind]}/{kind}"
        store.put(Record(f"{parent}/{name}", type_, parent, "", name, {}, {"until": until}))
        if kind == CONTAINERS:
            DeletedContainers(self._context).note(account, name)

    def under_way(self, account: str, kind: str, name: str) -> bool:
        """Whether a name is still taken by what was deleted under it."""
        record = self._account(account)
        found = self._context.store.get(f"{_parent(record, kind)}/{name}") if record else None
        if found is None:
            return False
        if found.hidden["until"] > self._context.clock.now():
            return True
        self._context.store.remove(found)
        return False

    def _account(self, account: str) -> Record | None:
        return next(iter(self._context.store.find(f"storage-name {account.lower()}")), None)


def _parent(account: Record, kind: str) -> str:
    return f"{account.key}/{_SERVICES[kind]}/default/being-deleted-{kind}"
