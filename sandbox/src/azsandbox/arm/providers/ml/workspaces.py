"""Workspaces: created, changed and deleted as long-running operations."""

from __future__ import annotations

from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.clock import tracked_time
from azsandbox.arm.errors import gateway
from azsandbox.arm.providers.ml import hubs, key_grants, longrunning, soft_delete
from azsandbox.arm.providers.ml.base import HEADERS, NAMESPACE
from azsandbox.arm.providers.ml.encryption import (
    changed_encryption,
    checked_encryption,
    keys_used,
    managed_group,
    refused,
)
from azsandbox.arm.providers.ml.key_gate import key_trouble
from azsandbox.arm.providers.ml.system_datastores import make_system_datastores, set_auth_mode
from azsandbox.arm.providers.ml.workspace_actions import WorkspaceActions
from azsandbox.arm.providers.ml.workspace_checks import check_change, check_nested, check_new
from azsandbox.arm.providers.ml.workspace_document import filled_properties, sent_properties, shown_properties
from azsandbox.arm.queries import asked
from azsandbox.arm.registry import register
from azsandbox.arm.store import Record
from azsandbox.arm.systemdata import stamped, tracked_author
from azsandbox.arm.tracked import GROUPS, filled_identity, normal_location, object_of
from azsandbox.messages import Response

# Set at creation only (AZ-KEY-20).
_CREATION_ONLY = ("hbiWorkspace", "enableServiceSideCMKEncryption", "serviceProvisionedResourceGroup")


@register
class Workspaces(WorkspaceActions):
    """`Microsoft.MachineLearningServices/workspaces`."""

    type = f"{NAMESPACE}/workspaces"
    tracked = True
    headers = HEADERS
    obeys = frozenset({"forcetopurge"})

    def view(self, call: Call, record: Record) -> dict[str, Any]:
        """The document with the properties of the api-version."""
        shown = shown_properties(record.properties, call.api_version)
        links = [
            {name: link.document[name] for name in ("id", "name", "type", "properties")}
            for link in self.context.store.children(record.key, f"{self.key_type}/privateendpointconnections")
        ]
        if links:
            shown = {**shown, "privateLinkCount": len(links), "privateEndpointConnections": links}
        return {**record.document, "properties": shown}

    async def put(self, call: Call) -> Response:
        """202 without a body, and an operation; a name that is soft-deleted is refused or recovered."""
        body = call.body()
        sent, old = sent_properties(call), self.find(call)
        location = normal_location(str(body.get("location") or (old.document["location"] if old else "")))
        if not location:
            raise gateway(400, "LocationRequired", "The location property is required for this definition.")
        if old is not None:
            return self._replace(call, body, old, sent)
        deleted = soft_delete.hidden(self.context, call.route.key)
        if deleted is not None:
            return self._recover(call, sent, deleted, location)
        kind = str(body.get("kind") or "Default")
        sent = hubs.with_hub(call, sent, kind)
        check_new(call, sent, location)
        return self._create(call, body, sent, kind)

    async def patch(self, call: Call) -> Response:
        """202 without a body, and an operation."""
        old, body = self.require(call), call.body()
        given = sent_properties(call)
        return self._update(call, body, old, given, {**old.hidden["sent"], **given})

    async def delete(self, call: Call) -> Response:
        """202 and an operation; `forceToPurge=true` leaves nothing behind, of what was deleted before too."""
        purge = asked(call.query, "forcetopurge")
        record = self.find(call)
        if record is None:
            record = soft_delete.hidden(self.context, call.route.key)
            if record is None or not purge:
                return Response(204)
        else:
            check_nested(self.context, record)
            record.document = _in_state(record, "Deleting")
            self.context.store.put(record)
        verb = "purge" if purge else "delete"
        return Response(202, b"", self._begin(call, record, verb, longrunning.guid()))

    def _create(self, call: Call, body: dict[str, Any], sent: dict[str, Any], kind: str) -> Response:
        location = normal_location(body["location"])
        identity = filled_identity(self.context, call, body.get("identity") or {"type": "SystemAssigned"}, None)
        encryption = checked_encryption(call, sent, location, identity)
        properties = hubs.of_hub(self.context, filled_properties(call, sent, None, kind))
        if encryption:
            properties["encryption"] = encryption
            if not properties["enableServiceSideCMKEncryption"]:
                properties["serviceProvisionedResourceGroup"] = self._managed_group(call, location)
        head = {"location": location, "tags": object_of(body, "tags"), "etag": None}
        record = self.new_record(call, call.ancestor(GROUPS).id, head)
        record.document |= {
            "properties": properties,
            "identity": identity,
            "kind": kind,
            "sku": body.get("sku") or {"name": "Basic", "tier": "Basic"},
            "systemData": stamped(tracked_time(call.tick()), tracked_author(call.principal)),
        }
        record.hidden = {"sent": sent, "keys": keys_used(call, encryption, None)}
        self.context.store.put(record)
        return Response(202, b"", self._begin(call, record, "create", longrunning.random_name()))

    def _replace(self, call: Call, body: dict[str, Any], old: Record, given: dict[str, Any]) -> Response:
        """A PUT is the whole document: what it leaves out goes back to what a new workspace has.

        ARM's rule for PUT; no second PUT of a workspace is recorded, so what cannot be changed is kept (AZ-WS-14).
        """
        whole = {"tags": {}, "identity": {"type": "SystemAssigned"}, **body}
        kept = {name: old.hidden["sent"].get(name) for name in ("storageAccount", "keyVault")}
        return self._update(call, whole, old, given, {**kept, **given})

    def _update(
        self, call: Call, body: dict[str, Any], old: Record, given: dict[str, Any], sent: dict[str, Any]
    ) -> Response:
        check_change(call, old, sent)
        before = old.properties.get("encryption")
        encryption = changed_encryption(call, given, old)
        properties = filled_properties(call, sent, old, str(old.document["kind"]))
        properties |= {name: old.properties[name] for name in _CREATION_ONLY if name in old.properties}
        if encryption:
            properties["encryption"] = encryption
        old.document = {
            **old.document,
            "tags": body["tags"] if isinstance(body.get("tags"), dict) else old.document["tags"],
            "properties": properties,
            "identity": filled_identity(self.context, call, body.get("identity"), old.document["identity"]),
            "sku": body.get("sku") or old.document["sku"],
            "systemData": stamped(
                tracked_time(call.tick()), tracked_author(call.principal), old.document["systemData"]
            ),
        }
        old.hidden["sent"] = sent
        if encryption != before:
            old.hidden["keys"] = keys_used(call, encryption, old.hidden.get("keys"))
        self.context.store.put(old)
        return Response(202, b"", self._begin(call, old, "update", longrunning.random_name()))

    def _recover(self, call: Call, sent: dict[str, Any], deleted: Record, location: str) -> Response:
        if sent.get("allowRecoverSoftDeletedWorkspace") is not True:
            # The text is recorded (AZ-DEL-4), the shape is ours (AZ-LOCAL-1).
            message = "Soft-deleted workspace exists. Please purge or recover it. https://aka.ms/wsoftdelete"
            raise refused(call, location, message)
        if soft_delete.users_only(deleted):
            # The text is ours (AZ-LOCAL-1).
            message = "Recovery is not supported for a workspace with user-assigned identities only."
            raise refused(call, location, message)
        trouble = key_trouble(call, deleted)
        if trouble is not None:
            raise refused(call, location, f"The workspace cannot be recovered: {trouble.text}.")  # AZ-LOCAL-1
        deleted.gone = False
        deleted.document = _in_state(deleted, "Updating")
        self.context.store.put(deleted)
        return Response(202, b"", self._begin(call, deleted, "recover", longrunning.random_name()))

    def _managed_group(self, call: Call, location: str) -> str:
        name = managed_group(call.name)
        id_ = f"/subscriptions/{call.subscription}/resourceGroups/{name}"
        document = {
            "id": id_,
            "name": name,
            "type": "Microsoft.Resources/resourceGroups",
            "location": location,
            "managedBy": call.request.path,
            "properties": {"provisioningState": "Succeeded"},
        }
        subscription = call.route.levels[0].key
        self.context.store.put(Record(id_.lower(), GROUPS, subscription, id_, name, document))
        return name

    def _begin(self, call: Call, record: Record, verb: str, name: str) -> dict[str, str]:
        return longrunning.begin(call, record, verb, form="workspaceOperationsStatus", name=name)

    async def settled(self, target: Record | None, operation: Record) -> None:
        """Creation makes containers and datastores; deletion hides the workspace, purging removes it."""
        store, verb = self.context.store, operation.hidden["verb"]
        record = target or store.get_gone(operation.hidden["target"])
        if record is None or verb == "none":
            return
        if verb == "purge":
            soft_delete.purge(self.context, record)
        elif verb == "delete":
            soft_delete.hide(self.context, record)
        else:
            if verb == "create":
                await make_system_datastores(self.context, record)
                key_grants.grant_group(self.context, record)
            set_auth_mode(self.context, record)
            record.document = _in_state(record, "Succeeded")
            store.put(record)
            hubs.tell_hub(self.context, record, there=True)


def _in_state(record: Record, state: str) -> dict[str, Any]:
    return {**record.document, "properties": {**record.properties, "provisioningState": state}}
