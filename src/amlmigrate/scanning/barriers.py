"""What stands in the way of moving a workspace: pure, from what a scan has read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from amlmigrate.core.armid import ArmId
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.kinds import all_kinds
from amlmigrate.scanning.values import Barrier, Scanned

_PLAIN = "default"
_READY = "succeeded"


def barriers(workspace: Scanned, properties: Document, locks: Iterable[Document]) -> tuple[Barrier, ...]:
    """All of them; `properties` are the workspace's own, `locks` those of its subscription."""
    return (
        *_of_kind(workspace),
        *_of_state(properties),
        *_of_encryption(workspace),
        *_of_endpoints(workspace),
        *_of_storage(workspace),
        *_of_locks(workspace, locks),
    )


def _of_kind(workspace: Scanned) -> Iterator[Barrier]:
    if workspace.kind.lower() != _PLAIN:
        yield Barrier("kind", f"It is of kind {workspace.kind}; only plain workspaces can be moved.", True)


def _of_state(properties: Document) -> Iterator[Barrier]:
    state = str(properties.get("provisioningState") or "Succeeded")
    if state.lower() != _READY:
        yield Barrier("state", f"Its provisioning state is {state}.")
    if properties.get("softDeleteEnabled"):
        yield Barrier("soft-delete", "Its deletion is soft: its name stays taken for 14 days.")


def _of_encryption(workspace: Scanned) -> Iterator[Barrier]:
    if workspace.encryption.by_customer:
        yield Barrier("customer-key", "It is under a customer's key already.")


def _of_endpoints(workspace: Scanned) -> Iterator[Barrier]:
    taken = sorted((kind for kind in all_kinds().values() if kind.taken), key=lambda kind: kind.counted)
    for kind in taken:
        if count := workspace.counts.get(kind.name):
            text = f"It has {count} {kind.taken}: their names are taken in the whole region until they are gone."
            yield Barrier(kind.taken.replace(" ", "-"), text)


def _of_storage(workspace: Scanned) -> Iterator[Barrier]:
    storage = workspace.storage
    if storage is None:
        return
    if storage.hierarchical_namespace:
        yield Barrier(
            "hierarchical-namespace",
            "Its storage has a hierarchical namespace: access lists of its folders are not copied.",
        )
    if (storage.public_network_access or "").lower() == "disabled":
        yield Barrier("private-storage", "Its storage is reached by private endpoints only: run where they are.")
    elif (storage.default_action or "").lower() == "deny":
        yield Barrier("storage-firewall", "Its storage lets only named networks in: run in one of them.")


def _of_locks(workspace: Scanned, locks: Iterable[Document]) -> Iterator[Barrier]:
    held = [workspace.id, workspace.storage.id if workspace.storage else ""]
    for lock in locks:
        id_ = ArmId.of(lock.get("id"))
        level = properties_of(lock).get("level", "")
        if any(ArmId.of(one).within(id_.scope) for one in held if one and id_.scope):
            yield Barrier("lock", f"The lock '{id_.name}' ({level}) on {id_.scope} holds it.")
