"""What every kind works with: store, clock, storage accounts, the other kinds, what is under way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from azsandbox.arm.clock import Clock
from azsandbox.arm.store import Record, Store
from azsandbox.messages import Accounts, Principal, Request, Response

if TYPE_CHECKING:
    from azsandbox.arm.access.evaluation import Access
    from azsandbox.arm.calls import Call
    from azsandbox.arm.customerkeys import CustomerKeys
    from azsandbox.arm.kinds import Kind
    from azsandbox.arm.operations import Operations

Guard = Callable[["Call"], None]


@dataclass(slots=True)
class Context:
    """The parts of one sandbox's ARM. `location` is where whatever names none is put."""

    store: Store
    clock: Clock
    accounts: Accounts
    location: str
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    guards: list[Guard] = field(default_factory=list)
    gates: list[Guard] = field(default_factory=list)
    _send: Callable[[Request], Awaitable[Response]] | None = None
    _operations: Operations | None = None
    _access: Access | None = None
    _keys: CustomerKeys | None = None

    async def send(self, request: Request) -> Response:
        """ARM's answer to a request that comes from inside, such as those of a deployment."""
        assert self._send is not None
        return await self._send(request)

    def answers_with(self, send: Callable[[Request], Awaitable[Response]]) -> None:
        """Tells what answers such requests."""
        self._send = send

    @property
    def operations(self) -> Operations:
        """What is under way."""
        assert self._operations is not None
        return self._operations

    @property
    def access(self) -> Access:
        """Who may do what."""
        assert self._access is not None
        return self._access

    @property
    def keys(self) -> CustomerKeys:
        """Which identity can use which customer's key."""
        assert self._keys is not None
        return self._keys

    def attach(self, operations: Operations, access: Access, keys: CustomerKeys) -> None:
        """Completes the context, which all three need themselves."""
        self._operations, self._access, self._keys = operations, access, keys

    def kind_of(self, record: Record) -> Kind:
        """The rules of a stored resource."""
        return self.kinds[record.type]


def author(principal: Principal) -> tuple[str, str]:
    """`createdBy` and `createdByType` of assets: the object id of an application (AZ-ASSET-22)."""
    return principal.object_id, "Application"


def tracked_author(principal: Principal) -> tuple[str, str]:
    """The same of ARM's own resources. An application is shown by its application id (AZ-ARM-22)."""
    return principal.app_id, "Application"


def stamped(created: str, by: tuple[str, str], old: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """`systemData` of what is written at the time `created`; of the `old` one the first half is kept."""
    first = old or {"createdAt": created, "createdBy": by[0], "createdByType": by[1]}
    kept = {name: first[name] for name in ("createdAt", "createdBy", "createdByType") if name in first}
    return {
        **kept,
        "lastModifiedAt": created,
        "lastModifiedBy": by[0],
        "lastModifiedByType": by[1],
    }
