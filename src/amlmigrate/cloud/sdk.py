"""The second reader: azure-ai-ml's MLClient, the client that users have.

Imported only where it is asked for: it takes seconds to load.
"""

from __future__ import annotations

import asyncio
import logging
import warnings
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from azure.core.credentials import AccessToken

from amlmigrate.cloud.credentials import Login
from amlmigrate.core.address import Address
from amlmigrate.core.workspace import WorkspaceRef

_THREADS = 8


class _SyncCredential:
    """The sign-in of a side for a client that is not asynchronous."""

    def __init__(self, login: Login) -> None:
        from azure.identity import DefaultAzureCredential

        self._tenant = login.tenant
        self._inner = DefaultAzureCredential(**login.options(), additionally_allowed_tenants=["*"])

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """A token for the scopes, of the tenant that the user named."""
        if self._tenant:
            options.setdefault("tenant_id", self._tenant)
        return self._inner.get_token(*scopes, **options)


class SdkReader:
    """Reads assets of one workspace through MLClient, and says what it could not read."""

    def __init__(self, login: Login, ref: WorkspaceRef) -> None:
        from azure.ai.ml import MLClient

        logging.getLogger("azure.ai.ml").setLevel(logging.CRITICAL)
        options = {} if login.cloud == "AzureCloud" else {"cloud": login.cloud}
        self._client = MLClient(
            _SyncCredential(login), ref.subscription, ref.group, ref.name, enable_telemetry=False, **options
        )
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="mlclient")

    async def unreadable(
        self, wanted: Iterable[tuple[Address, str]], read: Callable[[Address], None]
    ) -> dict[Address, str]:
        """Address to the reason, for each that MLClient cannot read.

        `wanted` names for each address the client's operations that it is read with (`models`); `read` is
        told of each one that was tried.
        """
        failed: dict[Address, str] = {}
        loop = asyncio.get_running_loop()

        async def one(address: Address, operations: str) -> None:
            reason = await loop.run_in_executor(self._threads, self._get, address, operations)
            if reason:
                failed[address] = reason
            read(address)

        await asyncio.gather(*(one(address, operations) for address, operations in wanted))
        return failed

    def _get(self, address: Address, operations: str) -> str | None:
        found: Any = getattr(self._client, operations)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                if address.version is None:
                    found.get(address.name)
                else:
                    found.get(name=address.name, version=address.version)
        except Exception as error:  # noqa: BLE001 - whatever a user's client raises is the finding
            return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"[:300]
        return None

    def close(self) -> None:
        """Ends the threads."""
        self._threads.shutdown(wait=True)
