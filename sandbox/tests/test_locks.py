"""Locks: what each level keeps from being done, at which scopes, and what goes on all the same."""

from __future__ import annotations

from typing import Any

import pytest
from arm_harness import GROUP, SUBSCRIPTION, WORKSPACE, ArmClient, principal, with_workspace

arm = with_workspace  # the fixture

READER = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"
_INNER = {"vmSize": "Standard_DS3_v2", "scaleSettings": {"minNodeCount": 2, "maxNodeCount": 4}}
_CRON = {"triggerType": "Cron", "expression": "0 0 * * *"}
_JOB = {"actionType": "CreateJob", "jobDefinition": {"jobType": "Command", "command": "x", "environmentId": "e"}}
# What may lie in a workspace or on it: its path, its body, an action, and what a deletion is asked with.
THINGS: dict[str, tuple[str, dict[str, Any], str, str]] = {
    "compute": (
        f"{WORKSPACE}/computes/cluster",
        {"location": "eastus2", "properties": {"computeType": "AmlCompute", "properties": _INNER}},
        "listNodes",
        "?underlyingResourceAction=Delete",
    ),
    "schedule": (
        f"{WORKSPACE}/schedules/nightly",
        {"properties": {"displayName": "n", "isEnabled": False, "trigger": _CRON, "action": _JOB}},
        "trigger",
        "",
    ),
    "connection": (
        f"{WORKSPACE}/connections/one",
        {"properties": {"authType": "None", "category": "Git", "target": "t"}},
        "listsecrets",
        "",
    ),
    "role assignment": (
        f"{WORKSPACE}/providers/Microsoft.Authorization/roleAssignments/12345678-1234-1234-1234-123456789012",
        {"properties": {"roleDefinitionId": READER, "principalId": principal("reader").object_id}},
        "",
        "",
    ),
    "diagnostic setting": (
        f"{WORKSPACE}/providers/Microsoft.Insights/diagnosticSettings/to-law",
        {"properties": {"storageAccountId": f"{GROUP}/providers/Microsoft.Storage/storageAccounts/acct", "logs": []}},
        "",
        "",
    ),
    "data": (f"{WORKSPACE}/data/d", {"properties": {"dataType": "uri_file"}}, "", ""),
}  # fmt: skip
SCOPES = {"subscription": f"/subscriptions/{SUBSCRIPTION}", "group": GROUP, "workspace": WORKSPACE, "itself": ""}


async def locked(arm: ArmClient, scope: str, level: str) -> str:
    path = f"{scope}/providers/Microsoft.Authorization/locks/keep"
    await arm.ok("PUT", path, {"properties": {"level": level, "notes": "n"}})
    return path


async def made(arm: ArmClient, path: str, body: Any) -> None:
    response = await arm.send("PUT", path, body)
    assert response.status < 300, response.body
    if "Azure-AsyncOperation" in response.headers:
        await arm.finish(response)


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("what", THINGS)
async def test_read_only_keeps_everything_as_it_is(arm: ArmClient, what: str, scope: str) -> None:
    path, body, action, how = THINGS[what]
    await made(arm, path, body)
    shown = await arm.ok("GET", path)
    where = SCOPES[scope] or path
    lock = await locked(arm, where, "ReadOnly")
    for method, url, sent in (
        ("PUT", path, body),
        ("DELETE", f"{path}{how}", None),
        ("POST", f"{path}/{action}", {}),
    ):
        if url.endswith("/"):
            continue
        error = await arm.error(409, method, url, sent, code="ScopeLocked")
        verb = "delete" if method == "DELETE" else "write"
        assert (
            f"cannot perform {verb} operation because following scope(s) are locked: '{where}'" in error["message"]
        )
    assert await arm.ok("GET", path) == shown
    await arm.ok("DELETE", lock)
    await arm.send("DELETE", f"{path}{how}")


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("what", THINGS)
async def test_can_not_delete_keeps_only_deletions_away(arm: ArmClient, what: str, scope: str) -> None:
    path, body, _, how = THINGS[what]
    lock = await locked(arm, SCOPES[scope] or WORKSPACE, "CanNotDelete")
    await made(arm, path, body)
    await made(arm, path, body)
    await arm.error(409, "DELETE", f"{path}{how}", code="ScopeLocked", says="cannot perform delete operation")
    await arm.error(409, "DELETE", WORKSPACE, code="ScopeLocked")
    await arm.ok("DELETE", lock)
    gone = await arm.send("DELETE", f"{path}{how}")
    assert gone.status < 300


async def test_the_strictest_of_all_locks_counts_and_all_are_named(arm: ArmClient) -> None:
    path, body, _, _ = THINGS["connection"]
    await made(arm, path, body)
    await locked(arm, GROUP, "CanNotDelete")
    await locked(arm, WORKSPACE, "ReadOnly")
    error = await arm.error(409, "PUT", path, body, code="ScopeLocked")
    assert f"'{WORKSPACE}'" in error["message"]
    error = await arm.error(409, "DELETE", path, code="ScopeLocked")
    assert GROUP in error["message"] and WORKSPACE in error["message"]
    listed = await arm.every(f"{WORKSPACE}/providers/Microsoft.Authorization/locks")
    assert sorted(each["properties"]["level"] for each in listed) == ["CanNotDelete", "ReadOnly"]


async def test_a_lock_below_keeps_what_holds_it_from_being_deleted(arm: ArmClient) -> None:
    path, body, _, _ = THINGS["connection"]
    await made(arm, path, body)
    lock = await locked(arm, path, "CanNotDelete")
    for scope in (WORKSPACE, GROUP):
        await arm.error(409, "DELETE", scope, code="ScopeLocked")
    await made(arm, f"{WORKSPACE}/connections/two", body)
    await arm.ok("DELETE", f"{WORKSPACE}/connections/two")
    assert (await arm.ok("GET", lock))["properties"] == {"level": "CanNotDelete", "notes": "n"}


@pytest.mark.parametrize("level", ["CanNotDelete", "ReadOnly"])
async def test_a_locked_cluster_gives_no_node_back(arm: ArmClient, level: str) -> None:
    path, body, _, _ = THINGS["compute"]
    await made(arm, path, body)
    scale = {"minNodeCount": 0, "maxNodeCount": 4}
    change = {"properties": {"properties": {"scaleSettings": scale}}}
    lowering = await arm.send("PATCH", path, change)
    lock = await locked(arm, GROUP, level)
    await arm.finish(lowering)
    found = (await arm.ok("GET", path))["properties"]["properties"]
    assert (found["scaleSettings"]["minNodeCount"], found["currentNodeCount"]) == (0, 2)
    await arm.ok("DELETE", lock)
    await arm.finish(await arm.send("PATCH", path, change))
    assert (await arm.ok("GET", path))["properties"]["properties"]["currentNodeCount"] == 0
