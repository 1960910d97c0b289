"""Copies by URL: may the source be read with the authorization given for it? If not, the service's words."""

from __future__ import annotations

from urllib.parse import urlsplit

import aiohttp

from azsandbox.azurite import Azurite
from azsandbox.calls import Answer, Call
from azsandbox.refusals import storage_error
from azsandbox.tokens import BadToken, Tokens

_SUFFIX = ".blob.core.windows.net"
_CONDITIONS = {
    "x-ms-source-if-match": "If-Match",
    "x-ms-source-if-none-match": "If-None-Match",
    "x-ms-source-if-modified-since": "If-Modified-Since",
    "x-ms-source-if-unmodified-since": "If-Unmodified-Since",
}
_NO_RESOURCE = "The specified resource does not exist."
_TEXTS = {
    "BlobNotFound": "The specified blob does not exist.",
    "ContainerNotFound": "The specified container does not exist.",
    "AuthorizationPermissionMismatch": (
        "This request is not authorized to perform this operation using this permission."
    ),
}
_NOT_AUTHENTICATED = (
    "Server failed to authenticate the request. Make sure the value of Authorization header is formed "
    "correctly including the signature."
)


class SourceCheck:
    """Asks for the properties of a copy's source, as the caller would have to."""

    def __init__(self, azurite: Azurite, tokens: Tokens) -> None:
        self._azurite, self._tokens = azurite, tokens

    async def refusal(self, call: Call) -> Answer | None:
        """What the service says when it cannot read the source; None when it can."""
        source = urlsplit(call.headers["x-ms-copy-source"])
        host = (source.hostname or "").lower()
        if source.scheme != "https" or not host.endswith(_SUFFIX):
            return storage_error(404, "CannotVerifyCopySource", _NO_RESOURCE)
        if _needs_no_authorization(call, host, source.query):
            return None
        authorization = call.headers.get("x-ms-copy-source-authorization")
        try:
            self._tokens.check(authorization)
        except BadToken:
            return storage_error(401, "CannotVerifyCopySource", _NOT_AUTHENTICATED)
        target = source.path + (f"?{source.query}" if source.query else "")
        headers = _source_headers(call, authorization)
        async with await self._azurite.request("HEAD", host, target, headers) as response:
            return _verdict(response)


def _needs_no_authorization(call: Call, host: str, query: str) -> bool:
    # Copy Blob within one account: the account's own authorization covers the source as well
    # (learn.microsoft.com/rest/api/storageservices/copy-blob, "Authorization").
    from_url = call.headers.get("x-ms-blob-type") or "comp=block" in call.raw_query
    return host == call.host and not from_url and "sig=" not in query


def _source_headers(call: Call, authorization: str | None) -> dict[str, str]:
    headers = {"x-ms-version": call.headers.get("x-ms-version", "2023-11-03")}
    headers |= {name: call.headers[asked] for asked, name in _CONDITIONS.items() if asked in call.headers}
    if authorization is not None:
        headers["Authorization"] = authorization
    return headers


def _verdict(response: aiohttp.ClientResponse) -> Answer | None:
    if response.status < 300:
        return None
    if response.status in {304, 412}:
        text = "The source condition specified using HTTP conditional header(s) is not met."
        return storage_error(412, "SourceConditionNotMet", text)
    code = response.headers.get("x-ms-error-code", "")
    if response.status == 404:
        return storage_error(404, "CannotVerifyCopySource", _TEXTS.get(code, _NO_RESOURCE))
    if response.status in {401, 403, 409}:
        return storage_error(response.status, "CannotVerifyCopySource", _TEXTS.get(code, _NOT_AUTHENTICATED))
    text = "Could not verify the copy source within the specified time."
    return storage_error(500, "CannotVerifyCopySource", text)
