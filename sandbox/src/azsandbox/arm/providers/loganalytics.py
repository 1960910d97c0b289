"""Microsoft.OperationalInsights: Log Analytics workspaces, dedicated clusters, and the link between them."""

from __future__ import annotations

import uuid
from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.errors import gateway
from azsandbox.arm.kinds import Kind
from azsandbox.arm.registry import register
from azsandbox.arm.render import answer
from azsandbox.arm.store import Record
from azsandbox.arm.tracked import TrackedKind, object_of
from azsandbox.messages import Response

_NAMESPACE = "Microsoft.OperationalInsights"


@register
class LogWorkspaces(TrackedKind):
    """`workspaces`. One that was deleted without `force` comes back when it is made again in its place.

    Inferred (AZ-DEL-8): so it is recovered, in its group and location; what is sent then counts over what it was;
    one in another location comes back too, which Azure may refuse. Another group was refused once
    (MicrosoftDocs/azure-docs#41719); here it is not.
    """

    type = f"{_NAMESPACE}/workspaces"
    obeys = frozenset({"force"})

    def filled(self, call: Call, properties: dict[str, Any], old: Record | None) -> dict[str, Any]:
        """Adds the id that queries use."""
        known = old or self.context.store.get_gone(call.route.key)
        before = known.properties if known else {}
        defaults = {"sku": {"name": "pergb2018"}, "retentionInDays": 30, "features": {}}
        made = {"customerId": before.get("customerId") or str(uuid.uuid4()), "provisioningState": "Succeeded"}
        return {**defaults, **before, **properties, **made}

    async def delete(self, call: Call) -> Response:
        """200; it can be recovered, unless `force=true` is asked for."""
        record = self.find(call)
        if record is None or call.query.get("force", "").lower() == "true":
            return await super().delete(call)
        record.gone = True
        self.context.store.put(record)
        return Response(200)


@register
class DeletedLogWorkspaces(Kind):
    """`deletedWorkspaces` of a group or a subscription: those that can be recovered."""

    type = f"{_NAMESPACE}/deletedWorkspaces"

    async def list(self, call: Call) -> Response:
        """All of them."""
        found = self.context.store.gone_of_type(LogWorkspaces.type.lower(), call.route.parent)
        return answer(200, {"value": [one.document for one in found]})


@register
class LogClusters(TrackedKind):
    """`clusters`: what a customer's key for logs is set on."""

    type = f"{_NAMESPACE}/clusters"

    def filled(self, call: Call, properties: dict[str, Any], old: Record | None) -> dict[str, Any]:
        """Adds the cluster's id."""
        before = old.properties if old else {}
        made = {"clusterId": before.get("clusterId") or str(uuid.uuid4()), "provisioningState": "Succeeded"}
        return {**before, **properties, **made}


@register
class LinkedServices(Kind):
    """`workspaces/{name}/linkedServices/cluster`: which cluster keeps a workspace's logs."""

    type = f"{_NAMESPACE}/workspaces/linkedServices"

    async def put(self, call: Call) -> Response:
        """200; the workspace shows the cluster among its features."""
        properties = object_of(call.body(), "properties")
        cluster = self.context.store.get(str(properties.get("writeAccessResourceId") or "").lower())
        if cluster is None:
            raise gateway(400, "BadArgument", "The linked resource was not found.")  # text ours (AZ-LOCAL-2)
        workspace = call.ancestor(f"{_NAMESPACE}/workspaces")
        features = {**workspace.properties["features"], "clusterResourceId": cluster.id}
        workspace.document = {**workspace.document, "properties": {**workspace.properties, "features": features}}
        document = {"properties": {**properties, "provisioningState": "Succeeded"}}
        record = self.new_record(call, workspace.id, document)
        self.context.store.put(workspace, record)
        return answer(200, record.document)
