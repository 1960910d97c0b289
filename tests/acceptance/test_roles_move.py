"""Role assignments, settings and locks follow: planned while the source is frozen, made, verified, and held to it."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from tests.acceptance.world import World

VERSIONS = {"roleAssignments": "2022-04-01", "diagnosticSettings": "2021-05-01-preview", "locks": "2020-05-01"}
WRITER, READER = "f6c7c914-8db3-469d-8ca1-694a8f32e121", "acdd72a7-3385-48ef-bd42-f606fba81ae7"
ANN, BOB, GROUP = (str(uuid.uuid4()) for _ in range(3))
CONDITION = "(!(ActionMatches{'x'})) OR (@Request[y] StringEquals 'azureml-blobstore-%s')"


def _at(world: World, which: str, kind: str) -> dict[str, dict[str, Any]]:
    """What there is at a workspace itself, by the local Azure."""
    provider = "Microsoft.Insights" if kind == "diagnosticSettings" else "Microsoft.Authorization"
    home = world.documents[which]["id"]
    path = f"{home}/providers/{provider}/{kind}"
    listed = world.arm("GET", path, VERSIONS[kind])["value"]
    return {one["name"]: one for one in listed if str(one["id"]).lower().startswith(f"{path}/".lower())}


def _given(world: World, which: str) -> set[tuple[str, str, str | None]]:
    """Who has which role there, under which condition."""
    return {
        (
            one["properties"]["principalId"],
            one["properties"]["roleDefinitionId"][-36:],
            one["properties"]["condition"],
        )
        for one in _at(world, which, "roleAssignments").values()
    }


@pytest.fixture
def held(small_world: World) -> World:
    """One who writes, one who reads under a condition, a group that the target knows too, and an identity."""
    world = small_world
    source, target = (world.documents[which] for which in ("source", "target"))
    condition = CONDITION % source["properties"]["workspaceId"]
    world.assign(source["id"], WRITER, ANN, principalType="User")
    world.assign(source["id"], READER, BOB, principalType="User", condition=condition, conditionVersion="2.0")
    world.assign(source["id"], READER, GROUP, principalType="Group")
    world.assign(target["id"], READER, GROUP, principalType="Group")
    world.assign(source["id"], READER, source["identity"]["principalId"], principalType="ServicePrincipal")
    bodies: dict[str, dict[str, Any]] = {
        "Microsoft.Insights/diagnosticSettings/logs": {
            "storageAccountId": world.storage_id("target"),
            "logs": [{"categoryGroup": "allLogs", "enabled": True}],
        },
        "Microsoft.Authorization/locks/keep": {"level": "CanNotDelete", "notes": "the bank's"},
    }
    for path, properties in bodies.items():
        version = VERSIONS[path.split("/")[1]]
        world.arm("PUT", f"{source['id']}/providers/{path}", version, {"properties": properties})
    return world


def test_who_may_do_what_goes_along_though_the_source_is_frozen(held: World) -> None:
    world = held
    lock = f"{world.documents['source']['id']}/providers/Microsoft.Authorization/locks/keep"
    world.ok("plan", *world.names)
    # A lock keeps role assignments too: it is taken away for the freeze, and put back.
    body = {"properties": world.arm("GET", lock, VERSIONS["locks"])["properties"]}
    world.arm("DELETE", lock, VERSIONS["locks"])
    assert world.migrate("freeze", f"plans/{world.source}").code in (0, 3)
    world.arm("PUT", lock, VERSIONS["locks"], body)
    assert ANN not in {who for who, *_ in _given(world, "source")}

    world.ok("plan", *world.names)
    plan = f"{world.source}-2"
    steps = {line["address"]: line for line in world.plan_lines(plan) if line["record"] == "step"}
    roles = [step for address, step in steps.items() if address.startswith("roleAssignments/")]
    assert sorted(step["action"] for step in roles) == ["adopt", "create", "create", "manual"]
    [own] = [step for step in roles if step["action"] == "manual"]
    assert "the identity of the workspace" in own["reason"]
    assert world.migrate("run", f"plans/{plan}").code == 3
    new = world.documents["target"]["properties"]["workspaceId"]
    assert {(ANN, WRITER, None), (BOB, READER, CONDITION % new), (GROUP, READER, None)} <= _given(world, "target")
    assert _at(world, "target", "locks")["keep"]["properties"]["level"] == "CanNotDelete"
    made = _at(world, "target", "diagnosticSettings")["logs"]["properties"]
    assert made["storageAccountId"] == world.storage_id("target")

    world.ok("waive", f"plans/{plan}", own["address"], "--reason", "it has its own")
    assert world.migrate("verify", f"plans/{plan}", "--json").event("verify.end")["differences"] == []
    _is_held_to_it(world, plan)


def _is_held_to_it(world: World, plan: str) -> None:
    """What changed in the target is a difference of a verification, which tells what came into the source too."""
    [bobs] = [
        one for one in _at(world, "target", "roleAssignments").values() if one["properties"]["principalId"] == BOB
    ]
    changed = {"properties": {**bobs["properties"], "condition": None, "conditionVersion": None}}
    world.arm("PUT", bobs["id"], VERSIONS["roleAssignments"], changed)
    came = world.assign(world.documents["source"]["id"], READER, str(uuid.uuid4()), principalType="User")
    told = world.migrate("verify", f"plans/{plan}", "--json").event("verify.end")
    assert sorted(one["field"] for one in told["differences"]) == [
        "/properties/condition",
        "/properties/conditionVersion",
    ]
    assert f"roleAssignments/{came.rpartition('/')[2]}!came-since-plan" in {
        one["address"] for one in told["open_findings"]
    }
    _outlives_none(world, bobs["name"])


def _outlives_none(world: World, bobs: str) -> None:
    """What the source takes later is told by the next plan: nobody keeps a right in the target without a word."""
    [there] = [
        one for one in _at(world, "source", "roleAssignments").values() if one["properties"]["principalId"] == BOB
    ]
    lock = f"{world.documents['source']['id']}/providers/Microsoft.Authorization/locks/keep"
    world.arm("DELETE", lock, VERSIONS["locks"])
    world.arm("DELETE", there["id"], VERSIONS["roleAssignments"])
    world.ok("plan", *world.names)
    header = world.plan_lines(f"{world.source}-3")[0]
    told = [one["address"] for one in header["findings"] if one["code"] == "right-outlived"]
    assert told == [f"roleAssignments/{bobs}!right-outlived"]
