"""Tags by themselves: merged, replaced and deleted, and nothing else of a resource changes."""

from __future__ import annotations

from typing import Any

from arm_harness import GROUP, WORKSPACE, ArmClient, with_workspace

TAGS = f"{WORKSPACE}/providers/Microsoft.Resources/tags/default"


workspace = with_workspace  # the fixture


async def test_a_merge_keeps_what_others_wrote(workspace: ArmClient) -> None:
    await workspace.ok("PATCH", TAGS, _patch("Merge", a="1", b="2"))
    before = await workspace.ok("GET", WORKSPACE)
    answer = await workspace.ok("PATCH", TAGS, _patch("Merge", B="3"))
    assert answer["properties"]["tags"] == {"a": "1", "b": "3"}
    after = await workspace.ok("GET", WORKSPACE)
    assert after["tags"] == {"a": "1", "b": "3"}
    assert _rest(after) == _rest(before)


async def test_replace_and_delete(workspace: ArmClient) -> None:
    await workspace.ok("PATCH", TAGS, _patch("Replace", a="1", b="2"))
    await workspace.ok("PATCH", TAGS, _patch("Delete", a="1", b="other"))
    assert (await workspace.ok("GET", TAGS))["properties"]["tags"] == {"b": "2"}
    await workspace.ok("PUT", TAGS, {"properties": {"tags": {"c": "4"}}})
    assert (await workspace.ok("GET", TAGS))["properties"]["tags"] == {"c": "4"}
    await workspace.ok("DELETE", TAGS)
    assert (await workspace.ok("GET", WORKSPACE))["tags"] == {}


async def test_groups_have_tags_and_what_is_missing_has_none(workspace: ArmClient) -> None:
    await workspace.ok(
        "PATCH", f"{GROUP}/providers/Microsoft.Resources/tags/default", _patch("Merge", team="risk")
    )
    assert (await workspace.ok("GET", GROUP))["tags"] == {"team": "risk"}
    other = WORKSPACE.replace("source", "missing")
    await workspace.error(404, "GET", f"{other}/providers/Microsoft.Resources/tags/default")


async def test_a_locked_workspace_takes_no_tags(workspace: ArmClient) -> None:
    lock = f"{WORKSPACE}/providers/Microsoft.Authorization/locks/keep"
    await workspace.ok("PUT", lock, {"properties": {"level": "ReadOnly"}})
    await workspace.error(409, "PATCH", TAGS, _patch("Merge", a="1"), code="ScopeLocked")


async def test_private_endpoints_stand_in_the_workspace(workspace: ArmClient) -> None:
    state = {"privateLinkServiceConnectionState": {"status": "Approved"}}
    await workspace.ok("PUT", f"{WORKSPACE}/privateEndpointConnections/pe", {"properties": state})
    properties = (await workspace.ok("GET", WORKSPACE))["properties"]
    assert properties["privateLinkCount"] == 1
    assert [link["name"] for link in properties["privateEndpointConnections"]] == ["pe"]


def _patch(operation: str, **tags: str) -> dict[str, Any]:
    return {"operation": operation, "properties": {"tags": tags}}


def _rest(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in ("tags", "systemData")}


async def test_a_subscription_lists_the_locks_of_all_below_it(workspace: ArmClient) -> None:
    lock = f"{WORKSPACE}/providers/Microsoft.Authorization/locks/keep"
    await workspace.ok("PUT", lock, {"properties": {"level": "CanNotDelete"}})
    listed = await workspace.ok(
        "GET", f"{GROUP.split('/resourceGroups')[0]}/providers/Microsoft.Authorization/locks"
    )
    assert [one["id"] for one in listed["value"]] == [lock]
