"""What the identity may do: role assignments with names that follow from their content, or access policies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.roles import assignment_id
from amlmigrate.core.armid import ArmId, key_of, name_of, subscription_of
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.desired import ownership
from amlmigrate.desired.known import UNKNOWN
from amlmigrate.desired.parts import DesiredPort
from amlmigrate.desired.steps import ArmCall, DesiredStep, DesiredVerb
from amlmigrate.provisioning.known import KnownValues, ProvisioningPart
from amlmigrate.provisioning.wanted import VaultWanted

_ASSIGNMENTS = "providers/Microsoft.Authorization/roleAssignments"


@dataclass(frozen=True, slots=True)
class Role:
    """A built-in role; `enough` are others that hold all of its rights and more, by id."""

    id: str
    name: str
    enough: Mapping[str, str] = field(default_factory=dict)


SECRETS = Role("00482a5a-887f-4fb3-b363-3b7fe8e74483", "Key Vault Administrator")
USE_OF_KEY = Role(
    "e147488a-f6f5-4113-8e2d-b22465e65bf6",
    "Key Vault Crypto Service Encryption User",
    {
        "12338af0-0e69-4776-bea7-57ae8d297424": "Key Vault Crypto User",
        "14b46e9e-c2b7-41b4-b07b-48a6ebf60603": "Key Vault Crypto Officer",
        SECRETS.id: SECRETS.name,
    },
)
BLOBS = Role(
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    "Storage Blob Data Contributor",
    {"b7e6dc6d-f1e8-4753-8033-0f276bb0955b": "Storage Blob Data Owner"},
)
FILES = Role("69566ab7-960f-475b-8e7c-b3118f30c6bd", "Storage File Data Privileged Contributor")
_OWNER = {"8e3af657-a8ff-443c-a75c-2fe8c4bcb635": "Owner"}
CONTRIBUTOR = Role("b24988ac-6180-42a0-ab88-20f7382dd24c", "Contributor", _OWNER)
AI_ADMINISTRATOR = Role("b78c5d69-af96-48a3-bf8d-a8b4d589de94", "Azure AI Administrator", _OWNER)
APPROVER = Role("b556d68e-0be0-4f35-a333-ad7ee1ce17ea", "Azure AI Enterprise Network Connection Approver")

# Permissions of access policies that stand for a role.
KEY_PERMISSIONS: dict[str, tuple[str, ...]] = {"keys": ("get", "wrapKey", "unwrapKey")}
SECRET_PERMISSIONS: dict[str, tuple[str, ...]] = {
    **KEY_PERMISSIONS,
    "secrets": ("get", "list", "set", "delete", "recover", "backup", "restore"),
}


class RoleGrant(ProvisioningPart):
    """A role at a scope. `holder` is an object id; None: the identity."""

    awaits_grants = True
    settles = False

    def __init__(self, scope: str, role: Role, *, holder: tuple[str, str] | None = None) -> None:
        self.id, self.role, self._holder = scope, role, holder
        self.what = f"{role.name} for {holder[0] if holder else 'the identity'}"

    def touches(self, step: DesiredStep) -> Iterable[ownership.Change]:
        """A right on what is others' lets somebody in to what is theirs."""
        return [(self.id, ownership.GRANTS)] if step.verb.writes else ()

    def forever(self, step: DesiredStep) -> tuple[str, ...]:
        """A role on a whole subscription reaches all that others have there."""
        if not step.verb.writes or ArmId.of(self.id).group:
            return ()
        return (f"{self.what} ({self._holder[1] if self._holder else 'its identity'}) on the whole of {self.id}",)

    def principal(self, known: KnownValues) -> str:
        """The object id."""
        return self._holder[1] if self._holder else known.principal_id

    async def read(self, port: DesiredPort, known: KnownValues) -> list[Document]:
        """The holder's assignments at the scope and above it."""
        principal = self.principal(known)
        if principal == UNKNOWN:
            return []
        query = {"$filter": f"atScope() and assignedTo('{principal}')"}
        return await port.resources.items(f"{self.id}/{_ASSIGNMENTS}", query)

    def decide(self, found: list[Document], known: KnownValues) -> DesiredStep:
        """Granted unless the holder has it, or more, at the scope or above it; what is more is said."""
        if held := self._held(found):
            itself = (self.role.name, key_of(self.id))
            there = [] if itself in held else [f"at {scope}" for name, scope in held if name == self.role.name]
            more = [f"{name} at {scope}" for name, scope in held if name != self.role.name]
            return self.exists(
                *there, *(f"warning: holds {each} too, which is more than it needs" for each in more)
            )
        principal = self.principal(known)
        if in_the_way := self._in_the_way(found, principal):
            return self.refuse(
                f"{self.what} has that role at {self.id} under a condition ({in_the_way}), which may take from it"
                " what it needs, and Azure makes no second one: take that away, or its condition"
            )
        definition = (
            f"/subscriptions/{subscription_of(self.id)}/providers/Microsoft.Authorization/roleDefinitions/"
            f"{self.role.id}"
        )
        body = {
            "properties": {
                "roleDefinitionId": definition,
                "principalId": principal,
                "principalType": "ServicePrincipal",
                # An assignment bears no tag.
                "description": f"{ownership.TAG} {self.owner}",
            }
        }
        change = ArmCall("PUT", assignment_id(self.id, principal, self.role.id), body)
        return DesiredStep(DesiredVerb.GRANT, self.what, self.id, (), change)

    def _held(self, found: list[Document]) -> list[tuple[str, str]]:
        """Name and scope of each unconditional assignment that is enough; the scope itself in lower case."""
        names = {self.role.id: self.role.name, **self.role.enough}
        held = []
        for told in map(properties_of, found):
            role, scope = name_of(str(told.get("roleDefinitionId", ""))).lower(), str(told.get("scope") or self.id)
            if role in names and not told.get("condition"):
                held.append((names[role], key_of(scope) if key_of(scope) == key_of(self.id) else scope))
        return held

    def _in_the_way(self, found: list[Document], principal: str) -> str:
        """The id of an assignment of this very role at this very scope that has a condition; '' for none.

        Azure makes one assignment of a role for a principal and a scope, and refuses any other one
        (RoleAssignmentExists). Inferred (AZ-RIGHT-12): whatever the conditions of both.
        """
        for one in found:
            told = properties_of(one)
            same = name_of(str(told.get("roleDefinitionId", ""))).lower() == self.role.id
            itself = ArmId.of(told.get("scope") or self.id) == ArmId.of(self.id)
            if same and itself and str(told.get("principalId", "")).lower() == principal.lower():
                return str(one.get("id") or "its id is not shown")
        return ""

    async def act(self, port: DesiredPort, step: DesiredStep) -> None:
        """The same role under another name is as good: one with a condition was refused before."""
        try:
            await super().act(port, step)
        except ServiceError as error:
            if error.code != "RoleAssignmentExists":
                raise


class VaultGrant(RoleGrant):
    """A right in a vault, by role or by access policy, whichever the vault goes by."""

    def __init__(
        self,
        vault: VaultWanted,
        scope: str,
        role: Role,
        permissions: dict[str, tuple[str, ...]],
        *,
        holder: tuple[str, str] | None = None,
    ) -> None:
        super().__init__(scope, role, holder=holder)
        self._vault, self._permissions = vault, permissions

    def _by_roles(self, known: KnownValues) -> bool:
        return known.by_roles.get(key_of(self._vault.id), self._vault.access != "policies")

    async def read(self, port: DesiredPort, known: KnownValues) -> list[Document]:
        """Assignments, or the vault's policies of the holder."""
        if self._by_roles(known):
            return await super().read(port, known)
        policies = properties_of(await port.resources.get(self._vault.id)).get("accessPolicies") or ()
        principal = self.principal(known).lower()
        return [each for each in policies if str(each.get("objectId", "")).lower() == principal]

    def decide(self, found: list[Document], known: KnownValues) -> DesiredStep:
        """Granted unless the holder has it, or more."""
        if self._by_roles(known):
            return super().decide(found, known)
        if any(self._covers(each.get("permissions") or {}) for each in found):
            more = sorted({name for each in found for name in self._excess(each.get("permissions") or {})})
            notes = [f"warning: its access policy allows more on keys too: {', '.join(more)}"] if more else []
            return self.exists("by access policy", *notes)
        policy = {
            "tenantId": known.tenant_id,
            "objectId": self.principal(known),
            "permissions": {kind: list(names) for kind, names in self._permissions.items()},
        }
        change = ArmCall(
            "PUT", f"{self._vault.id}/accessPolicies/add", {"properties": {"accessPolicies": [policy]}}
        )
        told = "; ".join(f"{kind}: {', '.join(names)}" for kind, names in self._permissions.items())
        return DesiredStep(DesiredVerb.GRANT, self.what, self.id, (f"by access policy ({told})",), change)

    def touches(self, step: DesiredStep) -> Iterable[ownership.Change]:
        """An access policy counts for the whole vault."""
        if step.change and step.change.path.endswith("/accessPolicies/add"):
            return [(self._vault.id, ownership.GRANTS)]
        return super().touches(step)

    def _excess(self, there: Document) -> set[str]:
        """What a policy allows on keys that is not needed."""
        return {str(each).lower() for each in there.get("keys") or ()} - {
            name.lower() for name in self._permissions["keys"]
        }

    def instead(self, step: DesiredStep) -> str:
        """Only whoever owns another's vault can grant it."""
        if not self._vault.given or step.change is None or step.change.body is None:
            return ""
        told = step.change.body["properties"]
        if "principalId" not in told:
            [policy] = told["accessPolicies"]
            keys = " ".join(policy["permissions"]["keys"])
            way = f"--name {name_of(self._vault.id)} --object-id {policy['objectId']} --key-permissions {keys}"
            return f"Whoever owns the vault has to grant it: az keyvault set-policy {way}; then run it again."
        way = f"--assignee-object-id {told['principalId']} --assignee-principal-type ServicePrincipal"
        return (
            f'Whoever owns the vault has to grant it: az role assignment create {way} --role "{self.role.name}" '
            f"--scope {self.id}; then run it again."
        )

    def _covers(self, there: Document) -> bool:
        for kind, names in self._permissions.items():
            has = {str(each).lower() for each in there.get(kind) or ()}
            if "all" not in has and not {name.lower() for name in names} <= has:
                return False
        return True
