"""Where long-running operations of Azure ML are polled, and what is answered there (AZ-ARM-13)."""

from __future__ import annotations

from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.clock import asset_time
from azsandbox.arm.errors import gateway
from azsandbox.arm.kinds import Kind, action
from azsandbox.arm.providers.ml import quotas
from azsandbox.arm.providers.ml.base import NAMESPACE
from azsandbox.arm.providers.ml.machines import MACHINES
from azsandbox.arm.registry import register
from azsandbox.arm.render import answer
from azsandbox.arm.store import Record
from azsandbox.messages import Response


@register
class ProviderOperations(Kind):
    """`/providers/Microsoft.MachineLearningServices/operations`: none are listed."""

    type = f"{NAMESPACE}/operations"
    open_to_all = True


@register
class Locations(Kind):
    """The level above the operations; nothing is stored of it."""

    type = f"{NAMESPACE}/locations"
    implied = True

    @action("GET", "usages")
    async def usages(self, call: Call) -> Response:
        """Cores in use and their limits, in all and by family of machines."""
        return answer(200, {"value": quotas.usages(call)})

    @action("GET", "quotas")
    async def list_quotas(self, call: Call) -> Response:
        """The limits."""
        return answer(200, {"value": quotas.quotas(call)})

    @action("POST", "updateQuotas")
    async def update_quotas(self, call: Call) -> Response:
        """Sets limits."""
        return answer(200, {"value": quotas.update(call)})

    @action("GET", "vmSizes")
    async def vm_sizes(self, call: Call) -> Response:
        """The sizes of machines that computes can have."""
        return answer(200, {"value": [machine.shown() for machine in MACHINES.values()]})


class Polled(Kind):
    """Operations of one form of address."""

    case_sensitive = True
    open_to_all = True  # the address is signed by ARM (AZ-ARM-3)

    async def get(self, call: Call) -> Response:
        """The state of the operation."""
        record = self.find(call)
        if record is None:
            raise gateway(404, "NotFound", f"The operation '{call.name}' was not found.")
        return self.state(call, record.hidden, record)

    def state(self, call: Call, hidden: dict[str, Any], record: Record) -> Response:
        """The answer to a poll."""
        if hidden["error"]:
            # Bodies of failed operations are in no recording; this is ARM's published form (AZ-ARM-14).
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
        """Schedules (`s:`) have another key order and no percentage (AZ-LIVE-11)."""
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
            # percentComplete stays 0.0 even at the end in the recordings of 2026 (AZ-LIVE-13).
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
    """`mfeOperationResults/…`, the `Location` of a delete: 200 with the same JSON (AZ-ARM-13)."""

    type = f"{NAMESPACE}/locations/mfeOperationResults"

    def find(self, call: Call) -> Record | None:
        """The operation is stored under its other address."""
        return self.context.store.get(call.route.key.replace("/mfeoperationresults/", "/mfeoperationsstatus/"))
