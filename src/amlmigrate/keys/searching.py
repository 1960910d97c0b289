"""Looks for all that lies under customers' keys in subscriptions: workspaces, accounts, scopes, registries.

Each type is one list of a subscription; encryption scopes are a list of each account, since an account that has no
key of its own may have scopes that have one. What cannot be listed is told, and is never taken for nothing. A list
of a subscription leaves out what the caller may not read, and does not say so (AZ-RIGHT-15): it is whole only for
who may read every thing of its type there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from amlmigrate.cloud.errors import OutOfReachError, ServiceError
from amlmigrate.cloud.session import Side
from amlmigrate.core.armid import key_of
from amlmigrate.core.documents import Document
from amlmigrate.core.parallel import each
from amlmigrate.core.rights import Permission, granted
from amlmigrate.keys import dependants
from amlmigrate.keys.dependants import LevelsOf
from amlmigrate.keys.model import Dependant, UnreadPlace

WORKSPACES = "Microsoft.MachineLearningServices/workspaces"
ACCOUNTS = "Microsoft.Storage/storageAccounts"
REGISTRIES = "Microsoft.ContainerRegistry/registries"
_OF = {WORKSPACES: dependants.of_workspace, REGISTRIES: dependants.of_registry}
_AT_ONCE = 12
_RIGHTS = "Microsoft.Authorization/permissions/read"
_IN_PART = "The list shows only what you may read, and nothing lets you read all of them in this subscription."


@dataclass(slots=True)
class Found:
    """What was found so far, and where nobody could look."""

    dependants: list[Dependant] = field(default_factory=list)
    unread: list[UnreadPlace] = field(default_factory=list)


async def search(side: Side, subscriptions: Iterable[str], levels: LevelsOf) -> Found:
    """Everything under a customer's key in the subscriptions. Raises nothing that ARM answers."""
    found = Found()
    named = list(subscriptions)
    places = [(one, type_) for one in named for type_ in (WORKSPACES, ACCOUNTS, REGISTRIES)]
    may: dict[str, list[Permission] | None] = {}

    async def ask(subscription: str) -> None:
        may[subscription] = await _permissions(side, found, subscription)

    async def look(place: tuple[str, str]) -> None:
        subscription, type_ = place
        documents = await _listed(side, found, f"/subscriptions/{subscription}", f"providers/{type_}", type_)
        if documents is None:
            return
        held = may[subscription]
        if held is not None and not granted(held, f"{type_}/read"):
            address = f"/subscriptions/{subscription}/providers/{type_}"
            found.unread.append(UnreadPlace(address, f"{type_}/read", _IN_PART, 403))
        if type_ == ACCOUNTS:
            await _accounts(side, found, documents, levels)
        else:
            _keep(found, documents, lambda one: _OF[type_](one, levels))

    await each(named, ask, parallel=_AT_ONCE)
    await each(places, look, parallel=_AT_ONCE)
    # A list that changes while it is read can show a thing on two of its pages.
    once = {key_of(one.id): one for one in found.dependants}
    found.dependants = sorted(once.values(), key=lambda one: (one.kind.value, one.id.lower()))
    found.unread.sort(key=lambda one: one.id.lower())
    return found


async def _accounts(side: Side, found: Found, documents: list[Document], levels: LevelsOf) -> None:
    _keep(found, documents, lambda one: dependants.of_account(one, levels))

    async def scopes(account: Document) -> None:
        id_, what = str(account["id"]), f"{ACCOUNTS}/encryptionScopes"
        listed = await _listed(side, found, id_, "encryptionScopes", what)
        _keep(found, listed or (), lambda one: dependants.of_scope(account, one, levels))

    # Scopes are of blobs (learn.microsoft.com: storage/blobs/encryption-scope-overview), which such have none of.
    blobs = [one for one in documents if str(one.get("kind") or "").lower() != "filestorage"]
    await each(blobs, scopes, parallel=_AT_ONCE)


def _keep(found: Found, documents: Iterable[Document], read: Callable[[Document], Dependant | None]) -> None:
    found.dependants += [one for one in map(read, documents) if one is not None]


async def _permissions(side: Side, found: Found, subscription: str) -> list[Permission] | None:
    """What the caller may do in a whole subscription; None where that could not be had, which is then told."""
    id_ = f"/subscriptions/{subscription}"
    try:
        return [Permission.of(one) for one in await side.roles.permissions(id_)]
    except ServiceError as error:
        # Whoever may do nothing in the whole of it is refused; the lists may show a part all the same.
        if error.status in (403, 404):
            return []
        found.unread.append(UnreadPlace(f"{id_}: your rights", _RIGHTS, error.summary, error.status))
    except OutOfReachError as error:
        found.unread.append(UnreadPlace(f"{id_}: your rights", _RIGHTS, error.summary))
    return None


async def _listed(side: Side, found: Found, id_: str, path: str, type_: str) -> list[Document] | None:
    """One list; None where it could not be had, which is then among what is unread."""
    address, action = f"{id_}/{path}", f"{type_}/read"
    try:
        return [item async for item in side.arm.pages(address)]
    except ServiceError as error:
        found.unread.append(UnreadPlace(address, error.action or action, error.summary, error.status))
    except OutOfReachError as error:
        found.unread.append(UnreadPlace(address, action, error.summary))
    return None
