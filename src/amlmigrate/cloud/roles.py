"""Role assignments and role definitions of any scope, through ARM."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.armid import key_of, name_of
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.errors import RefusedError

if TYPE_CHECKING:
    from amlmigrate.cloud.arm import Arm

_ASSIGNMENTS = "providers/Microsoft.Authorization/roleAssignments"
_PERMISSIONS = "providers/Microsoft.Authorization/permissions"
_DENIALS = "providers/Microsoft.Authorization/denyAssignments"
_SCHEDULES = "providers/Microsoft.Authorization/roleAssignmentScheduleInstances"
_LATER = "providers/Microsoft.Authorization/roleAssignmentSchedules"
_ELIGIBLE_LATER = "providers/Microsoft.Authorization/roleEligibilitySchedules"
_RULES = "providers/Microsoft.Authorization/roleManagementPolicyAssignments"
_ELIGIBLE = "providers/Microsoft.Authorization/roleEligibilityScheduleInstances"
# A CanNotDelete lock on a scope keeps its role assignments too.
_LOCKED = "ScopeLocked"
_EXISTS = "RoleAssignmentExists"
_NAMES = uuid.uuid5(uuid.NAMESPACE_URL, "aml-cmk-migrate/role-assignments")


def assignment_id(scope: str, principal: str, role: str) -> str:
    """The ARM id of an assignment; its name follows from what it says, so that a repeat is the same one.

    The principal is part of it: an identity that was made anew could not take the old one's name (AZ-RIGHT-17).
    """
    name = uuid.uuid5(_NAMES, f"{scope.lower()} {principal.lower()} {role.lower()}")
    return f"{scope}/{_ASSIGNMENTS}/{name}"


@dataclass(frozen=True, slots=True)
class Removed:
    """What a deletion was answered: the assignment as it was then, where the service showed it.

    `deleted`: this very call has deleted it. `doubtful`: an attempt of it before may have been served unheard.
    """

    document: Document | None
    doubtful: bool = False
    deleted: bool = False


class Roles:
    """Each method is one call; all raise ServiceError for what is not said here."""

    def __init__(self, arm: Arm) -> None:
        self._arm = arm

    async def assignments(self, scope: str) -> list[Document]:
        """Every assignment that applies to a scope: made at it, above it and below it."""
        return [item async for item in self._arm.pages(f"{scope}/{_ASSIGNMENTS}")]

    async def assigned_to(self, scope: str, object_id: str) -> set[str]:
        """The ids, in lower case, of those that an identity has there, itself or through its groups."""
        query = {"$filter": f"assignedTo('{object_id}')"}
        found = [item async for item in self._arm.pages(f"{scope}/{_ASSIGNMENTS}", query)]
        return {key_of(item["id"]) for item in found}

    async def assigned(self, scope: str, object_id: str) -> list[Document]:
        """Those that an identity has at a scope, above it and below it, itself or through its groups."""
        query = {"$filter": f"assignedTo('{object_id}')"}
        return [item async for item in self._arm.pages(f"{scope}/{_ASSIGNMENTS}", query)]

    async def directly(self, scope: str, object_id: str) -> list[Document]:
        """Those that were given to a principal itself, at a scope, above it and below it; not through a group.

        learn.microsoft.com, role-assignments-list-rest: `principalId eq` is for that.
        """
        query = {"$filter": f"principalId eq '{object_id}'"}
        return [item async for item in self._arm.pages(f"{scope}/{_ASSIGNMENTS}", query)]

    async def denials(self, scope: str) -> list[Document]:
        """Every deny assignment at a scope, above it and below it.

        learn.microsoft.com, list-deny-assignments (REST): so without a filter. `assignedTo('…')`, which follows
        groups, is not asked for: it is not said to give those for everybody, nor those that leave somebody out.
        """
        return [item async for item in self._arm.pages(f"{scope}/{_DENIALS}")]

    async def schedules(self, scope: str) -> list[Document]:
        """Every role assignment in force there, with `endDateTime` where it ends (Privileged Identity Management).

        A tenant without Entra ID P2 answers 400 AadPremiumLicenseRequired (Azure-MG-Sub-Governance-Reporting#114).
        """
        return await self._around(scope, _SCHEDULES)

    async def eligible(self, scope: str) -> list[Document]:
        """Every role that somebody may activate there; answered as `schedules` is."""
        return await self._around(scope, _ELIGIBLE)

    async def coming(self, scope: str) -> list[Document]:
        """Every role that is given, or may be activated, now or later: schedules, not what is in force by them.

        learn.microsoft.com, "Use Azure PIM to manage eligible access with the REST API": instances are of the
        current time alone, schedules also of what begins later.
        """
        return [*await self._around(scope, _LATER), *await self._around(scope, _ELIGIBLE_LATER)]

    async def rules(self, scope: str) -> dict[str, list[Document]]:
        """By each role's GUID in lower case, the rules by which it is given and activated at a scope.

        azure-rest-api-specs, RoleManagementPolicyAssignments of 2020-10-01: one for each role, with
        `effectiveRules`, each with an `id`, as `Approval_EndUser_Assignment`; the list has no filter.
        """
        found = [properties_of(one) async for one in self._arm.pages(f"{scope.rstrip('/')}/{_RULES}")]
        return {
            name_of(str(one.get("roleDefinitionId"))).lower(): one.get("effectiveRules") or [] for one in found
        }

    async def _around(self, scope: str, collection: str) -> list[Document]:
        """PIM's instances at a scope, above it and below it.

        The REST reference says that `atScope()` gives those at and above it, and of a list without a filter
        nothing: in the example of Get-AzRoleAssignmentScheduleInstance (learn.microsoft.com) that has those of
        resources below too. Inferred (AZ-RIGHT-1): so have the other collections. So both are asked for.
        """
        found: dict[str, Document] = {}
        for query in ({}, {"$filter": "atScope()"}):
            async for item in self._arm.pages(f"{scope}/{collection}", query):
                found[key_of(item.get("id"))] = item
        return list(found.values())

    async def permissions(self, scope: str) -> list[Document]:
        """What the caller itself may do at a scope: an entry a role, as `permissions` of a role definition."""
        return [item async for item in self._arm.pages(f"{scope}/{_PERMISSIONS}")]

    async def definition_at(self, scope: str, definition_id: str) -> Document | None:
        """A role definition as seen from a scope: who may read roles there need not be able to above it.

        None where there is none.
        """
        guid = name_of(definition_id)
        return await self._arm.get(f"{scope}/providers/Microsoft.Authorization/roleDefinitions/{guid}")

    async def get(self, id_: str) -> Document | None:
        """One assignment; None where there is none."""
        return await self._arm.get(id_)

    async def remove(self, id_: str) -> Removed:
        """Deletes one, and says what the service showed of it. Raises RefusedError where a lock is in the way.

        REST reference, Role Assignments - Delete: 200 returns the deleted assignment, 204 says that it was deleted
        before or does not exist.
        """
        try:
            answer = await self._arm.call("DELETE", id_)
        except ServiceError as error:
            if error.code == _LOCKED:
                raise RefusedError(
                    f"A lock keeps the role assignment: {error.message}",
                    address=id_,
                    remedy="Remove the lock, run the same command again, and put the lock back.",
                ) from error
            if await self._arm.absent(error, id_):
                return Removed(None, error.doubtful)
            raise
        shown = answer.body if isinstance(answer.body, dict) and answer.body.get("id") else None
        return Removed(shown, answer.doubtful, answer.status == 200)

    async def assign(self, id_: str, properties: Document) -> bool:
        """Makes one under that name. False: the principal has this role there already, under another name."""
        try:
            await self._arm.put(id_, {"properties": properties})
        except ServiceError as error:
            if error.status == 409 and error.code == _EXISTS:
                return False
            raise
        return True
