"""What Azure's clients raise, in the tool's own shapes: the one place that knows their exceptions.

An answer that is an error becomes ServiceError, no answer OutOfReachError, no token DeniedError. msal's own errors
do not come this far: azure-identity tells them as ClientAuthenticationError.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from html import unescape
from typing import Any, TypeVar

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    DecodeError,
    DeserializationError,
    HttpResponseError,
    IncompleteReadError,
    ServiceRequestError,
    ServiceResponseError,
)

from amlmigrate.cloud.errors import OutOfReachError, ServiceError, request_id, retry_after, without_query
from amlmigrate.core.errors import DeniedError, MigrateError

T = TypeVar("T")
_Shape = Callable[[Any, str, str], MigrateError]
_MESSAGE = re.compile(r"<Message>(.*?)(?:\nRequestId|</Message>)", re.DOTALL)
_UNREACHED = re.compile(
    r"cannot connect|connect call failed|connection|timed? ?out|resolve|unreachable", re.IGNORECASE
)
# The blob client's names of codes that it knows, as `str` gives them.
_ENUM = "StorageErrorCode."


async def translated(method: str, url: str, call: Callable[[], Awaitable[T]]) -> T:
    """One call. Raises ServiceError for an answer that is an error, OutOfReachError for none."""
    try:
        return await call()
    except RAISED as error:
        raise told(error, method, without_query(url)) from error


def told(error: BaseException, method: str, url: str) -> MigrateError:
    """What one of the clients' exceptions comes to, by the first row of the table that it fits."""
    return next(shape for kinds, shape in _TABLE if isinstance(error, kinds))(error, method, url)


async def signed_in(scope: str, call: Callable[[], Awaitable[T]]) -> T:
    """A token for a scope. Raises DeniedError where it is refused, OutOfReachError where nobody answers."""
    try:
        return await call()
    except ClientAuthenticationError as error:
        raise _no_token(error, scope) from error
    except RAISED as error:
        raise OutOfReachError(_reason(error), method="Signing in", url=scope) from error


def by_itself(error: BaseException, *, asked: bool) -> MigrateError | None:
    """What made a client fail that nobody refused: an answer that cannot be read, none, or no token for it.

    `asked`: whether anything was asked of Azure. None where Azure gave what it was asked for, and the client
    itself failed.
    """
    if isinstance(error, (DecodeError, ServiceRequestError, ServiceResponseError)):
        return OutOfReachError(f"unreadable answer: {first_line(error)}", method="GET", url="MLClient")
    if isinstance(error, ClientAuthenticationError) or (isinstance(error, HttpResponseError) and not asked):
        # No token was had for it: nothing was asked of Azure Resource Manager.
        return OutOfReachError(f"no token: {first_line(error)}", method="GET", url="MLClient", retried=True)
    return None


def of_storage(
    status: int, headers: Mapping[str, str], body: bytes, reason: str, *, method: str, url: str
) -> ServiceError:
    """What a raw answer of the blob service says: its code is in a header, its words in XML."""
    found = _MESSAGE.search(body.decode("utf-8", "replace"))
    message = unescape(found[1]) if found else reason
    return ServiceError(
        status,
        headers.get("x-ms-error-code") or str(status),
        message.splitlines()[0] if message else "no message",
        method=method,
        url=without_query(url),
        retry_after=retry_after(headers),
        codes=source_codes(headers),
        request_id=request_id(headers),
    )


def first_line(error: BaseException) -> str:
    """The first line of what an exception says."""
    return (str(error).splitlines() or [""])[0]


def _answered(error: HttpResponseError, method: str, url: str) -> MigrateError:
    """Storage names its code in a header, the vaults theirs in JSON, the more precise one a level deeper."""
    if (error.status_code or 0) < 400:
        # An answer that broke off: azure-core says so with the status that it began with.
        return _unanswered(error, method, url)
    headers: Mapping[str, str] = getattr(error.response, "headers", None) or {}
    code = next((code for code in _codes(error, headers) if code), str(error.status_code))
    return ServiceError(
        error.status_code or 0,
        code,
        _message(error),
        method=method,
        url=url,
        retry_after=retry_after(headers),
        codes=source_codes(headers),
        request_id=request_id(headers),
    )


def _codes(error: HttpResponseError, headers: Mapping[str, str]) -> Iterator[str]:
    """The codes of an answer, the most precise one first."""
    of_client = getattr(error, "error_code", None)
    yield str(getattr(of_client, "value", of_client) or "").removeprefix(_ENUM)
    yield headers.get("x-ms-error-code", "")
    body: Any = error.error
    # `Forbidden` has `ForbiddenByRbac` within.
    yield str((getattr(body, "innererror", None) or {}).get("code") or "")
    yield str(getattr(body, "code", None) or "")


def _message(error: HttpResponseError) -> str:
    text = str(getattr(error.error, "message", None) or error.message or "no message")
    return (text.split("\nRequestId", maxsplit=1)[0].splitlines() or ["no message"])[0]


def _unreadable(error: Exception, method: str, url: str) -> MigrateError:
    """The pipeline raises by itself where a body is not what its content type says.

    A refusal whose body nobody can read, as of a firewall in between, is one all the same: its status says so.
    """
    if isinstance(error, HttpResponseError) and (error.status_code or 0) >= 400:
        return _answered(error, method, url)
    return OutOfReachError(f"unreadable answer: {_reason(error)}", method=method, url=url)


def _unanswered(error: Exception, method: str, url: str) -> MigrateError:
    return OutOfReachError(_reason(error), method=method, url=url)


def _reason(error: Exception) -> str:
    return str(getattr(error, "message", "") or error) or type(error).__name__


def _no_token(error: Exception, scope: str) -> MigrateError:
    """What a failed sign-in comes to. The chain keeps of its attempts nothing but their texts."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    attempts = [line for line in lines if re.match(r"\w+Credential: ", line)]
    said = next((line for line in lines if "AADSTS" in line), (attempts or lines or ["no reason given"])[-1])
    if "AADSTS" not in said and _UNREACHED.search(said):
        return OutOfReachError(said[:300], method="Signing in", url=scope, retried=True)
    if "AADSTS" not in said:
        # Of the ways that all failed, the one that people sign in by.
        said = next((line for line in attempts if line.startswith("AzureCliCredential: ")), said)
    return DeniedError(
        f"Azure gave no token for {scope}: {said[:300]}",
        remedy="Sign in (az login), or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET.",
    )


def source_codes(headers: Mapping[str, str]) -> tuple[str, ...]:
    """What the source of a copy was answered with (learn.microsoft.com, put-blob-from-url: response headers)."""
    found = headers.get("x-ms-copy-source-error-code")
    return (found,) if found else ()


# The first row that an exception fits counts.
_TABLE: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], _Shape], ...] = (
    (IncompleteReadError, _unanswered),
    ((DecodeError, DeserializationError), _unreadable),
    (HttpResponseError, _answered),
    ((ServiceRequestError, ServiceResponseError, TimeoutError), _unanswered),
    (AzureError, _unanswered),
)
RAISED = (AzureError, DeserializationError, TimeoutError)
