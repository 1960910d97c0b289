"""Microsoft.Resources/deployments of a group: templates whose resources are put one after the other."""

from __future__ import annotations

import json
import secrets
import uuid
from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.clock import tracked_time
from azsandbox.arm.errors import ArmError, gateway
from azsandbox.arm.kinds import Kind
from azsandbox.arm.registry import register
from azsandbox.arm.render import answer
from azsandbox.arm.store import Record
from azsandbox.arm.templates.language import Scope, Template, invalid
from azsandbox.arm.templates.steps import Step, ordered
from azsandbox.arm.tracked import GROUPS, object_of
from azsandbox.messages import Principal, Request, Response

_TYPE = "Microsoft.Resources/deployments"
_HOST = "management.azure.com"
_RUNNING, _OK, _FAILED = "Running", "Succeeded", "Failed"
# learn.microsoft.com, "Troubleshoot common Azure deployment errors".
_FAILURE = (
    "At least one resource deployment operation failed. Please list deployment operations for details. "
    "Please see https://aka.ms/arm-deployment-operations for usage details."
)


@register
class Deployments(Kind):
    """Mode Incremental, with the template in the request; `hidden` has what is left to do and for whom."""

    type = _TYPE

    async def put(self, call: Call) -> Response:
        """201 with an operation to poll; the template is checked first. Raises ArmError 400 or 409."""
        sent = object_of(call.body(), "properties")
        if str(sent.get("mode", "")).lower() != "incremental" or not isinstance(sent.get("template"), dict):
            # Links to templates, and deletions by mode Complete, are not here.
            raise invalid("The sandbox deploys with mode Incremental, and a template in the request")
        old = self.find(call)
        if old is not None and old.properties["provisioningState"] in ("Accepted", _RUNNING):
            text = f"Unable to edit or replace deployment '{call.name}': previous deployment is still active."
            raise gateway(409, "DeploymentActive", text)
        values = _given(object_of(sent, "parameters"))
        record = self._record(call, values, sent["template"])
        template = self._template(record)
        template.check()
        ordered(template)
        self.context.store.put(record)
        self._go_on(record)
        link = f"https://{_HOST}{record.id}/operationStatuses/{secrets.randbelow(10**20):020d}"
        return answer(201, record.document, {"Azure-AsyncOperation": f"{link}?api-version={call.api_version}"})

    def _record(self, call: Call, values: dict[str, Any], template: dict[str, Any]) -> Record:
        group = call.ancestor(GROUPS)
        head = {"id": f"{group.id}/providers/{_TYPE}/{call.name}", "name": call.name, "type": self.type}
        properties = {
            "mode": "Incremental",
            "provisioningState": "Accepted",
            "timestamp": tracked_time(call.tick()),
            "duration": "PT0S",
            "correlationId": str(uuid.uuid4()),
            "providers": [],
            "dependencies": [],
        }
        who = call.principal
        hidden = {
            "values": values,
            "template": template,
            "principal": [who.tenant_id, who.object_id, who.app_id, who.audience],
            "started": self.context.clock.now(),
            "done": [],
        }
        document = {**head, "properties": properties}
        return Record(call.route.key, self.key_type, call.route.parent, head["id"], call.name, document, hidden)

    def _template(self, record: Record) -> Template:
        group = self.context.store.get(record.parent)
        assert group is not None
        scope = Scope(
            record.id.split("/")[2],
            record.hidden["principal"][0],
            group.name,
            group.document["location"],
            self._reference,
        )
        return Template(record.hidden["template"], record.hidden["values"], scope)

    def _reference(self, id_: str) -> dict[str, Any] | None:
        found = self.context.store.get(id_.lower())
        return found.properties if found else None

    def _go_on(self, record: Record) -> None:
        """Has the next part done when the sandbox's usual time for operations is over."""
        name = f"{record.key}/parts/{secrets.token_hex(8)}"
        part = Record(name, f"{self.key_type}/parts", record.key, "", name, {}, {"kind": self.key_type})
        self.context.operations.start(part, record, "deploy")

    async def settled(self, target: Record | None, operation: Record) -> None:
        """Puts what can be put, until something takes its time."""
        if target is None:
            return
        template = self._template(target)
        for step in ordered(template):
            done = next((one for one in target.hidden["done"] if one["id"] == step.id), None)
            if done is None:
                done = await self._put(target, template, step)
            elif done["state"] == _RUNNING:
                await self._poll(target, done)
            if done["state"] != _OK:
                self._note(target, done)
                return
        self._note(target, None)

    async def _put(self, record: Record, template: Template, step: Step) -> dict[str, Any]:
        try:
            body = json.dumps(step.body(template)).encode()
            response = await self._send(record, "PUT", f"{step.id}?api-version={step.version}", body)
        except ArmError as problem:  # an expression that can be worked out only now, and cannot
            response = problem.response()
        state = _OK if response.status < 300 else _FAILED
        link = response.headers.get("Azure-AsyncOperation") or response.headers.get("Location")
        if response.status in (201, 202) and link:
            state = _RUNNING
        error = json.loads(response.body).get("error") if state == _FAILED and response.body else None
        done = {"id": step.id, "type": step.type, "name": step.name, "state": state, "link": link, "error": error}
        record.hidden["done"] = [*record.hidden["done"], done]
        return done

    async def _poll(self, record: Record, done: dict[str, Any]) -> None:
        response = await self._send(record, "GET", str(done["link"]).removeprefix(f"https://{_HOST}"), b"")
        found = json.loads(response.body) if response.body else {}
        status = found.get("status", _OK)
        if status in (_OK, _FAILED, "Canceled"):
            done |= {"state": _OK if status == _OK else _FAILED, "error": found.get("error")}

    async def _send(self, record: Record, method: str, target: str, body: bytes) -> Response:
        """One call in the name of whoever deploys."""
        path, _, query = target.partition("?")
        options = dict(part.partition("=")[::2] for part in query.split("&"))
        headers = {"content-type": "application/json", "authorization": "Bearer"}
        who = Principal(*record.hidden["principal"])
        return await self.context.send(Request(method, _HOST, path, options, headers, body, who, target))

    def _note(self, record: Record, done: dict[str, Any] | None) -> None:
        state = done["state"] if done else _OK
        seconds = self.context.clock.now() - record.hidden["started"]
        properties = {**record.properties, "provisioningState": state, "duration": f"PT{seconds:.7f}S"}
        if state == _OK:
            properties["outputResources"] = [{"id": one["id"]} for one in record.hidden["done"]]
        if state == _FAILED and done:
            details = [done["error"] or {"code": "ResourceDeploymentFailure", "message": ""}]
            properties["error"] = {"code": "DeploymentFailed", "message": _FAILURE, "details": details}
        record.document = {**record.document, "properties": properties}
        self.context.store.put(record)
        if state == _RUNNING:
            self._go_on(record)


@register
class GroupDeployments(Deployments):
    """The same without a provider in the path, as clients ask for its operations."""

    path_type = "microsoft.resources/subscriptions/resourcegroups/deployments"


@register
class DeploymentParts(Kind):
    """What of a deployment is still to be done; not shown."""

    type = f"{_TYPE}/parts"


@register
class DeploymentStatuses(Kind):
    """`operationStatuses/{digits}` of a deployment."""

    type = f"{_TYPE}/operationStatuses"

    async def get(self, call: Call) -> Response:
        """`{status}`, with the error of a failed one (AZ-ARM-14)."""
        properties = call.ancestor(_TYPE).properties
        error = {"error": properties["error"]} if "error" in properties else {}
        return answer(200, {"status": properties["provisioningState"], **error})


@register
class DeploymentOperations(Kind):
    """`operations` of a deployment: one for each resource that was begun."""

    type = f"{_TYPE}/operations"

    async def list(self, call: Call) -> Response:
        """All of them."""
        record = self.context.store.get(call.route.parent)
        assert record is not None
        return answer(200, {"value": [_operation(record, one) for one in record.hidden["done"]]})


@register
class GroupDeploymentOperations(DeploymentOperations):
    """The same without a provider in the path."""

    path_type = "microsoft.resources/subscriptions/resourcegroups/deployments/operations"


def _given(parameters: dict[str, Any]) -> dict[str, Any]:
    """The values that are sent.

    Inferred (AZ-ARM-19): null counts as not sent, so that the default holds.
    """
    if not all(isinstance(each, dict) and set(each) == {"value"} for each in parameters.values()):
        raise invalid("Each parameter is an object with a value")  # references to secrets are not here
    return {name: each["value"] for name, each in parameters.items() if each["value"] is not None}


def _operation(record: Record, one: dict[str, Any]) -> dict[str, Any]:
    number = uuid.uuid5(uuid.NAMESPACE_URL, record.id + one["id"]).hex[:16].upper()
    codes = {_OK: "OK", _FAILED: "BadRequest", _RUNNING: "Accepted"}
    properties = {
        "provisioningOperation": "Create",
        "provisioningState": one["state"],
        "timestamp": record.properties["timestamp"],
        "duration": "PT1S",
        "trackingId": record.properties["correlationId"],
        "serviceRequestId": record.properties["correlationId"],
        "statusCode": codes[one["state"]],
        "targetResource": {"id": one["id"], "resourceType": one["type"], "resourceName": one["name"]},
    }
    if one["error"]:
        properties["statusMessage"] = {"error": one["error"]}
    return {"id": f"{record.id}/operations/{number}", "operationId": number, "properties": properties}
