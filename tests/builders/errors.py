"""Answers of Azure that are errors, and no answer at all."""

from __future__ import annotations

from amlmigrate.cloud.errors import OutOfReachError, ServiceError


def refusal(
    status: int = 403,
    code: str = "AuthorizationFailed",
    message: str = "no",
    *,
    method: str = "GET",
    doubtful: bool = False,
) -> ServiceError:
    """An answer that is an error; `doubtful` where an earlier try of it may have done its work."""
    error = ServiceError(status, code, message, method=method, url="https://x")
    error.doubtful = doubtful
    return error


def silence() -> OutOfReachError:
    """A call that nobody answered."""
    return OutOfReachError("timed out", method="GET", url="https://x")
