"""What stands in the way of a move on the control plane: locks, providers, quotas, names of deleted vaults."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from amlmigrate.cloud.arm import Arm
from amlmigrate.core.documents import Document
from amlmigrate.core.finding import Finding
from amlmigrate.core.workspace import Workspace
from amlmigrate.posture.reading import Read, missing_action, tried

_NEEDED = ("Microsoft.MachineLearningServices", "Microsoft.Storage", "Microsoft.KeyVault")
# Classic encryption keeps its documents in resources of these (azure-facts §1.3).
_CLASSIC = ("Microsoft.DocumentDB", "Microsoft.Search")

Judge = Callable[[list[Document]], Iterator[Finding]]


async def locks(arm: Arm, workspace: Workspace, *, side: str) -> list[Finding]:
    """Locks on a workspace, its group, its subscription and what is in it."""
    read = await tried(_all(arm, f"{workspace.id}/providers/Microsoft.Authorization/locks"))
    return _judged(read, workspace.id, "Microsoft.Authorization/locks/read", "locks", lambda x: _locks(x, side))


def _locks(found: list[Document], side: str) -> Iterator[Finding]:
    for lock in found:
        level = str((lock.get("properties") or {}).get("level", ""))
        id_ = str(lock.get("id"))
        remedy = f"az lock delete --ids {id_} (and put it back afterwards)"
        if side == "source":
            yield Finding("warning", id_, f"A {level} lock lies on the source: decommission is refused.", remedy)
        elif level == "ReadOnly":
            yield Finding(
                "error", id_, "A ReadOnly lock lies on the target: nothing can be created in it.", remedy
            )


async def providers(arm: Arm, workspace: Workspace) -> list[Finding]:
    """Resource providers that the target's subscription has to have registered."""
    subscription = workspace.ref.subscription
    classic = workspace.encrypted and not workspace.properties.get("enableServiceSideCMKEncryption")
    names = (*_NEEDED, *(_CLASSIC if classic else ()))
    reads = await asyncio.gather(*(tried(arm.get(f"/subscriptions/{subscription}/providers/{n}")) for n in names))
    found = []
    for name, read in zip(names, reads, strict=True):
        if read.value is None:
            found.append(_unread(f"/subscriptions/{subscription}", read, f"{name}'s registration",
                                 "Microsoft.Resources/subscriptions/providers/read"))  # fmt: skip
        elif str(read.value.get("registrationState", "")).lower() != "registered":
            found.append(
                Finding(
                    "error",
                    f"/subscriptions/{subscription}",
                    f"The resource provider {name} is not registered in the target's subscription.",
                    f"az provider register --namespace {name} --subscription {subscription} --wait",
                )
            )
    return found


async def quotas(arm: Arm, workspace: Workspace) -> list[Finding]:
    """Quotas of Azure ML in the target's region that are used up."""
    place = f"/subscriptions/{workspace.ref.subscription}"
    path = f"{place}/providers/Microsoft.MachineLearningServices/locations/{workspace.location}/usages"
    read = await tried(_all(arm, path))
    action = "Microsoft.MachineLearningServices/locations/usages/read"
    return _judged(read, place, action, "quotas", lambda usages: full(usages, place, workspace.location))


def full(usages: list[Document], place: str, location: str) -> Iterator[Finding]:
    """A warning for each quota with nothing left."""
    for usage in usages:
        named = usage.get("name") or {}
        name = named.get("localizedValue") or named.get("value")
        used, limit = usage.get("currentValue"), usage.get("limit")
        if isinstance(used, int | float) and isinstance(limit, int | float) and 0 < limit <= used:
            yield Finding(
                "warning",
                place,
                f"The quota '{name}' is used up: {used:g} of {limit:g}.",
                f"az ml compute list-usage --location {location}; ask for more before computes are made anew.",
            )


async def deleted_vaults(arm: Arm, workspace: Workspace, vault_id: str) -> list[Finding]:
    """Soft-deleted vaults of the target's group, or of its key's name: their names are blocked."""
    place = f"/subscriptions/{workspace.ref.subscription}"
    read = await tried(_all(arm, f"{place}/providers/Microsoft.KeyVault/deletedVaults"))
    group = f"{place}/resourceGroups/{workspace.ref.group}/".lower()
    return _judged(
        read,
        place,
        "Microsoft.KeyVault/deletedVaults/read",
        "deleted vaults",
        lambda vaults: _blocked(vaults, group, vault_id),
    )


def _blocked(vaults: list[Document], group: str, vault_id: str) -> Iterator[Finding]:
    for vault in vaults:
        properties = vault.get("properties") or {}
        was = str(properties.get("vaultId", ""))
        if not was.lower().startswith(group) and was.lower() != vault_id.lower():
            continue
        kept = properties.get("purgeProtectionEnabled") is True
        name = vault.get("name")
        recover = f"az keyvault recover --name {name}"
        yield Finding(
            "warning",
            was,
            f"The vault '{name}' is deleted and its name blocked"
            + (", and nobody can purge it." if kept else " until it is purged."),
            recover if kept else f"{recover}, or: az keyvault purge --name {name}",
        )


def _judged(read: Read[list[Document]], address: str, action: str, what: str, judge: Judge) -> list[Finding]:
    if read.value is None and read.refused:
        return [_unread(address, read, what, action)]
    return list(judge(read.value or []))


def _unread(address: str, read: Read[Any], what: str, action: str) -> Finding:
    missing = missing_action(read.refused, action)
    return Finding(
        "warning",
        address,
        f"Not checked: {what} could not be read. {read.refused}".strip(),
        f"Grant '{missing}' at {address}, or have somebody look who may.",
    )


def _all(arm: Arm, path: str) -> Awaitable[list[Document]]:
    async def inside() -> list[Document]:
        return [item async for item in arm.pages(path)]

    return inside()
