"""What an identity may do at a scope, as Azure answers it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from amlmigrate.cloud.roles import Roles
from amlmigrate.core.armid import ArmId, key_of
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.rights import Permission, granted, permissions
from amlmigrate.posture.reading import tried


@dataclass(frozen=True, slots=True)
class Effective:
    """Rights at one scope. Not `known`: an operation that is not among them may be granted all the same."""

    entries: tuple[Permission, ...]
    known: bool
    data_known: bool

    def allows(self, operation: str, *, data: bool) -> bool | None:
        """Whether an operation is granted; None where that cannot be told."""
        if granted(self.entries, operation, data=data):
            return True
        return False if (self.data_known if data else self.known) else None


class Rights:
    """Looks up the rights of one sign-in; each scope is asked for once.

    Actions come from `permissions`, which every caller may read of itself. Its data actions are not promised to
    be complete, so what it does not show is looked up in the role assignments too, where these may be read.
    """

    def __init__(self, roles: Roles, object_id: str) -> None:
        self._roles, self._object_id = roles, object_id
        self._tasks: dict[tuple[str, bool], asyncio.Task[Effective]] = {}

    async def at(self, scope: str, *, data: bool) -> Effective:
        """The rights at a scope; with `data` the role assignments are asked too."""
        key = (key_of(scope), data)
        if key not in self._tasks:
            self._tasks[key] = asyncio.create_task(self._read(scope, data=data))
        return await self._tasks[key]

    async def _read(self, scope: str, *, data: bool) -> Effective:
        if not data:
            read = await tried(self._roles.permissions(scope))
            entries = tuple(Permission.of(one) for one in read.value or ())
            return Effective(entries, known=read.value is not None, data_known=False)
        plain = await self.at(scope, data=False)
        assigned = await tried(self._roles.assigned(scope, self._object_id))
        if assigned.value is None:
            return plain
        here = [one for one in assigned.value if covers(one, scope)]
        ids = sorted({str(properties_of(one).get("roleDefinitionId")) for one in here})
        roles = await asyncio.gather(*(tried(self._roles.definition_at(scope, id_)) for id_ in ids))
        more = tuple(entry for one in roles if one.value for entry in permissions(one.value))
        whole = all(one.value is not None for one in roles)
        return Effective((*plain.entries, *more), plain.known or whole, whole)


def covers(assignment: Document, scope: str) -> bool:
    """Whether an assignment counts at a scope: made at it or above it."""
    return ArmId.of(scope).governed_from(ArmId.of(properties_of(assignment).get("scope")))
