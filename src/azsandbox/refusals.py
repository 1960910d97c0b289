"""Answers that the front gives by itself, in the shape of the service it stands for."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from xml.sax.saxutils import escape

from multidict import CIMultiDict

from azsandbox.calls import Answer


def arm_error(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> Answer:
    """ARM's own error shape, that of its gateway (wire-facts.md, section 13)."""
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


def invalid_host() -> Answer:
    """What the web servers of Azure say to a Host header that is not theirs."""
    text = (
        '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN""http://www.w3.org/TR/html4/strict.dtd">\r\n'
        "<HTML><HEAD><TITLE>Bad Request</TITLE></HEAD><BODY><h2>Bad Request - Invalid Hostname</h2>"
        "<hr><p>HTTP Error 400. The request hostname is invalid.</p></BODY></HTML>"
    )
    return Answer(400, CIMultiDict({"Content-Type": "text/html; charset=us-ascii"}), text.encode())


def crashed(host: str, reference: str) -> Answer:
    """An error of the sandbox itself; `reference` is found in its server log."""
    text = f"The local Azure failed at this request; see reference {reference} in its server log."
    return in_shape_of(host, 500, "InternalError" if is_storage(host) else "InternalServerError", text)


def too_large(host: str, limit: int) -> Answer:
    """413, as ARM and the storage services say it."""
    if is_storage(host):
        return storage_error(413, "RequestBodyTooLarge", "The request body is too large and exceeds the limit.")
    text = f"The request content size exceeds the maximum size of {limit // 1024 // 1024} MB."
    return arm_error(413, "RequestContentTooLarge", text)
