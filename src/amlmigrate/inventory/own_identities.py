"""The identities that the service made for a source, and the roles that were given to one of them itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from amlmigrate.cloud.session import Side
from amlmigrate.core.armid import ArmId, key_of
from amlmigrate.core.asset import Inventory
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.posture.identities import users_of
from amlmigrate.posture.reading import Read, tried


@dataclass(frozen=True, slots=True)
class SourceIdentity:
    """An identity of the source: `id` is the ARM id of a user-assigned one, empty for a system-assigned one.

    `of` is what has it: the workspace's ARM id or the address of a compute or endpoint. Without a `principal`
    nothing can be asked of it.
    """

    of: str
    id: str
    principal: str

    @property
    def called(self) -> str:
        """As a sentence names it."""
        return self.id or f"the system-assigned identity of {self.of}"


def identities(source: Inventory) -> list[SourceIdentity]:
    """Those of the workspace, of its computes and of its endpoints, each once. Pure."""
    named = [(source.workspace.id, source.workspace.document)]
    named += [(str(left.address), left.document) for left in (*source.assets.values(), *source.by_hand)]
    found: dict[str, SourceIdentity] = {}
    for of, document in named:
        identity = document.get("identity")
        if not isinstance(identity, dict):
            continue
        if identity.get("principalId"):
            found.setdefault(str(identity["principalId"]), SourceIdentity(of, "", str(identity["principalId"])))
        for id_, one in (identity.get("userAssignedIdentities") or {}).items():
            found.setdefault(key_of(id_), SourceIdentity(of, str(id_), str((one or {}).get("principalId") or "")))
    # The workspace may name them elsewhere only, as for its key.
    for id_, one in users_of(source.workspace).items():
        found.setdefault(
            id_, SourceIdentity(source.workspace.id, str(one["id"]), str(one.get("principalId") or ""))
        )
    return list(found.values())


async def assigned(side: Side, subscription: str, principal: str) -> Read[list[tuple[Document, str]]]:
    """The role assignments of a principal itself that a subscription shows, each with the role's name.

    They are those at it, above it and below it, and what `freeze` took of these. The name is the id of the
    definition where that cannot be read.
    """
    scope = f"/subscriptions/{subscription}"
    read = await tried(side.roles.directly(scope, principal))
    if read.value is None:
        why = f"the role assignments in {scope} could not be read: {read.refused or 'Azure shows none such.'}"
        return Read(refused=why, code=read.code)
    shown = {key_of(one.get("id")) for one in read.value}
    taken = (one for one in _taken(side, subscription, principal) if key_of(one["id"]) not in shown)
    return Read([(one, await _role(side, scope, one)) for one in (*read.value, *taken)])


def _taken(side: Side, subscription: str, principal: str) -> Iterator[Document]:
    """What `freeze` took of a principal in a subscription, as a list shows it."""
    for one in side.frozen:
        id_, properties = ArmId.of(one["id"]), properties_of(one)
        if str(properties.get("principalId")).lower() != principal.lower():
            continue
        if id_.subscription.lower() == subscription.lower():
            yield {**one, "properties": {**properties, "scope": str(properties.get("scope") or id_.scope)}}


async def _role(side: Side, scope: str, assignment: Document) -> str:
    definition = str(properties_of(assignment).get("roleDefinitionId") or "")
    read: Read[Document] = await tried(side.roles.definition_at(scope, definition))
    return str(properties_of(read.value).get("roleName") or definition)
