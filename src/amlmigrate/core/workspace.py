"""A workspace: how a user names one, and what the tool knows of one that it has read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from sys import intern
from typing import Any

from amlmigrate.core.address import BLOBS, SHARES, Address
from amlmigrate.core.armid import name_of
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.names import GUID
from amlmigrate.core.workspacename import TYPE, WorkspaceName, no_subscription

# Places are named through datastores: what knows no kinds knows this collection.
DATASTORES = "datastores"
# The datastores that Azure ML makes in every workspace, over the workspace's own account.
SYSTEM_DATASTORES = frozenset(
    {"workspaceblobstore", "workspaceartifactstore", "workspacefilestore", "workspaceworkingdirectory"}
)


@dataclass(frozen=True, slots=True)
class WorkspaceRef:
    """Subscription, resource group and name."""

    subscription: str
    group: str
    name: str

    @classmethod
    def parse(cls, text: str, default_subscription: str | None = None) -> WorkspaceRef:
        """Reads what names a workspace by the id of its subscription. Raises BadInputError."""
        return cls.of(WorkspaceName.parse(text, default_subscription))

    @classmethod
    def of(cls, name: WorkspaceName) -> WorkspaceRef:
        """The workspace of that name. Raises BadInputError where its subscription is told by a name."""
        if name.by_name:
            raise no_subscription(f"'{name.subscription}'", name.text)
        return cls(name.subscription, name.group, name.name)

    @property
    def id(self) -> str:
        """The ARM id."""
        return f"/subscriptions/{self.subscription}/resourceGroups/{self.group}/providers/{TYPE}/{self.name}"

    @property
    def short(self) -> str:
        """`GROUP/NAME`, as `decommission --confirm` asks for it."""
        return f"{self.group}/{self.name}"


class Service(StrEnum):
    """A service of a storage account that keeps bytes; its value is that part of its host's name."""

    BLOB = "blob"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Location:
    """A place in storage: `path` is a blob or a prefix, without a leading slash.

    In the file service `container` is a share, and `path` a file of it or a directory.
    An account has no upper case in its name, however ARM ids and URLs spell it; a path has its own. Each cloud has
    accounts of its own: `suffix` is that of the cloud that an address names, as `core.windows.net`, empty where it
    names none. It is no part of what makes two places one; `elsewhere` asks it.
    """

    account: str
    container: str
    path: str = ""
    suffix: str = field(default="", compare=False, repr=False)
    service: Service = Service.BLOB

    def __post_init__(self) -> None:
        object.__setattr__(self, "account", intern(self.account.lower()))
        # A host may end in a dot and is the same one (RFC 1034, section 3.1); people type blanks and slashes.
        object.__setattr__(self, "suffix", self.suffix.lower().strip(" ./"))

    def elsewhere(self, home: str) -> bool:
        """Whether it names another cloud than the one whose storage has the suffix `home`."""
        return "" not in (self.suffix, home) and self.suffix != home

    def below(self, path: str) -> Location:
        """The place `path` below this one."""
        joined = "/".join(part for part in (self.path.rstrip("/"), path) if part)
        return self.at(joined)

    def at(self, path: str) -> Location:
        """The place of that path in the same container or share."""
        return Location(self.account, self.container, path, self.suffix, self.service)

    @property
    def key(self) -> tuple[str, str]:
        """By what lists and ledgers keep a container, or a share, whose key is no container's."""
        return self.account if self.service is Service.BLOB else f"{self.account}.{self.service}", self.container

    @classmethod
    def of_key(cls, account: str, container: str, path: str = "") -> Location:
        """Reads a key, and the path in it. Raises ValueError for another service."""
        name, _, service = account.partition(".")
        return cls(name, container, path, service=Service(service) if service else Service.BLOB)

    @classmethod
    def of_parts(cls, parts: Sequence[str]) -> Location:
        """Reads what `parts` gives. Raises ValueError or TypeError for anything else."""
        account, container, path, *service = parts
        # A plan has many places in few containers.
        return cls(account, intern(container), path, service=Service(*service) if service else Service.BLOB)

    @property
    def parts(self) -> tuple[str, ...]:
        """As files have it: account, container, path; and the service where it is not that of blobs."""
        named = () if self.service is Service.BLOB else (self.service.value,)
        return (self.account, self.container, self.path, *named)


def address_of(place: Location) -> Address:
    """The address of the bytes below a place: without a path, of all that a container or share holds."""
    return Address.of(BLOBS if place.service is Service.BLOB else SHARES, place.container, place.path)


# The members of its properties that name the resources of its own.
RESOURCES = ("storageAccount", "keyVault", "containerRegistry", "applicationInsights")
# What a PUT of it has, as of most resources.
ENVELOPE = ("location", "tags", "kind", "sku", "identity", "properties")
# Every workspace of an account writes its artifacts into this one (AZ-WS-1).
COMMON_CONTAINER = "azureml"
# And all have their notebooks in this share (AZ-WS-1).
WORKING_SHARE = "code-391ff5ac-6576-460f-ba4d-7e03433c68b6"

# The names of `Workspace.names`, for whichever workspace.
_OF_ANY_WORKSPACE = re.compile(
    rf"azureml-(?:blobstore|filestore)-{GUID}|{GUID}-[a-z0-9-]+|[0-9a-f]{{8}}-[0-9a-f]-{GUID}"
)


@dataclass(frozen=True, slots=True)
class Datastore:
    """What a reference through a datastore needs to know: where it points, whether it is the service's."""

    name: str
    system: bool
    root: Location | None


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace as it was read: its document."""

    ref: WorkspaceRef
    document: Document

    @property
    def id(self) -> str:
        """The ARM id in the service's own casing."""
        return str(self.document.get("id") or self.ref.id)

    @property
    def workspace_id(self) -> str:
        """The GUID that tells a workspace from another of the same name."""
        return str(self.properties.get("workspaceId") or "")

    @property
    def properties(self) -> Document:
        """The properties of the document."""
        return properties_of(self.document)

    @property
    def location(self) -> str:
        """The region."""
        return str(self.document.get("location") or "")

    @property
    def kind(self) -> str:
        """`Default`, `Hub`, `Project` or `FeatureStore`."""
        return str(self.document.get("kind") or "Default")

    @property
    def encrypted(self) -> bool:
        """Whether the workspace says that it stands under a customer's key."""
        return str((self.properties.get("encryption") or {}).get("status", "")).lower() == "enabled"

    @property
    def storage_account_id(self) -> str:
        """The ARM id of the storage account."""
        return str(self.properties.get("storageAccount") or "")

    @property
    def storage_account(self) -> str:
        """The name of the storage account, which has no upper case, however the ARM id spells it."""
        return name_of(self.storage_account_id).lower()

    def names(self, container: str) -> bool:
        """Whether a container or share of its account has a name that only the service gives, for this workspace.

        Code uploads are in `<workspaceId>-<26 characters>`, before 2023 in `<first 10>-<guid>`
        (AZ-ASSET-15).
        """
        number, start = (re.escape(part) for part in (self.workspace_id.lower(), self.workspace_id.lower()[:10]))
        own = (
            rf"{COMMON_CONTAINER}|azureml-(?:blobstore|filestore)-{number}|{number}-[a-z0-9-]+"
            rf"|{start}-[0-9a-f]{{8}}-[0-9a-f]{{4}}-[0-9a-f]{{4}}-[0-9a-f]{{4}}-[0-9a-f]{{12}}"
        )
        return bool(number) and re.fullmatch(own, container) is not None

    def names_another(self, container: str) -> bool:
        """Whether a container has a name that only the service gives, for another workspace than this one."""
        return _OF_ANY_WORKSPACE.fullmatch(container) is not None and not self.names(container)

    def owns(self, container: str) -> bool:
        """Whether a container is this workspace's alone: it bears its number."""
        return container != COMMON_CONTAINER and self.names(container)

    def header(self) -> dict[str, Any]:
        """What a plan's header keeps of it."""
        return {
            "id": self.id,
            "workspaceId": self.workspace_id,
            "location": self.location,
            "encryption": self.properties.get("encryption"),
        }


@dataclass(frozen=True, slots=True)
class SurveyedWorkspace(Workspace):
    """A workspace whose assets were read too: where things of it lie, as these say."""

    datastores: tuple[Datastore, ...] = ()
    # Containers of its account, beside those of its datastores, in which the service put code uploads.
    upload_containers: frozenset[str] = frozenset()
    # (job, output) to the URI that the job's document names.
    job_outputs: Mapping[tuple[str, str], str] = field(default_factory=dict)
    # The names of all its jobs that are listed.
    jobs: frozenset[str] = frozenset()

    @property
    def storage_suffix(self) -> str:
        """The suffix of storage in its cloud, as its system datastores name it; empty where none does."""
        roots = (store.root for store in self.datastores if store.system and store.root)
        return next((root.suffix for root in roots if root.suffix), "")

    def datastore(self, name: str) -> Datastore | None:
        """The datastore of that name, or None; the names of datastores compare without case."""
        return next((store for store in self.datastores if store.name.lower() == name.lower()), None)
