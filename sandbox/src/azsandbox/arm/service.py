"""The service for management.azure.com: who asks, for what, how often; then the kind; then the headers."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from azsandbox.arm import apiversions, queries
from azsandbox.arm.access.evaluation import Access, Terms
from azsandbox.arm.activity import ended, noted
from azsandbox.arm.authentication import authenticate
from azsandbox.arm.beingdeleted import BeingDeleted
from azsandbox.arm.calls import Call, Route
from azsandbox.arm.clock import Clock
from azsandbox.arm.context import Context
from azsandbox.arm.customerkeys import CustomerKeys
from azsandbox.arm.discovery import Discovery
from azsandbox.arm.errors import ArmError, gateway
from azsandbox.arm.ground import Ground
from azsandbox.arm.holds import hold_of
from azsandbox.arm.identities import Identities
from azsandbox.arm.kinds import Kind
from azsandbox.arm.logqueries import LogQueries
from azsandbox.arm.monitor.byhand import ByHand
from azsandbox.arm.operations import Operations
from azsandbox.arm.pastblobs import PastBlobs
from azsandbox.arm.registry import all_gates, all_guards, all_kinds
from azsandbox.arm.registrydata import RegistryData
from azsandbox.arm.rights import check_access
from azsandbox.arm.routing import Router, UnknownRoute
from azsandbox.arm.scopes import check_api_version, check_scopes
from azsandbox.arm.storageaccess import StorageAccess
from azsandbox.arm.store import Record, Store
from azsandbox.arm.throttle import Throttle
from azsandbox.arm.vault.service import VaultService
from azsandbox.messages import SEEDING, Accounts, Request, Response, Service

_log = logging.getLogger(__name__)
_HOST = "management.azure.com"
_COMMON = {
    "Cache-Control": "no-cache",
    "Pragma": "no-cache",
    "Expires": "-1",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
}
_METHODS = {"GET": "get", "HEAD": "head", "PUT": "put", "PATCH": "patch", "DELETE": "delete"}


class Arm:
    """Answers for management.azure.com; `discovery` for the hosts below `api.azureml.ms`, `vault` for vaults,
    `logs` for Log Analytics, `registries` for container registries."""

    def __init__(self, context: Context, kinds: Mapping[str, Kind], throttle: Throttle, by_hand: ByHand) -> None:
        self._context = context
        self._by_hand = by_hand
        self._throttle = throttle
        self._router = Router(kinds)
        self._gates, self._guards = all_gates(), all_guards()
        self.discovery: Service = Discovery(context)
        self.vault: Service = VaultService(context)
        self.logs: Service = LogQueries(context)
        self.registries: Service = RegistryData(context)
        storage = StorageAccess(context)
        self.storage_refusal, self.storage_scopes = storage.refusal, storage.scopes
        self.storage_hierarchical = storage.hierarchical
        self.storage_deletions = BeingDeleted(context)
        self.storage_holds = partial(hold_of, context)
        self.storage_past = PastBlobs(context)

        self.identities = Identities(context)

    async def handle(self, request: Request) -> Response:
        """The answer to one request. Raises nothing that ARM would answer."""
        extra: dict[str, str] = {}
        try:
            await self._context.operations.settle()
            self._by_hand.carry_out()
            response = await self._answer(request, extra)
        except ArmError as error:
            response = error.response()
        except Exception:  # noqa: BLE001 - a Service raises nothing, and a client deserves an answer
            _log.exception("%s %s", request.method, request.path)
            message = "The server encountered an internal error. Please retry the request."
            response = gateway(500, "InternalServerError", message).response()
        if "x-ms-failure-cause" in response.headers:
            # ARM's own refusals carry neither rates nor what a provider adds (AZ-ARM-20).
            extra.clear()
        if response.status == 200:
            response.headers.setdefault("Vary", "Accept-Encoding")
        response.headers = {**_COMMON, **extra, **response.headers}
        if request.method == "HEAD":
            response.body = b""
        return response

    async def inside(self, request: Request) -> Response:
        """The answer to a request of a deployment, which is one part of what is being settled."""
        try:
            return await self._answer(request, {})
        except ArmError as error:
            return error.response()

    async def _answer(self, request: Request, extra: dict[str, str]) -> Response:
        if request.host.lower() != _HOST:
            raise UnknownRoute(gateway(404, "NotFound", f"ARM does not answer for {request.host}."))
        query = queries.AskedQuery(request.query)
        version = check_api_version(query)
        principal = authenticate(request)
        route = self._router.resolve(request.method, request.path)
        kind = route.kind
        apiversions.check(kind.key_type, kind.type, version, self._context.location, kind.api_versions)
        queries.check(request.method, request.path, kind.obeys, query, own=bool(kind.api_versions))
        call = Call(request, route, principal, version, query, self._context)
        extra |= self._throttle.take(
            call.subscription,
            principal,
            request.method,
            route.kind.own_rate,
            seeding=SEEDING in request.headers,
        )
        extra |= route.kind.headers
        check_access(call)
        try:
            response = await self._carried_out(call)
        except ArmError as error:
            noted(call, error.status)
            raise
        noted(call, response.status, response.headers)
        if request.method in ("GET", "HEAD") and response.status < 400:
            queries.check_read(query)
        return response

    async def _carried_out(self, call: Call) -> Response:
        """What the kind answers where nothing stands in the way. Raises ArmError."""
        check_scopes(call)
        for gate in self._gates:
            gate(call)
        if call.request.method not in ("GET", "HEAD"):
            for guard in self._guards:
                guard(call)
        return await self._dispatch(call, call.route)

    @staticmethod
    async def _dispatch(call: Call, route: Route) -> Response:
        kind, method = route.kind, call.request.method
        if route.action is not None:
            handler = getattr(kind, kind.actions[method, route.action])
        elif route.name is None:
            handler = {"GET": kind.list, "POST": kind.post}.get(method)
            if handler is None:
                raise kind.unsupported(call)
        elif method in _METHODS:
            handler = getattr(kind, _METHODS[method])
        else:
            raise UnknownRoute(gateway(404, "NotFound", f"Nothing answers {method} there."))
        response: Response = await handler(call)
        return response

    async def close(self) -> None:
        """Ends what is due and closes the store."""
        await self._context.operations.settle()
        self._context.store.close()


def build(
    state_dir: Path,
    accounts: Accounts,
    *,
    limits: str,
    location: str = "eastus2",
    operation_seconds: float = 0.5,
    terms: Terms | None = None,
    clock: Clock | None = None,
) -> Arm:
    """Makes the ARM part, with what an earlier one left in `state_dir`.

    `limits` is `real`, `off` or `xN`; an operation takes `operation_seconds` or a small multiple; `terms` say
    how access is given, by default everything to every caller at once. Raises ValueError for other limits.
    """
    clock = clock or Clock()
    throttle = Throttle(limits, clock.now)
    ground = Ground(Store(state_dir / "arm.sqlite"), clock, accounts, location)
    kinds: dict[str, Kind] = {}

    async def end(target: Record | None, operation: Record) -> None:
        await kinds[operation.hidden["kind"]].settled(target, operation)
        ended(ground, operation)

    async def send(request: Request) -> Response:
        return await arm.inside(request)

    access = Access(ground, terms or Terms())
    operations = Operations(ground, operation_seconds, end)
    keys = CustomerKeys(ground, access)
    context = Context(ground.store, clock, accounts, location, kinds, operations, access, keys, send)
    kinds |= all_kinds(context)
    arm = Arm(context, kinds, throttle, ByHand(context, state_dir))
    return arm
