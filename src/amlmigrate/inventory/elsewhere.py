"""What names a source, or the identities that the service made for it, outside of it, as far as ARM shows that.

It is read where the caller may read it. What was not read is told, and never taken for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from amlmigrate.cloud.session import Session, Side
from amlmigrate.core.address import Address
from amlmigrate.core.armid import ArmId, key_of, name_of
from amlmigrate.core.asset import Inventory
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.parallel import in_order
from amlmigrate.core.roleends import NO_LICENCE, until
from amlmigrate.core.workspace import RESOURCES
from amlmigrate.inventory.own_identities import SourceIdentity, assigned, identities
from amlmigrate.kinds import GrantWay, Held, IdentityHolder, kind_of, moving_kinds
from amlmigrate.posture.reading import NOTHING, Read, tried, tried_list
from amlmigrate.posture.sharing import reads_all

Called = Callable[[Address], Address]
_Assigned = Read[list[tuple[Document, str]]]
_PARALLEL = 8
_VAULTS, _ACCOUNTS = "Microsoft.KeyVault/vaults", "Microsoft.Storage/storageAccounts"
# What the service gives a workspace's identity on its group: the second since 2024-11-19 (learn
# `how-to-assign-roles`).
_ON_GROUP = ("b24988ac-6180-42a0-ab88-20f7382dd24c", "b78c5d69-af96-48a3-bf8d-a8b4d589de94")


@dataclass(slots=True)
class HeldElsewhere:
    """What was found, who has identities of their own, what could not be read, and how wide the service let in.

    `group`: the role that the service gave the old identity on its resource group, where the new one has none
    such on its own; '' else.
    """

    holders: tuple[IdentityHolder, ...] = ()
    held: list[Held] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    group: str = ""


async def read(clouds: Session, source: Inventory, target: Inventory, called: Called) -> HeldElsewhere:
    """All of it. `called`: what the target calls an item. Raises ServiceError where ARM is out of order."""
    found = HeldElsewhere(tuple(_holders(source, target, called)))
    side, own = clouds.source, _Own(source, target)
    shown = {str(one["subscriptionId"]).lower() async for one in side.arm.pages("/subscriptions")}
    every = sorted(shown | _named(source))
    of_workspace = IdentityHolder(_workspace(), source.workspace.id, target.workspace.id)
    pairs = [(subscription, holder) for subscription in every for holder in found.holders]

    async def roles(pair: tuple[str, IdentityHolder]) -> tuple[IdentityHolder, _Assigned]:
        return pair[1], await assigned(side, pair[0], pair[1].old)

    async for holder, read_ in in_order(pairs, roles, parallel=_PARALLEL):
        _taken(found, holder, read_, own)

    async def rest(subscription: str) -> None:
        await _policies(side, subscription, found, own)
        await _rules(side, subscription, of_workspace, found, own)
        if not await reads_all(side, subscription, f"{_VAULTS}/read", f"{_ACCOUNTS}/read"):
            why = "there may be more vaults and storage accounts than those that you may read"
            found.unread.append(f"in /subscriptions/{subscription} {why}")

    async for _ in in_order(every, rest, parallel=_PARALLEL):
        pass
    found.held = await _with_ends(side, _once(found.held))
    await _compare_groups(clouds, target, found)
    return found


def _workspace() -> Address:
    return Address(next(kind.name for kind in moving_kinds().values() if kind.inherent))


def _holders(source: Inventory, target: Inventory, called: Called) -> Iterator[IdentityHolder]:
    """Each that has an identity of its own, with the target's as far as it has one."""
    moving = set(source.assets)
    for one in identities(source):
        if one.id:
            # One that people made keeps what it has: the target's is the same.
            continue
        item = _item(one, source)
        there = target.assets.get(called(item))
        document = target.workspace.document if not item.path else there.document if there else {}
        new = str((document.get("identity") or {}).get("principalId") or "")
        never = ""
        if not item.path and not new:
            never = "the target has no identity of its own"
        elif item.path and item not in moving:
            never = f"{item} is made by a person, and the new one's identity is not known"
        yield IdentityHolder(item, one.principal, new, never)


def _item(one: SourceIdentity, source: Inventory) -> Address:
    return _workspace() if one.of == source.workspace.id else Address.parse(one.of)


def _named(source: Inventory) -> set[str]:
    """The subscriptions of the workspace and of what it names."""
    ids = [source.workspace.id, *(str(source.workspace.properties.get(name) or "") for name in RESOURCES)]
    return {ArmId.of(id_).subscription.lower() for id_ in ids} - {""}


class _Own:
    """What is the source's own, and what takes its place in the target."""

    def __init__(self, source: Inventory, target: Inventory) -> None:
        self.workspace, self.group = ArmId.of(source.workspace.id), ArmId.of(source.workspace.id).group_id
        pairs = (
            (source.workspace.properties.get(name), target.workspace.properties.get(name)) for name in RESOURCES
        )
        self._homes = [(ArmId.of(old), str(new or "")) for old, new in pairs if old]
        self._named = {name: ArmId.of(id_) for name in RESOURCES if (id_ := source.workspace.properties.get(name))}

    def served(self, scope: str, role: str, holder: IdentityHolder) -> bool:
        """Whether the service gives it by itself: on a resource of the source's own, and not on a part of it."""
        kind = kind_of(holder.item)
        given = kind.given if kind else {}
        return any(role in given.get(name, ()) and id_ == ArmId.of(scope) for name, id_ in self._named.items())

    def home(self, scope: str) -> str | None:
        """What takes its place in the target, '' where nothing does; None of what is not the source's own."""
        found = next(((old, new) for old, new in self._homes if ArmId.of(scope).within(old)), None)
        # No wider: of a container that of the same name.
        return found and found[1] and f"{found[1]}{scope[len(found[0].text) :]}"

    def held(self, form: GrantWay, scope: str, role: str, holder: IdentityHolder, document: Document) -> Held:
        """What one has there; what both workspaces use is not the source's own."""
        home = self.home(scope)
        own = home is not None and ArmId.of(home) != ArmId.of(scope)
        return Held(form, scope, role, holder, document, home or "", own=own)


def _taken(found: HeldElsewhere, holder: IdentityHolder, read_: _Assigned, own: _Own) -> None:
    """Role assignments, without what the service gives, and without those at the workspace, which has its own."""
    if read_.value is None:
        found.unread.append(f"{read_.refused.rstrip('.')} (for {holder.item})")
        return
    for document, role in read_.value:
        properties = properties_of(document)
        scope, guid = str(properties.get("scope") or ""), name_of(properties.get("roleDefinitionId")).lower()
        if ArmId.of(scope).within(own.workspace):
            continue
        if own.served(scope, guid, holder):
            continue
        if not holder.item.path and ArmId.of(scope) == own.group and guid in _ON_GROUP:
            found.group = role
            continue
        found.held.append(own.held(GrantWay.ROLE, scope, role, holder, document))


async def _policies(side: Side, subscription: str, found: HeldElsewhere, own: _Own) -> None:
    """The access policies of vaults that go by them; the workspace's own lets its own identity in by itself."""
    for vault in await _listed(side, subscription, _VAULTS, "access policies", found):
        properties, id_ = properties_of(vault), str(vault["id"])
        if properties.get("enableRbacAuthorization"):
            continue
        home = own.home(id_)
        for entry in properties.get("accessPolicies") or ():
            for holder in found.holders:
                if str(entry.get("objectId") or "").lower() != holder.old.lower():
                    continue
                if home is None or holder.item.path:
                    found.held.append(own.held(GrantWay.POLICY, id_, "access policy", holder, entry))


async def _rules(side: Side, subscription: str, holder: IdentityHolder, found: HeldElsewhere, own: _Own) -> None:
    """The rules of storage firewalls that name the workspace."""
    for account in await _listed(side, subscription, _ACCOUNTS, "resource access rules", found):
        rules = (properties_of(account).get("networkAcls") or {}).get("resourceAccessRules") or ()
        named = [rule for rule in rules if _lets_in(rule, holder.old)]
        if any("*" in key_of(rule.get("resourceId")) and _lets_in(rule, holder.new) for rule in named):
            # The same rule lets in the target.
            continue
        # One of the workspace alone says what is to be given; another names more than it.
        for rule in sorted(named, key=lambda rule: "*" in key_of(rule.get("resourceId")))[:1]:
            found.held.append(own.held(GrantWay.RULE, str(account["id"]), "resource access rule", holder, rule))


def _lets_in(rule: Document, workspace: str) -> bool:
    """Whether a rule names a workspace, itself or with `*` in place of parts of its id (AZ-RIGHT-36)."""
    parts = map(re.escape, key_of(rule.get("resourceId")).split("*"))
    return bool(workspace) and re.fullmatch("[^/]*".join(parts), key_of(workspace)) is not None


async def _listed(side: Side, subscription: str, type_: str, what: str, found: HeldElsewhere) -> list[Document]:
    """What a subscription lists of a type."""
    at = f"/subscriptions/{subscription}"
    read_ = await tried_list(side.arm, f"{at}/providers/{type_}")
    if read_.value is None:
        found.unread.append(f"the {what} in {at} could not be read: {read_.refused.rstrip('.')}")
        return []
    return read_.value


def _once(held: Iterable[Held]) -> list[Held]:
    """Each once: what a management group gives is seen from every subscription below it.

    A vault has one policy of a principal, and one more for each application by way of which it comes.
    """
    found = {(one.form, _names(one), one.holder.item, one.role): one for one in held}
    return sorted(found.values(), key=lambda one: (str(one.holder.item), one.scope.lower(), one.role, _names(one)))


def _names(one: Held) -> tuple[str, str]:
    """By what two of a form and a role are told apart."""
    return key_of(one.document.get("id") or one.scope), str(one.document.get("applicationId") or "")


async def _with_ends(side: Side, held: list[Held]) -> list[Held]:
    """With when each role ends by itself, as Privileged Identity Management has it; unread is no no."""
    scopes = {key_of(one.scope): one.scope for one in held if one.form is GrantWay.ROLE}

    async def timed(scope: str) -> tuple[str, Read[list[Document]]]:
        return key_of(scope), await tried(side.roles.schedules(scope.rstrip("/")))

    read_ = {key: found async for key, found in in_order(scopes.values(), timed, parallel=_PARALLEL)}
    return [replace(one, ends=_end(one, read_.get(key_of(one.scope), NOTHING))) for one in held]


def _end(one: Held, timed: Read[list[Document]]) -> str:
    if timed.refused and timed.code != NO_LICENCE:
        return f"whether it ends by itself could not be read: {timed.refused.rstrip('.')}"
    last = until(timed.value or (), one.document) if one.form is GrantWay.ROLE else None
    return f"it ends by itself, at {last}" if last else ""


async def _compare_groups(clouds: Session, target: Inventory, found: HeldElsewhere) -> None:
    """Whether the new identity has on its group what the service gave the old one on its own."""
    own = next((one for one in found.holders if not one.item.path), None)
    if not found.group or not own or not own.new:
        return
    group = ArmId.of(target.workspace.id).group_id
    read_ = await assigned(clouds.target, group.subscription, own.new)
    if read_.value is None:
        found.unread.append(read_.refused.rstrip("."))
    elif any(
        group.governed_from(ArmId.of(properties_of(one).get("scope")))
        and name_of(properties_of(one).get("roleDefinitionId")).lower() in _ON_GROUP
        for one, _ in read_.value
    ):
        found.group = ""
