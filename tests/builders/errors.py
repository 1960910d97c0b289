"""Answers of Azure that are errors, and no answer at all."""

from __future__ import annotations

from typing import Any

from amlmigrate.cloud.errors import OutOfReachError, ServiceError


def refusal(
    status: int = 403,
    code: str = "AuthorizationFailed",
    message: str = "no",
    *,
    method: str = "GET",
    url: str = "https://x",
    doubtful: bool = False,
    **more: Any,
) -> ServiceError:
    """An answer that is an error, with `retry_after` and `codes` as they are given; `doubtful` where an earlier try of
    it may have done its work."""
    error = ServiceError(status, code, message, method=method, url=url, **more)
    error.doubtful = doubtful
    return error


def silence(
    reason: str = "timed out", *, method: str = "GET", url: str = "https://x", **more: Any
) -> OutOfReachError:
    """A call that nobody answered."""
    return OutOfReachError(reason, method=method, url=url, **more)
