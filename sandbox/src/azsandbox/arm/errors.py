"""What goes wrong, in the three shapes of AZ-ARM-1: gateway, ML front end, workspace provider."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from azsandbox.arm.clock import asset_time
from azsandbox.arm.render import answer
from azsandbox.messages import Response


class ArmError(Exception):
    """An answer other than success. `document` is the whole body."""

    def __init__(self, status: int, document: Any, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(document)
        self.status = status
        self.document = document
        self.headers = dict(headers or {})

    def response(self) -> Response:
        """The answer to send."""
        return answer(self.status, self.document, self.headers)


def gateway(
    status: int, code: str, message: str, headers: Mapping[str, str] | None = None, **more: Any
) -> ArmError:
    """ARM's own: `{"error": {"code", "message"}}` and `x-ms-failure-cause: gateway`."""
    error = {"code": code, "message": message, **more}
    return ArmError(status, {"error": error}, {"x-ms-failure-cause": "gateway", **(headers or {})})


def front_end(
    status: int,
    code: str,
    message: str,
    *,
    region: str,
    ticks: int,
    details: Sequence[tuple[str, str]] = (),
    inner: tuple[str, ...] = (),
) -> ArmError:
    """The ML management front end's (assets, endpoints, jobs).

    `details` are codes and messages of the entries of `details`; `inner` the codes of `InnerError`,
    outermost first. Never both (AZ-ARM-1).
    """
    info: list[dict[str, Any]] = [
        {"type": "ComponentName", "info": {"value": "managementfrontend"}},
        {"type": "Correlation", "info": {"value": _correlation()}},
        {"type": "Environment", "info": {"value": region}},
        {"type": "Location", "info": {"value": region}},
        {"type": "Time", "info": {"value": asset_time(ticks)}},
    ]
    if inner:
        info.append({"type": "InnerError", "info": {"value": _nested(inner)}})
    entries = [{"code": each, "message": text, "details": [], "additionalInfo": []} for each, text in details]
    error = {"code": code, "message": message, "details": entries, "additionalInfo": info}
    return ArmError(status, {"error": error}, {"x-ms-response-type": "error"})


def provider(
    status: int,
    code: str,
    message: str,
    *,
    region: str,
    ticks: int,
    inner: tuple[str, ...] = (),
    component: str = "account-rp",
) -> ArmError:
    """The workspace and connection provider's, with everything spelled out and mostly null."""
    error: dict[str, Any] = {
        "code": code,
        "severity": None,
        "message": message,
        "messageFormat": None,
        "messageParameters": None,
        "referenceCode": None,
        "detailsUri": None,
        "target": None,
        "details": [],
        "innerError": _nested(inner),
        "debugInfo": None,
        "additionalInfo": None,
    }
    document = {
        "error": error,
        "correlation": _correlation(),
        "environment": region,
        "location": region,
        "time": asset_time(ticks),
        "componentName": component,
        "statusCode": status,
    }
    return ArmError(status, document, {"x-ms-response-type": "error"})


def _correlation() -> dict[str, str]:
    return {"operation": secrets.token_hex(16), "request": secrets.token_hex(8)}


def _nested(codes: tuple[str, ...]) -> dict[str, Any] | None:
    nested: dict[str, Any] | None = None
    for code in reversed(codes):
        nested = {"code": code, "innerError": nested}
    return nested
