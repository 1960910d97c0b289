"""What azure-core and the storage clients raise, in the tool's own shape."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from azure.core.exceptions import HttpResponseError, ServiceRequestError, ServiceResponseError

from amlmigrate.cloud.errors import OutOfReachError, ServiceError, retry_after, without_query
from amlmigrate.cloud.storage import source_codes

T = TypeVar("T")


async def in_one_shape(method: str, url: str, call: Callable[[], Awaitable[T]]) -> T:
    """One call. Raises ServiceError for an answer that is an error, OutOfReachError for none."""
    try:
        return await call()
    except HttpResponseError as error:
        if (error.status_code or 0) < 400:
            # An answer that broke off: azure-core says so with the status that it began with.
            raise OutOfReachError(str(error.message), method=method, url=without_query(url)) from error
        raise _service_error(error, method, url) from error
    except (ServiceRequestError, ServiceResponseError, TimeoutError) as error:
        reason = str(error) or type(error).__name__
        raise OutOfReachError(reason, method=method, url=without_query(url)) from error


def _service_error(error: HttpResponseError, method: str, url: str) -> ServiceError:
    headers: Any = getattr(error.response, "headers", {})
    code = str(getattr(error, "error_code", "") or headers.get("x-ms-error-code", "") or error.status_code)
    code = code.removeprefix("StorageErrorCode.")
    message = str(error.message).split("\nRequestId", maxsplit=1)[0].splitlines()[0]
    return ServiceError(
        error.status_code or 0,
        getattr(getattr(error, "error_code", None), "value", code),
        message,
        method=method,
        url=without_query(url),
        retry_after=retry_after(headers),
        codes=source_codes(headers),
    )
