"""Where long-running operations of Azure ML are polled, and what is answered there (wire-facts §14)."""

from __future__ import annotations

import secrets
import uuid
from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.clock import asset_time
from azsandbox.arm.context import Context
from azsandbox.arm.errors import gateway
from azsandbox.arm.kinds import Kind, action, register
from azsandbox.arm.providers.ml.base import NAMESPACE
from azsandbox.arm.render import answer
from azsandbox.arm.store import Record
from azsandbox.messages import Response

_TICKS_TO_1970 = 621_355_968_000_000_000  # .NET counts from the year 1
_CERTIFICATE = secrets.token_urlsafe(2100)


@register
class ProviderOperations(Kind):
    """`/providers/Microsoft.MachineLearningServices/operations`: none are listed."""

    type = f"{NAMESPACE}/operations"


@register
class Locations(Kind):
    """The level above the operations; nothing is stored of it."""

    type = f"{NAMESPACE}/locations"
    implied = True

    @action("GET", "usages")
    async def usages(self, call: Call) -> Response:
        """Nothing is used."""
        return answer(200, {"value": []})

    @action("GET", "quotas")
    async def quotas(self, call: Call) -> Response:
        """Nothing is limited."""
        return answer(200, {"value": []})

    @action("POST", "updateQuotas")
    async def update_quotas(self, call: Call) -> Response:
        """Nothing is limited."""
        return answer(200, {"value": []})

    @action("GET", "vmSizes")
    async def vm_sizes(self, call: Call) -> Response:
        """None are known."""
        return answer(200, {"value": []})


class Polled(Kind):
    """Operations of one form of address."""

    case_sensitive = True

    async def get(self, call: Call) -> Response:
        """The state of the operation."""
        record = self.find(call)
        if record is None:
            raise gateway(404, "NotFound", f"The operation '{call.name}' was not found.")
        return self.state(call, record.hidden, record)

    def state(self, call: Call, hidden: dict[str, Any], record: Record) -> Response:
        """The answer to a poll."""
        if hidden["error"]:
            # Bodies of failed operations are in no recording; this is ARM's published form [I].
            return answer(200, {"status": "Failed", "error": hidden["error"]})
        if hidden["ended"]:
            return answer(200, {"status": "Succeeded", "percentComplete": 100.0})
        return answer(200, {"status": "InProgress"})


@register
class WorkspaceOperations(Polled):
    """`workspaceOperationsStatus/<43 characters>`, asked with `type=async` or `type=location`."""

    type = f"{NAMESPACE}/locations/workspaceOperationsStatus"

    def state(self, call: Call, hidden: dict[str, Any], record: Record) -> Response:
        """`type=location` answers 202 and at the end 200, both without a body."""
        if call.query.get("type") == "location" and not hidden["error"]:
            return Response(200 if hidden["ended"] else 202)
        return super().state(call, hidden, record)


@register
class ComputeOperations(Polled):
    """`computeOperationsStatus/<guid>`."""

    type = f"{NAMESPACE}/locations/computeOperationsStatus"


@register
class FrontEndOperations(Polled):
    """`mfeOperationsStatus/<prefix>:<workspaceId>:<id>`: id, name, times; `Updating` while under way."""

    type = f"{NAMESPACE}/locations/mfeOperationsStatus"

    def state(self, call: Call, hidden: dict[str, Any], record: Record) -> Response:
        """Schedules (`s:`) have another key order and no percentage (wire-facts §10)."""
        status = "Failed" if hidden["error"] else "Succeeded" if hidden["ended"] else "Updating"
        start = asset_time(hidden["started"])
        end = asset_time(hidden["ended"]) if hidden["ended"] else "0001-01-01T00:00:00+00:00"
        if record.name.startswith("s:"):
            id_ = record.id.replace("/mfeOperationsStatus/", "/mfeOperationResults/")
            document: dict[str, Any] = {
                "id": id_,
                "name": record.name,
                "status": status,
                "startTime": start,
                "endTime": end,
            }
        else:
            # percentComplete stays 0.0 even at the end in the recordings of 2026 (wire-facts §9).
            document = {
                "id": record.id,
                "name": record.name,
                "startTime": start,
                "endTime": end,
                "percentComplete": 0.0,
                "status": status,
            }
        if hidden["error"]:
            document["error"] = hidden["error"]
        return answer(200, document)


@register
class FrontEndResults(FrontEndOperations):
    """`mfeOperationResults/…`, the `Location` of a delete: 200 with the same JSON (wire-facts §9)."""

    type = f"{NAMESPACE}/locations/mfeOperationResults"

    def find(self, call: Call) -> Record | None:
        """The operation is stored under its other address."""
        return self.context.store.get(call.route.key.replace("/mfeoperationresults/", "/mfeoperationsstatus/"))


def begin(call: Call, target: Record, verb: str, *, form: str, name: str, factor: float = 1.0) -> dict[str, str]:
    """Puts an operation under way. The answer's headers: `Azure-AsyncOperation` and `Location`.

    `form` is the type of address, `name` what an operation is called there.
    """
    context = call.context
    region = _region_of(context, target)
    subscription = target.id.split("/")[2]
    base = f"/subscriptions/{subscription}/providers/{NAMESPACE}/locations/{region}"
    id_ = f"{base}/{form}/{name}"
    key = f"{base.lower()}/{form.lower()}/{name}"
    type_ = f"{NAMESPACE.lower()}/locations/{form.lower()}"
    record = Record(key, type_, key.rsplit("/", 2)[0], id_, name, {}, {"kind": target.type})
    context.operations.start(record, target, verb, factor)
    link = f"https://management.azure.com{id_}?api-version={call.api_version}"
    signed = _signature(context)
    if form == "workspaceOperationsStatus":
        return {
            "Location": f"{link}&type=location{signed}",
            "Azure-AsyncOperation": f"{link}&type=async{signed}",
        }
    if form == "computeOperationsStatus":
        return {"Azure-AsyncOperation": f"{link}&service=new{signed}"}
    results = link.replace("/mfeOperationsStatus/", "/mfeOperationResults/")
    return {
        "Azure-AsyncOperation": link + signed,
        "Location": results + signed,
        "x-ms-async-operation-timeout": "PT30M",
    }


def _signature(context: Context) -> str:
    """What ARM appends since 2024: time, certificate, signature and hash, 3,500 characters to be followed."""
    ticks = context.clock.tick() + _TICKS_TO_1970
    return f"&t={ticks}&c={_CERTIFICATE}&s={secrets.token_urlsafe(256)}&h={secrets.token_urlsafe(32)}"


def random_name() -> str:
    """43 characters of base64url, as workspace operations have them."""
    return secrets.token_urlsafe(32)


def guid() -> str:
    """A new guid."""
    return str(uuid.uuid4())


def _region_of(context: Context, target: Record) -> str:
    key = "/".join(target.key.split("/")[:9])
    workspace = context.store.get(key) or context.store.get_gone(key)
    return str(workspace.document["location"]) if workspace else context.location
