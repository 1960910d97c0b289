"""Schedules, whose answers lack what all others have: no id and no type (AZ-LIVE-11)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.clock import asset_time
from azsandbox.arm.errors import ArmError
from azsandbox.arm.paging import page
from azsandbox.arm.providers.ml import longrunning
from azsandbox.arm.providers.ml.base import NAMESPACE, WorkspaceKind, sent_properties
from azsandbox.arm.queries import one_of
from azsandbox.arm.registry import register
from azsandbox.arm.render import answer
from azsandbox.arm.store import Record
from azsandbox.arm.systemdata import author, stamped
from azsandbox.arm.tracked import object_of
from azsandbox.messages import Response

# The nulls that a job definition is padded with; which they all are is not recorded (AZ-LIVE-11).
_JOB: dict[str, Any] = {
    "description": None,
    "properties": {},
    "tags": {},
    "componentId": None,
    "computeId": None,
    "displayName": None,
    "experimentName": None,
    "identity": None,
    "isArchived": False,
    "notificationSetting": None,
    "services": None,
    "status": "NotStarted",
}


@register
class Schedules(WorkspaceKind):
    """`workspaces/schedules`."""

    type = f"{NAMESPACE}/workspaces/schedules"

    def missing(self, call: Call) -> ArmError:
        """404; not recorded (AZ-ABSENT-12)."""
        return self.user_error(call, f"Not found schedule {call.name}.", status=404, inner=("NotFoundError",))

    def view(self, call: Call, record: Record) -> dict[str, Any]:
        """`name`, `properties`, `systemData`."""
        return {name: record.document[name] for name in ("name", "properties", "systemData")}

    async def list(self, call: Call) -> Response:
        """GET with `listViewType`: EnabledOnly unless asked, DisabledOnly, All."""
        view = one_of(call.query, "listviewtype", "enabledonly", "disabledonly", "all")
        enabled = view != "disabledonly"

        def wanted(record: Record) -> bool:
            return view == "all" or bool(record.properties["isEnabled"]) is enabled

        return page(call, self.listed(call), self.page_size, self.view, wanted)

    async def put(self, call: Call) -> Response:
        """201 also for a change, with the properties alone, and an operation."""
        sent, old = sent_properties(call), self.find(call)
        now = asset_time(call.tick())
        before = old.document["systemData"] if old else None
        document = {
            "properties": self._filled(call, sent, old),
            "systemData": stamped(now, author(call.principal), before),
        }
        record = self.new_record(call, self.workspace(call).id, document)
        self.context.store.put(record)
        headers = self._begin(call, record, "write")
        location = call.url.partition("?")[0] + f"?api-version={call.api_version}"
        return answer(201, {"properties": record.properties}, {**headers, "Location": location})

    def _filled(self, call: Call, sent: dict[str, Any], old: Record | None) -> dict[str, Any]:
        if old is not None and sent.get("displayName") != old.properties.get("displayName"):
            # Create-only by the description of the API; the text is ours (AZ-LOCAL-1).
            raise self.user_error(call, "The displayName of a schedule cannot be changed.")
        trigger = {"endTime": None, "startTime": None, **object_of(sent, "trigger")}
        if old is not None and trigger["startTime"] is None:
            trigger["startTime"] = old.properties["trigger"]["startTime"]
        happening = dict(object_of(sent, "action"))
        if isinstance(happening.get("jobDefinition"), dict):
            happening["jobDefinition"] = {**_JOB, **happening["jobDefinition"]}
        properties: dict[str, Any] = {
            "description": sent.get("description"),
            "properties": sent.get("properties") or {},
            "tags": sent.get("tags") or {},
            "displayName": sent.get("displayName"),
            "isEnabled": bool(sent.get("isEnabled", True)),
            "trigger": trigger,
            "action": happening,
            "provisioningState": "Updating" if old else "Creating",
        }
        return properties | {name: value for name, value in sent.items() if name not in properties}

    def _begin(self, call: Call, record: Record, verb: str) -> dict[str, str]:
        name = f"s:{self.workspace(call).properties['workspaceId']}:{longrunning.random_name()}"
        return longrunning.begin(call, record, verb, form="mfeOperationsStatus", name=name)

    async def delete(self, call: Call) -> Response:
        """202 and an operation; 204 when there is nothing."""
        record = self.find(call)
        return Response(202, b"", self._begin(call, record, "delete")) if record else Response(204)

    async def settled(self, target: Record | None, operation: Record) -> None:
        """A write fills the start, a local time without a zone; a deletion removes."""
        if target is None:
            return
        if operation.hidden["verb"] == "delete":
            self.context.store.remove(target)
            return
        trigger = dict(target.properties["trigger"])
        if trigger["startTime"] is None:
            now = datetime.fromtimestamp(self.context.clock.now(), UTC)
            trigger["startTime"] = now.strftime("%Y-%m-%dT%H:%M:%S")
        properties = {**target.properties, "trigger": trigger, "provisioningState": "Succeeded"}
        target.document = {**target.document, "properties": properties}
        self.context.store.put(target)
