"""What endpoints and deployments share: tracked resources, written and deleted as operations."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from azsandbox.arm.calls import Call
from azsandbox.arm.clock import asset_time
from azsandbox.arm.providers.ml import longrunning
from azsandbox.arm.providers.ml.base import WorkspaceKind, sent_properties
from azsandbox.arm.render import answer
from azsandbox.arm.store import Record
from azsandbox.arm.systemdata import author
from azsandbox.arm.tracked import filled_identity, normal_location, object_of
from azsandbox.messages import Response

_NAME = re.compile(r"[A-Za-z](?:-?[A-Za-z0-9]){2,31}$")
_TIMEOUT = {"x-ms-async-operation-timeout": "PT30M"}


class InferenceKind(WorkspaceKind):
    """PUT 201 with the resource and an operation, DELETE 202 with one (AZ-ARM-13)."""

    tracked = True
    prefix: ClassVar[str] = ""  # of the operations of a PUT
    delete_prefix: ClassVar[str] = ""
    delete_body: ClassVar[bytes] = b""
    collection: ClassVar[str] = ""

    def filled(self, call: Call, sent: dict[str, Any], old: Record | None) -> dict[str, Any]:
        """The properties as they are kept. Raises ArmError to refuse."""
        raise NotImplementedError

    def finished(self, record: Record) -> dict[str, Any]:
        """The properties once the operation has ended."""
        return {**record.properties, "provisioningState": "Succeeded"}

    def failure(self, record: Record) -> dict[str, Any] | None:
        """The error with which the operation ends, where it cannot succeed."""
        return None

    def write_only(self, sent: dict[str, Any], old: Record | None) -> dict[str, Any]:
        """What is kept and never shown."""
        return {}

    def parent_id(self, call: Call) -> str:
        """The id of what the resource lies in."""
        record = self.context.store.get(call.route.parent)
        assert record is not None
        return record.id

    def terms(self, call: Call) -> tuple[str, ...]:
        """What the resource can be found by."""
        return ()

    async def put(self, call: Call) -> Response:
        """201 with `Location` and `Azure-AsyncOperation`, new or not."""
        body, sent, old = call.body(), sent_properties(call), self.find(call)
        if old is None and not _NAME.match(call.name):
            raise self.user_error(call, f"The name '{call.name}' is not valid.")  # rule documented, text ours
        properties = self.filled(call, sent, old)
        properties["provisioningState"] = "Updating" if old else "Creating"
        hidden = self.write_only(sent, old)
        record = self._record(call, body, properties, old)
        record.hidden, record.terms = hidden, self.terms(call)
        return self._begun(call, record)

    async def patch(self, call: Call) -> Response:
        """202 with an operation; tags, identity, sku and what properties may be sent (AZ-LIVE-13)."""
        old, body = self.require(call), call.body()
        sent = {**old.properties, **object_of(body, "properties")}
        if "sku" in body:
            # All members of `PartialSku` may be left out (openapi 2023-04-01).
            body = {**body, "sku": {**object_of(old.document, "sku"), **object_of(body, "sku")}}
        properties = self.filled(call, sent, old) | {"provisioningState": "Updating"}
        record = self._record(call, body, properties, old)
        record.hidden = old.hidden
        record.terms = old.terms
        self.context.store.put(record)
        headers = longrunning.begin(call, record, "update", form="mfeOperationsStatus", name=self._operation(call))
        return Response(202, b"", headers)

    def _record(self, call: Call, body: dict[str, Any], properties: dict[str, Any], old: Record | None) -> Record:
        now = asset_time(call.tick())
        before = old.document if old else {}
        created = before.get("systemData") or {"createdAt": now, "createdBy": author(call.principal)[0]}
        document: dict[str, Any] = {
            "properties": properties,
            # Without ...ByType: recorded so.
            "systemData": {"createdAt": created["createdAt"], "createdBy": created["createdBy"]}
            | {"lastModifiedAt": now},
            "tags": object_of(body, "tags") if "tags" in body else before.get("tags", {}),
            "location": normal_location(str(body.get("location") or before.get("location") or self.region(call))),
        }
        for name in ("sku", "kind"):
            value = body.get(name) or before.get(name) or self.top_defaults().get(name)
            if value is not None:
                document[name] = value
        identity = filled_identity(self.context, call, body.get("identity"), before.get("identity"))
        document["identity"] = identity or self.no_identity()
        if document["identity"] is None:
            del document["identity"]
        return self.new_record(call, self.parent_id(call), document)

    def top_defaults(self) -> dict[str, Any]:
        """`kind` and `sku` where none is sent."""
        return {}

    def no_identity(self) -> dict[str, Any] | None:
        """`identity` where none is sent."""
        return None

    def _begun(self, call: Call, record: Record) -> Response:
        self.context.store.put(record)
        name = self._operation(call)
        headers = longrunning.begin(call, record, "write", form="mfeOperationsStatus", name=name)
        inner = {**(record.properties.get("properties") or {}), **self._inner(record, headers)}
        record.document = {**record.document, "properties": {**record.properties, "properties": inner}}
        self.context.store.put(record)
        location = call.url.partition("?")[0] + f"?api-version={call.api_version}"
        return answer(201, self.view(call, record), {**headers, "Location": location})

    def _inner(self, record: Record, headers: dict[str, str]) -> dict[str, str]:
        # Written before ARM signs the address.
        return {"AzureAsyncOperationUri": headers["Azure-AsyncOperation"].partition("&t=")[0]}

    def _operation(self, call: Call, prefix: str = "") -> str:
        return f"{prefix or self.prefix}:{self.workspace(call).properties['workspaceId']}:{longrunning.guid()}"

    async def delete(self, call: Call) -> Response:
        """202 with an operation; 204 when there is nothing."""
        record = self.find(call)
        if record is None:
            return Response(204)
        self.check_delete(call, record)
        record.document = {**record.document, "properties": {**record.properties, "provisioningState": "Deleting"}}
        self.context.store.put(record)
        name = self._operation(call, self.delete_prefix)
        headers = longrunning.begin(call, record, "delete", form="mfeOperationsStatus", name=name)
        if self.delete_body:
            headers["Content-Type"] = "application/json"
        return Response(202, self.delete_body, headers)

    def check_delete(self, call: Call, record: Record) -> None:
        """Raises ArmError to refuse a deletion."""

    async def settled(self, target: Record | None, operation: Record) -> None:
        """A write succeeds or fails; a deletion takes what lies in the resource with it."""
        if target is None:
            return
        if operation.hidden["verb"] == "delete":
            self.context.store.remove(*self.context.store.below(target.key), target)
            return
        operation.hidden["error"] = self.failure(target)
        failed = {**target.properties, "provisioningState": "Failed"}
        properties = failed if operation.hidden["error"] else self.finished(target)
        target.document = {**target.document, "properties": properties}
        self.context.store.put(target)
