"""Which subscriptions a scan is about: named ones, those of management groups, or all that can be seen."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable

from amlmigrate.cloud.arm import Arm
from amlmigrate.core.armid import ArmId
from amlmigrate.core.errors import BadInputError, MigrateError
from amlmigrate.core.names import is_guid, is_name
from amlmigrate.scanning.values import NotKnown

_GROUP = "/providers/Microsoft.Management/managementGroups/"
_SUBSCRIPTION_TYPE = re.compile(r"(^|/)subscriptions\Z", re.IGNORECASE)


def checked(subscriptions: Iterable[str]) -> list[str]:
    """The ids without their doubles, in order. Raises BadInputError for one that is no GUID."""
    found: dict[str, str] = {}
    for text in subscriptions:
        asked = ArmId(text.removesuffix("/"))
        # A group's id has a subscription too, and all of that is more than was asked for.
        id_ = asked.subscription if asked and asked == asked.subscription_id else str(asked)
        if not is_guid(id_):
            raise BadInputError(
                f"'{text}' is not a subscription.",
                remedy="Write its id, a GUID; `az account list --output table` shows those that you see.",
            )
        found.setdefault(id_.lower(), id_)
    return list(found.values())


async def chosen(arm: Arm, named: Iterable[str], groups: Iterable[str]) -> tuple[list[str], dict[str, NotKnown]]:
    """The ids of the subscriptions, and the management groups that could not be read, by their names.

    With neither named, all that the identity sees. Raises BadInputError, and ServiceError for that list.
    """
    found = checked(named)
    groups = list(groups)
    if not found and not groups:
        return checked([str(item["subscriptionId"]) async for item in arm.pages("/subscriptions")]), {}
    unreadable: dict[str, NotKnown] = {}
    for name in map(group_name, groups):
        try:
            found += [each async for each in _descendants(arm, name)]
        except MigrateError as error:
            action = "Microsoft.Management/managementGroups/descendants/read"
            unreadable[f"{_GROUP}{name}"] = NotKnown.of("subscriptions", action, error)
    return checked(found), unreadable


def group_name(text: str) -> str:
    """The name of a management group, of which its ARM id may be given. Raises BadInputError."""
    name = text.removesuffix("/").removeprefix(_GROUP)
    if not is_name(name):
        raise BadInputError(
            f"'{text}' is not a management group.",
            remedy="Write its id, as `az account management-group list` shows it.",
        )
    return name


async def _descendants(arm: Arm, group: str) -> AsyncIterator[str]:
    """The subscriptions at any depth below a management group; groups are among the descendants too."""
    async for item in arm.pages(f"{_GROUP}{group}/descendants"):
        if _SUBSCRIPTION_TYPE.search(str(item.get("type", ""))):
            yield str(item["name"])
