"""The documents around workspaces: one list a subscription and type, and single reads for what a list lacks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from amlmigrate.cloud.arm import Arm
from amlmigrate.core.armid import key_of, subscription_of
from amlmigrate.core.documents import Document
from amlmigrate.core.errors import MigrateError

STORAGE, VAULTS, REGISTRIES = (
    "Microsoft.Storage/storageAccounts",
    "Microsoft.KeyVault/vaults",
    "Microsoft.ContainerRegistry/registries",
)
LOCKS = "Microsoft.Authorization/locks"
K = TypeVar("K")
T = TypeVar("T")


class SurroundingResources:
    """What surrounds the workspaces of some subscriptions; everything is read once, and only when asked for.

    A list shows only what the identity may see, so what is missing there is asked for by itself.
    """

    def __init__(self, arm: Arm) -> None:
        self._arm = arm
        self._documents: dict[str, asyncio.Future[Document | None]] = {}
        self._locks: dict[str, asyncio.Future[list[Document]]] = {}
        self._indexes: dict[tuple[str, str], asyncio.Future[dict[str, Document]]] = {}

    async def find(self, id_: str, type_: str, *, near: str) -> Document | None:
        """The document of an ARM id; None where it is not there. Raises ServiceError, OutOfReachError.

        Those in the subscription `near` come from its list; others are read one by one.
        """
        if subscription_of(id_) == near.lower():
            found = (await self._index(near, type_)).get(key_of(id_))
            if found is not None:
                return found
        return await self.single(id_)

    async def single(self, id_: str) -> Document | None:
        """A document by a read of its own; None where it is not there. Raises ServiceError, OutOfReachError."""
        return await _once(self._documents, key_of(id_), lambda: self._arm.get(id_))

    async def named(self, name: str, type_: str, *, near: str) -> Document | None:
        """The document of a name among those that the list of a subscription shows."""
        every = (await self._index(near, type_)).values()
        return next((one for one in every if str(one.get("name", "")).lower() == name.lower()), None)

    async def locks(self, subscription: str) -> list[Document]:
        """Every lock of a subscription and of what lies in it. Raises ServiceError, OutOfReachError."""
        return await _once(self._locks, subscription.lower(), lambda: self._listed(subscription, LOCKS))

    async def _index(self, subscription: str, type_: str) -> dict[str, Document]:
        async def read() -> dict[str, Document]:
            try:
                found = await self._listed(subscription, type_)
            except MigrateError:
                # Rights on the group or the resource alone are enough for single reads, which say what is wrong.
                return {}
            return {key_of(item.get("id")): item for item in found}

        return await _once(self._indexes, (type_, subscription.lower()), read)

    async def _listed(self, subscription: str, type_: str) -> list[Document]:
        return [item async for item in self._arm.pages(f"/subscriptions/{subscription}/providers/{type_}")]


async def _once(known: dict[K, asyncio.Future[T]], key: K, read: Callable[[], Awaitable[T]]) -> T:
    if key not in known:
        known[key] = asyncio.ensure_future(read())
    return await known[key]
