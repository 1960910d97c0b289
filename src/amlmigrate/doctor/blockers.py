"""What stands in the way of a move on the control plane: locks, providers, quotas, names of deleted vaults."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator

from amlmigrate.cloud.arm import Arm
from amlmigrate.core.armid import ArmId, key_of
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.finding import Finding, Severity
from amlmigrate.core.workspace import Workspace
from amlmigrate.doctor.need import SideName
from amlmigrate.doctor.unchecked import unchecked
from amlmigrate.posture.reading import Read, tried, tried_list

_NEEDED = ("Microsoft.MachineLearningServices", "Microsoft.Storage", "Microsoft.KeyVault")
# Classic encryption keeps its documents in resources of these (AZ-ARM-9).
_CLASSIC = ("Microsoft.DocumentDB", "Microsoft.Search")
_LOCKS = "Microsoft.Authorization/locks"

Judge = Callable[[list[Document]], Iterator[Finding]]


async def locks(arm: Arm, workspace: Workspace, *, side: SideName) -> list[Finding]:
    """Locks on a workspace, its account and its key's vault, and above them (AZ-ARM-8)."""
    scopes = list(_locked(workspace))
    reads = await asyncio.gather(*(tried_list(arm, f"{scope}/providers/{_LOCKS}") for scope in scopes))
    found = [
        unchecked(scope, read, "locks", f"{_LOCKS}/read")
        for scope, read in zip(scopes, reads, strict=True)
        if read.value is None
    ]
    seen = {key_of(lock.get("id")): lock for read in reads for lock in read.value or ()}
    return [*found, *_locks(seen.values(), workspace, side)]


def _locked(workspace: Workspace) -> Iterator[str]:
    named = (workspace.properties.get("encryption") or {}).get("keyVaultProperties") or {}
    for scope in (workspace.id, workspace.storage_account_id, named.get("keyVaultArmId")):
        if scope:
            yield str(scope)


def _locks(found: Iterable[Document], workspace: Workspace, side: SideName) -> Iterator[Finding]:
    for lock in found:
        level = str(properties_of(lock).get("level", ""))
        id_ = str(lock.get("id"))
        holds, here = ArmId.of(id_).scope, ArmId.of(workspace.id)
        beside = not here.within(holds) and not holds.within(here)
        if said := _told(level, side, beside=beside):
            severity: Severity = "error" if side == "target" and not beside else "warning"
            yield Finding(
                severity, id_, said, f"az lock delete --ids {id_} (and put it back afterwards)", code="locked"
            )


def _told(level: str, side: SideName, *, beside: bool) -> str:
    """What a lock is in the way of; nothing where it is in the way of nothing."""
    if side == "source":
        what = "the source's account: its containers cannot be deleted with" if beside else "the source:"
        return f"A {level} lock is on {what} decommission" + (" --storage delete." if beside else " is refused.")
    if level != "ReadOnly":
        return ""
    if beside:
        return (
            "There is a ReadOnly lock on a resource next to the target: account keys cannot be listed,"
            " the vault not be changed."
        )
    return "There is a ReadOnly lock on the target: nothing can be created in it."


async def providers(arm: Arm, workspace: Workspace) -> list[Finding]:
    """Resource providers that the target's subscription has to have registered, for what the workspace uses."""
    subscription = workspace.ref.subscription
    names = list(_providers(workspace))
    reads = await asyncio.gather(*(tried(arm.get(f"/subscriptions/{subscription}/providers/{n}")) for n in names))
    found = []
    for name, read in zip(names, reads, strict=True):
        if read.value is None:
            found.append(unchecked(f"/subscriptions/{subscription}", read, f"{name}'s registration",
                                   "Microsoft.Resources/subscriptions/providers/read"))  # fmt: skip
        elif str(read.value.get("registrationState", "")).lower() != "registered":
            found.append(
                Finding(
                    "error",
                    f"/subscriptions/{subscription}",
                    f"The resource provider {name} is not registered in the target's subscription.",
                    f"az provider register --namespace {name} --subscription {subscription} --wait",
                    code="provider-unregistered",
                )
            )
    return found


def _providers(workspace: Workspace) -> Iterator[str]:
    yield from _NEEDED
    if (workspace.document.get("identity") or {}).get("userAssignedIdentities"):
        yield "Microsoft.ManagedIdentity"
    if workspace.properties.get("containerRegistry"):
        yield "Microsoft.ContainerRegistry"
    if workspace.properties.get("applicationInsights"):
        yield "Microsoft.Insights"
    if workspace.encrypted and not workspace.properties.get("enableServiceSideCMKEncryption"):
        yield from _CLASSIC


async def quotas(arm: Arm, workspace: Workspace) -> list[Finding]:
    """Quotas of Azure ML in the target's region that are used up."""
    place = f"/subscriptions/{workspace.ref.subscription}"
    path = f"{place}/providers/Microsoft.MachineLearningServices/locations/{workspace.location}/usages"
    read = await tried_list(arm, path)
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
                f"az ml compute list-usage --location {location}; ask for more before computes are created again.",
                code="quota-used-up",
            )


async def deleted_vaults(arm: Arm, workspace: Workspace, vault_id: str) -> list[Finding]:
    """Soft-deleted vaults of the target's group, or of its key's name: their names are blocked."""
    place = f"/subscriptions/{workspace.ref.subscription}"
    read = await tried_list(arm, f"{place}/providers/Microsoft.KeyVault/deletedVaults")
    group = ArmId.of(f"{place}/resourceGroups/{workspace.ref.group}")
    return _judged(
        read,
        place,
        "Microsoft.KeyVault/deletedVaults/read",
        "deleted vaults",
        lambda vaults: _blocked(vaults, group, vault_id),
    )


def _blocked(vaults: list[Document], group: ArmId, vault_id: str) -> Iterator[Finding]:
    for vault in vaults:
        properties = properties_of(vault)
        was = ArmId.of(properties.get("vaultId"))
        if not was.within(group) and was != ArmId.of(vault_id):
            continue
        kept = properties.get("purgeProtectionEnabled") is True
        name = vault.get("name")
        recover = f"az keyvault recover --name {name}"
        yield Finding(
            "warning",
            str(properties.get("vaultId", "")),
            f"The vault '{name}' is deleted and its name blocked"
            + (", and nobody can purge it." if kept else " until it is purged."),
            recover if kept else f"{recover}, or: az keyvault purge --name {name}",
            code="vault-deleted",
        )


def _judged(read: Read[list[Document]], address: str, action: str, what: str, judge: Judge) -> list[Finding]:
    if read.value is None:
        return [unchecked(address, read, what, action)]
    return list(judge(read.value))
