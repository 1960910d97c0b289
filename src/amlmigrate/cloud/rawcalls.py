"""Raw calls of a storage service: those that are made once for every blob or file.

A service's own client takes about a millisecond of processor time around each call, and as much again for each
item of a listing that it turns into an object. For a few calls that is most of what a move costs the machine that
it runs on, so these go straight through azure-core's pipeline. Reads, which `verify` makes of each blob, go past
that too, and over libcurl.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from email.utils import formatdate
from functools import lru_cache
from typing import Any

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

# So much of an error is kept: its code and words are at the beginning.
_LONGEST_ERROR = 64 * 2**10


class RawCalls:
    """One principal's raw way to a service, over a pool of connections that is somebody else's.

    Reads have connections of their own. `always`: the headers of every call.
    """

    def __init__(self, credential: Credential, transport: Any, always: Mapping[str, str]) -> None:
        self._credential = credential
        self._fixed = dict(always)
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

    async def answered(
        self, method: str, url: str, headers: Mapping[str, str], *, seconds: float | None = None
    ) -> AsyncHttpResponse:
        """One call without a body; its answer, which is no error.

        `seconds`: for so long it may go without an answer, where that is longer than for others.
        Raises ServiceError, and azure-core's errors where no answer came.
        """
        options: dict[str, Any] = {"read_timeout": seconds} if seconds else {}
        request = HttpRequest(method, url, headers={**self._always(), **headers})
        response = await self._client.send_request(request, stream=False, **options)
        if response.status_code >= 400:
            raise _refused(response, response.status_code, method, url, response.content)
        return response

    async def read(self, url: str, headers: Mapping[str, str], begin: Begin) -> None:
        """Reads bytes; `begin` is shown the head of the answer, and gives whom to hand its bytes to.

        Raises ServiceError, what `begin` and the other raise, and OutOfReachError where no whole answer came.
        """
        await self._asked("GET", url, headers, begin)

    async def head(self, url: str) -> Head:
        """The head that a GET would be answered with. Raises ServiceError, and OutOfReachError where none came."""
        found: list[Head] = []

        def begin(head: Head) -> Sink:
            found.append(head)
            return len

        await self._asked("HEAD", url, {}, begin)
        return found[0]

    async def _asked(self, method: str, url: str, headers: Mapping[str, str], begin: Begin) -> None:
        authorization = f"Bearer {(await self._credential.get_token(STORAGE_SCOPE)).token}"
        sent = [f"{name}: {value}" for name, value in headers.items()]
        sent += (
            f"Authorization: {authorization}",
            *(f"{name}: {value}" for name, value in self._always().items()),
        )
        refusal = _Refusal(begin)
        await self._curl.get(url, sent, refusal.begin, method=method)
        if refusal.head:
            if refusal.head.status == 401:
                self._credential.forget(authorization)
            raise _refused(refusal.head, refusal.head.status, method, url, bytes(refusal.body))

    def close(self) -> None:
        """Ends the connections that bytes were read over."""
        self._curl.close()

    def _always(self) -> dict[str, str]:
        return {**self._fixed, "x-ms-date": _date(int(time.time()))}


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


@lru_cache(1)
def _date(second: int) -> str:
    """As HTTP writes it; hundreds of calls are made in one second."""
    return formatdate(second, usegmt=True)


def _refused(answer: Head | AsyncHttpResponse, status: int, method: str, url: str, body: bytes) -> ServiceError:
    reason = str(answer.reason or "no message")
    return of_storage(status, answer.headers, body, reason, method=method, url=url)
