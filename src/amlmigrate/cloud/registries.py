"""The data plane of a container registry: whether it lists its repositories.

A registry takes tokens of its own: one of Entra is exchanged for one that is exchanged for each use (Azure/acr,
docs/AAD-OAuth.md; azure-containerregistry does the same).
"""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from azure.core import AsyncPipelineClient
from azure.core.pipeline.policies import RequestIdPolicy, UserAgentPolicy
from azure.core.rest import AsyncHttpResponse, HttpRequest

from amlmigrate.cloud.credentials import Credential, Login
from amlmigrate.cloud.errors import of_answer
from amlmigrate.cloud.translating import translated
from amlmigrate.cloud.transport import Transport
from amlmigrate.core.errors import BadInputError

# azure-containerregistry 1.2: `DEFAULT_AUDIENCE`, the same in all clouds.
_AUDIENCE = "https://containerregistry.azure.net/.default"
_CATALOG = "registry:catalog:*"
Client = AsyncPipelineClient[HttpRequest, AsyncHttpResponse]


async def repositories(login: Login, credential: Credential, server: str) -> None:
    """Lists the first of them, in one attempt. Raises ServiceError and OutOfReachError.

    Raises BadInputError for a server that is none of the cloud's registries: a token of Entra is sent there.
    """
    suffix = re.escape(login.endpoints.registry_suffix)
    if not re.fullmatch(rf"[a-z0-9-]+\.{suffix}", server, re.IGNORECASE):
        raise BadInputError(
            f"'{server}' is no registry of this cloud.", remedy="Look at the registry's login server."
        )
    token = (await credential.get_token(_AUDIENCE)).token
    policies: list[Any] = [RequestIdPolicy(), UserAgentPolicy("aml-cmk-migrate")]
    client: Client = AsyncPipelineClient("", policies=policies, transport=Transport(credential))
    async with client:
        given = {"grant_type": "access_token", "service": server, "access_token": token}
        refresh = await _asked(client, "POST", f"https://{server}/oauth2/exchange", data=given)
        given = {"grant_type": "refresh_token", "service": server, "scope": _CATALOG}
        given["refresh_token"] = str(refresh.get("refresh_token") or "")
        access = await _asked(client, "POST", f"https://{server}/oauth2/token", data=given)
        bearer = {"Authorization": f"Bearer {access.get('access_token') or ''}"}
        await _asked(client, "GET", f"https://{server}/acr/v1/_catalog", params={"n": "1"}, headers=bearer)


async def _asked(client: Client, method: str, url: str, **more: Any) -> dict[str, Any]:
    """What an answer holds. Raises ServiceError for one that is an error, in the words of the registry."""
    request = HttpRequest(method, url, **more)
    answer = await translated(method, url, partial(client.send_request, request))
    try:
        found = answer.json()
    except ValueError:
        found = None
    if answer.status_code < 400:
        return found if isinstance(found, dict) else {}
    raise of_answer(answer.status_code, answer.headers, _error(found), method=method, url=url)


def _error(found: Any) -> dict[str, Any]:
    """`{"errors": [{code, message}]}`, of the distribution's API, in the form of ARM."""
    errors = found.get("errors") if isinstance(found, dict) else None
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    return {
        "error": {"code": str(first.get("code") or ""), "message": str(first.get("message") or "no reason given")}
    }
