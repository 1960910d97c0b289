"""Jobs: stored, run in no time, never by anything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.clock import asset_time
from azsandbox.arm.errors import ArmError
from azsandbox.arm.kinds import action
from azsandbox.arm.paging import NewestFirst, page
from azsandbox.arm.providers.ml import longrunning
from azsandbox.arm.providers.ml.base import NAMESPACE, WorkspaceKind, sent_properties
from azsandbox.arm.providers.ml.listing import active
from azsandbox.arm.providers.ml.references import found, read
from azsandbox.arm.registry import register
from azsandbox.arm.render import answer
from azsandbox.arm.store import Record
from azsandbox.arm.systemdata import author
from azsandbox.arm.tracked import object_of
from azsandbox.messages import Response

_CHANGEABLE = ("description", "tags", "properties", "isArchived", "displayName", "notificationSetting", "services")
# Members that name an asset, and its kind.
_LABELLED = {"environmentId": "environments", "componentId": "components"}


def job_document(name: str, sent: dict[str, Any], system: dict[str, Any]) -> dict[str, Any]:
    """A new job of that name, with what the service fills in."""
    default = {
        "description": None,
        "uri": f"azureml://datastores/workspaceartifactstore/ExperimentRun/dcid.{name}",
        "jobOutputType": "uri_folder",
        "mode": None,
    }
    properties: dict[str, Any] = {
        "description": None,
        "tags": {},
        "properties": {},
        "displayName": name,
        "experimentName": "Default",
        "isArchived": False,
        **sent,
        "status": "Starting",
        "outputs": {**object_of(sent, "outputs"), "default": default},
    }
    return {"properties": properties, "systemData": system}


def begin(call: Call, workspace: Record, record: Record, verb: str) -> dict[str, str]:
    """Puts an operation on a job under way: run, cancel, delete."""
    name = f"jobs:{workspace.properties['workspaceId']}:{longrunning.guid()}"
    return longrunning.begin(call, record, verb, form="mfeOperationsStatus", name=name)


@register
class Jobs(WorkspaceKind):
    """`workspaces/jobs`."""

    type = f"{NAMESPACE}/workspaces/jobs"
    case_sensitive = True
    gone_with_workspace = True

    def missing(self, call: Call) -> ArmError:
        """404 in the shape of run history (AZ-ARM-1)."""
        return self.provider_error(call, f"Run {call.name} was not found", status=404, inner=("NotFoundError",))

    def listed(self, call: Call) -> Sequence[Record]:
        """Newest first."""
        return NewestFirst(super().listed(call))

    async def list(self, call: Call) -> Response:
        """GET with `listViewType` and `jobType`."""
        seen, kind = active(call), call.query.get("jobtype", "").lower()

        def wanted(record: Record) -> bool:
            right = not kind or str(record.properties.get("jobType", "")).lower() == kind
            return right and (seen is None or seen(record))

        return page(call, self.listed(call), self.page_size, self.view, wanted)

    async def put(self, call: Call) -> Response:
        """201 for a new job, 200 for a change of what may change; the rest cannot."""
        sent, old = self._resolved(call, sent_properties(call)), self.find(call)
        if old is not None:
            return self._changed(call, sent, old)
        by, kind = author(call.principal)
        # Only the first half of systemData is recorded for a new job (AZ-LIVE-17).
        system = {"createdAt": asset_time(call.tick()), "createdBy": by, "createdByType": kind}
        record = self.new_record(call, self.workspace(call).id, job_document(call.name, sent, system))
        self.context.store.put(record)
        begin(call, self.workspace(call), record, "run")
        return answer(201, record.document, {"Location": call.url})

    def _resolved(self, call: Call, value: Any) -> Any:
        """With the version in place of each label in an environment's or component's id, at any depth.

        Inferred (AZ-LIVE-9): which members are resolved, and into what form; a label of nothing is refused with
        the words of a missing environment, which have a place for it.
        """
        if isinstance(value, list):
            return [self._resolved(call, each) for each in value]
        if not isinstance(value, dict):
            return value
        return {
            name: self._labelled(call, _LABELLED[name], each)
            if name in _LABELLED and isinstance(each, str)
            else self._resolved(call, each)
            for name, each in value.items()
        }

    def _labelled(self, call: Call, kind: str, text: str) -> str:
        reference = read(text, kind, self.workspace(call))
        if reference is None or not reference.label:
            return text
        record = found(self.context, reference)
        if record is None:
            message = f"No {kind[:-1]} exists for name: {reference.name}, version: , label: {reference.label}"
            raise self.user_error(call, message, status=404, inner=("NotFoundError",))
        return f"{reference.id}/versions/{record.name}"

    def _changed(self, call: Call, sent: dict[str, Any], old: Record) -> Response:
        for name, value in sent.items():
            if name not in (*_CHANGEABLE, "status", "outputs") and value != old.properties.get(name):
                raise self.user_error(
                    call, f'Failed to update job {call.name} since "{name}" is immutable.'
                )  # AZ-LOCAL-1
        changed = {name: sent[name] for name in _CHANGEABLE if name in sent}
        old.document = {**old.document, "properties": {**old.properties, **changed}}
        self.context.store.put(old)
        return answer(200, old.document)

    async def delete(self, call: Call) -> Response:
        """202 and an operation; 204 when there is nothing."""
        record = self.find(call)
        return Response(202, b"", begin(call, self.workspace(call), record, "delete")) if record else Response(204)

    @action("POST", "cancel")
    async def cancel(self, call: Call) -> Response:
        """202; what has ended stays as it is."""
        record = self.require(call)
        return Response(202, b"", begin(call, self.workspace(call), record, "cancel"))

    async def settled(self, target: Record | None, operation: Record) -> None:
        """Jobs complete, unless cancelled before or told to `sleep infinity`; deleted ones go."""
        if target is None:
            return
        if operation.hidden["verb"] == "delete":
            self.context.store.remove(target)
        elif target.properties["status"] in ("Starting", "Running"):
            endless = str(target.properties.get("command", "")).strip() == "sleep infinity"
            ended = "Running" if endless else "Completed"
            status = "Canceled" if operation.hidden["verb"] == "cancel" else ended
            target.document = {**target.document, "properties": {**target.properties, "status": status}}
            self.context.store.put(target)
