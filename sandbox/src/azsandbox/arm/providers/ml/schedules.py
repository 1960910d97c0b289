"""Schedules, whose answers lack what all others have: no id and no type (AZ-LIVE-11)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.clock import asset_time
from azsandbox.arm.errors import ArmError
from azsandbox.arm.kinds import action
from azsandbox.arm.paging import page
from azsandbox.arm.providers.ml import longrunning, schedulejobs, triggers
from azsandbox.arm.providers.ml.base import NAMESPACE, WorkspaceKind, sent_properties
from azsandbox.arm.providers.ml.jobs import begin
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

_IMPORT = "ImportData"


def _imports(properties: dict[str, Any]) -> bool:
    return str(object_of(properties, "action").get("actionType")).lower() == _IMPORT.lower()


def _changes_monitor(sent: dict[str, Any], there: dict[str, Any]) -> bool:
    """Inferred (AZ-SCHED-7): another definition is refused; case and members without a value do not count."""
    before = there.get("monitorDefinition")
    return before is not None and _plain(sent.get("monitorDefinition")) != _plain(before)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        each = {name: _plain(member) for name, member in value.items()}
        return {name: member for name, member in each.items() if member not in (None, {}, [])}
    if isinstance(value, list):
        return [_plain(member) for member in value]
    return value.lower() if isinstance(value, str) else value


@register
class Schedules(WorkspaceKind):
    """`workspaces/schedules`."""

    type = f"{NAMESPACE}/workspaces/schedules"

    def missing(self, call: Call) -> ArmError:
        """404; not recorded (AZ-ABSENT-12)."""
        return self.user_error(call, f"Not found schedule {call.name}.", status=404, inner=("NotFoundError",))

    def view(self, call: Call, record: Record) -> dict[str, Any]:
        """`name`, `properties`, `systemData`.

        Inferred (AZ-SCHED-6): a version that is no preview shows of an import of data only what it is.
        """
        shown = {name: record.document[name] for name in ("name", "properties", "systemData")}
        if _imports(record.properties) and not call.preview:
            shown["properties"] = {**record.properties, "action": {"actionType": _IMPORT}}
        return shown

    def beyond(self, call: Call, problem: str) -> bool:
        """Imports of data are an action that only previews have (AZ-SCHED-6)."""
        mine = problem.startswith("properties.action.actionType:")
        return mine and call.preview and _imports(object_of(call.body(), "properties"))

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
        self._check(call, sent, old)
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

    def _check(self, call: Call, sent: dict[str, Any], old: Record | None) -> None:
        """Raises ArmError 400 for what the description of the API does not tell. Texts of ours (AZ-LOCAL-1)."""
        if old is not None and sent.get("displayName") != old.properties.get("displayName"):
            # Create-only by the description of the API.
            raise self.user_error(call, "The displayName of a schedule cannot be changed.")
        happening = object_of(sent, "action")
        if old is not None and _changes_monitor(happening, old.properties["action"]):
            # Below `monitorDefinition` everything is create-only by the description of the API.
            raise self.user_error(call, f"The monitor of schedule {call.name} cannot be changed.")
        found = list(triggers.problems(object_of(sent, "trigger")))
        found += schedulejobs.missing(self.context, self.workspace(call), happening)
        if found:
            raise self.user_error(call, found[0], detail=("ScheduleInvalid", "; ".join(found)))
        if text := schedulejobs.overridden(happening):
            raise self.user_error(call, text, inner=("InvalidPipelineJob", "InvalidJobsOverride"))

    def _filled(self, call: Call, sent: dict[str, Any], old: Record | None) -> dict[str, Any]:
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
        """202 and an operation; 204 when there is nothing.

        An enabled one has to be disabled first (learn `how-to-schedule-pipeline-job`); the text is ours
        (AZ-LOCAL-1).
        """
        record = self.find(call)
        if record is None:
            return Response(204)
        if record.properties["isEnabled"]:
            raise self.user_error(call, f"Schedule {call.name} is enabled. Disable it before you delete it.")
        record.document = {**record.document, "properties": {**record.properties, "provisioningState": "Deleting"}}
        self.context.store.put(record)
        return Response(202, b"", self._begin(call, record, "delete"))

    @action("POST", "trigger")
    async def trigger(self, call: Call) -> Response:
        """200 with the name of the job that it makes; only one that is enabled fires.

        Path, body and answer: sdk `ScheduleOperations.trigger`, for enabled schedules. Inferred (AZ-SCHED-5): that
        a disabled one is refused. Nothing here fires by itself when its time has come.
        """
        record = self.require(call)
        if not record.properties["isEnabled"]:
            raise self.user_error(call, f"Schedule {call.name} is disabled and cannot be triggered.")
        text = str(call.optional_body().get("scheduleTime") or "")
        try:
            when = datetime.fromisoformat(text) if text else datetime.fromtimestamp(self.context.clock.now(), UTC)
        except ValueError:
            raise self.user_error(call, f"scheduleTime '{text}' is no time.") from None
        when = when if when.tzinfo else when.replace(tzinfo=UTC)
        workspace = self.workspace(call)
        job = schedulejobs.run_of(self.context, record, workspace, when, asset_time(call.tick()))
        begin(call, workspace, job, "run")
        kind = record.properties["action"]["actionType"]
        return answer(200, {"scheduleActionType": kind, "submissionId": job.name})

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
