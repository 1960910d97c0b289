"""Microsoft Graph: the names of those whose ids stand in documents; who may not ask there gets none."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import Any
from urllib.parse import quote

from azure.core import AsyncPipelineClient
from azure.core.pipeline.policies import AsyncBearerTokenCredentialPolicy, RequestIdPolicy, UserAgentPolicy
from azure.core.rest import AsyncHttpResponse, HttpRequest

from amlmigrate.cloud.credentials import Credential, Login
from amlmigrate.cloud.errors import request_id
from amlmigrate.cloud.translating import translated
from amlmigrate.core.errors import MigrateError

_log = logging.getLogger(__name__)
_SECONDS = 15.0
# So many ids are looked up by one call (learn.microsoft.com/graph/api/directoryobject-getbyids).
_MOST = 1000
# learn.microsoft.com/graph/api: `servicePrincipal-get`, `user-get`; a principal may be named by its application.
_PATHS = ("servicePrincipals/{id}", "servicePrincipals(appId='{id}')", "users/{id}")


class Directory:
    """One principal's way to the names in its tenant's directory. It is a convenience: no answer is no error."""

    def __init__(self, login: Login, credential: Credential) -> None:
        self._base = login.endpoints.graph
        self._credential = credential
        self._closed_to_us = False

    async def names(self, ids: set[str]) -> dict[str, str]:
        """The display name of each id that the directory tells one of; asks no more once it is refused."""
        found: dict[str, str] = {}
        async with self._client() as client:
            for one in sorted(ids):
                if not self._closed_to_us and (name := await self._name(client, one)):
                    found[one] = name
        return found

    async def gone(self, ids: set[str]) -> set[str]:
        """Those of the ids that nothing in the directory has (AZ-RIGHT-18); none where it does not say."""
        found, asked = set[str](), sorted(ids)
        url = f"{self._base}/v1.0/directoryObjects/getByIds"
        async with self._client() as client:
            for start in range(0, len(asked), _MOST):
                some = asked[start : start + _MOST]
                answer = await self._ask(client, HttpRequest("POST", url, json={"ids": some}))
                there = answer.get("value") if answer else None
                if not isinstance(there, list) or "@odata.nextLink" in (answer or {}):
                    return set()
                found |= set(some) - {str(one.get("id")).lower() for one in there}
        return found

    def _client(self) -> AsyncPipelineClient[HttpRequest, AsyncHttpResponse]:
        policies: list[Any] = [
            RequestIdPolicy(),
            UserAgentPolicy("aml-cmk-migrate"),
            AsyncBearerTokenCredentialPolicy(self._credential, f"{self._base}/.default"),
        ]
        return AsyncPipelineClient("", policies=policies)

    async def _name(self, client: AsyncPipelineClient[HttpRequest, AsyncHttpResponse], id_: str) -> str:
        for path in _PATHS:
            url = f"{self._base}/v1.0/{path.format(id=quote(id_, safe=''))}"
            found = await self._ask(client, HttpRequest("GET", url))
            if found is not None or self._closed_to_us:
                return str((found or {}).get("displayName") or "")
        return ""

    async def _ask(
        self, client: AsyncPipelineClient[HttpRequest, AsyncHttpResponse], request: HttpRequest
    ) -> dict[str, Any] | None:
        """What is answered; None where that is nothing, or the directory is closed to whoever asks."""
        try:
            async with asyncio.timeout(_SECONDS):
                answer = await translated(request.method, request.url, partial(client.send_request, request))
            given = {"request_id": request_id(answer.headers)}
            _log.info("%s %s was answered %s", request.method, request.url, answer.status_code, extra=given)
            if answer.status_code == 200:
                found = answer.json() or {}
                return found if isinstance(found, dict) else {}
        except (MigrateError, TimeoutError, ValueError, AttributeError):
            self._closed_to_us = True
            return None
        self._closed_to_us = answer.status_code != 404
        return None
