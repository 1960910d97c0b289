"""The half of a kind that every collection of a workspace has: how it is listed, and what it is to the engines."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import replace
from enum import Enum
from types import MappingProxyType
from typing import Any, ClassVar, Protocol

from amlmigrate.cloud import declared
from amlmigrate.cloud.declared import Absent, ArmType
from amlmigrate.cloud.session import Side
from amlmigrate.core.address import Address
from amlmigrate.core.asked import Asked
from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import Document, properties_of, source_digest
from amlmigrate.core.kindnames import declare
from amlmigrate.core.newname import NameRule
from amlmigrate.core.switched import Settings, laid
from amlmigrate.core.workspace import Workspace
from amlmigrate.core.writes import Accepted, Write
from amlmigrate.kinds._envelope import sent
from amlmigrate.kinds._losses import Loss
from amlmigrate.kinds._permissions import ML, Permissions

NO_QUERY: Mapping[str, str] = {}
# What is asked for so that a list shows what is archived, or switched off, too (AZ-LIST-2, AZ-LIST-17).
EVERY_STATE: Mapping[str, str] = {"listViewType": "All"}
# Of examples: the workspace that they are in, and when they were made.
WORKSPACE = (
    "/subscriptions/{subscription}/resourceGroups/{group}"
    "/providers/Microsoft.MachineLearningServices/workspaces/{workspace}"
)
CREATED: Mapping[str, str] = {"createdAt": "2026-03-26T19:14:58.1234567+00:00"}
CANNOT_MOVE = "this version cannot move it"
# Of endpoints of all kinds (AZ-WS-18).
_NAMES = NameRule(
    re.compile(r"[a-zA-Z][a-zA-Z0-9-]{1,30}[a-zA-Z0-9]"),
    32,
    "it has 3 to 32 letters, digits and -, a letter first, and no - at the end",
)


class Way(Enum):
    """How a person makes anew what this version cannot move: what the commands in `by-hand/` do."""

    PUT = "send its body to Azure Resource Manager"
    LOCK = "put it on the target as a lock"
    ASSIGN = "give each of its lines to somebody"
    GIVE = "give the target's identity what the source's has elsewhere"
    KEEP = "keep what it wrote: it cannot be created again"
    KEEP_IN_VAULT = "back it up in one vault, and restore it in another"


class WorkspacePort(Protocol):
    """One workspace, as a kind needs it: paths are relative to the workspace, as `models/m/versions/1`."""

    @property
    def id(self) -> str:
        """The workspace's ARM id."""
        ...

    @property
    def frozen(self) -> Sequence[Document]:
        """Role assignments that `freeze` took away, and that are the workspace's all the same."""
        ...

    @property
    def asked(self) -> Asked:
        """What moves only since the plan asks for it."""
        ...

    @property
    def whole(self) -> bool:
        """Whether all is to be told of what is there, as of a source: what no list shows, too."""
        ...

    def pages(
        self, path: str, query: Mapping[str, str] = NO_QUERY, *, absent_is_empty: bool = False
    ) -> AsyncIterator[Document]:
        """Every item of a collection, over all its pages; `absent_is_empty`: none where its parent is absent."""
        ...

    def gave(self, path: str) -> bool:
        """Whether the service gave a list that was asked for; False where it is noted that it did not."""
        ...

    async def get(self, path: str, query: Mapping[str, str] = NO_QUERY) -> Document | None:
        """A document, the workspace's own at ''; None where the service says that it is not there."""
        ...

    async def put(self, path: str, body: Document, query: Mapping[str, str] = NO_QUERY) -> Accepted:
        """Creates or replaces; the service's answer."""
        ...

    async def patch(self, path: str, body: Document) -> Accepted:
        """Gives what is there these members, and leaves all else; the service's answer."""
        ...

    async def settled(self, path: str, operation: Document | None = None) -> Document | None:
        """The document once what was written there has come about, in this process or an earlier one.

        None where it is not there. Raises ProvisioningFailedError with the service's words, NotSettledError.
        """
        ...

    async def post(self, path: str, body: Document | None = None) -> Document:
        """An action."""
        ...

    async def act(self, path: str) -> None:
        """An action that changes something and may be asked for twice, as stopping; waits until it is done.

        Raises ProvisioningFailedError, NotSettledError.
        """
        ...

    async def delete(self, path: str, query: Mapping[str, str] = NO_QUERY) -> None:
        """Deletes and waits until it is done; nothing happens when it is not there."""
        ...


class Listed(ABC):
    """A collection of a workspace (AZ-WS-8): how it is read, what it is to the engines. `Kind` makes it anew."""

    # The ARM path of the collection, names left out: `onlineEndpoints/deployments`.
    name: ClassVar[str]
    # Whether case does not tell names of its items apart.
    caseless: ClassVar[bool] = False
    # Whether the last name takes all that follows.
    open_ended: ClassVar[bool] = False
    # Kinds that one may refer to: these are listed, made and deleted before and after it.
    after: ClassVar[tuple[str, ...]] = ()
    # How a person makes one anew, of a kind that is listed and never moved; '' where it moves.
    manual: ClassVar[str] = ""
    # What its list has to be asked for so that it shows everything.
    query: ClassVar[Mapping[str, str]] = NO_QUERY
    # Whether its list shows what is no child of the workspace.
    lists_others: ClassVar[bool] = False
    # Of its items, of what has versions of these; '' where the provider's own does.
    api_version: ClassVar[str] = ""
    # How the service says that there is no such item, or none that what was asked for lies in.
    absent: ClassVar[tuple[Absent, ...]] = ()
    # Members below `properties`, dotted with `|`, that change while nobody changes anything.
    volatile: ClassVar[tuple[str, ...]] = ()
    # Whether one may go before the workspace does: an item of the plan, and no part of what is compared later.
    passing: ClassVar[bool] = False
    # Of what is passing: whether a verification tells all the same what came or went since the plan.
    held: ClassVar[bool] = False
    # Whether its items may refer to others of the workspace, and whether they go on needing those.
    refers: ClassVar[bool] = True
    needs_on: ClassVar[bool] = True
    # Among what its names are one in a region, so that the new one needs another beside the old one (AZ-WS-7); ''
    # where they are not.
    regional: ClassVar[str] = ""
    # Names that stand for something in every workspace, in small letters, though no list shows one.
    built_in: ClassVar[frozenset[str]] = frozenset()
    # Whether what is made anew has the old one's name, and whether a list of the target shows it.
    keeps_name: ClassVar[bool] = True
    shown: ClassVar[bool] = True
    # Whether ARM refuses to delete a workspace with one in it: it goes before (AZ-DEL-2).
    blocks_deletion: ClassVar[bool] = False
    # Whether what is live of it writes into the workspace by itself.
    writes: ClassVar[bool] = False
    # Whether its items answer requests of others.
    serves: ClassVar[bool] = False
    # Where it stands among what a scan counts, from 1; 0: it is not counted.
    counted: ClassVar[int] = 0
    # What its items are called whose names a scan tells to be taken in the whole region.
    taken: ClassVar[str] = ""
    # Whether it is what people work on: who may write one has the duty of those who use the workspace.
    worked_on: ClassVar[bool] = False
    # Whether one may have a disk that is under Microsoft's keys, never a customer's.
    has_disks: ClassVar[bool] = False
    # Which roles (ids) the service gives the identity of one on what is the workspace's own, by the member of the
    # workspace that names that.
    given: ClassVar[Mapping[str, tuple[str, ...]]] = MappingProxyType({})
    # How a person makes one anew.
    way: ClassVar[Way] = Way.PUT
    # Whether its list shows the workspace's datastores too.
    shows_datastores: ClassVar[bool] = False
    # Whether its items lie in the workspace's vault, which two workspaces may share: then all is there already.
    in_vault: ClassVar[bool] = False

    def __init_subclass__(cls) -> None:
        if "name" in vars(cls):
            declare(cls.name, caseless=cls.caseless, open_ended=cls.open_ended)
            first, *_, last = (*cls.arm_types(), *cls.arm_types())
            declared.declare(first, ArmType(cls.query, cls.absent, cls.lists_others, cls.in_vault))
            declared.declare_version(last, cls.api_version)

    @classmethod
    def arm_types(cls) -> tuple[str, ...]:
        """The ARM types of its items: of what has versions that of a name, then that of a version."""
        return (f"{ML}/{cls.name}",)

    @property
    def parent(self) -> str:
        """The kind in whose items it lies; '' of those that lie in the workspace."""
        return self.name.rpartition("/")[0]

    @property
    def permissions(self) -> Permissions:
        """What reads, writes and deletes one."""
        return Permissions.of(*reversed(self.arm_types()))

    @abstractmethod
    def example(self) -> Asset:
        """A typical asset, as the service answers it; the contract tests run every rule over it."""

    @property
    def collection(self) -> str:
        """The ARM collection below the workspace, or below its parent."""
        return self.name.rpartition("/")[2]

    def path(self, address: Address) -> str:
        """The ARM path below the workspace."""
        return str(address.item)

    async def scan(self, source: WorkspacePort, parents: Sequence[Asset] = ()) -> list[Asset]:
        """Every asset of this kind in a workspace, whatever its state: below each of `parents`, if it has one."""
        below = [(f"{one.address}/", one.address.path) for one in parents] if self.parent else [("", ())]
        return [
            self._found(Address(self.name, (*names, item["name"])), item)
            for place, names in below
            async for item in self._items(source, place)
        ]

    async def scan_account(self, side: Side, workspace: Workspace, assets: Iterable[Asset]) -> list[Asset]:
        """What of this kind lies in the workspace's storage account; `assets` are those of all other kinds."""
        return []

    def _items(self, source: WorkspacePort, below: str = "") -> AsyncIterator[Document]:
        return source.pages(f"{below}{self.collection}", dict(self.query))

    def _found(self, address: Address, item: Document) -> Asset:
        found = Asset(address, item)
        return replace(found, reason=self.stays(found), remedy=self.manual) if self.manual else found

    def stays(self, asset: Asset) -> str:
        """Why an asset has no place in the target, where it has none; '' where it moves."""
        return CANNOT_MOVE if self.manual else ""

    def anew(self, properties: Document) -> Document:
        """The properties with which a person makes one anew, of those without what the service writes."""
        return properties

    def placed(self, properties: Document, source: str, target: str) -> Document:
        """Those in the target's region, of one that says where it lies and lies in the source's."""
        return properties

    def region(self, asset: Asset) -> str:
        """The region in which its name is one; '' where it does not say so: where its workspace is."""
        return str(asset.document.get("location") or "")

    def keeps_region(self, asset: Asset) -> bool:
        """Whether it lies in its region, whatever region its workspace is in."""
        return False

    def new_names(self, asset: Asset) -> NameRule:
        """What a new name of one may be, of a kind whose names are one in a region."""
        return _NAMES

    def live(self, asset: Asset) -> str:
        """That it is at work, as a sentence: the workspace is not removed as long as it is; '' = at rest."""
        return ""

    def quiet(self, asset: Asset) -> Mapping[str, Any]:
        """What the cutover sets in the source so that it rests, by JSON pointers; empty where it does already."""
        return {}

    def unstopped(self, asset: Asset) -> str:
        """Why only a person can set it to rest, as a sentence; '' where the cutover can, or need not."""
        return ""

    async def runs(
        self, workspace: WorkspacePort, assets: Sequence[Asset]
    ) -> Mapping[Address, Sequence[Document]]:
        """The jobs that each of these has submitted, oldest first; those that never do are not in it.

        Each has its `name`, and `createdAt` and `createdBy` of its `systemData`.
        """
        return {}

    def resent(self, document: Document) -> Document:
        """A document as it was read, as a client sends it back: what a PUT needs to leave all as it is."""
        properties = {key: value for key, value in properties_of(document).items() if key != "provisioningState"}
        return {**sent(document), "properties": properties}

    def setting(self, document: Document, settings: Settings) -> Write:
        """The one write that gives a document, as it was read, these settings and leaves all else."""
        return Write(laid(self.resent(document), settings))

    async def apply(self, target: WorkspacePort, address: Address, write: Write) -> Accepted:
        """Exactly one changing call; `address` is that workspace's, and what is sent has its secrets."""
        path = self.path(address)
        return await target.patch(path, write.sent) if write.patches else await target.put(path, write.body)

    async def retire(self, source: WorkspacePort, asset: Asset) -> None:
        """Removes what blocks the deletion of the workspace; all else goes with that."""
        if self.blocks_deletion:
            await source.delete(self.path(asset.address))

    def lost(self, asset: Asset) -> Loss | None:
        """What of it is lost also where the workspace is recovered (AZ-DEL-11); None: it comes back with that."""
        return None

    def digest(self, asset: Asset) -> str:
        """The digest by which a later change in the workspace is found; '' for what comes and goes."""
        return "" if self.passing else source_digest(asset.document, self.volatile)
