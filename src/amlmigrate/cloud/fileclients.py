"""Azure's client of the file service, with what its calls are given.

Lists and reads go past it (`rawcalls`): it is loaded by the first call that does not.
"""

from __future__ import annotations

import base64
from typing import Any

from azure.storage.fileshare import ContentSettings
from azure.storage.fileshare.aio import ShareFileClient, ShareLeaseClient, ShareServiceClient

from amlmigrate.cloud.credentials import Credential
from amlmigrate.cloud.ranges import RANGE
from amlmigrate.cloud.storage import INTENT
from amlmigrate.cloud.transport import PLAIN, SharedTransport, Transport
from amlmigrate.core.asset import Blob


class FileClients:
    """One principal's clients, by account, over a pool of connections that is somebody else's."""

    def __init__(self, credential: Credential, transport: Transport, suffix: str) -> None:
        self._credential = credential
        self._transport = transport
        self._suffix = suffix
        self._services: dict[str, ShareServiceClient] = {}

    async def close(self) -> None:
        """Ends them; the connections are left to their owner."""
        for service in self._services.values():
            await service.close()

    def account(self, account: str) -> ShareServiceClient:
        """The client of an account."""
        if account not in self._services:
            self._services[account] = ShareServiceClient(
                f"https://{account}.file.{self._suffix}",
                credential=self._credential,
                token_intent=INTENT,
                transport=SharedTransport(self._transport),
                max_single_get_size=RANGE,
                max_chunk_get_size=RANGE,
                # A name may end in dots, and without them it is another's (learn.microsoft.com, naming files).
                allow_trailing_dot=True,
                allow_source_trailing_dot=True,
                **PLAIN,
            )
        return self._services[account]

    @staticmethod
    def labels(blob: Blob | None) -> ContentSettings:
        """The headers of a file, and its MD5 where it has one; of none without a file."""
        if blob is None:
            return ContentSettings()
        headers: dict[str, Any] = dict(blob.headers)
        return ContentSettings(**headers, content_md5=bytearray(base64.b64decode(blob.md5)) if blob.md5 else None)

    @staticmethod
    def lease(client: ShareFileClient, lease: str) -> ShareLeaseClient:
        """The lease on a file that has that id."""
        return ShareLeaseClient(client, lease_id=lease)
