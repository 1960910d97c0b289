"""Reads who may change a key, whatever uses it: by roles on its vault, also eligible ones, or by policies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from amlmigrate.cloud.session import Side
from amlmigrate.core.documents import Document
from amlmigrate.core.parallel import gathered
from amlmigrate.core.roleends import NO_LICENCE
from amlmigrate.core.workspace import Workspace, WorkspaceRef
from amlmigrate.posture.authority import role_of
from amlmigrate.posture.facts import KeyRef, PostureFacts
from amlmigrate.posture.holders import Holders, managers_of
from amlmigrate.posture.reading import NOTHING, Read, tried

# Who manages a key does not depend on what uses it: the facts have a workspace that nobody asks for.
_NO_WORKSPACE = Workspace(WorkspaceRef("", "", ""), {})


@dataclass(frozen=True, slots=True)
class VaultRights:
    """Who may do what in a vault; `refused` says what of that could not be read."""

    facts: PostureFacts
    refused: str = ""

    def managers(self, ref: KeyRef) -> Read[Holders]:
        """Whoever may change a key of the vault, or the vault; refused too where a list could not be read.

        Deny assignments that could not be read take nothing, so that somebody is told rather than not.
        """
        return Read(managers_of(self.facts, ref), refused=self.refused)


async def rights_of(side: Side, vault_id: str, vault: Read[Document]) -> Read[VaultRights]:
    """Roles on a vault as they are, may be activated and are denied, and the vault's access policies.

    Raises ServiceError and OutOfReachError where ARM is out of order.
    """
    if vault.value is None:
        return Read(refused=vault.refused or "The vault is not there.")
    roles = side.roles
    found: dict[str, Read[list[Document]]] = await gathered(
        {
            "on_vault": tried(roles.assignments(vault_id)),
            "eligible": tried(roles.eligible(vault_id)),
            "denials": tried(roles.denials(vault_id)),
        }
    )
    if found["eligible"].code == NO_LICENCE:
        # Where nobody has Privileged Identity Management, nobody can be eligible.
        found["eligible"] = Read([])
    definitions = await _definitions(side, vault_id, found)
    unread = [found[name].refused for name in ("on_vault", "eligible") if found[name].value is None]
    unread += ["A role definition could not be read." for _, one in definitions if one is None][:1]
    facts = PostureFacts(
        workspace=_NO_WORKSPACE,
        key_ref=None,
        identity=None,
        computes=NOTHING,
        registry=NOTHING,
        insights=NOTHING,
        logs=NOTHING,
        cluster=NOTHING,
        vault=vault,
        definitions=definitions,
        on_vault=found["on_vault"],
        eligible=found["eligible"],
        denials=found["denials"],
    )
    return Read(VaultRights(facts, " ".join(unread)))


async def _definitions(
    side: Side, vault_id: str, found: dict[str, Read[list[Document]]]
) -> tuple[tuple[str, Document | None], ...]:
    """The definition of each role that is given or may be activated on the vault."""
    named = {role_of(one) for name in ("on_vault", "eligible") for one in found[name].value or ()}
    read: dict[str, Read[Any]] = await gathered(
        {role: tried(side.roles.definition_at(vault_id, role)) for role in sorted(named)}
    )
    return tuple((role, one.value) for role, one in read.items())
