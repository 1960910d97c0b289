"""A source in use is frozen, moved, and what was taken away is given back exactly as it was."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import sqlite3
import uuid
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.acceptance.removing import removal
from tests.acceptance.world import LEASE, VERSION, World
from tests.builders import fault

from azsandbox.client import Client
from azsandbox.messages import OWNER_OBJECT_ID

ROLES = "2022-04-01"
ASSIGNMENT = "/roleAssignments/"
WRITES = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write"
DATA_SCIENTIST = "f6c7c914-8db3-469d-8ca1-694a8f32e121"
ML = "Microsoft.MachineLearningServices/workspaces"
BLOB_WRITE = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write"
PERMISSIONS: dict[str, dict[str, Any]] = {
    "writer": {"actions": [f"{ML}/*/read", f"{ML}/models/versions/*"], "notActions": [f"{ML}/*/delete"]},
    "reader": {"actions": ["*/read"]},
    "denied": {"actions": [f"{ML}/*"], "notActions": [f"{ML}/*/write", f"{ML}/*/delete", f"{ML}/*/action",
                                                      f"{ML}/write", f"{ML}/delete"]},
    "bytes": {"actions": [], "dataActions": [BLOB_WRITE]},
}  # fmt: skip
CONDITION = {
    "condition": "((!(ActionMatches{'x'})) OR (@Resource[y] StringEquals 'z'))",
    "conditionVersion": "2.0",
    "description": "the team's own",
}


@dataclass
class Team:
    """Who has which role where, by a name of the test's own: the assignment as ARM answers it."""

    world: World
    roles: dict[str, str] = field(default_factory=dict)
    made: dict[str, dict[str, Any]] = field(default_factory=dict)
    ann: dict[str, str] = field(default_factory=dict)

    def writes(self) -> int:
        """The status with which ARM answers a write of ann's to the source."""
        url = f"https://management.azure.com{self.world.documents['source']['id']}/models/theirs/versions/1"
        model = {"modelType": "custom_model", "modelUri": "azureml://datastores/workspaceblobstore/paths/m/1"}

        async def write() -> int:
            async with Client({**self.world.env, **self.ann}) as client:
                found = await client.send("PUT", f"{url}?api-version={VERSION}", "https://management.azure.com",
                                          json={"properties": model}, accept=(403,))  # fmt: skip
                return found[0]

        return asyncio.run(write())

    def role(self, name: str, permission: dict[str, Any]) -> None:
        scope = f"/subscriptions/{self.world.env['AZURE_SUBSCRIPTION_ID']}"
        path = f"{scope}/providers/Microsoft.Authorization/roleDefinitions/{uuid.uuid4()}"
        body = {
            "properties": {
                "roleName": f"{name} {self.world.group}",
                "assignableScopes": [scope],
                "permissions": [permission],
            }
        }
        self.world.arm("PUT", path, ROLES, body)
        self.roles[name] = path

    def give(self, name: str, role: str, scope: str, principal: str = "", **more: Any) -> None:
        path = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
        properties = {
            "roleDefinitionId": self.roles.get(role, role),
            "principalId": principal or str(uuid.uuid4()),
            **more,
        }
        self.made[name] = self.world.arm("PUT", path, ROLES, {"properties": properties})

    def now(self) -> dict[str, dict[str, Any] | None]:
        async def work(client: Any) -> dict[str, Any]:
            return {
                name: await client.arm("GET", one["id"], ROLES, accept=(404,)) for name, one in self.made.items()
            }

        found: dict[str, dict[str, Any] | None] = self.world.azure(work)
        return found

    def left(self) -> set[str]:
        return {name for name, one in self.now().items() if one}


def _about(finding: dict[str, Any]) -> str:
    """What a finding is about: its address without its code."""
    return str(finding["address"]).rpartition("!")[0]


@pytest.fixture
def team(small_world: World) -> Team:
    world = small_world
    team = Team(world)
    for name, permission in PERMISSIONS.items():
        team.role(name, permission)
    source, account = world.documents["source"], world.storage_id("source")
    group = source["id"].split("/providers/")[0]
    subscription = f"/subscriptions/{world.env['AZURE_SUBSCRIPTION_ID']}"
    who, team.ann = world.principal("ann")
    team.give("ann", "writer", source["id"], who.object_id, principalType="ServicePrincipal", **CONDITION)
    team.give("team", "writer", source["id"], principalType="Group")
    team.give("loader", "bytes", account, principalType="ServicePrincipal")
    scientist = f"{subscription}/providers/Microsoft.Authorization/roleDefinitions/{DATA_SCIENTIST}"
    team.give("scientist", scientist, source["id"], principalType="User")
    team.give("auditor", "reader", source["id"], principalType="User")
    team.give("looker", "denied", source["id"], principalType="User")
    team.give("bytes of no account", "bytes", source["id"], principalType="User")
    team.give("me", "writer", source["id"], OWNER_OBJECT_ID)
    team.give("workspace", "bytes", account, source["identity"]["principalId"])
    team.give("everybody", "writer", group, principalType="Group")
    team.give("other workspace", "writer", world.documents["target"]["id"], principalType="User")
    world.ok("plan", *world.names)
    return team


WRITERS = {"ann", "team", "loader", "scientist"}


def test_with_the_least_rights_it_is_done_where_nobody_can_write_at_the_account(team: Team) -> None:
    """Reader and User Access Administrator on workspace and account: no right on the subscription.

    And the right to write the lease's blob, without which it ends with 6 and names that.
    """
    world = team.world
    made, env = world.principal("freezer")
    base = f"/subscriptions/{world.env['AZURE_SUBSCRIPTION_ID']}/providers/Microsoft.Authorization/roleDefinitions"
    source, target = world.documents["source"]["id"], world.documents["target"]["id"]
    account = world.storage_id("source")
    reader = f"{base}/acdd72a7-3385-48ef-bd42-f606fba81ae7"
    team.role("rights", {"actions": ["Microsoft.Authorization/*"]})
    for scope, roles in ((source, (reader, "rights")), (account, (reader, "rights")), (target, (reader,))):
        for role in roles:
            team.give(f"freezer {role} {scope}", role, scope, made.object_id)
    refused = world.migrate("freeze", **env)
    assert refused.code == 6 and team.left() == set(team.made) and WRITES in refused.err, refused.err
    assert world.ok("freeze", "--dry-run").code == 0
    team.role("lease", {"dataActions": [WRITES]})
    team.give("lease", "lease", world.storage_id("target"), made.object_id)
    result = world.migrate("freeze", "--json", **env)
    assert result.code == 3, result.err
    [finding] = [f for f in result.event("freeze.end")["findings"] if _about(f) == team.made["loader"]["id"]]
    assert "'Microsoft.MachineLearningServices/workspaces/read' is missing there" in finding["summary"]
    assert "loader" in team.left() and not {"ann", "team", "scientist"} & team.left()
    # Taken away by hand, as told, nothing is left undecided.
    world.arm("DELETE", team.made["loader"]["id"], ROLES)
    assert world.migrate("freeze", **env).code == 0


def test_what_is_shown_before_anything_is_taken(team: Team) -> None:
    _for_a_time(team)
    _runner(team)
    # Rights on an account with containers of another workspace stay: a listing of workspaces may not show whose they are.
    with team.world.container_client("source", f"azureml-blobstore-{uuid.uuid4()}") as client:
        client.create_container()
    shown = _shown(team)
    # Nothing frozen is nothing to give back.
    assert "--back" not in shown["next"] and team.world.migrate("freeze", "--back").code == 2
    assert _ids(shown) == {team.made[name]["id"] for name in WRITERS - {"loader"} | {"pipeline"}}
    [finding] = [one for one in shown["findings"] if _about(one) == team.made["loader"]["id"]]
    assert "the workspace that 'azureml-blobstore-" in finding["summary"]
    _locked_elsewhere(team.world)


def _shown(team: Team) -> dict[str, Any]:
    return team.world.ok("freeze", f"plans/{team.world.source}", "--dry-run", "--json").event("freeze.dry")


def _ids(shown: dict[str, Any]) -> set[str]:
    return {one["id"] for one in shown["assignments"]}


def _for_a_time(team: Team) -> None:
    """A role for a time stays until its end, and one that begins later is told."""
    source = team.world.documents["source"]["id"]
    for kind in ("roleAssignmentScheduleRequests", "roleEligibilityScheduleRequests"):
        for starts in (None, "2999-01-01T00:00:00Z"):
            path = f"{source}/providers/Microsoft.Authorization/{kind}/{uuid.uuid4()}"
            ends = {"type": "AfterDuration", "duration": "PT8H"}
            told = {
                "principalId": str(uuid.uuid4()),
                "roleDefinitionId": team.roles["writer"],
                "requestType": "AdminAssign",
                "scheduleInfo": {"startDateTime": starts, "expiration": ends},
            }
            team.world.arm("PUT", path, "2020-10-01", {"properties": told})
    shown = _shown(team)
    assert _ids(shown) == {team.made[name]["id"] for name in WRITERS}
    codes = [one["address"].rpartition("!")[2] for one in shown["findings"]]
    assert [codes.count(code) for code in ("for-a-time", "may-activate", "begins-later")] == [1, 1, 2]
    [timed] = [one for one in shown["findings"] if one["address"].endswith("!for-a-time")]
    assert "until 20" in timed["summary"] and "given back it would last for good" in timed["summary"]


def _runner(team: Team) -> None:
    """The pipeline made the plan, a person freezes; and the other way round: who runs the plan keeps its rights."""
    world = team.world
    made, pipeline = world.principal("pipeline", has_roles=True)
    team.give("pipeline", "writer", world.documents["source"]["id"], made.object_id)
    assert team.made["pipeline"]["id"] in _ids(_shown(team))
    piped = world.migrate("plan", *world.names, "--out", "plans/piped", **pipeline)
    assert piped.code == 0, piped.err
    runs: list[tuple[dict[str, str], set[str]]] = [({}, set()), (pipeline, {"me"})]
    for env, taken in runs:
        result = world.migrate("freeze", "plans/piped", "--dry-run", "--json", **env)
        assert result.code == 0, result.err
        shown = result.event("freeze.dry")
        assert _ids(shown) == {team.made[one]["id"] for one in WRITERS | taken}
        told = [one for one in shown["findings"] if one["address"].endswith("!runner-rights")]
        # Who freezes is not told of itself; what the other has from above stays too, and is told.
        assert (team.made["pipeline"]["id"] in {_about(one) for one in told}) is not bool(env)
        assert all(f"(object id {made.object_id}), who planned it" in one["summary"] for one in told)


def _locked_elsewhere(world: World) -> None:
    """A plan locked by a run elsewhere that is gone can be frozen."""
    plan = f"plans/{world.source}"
    world.ok("run", plan, "--dry-run")
    with sqlite3.connect(world.folder / plan / "ledger.db") as db:
        db.execute("INSERT INTO lock (one, host, pid, heartbeat) VALUES (1, 'elsewhere', 42, '2026-01-01')")
    db.close()
    locked = world.migrate("freeze", plan, "--dry-run")
    assert locked.code == 5 and "--force-unlock" in locked.err
    world.ok("freeze", plan, "--dry-run", "--force-unlock")


def test_writers_lose_their_rights_and_get_exactly_them_back(team: Team) -> None:
    world, everybody = team.world, set(team.made)
    shown = world.ok("freeze", "--dry-run", "--json").event("freeze.dry")
    ids = {one["id"] for one in shown["assignments"]}
    assert ids == {team.made[name]["id"] for name in WRITERS}
    assert team.left() == everybody and not (world.folder / "plans" / world.source / "freeze.json").exists()

    frozen = world.ok("freeze", "--json").event("freeze.end")
    assert team.left() == everybody - WRITERS and frozen["next"].endswith("--back")
    assert team.writes() == 403
    findings = {_about(finding): finding for finding in frozen["findings"]}
    assert "inherited" in findings[team.made["everybody"]["id"]]["summary"]
    assert findings[team.made["everybody"]["id"]]["remedy"]
    assert "keys" in findings[world.storage_id("source")]["summary"]
    assert team.made["me"]["id"] not in findings and team.made["auditor"]["id"] not in findings

    # Once more there is nothing to do, and nothing is done.
    since = world.now()
    assert world.ok("freeze", "--json").event("freeze.end")["assignments"] == []
    asked = [row for row in world.log(since) if row["method"] in ("PUT", "DELETE") and row["time"] > since]
    assert not [row for row in asked if not row["path"].endswith(LEASE)]
    # The cycle goes on: what was frozen neither hinders a run nor the evidence.
    world.ok("run")
    world.ok("verify")
    world.ok("evidence", "check")

    world.ok("freeze", "--back", "--dry-run")
    assert team.left() == everybody - WRITERS
    # Assignments that read as before for a while are waited for.
    assert world.with_faults([fault("PUT", ASSIGNMENT, times=0, stale=2)], "freeze", "--back").code == 0
    _check_restored(team)
    # Once more it does nothing.
    evidence = world.folder / "plans" / world.source / "evidence"
    world.ok("freeze", "--back")
    # Each deed is a report of its own: two for each assignment, each time.
    assert _reports(world) == ["0009-freeze", "0010-run", "0011-verify", "0020-back"]
    assert len(list(evidence.glob("*-deed.json"))) == 4 * len(WRITERS)
    world.ok("evidence", "check")
    # Neither taking away nor giving back is a change of the source, once its list shows it.
    for _ in range(3):
        world.arm(
            "GET", f"{world.documents['source']['id']}/providers/Microsoft.Authorization{ASSIGNMENT[:-1]}", ROLES
        )
    assert world.ok("verify", "--depth", "metadata", "--json").event("verify.end")["differences"] == []
    listed = [one for one in world.plan_lines() if ASSIGNMENT[1:] in one.get("address", "")]
    at_workspace = {
        name for name, one in team.made.items() if one["id"].startswith(world.documents["source"]["id"])
    }
    assert len(listed) == len(at_workspace) and not {"everybody", "loader"} & at_workspace
    record = world.folder / "plans" / world.source / "freeze.json"
    record.write_text(record.read_text().replace(team.made["ann"]["name"], str(uuid.uuid4())))
    refused = world.migrate("evidence", "check", "--json")
    assert refused.code == 4 and "freeze.json" in refused.event("error")["reasons"][0]
    assert team.writes() in (200, 201)


def _reports(world: World) -> list[str]:
    """The reports but for those of single deeds."""
    evidence = world.folder / "plans" / world.source / "evidence"
    return sorted(path.stem for path in evidence.glob("[0-9]*.json") if not path.stem.endswith("-deed"))


def _check_restored(team: Team) -> None:
    kept = ("roleDefinitionId", "principalId", "principalType", "scope", "condition", "conditionVersion",
            "description", "delegatedManagedIdentityResourceId")  # fmt: skip
    now = team.now()
    for name, before in team.made.items():
        after = now[name]
        assert after is not None and after["id"] == before["id"], name
        assert {key: after["properties"].get(key) for key in kept} == {
            key: before["properties"].get(key) for key in kept
        }


@pytest.mark.parametrize("when", [pytest.param("before", marks=pytest.mark.crash), "after"])
def test_killed_in_the_middle_it_goes_on(team: Team, when: str) -> None:
    world, everybody = team.world, set(team.made)
    kill = fault("DELETE", ASSIGNMENT, nth=2, kill=when)
    assert world.with_faults([kill], "freeze").code == -signal.SIGKILL
    assert len(everybody - team.left()) == (1 if when == "before" else 2)
    cut = world.migrate("evidence", "check")
    assert cut.code == 3 and "freeze.json has no report yet" in cut.out and _reports(world) == []
    frozen = world.ok("freeze", "--json").event("freeze.end")
    assert team.left() == everybody - WRITERS and len(frozen["unknown"]) == (when == "after")
    asked = [one["address"] for one in _given(world)]
    assert asked == [f"frozen/{one['id'].rpartition('/')[2]}" for one in frozen["unknown"]]
    world.ok("freeze", "--back", *(word for address in asked for word in ("--give", address)))
    _check_restored(team)

    world.ok("freeze")
    kill["match"] = {"method": "PUT", "path": ASSIGNMENT, "nth": 2}
    assert world.with_faults([kill], "freeze", "--back").code == -signal.SIGKILL
    asked = [one["address"] for one in _given(world)]
    assert len(asked) == (when == "before"), "what is not there may have been given, and revoked since"
    world.ok("freeze", "--back", *(word for address in asked for word in ("--give", address)))
    _check_restored(team)
    world.ok("evidence", "check")


def _given(world: World) -> list[dict[str, Any]]:
    """What giving back leaves for a person, who is told by its exit code too."""
    result = world.migrate("freeze", "--back", "--json")
    failed: list[dict[str, Any]] = result.event("back.end")["failed"]
    assert result.code == (3 if failed else 0), result.err
    return failed


def test_somebody_who_came_later_is_frozen_too(team: Team) -> None:
    world, everybody = team.world, set(team.made)
    world.ok("freeze")
    team.give("late", "writer", world.documents["source"]["id"], principalType="User")
    world.ok("freeze")
    assert team.left() == everybody - WRITERS
    plan = world.folder / "plans" / world.source
    shutil.copytree(plan, world.folder / "as it was")
    world.ok("freeze", "--back")
    assert team.left() == everybody | {"late"}
    # An administrator takes one away, and somebody puts the whole folder back as it was: the target knows better.
    world.arm("DELETE", team.made["late"]["id"], ROLES)
    shutil.rmtree(plan)
    (world.folder / "as it was").rename(plan)
    older = world.migrate("freeze", "--back")
    assert older.code == 4 and "older than it was" in older.err and "late" not in team.left()


def test_what_cannot_be_given_back_is_decided_and_nothing_needs_the_target(team: Team) -> None:
    world, ann = team.world, team.made["ann"]
    world.ok("freeze")
    _without_key(world)
    gone = fault(
        "PUT",
        ann["name"],
        times=0,
        status=400,
        body={"error": {"code": "PrincipalNotFound", "message": "Principal ann is no more."}},
    )
    result = world.with_faults([gone], "freeze", "--back", "--json")
    assert result.code == 3
    [failed] = result.event("back.end")["failed"]
    assert failed["id"] == ann["id"] and "PrincipalNotFound" in failed["reason"]
    assert f"migrate waive {failed['address']}" in result.event("back.end")["next"]
    assert team.left() == set(team.made) - {"ann"}

    for id_ in (world.documents["target"]["id"], world.storage_id("target")):
        world.arm("DELETE", id_, VERSION if "workspaces" in id_ else "2023-01-01")
    world.ok("waive", failed["address"], "--reason", "she has left")
    back = world.ok("freeze", "--back", "--json").event("back.end")
    assert [one["id"] for one in back["let_go"]] == [ann["id"]] and "ann" not in team.left()
    stages = world.ok("status", "--json").event("status")["stages"]
    assert stages["freeze"]["state"] == "back" and stages["freeze"]["let_go"] == 1
    world.ok("evidence", "check")
    world.ok("reopen", failed["address"], "--reason", "she is back")
    world.ok("freeze", "--back")
    del team.made["other workspace"]
    _check_restored(team)


def _without_key(world: World) -> None:
    key = world.documents["target"]["properties"]["encryption"]["keyVaultProperties"]["keyIdentifier"]
    url, body = f"{key}?api-version=7.4", {"attributes": {"enabled": False}}
    world.azure(lambda c: c.send("PATCH", url, "https://vault.azure.net", json=body))


def test_what_is_still_frozen_is_in_the_tombstone(team: Team) -> None:
    world = team.world
    world.ok("freeze")
    # A plan of a frozen source knows what was taken away.
    world.ok("plan", *world.names, "--out", "plans/later", "--json")
    roles = [
        {
            step["address"]: step["body"]
            for step in world.plan_lines(name)[1:-1]
            if ASSIGNMENT[1:] in step["address"]
        }
        for name in (world.source, "later")
    ]
    assert roles[0] == roles[1] and len(roles[0]) > 1
    shutil.rmtree(world.folder / "plans" / "later")
    world.ok("run")
    elsewhere = [one["address"] for one in world.plan_lines() if one.get("address", "").startswith("grants/")]
    world.ok("waive", *elsewhere, "--reason", "the target's identity has its own")
    world.ok("verify")
    world.ok(*removal(world))
    evidence = world.folder / "plans" / world.source / "evidence"
    tombstone = json.loads((evidence / f"{_reports(world)[-1]}.json").read_text())
    assert {one["id"] for one in tombstone["frozen"]} == {team.made[name]["id"] for name in WRITERS}
    # The account stays, and who may write it gets that back; the others' rights went with the workspace.
    back = world.ok("freeze", f"plans/{world.source}", "--back", "--json").event("back.end")
    assert [one["id"] for one in back["restored"]] == [team.made["loader"]["id"]] and "loader" in team.left()
    assert {one["id"] for one in back["placeless"]} == {team.made[name]["id"] for name in WRITERS - {"loader"}}
