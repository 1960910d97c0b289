"""Raw calls of the blob service: the few that are made once for every blob.

The service's own client takes about a millisecond of processor time around each call, and as much again for
every blob of a listing that it turns into an object. For two calls (list, put from URL) that is most of what a
move costs the machine it runs on, so these go straight through azure-core's pipeline. Reads, which `verify` makes
of every blob, go past that too, over libcurl.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from email.utils import formatdate
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from azure.core import AsyncPipelineClient
from azure.core.pipeline.policies import (
    AsyncBearerTokenCredentialPolicy,
    HttpLoggingPolicy,
    RequestIdPolicy,
    UserAgentPolicy,
)
from azure.core.rest import AsyncHttpResponse, HttpRequest

from amlmigrate.cloud.credentials import STORAGE_SCOPE, Credential
from amlmigrate.cloud.curl import Begin, Curl, Head, Sink
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.translating import of_storage
from amlmigrate.core.workspace import Location

# What azure-storage-blob 12.25 and later send by themselves; Put Blob From URL with a token needs 2021-12-02.
VERSION = "2023-11-03"
# So much of an error is kept: its code and words are at the beginning.
_LONGEST_ERROR = 64 * 2**10


class BlobAccess:
    """One principal's raw way to the blob service, over a pool of connections that is somebody else's.

    Reads have connections of their own.
    """

    def __init__(self, credential: Credential, transport: Any, suffix: str) -> None:
        self._suffix = suffix
        self._credential = credential
        self._curl = Curl()
        self._client: AsyncPipelineClient[HttpRequest, AsyncHttpResponse] = AsyncPipelineClient(
            "",
            transport=transport,
            policies=[
                RequestIdPolicy(),
                UserAgentPolicy("aml-cmk-migrate"),
                AsyncBearerTokenCredentialPolicy(credential, STORAGE_SCOPE),
                HttpLoggingPolicy(),
            ],
        )

    def url(self, place: Location) -> str:
        """The HTTPS URL of a container or a blob, its path encoded."""
        path = f"/{quote(place.path, safe='~/')}" if place.path else ""
        return f"https://{place.account}.blob.{self._suffix}/{quote(place.container)}{path}"

    async def call(
        self, method: str, url: str, headers: Mapping[str, str], *, seconds: float | None = None
    ) -> tuple[bytes, str]:
        """One call without a body; the answer's, and the ETag that it names.

        `seconds`: for so long it may go without an answer, where that is longer than for others.
        Raises ServiceError, and azure-core's errors where no answer came.
        """
        options = {"read_timeout": seconds} if seconds else {}
        response = await self._send(method, url, headers, stream=False, **options)
        body: bytes = response.content
        if response.status_code >= 400:
            raise _refused(response, response.status_code, method, url, body)
        return body, response.headers.get("ETag", "")

    async def read(self, url: str, headers: Mapping[str, str], begin: Begin) -> None:
        """Reads a blob; `begin` is shown the head of the answer, and gives whom to hand its bytes to.

        Raises ServiceError, what `begin` and the other raise, and OutOfReachError where no whole answer came.
        """
        authorization = f"Bearer {(await self._credential.get_token(STORAGE_SCOPE)).token}"
        sent = [f"{name}: {value}" for name, value in headers.items()]
        sent += (f"Authorization: {authorization}", *(f"{name}: {value}" for name, value in _always().items()))
        refusal = _Refusal(begin)
        await self._curl.get(url, sent, refusal.begin)
        if refusal.head:
            if refusal.head.status == 401:
                self._credential.forget(authorization)
            raise _refused(refusal.head, refusal.head.status, "GET", url, bytes(refusal.body))

    def close(self) -> None:
        """Ends the connections that blobs were read over."""
        self._curl.close()

    async def _send(
        self, method: str, url: str, headers: Mapping[str, str], *, stream: bool, **options: float
    ) -> AsyncHttpResponse:
        request = HttpRequest(method, url, headers={**_always(), **headers})
        return await self._client.send_request(request, stream=stream, **options)


class _Refusal:
    """Keeps what an answer says that is an error; all others are somebody else's."""

    def __init__(self, begin: Begin) -> None:
        self._begin = begin
        self.head: Head | None = None
        self.body = bytearray()

    def begin(self, head: Head) -> Sink:
        """Whom the bytes of an answer are handed to."""
        if head.status < 400:
            return self._begin(head)
        self.head = head
        return lambda piece: self.body.extend(piece[: _LONGEST_ERROR - len(self.body)])


def _always() -> dict[str, str]:
    return {"x-ms-version": VERSION, "x-ms-date": _date(int(time.time()))}


@lru_cache(1)
def _date(second: int) -> str:
    """As HTTP writes it; hundreds of calls are made in one second."""
    return formatdate(second, usegmt=True)


def _refused(answer: Head | AsyncHttpResponse, status: int, method: str, url: str, body: bytes) -> ServiceError:
    reason = str(answer.reason or "no message")
    return of_storage(status, answer.headers, body, reason, method=method, url=url)
