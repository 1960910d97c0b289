"""Finds accounts and vaults by their names, of which there is one in Azure, among all that the caller may see."""

from __future__ import annotations

import asyncio

from amlmigrate.cloud.errors import OutOfReachError, ServiceError
from amlmigrate.cloud.session import Side
from amlmigrate.core.documents import Document
from amlmigrate.core.parallel import together
from amlmigrate.posture.reading import tried_list

ACCOUNTS = "Microsoft.Storage/storageAccounts"
VAULTS = "Microsoft.KeyVault/vaults"


class AccountFinder:
    """Lists each type once in each subscription, and only when somebody looks for one that is not known."""

    def __init__(self, side: Side, first: str) -> None:
        self._side = side
        self._first = first.lower()
        self._listed: dict[str, dict[str, str]] = {}
        self._looking = asyncio.Lock()

    async def id_of(self, type_: str, name: str) -> str:
        """The ARM id; empty where nothing of that name is to be seen."""
        async with self._looking:
            if type_ not in self._listed:
                self._listed[type_] = await self._all(type_)
        return self._listed[type_].get(name.lower(), "")

    async def _all(self, type_: str) -> dict[str, str]:
        visible = (await tried_list(self._side.arm, "/subscriptions")).value or []
        names = {self._first, *(str(one.get("subscriptionId", "")).lower() for one in visible)} - {""}
        async with together() as group:
            tasks = [group.create_task(self._in(name, type_)) for name in sorted(names)]
        return {
            str(one.get("name", "")).lower(): str(one.get("id", "")) for task in tasks for one in task.result()
        }

    async def _in(self, subscription: str, type_: str) -> list[Document]:
        """What one subscription shows. One that gives no answer shows nothing: what is not found is not known."""
        try:
            found = await tried_list(self._side.arm, f"/subscriptions/{subscription}/providers/{type_}")
        except (ServiceError, OutOfReachError):
            return []
        return found.value or []
