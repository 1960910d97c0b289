"""Roles across two tenants: given to whom the file names, and to nobody else; and where Azure takes no more of them."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

import pytest
from tests.acceptance import alone
from tests.acceptance.world import World, make_world
from tests.builders import fault

from azsandbox import provision
from azsandbox.client import Client

sandbox = alone.sandbox
READER, WRITER = "acdd72a7-3385-48ef-bd42-f606fba81ae7", "f6c7c914-8db3-469d-8ca1-694a8f32e121"
ANN, NEW_ANN, BOB = (str(uuid.uuid4()) for _ in range(3))
TENANT = str(uuid.uuid4())
FULL = {
    "error": {
        "code": "RoleAssignmentLimitExceeded",
        "message": "The maximum number of role assignments of the subscription is reached.",
    }
}


@pytest.fixture
def world(sandbox: Any, tmp_path: Any) -> World:
    """The target's subscription is of another tenant, and a role of one that the file names, and of one it does not."""
    made = make_world(sandbox, tmp_path)
    other, number = str(uuid.uuid4()), made.group.removeprefix("rg")
    env = {**made.env, "AZURE_SUBSCRIPTION_ID": other}
    pair = World(env, tmp_path, "", "", "").azure(provision.pair, "theirs", "left", "right", suffix=f"t{number}")
    made.documents["target"], made.target = pair.target, "right"
    made.set_faults(_of_tenant(made))
    # Whom nobody has heard of was deleted, for the directory.
    made.assign(pair.target["id"].partition("/providers/")[0], READER, NEW_ANN, principalType="User")
    source = made.documents["source"]["id"]
    made.assign(source, WRITER, ANN, principalType="User")
    made.assign(source, READER, BOB, principalType="Group")
    return made


def _of_tenant(world: World) -> dict[str, Any]:
    """The local Azure has one tenant: of which one the target's subscription is, a rule says."""
    id_ = world.documents["target"]["id"].partition("/resourceGroups/")[0]
    told = {"id": id_, "subscriptionId": id_.rpartition("/")[2], "tenantId": TENANT, "state": "Enabled"}
    return fault("GET", f"^{id_}$", status=200, body=told, times=0)


def _pair(world: World) -> tuple[str, ...]:
    return ("--source", f"{world.group}/{world.source}", "--target", world.documents["target"]["id"])


def _given(world: World) -> dict[str, str]:
    """Who has which role at the target itself."""
    path = f"{world.documents['target']['id']}/providers/Microsoft.Authorization/roleAssignments"
    every = (one["properties"] for one in world.azure(Client.arm, "GET", path, "2022-04-01")["value"])
    at = world.documents["target"]["id"].lower()
    return {one["principalId"]: one["roleDefinitionId"] for one in every if one["scope"].lower() == at}


def test_a_role_is_given_to_whom_the_file_names_once_there_is_room_for_it(world: World) -> None:
    file = world.folder / "people.csv"
    file.write_text(f"old object id,new object id\n{ANN.upper()},{NEW_ANN}\n")
    world.ok("plan", *_pair(world), "--principals", "people.csv")
    header, *lines = world.plan_lines()
    assert header["principals"]["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert header["target_tenant"] == TENANT
    steps = {one["action"]: one for one in lines if one.get("address", "").startswith("roleAssignments/")}
    assert steps["create"]["body"]["properties"]["principalId"] == NEW_ANN
    assert f"Group {BOB}, for whom --principals names nobody" in steps["manual"]["reason"]
    world.set_faults(_of_tenant(world), fault("PUT", "/roleAssignments/", status=400, body=FULL, times=0))
    full = world.migrate("run", "--json")
    [failed] = [one for one in full.events if one["event"] == "step.failed"]
    assert full.code == 3 and "RoleAssignmentLimitExceeded" in failed["reason"]
    assert "az role assignment list --all" in failed["remedy"] and NEW_ANN not in _given(world)
    world.set_faults(_of_tenant(world))
    assert world.migrate("run", "--resume").code == 3, "Bob's is left to a person"
    given = _given(world)
    assert given[NEW_ANN].endswith(WRITER) and not {ANN, BOB} & set(given)
    world.ok("waive", steps["manual"]["address"], "--reason", "he has left")
    assert world.ok("verify", "--json").event("verify.end")["differences"] == []
