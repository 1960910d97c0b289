"""What the real service was recorded to answer: the same requests get the same answers, keys in the same order."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from arm_harness import GROUP, SUBSCRIPTION, TENANT, WORKSPACE, ArmClient, with_group

arm = with_group  # the fixture

RECORDED = "2024-04-01"
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?(Z|\+00:00)$")
_OWN = ("provisioningState", "stage", "jobName", "isDefault")


def _recorded(shared: Path, name: str) -> list[Any]:
    document = json.loads((shared / "real" / "recorded" / f"{name}-{RECORDED}.json").read_text())
    assert list(document) == ["value"]
    return list(document["value"])


def _text(document: Any, renamed: dict[str, str]) -> str:
    """The document as text, with names made equal and times and authors left out."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: plain(item) for key, item in value.items()}
        if isinstance(value, list):
            return [plain(item) for item in value]
        if isinstance(value, str) and _TIME.match(value):
            return "time " + ("Z" if value.endswith("Z") else "+00:00")
        return value

    text = json.dumps(plain(document), indent=1)
    for old, new in renamed.items():
        text = text.replace(old, new)
    return re.sub(r'"(createdBy|lastModifiedBy)(Type)?": "[^"]*"', r'"\1\2": "who"', text)


def _names_of(id_: str) -> dict[str, str]:
    """What a recorded id is called here."""
    parts = id_.split("/")
    return {"/".join(parts[:9]): WORKSPACE, "/".join(parts[1:5]) + "/workspaces/" + parts[8]: _uri_path()}


def _uri_path() -> str:
    return f"subscriptions/{SUBSCRIPTION}/resourceGroups/rg/workspaces/source"


@pytest.mark.parametrize("kind", ["model", "component"])
async def test_versions(arm: ArmClient, shared: Path, kind: str) -> None:
    await arm.done("PUT", WORKSPACE, arm.workspace_body())
    recorded = _recorded(shared, f"{kind}-versions-list")[0]
    renamed = _names_of(recorded["id"])
    text = json.dumps(recorded)
    for old, new in renamed.items():
        text = text.replace(old, new)
    wanted = json.loads(text)
    sent = {name: value for name, value in wanted["properties"].items() if name not in _OWN}
    path = wanted["id"]
    await arm.ok("PUT", path, {"properties": sent}, version=RECORDED)
    found = await arm.ok("GET", path.rpartition("/")[0], version=RECORDED)
    assert _text(found["value"][0], {}) == _text(wanted, {})


async def test_datastores(arm: ArmClient, shared: Path) -> None:
    workspace = await arm.workspace()
    recorded = _recorded(shared, "datastores-list")
    id_ = recorded[1]["properties"]["containerName"].removeprefix("azureml-blobstore-")
    group, subscription = recorded[1]["properties"]["resourceGroup"], recorded[1]["properties"]["subscriptionId"]
    renamed = {
        **_names_of(recorded[0]["id"]),
        id_: workspace["properties"]["workspaceId"],
        recorded[0]["properties"]["accountName"]: "acct",
        f'"resourceGroup": "{group}"': '"resourceGroup": "rg"',
        subscription: SUBSCRIPTION,
    }
    own = recorded[0]["properties"]
    sent = {name: value for name, value in own.items() if name not in _OWN and value is not None}
    sent["containerName"] = sent["containerName"].replace(id_, workspace["properties"]["workspaceId"])
    sent["credentials"] = {**sent["credentials"], "secrets": {"secretsType": "AccountKey", "key": "acct-key1"}}
    sent["accountName"] = "acct"
    await arm.ok("PUT", f"{WORKSPACE}/datastores/{recorded[0]['name']}", {"properties": sent}, version=RECORDED)
    found = await arm.ok("GET", f"{WORKSPACE}/datastores", version=RECORDED)
    assert _text(found["value"], {}) == _text(recorded, renamed)


async def test_hub_and_project(arm: ArmClient, shared: Path) -> None:
    wanted = _recorded(shared, "workspaces-list-by-subscription")[2:4]
    hub, project = (
        f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/{name}" for name in ("hub", "project")
    )
    body = arm.workspace_body()
    del body["properties"]["applicationInsights"]
    await arm.done("PUT", hub, {**body, "kind": "Hub", "tags": wanted[0]["tags"]}, version=RECORDED)
    inner = {"location": "eastus2", "kind": "Project", "properties": {"hubResourceId": hub}}
    await arm.done("PUT", project, inner, version=RECORDED)
    found = await arm.every(f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces", version=RECORDED)
    assert found[0]["properties"]["associatedWorkspaces"] == [project]
    assert found[1]["properties"]["hubResourceId"] == hub
    assert found[1]["properties"]["notebookInfo"] == found[0]["properties"]["notebookInfo"]
    for made, recorded in zip(found, wanted, strict=True):
        assert _keys(made) == _keys(recorded)
        assert _fixed(made) == _fixed(recorded)
    await arm.done("DELETE", project)
    assert (await arm.ok("GET", hub))["properties"]["associatedWorkspaces"] == []


@pytest.mark.parametrize("index", [0, 1])
async def test_workspaces(arm: ArmClient, shared: Path, index: int) -> None:
    recorded = _recorded(shared, "workspaces-list-by-subscription")[index]
    properties, location = recorded["properties"], recorded["location"]
    vault = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv"
    body = {**arm.workspace_body(), "location": location, "tags": recorded["tags"]}
    if "containerRegistry" in properties:
        registry = f"{GROUP}/providers/Microsoft.ContainerRegistry/registries/acr"
        await arm.ok("PUT", registry, {"location": location, "sku": {"name": "Basic"}, "properties": {}})
        body["properties"]["containerRegistry"] = registry
    await arm.done("PUT", WORKSPACE, body, version=RECORDED)
    listed = await arm.ok(
        "GET",
        f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.MachineLearningServices/workspaces",
        version=RECORDED,
    )
    found = listed["value"][0]
    assert _fixed(found) == _fixed(recorded)
    assert _keys(found) == _keys(recorded)
    assert found["properties"]["keyVault"] == vault.replace("KeyVault", "Keyvault")
    assert found["properties"]["mlFlowTrackingUri"].endswith(WORKSPACE)
    assert found["properties"]["tenantId"] == found["identity"]["tenantId"] == TENANT
    host = found["properties"]["notebookInfo"]["fqdn"]
    assert host == f"ml-source-{location}-{found['properties']['workspaceId']}.{location}.notebooks.azure.net"


_OF_THE_WORKSPACE = (
    "storageAccount",
    "keyVault",
    "applicationInsights",
    "containerRegistry",
    "tenantId",
    "creationTime",
    "notebookInfo",
    "workspaceId",
    "mlFlowTrackingUri",
    "associatedWorkspaces",
    "workspaceHubConfig",
    "hubResourceId",
)


def _fixed(workspace: Any) -> Any:
    """What does not depend on names, ids and times."""
    properties = {name: value for name, value in workspace["properties"].items() if name not in _OF_THE_WORKSPACE}
    outer = {name: workspace[name] for name in ("type", "location", "tags", "etag", "kind", "sku")}
    return {**outer, "properties": properties, "identity": workspace["identity"]["type"]}


def _keys(value: Any) -> Any:
    """All keys in their order, at every depth."""
    return [(key, _keys(item)) for key, item in value.items()] if isinstance(value, dict) else None
