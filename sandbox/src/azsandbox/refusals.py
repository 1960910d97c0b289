"""Answers that the front gives by itself, in the shape of the service it stands for."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from xml.sax.saxutils import escape

from multidict import CIMultiDict

from azsandbox.calls import Answer


def arm_error(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> Answer:
    """ARM's own error shape, that of its gateway (AZ-ARM-1)."""
    body = json.dumps({"error": {"code": code, "message": message}}).encode()
    fields = {
        "Content-Type": "application/json; charset=utf-8",
        "x-ms-failure-cause": "gateway",
        **(headers or {}),
    }
    return Answer(status, CIMultiDict(fields), body)


def storage_error(
    status: int,
    code: str,
    message: str,
    headers: dict[str, str] | None = None,
    details: dict[str, str] | None = None,
) -> Answer:
    """The XML of the storage services (learn.microsoft.com, "Status and error codes")."""
    request_id = str(uuid.uuid4())
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    text = f"{escape(message)}\nRequestId:{request_id}\nTime:{now}"
    more = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in (details or {}).items() if value)
    error = f"<Error><Code>{code}</Code><Message>{text}</Message>{more}</Error>"
    body = f'<?xml version="1.0" encoding="utf-8"?>{error}'
    fields = {"Content-Type": "application/xml", "x-ms-error-code": code, "x-ms-request-id": request_id}
    return Answer(status, CIMultiDict({**fields, **(headers or {})}), body.encode())


def is_storage(host: str) -> bool:
    """Whether the host speaks XML."""
    return host.endswith(".core.windows.net")


def in_shape_of(host: str, status: int, code: str, message: str) -> Answer:
    """An error as the services at this host word it."""
    return storage_error(status, code, message) if is_storage(host) else arm_error(status, code, message)


def invalid_host(host: str, named: str) -> Answer:
    """A Host header that is not that of the server it came to. Azure's web servers say so in HTML; text ours."""
    text = f"The Host header names '{named}', and this is {host}."
    return in_shape_of(host, 400, "InvalidHeaderValue" if is_storage(host) else "InvalidHostHeader", text)


def malformed(host: str) -> Answer:
    """What is no HTTP, in its head or in the chunks of its body. Text ours."""
    text = "The request is no well-formed HTTP."
    return in_shape_of(host, 400, "InvalidInput" if is_storage(host) else "BadRequest", text)


def crashed(host: str, reference: str) -> Answer:
    """An error of the sandbox itself; `reference` is found in its server log."""
    text = f"The local Azure failed at this request; see reference {reference} in its server log."
    return in_shape_of(host, 500, "InternalError" if is_storage(host) else "InternalServerError", text)


def too_large(host: str, limit: int) -> Answer:
    """413, as ARM and the storage services say it."""
    if is_storage(host):
        return storage_error(413, "RequestBodyTooLarge", "The request body is too large and exceeds the limit.")
    # As the ARM part itself says it.
    text = f"The request content size exceeds the maximum size of {limit} bytes."
    return arm_error(413, "RequestEntityTooLarge", text)
