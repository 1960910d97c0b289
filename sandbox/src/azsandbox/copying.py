"""Copies by URL: may the source be read with the authorization given for it? If not, the service's words."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from urllib.parse import SplitResult, parse_qsl, quote, urlsplit

import aiohttp

from azsandbox.azurite import KNOWN_SCOPES, Azurite
from azsandbox.calls import Answer, HttpCall
from azsandbox.messages import Principal
from azsandbox.refusals import storage_error
from azsandbox.tokens import BadToken, Tokens

_SUFFIX = ".blob.core.windows.net"
_CONDITIONS = {
    "x-ms-source-if-match": "If-Match",
    "x-ms-source-if-none-match": "If-None-Match",
    "x-ms-source-if-modified-since": "If-Modified-Since",
    "x-ms-source-if-unmodified-since": "If-Unmodified-Since",
}
_READ = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"
_UNTOUCHED = "/%:@!$&'()*+,;=~"  # an unescaped blank or a letter such as ü is taken as its escape
_BAD_HEADER = "The value for one of the HTTP headers is not in the correct format."
# learn.microsoft.com/rest/api/storageservices/put-blob-from-url: a URL of up to 2 KiB. The code is that of
# Azure/azure-powershell#16628, of a name that was too long. Inferred (AZ-LOCAL-5): it is this limit's.
_LONGEST = 2_048
_NOT_VERIFIED = "Could not verify the copy source within the specified time."
_TEXTS = {
    "BlobNotFound": "The specified blob does not exist.",
    "ContainerNotFound": "The specified container does not exist.",
    "InvalidAuthenticationInfo": (
        "Server failed to authenticate the request. "
        "Please refer to the information in the www-authenticate header."
    ),
    "AuthorizationPermissionMismatch": (
        "This request is not authorized to perform this operation using this permission."
    ),
}
_NOT_AUTHENTICATED = (
    "Server failed to authenticate the request. Make sure the value of Authorization header is formed "
    "correctly including the signature."
)
_BY_STATUS = {
    401: _NOT_AUTHENTICATED,
    403: _NOT_AUTHENTICATED,
    404: "The specified resource does not exist.",
    409: "Public access is not permitted on this storage account.",
}

Refusal = Callable[[str, Principal | None, str, str, bool], tuple[int, str, str] | None]
# The encryption scopes of an account: see `messages.StorageGuard`.
Scopes = Callable[[str], Mapping[str, tuple[int, str, str] | None]]


def no_scopes(account: str) -> Mapping[str, tuple[int, str, str] | None]:
    """Of an account without any."""
    return {}


def known_scopes(scopes: Scopes, host: str) -> dict[str, str]:
    """The header that tells Azurite the encryption scopes of the account at a host; none where it has none."""
    found = scopes(host.partition(".")[0])
    return {KNOWN_SCOPES: json.dumps(found)} if found else {}


class SourceCheck:
    """Asks for the properties of a copy's source, as the caller would have to."""

    def __init__(
        self,
        azurite: Azurite,
        tokens: Tokens,
        refuse: Refusal | None = None,
        scopes: Scopes = no_scopes,
    ) -> None:
        self._azurite, self._tokens, self._refuse, self._scopes = azurite, tokens, refuse, scopes

    async def refusal(self, call: HttpCall) -> Answer | None:
        """What the service says when it cannot read the source; None when it can."""
        source = url_of(call.headers["x-ms-copy-source"])
        if isinstance(source, Answer):
            return source
        host = (source.hostname or "").lower()
        if source.scheme != "https" or not host.endswith(_SUFFIX):
            return unverified(404, "ResourceNotFound")
        if _needs_no_authorization(call, host, source.query):
            return None
        authorization = call.headers.get("x-ms-copy-source-authorization")
        try:
            principal = self._tokens.check(authorization) or delegating(source.query)
        except BadToken:
            return unverified(401, "InvalidAuthenticationInfo")
        if self._refuse is not None:
            container = source.path.strip("/").partition("/")[0]
            refused = self._refuse(host.partition(".")[0], principal, _READ, container, True)
            if refused is not None:
                return unverified(refused[0], refused[1], refused[2])
        target = quote(source.path, safe=_UNTOUCHED) + (f"?{source.query}" if source.query else "")
        headers = _source_headers(call, authorization) | known_scopes(self._scopes, host)
        async with await self._azurite.request("HEAD", host, target, headers) as response:
            return _verdict(response)


def url_of(text: str) -> SplitResult | Answer:
    """What the header names, or what the service says to one that names nothing."""
    if len(text) > _LONGEST:
        return storage_error(400, "OutOfRangeInput", "One of the request inputs is out of range.")
    try:
        return urlsplit(text)
    except ValueError:
        return storage_error(400, "InvalidHeaderValue", _BAD_HEADER)


def delegating(query: str) -> Principal | None:
    """In whose name a user delegation SAS was signed; None for any other.

    It is worth what that principal's roles are (learn.microsoft.com, "Create a user delegation SAS").
    """
    values = dict(parse_qsl(query))
    if "skoid" not in values:
        return None
    return Principal(values.get("sktid", ""), values["skoid"], "", "https://storage.azure.com")


def _needs_no_authorization(call: HttpCall, host: str, query: str) -> bool:
    # Copy Blob within one account: the account's own authorization covers the source as well
    # (learn.microsoft.com/rest/api/storageservices/copy-blob, "Authorization"). Put Blob From URL wants one even
    # there (Azure/azure-sdk-for-python#36176).
    from_url = call.headers.get("x-ms-blob-type") or call.query.get("comp") in ("block", "page", "appendblock")
    return host == call.host and not from_url and "sig=" not in query


def _source_headers(call: HttpCall, authorization: str | None) -> dict[str, str]:
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
    return unverified(response.status, response.headers.get("x-ms-error-code", ""))


def unverified(status: int, code: str, message: str | None = None) -> Answer:
    """CannotVerifyCopySource, with what the source said."""
    known = status in {401, 403, 404, 409}
    text = message or _TEXTS.get(code) or _BY_STATUS.get(status, _NOT_VERIFIED)
    details = {"CopySourceStatusCode": str(status), "CopySourceErrorCode": code, "CopySourceErrorMessage": text}
    answer = storage_error(status if known else 500, "CannotVerifyCopySource", text, details=details)
    answer.headers["x-ms-copy-source-status-code"] = str(status)
    if code:
        answer.headers["x-ms-copy-source-error-code"] = code
    return answer
