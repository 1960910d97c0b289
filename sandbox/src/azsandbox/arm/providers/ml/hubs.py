"""Hubs and their projects: what a project has from its hub, and how the hub knows it."""

from __future__ import annotations

from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.context import Context
from azsandbox.arm.errors import gateway
from azsandbox.arm.providers.ml.workspace_checks import DEPENDENCIES
from azsandbox.arm.store import Record
from azsandbox.arm.tracked import GROUPS


def with_hub(call: Call, sent: dict[str, Any], kind: str) -> dict[str, Any]:
    """What was sent, with what a project takes from its hub and what a hub has by default.

    Raises ArmError 404 for a hub that is not there.
    """
    if kind == "Hub":
        group = {"defaultWorkspaceResourceGroup": call.ancestor(GROUPS).id}
        return {"workspaceHubConfig": group, **sent}
    if kind != "Project" or not sent.get("hubResourceId"):
        return sent
    hub = call.context.store.get(str(sent["hubResourceId"]).lower())
    if hub is None:
        raise gateway(404, "ResourceNotFound", f"The hub '{sent['hubResourceId']}' was not found.")
    taken = {name: hub.properties[name] for name in DEPENDENCIES if hub.properties.get(name)}
    return {**sent, **taken, "hubResourceId": hub.id}


def of_hub(context: Context, properties: dict[str, Any]) -> dict[str, Any]:
    """The properties of a new workspace; a project has the notebooks of its hub, a hub its projects."""
    hub = context.store.get(str(properties.get("hubResourceId")).lower())
    return {**properties, "notebookInfo": hub.properties["notebookInfo"]} if hub else properties


def tell_hub(context: Context, project: Record, *, there: bool) -> None:
    """Has the hub of a project list it, or not any more."""
    hub = context.store.get(str(project.properties.get("hubResourceId")).lower())
    if hub is None:
        return
    others = [each for each in hub.properties.get("associatedWorkspaces", []) if each != project.id]
    listed = [*others, project.id] if there else others
    hub.document = {**hub.document, "properties": {**hub.properties, "associatedWorkspaces": listed}}
    context.store.put(hub)
