"""A workspace's identity may read another storage account: planned, approved, given by the cutover, and taken back.

What was given, to whom and when is judged by the local Azure's own documents and log.
"""

from __future__ import annotations

from typing import Any

import pytest
from tests.acceptance import alone
from tests.acceptance.test_approving import second
from tests.acceptance.test_clusters_move import settled
from tests.acceptance.world import World, make_world, seed_small

sandbox = alone.sandbox

STORAGE, VAULTS, ROLES = "2023-05-01", "2023-07-01", "2022-04-01"
READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
CPU, NEW_CPU, NIGHTLY = "computes/cpu", "computes/cpu-cmk", "schedules/nightly"
SECRETS = {"secrets": ["get", "list"]}


def _own(world: World, which: str) -> str:
    """The object id of a workspace's own identity."""
    return str(world.arm("GET", world.documents[which]["id"], "2025-12-01")["identity"]["principalId"])


def _elsewhere(world: World) -> tuple[str, str]:
    """A storage account and a vault of somebody else's, which let the source in."""
    home = world.documents["source"]["id"].rpartition("/providers/")[0]
    number = world.source.removeprefix("old")
    lake = f"{home}/providers/Microsoft.Storage/storageAccounts/lake{number}"
    vault = f"{home}/providers/Microsoft.KeyVault/vaults/kvtheirs{number}"
    tenant = world.arm("GET", world.documents["source"]["id"], "2025-12-01")["identity"]["tenantId"]
    rule = {"tenantId": tenant, "resourceId": world.documents["source"]["id"]}
    acls = {"defaultAction": "Allow", "ipRules": [{"value": "203.0.113.7", "action": "Allow"}]}
    body = {"location": "westeurope", "properties": {"networkAcls": {**acls, "resourceAccessRules": [rule]}}}
    world.arm("PUT", lake, STORAGE, body)
    own = {"tenantId": tenant, "objectId": _own(world, "source"), "permissions": SECRETS}
    body = {"location": "westeurope", "properties": {"tenantId": tenant, "accessPolicies": [own]}}
    world.arm("PUT", vault, VAULTS, body)
    return lake, vault


@pytest.fixture(scope="module")
def moved(sandbox: Any, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Planned with what its identities may do elsewhere, moved, verified and approved."""
    world = seed_small(make_world(sandbox, tmp_path_factory.mktemp("grants")))
    lake, vault = _elsewhere(world)
    compute = {"computeType": "AmlCompute", "properties": {"vmSize": "STANDARD_DS3_V2", "scaleSettings": {"minNodeCount": 0, "maxNodeCount": 1}}}  # fmt: skip
    world.put(CPU, {"location": "eastus2", "identity": {"type": "SystemAssigned"}, "properties": compute})
    home = world.documents["source"]["id"]
    job = {"jobType": "Command", "command": "true", "environmentId": f"{home}/environments/py/versions/1",
           "computeId": f"{home}/{CPU}", "experimentName": "e"}  # fmt: skip
    trigger = {"triggerType": "Cron", "expression": "0 3 * * *", "startTime": "2026-01-01T03:00:00"}
    action = {"actionType": "CreateJob", "jobDefinition": job}
    settled(world, CPU)
    world.put(NIGHTLY, {"properties": {"isEnabled": True, "trigger": trigger, "action": action}})
    settled(world, NIGHTLY)
    for who in (_own(world, "source"), world.get(CPU, of="source")["identity"]["principalId"]):
        world.assign(lake, READER, who, principalType="ServicePrincipal")
    world.documents |= {"lake": lake, "vault": vault}
    return world


def _state(world: World) -> dict[str, Any]:
    """What the local Azure has of the account's roles, its rules, and the vault's policies."""
    path = f"{world.documents['lake']}/providers/Microsoft.Authorization/roleAssignments"
    found = world.arm("GET", f"{path}?$filter=atScope()", ROLES)["value"]
    own = [one for one in found if one["properties"]["scope"].lower() == world.documents["lake"].lower()]
    rules = world.arm("GET", world.documents["lake"], STORAGE)["properties"]["networkAcls"]
    policies = world.arm("GET", world.documents["vault"], VAULTS)["properties"]["accessPolicies"]
    return {
        "roles": {one["properties"]["principalId"] for one in own},
        "rules": {one["resourceId"] for one in rules["resourceAccessRules"]},
        "others": rules["ipRules"],
        "policies": {one["objectId"]: one["permissions"] for one in policies},
    }


def _cutover(world: World, *more: str) -> Any:
    return world.migrate("cutover", f"plans/{world.source}", "--json", "--unfrozen", "a test", *more)


def test_without_the_option_a_person_gives_it(moved: World) -> None:
    world, lake = moved, moved.documents["lake"]
    world.ok("plan", *world.names, "--out", "plans/plain")
    lines = world.plan_lines("plain")
    items = {line["address"]: line for line in lines[1:-1] if line["address"].startswith("grants/")}
    reader = f"grants{lake}/Storage Blob Data Reader"
    assert {(one["action"], one["stage"]) for one in items.values()} == {("manual", "cutover")}
    assert {reader, f"{reader}/{CPU}", f"grants{lake}/resource access rule"} < set(items) and len(items) == 4
    told = items[reader]["reason"]
    assert _own(world, "source") in told and f"--assignee-object-id {_own(world, 'target')}" in told
    # Every command repeats it.
    [looked] = [one for one in lines[0]["findings"] if one["code"] == "not-looked-at"]
    assert f"{_own(world, 'source')} -> {_own(world, 'target')}" in looked["summary"]
    places = ("groups", "app roles", "credentials", "SQL", "(ACLs)", "Synapse", "Databricks", "subscriptions")
    assert all(one in looked["summary"] for one in places) and looked["remedy"].count("For ") == 7


def test_it_is_approved_given_taken_back_and_gone(moved: World) -> None:
    world, before = moved, _state(moved)
    old, new = _own(world, "source"), _own(world, "target")
    world.ok("plan", *world.names, "--grants", "--out", f"plans/{world.source}")
    world.ok("run", f"plans/{world.source}")
    world.ok("verify", f"plans/{world.source}")
    since = world.now()
    refused = _cutover(world)
    assert refused.code == 4 and "gives rights elsewhere" in refused.event("error")["summary"]
    assert not [row for row in world.log(since) if row["method"] in ("PUT", "PATCH") and row["path"].startswith(world.documents["lake"])]  # fmt: skip
    digest = world.ok("show", f"plans/{world.source}", "--json").event("show.approval")["sha256"]
    _, env = second(world)
    approved = world.migrate("approve", f"plans/{world.source}", "--digest", digest[:16], **env)
    assert approved.code == 0, approved.out
    done = _cutover(world)
    assert done.code == 0, done.out
    assert done.event("cutover.end")["started"] == [f"{NIGHTLY}#enable"]
    assert len(done.event("cutover.end")["given"]) == 4
    cpu = world.get(NEW_CPU)["identity"]["principalId"]
    # What its jobs need is there before anything is stopped.
    order = [row["path"] for row in world.log(since) if row["method"] in ("PUT", "PATCH") and row["status"] < 300]
    stopped = next(at for at, path in enumerate(order) if path.endswith(f"/{NIGHTLY}"))
    assert not [path for path in order[stopped:] if "/lake" in path or "/kvtheirs" in path]
    given = _state(world)
    assert given["roles"] == before["roles"] | {new, cpu} and given["others"] == before["others"]
    assert given["rules"] == before["rules"] | {world.documents["target"]["id"]}
    assert given["policies"] == {old: SECRETS, new: SECRETS}
    # A second plan has nothing to give.
    world.ok("plan", *world.names, "--grants", "--out", "plans/again")
    again = [line for line in world.plan_lines("again")[1:-1] if line["address"].startswith("grants/")]
    assert {line["action"] for line in again} == {"skip"} and len(again) == 4
    back = _cutover_back(world)
    assert back.code == 0, back.out
    assert _state(world) == before


def _cutover_back(world: World) -> Any:
    return world.migrate("cutover", f"plans/{world.source}", "--json", "--back")
