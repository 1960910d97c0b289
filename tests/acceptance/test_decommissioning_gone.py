"""A living workspace is never taken for gone, and what cannot be undone waits until it is shown to be.

Each world goes through many answers that show nothing, so that none of them may change it.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

from tests.acceptance import alone
from tests.acceptance.inprocess import Fast, here
from tests.acceptance.removing import (
    arms,
    cut_off,
    cut_off_while_it_goes,
    decommission,
    default_container,
    gateways,
    moved,
    tombstones,
)
from tests.acceptance.world import VERSION, Result, World
from tests.builders import fault

sandbox = alone.sandbox

LOCKS = "2020-05-01"
DELETE = ("--storage", "delete")


def _under(world: World, rules: list[dict[str, Any]], *more: str, fast: Fast | None = None) -> Result:
    with world.faults(*rules):
        return here(world, *more, fast=fast)


def _reads(world: World, answer: dict[str, Any], **when: int) -> dict[str, Any]:
    match = {"method": "GET", "path": f"/workspaces/{world.source}$", "times": 0, **when}
    return {"match": match, **answer}


def _shown(world: World, **properties: Any) -> dict[str, Any]:
    document = world.documents["source"]
    body = {**document, "properties": {**document["properties"], **properties}}
    return {"action": "status", "status": 200, "body": body}


def _deletions(world: World, since: str) -> list[str]:
    """The queries of the calls that deleted the source."""
    calls = world.log(since)
    mine = (call for call in calls if call["method"] == "DELETE" and call["path"].endswith(f"/{world.source}"))
    return [call["query"] for call in mine]


def _group(world: World) -> str:
    return str(world.documents["source"]["id"].partition("/providers/")[0])


def _no_group(world: World) -> dict[str, Any]:
    return arms("ResourceGroupNotFound", f"Resource group '{world.group}' could not be found.")


def _nothing_shown(world: World) -> dict[str, dict[str, Any]]:
    """Answers under the source's name that do not show that it is not there."""
    other = gateways(world)["body"]["error"]["message"].replace(world.source, f"{world.source}x")
    page = {"action": "status", "status": 404, "body": "<html><h1>404 Not Found</h1></html>"}
    parent = "Can not perform requested operation on nested resource. Parent resource 'x' not found."
    return {
        "a region that has not heard of it": gateways(world),
        "the group's, which is listed": _no_group(world),
        "the subscription's": arms("SubscriptionNotFound", "The subscription 'x' could not be found."),
        "a parent's": arms("ParentResourceNotFound", parent),
        "about another workspace": arms("ResourceNotFound", other),
        "a proxy's page": page,
        "a proxy's page that calls itself a success": {**page, "status": 200},
        "a document without workspaceId": _shown(world, workspaceId=None),
        "gone, as something in between says": {**page, "status": 410, "body": {}},
    }


def _as_somebody(world: World, method: str, body: dict[str, Any] | None = None) -> int:
    """A call for the source by somebody else, and its long-running operation."""

    async def work(client: Any) -> int:
        url = f"https://management.azure.com{world.documents['source']['id']}?api-version={VERSION}"
        accept = (204, 400, 404, 409)
        return int((await client.send(method, url, "https://management.azure.com", json=body, accept=accept))[0])

    return int(world.azure(work))


def _wait(world: World, status: int) -> None:
    while world.status("source") != status:
        pass


def test_what_does_not_show_that_it_is_gone_meets_the_gate(small_world: World) -> None:
    """Cut off before the deletion was asked for: whatever answers under the name, the living workspace stays."""
    world = moved(small_world)
    cut_off(world, f"/workspaces/{world.source}$", when="before")
    since = world.now()
    for what, answer in _nothing_shown(world).items():
        fast = Fast()
        result = _under(world, [_reads(world, answer)], "--purge", *DELETE, fast=fast)
        assert result.code in (1, 2), (what, result.out)
        assert not tombstones(world) and not _deletions(world, since), what
    assert world.status("source") == 200 and world.blobs("source")

    # A list that does not show it now cannot show later that it has gone.
    listing = {"method": "GET", "path": f"/{world.group}/providers/.*/workspaces$", "times": 0}
    for answer, says in (
        ({"status": 200, "body": {"value": []}}, "does not have the source"),
        ({"status": 403, "code": "AuthorizationFailed"}, "could not be read (AuthorizationFailed)"),
    ):
        result = _under(world, [{"match": listing, "action": "status", **answer}])
        assert result.code == 4 and says in result.event("error")["reasons"][0], result.out

    # Absent for somebody's hour, with nothing that shows it was us: said, and nothing else is touched.
    groups = fault("GET", "/resourcegroups$", times=0, status=200, body={"value": [{"name": "another"}]})
    fast = Fast()
    inside = {"match": {"method": "GET", "path": f"/{world.group}/providers/.*/workspaces$", "times": 0},
              **_no_group(world)}  # fmt: skip
    rules = [groups, inside, _reads(world, _no_group(world))]
    dry = _under(world, rules, "--dry-run", fast=fast)
    assert dry.code == 0 and "not shown to be by this plan" in dry.event("decommission.dry")["text"]
    assert fast.time == 0.0 and not tombstones(world)
    result = _under(world, rules, "--purge", *DELETE, fast=fast)
    assert result.code == 3 and fast.time >= 120
    end = result.event("decommission.end")
    assert "absent, not shown to be by us" in end["text"] and end["lines"][0].startswith("not purged: ")
    [tombstone] = tombstones(world)
    assert not tombstone["by_us"] and tombstone["recoverable_until"] is None and not tombstone["purged"]
    assert {one["id"] for one in tombstone["containers_kept"]} >= {default_container(world)}
    again = _under(world, rules, "--purge")
    assert again.code == 4 and "not shown" in again.event("error")["reasons"][0]
    assert _under(world, rules).code == 3 and len(tombstones(world)) == 1
    assert not _deletions(world, since) and world.blobs("source")

    # It answers: the gate is passed anew, whole, and only then it goes.
    with world.container_client("source") as client:
        client.upload_blob("elsewhere/late", b"1")
    assert "blobs of the source" in here(world).event("error")["reasons"][0]
    with world.container_client("source") as client:
        client.delete_blob("elsewhere/late")
    assert here(world).code == 0
    first, second = tombstones(world)
    assert not first["by_us"] and second["by_us"] and _deletions(world, since) == [f"api-version={VERSION}"]


def test_what_somebody_else_deleted_is_not_ours(small_world: World) -> None:
    """Nor is what nobody confirmed: tests/unit/decommissioning/test_stage.py."""
    world = moved(small_world)
    since = world.now()
    cut_off(world, f"/workspaces/{world.source}$", when="before")
    assert _as_somebody(world, "DELETE") == 202
    _wait(world, 404)
    result = here(world, "--purge")
    assert result.code == 3 and "not shown to be by us" in result.event("decommission.end")["text"]
    [tombstone] = tombstones(world)
    assert not tombstone["by_us"] and not tombstone["containers_deleted"] and world.blobs("source")
    assert here(world, *DELETE).code == 4
    assert not any("forceToPurge" in query for query in _deletions(world, since))


def _operation(world: World, status: int, body: Any) -> dict[str, Any]:
    return fault("GET", "workspaceOperationsStatus", times=0, status=status, body=body)


def test_what_is_begun_again_after_it_went_has_guards_of_its_own(small_world: World) -> None:
    world = moved(small_world)
    cut_off_while_it_goes(world)
    since = world.now()
    _wait(world, 404)
    failed = {"status": "Failed", "error": {"code": "InternalServerError", "message": "no"}}
    for status, body in ((200, failed), (200, {"status": "Canceled"}), (404, {}), (410, {}), (200, {"value": []})):
        # One that failed, and one that is forgotten, confirm nothing.
        result = _under(world, [_operation(world, status, body)], "--dry-run")
        assert "not shown to be by this plan" in result.event("decommission.dry")["text"], result.out
        living = _under(world, [_operation(world, status, body), _reads(world, _shown(world))], "--dry-run")
        # What answers meets the gate, which here finds its parts gone.
        assert living.code != 0, living.out
    assert not tombstones(world)

    assert decommission(world).code == 0
    assert tombstones(world)[0]["by_us"] and not _deletions(world, since)

    another = _shown(world, workspaceId=str(uuid.uuid4()))
    locks = {"method": "GET", "path": f"{_group(world)}/providers/Microsoft.Authorization/locks$", "times": 0}
    unread = fault(**locks, status=403, code="AuthorizationFailed")
    account = {**locks, "path": r"/storageAccounts/[^/]+/providers/Microsoft.Authorization/locks$"}
    for rule, options, says in (
        (_reads(world, another), ("--purge",), "Another workspace has the name now"),
        # One look to take it up, four of the wait, and the one right before.
        (_reads(world, another, nth=5), ("--purge",), "Another workspace has the name now"),
        (_reads(world, another, nth=6), ("--purge",), "Another workspace has the name now"),
        (_reads(world, another, nth=6), DELETE, "Another workspace has the name now"),
        (_reads(world, _shown(world, workspaceId="")), ("--purge",), "a document without workspaceId"),
        (_reads(world, _shown(world), nth=4), ("--purge",), "not absent in 4 looks over 120 seconds"),
        (_reads(world, _nothing_shown(world)["a proxy's page"], nth=2), DELETE, "not absent in 4 looks"),
        (unread, ("--purge",), "its locks could not be read (AuthorizationFailed)"),
        ({**unread, "match": account}, DELETE, "its locks could not be read (AuthorizationFailed)"),
    ):
        result = _under(world, [rule], *options)
        assert result.code == 4 and any(says in one for one in result.event("error")["reasons"]), result.out
    lock = f"{_group(world)}/providers/Microsoft.Authorization/locks/keep"
    world.arm("PUT", lock, LOCKS, {"properties": {"level": "CanNotDelete"}})
    assert "A lock is in the way" in here(world, "--purge").event("error")["reasons"][0]
    world.arm("DELETE", lock, LOCKS)
    assert not _deletions(world, since) and world.blobs("source") and len(tombstones(world)) == 1

    # Somebody recovers it: it is another removal, softly first, and only then for good.
    document = world.documents["source"]
    properties = {name: document["properties"][name] for name in ("storageAccount", "keyVault")}
    body = {"location": "eastus2", "identity": {"type": "SystemAssigned"},
            "properties": {**properties, "allowRecoverSoftDeletedWorkspace": True}}  # fmt: skip
    assert _as_somebody(world, "PUT", body) == 202
    while (
        world.status("source") != 200
        or world.get("", of="source")["properties"]["provisioningState"] != "Succeeded"
    ):
        pass
    since = world.now()
    result = here(world, "--purge")
    assert result.code == 0, result.out
    queries = _deletions(world, since)
    assert len(queries) == 2 and "forceToPurge" not in queries[0] and "forceToPurge=true" in queries[1]
    assert tombstones(world)[-1]["purged"] and len(tombstones(world)) == 2

    # Purged, the name is free, and who takes it is left alone.
    assert _as_somebody(world, "PUT", {**body, "properties": properties}) in (200, 201, 202)
    _wait(world, 200)
    since = world.now()
    assert here(world).code == 0
    assert "Another workspace" in json.dumps(here(world, *DELETE).event("error"))
    assert not _deletions(world, since) and world.status("source") == 200
