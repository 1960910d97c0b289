"""The second reader: azure-ai-ml's MLClient, the client that users have.

Imported only where it is asked for: it takes seconds to load.
"""

from __future__ import annotations

import asyncio
import logging
import warnings
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from azure.core.credentials import AccessToken

from amlmigrate.cloud.absence import AbsenceVerdict, judged
from amlmigrate.cloud.calling import Caller
from amlmigrate.cloud.credentials import Login
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.pacing import Bucket, Pacer
from amlmigrate.cloud.sdktransport import SdkTransport
from amlmigrate.cloud.translating import first_line
from amlmigrate.core.address import Address
from amlmigrate.core.errors import MigrateError
from amlmigrate.core.workspace import WorkspaceRef

_THREADS = 8
_LONGEST = 300
# How an error is called whose answer has no code in the service's own form, as a proxy's page.
_NO_CODE = "400"


class _SyncCredential:
    """The sign-in of a side for a client that is not asynchronous."""

    def __init__(self, login: Login) -> None:
        from azure.identity import DefaultAzureCredential

        self._tenant = login.tenant
        self._fresh = partial(DefaultAzureCredential, **login.options(), additionally_allowed_tenants=["*"])
        self._inner = self._fresh()

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """A token for the scopes, of the tenant that the user named."""
        if self._tenant:
            options.setdefault("tenant_id", self._tenant)
        return self._inner.get_token(*scopes, **options)

    def forget(self) -> None:
        """Drops tokens that a service has refused; azure-identity keeps them, and has no way to forget one."""
        self._inner = self._fresh()


class _OwnReasonError(Exception):
    """Azure gave what it was asked for, and MLClient itself could not read it."""


@dataclass(slots=True)
class Unreadable:
    """What could not be read of a workspace, by why: each address with the reason.

    `own`: Azure gave it, and MLClient has no use for it, or asks for what is not there. `refused`: Azure did not
    give it, in spite of all retries.
    """

    own: dict[Address, str] = field(default_factory=dict)
    refused: dict[Address, str] = field(default_factory=dict)

    def __contains__(self, address: Address) -> bool:
        return address in self.own or address in self.refused


class SdkReader:
    """Reads assets of one workspace through MLClient, and says what it could not read.

    Each read waits for its turn in the tool's own buckets and is made again by the tool's own policy; MLClient's
    own retries are off.
    """

    def __init__(self, login: Login, ref: WorkspaceRef, pacer: Pacer) -> None:
        from azure.ai.ml import MLClient

        logging.getLogger("azure.ai.ml").setLevel(logging.CRITICAL)
        self._bucket = pacer.bucket(ref.subscription, "GET")
        self._loop = asyncio.get_running_loop()
        self._places = asyncio.Semaphore(_THREADS)
        self._caller = Caller(self)
        self._transport = SdkTransport(self._answered)
        self._credential = _SyncCredential(login)
        options = {} if login.cloud == "AzureCloud" else {"cloud": login.cloud}
        self._client = MLClient(
            self._credential,
            ref.subscription,
            ref.group,
            ref.name,
            enable_telemetry=False,
            retry_total=0,
            transport=self._transport,
            **options,
        )
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="mlclient")

    async def unreadable(
        self, wanted: Iterable[tuple[Address, str]], read: Callable[[Address], None]
    ) -> Unreadable:
        """What MLClient cannot read, and why.

        `wanted` names for each address the client's operations that it is read with (`models`); `read` is
        told of each one that was tried.
        """
        found = Unreadable()

        async def one(address: Address, operations: str) -> None:
            try:
                await self._caller.call("GET", "MLClient", lambda: self._once(address, operations))
            except _OwnReasonError as error:
                found.own[address] = str(error)
            except MigrateError as error:
                end = found.own if _of_its_making(error, address) else found.refused
                end[address] = error.summary[:_LONGEST]
            read(address)

        await asyncio.gather(*(one(address, operations) for address, operations in wanted))
        return found

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """One of the threads first, then a token: no token is kept that nobody uses."""
        async with self._places, self._bucket.turn():
            yield

    def failed(self, error: ServiceError) -> None:
        """All reads wait once one is throttled; a token that is refused is not shown again."""
        self._bucket.failed(error)
        if error.status == 401:
            self._credential.forget()

    async def _once(self, address: Address, operations: str) -> None:
        await self._loop.run_in_executor(self._threads, self._get, address, operations)

    def _answered(self, headers: Any) -> None:
        """Told in a thread: what ARM says remains, and a token for each call of a read after its first."""
        self._loop.call_soon_threadsafe(_account, self._bucket, headers, self._transport.calls)

    def _get(self, address: Address, operations: str) -> None:
        """Raises what Azure answered, or `_OwnReasonError`."""
        self._transport.begin()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found: Any = getattr(self._client, operations)
                if address.version is None:
                    found.get(address.name)
                else:
                    found.get(name=address.name, version=address.version)
        except Exception as error:  # noqa: BLE001 - whatever a user's client raises is the finding
            if reason := self._transport.reason(error):
                raise reason from None
            raise _OwnReasonError(f"{type(error).__name__}: {first_line(error)}"[:_LONGEST]) from None

    def close(self) -> None:
        """Ends the threads, without those that are under way when it was interrupted, and the connections."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._transport.close()


def _of_its_making(error: MigrateError, address: Address) -> bool:
    """Whether what MLClient asked for is what fails, and not the asset: as a model that a component refers to.

    Seen with azure-ai-ml 1.35: it follows the references of a component. And a call that the service says it does
    not understand (400, in its own words) is one of an api-version that MLClient has chosen. A 404 that does not
    say of what was asked for that it is not there, as while ARM's regions replicate or from a proxy, is no reason.
    """
    if not isinstance(error, ServiceError):
        return False
    if error.status == 400:
        return error.code != _NO_CODE
    own = "/".join([str(address.container), *(["versions", address.version] if address.version else [])])
    if error.url.lower().endswith(f"/{own}".lower()):
        return False
    return judged(error, urlsplit(error.url).path) in (AbsenceVerdict.ABSENT, AbsenceVerdict.BY_LIST)


def _account(bucket: Bucket, headers: Any, calls: int) -> None:
    if calls > 1:
        bucket.spend()
    Pacer.learn(bucket, headers, "GET")
