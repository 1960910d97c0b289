"""Computes: clusters, instances and what is attached; no systemData, a name for a region."""

from __future__ import annotations

from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.clock import asset_time
from azsandbox.arm.errors import ArmError
from azsandbox.arm.kinds import action
from azsandbox.arm.providers.ml import computechecks, computestates, longrunning
from azsandbox.arm.providers.ml.base import NAMESPACE, ProviderShaped, sent_properties
from azsandbox.arm.providers.ml.computechecks import OWN, SECRETS
from azsandbox.arm.providers.ml.computecores import beyond_quota
from azsandbox.arm.providers.ml.quotas import Region
from azsandbox.arm.registry import register
from azsandbox.arm.render import answer
from azsandbox.arm.store import Record
from azsandbox.arm.tracked import filled_identity, normal_location, object_of
from azsandbox.messages import Response

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
        term = f"compute-name {self._place(call, sent, old)} {call.name.lower()}"
        self._check(call, body, old, term)
        record = self._record(call, body, self._filled(call, sent, old), old)
        record.terms = (term,)
        record.hidden = {**(old.hidden if old else {}), **_secrets(sent)}
        self.context.store.put(record)
        return answer(201, self.view(call, record), self._begin(call, record, "write"))

    def _check(self, call: Call, body: dict[str, Any], old: Record | None, term: str) -> None:
        """Raises ArmError 400. `BadRequest` is recorded for what exceeds a quota (Azure/mlops-v2#81)."""
        sent = sent_properties(call)
        if old is None and (wrong := computechecks.wrong_name(call.name)):
            raise self.provider_error(call, wrong)
        if any(other.key != call.route.key for other in self.context.store.find(term)):
            raise self.provider_error(call, computechecks.taken(call.name))
        found = list(computechecks.problems(self.context, _kind_of(sent), sent, body, old))
        if found:
            raise self.provider_error(call, " ".join(found))
        inner = {**(old.properties["properties"] if old else {}), **object_of(sent, "properties")}
        if _kind_of(sent) in OWN:
            beyond = beyond_quota(self._cores(call), self.workspace(call).key, inner)
            if beyond:
                raise self.provider_error(call, beyond, code="BadRequest")

    def _place(self, call: Call, sent: dict[str, Any], old: Record | None) -> str:
        """The region that it lies in, which may be another than its workspace's."""
        told = sent.get("computeLocation") or (old and old.properties["computeLocation"])
        return normal_location(str(told or self.region(call)))

    def _cores(self, call: Call) -> Region:
        return Region(self.context, call.subscription, self.region(call))

    def _filled(self, call: Call, sent: dict[str, Any], old: Record | None) -> dict[str, Any]:
        now = asset_time(call.tick())
        kind = _kind_of(sent)
        inner = computechecks.without_secrets(kind, object_of(sent, "properties"))
        if kind in OWN:
            # A second PUT need not repeat it (specs 2023-04-01, example Compute/createOrUpdate/AmlCompute).
            inner["vmSize"] = str(inner.get("vmSize") or (old and old.properties["properties"]["vmSize"])).upper()
        if kind == "ComputeInstance":
            inner = computestates.of_new_instance(call, inner, old)
        path = call.request.path
        cluster = f"{path.rpartition('/providers/')[0]}/providers/Microsoft.BatchAI/workspaces"
        made = f"{cluster}/{self.workspace(call).name}/clusters/{call.name}"
        properties: dict[str, Any] = {
            "createdOn": old.properties["createdOn"] if old else now,
            "modifiedOn": now,
            "disableLocalAuth": bool(sent.get("disableLocalAuth", False)),
            "description": sent.get("description"),
            "resourceId": made if kind in OWN else sent.get("resourceId"),
            "computeType": kind,
            "computeLocation": self._place(call, sent, old),
            "provisioningState": "Updating" if old else "Creating",
            "provisioningErrors": None,
            "isAttachedCompute": kind not in OWN,
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
        changed = object_of(object_of(body, "properties"), "properties")
        sent = {"computeType": record.properties["computeType"], "properties": changed}
        found = list(computechecks.problems(self.context, _kind_of(sent), sent, {}, record))
        if found:
            raise self.provider_error(call, " ".join(found))
        inner = {**record.properties["properties"], **changed}
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
            self.context.store.remove(target)  # its name is free at once (AZ-COMPUTE-13)
            return
        if target.properties["isAttachedCompute"]:
            properties = {**target.properties, "provisioningState": "Succeeded"}
            target.document = {**target.document, "properties": properties}
        else:
            workspace = self.context.store.get(target.parent)
            region = str(workspace.document["location"]) if workspace else self.context.location
            cores = Region(self.context, target.id.split("/")[2], region)
            operation.hidden["error"] = computestates.ended(cores, target, operation.hidden["verb"])
        self.context.store.put(target)

    def _remove_underlying(self, target: Record) -> None:
        """What a compute was attached over goes for good, as the description of `Delete` says."""
        behind = self.context.store.get(str(target.properties["resourceId"] or "").lower())
        if behind is not None:
            self.context.store.remove(*self.context.store.below(behind.key), behind)

    @action("POST", "start")
    async def start(self, call: Call) -> Response:
        """202 and an operation; only of a compute instance that is stopped. Text of ours (AZ-LOCAL-1)."""
        return self._acted(call, "start")

    @action("POST", "stop")
    async def stop(self, call: Call) -> Response:
        """202 and an operation; only of one that runs. Text of ours (AZ-LOCAL-1)."""
        return self._acted(call, "stop")

    @action("POST", "restart")
    async def restart(self, call: Call) -> Response:
        """202 and an operation; only of one that runs. Text of ours (AZ-LOCAL-1)."""
        return self._acted(call, "restart")

    def _acted(self, call: Call, verb: str) -> Response:
        record = self.require(call)
        if told := computestates.begun(record, verb, asset_time(call.tick())):
            raise self.provider_error(call, told)
        self.context.store.put(record)
        return Response(202, b"", self._begin(call, record, verb))

    @action("POST", "listNodes")
    async def list_nodes(self, call: Call) -> Response:
        """The nodes that a cluster holds, all idle: nothing ever runs."""
        count = self.require(call).properties["properties"].get("currentNodeCount") or 0
        nodes = [
            {
                "nodeId": f"tvm-{number}",
                "nodeState": "idle",
                "privateIpAddress": f"10.0.0.{number + 4}",
                "publicIpAddress": None,
                "port": 50000 + number,
                "runId": None,
            }
            for number in range(int(count))
        ]
        return answer(200, {"nodes": nodes, "nextLink": None})

    @action("POST", "listKeys")
    async def list_keys(self, call: Call) -> Response:
        """The secrets of an attached compute, as they were sent last (specs 2023-04-01, `ComputeSecrets`)."""
        record = self.require(call)
        return answer(200, {"computeType": record.properties["computeType"], **record.hidden})


def _kind_of(sent: dict[str, Any]) -> str:
    """The type of a compute as descriptions spell it."""
    kind = str(sent.get("computeType", ""))
    return next((each for each in (*OWN, *SECRETS) if each.lower() == kind.lower()), kind)


def _secrets(sent: dict[str, Any]) -> dict[str, Any]:
    name = SECRETS.get(_kind_of(sent), "")
    value = object_of(sent, "properties").get(name)
    return {name: value} if value else {}
