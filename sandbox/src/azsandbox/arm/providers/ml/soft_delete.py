"""Soft-deleted workspaces: hidden for 14 days, name blocked, recovered or purged (AZ-DEL-3, AZ-DEL-4)."""

from __future__ import annotations

from azsandbox.arm.context import Context
from azsandbox.arm.providers.ml.hubs import tell_hub
from azsandbox.arm.store import Record

_DAYS = 14


def hidden(context: Context, key: str) -> Record | None:
    """The soft-deleted workspace of that key, unless its time is over."""
    record = context.store.get_gone(key)
    if record is not None and context.clock.now() - record.hidden["deleted"] > _DAYS * 86400:
        purge(context, record)
        return None
    return record


def users_only(record: Record) -> bool:
    """Whether a workspace has user-assigned identities only.

    Neither soft delete nor recovery is supported then. Inferred (AZ-DEL-6): it is the recovery that fails.
    """
    identity = record.document.get("identity") or {}
    return bool(identity.get("userAssignedIdentities")) and not identity.get("principalId")


def hide(context: Context, record: Record) -> None:
    """Hides a workspace; its jobs, computes, endpoints and role assignments are gone for good."""
    store = context.store
    store.remove(*(each for each in store.below(record.key) if context.kind_of(each).gone_with_workspace))
    record.gone = True
    record.hidden["deleted"] = context.clock.now()
    store.put(record)
    tell_hub(context, record, there=False)


def purge(context: Context, record: Record) -> None:
    """Leaves nothing, not even the group of a classic workspace's key resources."""
    store, group = context.store, record.properties.get("serviceProvisionedResourceGroup")
    if group and (managed := store.get("/".join((*record.key.split("/")[:4], group.lower())))):
        store.remove(managed)
    store.remove(*store.below(record.key), record)
    tell_hub(context, record, there=False)
