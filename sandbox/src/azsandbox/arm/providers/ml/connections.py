"""Connections to the outside, whose credentials only `listsecrets` shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.clock import tracked_time
from azsandbox.arm.context import Context
from azsandbox.arm.errors import ArmError
from azsandbox.arm.kinds import action
from azsandbox.arm.paging import page
from azsandbox.arm.providers.ml.base import NAMESPACE, ProviderShaped, sent_properties
from azsandbox.arm.providers.ml.dataconnections import of_datastores
from azsandbox.arm.queries import asked
from azsandbox.arm.registry import register
from azsandbox.arm.render import answer
from azsandbox.arm.store import Record
from azsandbox.arm.systemdata import stamped, tracked_author
from azsandbox.arm.tracked import object_of
from azsandbox.messages import Response

# Categories by group, in the spelling that comes back; others keep theirs and are services and apps (AZ-LIVE-14).
_GROUPS = {
    "AzureAI": ("AzureOpenAI", "AIServices", "CognitiveSearch", "CognitiveService", "AzureOneLake"),
    "Azure": ("ContainerRegistry", "AzureKeyVault", "AzureBlob", "ADLSGen2", "AzureContainerAppEnvironment"),
    "Database": ("AzureSqlDb", "AzureMySqlDb", "AzurePostgresDb", "AzureSynapseAnalytics", "Snowflake", "Redis"),
    "GenericProtocol": ("CustomKeys", "ApiKey"),
    "ServicesAndApps": ("Git", "PythonFeed", "Serp", "S3"),
}
_DATA = ("azureblob", "adlsgen2", "azureonelake")
_KNOWN = {name.lower(): (name, group) for group, names in _GROUPS.items() for name in names}


@register
class Connections(ProviderShaped):
    """`workspaces/connections`; a PUT answers 200, new or not (AZ-LIVE-15)."""

    type = f"{NAMESPACE}/workspaces/connections"

    def missing(self, call: Call) -> ArmError:
        """404 in the workspace provider's shape (AZ-ABSENT-7)."""
        message = f"Connection {call.name} can't be found in this workspace"
        return self.provider_error(call, message, status=404, inner=("NotFoundError",))

    def view(self, call: Call, record: Record) -> dict[str, Any]:
        """With 2022-05-01 only four properties and no systemData."""
        if call.api_version > "2022-05-01":
            return record.document
        names = ("authType", "category", "target", "metadata")
        return {
            **record.document,
            "properties": {name: record.properties[name] for name in names},
            "systemData": None,
        }

    async def list(self, call: Call) -> Response:
        """GET with `category`, `target`, `includeAll`.

        Those to data are shown with `includeAll=true` alone, which azure-ai-ml asks "data connections" by, and
        datastores beside them (AZ-LIST-14). Inferred (AZ-LIST-15): which categories are data.
        """
        category, target = (call.query.get(name, "").lower() for name in ("category", "target"))
        whole = asked(call.query, "includeall")

        def wanted(record: Record) -> bool:
            of, to = (str(record.properties.get(name) or "").lower() for name in ("category", "target"))
            right = (not category or of == category) and (not target or to == target)
            return right and (whole or of not in _DATA)

        stores = of_datastores(self.context, self.workspace(call), self.type) if whole else []
        own = self.listed(call)
        names = {record.name.lower() for record in own}
        inherited = [
            each
            for each in _inherited(self.context, self.workspace(call), self.key_type)
            if each.name.lower() not in names
        ]
        found = sorted([*own, *inherited, *stores], key=lambda record: record.sequence)
        return page(call, found, self.page_size, self.view, wanted)

    def find(self, call: Call) -> Record | None:
        """Its own, else one that it has from its hub."""
        own = super().find(call)
        if own is not None:
            return own
        return next((each for each in self._shared(call) if each.key == call.route.key), None)

    def _shared(self, call: Call) -> Sequence[Record]:
        return _inherited(self.context, self.workspace(call), self.key_type)

    def _check_own(self, call: Call) -> None:
        """Raises ArmError 400 for what lies in the hub. Inferred (AZ-CONN-2): that it is refused, and the text."""
        found = self.find(call)
        if found is not None and found.properties["createdByWorkspaceArmId"] != self.workspace(call).id:
            whose = found.properties["createdByWorkspaceArmId"]
            raise self.provider_error(call, f"Connection {call.name} can only be changed in {whose}.")

    async def put(self, call: Call) -> Response:
        """200; the creation time starts anew with every PUT.

        Inferred (AZ-CONN-1): a PUT without credentials leaves none.
        """
        self._check_own(call)
        return self._written(call, sent_properties(call))

    async def delete(self, call: Call) -> Response:
        """200, and 204 where there was none."""
        self._check_own(call)
        return await super().delete(call)

    async def patch(self, call: Call) -> Response:
        """200; what is sent replaces what was there, one level deep."""
        old = self.require(call)
        self._check_own(call)
        sent = object_of(call.body(), "properties")
        before = {**old.properties, "credentials": old.hidden["credentials"]}
        return self._written(call, {**before, **sent})

    def _written(self, call: Call, sent: dict[str, Any]) -> Response:
        if not sent.get("authType") or not sent.get("category"):
            raise self.provider_error(call, "authType and category of a connection are required.")  # AZ-LOCAL-1
        workspace = self.workspace(call)
        record = self.new_record(call, workspace.id, {})
        head = {"tags": None, "location": None}  # AZ-LIVE-18
        now = tracked_time(call.tick())
        record.document = {
            **head,
            **record.document,
            "properties": _filled(sent, workspace),
            "systemData": stamped(now, tracked_author(call.principal)),
        }
        record.hidden = {"credentials": sent.get("credentials")}
        self.context.store.put(record)
        return answer(200, self.view(call, record))

    @action("POST", "listsecrets")
    async def list_secrets(self, call: Call) -> Response:
        """The whole resource, with its credentials."""
        record = self.require(call)
        properties = {**record.properties, "credentials": record.hidden["credentials"]}
        return answer(200, {**record.document, "properties": properties})


def _inherited(context: Context, workspace: Record, type_: str) -> list[Record]:
    """What a project has from its hub, whose id they carry in `createdByWorkspaceArmId`.

    Inferred (AZ-CONN-2): it is what is shared to all, under ids of the project.
    """
    hub = context.store.get(str(workspace.properties.get("hubResourceId") or "").lower())
    shared = context.store.children(hub.key, type_) if hub else ()
    return [_below(workspace, each) for each in shared if each.properties["isSharedToAll"]]


def _below(workspace: Record, record: Record) -> Record:
    """A hub's connection as a project shows it; it is stored in the hub alone."""
    id_, key = f"{workspace.id}/connections/{record.name}", f"{workspace.key}/connections/{record.name.lower()}"
    document = {**record.document, "id": id_}
    return replace(record, key=key, parent=workspace.key, id=id_, document=document)


def _filled(sent: dict[str, Any], workspace: Record) -> dict[str, Any]:
    category, group = _KNOWN.get(str(sent["category"]).lower(), (sent["category"], "ServicesAndApps"))
    metadata = dict(object_of(sent, "metadata"))
    properties: dict[str, Any] = {
        "authType": sent["authType"],
        "credentials": None,
        "group": group,
        "category": category,
        "expiryTime": sent.get("expiryTime"),
        "target": sent.get("target"),
        "createdByWorkspaceArmId": workspace.id,
    }
    if group == "AzureAI":
        properties["useWorkspaceManagedIdentity"] = bool(sent.get("useWorkspaceManagedIdentity", False))
    if category == "AzureOpenAI":
        metadata.setdefault("DeploymentApiVersion", "2023-10-01-preview")  # recorded
    properties |= {
        "isSharedToAll": bool(sent.get("isSharedToAll", False)),
        "sharedUserList": sent.get("sharedUserList") or [],
        "metadata": metadata,
    }
    return properties | {name: value for name, value in sent.items() if name not in properties}
