"""Raw calls of the blob service: the few that are made once for every blob.

The service's own client takes about a millisecond of processor time around each call, and as much again for
every blob of a listing that it turns into an object. For three calls (list, put from URL, read a small blob)
that is most of what a move costs the machine it runs on, so these go straight through azure-core's pipeline.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from email.utils import formatdate
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
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.translating import of_storage
from amlmigrate.core.workspace import Location

# What azure-storage-blob 12.25 and later send by themselves; Put Blob From URL with a token needs 2021-12-02.
VERSION = "2023-11-03"


class Storage:
    """One principal's raw way to the blob service, over a pool of connections that is somebody else's."""

    def __init__(self, credential: Credential, transport: Any, suffix: str) -> None:
        self._suffix = suffix
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
            raise _refused(response, method, url, body)
        return body, response.headers.get("ETag", "")

    @asynccontextmanager
    async def reading(self, url: str, headers: Mapping[str, str]) -> AsyncIterator[AsyncHttpResponse]:
        """The answer to a read, its bytes still to come. Raises like `call`."""
        response = await self._send("GET", url, headers, stream=True)
        async with response:
            if response.status_code >= 400:
                raise _refused(response, "GET", url, await response.read())
            yield response

    async def _send(
        self, method: str, url: str, headers: Mapping[str, str], *, stream: bool, **options: float
    ) -> AsyncHttpResponse:
        always = {"x-ms-version": VERSION, "x-ms-date": formatdate(usegmt=True)}
        request = HttpRequest(method, url, headers={**always, **headers})
        return await self._client.send_request(request, stream=stream, **options)


def _refused(response: AsyncHttpResponse, method: str, url: str, body: bytes) -> ServiceError:
    reason = str(response.reason or "no message")
    return of_storage(response.status_code, response.headers, body, reason, method=method, url=url)
