"""One workspace through ARM: the port that kinds use, and reading the workspace itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from amlmigrate.cloud.arm import NO_QUERY, Arm
from amlmigrate.core.documents import Document
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.mapping import DEFAULT_STORE
from amlmigrate.core.workspace import Location, Workspace, WorkspaceRef
from amlmigrate.core.written import Written

# Where a kind tells the two apart, 201 is the answer for what is new (wire-facts, section 1).
_REPLACED = 200


class WorkspacePort:
    """Paths are relative to the workspace, as `models/m/versions/1`."""

    def __init__(self, arm: Arm, ref: WorkspaceRef) -> None:
        self.arm = arm
        self.ref = ref
        # Collections that answered 404 and counted as empty.
        self.absent: set[str] = set()

    async def read(self) -> Workspace:
        """The workspace. Raises BadInputError when there is none of this name."""
        found = await self.find()
        if found is None:
            raise BadInputError(
                f"There is no workspace '{self.ref.short}' in subscription {self.ref.subscription}.",
                address=self.ref.id,
                remedy="Check the name; `az ml workspace list` shows those that the identity can see.",
            )
        return Workspace(self.ref, found)

    async def find(self) -> Document | None:
        """The workspace's document; None means 404 and nothing else."""
        return await self.arm.get(self.ref.id)

    async def default_container(self) -> Location | None:
        """Where the workspace writes by default; None where it does not say."""
        found = await self.get(f"datastores/{DEFAULT_STORE}")
        properties = (found or {}).get("properties") or {}
        account, container = properties.get("accountName"), properties.get("containerName")
        return Location(str(account), str(container)) if account and container else None

    async def exists(self) -> bool:
        """Whether the workspace is there: absent means 404 and nothing else."""
        return await self.find() is not None

    async def pages(
        self, path: str, query: Mapping[str, str] = NO_QUERY, *, absent_is_empty: bool = False
    ) -> AsyncIterator[Document]:
        """Every item of a collection; with `absent_is_empty` a 404 of it counts as none, and is noted."""
        absent = (lambda: self.absent.add(path)) if absent_is_empty else None
        async for item in self.arm.pages(f"{self.ref.id}/{path}", query, absent=absent):
            yield item

    async def get(self, path: str) -> Document | None:
        """A document; None means 404 and nothing else."""
        return await self.arm.get(f"{self.ref.id}/{path}")

    async def put(self, path: str, body: Document, query: Mapping[str, str] = NO_QUERY) -> Written:
        """Creates or replaces; the service's answer."""
        answer = await self.arm.put(f"{self.ref.id}/{path}", body, query)
        return Written(answer.body or {}, replaced=answer.status == _REPLACED and not answer.doubtful)

    async def post(self, path: str, body: Document | None = None) -> Document:
        """An action."""
        return await self.arm.post(f"{self.ref.id}/{path}", body)

    async def delete(self, path: str, query: Mapping[str, str] = NO_QUERY) -> None:
        """Deletes and waits until it is done; nothing happens when it is not there."""
        await self.arm.delete(f"{self.ref.id}/{path}", query)


async def sharing_account(arm: Arm, workspace: Workspace, subscription: str) -> list[str]:
    """The other workspaces of a subscription with the same storage account: of those that the caller may read."""
    account = workspace.storage_account_id.lower()
    path = f"/subscriptions/{subscription}/providers/Microsoft.MachineLearningServices/workspaces"
    found = [
        str(item["id"])
        async for item in arm.pages(path)
        if str((item.get("properties") or {}).get("storageAccount", "")).lower() == account
        # By its number: one that was made anew under this name is another.
        and (item.get("properties") or {}).get("workspaceId") != workspace.workspace_id
    ]
    return sorted(found)
