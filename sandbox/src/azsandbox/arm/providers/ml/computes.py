"""Computes: clusters, instances and what is attached; no systemData, a name for a region."""

from __future__ import annotations

import re
from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.clock import asset_time
from azsandbox.arm.errors import ArmError
from azsandbox.arm.kinds import action
from azsandbox.arm.providers.ml import longrunning
from azsandbox.arm.providers.ml.base import NAMESPACE, ProviderShaped, sent_properties
from azsandbox.arm.registry import register
from azsandbox.arm.render import answer
from azsandbox.arm.store import Record
from azsandbox.arm.tracked import filled_identity, normal_location, object_of
from azsandbox.messages import Response

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{2,23}$")
_OWN = ("AmlCompute", "ComputeInstance")  # what the service makes itself; the rest is attached
_UNDERLYING = {"delete": "delete", "detach": "detach"}  # what `underlyingResourceAction` may be, and the operation


@register
class Computes(ProviderShaped):
    """`workspaces/computes`."""

    type = f"{NAMESPACE}/workspaces/computes"
    gone_with_workspace = True
    obeys = frozenset({"underlyingresourceaction"})

    def missing(self, call: Call) -> ArmError:
        """404; not recorded, in the workspace provider's shape (AZ-LOCAL-1)."""
        message = f"Compute with name {call.name} is not found."
        return self.provider_error(call, message, status=404, inner=("NotFoundError",))

    async def put(self, call: Call) -> Response:
        """201 also for a change, no `Location`, an operation (AZ-LIVE-15)."""
        body, sent, old = call.body(), sent_properties(call), self.find(call)
        if not _NAME.match(call.name):
            raise self.provider_error(call, f"Compute name {call.name} is not valid.")  # text ours (AZ-LOCAL-1)
        term = f"compute-name {self.region(call)} {call.name.lower()}"
        if any(other.key != call.route.key for other in self.context.store.find(term)):
            # Documented as a rule; the text is ours (AZ-LOCAL-1).
            raise self.provider_error(call, f"Compute name {call.name} is already used in this region.")
        record = self._record(call, body, self._filled(call, sent, old), old)
        record.terms = (term,)
        self.context.store.put(record)
        return answer(201, self.view(call, record), self._begin(call, record, "write"))

    def _filled(self, call: Call, sent: dict[str, Any], old: Record | None) -> dict[str, Any]:
        now = asset_time(call.tick())
        kind = str(sent.get("computeType", ""))
        inner = dict(object_of(sent, "properties"))
        if isinstance(inner.get("vmSize"), str):
            inner["vmSize"] = inner["vmSize"].upper()
        inner.pop("adminUserPassword", None)
        path = call.request.path
        cluster = f"{path.rpartition('/providers/')[0]}/providers/Microsoft.BatchAI/workspaces"
        made = f"{cluster}/{self.workspace(call).name}/clusters/{call.name}"
        properties: dict[str, Any] = {
            "createdOn": old.properties["createdOn"] if old else now,
            "modifiedOn": now,
            "disableLocalAuth": bool(sent.get("disableLocalAuth", False)),
            "description": sent.get("description"),
            "resourceId": made if kind in _OWN else sent.get("resourceId"),
            "computeType": kind,
            "computeLocation": normal_location(str(sent.get("computeLocation") or self.region(call))),
            "provisioningState": "Updating" if old else "Creating",
            "provisioningErrors": None,
            "isAttachedCompute": kind not in _OWN,
            "properties": inner,
        }
        return properties | {name: value for name, value in sent.items() if name not in properties}

    def _record(self, call: Call, body: dict[str, Any], properties: dict[str, Any], old: Record | None) -> Record:
        before = old.document if old else {}
        document: dict[str, Any] = {
            "location": normal_location(str(body.get("location") or before.get("location") or self.region(call))),
            "tags": body.get("tags", before.get("tags")),
        }
        identity = filled_identity(self.context, call, body.get("identity"), before.get("identity"))
        if identity is not None:
            document["identity"] = identity
        if body.get("sku") is not None:
            document["sku"] = body["sku"]
        document["properties"] = properties
        return self.new_record(call, self.workspace(call).id, document)

    def _begin(self, call: Call, record: Record, verb: str) -> dict[str, str]:
        return longrunning.begin(call, record, verb, form="computeOperationsStatus", name=longrunning.guid())

    async def patch(self, call: Call) -> Response:
        """202 with the resource in state Updating."""
        record, body = self.require(call), call.body()
        inner = {**record.properties["properties"], **object_of(object_of(body, "properties"), "properties")}
        properties = {**record.properties, "properties": inner, "provisioningState": "Updating"}
        record.document = {**record.document, "properties": properties}
        self.context.store.put(record)
        return answer(202, self.view(call, record), self._begin(call, record, "write"))

    async def delete(self, call: Call) -> Response:
        """202 without a body; `underlyingResourceAction` is required, `Delete` or `Detach` (openapi 2023-04-01).

        What the service made itself cannot be detached. Inferred (AZ-LIVE-10): the service refuses it.
        """
        verb = _UNDERLYING.get(call.query.get("underlyingresourceaction", "").lower())
        if verb is None:
            raise self.provider_error(
                call, "The query parameter underlyingResourceAction is required."
            )  # AZ-LOCAL-1
        record = self.find(call)
        if record is None:
            return Response(204)
        if verb == "detach" and not record.properties["isAttachedCompute"]:
            raise self.provider_error(call, f"Compute {call.name} cannot be detached.")  # text ours (AZ-LOCAL-1)
        properties = {**record.properties, "provisioningState": "Deleting"}
        record.document = {**record.document, "properties": properties}
        self.context.store.put(record)
        return Response(202, b"", self._begin(call, record, verb))

    async def settled(self, target: Record | None, operation: Record) -> None:
        """A write fills what the service fills later; a deletion removes."""
        if target is None:
            return
        if operation.hidden["verb"] in _UNDERLYING.values():
            if operation.hidden["verb"] == "delete":
                self._remove_underlying(target)
            self.context.store.remove(target)
            return
        properties = {**target.properties, "provisioningState": "Succeeded"}
        if properties["computeType"] in _OWN:
            properties["resourceId"] = None
            more = _INSTANCE if properties["computeType"] == "ComputeInstance" else _CLUSTER
            inner = {**more, **properties["properties"]}
            if inner.get("remoteLoginPortPublicAccess") == "NotSpecified":
                inner["remoteLoginPortPublicAccess"] = "Enabled"
            if isinstance(inner.get("scaleSettings"), dict):
                idle = inner["scaleSettings"].get("nodeIdleTimeBeforeScaleDown") or "PT2M"
                inner["scaleSettings"] = {**inner["scaleSettings"], "nodeIdleTimeBeforeScaleDown": idle}
            properties["properties"] = inner
        if operation.hidden["verb"] in ("start", "stop"):
            state = "Running" if operation.hidden["verb"] == "start" else "Stopped"
            properties["properties"] = {**properties["properties"], "state": state}
        target.document = {**target.document, "properties": properties}
        self.context.store.put(target)

    def _remove_underlying(self, target: Record) -> None:
        """What a compute was attached over goes for good, as the description of `Delete` says."""
        behind = self.context.store.get(str(target.properties["resourceId"] or "").lower())
        if behind is not None:
            self.context.store.remove(*self.context.store.below(behind.key), behind)

    @action("POST", "start")
    async def start(self, call: Call) -> Response:
        """202 and an operation."""
        return Response(202, b"", self._begin(call, self.require(call), "start"))

    @action("POST", "stop")
    async def stop(self, call: Call) -> Response:
        """202 and an operation."""
        return Response(202, b"", self._begin(call, self.require(call), "stop"))

    @action("POST", "restart")
    async def restart(self, call: Call) -> Response:
        """202 and an operation."""
        return Response(202, b"", self._begin(call, self.require(call), "start"))

    @action("POST", "listNodes")
    async def list_nodes(self, call: Call) -> Response:
        """No node ever ran."""
        self.require(call)
        return answer(200, {"nodes": [], "nextLink": None})

    @action("POST", "listKeys")
    async def list_keys(self, call: Call) -> Response:
        """The secrets of attached computes are not kept."""
        return answer(200, {"computeType": self.require(call).properties["computeType"]})


_CLUSTER: dict[str, Any] = {
    "osType": "Linux",
    "vmPriority": "Dedicated",
    "isolatedNetwork": False,
    "remoteLoginPortPublicAccess": "Enabled",
    "allocationState": "Steady",
    "currentNodeCount": 0,
    "targetNodeCount": 0,
    "nodeStateCounts": {
        "preparingNodeCount": 0,
        "runningNodeCount": 0,
        "idleNodeCount": 0,
        "unusableNodeCount": 0,
        "leavingNodeCount": 0,
        "preemptedNodeCount": 0,
    },
    "enableNodePublicIp": True,
    "propertyBag": {},
}
_INSTANCE: dict[str, Any] = {
    "applicationSharingPolicy": "Shared",
    "computeInstanceAuthorizationType": "personal",
    "state": "Running",
    "enableNodePublicIp": True,
    "applications": [],
    "errors": [],
}
