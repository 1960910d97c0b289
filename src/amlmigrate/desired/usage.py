"""Who uses a thing that is not the file's own, as far as this sign-in can see. Only reads."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from amlmigrate.cloud.errors import OutOfReachError, ServiceError
from amlmigrate.cloud.session import Side
from amlmigrate.core.armid import ArmId
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.parallel import gathered
from amlmigrate.core.rights import Permission, granted
from amlmigrate.desired.ownership import tag_of
from amlmigrate.posture.accountusers import AccountUsers
from amlmigrate.posture.reading import Read, tried, tried_list

if TYPE_CHECKING:
    from amlmigrate.desired.known import Known
    from amlmigrate.desired.parts import DesiredPart, DesiredPort

# What may use the things that a file names, and what one is called.
_TYPES = {
    "Microsoft.MachineLearningServices/workspaces": "the workspace",
    "Microsoft.Storage/storageAccounts": "the storage account",
    "Microsoft.ContainerRegistry/registries": "the container registry",
    "Microsoft.Insights/components": "Application Insights",
    "Microsoft.Network/privateEndpoints": "the private endpoint",
}
_FEW = 10


@dataclass(slots=True)
class Estate:
    """Everything of those types in every subscription that is seen; read once, and only if somebody asks."""

    side: Side
    _documents: list[tuple[str, Document]] = field(default_factory=list)
    _unseen: list[str] = field(default_factory=list)
    subscriptions: list[str] = field(default_factory=list)

    async def documents(self, first: str) -> tuple[list[tuple[str, Document]], list[str]]:
        """Each with what it is called, and what could not be listed. `first` is a subscription to look into."""
        names = {first.lower()}
        if not self.subscriptions:
            visible = await _answered(self.side, "/subscriptions")
            names |= {str(one.get("subscriptionId", "")).lower() for one in visible.value or ()}
            if visible.value is None:
                self._unseen.append(f"the subscriptions could not be listed: {visible.refused}")
        for name in sorted(names - {"", *self.subscriptions}):
            await self._list(name)
            self.subscriptions.append(name)
        return self._documents, self._unseen

    async def _list(self, subscription: str) -> None:
        scope = f"/subscriptions/{subscription}"
        work = {type_: _answered(self.side, f"{scope}/providers/{type_}") for type_ in _TYPES}
        reads, rights = await gathered(work), await tried(self.side.roles.permissions(scope))
        held = [Permission.of(one) for one in rights.value or ()]
        for type_, read in reads.items():
            self._documents += [(_TYPES[type_], one) for one in read.value or ()]
            if read.value is None:
                self._unseen.append(f"{type_} of subscription {subscription} could not be listed: {read.refused}")
            elif not granted(held, f"{type_}/read"):
                self._unseen.append(f"no right to read every one of {type_} in subscription {subscription}")


async def _answered(side: Side, path: str) -> Read[list[Document]]:
    """A list, or why there is none; what gives no answer after all retries is not known either."""
    try:
        return await tried_list(side.arm, path)
    except (ServiceError, OutOfReachError) as error:
        return Read(refused=error.summary)


async def users(port: DesiredPort, part: DesiredPart[Any], document: Document, known: Known) -> AccountUsers:
    """Who uses a thing beside this file, in words, and why there may be more."""
    found = AccountUsers()
    everything, unseen = await port.estate.documents(ArmId.of(part.id).subscription)
    found.unknown += unseen
    found.known += [
        f"{what} {one['id']}"
        for what, one in everything
        if ArmId.of(one["id"]) != ArmId.of(part.id) and not _own(one, part) and part.named_in(_text(one))
    ]
    await _assigned(port, part, known, found)
    more = await part.more_users(port, document)
    return AccountUsers(sorted({*found.known, *more.known}), sorted({*found.unknown, *more.unknown}))


def _own(document: Document, part: DesiredPart[Any]) -> bool:
    """Whether it was made for the same workspace, or is that workspace."""
    return part.owner.lower() == tag_of(document).lower()


def _text(document: Document) -> str:
    return json.dumps(document, ensure_ascii=False).lower()


async def _assigned(port: DesiredPort, part: DesiredPart[Any], known: Known, found: AccountUsers) -> None:
    """Whose roles at the thing or below it there are, but for those of the file's own identity."""
    read = await tried(port.side.roles.assignments(part.id))
    if read.value is None:
        found.unknown.append(f"the role assignments on it could not be read: {read.refused}")
        return
    told = [properties_of(one) for one in read.value]
    here = f"{part.id}/".lower()
    holders = {
        str(one.get("principalId"))
        for one in told
        if f"{one.get('scope')}/".lower().startswith(here) and one.get("principalId") != known.principal_id
    }
    if holders:
        found.known.append(f"role assignments on it of {few(sorted(holders))}")


def few(names: list[str]) -> str:
    """The first of them, and how many more there are."""
    more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
    return ", ".join(names[:_FEW]) + more
