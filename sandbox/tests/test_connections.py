"""Connections: credentials of every kind, shown by `listsecrets` alone; categories; what a project has of its hub."""

from __future__ import annotations

import json
from typing import Any

import pytest
from arm_harness import GROUP, VERSION, WORKSPACE, ArmClient, with_workspace

from azsandbox.arm.bodies.descriptions import description_of

PATH = f"{WORKSPACE}/connections/one"
HUB = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/hub"
_OWN = description_of(VERSION)
_PROPERTIES = _OWN.types[_OWN.types[_OWN.bodies["workspaces/connections"]]["members"]["properties"][0]]
CATEGORIES = _OWN.types[_PROPERTIES["members"]["category"][0]]["of"]
# By authType: the members of its credentials, as the description of the API has them.
CREDENTIALS: dict[str, list[str]] = {
    name: list(_OWN.types[members["credentials"][0]]["members"]) if "credentials" in members else []
    for name, form in _PROPERTIES["forms"].items()
    for members in [_OWN.types[form]["members"]]
}


def credentials(auth: str) -> dict[str, Any] | None:
    names = CREDENTIALS[auth]
    if auth == "CustomKeys":
        return {"keys": {"A": "secret-a", "b_c": "secret-b"}}
    guid = "12345678-1234-1234-1234-123456789012"
    return {name: guid if name in ("clientId", "tenantId") else f"secret-{name}" for name in names} or None


def body(auth: str = "PAT", **more: Any) -> dict[str, Any]:
    given = {"authType": auth, "category": "Git", "target": "https://example.com", "metadata": {"a": "b"}}
    return {"properties": {**given, "credentials": credentials(auth), **more}}


arm = with_workspace  # the fixture


def test_every_way_of_signing_in_is_tried() -> None:
    secret = {name for name, members in CREDENTIALS.items() if members}
    assert set(CREDENTIALS) - secret == {"None", "AAD"}
    assert secret == {"PAT", "SAS", "AccountKey", "ApiKey", "UsernamePassword", "AccessKey", "ServicePrincipal",
                      "OAuth2", "CustomKeys", "ManagedIdentity"}  # fmt: skip


@pytest.mark.parametrize("auth", CREDENTIALS)
async def test_credentials_are_shown_by_listsecrets_alone(arm: ArmClient, auth: str) -> None:
    sent = await arm.ok("PUT", PATH, body(auth, expiryTime="2027-01-01T00:00:00Z", sharedUserList=["u"]))
    shown = [sent, await arm.ok("GET", PATH), *await arm.every(f"{WORKSPACE}/connections?includeAll=true")]
    shown.append(await arm.ok("GET", PATH, version="2022-05-01"))
    assert "secret-" not in json.dumps(shown)
    secrets = await arm.ok("POST", f"{PATH}/listsecrets")
    assert secrets["properties"].pop("credentials") == credentials(auth)
    found = (await arm.ok("GET", PATH))["properties"]
    assert found.pop("credentials") is None and secrets["properties"] == found
    assert (found["authType"], found["expiryTime"], found["sharedUserList"]) == (
        auth,
        "2027-01-01T00:00:00Z",
        ["u"],
    )
    assert (found["metadata"], found["createdByWorkspaceArmId"]) == ({"a": "b"}, WORKSPACE)


async def test_every_category_is_kept_as_it_is_described(arm: ArmClient) -> None:
    for category in CATEGORIES:
        made = await arm.ok("PUT", PATH, body(category=category.lower()))
        assert str(made["properties"]["category"]).lower() == category.lower()
    await arm.error(400, "PUT", PATH, body(category="Mainframe"))


async def test_a_put_replaces_and_a_patch_changes(arm: ArmClient) -> None:
    await arm.ok("PUT", PATH, body())
    await arm.ok("PATCH", PATH, {"properties": {"target": "https://other.example"}})
    secrets = (await arm.ok("POST", f"{PATH}/listsecrets"))["properties"]
    assert (secrets["target"], secrets["credentials"]) == ("https://other.example", credentials("PAT"))
    await arm.ok("PUT", PATH, body(credentials=None, metadata=None))
    secrets = (await arm.ok("POST", f"{PATH}/listsecrets"))["properties"]
    assert (secrets["credentials"], secrets["metadata"]) == (None, {})


async def test_a_project_has_what_its_hub_shares(arm: ArmClient) -> None:
    await arm.done("PUT", HUB, {**arm.workspace_body(), "kind": "Hub"})
    project = HUB.replace("/hub", "/project")
    given = {"location": "eastus2", "identity": {"type": "SystemAssigned"}, "kind": "Project"}
    await arm.done("PUT", project, {**given, "properties": {"hubResourceId": HUB}})
    await arm.ok("PUT", f"{HUB}/connections/all", body("ApiKey", isSharedToAll=True))
    await arm.ok("PUT", f"{HUB}/connections/hubs", body("ApiKey", isSharedToAll=False))
    await arm.ok("PUT", f"{project}/connections/own", body("ApiKey"))
    assert await arm.names(f"{project}/connections") == ["all", "own"]
    shared = f"{project}/connections/all"
    found = await arm.ok("GET", shared)
    assert (found["id"], found["properties"]["createdByWorkspaceArmId"]) == (shared, HUB)
    secrets = await arm.ok("POST", f"{shared}/listsecrets")
    assert secrets["properties"]["credentials"] == credentials("ApiKey")
    await arm.error(404, "GET", f"{project}/connections/hubs")
    for method, sent in (("PUT", body()), ("PATCH", {"properties": {"target": "t"}}), ("DELETE", None)):
        await arm.error(400, method, shared, sent, says=HUB)
    assert await arm.names(f"{HUB}/connections") == ["all", "hubs"]
    await arm.ok("DELETE", f"{HUB}/connections/all")
    assert await arm.names(f"{project}/connections") == ["own"]
