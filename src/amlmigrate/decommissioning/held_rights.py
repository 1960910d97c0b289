"""The rights that a source's identities still hold once it is gone, and what takes them away."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from amlmigrate.cloud.session import Side
from amlmigrate.core.armid import ArmId, key_of, name_of
from amlmigrate.core.asset import Inventory
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.workspace import RESOURCES, Workspace
from amlmigrate.decommissioning.neighbours import Unseen, number_of, visible
from amlmigrate.inventory.own_identities import SourceIdentity, assigned, identities
from amlmigrate.posture.reading import tried


@dataclass(frozen=True, slots=True)
class Right:
    """A role assignment (`id` is its ARM id) or an access policy of a vault (`id` is the vault's)."""

    id: str
    what: str
    role: str
    scope: str
    identity: SourceIdentity
    command: str
    also_used_by: tuple[str, ...] = ()

    def as_dict(self) -> Document:
        """Its form in events and in a tombstone."""
        return {
            "id": self.id,
            "what": self.what,
            "role": self.role,
            "scope": self.scope,
            "identity": self.identity.called,
            "principal": self.identity.principal,
            "also_used_by": list(self.also_used_by),
            "command": self.command,
        }

    def line(self) -> str:
        """For people: the command only where nobody else is known to need the right."""
        held = f"{self.role} at {self.scope} ({self.identity.called})"
        if self.also_used_by:
            return f"still held, and used by {', '.join(self.also_used_by)} too: {held}"
        return f"still held: {held}: {self.command}"


@dataclass(slots=True)
class HeldRights:
    """All rights that were found, and what could not be read of them or of who else uses an identity."""

    rights: list[Right] = field(default_factory=list)
    unread: list[Unseen] = field(default_factory=list)

    def as_dict(self) -> Document:
        """Its form in events and in a tombstone."""
        return {
            "held": [one.as_dict() for one in self.rights],
            "unread": [one.as_dict() for one in self.unread],
            "not_looked_at": "computes and endpoints of other workspaces, and other services",
        }

    def lines(self) -> list[str]:
        """For people."""
        return [
            *(one.line() for one in self.rights),
            *(
                f"not known: rights that old identities hold, or who else uses them: {one.why}"
                for one in self.unread
            ),
        ]


async def held(sides: Iterable[Side], source: Inventory) -> HeldRights:
    """What the identities of a source hold outside of it, on its own side's tenant.

    Raises ServiceError and OutOfReachError where ARM is out of order.
    """
    sides = list(sides)
    side, workspace, found = sides[0], source.workspace, HeldRights()
    shared = await _users(sides, source, found)
    policies = await _vaults(side, workspace, found)
    subscriptions = _subscriptions(workspace)
    for identity in [await _whole(side, one) for one in identities(source)]:
        if not identity.principal:
            found.unread.append(Unseen(identity.called, f"its principal is not told of {identity.called}"))
            continue
        used = tuple(shared.get(key_of(identity.id), ()))
        for subscription in subscriptions:
            await _assignments(side, subscription, workspace, identity, used, found)
        found.rights += [
            _policy(vault, identity, used) for vault, who in policies if who == identity.principal.lower()
        ]
    # A management group's assignment is seen from each subscription below it.
    found.rights = list({(key_of(one.id), one.identity.principal): one for one in found.rights}.values())
    return found


async def _whole(side: Side, identity: SourceIdentity) -> SourceIdentity:
    """With its principal, which not every document that names an identity shows."""
    if identity.principal or not identity.id:
        return identity
    read = await tried(side.arm.get(identity.id))
    return replace(identity, principal=str(properties_of(read.value).get("principalId") or ""))


async def _assignments(
    side: Side,
    subscription: str,
    workspace: Workspace,
    identity: SourceIdentity,
    used: tuple[str, ...],
    found: HeldRights,
) -> None:
    read = await assigned(side, subscription, identity.principal)
    if read.value is None:
        found.unread.append(Unseen(subscription, read.refused))
        return
    for one, role in read.value:
        at = str(properties_of(one).get("scope") or "")
        # Those of the workspace itself go with it.
        if ArmId.of(at).within(ArmId.of(workspace.id)):
            continue
        command = f"az role assignment delete --ids {shlex.quote(str(one['id']))}"
        found.rights.append(Right(str(one["id"]), "role assignment", role, at, identity, command, used))


def _policy(vault: str, identity: SourceIdentity, used: tuple[str, ...]) -> Right:
    name, subscription = shlex.quote(name_of(vault)), ArmId.of(vault).subscription
    command = (
        f"az keyvault delete-policy --name {name} --object-id {identity.principal} --subscription {subscription}"
    )
    return Right(vault, "access policy", "access policy", vault, identity, command, used)


async def _vaults(side: Side, workspace: Workspace, found: HeldRights) -> list[tuple[str, str]]:
    """The access policies of the workspace's vault and of its key's: a vault's id, and whose in lower case."""
    encryption = workspace.properties.get("encryption") or {}
    ids = (workspace.properties.get("keyVault"), (encryption.get("keyVaultProperties") or {}).get("keyVaultArmId"))
    policies = []
    for id_ in dict.fromkeys(str(one) for one in ids if one):
        read = await tried(side.arm.get(id_))
        if read.refused:
            found.unread.append(Unseen(id_, f"the access policies of {id_} could not be read: {read.refused}"))
        properties = properties_of(read.value)
        # With Azure RBAC they count for nothing.
        if not properties.get("enableRbacAuthorization"):
            who = (str(one.get("objectId") or "").lower() for one in properties.get("accessPolicies") or ())
            policies += [(id_, one) for one in dict.fromkeys(who)]
    return policies


async def _users(sides: list[Side], source: Inventory, found: HeldRights) -> dict[str, list[str]]:
    """The other workspaces that use a user-assigned identity of the source, by its ARM id in lower case."""
    wanted = {key_of(one.id) for one in identities(source) if one.id}
    if not wanted:
        return {}
    seen = await visible(sides, _subscriptions(source.workspace))
    found.unread += [Unseen(one.scope, f"who else uses an identity: {one.why}") for one in seen.unseen]
    users: dict[str, list[str]] = {}
    for _, document in seen.workspaces:
        if number_of(document) == source.workspace.workspace_id:
            continue
        named = (document.get("identity") or {}).get("userAssignedIdentities") or {}
        for id_ in {key_of(one) for one in named} & wanted:
            users.setdefault(id_, []).append(str(document["id"]))
    return users


def _subscriptions(workspace: Workspace) -> list[str]:
    """Those of the workspace and of what it names."""
    ids = [workspace.id, *(str(workspace.properties.get(name) or "") for name in RESOURCES)]
    return sorted({ArmId.of(id_).subscription.lower() for id_ in ids} - {""})
