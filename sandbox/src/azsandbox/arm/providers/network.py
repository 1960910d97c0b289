"""Microsoft.Network: private endpoints and their DNS zone groups, stored; no traffic goes through them."""

from __future__ import annotations

from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.errors import gateway
from azsandbox.arm.kinds import Kind
from azsandbox.arm.registry import register
from azsandbox.arm.render import answer
from azsandbox.arm.store import Record
from azsandbox.arm.tracked import TrackedKind, object_of
from azsandbox.messages import Response

_TYPE = "Microsoft.Network/privateEndpoints"
_APPROVED = {"status": "Approved", "description": "Auto-Approved", "actionsRequired": "None"}


@register
class PrivateEndpoints(TrackedKind):
    """`Microsoft.Network/privateEndpoints`: each connection leads to something that is there, and is approved."""

    type = _TYPE

    def filled(self, call: Call, properties: dict[str, Any], old: Record | None) -> dict[str, Any]:
        """Adds the state of each connection. Raises ArmError 400 for one to nothing; text ours (AZ-LOCAL-2)."""
        if not object_of(properties, "subnet").get("id"):
            raise gateway(400, "InvalidRequestFormat", "The subnet of the private endpoint is missing.")
        connections = []
        for each in properties.get("privateLinkServiceConnections") or []:
            told = object_of(each, "properties")
            target = str(told.get("privateLinkServiceId") or "")
            if self.context.store.get(target.lower()) is None:
                raise gateway(400, "InvalidResourceReference", f"Resource {target} was not found.")
            state = {"privateLinkServiceConnectionState": _APPROVED, "provisioningState": "Succeeded"}
            connections.append({**each, "properties": {**told, **state}})
        return {
            "manualPrivateLinkServiceConnections": [],
            **properties,
            "privateLinkServiceConnections": connections,
            "provisioningState": "Succeeded",
        }


@register
class PrivateDnsZoneGroups(Kind):
    """`privateEndpoints/{name}/privateDnsZoneGroups/{name}`."""

    type = f"{_TYPE}/privateDnsZoneGroups"

    async def put(self, call: Call) -> Response:
        """201 when new, else 200."""
        properties = object_of(call.body(), "properties")
        old, parent = self.find(call), call.ancestor(_TYPE.lower())
        record = self.new_record(call, parent.id, {"properties": {**properties, "provisioningState": "Succeeded"}})
        self.context.store.put(record)
        return answer(200 if old else 201, record.document)
