"""Role assignments at a workspace and at what lies in it: who may do what there. Those from above stay above."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.address import Address
from amlmigrate.core.armid import ArmId, name_of
from amlmigrate.core.asset import Asset, Inventory
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.errors import ConflictError
from amlmigrate.core.finding import Finding
from amlmigrate.core.mapping import Mapping as WorkspaceMapping
from amlmigrate.core.mapping import Rewrite
from amlmigrate.core.placement import Around, Placement
from amlmigrate.core.rights import KEPT
from amlmigrate.core.writes import Accepted, Desired, PlanContext, Write
from amlmigrate.kinds import _standing_roles as standing
from amlmigrate.kinds._attached import ATTACHED, Attached
from amlmigrate.kinds._listed import CREATED, WORKSPACE, Way, WorkspacePort

_REMEDY = "Assign the role at the target (`az role assignment create`)."
_EXISTS, _UNKNOWN = "RoleAssignmentExists", "PrincipalNotFound"
_ROLE = "role"
# Of these the letter case says nothing; a role is told by its GUID alone, whatever scope its id names.
_CASELESS = ("principalId", "principalType", "delegatedManagedIdentityResourceId")
# Its name in the target is made of these, so that a second attempt, or a second plan, finds the first one's.
_NAMESPACE = uuid.UUID("5b7c1a8e-3d0f-5c57-9a60-2f1c8d7be4a1")
_BY_SERVICE = dict.fromkeys(("createdOn", "createdBy", "updatedOn", "updatedBy"), "written by the service")


class RoleAssignments(Attached):
    """The target's has a name made of scope, role and principal; one that is there is adopted under its own."""

    name = "roleAssignments"
    # GUIDs.
    caseless = True
    # Rights are given and taken for the move itself, also once all is verified.
    passing = True
    held = True
    keeps_name = False
    way = Way.ASSIGN
    provider = "Microsoft.Authorization"
    remedy = _REMEDY
    after = ("computes", "onlineEndpoints/deployments", "batchEndpoints/deployments")
    fields = ATTACHED.but(
        computed={**_BY_SERVICE, "scope": "its place"},
        mutable={
            "condition": "who has which role where stays as it was made (AZ-RIGHT-17)",
            "conditionVersion": "of its condition",
        },
    )

    async def scan(self, source: WorkspacePort, parents: Sequence[Asset] = ()) -> list[Asset]:
        found = await super().scan(source, parents)
        if any(one.not_listed or one.document.get("listed") is False for one in found):
            return found
        timed = await standing.in_force(source) if found else []
        if not source.whole:
            return [_ending(one, timed) for one in found]
        # That somebody may activate a role is told, and not that somebody has.
        kept = [_ending(one, timed) for one in found if not standing.activated(one.address.name, timed)]
        roles = {one: await standing.custom(source, one) for one in sorted({_role(one) for one in kept})}
        kept = [replace(one, beside={**one.beside, **_beside(roles[_role(one)])}) for one in kept]
        return [*kept, *await standing.eligible(source)]

    def before(self, source: WorkspacePort) -> Iterable[Document]:
        return source.frozen

    def items(self, workspace: str, found: list[Document]) -> list[Asset]:
        """One for each that gives a role at one place to somebody: of one that was frozen, what is there now."""
        items: dict[tuple[str, str, str], Asset] = {}
        for item in found:
            properties = properties_of(item)
            scope = str(properties.get("scope") or item.get("scope") or "").rstrip("/")
            name = name_of(item["id"]).lower()
            if address := self.address_at(workspace, name, scope):
                told = item if "name" in item else _listed(item, name, scope)
                items[standing.key(scope, properties)] = Asset(address, told)
        return list(items.values())

    async def read(self, port: WorkspacePort, address: Address) -> Document | None:
        if there := await super().read(port, address):
            return there
        named = (one for one in port.frozen if name_of(one["id"]).lower() == address.name.lower())
        if (taken := next(named, None)) is None:
            return None
        # Or what somebody has given in its place since: there is one of these (AZ-RIGHT-12).
        scope = str(ArmId.of(taken["id"]).scope)
        wanted = standing.key(scope, properties_of(taken))
        async for one in port.pages("/".join((*address.path[1:], self.collection))):
            told = properties_of(one)
            if standing.key(str(told.get("scope") or ArmId.of(one.get("id")).scope), told) == wanted:
                return one
        return _listed(taken, address.name, scope)

    def principals(self, asset: Asset) -> tuple[str, ...]:
        return (str(asset.properties.get("principalId") or ""),)

    def placement(self, asset: Asset, around: Around) -> Placement:
        if nobody := _nobody(asset, around):
            return nobody
        placed = super().placement(asset, around)
        if placed.reason:
            return placed
        address, target = placed.called or asset.address, around.mapping.target.ref.id
        called = around.principals.of(str(asset.properties.get("principalId")))
        wanted = standing.key(_scope(target, address), {**asset.properties, "principalId": called})
        of_kind = (one for one in around.target.assets.values() if one.address.kind == self.name)
        there = next(
            (one for one in of_kind if standing.key(_scope(target, one.address), one.properties) == wanted), None
        )
        if there and there.reason:
            return Placement(reason=f"the target has it, but {there.reason}", remedy=there.remedy)
        name = there.address.name if there else _name(wanted)
        return Placement(Address.of(self.name, name, *address.path[1:]))

    def outlived(self, around: Around) -> Mapping[Address, Finding]:
        every, theirs = (self._every(one) for one in (around.source, around.target))
        if any(one.not_listed or one.document.get("listed") is False for one in every):
            # What was not read is not gone.
            return {}
        wanted = {self._goal(one, around): one for one in every}
        here, found = around.mapping.target.ref.id, dict[Address, Finding]()
        for there in theirs:
            scope, role, principal = standing.key(_scope(here, there.address), there.properties)
            # Of one for whom nobody in the target is named it is not known who has it there.
            if principal and wanted.keys().isdisjoint({(scope, role, principal), (scope, role, "")}):
                found[there.address] = _outlived(there)
            of_source = wanted.get((scope, role, principal))
            if of_source and standing.ENDS in of_source.beside and standing.ENDS not in there.beside:
                found[there.address] = _outlasting(there, of_source.beside[standing.ENDS]["at"])
        return found

    def _every(self, of: Inventory) -> list[Asset]:
        """Those of a workspace, also what a person has to make."""
        return [one for one in (*of.assets.values(), *of.by_hand) if one.address.kind == self.name]

    def _goal(self, asset: Asset, around: Around) -> tuple[str, str, str]:
        """What stands for one of the source in the target, whoever makes it."""
        address = super().placement(asset, around).called or asset.address
        called = around.principals.of(str(asset.properties.get("principalId") or ""))
        scope = _scope(around.mapping.target.ref.id, address)
        return standing.key(scope, {**asset.properties, "principalId": called})

    def desired(self, asset: Asset, plan: PlanContext) -> Desired:
        mapping, old = plan.mapping, asset.properties
        left = {key: value for key, value in old.items() if key != "condition"}
        found = super().desired(replace(asset, document={**asset.document, "properties": left}), plan)
        body = dict(found.first.body["properties"])
        principal = str(old.get("principalId") or "")
        body["principalId"] = mapping.principals.get(principal.lower(), principal)
        body["roleDefinitionId"] = _role_in(mapping, str(old.get("roleDefinitionId") or ""))
        told: tuple[Finding, ...] = ()
        if condition := old.get("condition"):
            body["condition"], told = standing.condition(asset.address, str(condition), mapping)
        changed = tuple(
            Rewrite(f"/properties/{key}", str(old[key]), str(body[key]))
            for key in ("principalId", "roleDefinitionId", "condition")
            if old.get(key) and body.get(key) != old[key]
        )
        write = Write({**found.first.body, "properties": body})
        return Desired((write,), (*found.rewrites, *changed), (*found.findings, *told))

    def canonical(self, document: Document) -> Document:
        found = super().canonical(document)
        return {key: _plain(key, value) if isinstance(value, str) else value for key, value in found.items()}

    def made(self, body: Document, actual: Document) -> bool:
        properties = properties_of(actual)
        wanted = standing.key(str(properties.get("scope") or ""), properties)
        return name_of(actual.get("id")).lower() == _name(wanted)

    async def apply(self, target: WorkspacePort, address: Address, write: Write) -> Accepted:
        try:
            return await super().apply(target, address, write)
        except ServiceError as error:
            if error.code != _EXISTS or await self.read(target, address) is not None:
                raise
            raise ConflictError(
                f"Somebody else has given this role to this principal since the plan was made: {error.message}",
                address=str(address),
                remedy="Make a new plan: it adopts one that is the same, and shows one that is not.",
            ) from error

    async def lessened(self, source: WorkspacePort, asset: Asset) -> str:
        why, _ = standing.for_a_time(asset.document, await standing.in_force(source))
        return why

    def late(self, error: BaseException) -> bool:
        # Also of one that is no more: that it is replicated late is all that the service says (AZ-RIGHT-19).
        return isinstance(error, ServiceError) and error.code == _UNKNOWN

    def example(self) -> Asset:
        name, role = "0b4a7a52-9c1c-4b0e-8a0a-2f6d7e1c9a35", "f6c7c914-8db3-469d-8ca1-694a8f32e121"
        return Asset(
            Address.of(self.name, name),
            {
                "name": name,
                "properties": {
                    "roleDefinitionId": "/subscriptions/{subscription}/providers/Microsoft.Authorization"
                    f"/roleDefinitions/{role}",
                    "principalId": "7c8d0e1f-2a3b-4c5d-8e6f-708192a3b4c5",
                    "principalType": "Group",
                    "scope": WORKSPACE,
                    "condition": None,
                    "conditionVersion": None,
                    "description": "The risk team",
                    "delegatedManagedIdentityResourceId": None,
                    "createdOn": "2026-01-01T00:00:00.0000000Z",
                    "createdBy": "7c8d0e1f-2a3b-4c5d-8e6f-000000000001",
                    "updatedOn": "2026-01-01T00:00:00.0000000Z",
                    "updatedBy": "7c8d0e1f-2a3b-4c5d-8e6f-000000000001",
                },
                "systemData": CREATED,
            },
        )


def _listed(frozen: Document, name: str, scope: str) -> Document:
    """What `freeze` has recorded of one, as a list shows it."""
    kept = {key: value for key, value in properties_of(frozen).items() if key in KEPT and value is not None}
    return {"id": frozen["id"], "name": name, "properties": {"scope": scope, **kept}}


def _outlived(there: Asset) -> Finding:
    id_ = str(there.document.get("id") or there.address)
    return Finding(
        "blocks",
        str(there.address),
        f"The target gives {_what(there)}, since an earlier plan; the source does not give it any more.",
        f"If it was taken for good, take it in the target too (`az role assignment delete --ids {id_}`) and plan"
        " again; or waive this finding. What `freeze` took in a folder that is not beside this one comes back.",
        code="right-outlived",
    )


def _outlasting(there: Asset, at: str) -> Finding:
    """That the target has for good what the source has for a time only, since an earlier plan."""
    id_ = str(there.document.get("id") or there.address)
    until = f"only until {at}" if at else "only for a time"
    return Finding(
        "blocks",
        str(there.address),
        f"The target gives {_what(there)} for good, since an earlier plan; the source gives it {until}.",
        f"Take it in the target (`az role assignment delete --ids {id_}`), make it there for that time in"
        " Privileged Identity Management, and plan again; or waive this finding.",
        code="right-outlived",
    )


def _what(there: Asset) -> str:
    told = there.properties
    who = f"{told.get('principalType') or 'principal'} {told.get('principalId')}"
    return f"{who} the role '{name_of(told.get('roleDefinitionId'))}'"


def _plain(key: str, value: str) -> str:
    if key == "roleDefinitionId":
        return name_of(value).lower()
    return value.lower() if key in _CASELESS else value


def _role(asset: Asset) -> str:
    return name_of(asset.properties.get("roleDefinitionId")).lower()


def _beside(role: Document | None) -> Mapping[str, Any]:
    return {_ROLE: role} if role else {}


def _scope(workspace: str, address: Address) -> str:
    return "/".join((workspace, *address.path[1:]))


def _ending(asset: Asset, timed: Sequence[Document] | None) -> Asset:
    """With why a person has to make it, where it has an end, or nobody can tell whether it has one."""
    why, end = standing.for_a_time(asset.document, timed)
    if not why:
        return asset
    if not end:
        return replace(asset, reason=why, remedy=f"Have that read allowed, and plan again. {_REMEDY}")
    remedy = "Make it for that time in Privileged Identity Management."
    return replace(asset, reason=why, remedy=remedy, beside={**asset.beside, standing.ENDS: end})


def _name(key: tuple[str, ...]) -> str:
    """The name of one that this tool makes."""
    return str(uuid.uuid5(_NAMESPACE, " ".join(key)))


def _nobody(asset: Asset, around: Around) -> Placement | None:
    """Why nobody in the target gets it by this tool; None where somebody does."""
    principal = str(asset.properties.get("principalId") or "")
    who = f"{asset.properties.get('principalType') or 'principal'} {principal}"
    own = standing.identities(around.source)
    if owner := own.get(principal.lower()):
        told = f"it is given to the identity of {owner}: the target's is another one, which has rights of its own"
        return _not_his(told, f"the object id of the identity of {owner} in the target")
    called = around.principals.of(principal)
    if not called:
        told = f"it is given to {who}, for whom --principals names nobody, and the target is of another tenant"
        return _not_his(told, f"the object id that {who} has in the target's tenant")
    if called.lower() in around.principals.gone:
        return _not_there(who, called if called.lower() != principal.lower() else "")
    condition = str(asset.properties.get("condition") or "").lower()
    if named := sorted(of for id_, of in own.items() if id_ in condition):
        told = f"its condition names the identity of {named[0]}, of which the target has another one"
        return Placement(reason=told, remedy=_REMEDY)
    if why := standing.not_there(asset.beside.get(_ROLE), around.mapping.target.ref.id, around.principals):
        return Placement(reason=why[0], remedy=why[1])
    return None


def _not_there(who: str, called: str) -> Placement:
    """That the directory of the target lacks whom it is for; `called`: the id that the file has, '' for none."""
    if not called:
        told = f"it is given to {who}, and the directory of the target has no such object: it was deleted"
        remedy = "Leave it, and waive it; or assign the role to whoever has followed."
        return _not_his(told, f"the object id of whoever has followed {who}", remedy)
    told = f"it is given to {who}, for whom --principals names {called}: the target has no such object"
    remedy = "Correct the file and plan again; or assign the role at the target to whoever it is."
    return _not_his(told, f"the object id that {who} has in the target's tenant", remedy)


def _not_his(reason: str, fill_in: str, remedy: str = _REMEDY) -> Placement:
    """One whose principal is not who has to have the role in the target: a person says who that is."""
    return Placement(reason=reason, remedy=remedy, anew={"principalId": fill_in})


def _role_in(mapping: WorkspaceMapping, role: str) -> str:
    """The id of a role as the target's subscription has it."""
    if not ArmId.of(role).subscription:
        return role
    return f"/subscriptions/{mapping.target.ref.subscription}{role[role.lower().index('/providers/') :]}"


KIND = RoleAssignments()
