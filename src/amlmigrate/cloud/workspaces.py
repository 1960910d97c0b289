"""One workspace through ARM: the port that kinds use, and reading the workspace itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from amlmigrate.cloud import absence, declared
from amlmigrate.cloud.arm import NO_QUERY, Answer, Arm
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.lists import check_item
from amlmigrate.cloud.operations import Operation
from amlmigrate.cloud.twice import HARMLESS
from amlmigrate.core.armid import key_of
from amlmigrate.core.asked import NOTHING, Asked
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.errors import BadInputError, MigrateError
from amlmigrate.core.given import unfilled
from amlmigrate.core.mapping import DEFAULT_STORE
from amlmigrate.core.workspace import DATASTORES, Location, Workspace, WorkspaceRef
from amlmigrate.core.writes import Accepted

if TYPE_CHECKING:
    from amlmigrate.cloud.vaultsecrets import WorkspaceVault

    # From a workspace's document to what is reached of its vault.
    VaultOf = Callable[[Document], WorkspaceVault]

# Where a kind tells the two apart, 201 is the answer for what is new (AZ-ASSET-1).
_REPLACED = 200


class WorkspaceClient:
    """Paths are relative to the workspace, as `models/m/versions/1`."""

    # Whether all is to be told of what is there, as of a source: what no list shows, too.
    whole = False

    def __init__(
        self,
        arm: Arm,
        ref: WorkspaceRef,
        document: Document | None = None,
        *,
        vaults: VaultOf | None = None,
        asked: Asked = NOTHING,
        frozen: Sequence[Document] = (),
    ) -> None:
        """`document`: the workspace's own, where it was read just before and stands for what it is now.

        `vaults`: the way to what lies in its vault.
        `frozen`: role assignments that `freeze` took away, and that are the workspace's all the same.
        """
        self.arm = arm
        self.ref = ref
        self.vaults = vaults
        # What moves only since the plan asks for it.
        self.asked = asked
        self._document = document
        # Collections that the service is known not to have for a workspace like this, and that counted as empty.
        self.absent: set[str] = set()
        self.frozen = frozen

    @property
    def id(self) -> str:
        """The workspace's ARM id."""
        return self.ref.id

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
        """The workspace's document; None where ARM says that it is not there (`absence`), and for nothing else."""
        return await self.arm.get(self.ref.id)

    async def default_container(self) -> Location | None:
        """Where the workspace writes by default; None where it does not say."""
        found = await self.get(f"{DATASTORES}/{DEFAULT_STORE}")
        properties = properties_of(found)
        account, container = properties.get("accountName"), properties.get("containerName")
        return Location(str(account), str(container)) if account and container else None

    async def exists(self) -> bool:
        """Whether the workspace is there, as `find`."""
        return await self.find() is not None

    async def pages(
        self, path: str, query: Mapping[str, str] = NO_QUERY, *, absent_is_empty: bool = False
    ) -> AsyncIterator[Document]:
        """Every item of a collection; one that is known to be empty (`absence`) is noted.

        With `absent_is_empty` it is empty too where what it is of is shown not to be there. Raises ServiceError.
        """
        if vault := await self._vault(path):
            async for item in vault.items():
                yield item
            return
        begun, whole = False, f"{self.ref.id}/{path}"
        try:
            async for item in self.arm.pages(whole, query):
                begun = True
                # Of other providers some come from every scope above.
                if not _of_others(path) and not declared.of(f"{declared.ML}/{path}").lists_others:
                    check_item(item, whole, whole)
                yield item
        except ServiceError as error:
            # One of a later page is an error: what that would have shown is not known.
            if begun or not await self._empty(path, error, absent_is_empty=absent_is_empty):
                raise

    def gave(self, path: str) -> bool:
        """Whether the service gave a list that was asked for: it did, or `pages` raised."""
        return True

    async def _empty(self, path: str, error: ServiceError, *, absent_is_empty: bool) -> bool:
        """Whether an answer instead of a list is known to mean that there is nothing."""
        if _of_others(path) and absence.no_collection(error):
            self.absent.add(path)
            return True
        return absent_is_empty and await self.arm.absent(error, f"{self.ref.id}/{path.rpartition('/')[0]}")

    async def get(self, path: str, query: Mapping[str, str] = NO_QUERY) -> Document | None:
        """A document, at '' the workspace's own; None where its front end says that it is absent (`absence`)."""
        if not path and query is NO_QUERY and self._document is not None:
            return self._document
        if vault := await self._vault(path):
            return await vault.get(_names(path)[0])
        return await self.arm.get(f"{self.ref.id}/{path}" if path else self.ref.id, query)

    async def put(self, path: str, body: Document, query: Mapping[str, str] = NO_QUERY) -> Accepted:
        """Creates or replaces; the service's answer."""
        _refuse_unfilled(body, path)
        if vault := await self._vault(path):
            return await vault.put(_names(path)[0], body)
        answer = await self.arm.put(f"{self.ref.id}/{path}", body, query)
        return _accepted(answer, existed=answer.status == _REPLACED and not answer.doubtful)

    async def patch(self, path: str, body: Document) -> Accepted:
        """Gives what is there these members, and leaves all else; the service's answer.

        Made twice it comes to the same: the members are told whole, and not by how much they change.
        """
        _refuse_unfilled(body, path)
        answer = await self.arm.call("PATCH", f"{self.ref.id}/{path}", body, twice=HARMLESS)
        return _accepted(answer, existed=True)

    async def settled(self, path: str, operation: Document | None = None) -> Document | None:
        """The document once what was written there has come about, in this process or an earlier one.

        `operation` as `put` gave it, or as a ledger has kept it. None where it is shown not to be there. Raises
        ProvisioningFailedError with the service's words, NotSettledError where its end is not known
        (`Poller.settled`).
        """
        if await self._vault(path):
            return await self.get(path)
        waited = Operation.of_dict(operation) if operation else None
        return await self.arm.poller.settled(f"{self.ref.id}/{path}" if path else self.ref.id, waited)

    async def post(self, path: str, body: Document | None = None) -> Document:
        """An action."""
        if vault := await self._vault(path):
            return await vault.post(*_names(path))
        return await self.arm.post(f"{self.ref.id}/{path}", body)

    async def act(self, path: str) -> None:
        """An action that changes something and may be asked for twice; waits until it is done."""
        whole = f"{self.ref.id}/{path}"
        await self.arm.finish(await self.arm.call("POST", whole, twice=HARMLESS), whole)

    async def delete(self, path: str, query: Mapping[str, str] = NO_QUERY) -> None:
        """Deletes and waits until it is done; nothing happens when it is not there."""
        await self.arm.delete(f"{self.ref.id}/{path}", query)

    async def _vault(self, path: str) -> WorkspaceVault | None:
        """The workspace's vault, where a path leads to what lies in it."""
        if not declared.of(f"{declared.ML}/{path.partition('/')[0]}").in_vault:
            return None
        assert self.vaults, "a port without a way to vaults was asked for what lies in one"
        return self.vaults((await self.get("")) or {})


class InventoryPort(WorkspaceClient):
    """The same for who takes an inventory: a list that the service does not give is noted, with its answer."""

    whole = True

    def __init__(
        self,
        arm: Arm,
        ref: WorkspaceRef,
        frozen: Sequence[Document] = (),
        *,
        document: Document | None = None,
        vaults: VaultOf | None = None,
        asked: Asked = NOTHING,
    ) -> None:
        super().__init__(arm, ref, document, vaults=vaults, asked=asked, frozen=frozen)
        # By the collection's path: the answers 400 and 404 that are not known to mean that there is nothing.
        self.unlisted: dict[str, ServiceError] = {}

    async def pages(
        self, path: str, query: Mapping[str, str] = NO_QUERY, *, absent_is_empty: bool = False
    ) -> AsyncIterator[Document]:
        begun = False
        try:
            async for item in super().pages(path, query, absent_is_empty=absent_is_empty):
                begun = True
                yield item
        except ServiceError as error:
            # Of other providers' lists their kinds say it themselves.
            if begun or _of_others(path) or error.status not in (400, 404) or error.transient:
                raise
            if not await self._gone_since(path):
                self.unlisted[path] = error

    def gave(self, path: str) -> bool:
        return path not in self.unlisted

    async def _gone_since(self, path: str) -> bool:
        """Whether what a list is of is gone since it was listed itself."""
        item = path.rpartition("/")[0]
        try:
            return "/" in item and await self.get(item) is None
        except ServiceError as error:
            if error.status != 404:
                raise
            return False


def _names(path: str) -> list[str]:
    """The parts of a path below its collection."""
    return path.split("/")[1:]


def _refuse_unfilled(body: Document, path: str) -> None:
    """The last look at what is sent: the service would take what stands for a secret for the secret."""
    if unfilled(body):
        raise MigrateError(
            "It is not sent: a secret of it is not there.",
            address=path,
            remedy="This is a bug: please report it. Waive the item once it failed, and make it by hand.",
        )


def _accepted(answer: Answer, *, existed: bool) -> Accepted:
    operation = Operation.of(answer.status, answer.headers)
    return Accepted(answer.body or {}, existed, operation.as_dict() if operation else None)


def _of_others(path: str) -> bool:
    """Whether a collection is another provider's: at the workspace, or at something in it."""
    return "/providers/" in f"/{path}"


async def sharing_account(arm: Arm, workspace: Workspace, subscription: str) -> list[str]:
    """The other workspaces of a subscription with the same storage account: of those that the caller may read."""
    account = key_of(workspace.storage_account_id)
    path = f"/subscriptions/{subscription}/providers/Microsoft.MachineLearningServices/workspaces"
    found = [
        str(item["id"])
        async for item in arm.pages(path)
        if key_of(properties_of(item).get("storageAccount")) == account
        # By its number: one that was made anew under this name is another.
        and properties_of(item).get("workspaceId") != workspace.workspace_id
    ]
    return sorted(found)


async def datastores_of(arm: Arm, workspace_id: str) -> dict[str, Document]:
    """The datastores of any workspace, by their ids. Raises ServiceError."""
    # The service's own page is 30 (AZ-LIST-3).
    path, query = f"{workspace_id}/{DATASTORES}", {"count": "30"}
    return {str(one.get("id") or f"{path}/{one.get('name')}"): one async for one in arm.pages(path, query)}
