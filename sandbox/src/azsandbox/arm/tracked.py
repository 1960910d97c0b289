"""A base for ARM's tracked resources: location, tags, identity, PUT and PATCH at once, no surprises."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from azsandbox.arm.calls import Call, not_an_object
from azsandbox.arm.clock import tracked_time
from azsandbox.arm.context import Context
from azsandbox.arm.errors import gateway
from azsandbox.arm.kinds import Kind
from azsandbox.arm.render import answer
from azsandbox.arm.rights import linked_failed
from azsandbox.arm.store import Record
from azsandbox.arm.systemdata import stamped, tracked_author
from azsandbox.messages import Response

_ASSIGN = "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action"
GROUPS = "microsoft.resources/subscriptions/resourcegroups"


def normal_location(location: str) -> str:
    """`East US 2` as `eastus2`."""
    return location.replace(" ", "").lower()


def object_of(body: dict[str, Any], name: str) -> dict[str, Any]:
    """An object of a body, empty when missing or null. Raises ArmError 400 when it is something else."""
    value = body.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise not_an_object(name)
    return value


def filled_identity(context: Context, call: Call, sent: Any, old: dict[str, Any] | None) -> dict[str, Any] | None:
    """`identity` with the ids that the service fills in; a system-assigned one keeps its principal."""
    if not isinstance(sent, dict):
        return old
    kind = str(sent.get("type", "None")).replace(" ", "")
    filled: dict[str, Any] = {"type": kind}
    if "SystemAssigned" in kind:
        filled["principalId"] = (old or {}).get("principalId") or str(uuid.uuid4())
        filled["tenantId"] = call.principal.tenant_id
    if "UserAssigned" in kind.replace("SystemAssigned", ""):
        users = {}
        for id_ in object_of(sent, "userAssignedIdentities"):
            record = context.store.get(id_.lower())
            if record is None:
                raise gateway(400, "FailedIdentityOperation", f"The identity '{id_}' was not found.")
            if not context.access.granted(call.principal.object_id, _ASSIGN, record.key):
                raise linked_failed(call, _ASSIGN, record.id)
            users[id_] = {name: record.properties[name] for name in ("principalId", "clientId")}
        filled["userAssignedIdentities"] = users
    return filled


class TrackedKind(Kind):
    """PUT 201 or 200 (`created_status`, `updated_status`), PATCH 200; `filled` says what the service adds."""

    tracked = True
    created_status: ClassVar[int] = 201
    updated_status: ClassVar[int] = 200
    shows_system_data: ClassVar[bool] = False
    top_level: ClassVar[tuple[str, ...]] = (
        "kind",
        "sku",
        "tags",
        "zones",
        "plan",
        "extendedLocation",
        "etag",
    )

    def filled(self, call: Call, properties: dict[str, Any], old: Record | None) -> dict[str, Any]:
        """The properties as they are kept. Raises ArmError to refuse."""
        return {**properties, "provisioningState": "Succeeded"}

    async def written(self, call: Call, record: Record, old: Record | None) -> None:
        """What is done once the body is accepted and before it is stored."""

    async def put(self, call: Call) -> Response:
        """Creates or replaces."""
        body = call.body()
        old = self.find(call)
        location = normal_location(str(body.get("location") or ""))
        if not location:
            raise gateway(400, "LocationRequired", "The location property is required for this definition.")
        if old is not None and old.document["location"] != location:
            raise gateway(
                409,
                "InvalidResourceLocation",
                f"The resource '{call.name}' already exists in location '{old.document['location']}' "
                f"in resource group '{call.level(GROUPS).name}'. A resource with the same name cannot be "
                f"created in location '{location}'. Please select a new resource name.",
            )
        return await self._write(call, {**body, "location": location}, old)

    async def patch(self, call: Call) -> Response:
        """Merges `tags`, `identity`, `sku` and `properties` one level deep."""
        old = self.require(call)
        body = call.body()
        kept = {name: old.document[name] for name in (*self.top_level, "location") if name in old.document}
        properties = {**old.properties, **object_of(body, "properties")}
        sent = {name: body[name] for name in (*self.top_level, "identity") if name in body}
        return await self._write(call, {**kept, **sent, "properties": properties}, old)

    async def _write(self, call: Call, body: dict[str, Any], old: Record | None) -> Response:
        group = call.ancestor(GROUPS)
        document: dict[str, Any] = {"location": body["location"]}
        document |= {name: body[name] for name in self.top_level if body.get(name) is not None}
        identity = filled_identity(
            self.context, call, body.get("identity"), old.document.get("identity") if old else None
        )
        if identity is not None:
            document["identity"] = identity
        document["properties"] = self.filled(call, object_of(body, "properties"), old)
        if self.shows_system_data:
            now = tracked_time(call.tick())
            before = old.document.get("systemData") if old else None
            document["systemData"] = stamped(now, tracked_author(call.principal), before)
        record = self.new_record(call, group.id, document, hidden=dict(old.hidden) if old else {})
        if old is not None:
            record.name, record.id = old.name, old.id
            record.document |= {"id": old.id, "name": old.name}
        await self.written(call, record, old)
        self.context.store.put(record)
        return answer(self.updated_status if old else self.created_status, self.view(call, record))
