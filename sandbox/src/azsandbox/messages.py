"""What passes between the TLS front and the services behind it: requests, answers, who asks, and storage."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

# The one tenant of every sandbox, the subscription that its environment names, and the object id of its first
# service principal.
TENANT_ID = "7d3f9a52-6c1e-4b0a-9f27-3e58c4d1a6b0"
SUBSCRIPTION_ID = "5b1c7e90-2f4d-4a86-b3c9-8d06e2f7a154"
OWNER_OBJECT_ID = "c2a84f6e-91d7-4e35-8b60-1f9d5a7c3e42"
# Azure Cosmos DB as every tenant has it (AZ-KEY-16), and the object id it has in this one.
COSMOS_APP_ID = "a232010e-820c-4083-83bb-3ace5fc29d0b"
COSMOS_OBJECT_ID = "3f1d8b52-0c7e-4a96-9d25-6be4f0a71c38"

# The header of calls that fill the local Azure: what they make was there before, so they count as nobody's.
SEEDING = "x-azsandbox-seeding"

# What both planes of storage say of a container or share that is made while the last of its name is going: seen in
# Azure/azure-storage-python#569 (data plane) and Azure/azure-rest-api-specs#30456 (ARM).
BEING_DELETED = "The specified {} is being deleted. Try operation later."


@dataclass(frozen=True, slots=True)
class Principal:
    """Who a bearer token speaks for: its claims `tid`, `oid`, `appid` and `aud`."""

    tenant_id: str
    object_id: str
    app_id: str
    audience: str


@dataclass(frozen=True, slots=True)
class Request:
    """One request as the front decoded it.

    `path` is percent-decoded and has its original case; `query` keeps the last value of each name, its
    names as sent; `headers` has lower-case names.
    """

    method: str
    host: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    principal: Principal | None
    raw_target: str

    def json(self) -> Any:
        """The body as JSON. Raises ValueError when it is not."""
        return json.loads(self.body)


@dataclass(slots=True)
class Response:
    """One answer. `body` is sent as it is; the front adds `Date` (AZ-ARM-5), ids and `Content-Length`."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of_json(cls, status: int, document: Any, headers: Mapping[str, str] | None = None) -> Response:
        """An answer with a JSON body, indented by two as the service's are."""
        body = json.dumps(document, indent=2, ensure_ascii=False).encode()
        return cls(status, body, {"Content-Type": "application/json; charset=utf-8", **(headers or {})})


class Service(Protocol):
    """Whatever answers for a host: ARM, Entra, a vault, the data plane of Azure ML."""

    async def handle(self, request: Request) -> Response:
        """Answers one request. Raises nothing: what goes wrong is an answer in the service's own shape."""
        ...


@dataclass(frozen=True, slots=True)
class IdentityShown:
    """A managed identity; `app_id` is empty for a system-assigned one, `resource` the ARM id it belongs to.

    `type` is another one of people and groups, which are there as far as somebody has given them a role.
    """

    object_id: str
    app_id: str
    name: str
    resource: str
    type: str = "servicePrincipal"


@dataclass(frozen=True, slots=True)
class ContainerShown:
    """A blob container: its default encryption scope, and whether no other may be used in it.

    `public` is `None`, `Blob` or `Container`; `changed` the time as HTTP writes it; `lease` status and state.
    """

    name: str
    scope: str
    deny_override: bool
    metadata: Mapping[str, str] = field(default_factory=dict)
    public: str = "None"
    changed: str = ""
    lease: tuple[str, str] = ("unlocked", "available")


@dataclass(frozen=True, slots=True)
class ShareShown:
    """A file share; `quota` in GiB, `changed` in ticks since 1970."""

    name: str
    quota: int
    tier: str
    metadata: Mapping[str, str]
    changed: int


class Held(Exception):
    """A container that a lease keeps from being deleted or changed."""


class Accounts(Protocol):
    """The storage accounts behind `*.blob.` and `*.file.core.windows.net`, as the ARM part needs them."""

    async def create(self, account: str) -> None:
        """Makes an account with two fresh keys; nothing happens if it is there already."""
        ...

    async def delete(self, account: str) -> None:
        """Removes an account with all it holds."""
        ...

    def keys(self, account: str) -> tuple[str, str]:
        """The two base64 keys. Raises KeyError for an unknown account."""
        ...

    async def regenerate(self, account: str, number: int) -> None:
        """Replaces the first (0) or the second (1) key. Raises KeyError for an unknown account."""
        ...

    async def create_container(
        self, account: str, container: str, encryption: tuple[str, bool] | None = None
    ) -> None:
        """Makes a blob container; nothing happens if it is there already.

        `encryption` is its default encryption scope, and whether no other may be used in it.
        """
        ...

    async def container(self, account: str, container: str) -> ContainerShown | None:
        """A blob container, by whomever it was made; None where there is none."""
        ...

    async def containers(self, account: str) -> list[ContainerShown]:
        """All blob containers of an account, by name."""
        ...

    async def change_container(
        self, account: str, container: str, *, metadata: Mapping[str, str] | None = None, public: str | None = None
    ) -> None:
        """Sets what is given. Raises Held."""
        ...

    async def delete_container(self, account: str, container: str) -> None:
        """Removes a blob container with all it holds; nothing happens if there is none. Raises Held."""
        ...

    async def create_share(self, account: str, share: str) -> None:
        """Makes a file share; nothing happens if it is there already."""
        ...

    def share(self, account: str, share: str) -> ShareShown | None:
        """A file share, by whomever it was made; None where there is none."""
        ...

    def shares(self, account: str) -> list[ShareShown]:
        """All file shares of an account, by name."""
        ...

    def change_share(
        self,
        account: str,
        share: str,
        *,
        quota: int | None = None,
        tier: str | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        """Sets what is given."""
        ...

    def delete_share(self, account: str, share: str) -> None:
        """Removes a file share with all it holds; nothing happens if there is none."""
        ...

    def container_sas(self, account: str, container: str, *, permissions: str, hours: float) -> str:
        """A service SAS (query string without `?`) for one container."""
        ...

    def account_sas(self, account: str, *, permissions: str, hours: float) -> str:
        """An account SAS (query string without `?`) for blobs and files."""
        ...

    def blobs(self, account: str, container: str, prefix: str) -> AsyncIterator[tuple[str, int]]:
        """Names and lengths of the blobs whose name starts with `prefix`."""
        ...


class Deletions(Protocol):
    """Containers (`containers`) and shares (`shares`) that were deleted a moment ago, by either plane."""

    def note(self, account: str, kind: str, name: str) -> None:
        """One was deleted."""
        ...

    def under_way(self, account: str, kind: str, name: str) -> bool:
        """Whether a new one of that name is refused, since the old one is still being deleted."""
        ...


@dataclass(frozen=True, slots=True)
class Keeps:
    """What the blob service of an account keeps: deleted blobs for that many days (0: not), earlier versions.

    `overwrites`: of blobs that are written over, too.
    """

    days: int = 0
    versions: bool = False
    overwrites: bool = True


@dataclass(frozen=True, slots=True)
class PastBlob:
    """A blob as it was before it was deleted or written over, as a listing shows it.

    `deleted` is when it was soft-deleted, in seconds since 1970, 0 for an earlier version, which stays; `snapshot`
    is set where it was written over. `properties` are the elements of a listing.
    """

    name: str
    properties: dict[str, str]
    deleted: float = 0.0
    days: int = 0
    snapshot: str = ""
    version: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Its members."""
        return asdict(self)


class BlobsKept(Protocol):
    """What accounts keep of blobs that are no more."""

    def keeps(self, account: str) -> Keeps:
        """What the settings of the account's blob service say."""
        ...

    def moment(self) -> tuple[float, str]:
        """The time in seconds since 1970, and as the data plane names a version; no two are the same."""
        ...

    def note(self, account: str, container: str, one: PastBlob) -> None:
        """Keeps one."""
        ...

    def current(self, account: str, container: str) -> Mapping[str, str]:
        """By name, the version that a blob is."""
        ...

    def became(self, account: str, container: str, name: str, version: str) -> None:
        """A blob is that version now; none, with ''."""
        ...

    def listed(self, account: str, container: str) -> list[PastBlob]:
        """All that is kept of a container's blobs, oldest first."""
        ...

    def forget(self, account: str, container: str) -> None:
        """A container was deleted with all that was kept in it."""
        ...


class StorageGuard(Protocol):
    """What ARM knows and the data plane of storage obeys; what `arm.build` returns may offer it, or not."""

    def storage_refusal(
        self, account: str, principal: Principal | None, action: str, container: str = "", sealed: bool = True
    ) -> tuple[int, str, str] | None:
        """Status, error code and message when the account or the caller's roles forbid a call, else None.

        `action` is the action that Azure's roles name, such as
        `Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read`; `principal` is None for
        calls by shared key or by a SAS of one, which roles do not concern but a revoked key of the account does.
        `container` is the container or the share, where the call has one. `sealed` says whether the call needs the
        account's key (`sealedcalls`).
        """
        ...

    def storage_scopes(self, account: str) -> Mapping[str, tuple[int, str, str] | None]:
        """The encryption scopes of an account, each with status, code and message where it cannot be used."""
        ...
