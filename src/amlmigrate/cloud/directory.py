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
        policies: list[Any] = [
            RequestIdPolicy(),
            UserAgentPolicy("aml-cmk-migrate"),
            AsyncBearerTokenCredentialPolicy(self._credential, f"{self._base}/.default"),
        ]
        client: AsyncPipelineClient[HttpRequest, AsyncHttpResponse] = AsyncPipelineClient("", policies=policies)
        async with client:
            for one in sorted(ids):
                if not self._closed_to_us and (name := await self._name(client, one)):
                    found[one] = name
        return found

    async def _name(self, client: AsyncPipelineClient[HttpRequest, AsyncHttpResponse], id_: str) -> str:
        for path in _PATHS:
            url = f"{self._base}/v1.0/{path.format(id=quote(id_, safe=''))}"
            try:
                async with asyncio.timeout(_SECONDS):
                    answer = await translated("GET", url, partial(client.send_request, HttpRequest("GET", url)))
                given = {"request_id": request_id(answer.headers)}
                _log.info("GET %s was answered %s", url, answer.status_code, extra=given)
                if answer.status_code == 200:
                    return str((answer.json() or {}).get("displayName") or "")
            except (MigrateError, TimeoutError, ValueError, AttributeError):
                self._closed_to_us = True
                return ""
            if answer.status_code != 404:
                self._closed_to_us = True
                return ""
        return ""
