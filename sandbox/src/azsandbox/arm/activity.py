"""The activity log of a subscription: what was changed, by whom, and how it ended (AZ-POLICY-23, AZ-POLICY-24).

Changes of what lies in a workspace are left out: thousands of assets are put there. What a caller has no right to
is left out too.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from azsandbox.arm.calls import Call
from azsandbox.arm.clock import tracked_time
from azsandbox.arm.ground import Ground
from azsandbox.arm.monitor import activityrules
from azsandbox.arm.rights import action_of
from azsandbox.arm.store import Record

EVENTS = "microsoft.insights/eventtypes/values"
_PLACE = "providers/microsoft.insights/eventtypes/management"
_IN_WORKSPACES = "microsoft.machinelearningservices/workspaces/"
_TICKS_TO_1970 = 621_355_968_000_000_000  # .NET counts from the year 1
_CLAIMS = "http://schemas.microsoft.com/identity/claims"


def place(subscription: str) -> str:
    """The key of the log of a subscription."""
    return f"/subscriptions/{subscription.lower()}/{_PLACE}"


def noted(call: Call, status: int, headers: Mapping[str, str] | None = None) -> None:
    """Writes the begin and the end of a call that changes something, or tried to; rules on the log fire for it.

    What takes longer is accepted first, and has another end when its operation has (`ended`).
    """
    if not call.subscription or call.request.method in ("GET", "HEAD") or _is_left_out(call):
        return
    shared = _shared(call)
    operation = _operation(call, headers or {})
    if operation is not None:
        operation.hidden["event"] = shared
        call.context.store.put(operation)
    state = "Failed" if status >= 400 else "Accepted" if operation or status == 202 else "Succeeded"
    _write(call.context, shared, "BeginRequest", "Started", 0)
    _write(call.context, shared, "EndRequest", state, status)


def ended(ground: Ground, operation: Record) -> None:
    """Writes the end of what took longer (AZ-MONITOR-65)."""
    if shared := operation.hidden.get("event"):
        _write(ground, shared, "EndRequest", "Failed" if operation.hidden["error"] else "Succeeded", 0)


def _operation(call: Call, headers: Mapping[str, str]) -> Record | None:
    """The operation that an answer says is to be polled."""
    for name in ("Azure-AsyncOperation", "Location"):
        way, _, last = urlsplit(headers.get(name, "")).path.rpartition("/")
        found = call.context.store.get(f"{way.lower()}/{last}")
        if found is not None and "due" in found.hidden:
            return found
    return None


def _write(ground: Ground, shared: dict[str, Any], name: str, state: str, status: int) -> None:
    event = _event(ground, shared, name, state, status)
    ground.store.put(event)
    activityrules.alarm(ground, event.document)


def _is_left_out(call: Call) -> bool:
    return call.route.kind.key_type.startswith(_IN_WORKSPACES) or action_of(call).lower().endswith("/read")


def _event(ground: Ground, shared: dict[str, Any], name: str, state: str, status: int) -> Record:
    ticks, id_ = ground.clock.tick(), str(uuid.uuid4())
    said = _said(status)
    document = {
        **shared,
        "eventDataId": id_,
        "eventName": {"value": name, "localizedValue": name.replace("Request", " request")},
        "id": f"{shared['resourceId']}/events/{id_}/ticks/{ticks + _TICKS_TO_1970}",
        "level": "Error" if state == "Failed" else "Informational",
        "status": {"value": state, "localizedValue": state},
        "subStatus": {"value": said.replace(" ", ""), "localizedValue": _localized(said, status)},
        "properties": {**({"statusCode": said.replace(" ", "")} if said else {}), **shared["properties"]},
        "eventTimestamp": tracked_time(ticks),
        "submissionTimestamp": tracked_time(ticks),
    }
    parent = place(shared["subscriptionId"])
    key = f"{parent}/values/{id_}"
    return Record(key, EVENTS, parent, str(document["id"]), id_, document)


def _said(status: int) -> str:
    return HTTPStatus(status).phrase if status else ""


def _localized(said: str, status: int) -> str:
    return f"{said} (HTTP Status Code: {status})" if said else ""


def _shared(call: Call) -> dict[str, Any]:
    """What begin and end have in common. `caller` of an application is its object id (AZ-POLICY-23)."""
    who, path, operation = call.principal, call.request.path.rstrip("/"), action_of(call)
    if call.route.action is not None:
        path = path[: len(path) - len(call.route.action) - 1]
    parts = path.split("/")
    group = parts[4] if len(parts) > 4 and parts[3].lower() == "resourcegroups" else ""
    namespace, type_ = call.route.kind.type.partition("/")[0], call.route.kind.type
    correlation = str(uuid.uuid4())
    return {
        "authorization": {"action": operation, "scope": path},
        "caller": who.object_id,
        "category": {"value": "Administrative", "localizedValue": "Administrative"},
        "channels": "Operation",
        "claims": {
            "aud": who.audience,
            "iss": f"https://sts.windows.net/{who.tenant_id}/",
            "appid": who.app_id,
            "idtyp": "app",
            f"{_CLAIMS}/objectidentifier": who.object_id,
            f"{_CLAIMS}/tenantid": who.tenant_id,
        },
        "correlationId": correlation,
        "description": "",
        "httpRequest": {"clientRequestId": "", "clientIpAddress": "127.0.0.1", "method": call.request.method},
        "operationId": correlation,
        "operationName": {"value": operation, "localizedValue": operation},
        "properties": {"eventCategory": "Administrative", "entity": path, "message": operation},
        "resourceGroupName": group,
        "resourceId": path,
        "resourceProviderName": {"value": namespace, "localizedValue": namespace},
        "resourceType": {"value": type_, "localizedValue": type_},
        "subscriptionId": call.subscription,
        "tenantId": who.tenant_id,
    }
