"""Grants elsewhere: what the source's own identities may do outside of it, and the target's, new, may not yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import Document
from amlmigrate.core.switched import Settings
from amlmigrate.kinds._elsewhere import Elsewhere, GrantWay, Held, IdentityHolder
from amlmigrate.kinds._grants import FORMS, document_of, of_aim, of_body
from amlmigrate.kinds._permissions import Permissions

if TYPE_CHECKING:
    from amlmigrate.cloud.arm import Arm

_ROLES, _VAULTS = "Microsoft.Authorization/roleAssignments", "Microsoft.KeyVault/vaults"
_ACCOUNTS = "Microsoft.Storage/storageAccounts"
_SUBSCRIPTION = "/subscriptions/{subscription}"
# Of a role's name, what stands in an address as it is: no slash, no sign of a glob or of a phase.
_PLAIN = " ()+,'&:;=@"


class Grants(Elsewhere):
    """`grants/SCOPE/ROLE`, with the address of what has the identity behind it where that is not the workspace.

    A scope is an ARM id; a role's name has `%2F` for a slash, so that it is the one part behind the scope.
    """

    name = "grants"
    manual = "Give the target's identity the same, as the command in `by-hand/` does."
    option = "--grants"

    @classmethod
    def arm_types(cls) -> tuple[str, ...]:
        return (f"{_VAULTS}/accessPolicies", _VAULTS, _ACCOUNTS, _ROLES)

    @property
    def permissions(self) -> Permissions:
        return Permissions(
            read=(f"{_ROLES}/read", f"{_VAULTS}/read", f"{_ACCOUNTS}/read"),
            write=(f"{_ROLES}/write", f"{_VAULTS}/accessPolicies/write", f"{_ACCOUNTS}/write"),
            delete=(f"{_ROLES}/delete",),
        )

    def address(self, held: Held) -> Address:
        item = held.holder.item
        of = f"/{item}" if item.path else ""
        return Address.parse(f"{self.name}{held.scope.rstrip('/')}/{quote(held.role, safe=_PLAIN)}{of}")

    def body(self, held: Held, who: Document | str) -> Document:
        return FORMS[held.form].body(held, who)

    def unlike(self, held: Held) -> str:
        return FORMS[held.form].unlike(held)

    def command(self, held: Held, who: str) -> str:
        return FORMS[held.form].command(held, who)

    def aim(self, scope: str, body: Document, who: str) -> Document:
        return of_body(body).aim(scope, body, who)

    def to(self, body: Document, who: str) -> Document:
        return of_body(body).to(body, who)

    async def read(self, arm: Arm, aim: Document) -> Document:
        return await of_aim(aim).read(arm, aim)

    def has(self, there: Document, aim: Document) -> bool:
        return of_aim(aim).has(there, aim)

    async def lessened(self, arm: Arm, there: Document) -> str:
        return await of_aim(there).lessened(arm, there)

    def bars(self, there: Document, aim: Document) -> str:
        return of_aim(aim).bars(there, aim)

    def becomes(self, there: Document, aim: Document) -> Settings:
        return of_aim(aim).becomes(there, aim)

    async def give(self, arm: Arm, aim: Document, body: Document) -> bool:
        return await of_aim(aim).give(arm, aim, body)

    async def take(self, arm: Arm, was: Settings, left: Settings) -> None:
        await of_aim(document_of(left)).take(arm, was, left)

    async def now(self, arm: Arm, left: Settings) -> Document:
        there = document_of(left)
        return await of_aim(there).now(arm, there)

    def example(self) -> Asset:
        scope = f"{_SUBSCRIPTION}/resourceGroups/data/providers/{_ACCOUNTS}/lake"
        given: dict[str, Any] = {
            "roleDefinitionId": f"{_SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/r",
            "principalId": "0a1b",
            "principalType": "ServicePrincipal",
            "scope": scope,
        }
        document = {"id": f"{scope}/providers/{_ROLES}/1c2d", "properties": given}
        held = Held(
            GrantWay.ROLE,
            scope,
            "Storage Blob Data Reader",
            IdentityHolder(Address("workspace"), "0a1b"),
            document,
        )
        return Asset(
            self.address(held),
            {"definition": document, "commands": [self.command(held, "2e3f")]},
            reason="the workspace's old identity has it, and its new one has not",
            remedy=self.manual,
        )


KIND = Grants()
