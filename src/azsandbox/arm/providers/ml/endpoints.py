"""What online and batch endpoints and their deployments share: tracked, long-running, names for a region."""

from __future__ import annotations

import re
import secrets
from typing import Any, ClassVar

from azsandbox.arm.calls import Call
from azsandbox.arm.clock import asset_time
from azsandbox.arm.context import author
from azsandbox.arm.errors import ArmError
from azsandbox.arm.kinds import action
from azsandbox.arm.providers.ml import polling
from azsandbox.arm.providers.ml.base import WorkspaceKind, sent_properties
from azsandbox.arm.render import answer
from azsandbox.arm.store import Record
from azsandbox.arm.tracked import filled_identity, normal_location, object_of
from azsandbox.messages import Response

_NAME = re.compile(r"[A-Za-z](?:-?[A-Za-z0-9]){2,31}$")
_TIMEOUT = {"x-ms-async-operation-timeout": "PT30M"}


class InferenceKind(WorkspaceKind):
    """PUT 201 with the resource and an operation, DELETE 202 with one (wire-facts §9, §14)."""

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
        """202 with an operation; tags, identity, sku and what properties may be sent (wire-facts §9)."""
        old, body = self.require(call), call.body()
        sent = {**old.properties, **object_of(body, "properties")}
        properties = self.filled(call, sent, old) | {"provisioningState": "Updating"}
        record = self._record(call, body, properties, old)
        record.hidden = old.hidden
        record.terms = old.terms
        self.context.store.put(record)
        headers = polling.begin(call, record, "update", form="mfeOperationsStatus", name=self._operation(call))
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
        headers = polling.begin(call, record, "write", form="mfeOperationsStatus", name=name)
        inner = {**(record.properties.get("properties") or {}), **self._inner(record, headers)}
        record.document = {**record.document, "properties": {**record.properties, "properties": inner}}
        self.context.store.put(record)
        location = call.url.partition("?")[0] + f"?api-version={call.api_version}"
        return answer(201, self.view(call, record), {**headers, "Location": location})

    def _inner(self, record: Record, headers: dict[str, str]) -> dict[str, str]:
        # Written before ARM signs the address.
        return {"AzureAsyncOperationUri": headers["Azure-AsyncOperation"].partition("&t=")[0]}

    def _operation(self, call: Call, prefix: str = "") -> str:
        return f"{prefix or self.prefix}:{self.workspace(call).properties['workspaceId']}:{polling.guid()}"

    async def delete(self, call: Call) -> Response:
        """202 with an operation; 204 when there is nothing."""
        record = self.find(call)
        if record is None:
            return Response(204)
        self.check_delete(call, record)
        record.document = {**record.document, "properties": {**record.properties, "provisioningState": "Deleting"}}
        self.context.store.put(record)
        name = self._operation(call, self.delete_prefix)
        headers = polling.begin(call, record, "delete", form="mfeOperationsStatus", name=name)
        if self.delete_body:
            headers["Content-Type"] = "application/json"
        return Response(202, self.delete_body, headers)

    def check_delete(self, call: Call, record: Record) -> None:
        """Raises ArmError to refuse a deletion."""

    async def settled(self, target: Record | None, operation: Record) -> None:
        """A write succeeds; a deletion takes what lies in the resource with it."""
        if target is None:
            return
        if operation.hidden["verb"] == "delete":
            self.context.store.remove(*self.context.store.below(target.key), target)
            return
        target.document = {**target.document, "properties": self.finished(target)}
        self.context.store.put(target)


class EndpointKind(InferenceKind):
    """An endpoint: its name is unique in its region, its keys can be given and asked for."""

    path_of_score: ClassVar[str] = ""

    def terms(self, call: Call) -> tuple[str, ...]:
        """Found by region and name."""
        return (self._name_term(call),)

    def _name_term(self, call: Call) -> str:
        return f"endpoint-name {self.region(call)} {call.name.lower()}"

    def check_name(self, call: Call) -> None:
        """Raises ArmError when the name is taken in the region, by an endpoint of either kind [I]."""
        if any(other.key != call.route.key for other in self.context.store.find(self._name_term(call))):
            raise self.name_taken(call)

    def name_taken(self, call: Call) -> ArmError:
        """The refusal of a name."""
        raise NotImplementedError

    def write_only(self, sent: dict[str, Any], old: Record | None) -> dict[str, Any]:
        """The keys: those sent, else those there, else new ones."""
        given = object_of(sent, "keys")
        before = old.hidden["keys"] if old else {}
        names = ("primaryKey", "secondaryKey")
        return {"keys": {each: given.get(each) or before.get(each) or secrets.token_urlsafe(24) for each in names}}

    def _inner(self, record: Record, headers: dict[str, str]) -> dict[str, str]:
        return {"azureml.onlineendpointid": record.id.lower(), **super()._inner(record, headers)}

    def finished(self, record: Record) -> dict[str, Any]:
        """With the addresses."""
        host = f"https://{record.name}.{record.document['location']}.inference.ml.azure.com"
        addresses = {"scoringUri": f"{host}/{self.path_of_score}", "swaggerUri": f"{host}/swagger.json"}
        return {**super().finished(record), **addresses}

    @action("POST", "listKeys")
    async def list_keys(self, call: Call) -> Response:
        """Both keys; null where tokens are used (wire-facts §9). Non-null ones are in no recording."""
        record = self.require(call)
        by_key = record.properties.get("authMode") == "Key"
        return answer(200, record.hidden["keys"] if by_key else {"primaryKey": None, "secondaryKey": None})

    @action("POST", "regenerateKeys")
    async def regenerate_keys(self, call: Call) -> Response:
        """`{"keyType": "Primary" | "Secondary", "keyValue"?}`: 202 with an operation."""
        record, body = self.require(call), call.body()
        name = "secondaryKey" if body.get("keyType") == "Secondary" else "primaryKey"
        record.hidden["keys"] = {**record.hidden["keys"], name: body.get("keyValue") or secrets.token_urlsafe(24)}
        self.context.store.put(record)
        name = self._operation(call)
        return Response(202, b"", polling.begin(call, record, "write", form="mfeOperationsStatus", name=name))
