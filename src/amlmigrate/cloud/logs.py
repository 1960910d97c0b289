"""Log Analytics: a query over a workspace's logs, answered as rows. One call a method, retried.

learn.microsoft.com/azure/azure-monitor/logs/api: `POST /v1/workspaces/{id}/query` (AZ-LOG-1).
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from azure.core import AsyncPipelineClient
from azure.core.pipeline.policies import (
    AsyncBearerTokenCredentialPolicy,
    HttpLoggingPolicy,
    RequestIdPolicy,
    UserAgentPolicy,
)
from azure.core.rest import AsyncHttpResponse, HttpRequest

from amlmigrate.cloud.calling import Caller
from amlmigrate.cloud.credentials import Credential, Login
from amlmigrate.cloud.errors import ServiceError, of_answer, request_id
from amlmigrate.cloud.fence import Fence
from amlmigrate.cloud.pacing import Crowd
from amlmigrate.cloud.transport import Transport
from amlmigrate.cloud.twice import HARMLESS

# Five queries of one user at once are served, and more wait or are refused with 429 (AZ-LOG-2).
_AT_ONCE = 4
# Below the seconds after which a call counts as unanswered: the service says by itself that it took too long.
_SERVER_SECONDS = 100
Row = dict[str, Any]


def is_missing(error: ServiceError, table: str) -> bool:
    """Whether a query was refused because the workspace has no such table (AZ-LOG-6)."""
    named = re.search(rf"Failed to resolve [a-z ]*'{re.escape(table)}'", error.message)
    return error.status == 400 and named is not None


class Logs:
    """One principal's way to the logs of every Log Analytics workspace; one is named by its `customerId`."""

    def __init__(self, login: Login, credential: Credential, fence: Fence | None = None) -> None:
        self._base = login.endpoints.logs
        self._caller = Caller(Crowd(_AT_ONCE))
        self._client: AsyncPipelineClient[HttpRequest, AsyncHttpResponse] = AsyncPipelineClient(
            "",
            transport=Transport(credential, fence),
            policies=[
                RequestIdPolicy(),
                UserAgentPolicy("aml-cmk-migrate"),
                AsyncBearerTokenCredentialPolicy(credential, f"{self._base}/.default"),
                HttpLoggingPolicy(),
            ],
        )

    async def close(self) -> None:
        """Ends the connections."""
        await self._client.close()

    async def query(self, customer_id: str, text: str, span: timedelta) -> list[Row]:
        """The rows of a query in the Kusto Query Language, over the last `span`; each by its columns.

        Raises ServiceError, also for an answer of a part of the rows, and OutOfReachError.
        """
        url = f"{self._base}/v1/workspaces/{customer_id}/query"
        body = {"query": text, "timespan": f"PT{int(span.total_seconds())}S"}

        async def call() -> list[Row]:
            request = HttpRequest("POST", url, json=body, headers={"Prefer": f"wait={_SERVER_SECONDS}"})
            answer = await self._client.send_request(request)
            return _rows(answer.status_code, answer.headers, _json(answer, url), url)

        return await self._caller.call("POST", url, call, twice=HARMLESS)


def _json(answer: AsyncHttpResponse, url: str) -> Any:
    """What an answer holds; of an error that is no JSON, as of a gateway, the beginning of its text."""
    try:
        return answer.json()
    except ValueError:
        if answer.status_code < 400:
            told = "the answer is not valid JSON: something between here and Azure gave it"
            raise ServiceError(answer.status_code, "NotJson", told, method="POST", url=url) from None
        return {"error": {"code": str(answer.status_code), "message": answer.text()[:500] or "no message"}}


def _rows(status: int, headers: Any, found: Any, url: str) -> list[Row]:
    """The rows of the first table. What has an `error` beside its tables is not whole (AZ-LOG-3)."""
    if status >= 400:
        raise of_answer(status, headers, _flattened(found), method="POST", url=url)
    if not isinstance(found, dict) or not isinstance(found.get("tables"), list) or not found["tables"]:
        raise _unusable(status, "NoTable", "the answer has no table of rows", headers, url)
    if error := found.get("error"):
        told = str(
            (error if isinstance(error, dict) else {}).get("message") or "only a part of the rows was given"
        )
        raise _unusable(status, "PartialError", told, headers, url)
    try:
        table = found["tables"][0]
        names = [str(column["name"]) for column in table["columns"]]
        return [dict(zip(names, row, strict=True)) for row in table["rows"]]
    except (KeyError, TypeError, ValueError):
        raise _unusable(status, "NoTable", "the answer's table is of another form", headers, url) from None


def _unusable(status: int, code: str, told: str, headers: Any, url: str) -> ServiceError:
    return ServiceError(status, code, told, method="POST", url=url, request_id=request_id(headers))


def _flattened(found: Any) -> Any:
    """An error with the words of its innermost one, which alone say what is wrong with a query."""
    error = found.get("error") if isinstance(found, dict) else None
    if not isinstance(error, dict):
        return found
    inner, words = error, str(error.get("message") or "")
    while isinstance(inner.get("innererror"), dict):
        inner = inner["innererror"]
        words = f"{words.rstrip('.')}: {inner['message']}" if inner.get("message") else words
    return {"error": {**error, "message": words or "no message"}}
