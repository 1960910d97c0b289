"""A role that is not given back since its holder has it there under another name: whether that is as much."""

from __future__ import annotations

from amlmigrate.core.armid import ArmId, name_of
from amlmigrate.core.documents import Document
from amlmigrate.core.freeze_record import Assignment, differing
from amlmigrate.freezing.freeze import End, FreezePort

# What it is told to be, and what was written about it, gives nobody anything; the role is compared by its GUID.
_NO_RIGHTS = ("description", "principalType", "roleDefinitionId")


async def falls_short(roles: FreezePort, one: Assignment, end: End) -> str | None:
    """Why what is there is not what was taken: narrower, wider or only for a time; None where it is as good.

    Azure has one assignment of a role for a principal and a scope, whatever its condition, and one made for a time
    counts. Inferred (AZ-RIGHT-4): so one that ends stands in the way just so. Raises ServiceError for what cannot
    be read.
    """
    principal = str(one.properties.get("principalId", ""))
    found = [each for each in await roles.directly(one.scope, principal) if _is_same(each, one)]
    if not found:
        return "Azure says that this role is there under another name, and shows none: wait some minutes"
    whys = [await _less(one, each, end) for each in found]
    return None if None in whys else whys[0]


def _is_same(there: Document, one: Assignment) -> bool:
    """Whether it is the same role of the same principal at the very scope, under whatever name."""
    other = Assignment.of(there, one.role)
    names = ("roleDefinitionId", "principalId")
    guids = [[name_of(each.properties.get(name)).lower() for name in names] for each in (one, other)]
    return guids[0] == guids[1] and ArmId.of(one.scope) == ArmId.of(other.scope)


async def _less(one: Assignment, there: Document, end: End) -> str | None:
    other = Assignment.of(there, one.role)
    told = f"this role is there under another name, '{other.id}'"
    if wrong := [name for name in differing(one, other) if name not in _NO_RIGHTS]:
        return f"{told}, which is another one and stays: {', '.join(wrong)} differ"
    ends = await end(other, there)
    if ends is None:
        return f"{told}, and whether that ends by itself may not be read"
    return f"{told}, only until {ends}" if ends else None
