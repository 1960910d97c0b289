"""Workspaces: created, changed and deleted as long-running operations, with soft delete."""

from __future__ import annotations

import re
from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.clock import tracked_time
from azsandbox.arm.context import stamped, tracked_author
from azsandbox.arm.errors import gateway
from azsandbox.arm.kinds import register
from azsandbox.arm.providers.ml import polling
from azsandbox.arm.providers.ml.base import HEADERS, NAMESPACE
from azsandbox.arm.providers.ml.encryption import (
    changed_encryption,
    checked_encryption,
    managed_group,
    refused,
)
from azsandbox.arm.providers.ml.system_datastores import make_system_datastores
from azsandbox.arm.providers.ml.workspace_actions import WorkspaceActions
from azsandbox.arm.providers.ml.workspace_document import filled_properties, shown_properties
from azsandbox.arm.store import Record
from azsandbox.arm.tracked import filled_identity, normal_location, object_of
from azsandbox.messages import Response

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]{2,32}$")
_GROUPS = "microsoft.resources/subscriptions/resourcegroups"
_SOFT_DELETED_DAYS = 14
_FIXED = ("storageAccount", "keyVault")
_DEPENDENCIES = ("storageAccount", "keyVault", "applicationInsights", "containerRegistry")


@register
class Workspaces(WorkspaceActions):
    """`Microsoft.MachineLearningServices/workspaces`."""

    type = f"{NAMESPACE}/workspaces"
    tracked = True
    headers = HEADERS

    def view(self, call: Call, record: Record) -> dict[str, Any]:
        """The document with the properties of the api-version."""
        return {**record.document, "properties": shown_properties(record.properties, call.api_version)}

    async def put(self, call: Call) -> Response:
        """202 without a body, and an operation; a name that is soft-deleted is refused or recovered."""
        body = call.body()
        sent = object_of(body, "properties")
        old = self.find(call)
        location = normal_location(str(body.get("location") or (old.document["location"] if old else "")))
        if not location:
            raise gateway(400, "LocationRequired", "The location property is required for this definition.")
        if old is not None:
            return self._update(call, body, old, sent)
        deleted = self._soft_deleted(call)
        if deleted is not None:
            return self._recover(call, sent, deleted, location)
        if not _NAME.match(call.name):
            raise refused(call, location, f"Workspace name '{call.name}' is not valid.")
        self._check_dependencies(call, sent, location)
        return self._create(call, body, sent, location)

    async def patch(self, call: Call) -> Response:
        """202 without a body, and an operation."""
        old = self.require(call)
        body = call.body()
        return self._update(call, body, old, object_of(body, "properties"))

    async def delete(self, call: Call) -> Response:
        """202 and an operation; `forceToPurge=true` leaves nothing behind, of what was deleted before too."""
        purge = call.query.get("forcetopurge", "").lower() == "true"
        record = self.find(call)
        if record is None:
            deleted = self._soft_deleted(call)
            if deleted is None or not purge:
                return Response(204)
            record = deleted
        else:
            self._check_nested(record)
            record.document = self._in_state(record, "Deleting")
            self.context.store.put(record)
        verb = "purge" if purge else "delete"
        return Response(202, b"", self._begin(call, record, verb, polling.guid()))

    # Creating and changing

    def _create(self, call: Call, body: dict[str, Any], sent: dict[str, Any], location: str) -> Response:
        kind = str(body.get("kind") or "Default")
        encryption = checked_encryption(call, sent, location)
        properties = filled_properties(call, sent, None, kind, self._hns(sent))
        if encryption:
            properties["encryption"] = encryption
            if not properties["enableServiceSideCMKEncryption"]:
                properties["serviceProvisionedResourceGroup"] = self._managed_group(call, location)
        group = call.ancestor(_GROUPS)
        record = self.new_record(
            call, group.id, {"location": location, "tags": object_of(body, "tags"), "etag": None}
        )
        now = tracked_time(call.tick())
        record.document |= {
            "properties": properties,
            "identity": filled_identity(
                self.context, call, body.get("identity") or {"type": "SystemAssigned"}, None
            ),
            "kind": kind,
            "sku": body.get("sku") or {"name": "Basic", "tier": "Basic"},
            "systemData": stamped(now, tracked_author(call.principal)),
        }
        record.hidden = {"sent": sent}
        self.context.store.put(record)
        return Response(202, b"", self._begin(call, record, "create", polling.random_name()))

    def _update(self, call: Call, body: dict[str, Any], old: Record, given: dict[str, Any]) -> Response:
        location = str(old.document["location"])
        if old.properties["provisioningState"] == "Deleting":
            raise refused(call, location, f"Workspace {old.name} is being deleted.", 409)  # text ours [I]
        sent = {**old.hidden["sent"], **given}
        for name in _FIXED:
            if str(sent.get(name)).lower() != str(old.properties.get(name)).lower():
                raise refused(call, location, f"{name} cannot be changed once the workspace is created.")
        encryption = changed_encryption(call, given, old)
        kind = str(old.document["kind"])
        properties = filled_properties(call, sent, old, kind, old.properties["storageHnsEnabled"])
        # Set at creation only (azure-facts §1.2).
        for name in ("hbiWorkspace", "enableServiceSideCMKEncryption", "serviceProvisionedResourceGroup"):
            if name in old.properties:
                properties[name] = old.properties[name]
        properties.pop("encryption", None)
        if encryption:
            properties["encryption"] = encryption
        now = tracked_time(call.tick())
        old.document = {
            **old.document,
            "tags": body["tags"] if isinstance(body.get("tags"), dict) else old.document["tags"],
            "properties": properties,
            "identity": filled_identity(self.context, call, body.get("identity"), old.document["identity"]),
            "sku": body.get("sku") or old.document["sku"],
            "systemData": stamped(now, tracked_author(call.principal), old.document["systemData"]),
        }
        old.hidden["sent"] = sent
        self.context.store.put(old)
        return Response(202, b"", self._begin(call, old, "update", polling.random_name()))

    def _begin(self, call: Call, record: Record, verb: str, name: str) -> dict[str, str]:
        return polling.begin(call, record, verb, form="workspaceOperationsStatus", name=name)

    async def settled(self, target: Record | None, operation: Record) -> None:
        """Creation makes containers and datastores; deletion hides the workspace, purging removes it."""
        store, key, verb = self.context.store, operation.hidden["target"], operation.hidden["verb"]
        record = target or store.get_gone(key)
        if record is None or verb == "none":
            return
        if verb == "purge":
            self._remove(record)
        elif verb == "delete":
            record.gone = True
            record.hidden["deleted"] = self.context.clock.now()
            store.put(record)
        else:
            if verb == "create":
                await make_system_datastores(self.context, record)
            record.document = self._in_state(record, "Succeeded")
            store.put(record)

    @staticmethod
    def _in_state(record: Record, state: str) -> dict[str, Any]:
        return {**record.document, "properties": {**record.properties, "provisioningState": state}}

    # What is checked

    def _check_dependencies(self, call: Call, sent: dict[str, Any], location: str) -> None:
        """That what the workspace is made of is there; a project has its hub's."""
        if sent.get("hubResourceId"):
            return
        for name in _DEPENDENCIES:
            id_ = sent.get(name)
            if not id_:
                if name in ("storageAccount", "keyVault"):
                    raise refused(call, location, f"Missing dependent resources in workspace json: {name}.")
                continue
            if self.context.store.get(str(id_).lower()) is None:
                # ARM checks ids in a body before the provider sees it; the text is of that check [I].
                raise gateway(
                    404,
                    "ResourceNotFound",
                    f"The Resource '{'/'.join(str(id_).split('/')[6:])}' was not found.",
                )

    def _hns(self, sent: dict[str, Any]) -> bool:
        account = self.context.store.get(str(sent.get("storageAccount")).lower())
        return bool(account and account.properties.get("isHnsEnabled"))

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
        self.context.store.put(Record(id_.lower(), _GROUPS, subscription, id_, name, document))
        return name

    def _check_nested(self, record: Record) -> None:
        """409 while tracked resources lie in the workspace: endpoints and their deployments."""
        nested = [
            each.id
            for each in self.context.store.below(record.key)
            if self.context.kind_of(each).tracked and not each.gone
        ]
        if nested:
            shown = ", ".join(f"'{id_}'" for id_ in nested[:5])
            raise gateway(
                409,
                "CannotDeleteResource",
                "Cannot delete resource while nested resources exist. "
                f"Some existing nested resource IDs include: {shown}. "
                "Please delete all nested resources before deleting this resource.",
            )

    # Soft delete

    def _soft_deleted(self, call: Call) -> Record | None:
        store = self.context.store
        record = store.get_gone(call.route.key)
        if record is not None and self.context.clock.now() - record.hidden["deleted"] > _SOFT_DELETED_DAYS * 86400:
            self._remove(record)
            return None
        return record

    def _remove(self, record: Record) -> None:
        """Nothing is left, not even the group of a classic workspace's key resources."""
        store, group = self.context.store, record.properties.get("serviceProvisionedResourceGroup")
        if group and (managed := store.get("/".join((*record.key.split("/")[:4], group.lower())))):
            store.remove(managed)
        store.remove(*store.below(record.key), record)

    def _recover(self, call: Call, sent: dict[str, Any], deleted: Record, location: str) -> Response:
        if sent.get("allowRecoverSoftDeletedWorkspace") is not True:
            # Text of azure-facts §3; shape [I].
            raise refused(
                call,
                location,
                "Soft-deleted workspace exists. Please purge or recover it. https://aka.ms/wsoftdelete",
            )
        deleted.gone = False
        deleted.document = self._in_state(deleted, "Updating")
        self.context.store.put(deleted)
        return Response(202, b"", self._begin(call, deleted, "recover", polling.random_name()))
