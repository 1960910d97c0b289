"""Until when the caller may enable a version of a key: by its roles on the vault, or by the vault's access
policies. And whether a condition of its roles may hide rows of the vault's log.

That it may enable one now is shown by the tag that the watcher writes, which takes the same right.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from amlmigrate.alarms.rows import TABLES
from amlmigrate.cloud.session import Side
from amlmigrate.core import roleends
from amlmigrate.core.clock import moment
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.parallel import gathered
from amlmigrate.core.rights import granted, permissions
from amlmigrate.drilling.refusing import RightToEnable
from amlmigrate.keys.model import KeyInUse
from amlmigrate.posture import assignments
from amlmigrate.posture.authority import role_of
from amlmigrate.posture.facts import KeyRef
from amlmigrate.posture.reading import Read, tried

UPDATE = "Microsoft.KeyVault/vaults/keys/update/action"
_ROWS = "Microsoft.OperationalInsights/workspaces/tables/data/read"
_TABLES = tuple(f"Microsoft.OperationalInsights/workspaces/query/{one}/read" for one in TABLES)
_GIVE = f"Have a role with '{UPDATE}' (Key Vault Crypto Officer has it) given to you yourself, at the vault."
_POLICY = "Have an access policy with the permission 'update' for keys given to you yourself."
_GROUP = "it is yours through a group, and when somebody leaves a group is not read."


async def until(side: Side, key: KeyInUse, caller: str) -> RightToEnable:
    """Reads it. Raises ServiceError and OutOfReachError where ARM is out of order."""
    if not caller:
        return RightToEnable(unknown="the token does not say who you are. Sign in with an identity of Entra.")
    properties = properties_of(key.vault.value)
    if not properties.get("enableRbacAuthorization"):
        return by_policies(properties.get("accessPolicies") or [], caller)
    assigned, timed = (
        await tried(side.roles.assigned(key.vault_id, caller)),
        await tried(side.roles.schedules(key.vault_id)),
    )
    if timed.code == roleends.NO_LICENCE:
        # Inferred (AZ-RIGHT-3): nobody has a role for a time then.
        timed = Read([])
    for one, action in ((assigned, "roleAssignments"), (timed, "roleAssignmentScheduleInstances")):
        if one.value is None:
            grant = f"Grant Microsoft.Authorization/{action}/read at the vault."
            return RightToEnable(unknown=f"{one.refused or 'nothing was answered.'} {grant}")
    ref = KeyRef(key.vault_id, key.name.vault, key.name.name, "")
    on_key = [one for one in assigned.value or () if assignments.on_key(one, ref)]
    roles = sorted({role_of(one) for one in on_key})
    read = await gathered({role: tried(side.roles.definition_at(key.vault_id, role)) for role in roles})
    return by_roles(on_key, timed.value or (), {role: one.value for role, one in read.items()}, caller)


def by_roles(
    on_key: Iterable[Document],
    timed: Iterable[Document],
    definitions: dict[str, Document | None],
    caller: str,
) -> RightToEnable:
    """Of assignments that count for the key, those of groups among them.

    The last to end counts. A condition is not evaluated, and a membership of a group may end at any time.
    """
    instances, ends, through = list(timed), list[datetime](), False
    for one in on_key:
        definition = definitions.get(role_of(one))
        if definition is None or not granted(permissions(definition), UPDATE, data=True):
            continue
        if assignments.conditional(one):
            continue
        if assignments.principal(one) != caller.lower():
            through = True
            continue
        # Inferred (AZ-RIGHT-2): one that no instance shows has no end.
        end = roleends.until(instances, one)
        if end is None:
            return RightToEnable()
        if (when := moment(end)) is not None:
            ends.append(when)
    if ends:
        return RightToEnable(max(ends))
    return RightToEnable(unknown=f"{_GROUP if through else 'no role of yours at the key gives it.'} {_GIVE}")


def by_policies(policies: Iterable[Document], caller: str) -> RightToEnable:
    """Of a vault that goes by access policies, which have no end."""
    for one in policies:
        given = {str(name).lower() for name in (one.get("permissions") or {}).get("keys") or ()}
        if assignments.holder(one) == caller.lower() and given & {"all", "update"}:
            return RightToEnable()
    return RightToEnable(unknown=f"no access policy of yours gives it. {_POLICY}")


async def hiding(side: Side, key: KeyInUse, caller: str) -> str:
    """Why the caller may not see all rows of the vault's log where it sees some; '' where nothing hides any.

    Nothing in an answer tells that rows are missing (AZ-LOG-11). Raises ServiceError and OutOfReachError where ARM
    is out of order.
    """
    places = key.log.value.places if key.log.value else ()
    found = [await _hiding(side, one, caller) for one in places] if caller else []
    return " ".join(filter(None, found))


async def _hiding(side: Side, place: str, caller: str) -> str:
    assigned = await tried(side.roles.assigned(place, caller))
    if assigned.value is None:
        grant = "Grant Microsoft.Authorization/roleAssignments/read there."
        return f"your roles at {place} cannot be read. {assigned.refused or 'Nothing was answered.'} {grant}"
    if not any(map(assignments.conditional, assigned.value)):
        return ""
    roles = sorted({role_of(one) for one in assigned.value})
    read = await gathered({role: tried(side.roles.definition_at(place, role)) for role in roles})
    return by_conditions(place, assigned.value, {role: one.value for role, one in read.items()})


def by_conditions(place: str, assigned: Iterable[Document], definitions: dict[str, Document | None]) -> str:
    """Of roles at a Log Analytics workspace: one without a condition that reads all rows outdoes those with one.

    A condition is about data actions alone. A role that cannot be read may read rows, and may not.
    """
    hides = False
    for one in assigned:
        definition = definitions.get(role_of(one))
        entries = permissions(definition) if definition is not None else ()
        by_data = granted(entries, _ROWS, data=True)
        if assignments.conditional(one):
            hides |= by_data or definition is None
        elif by_data or all(granted(entries, table) for table in _TABLES):
            return ""
    if not hides:
        return ""
    return f"a role of yours at {place} has a condition, which may hide rows. Have one there that has none."
