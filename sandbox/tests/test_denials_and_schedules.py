"""Deny assignments and roles for a time are evaluated, and told, as Azure does."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from arm_harness import GROUP, SUBSCRIPTION, ArmClient, FakeAccounts, principal

from azsandbox.arm import build
from azsandbox.arm.access.denials import EVERYBODY, Denial, parsed
from azsandbox.arm.access.evaluation import Terms
from azsandbox.arm.clock import Clock
from azsandbox.cli import main
from azsandbox.denials import Denials, parse
from azsandbox.messages import TENANT_ID
from azsandbox.state import StateFolder

AUTHORIZATION = "providers/Microsoft.Authorization"
READER, CONTRIBUTOR = "acdd72a7-3385-48ef-bd42-f606fba81ae7", "b24988ac-6180-42a0-ab88-20f7382dd24c"
TOP = f"/providers/Microsoft.Management/managementGroups/{TENANT_ID}"
SOMEBODY = principal("somebody")
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/acct"


class World:
    """ARM with deny assignments that a test sets, and a clock that it turns."""

    def __init__(self, state: Path) -> None:
        self.later = 0.0
        self.denials: tuple[Denial, ...] = ()
        clock = Clock(lambda: time.time_ns() + int(self.later * 1e9))
        terms = Terms(lambda who: who == principal().object_id, denials=lambda: self.denials)
        accounts = FakeAccounts()
        self.arm = ArmClient(build(state, accounts, limits="off", terms=terms, clock=clock), accounts)

    def deny(self, scope: str, *actions: str, **more: Any) -> None:
        """One deny assignment for everybody but as `more` says."""
        told = {
            "denyAssignmentName": "locked",
            "permissions": [{"actions": list(actions), "notActions": more.pop("not_actions", [])}],
            "principals": [{"id": EVERYBODY, "type": "SystemDefined"}],
            **more,
        }
        self.denials = (parsed({"scope": scope, "properties": told}),)

    async def give(self, role: str, scope: str, who: str = SOMEBODY.object_id, **schedule: Any) -> Any:
        """A role for a time, by PIM's request."""
        body: dict[str, Any] = {
            "principalId": who,
            "roleDefinitionId": f"/{AUTHORIZATION}/roleDefinitions/{role}",
            "requestType": schedule.pop("request", "AdminAssign"),
            "scheduleInfo": {"startDateTime": schedule.pop("start", None), "expiration": schedule},
        }
        kind = (
            "roleEligibilityScheduleRequests"
            if body["requestType"] == "Eligible"
            else "roleAssignmentScheduleRequests"
        )
        body["requestType"] = "AdminAssign" if body["requestType"] == "Eligible" else body["requestType"]
        path = f"{scope}/{AUTHORIZATION}/{kind}/{kind[4]}{int(self.later)}"
        return await self.arm.ok("PUT", path, {"properties": body})

    async def status(self, method: str, path: str, body: Any = None) -> int:
        """What somebody is answered."""
        self.arm.who = SOMEBODY
        try:
            return (await self.arm.send(method, path, body, version="2023-05-01")).status
        finally:
            self.arm.who = principal()


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(tmp_path)
    await made.arm.group()
    yield made
    await made.arm.arm.close()


async def test_a_deny_assignment_takes_what_a_role_gives_at_and_below_its_scope(world: World) -> None:
    await world.give(CONTRIBUTOR, GROUP, type="NoExpiration")
    assert await world.status("GET", ACCOUNT) == 200
    world.deny(GROUP, "*", not_actions=["*/read"])
    assert await world.status("GET", ACCOUNT) == 200
    assert await world.status("DELETE", ACCOUNT) == 403
    world.arm.who = SOMEBODY
    error = await world.arm.error(403, "DELETE", ACCOUNT, version="2023-05-01")
    assert error["code"] == "DenyAssignmentAuthorizationFailed"
    assert (
        f"has permission to perform action 'Microsoft.Storage/storageAccounts/delete' on scope '{ACCOUNT}'"
        in error["message"]
    )
    assert (
        "because of the deny assignment with name 'locked'" in error["message"]
        and f"at scope '{GROUP}'" in error["message"]
    )


@pytest.mark.parametrize(
    ("scope", "more", "status"),
    [
        (TOP, {}, 403),
        (f"/subscriptions/{SUBSCRIPTION}", {}, 403),
        (ACCOUNT, {}, 403),
        (ACCOUNT, {"doNotApplyToChildScopes": True}, 403),
        (GROUP, {"doNotApplyToChildScopes": True}, 200),
        (GROUP, {"excludePrincipals": [{"id": SOMEBODY.object_id, "type": "User"}]}, 200),
        (GROUP, {"principals": [{"id": SOMEBODY.object_id, "type": "User"}]}, 403),
        (GROUP, {"principals": [{"id": principal("other").object_id, "type": "User"}]}, 200),
        (f"{GROUP}x", {}, 200),
    ],
)  # fmt: skip
async def test_for_whom_and_where_it_counts(world: World, scope: str, more: dict[str, Any], status: int) -> None:
    await world.give(READER, GROUP, type="NoExpiration")
    world.deny(scope, "Microsoft.Storage/*", **more)
    assert await world.status("GET", ACCOUNT) == status


async def test_who_has_no_role_is_refused_for_that_and_not_by_a_deny_assignment(world: World) -> None:
    world.deny(GROUP, "*")
    world.arm.who = SOMEBODY
    await world.arm.error(403, "GET", ACCOUNT, code="AuthorizationFailed")


async def test_deny_assignments_are_listed_and_made_by_nobody(world: World) -> None:
    world.deny(GROUP, "*/delete")
    at = f"{AUTHORIZATION}/denyAssignments"
    [one] = await world.arm.every(f"{ACCOUNT}/{at}")
    assert one["id"].startswith(f"{GROUP}/{at}/") and one["properties"]["scope"] == GROUP
    assert await world.arm.ok("GET", one["id"]) == one
    assert await world.arm.every(f"/subscriptions/{SUBSCRIPTION}/{at}?$filter=atScope()") == []
    assert len(await world.arm.every(f"/subscriptions/{SUBSCRIPTION}/{at}")) == 1
    assert await world.arm.every(f"{ACCOUNT}/{at}?$filter=principalId eq 'x'") == []
    for unknown in ("assignedTo('x')", "atScope() or principalId eq 'x'"):
        await world.arm.error(400, "GET", f"{ACCOUNT}/{at}?$filter={unknown}", code="UnsupportedQuery")
    await world.arm.error(405, "PUT", f"{GROUP}/{at}/mine", {"properties": {}}, code="HttpMethodNotSupported")


async def test_one_that_only_logs_takes_nothing_and_does_not_show_it(world: World) -> None:
    await world.give(CONTRIBUTOR, GROUP, type="NoExpiration")
    world.deny(GROUP, "*", denyAssignmentEffect="audit", isSystemProtected=False)
    assert await world.status("GET", ACCOUNT) == 200
    [one] = await world.arm.every(f"{ACCOUNT}/{AUTHORIZATION}/denyAssignments")
    assert one["properties"]["isSystemProtected"] is False and "denyAssignmentEffect" not in one["properties"]
    with pytest.raises(ValueError, match="is not known here"):
        world.deny(GROUP, "*", denyAssignmentEffect="later")


async def test_many_deny_assignments_come_in_pages(world: World) -> None:
    told = {"permissions": [{"actions": ["*/delete"]}], "principals": [{"id": EVERYBODY}]}
    rows = [{"scope": GROUP, "name": f"n{n:04}", "properties": told} for n in range(1003)]
    world.denials = tuple(parsed(row) for row in rows)
    found = await world.arm.every(f"{GROUP}/{AUTHORIZATION}/denyAssignments")
    assert [one["name"] for one in found] == [row["name"] for row in rows]


async def test_a_role_for_an_hour_ends_by_the_clock(world: World) -> None:
    await world.give(READER, GROUP, type="AfterDuration", duration="PT1H")
    instances = f"{GROUP}/{AUTHORIZATION}/roleAssignmentScheduleInstances"
    query = f"?$filter=principalId eq '{SOMEBODY.object_id}'"
    [instance] = await world.arm.every(instances + query)
    told = instance["properties"]
    assert told["assignmentType"] == "Assigned" and told["memberType"] == "Direct" and told["endDateTime"]
    [assignment] = await world.arm.every(f"{GROUP}/{AUTHORIZATION}/roleAssignments{query}")
    assert told["originRoleAssignmentId"] == assignment["id"]
    world.later = 3599
    assert await world.status("GET", ACCOUNT) == 200
    world.later = 3601
    assert await world.status("GET", ACCOUNT) == 403
    assert await world.arm.every(instances + query) == []
    assert await world.arm.every(f"{GROUP}/{AUTHORIZATION}/roleAssignments{query}") == []
    assert (await world.arm.send("GET", assignment["id"])).status == 404


async def test_who_is_eligible_may_activate_and_nobody_else(world: World) -> None:
    owner = principal().object_id
    await world.arm.error(
        400,
        "PUT",
        f"{GROUP}/{AUTHORIZATION}/roleAssignmentScheduleRequests/r",
        {"properties": {"principalId": owner, "roleDefinitionId": f"x/{READER}", "requestType": "SelfActivate"}},
        version="2020-10-01",
        code="RoleAssignmentRequestPolicyValidationFailed",
        says="EligibilityRule",
    )
    await world.give(READER, GROUP, owner, request="Eligible", type="AfterDuration", duration="P365D")
    [eligible] = await world.arm.every(f"{ACCOUNT}/{AUTHORIZATION}/roleEligibilityScheduleInstances")
    assert eligible["properties"]["principalId"] == owner and eligible["properties"]["memberType"] == "Inherited"
    await world.give(READER, GROUP, owner, request="SelfActivate", type="AfterDuration", duration="PT8H")
    found = await world.arm.every(f"{GROUP}/{AUTHORIZATION}/roleAssignmentScheduleInstances")
    assert [
        one["properties"]["assignmentType"] for one in found if one["properties"]["endDateTime"] is not None
    ] == ["Activated"]


ASSIGNMENTS = f"{GROUP}/{AUTHORIZATION}/roleAssignments"
OF_SOMEBODY = f"?$filter=principalId eq '{SOMEBODY.object_id}'"


async def _end(world: World, name: str, **more: Any) -> Any:
    """AdminRemove of somebody's Reader, or what `more` says."""
    told = {
        "principalId": SOMEBODY.object_id,
        "roleDefinitionId": f"/{AUTHORIZATION}/roleDefinitions/{READER}",
        "requestType": "AdminRemove",
        **more,
    }
    path = f"{GROUP}/{AUTHORIZATION}/roleAssignmentScheduleRequests/{name}"
    return await world.arm.send("PUT", path, {"properties": told})


async def test_a_role_for_a_time_is_ended_by_a_request_after_five_minutes(world: World) -> None:
    await world.give(READER, GROUP, type="AfterDuration", duration="PT8H")
    again = await _end(world, "again", requestType="AdminAssign")
    assert (again.status, json.loads(again.body)["error"]["code"]) == (400, "RoleAssignmentExists")
    early = await _end(world, "early")
    assert (early.status, json.loads(early.body)["error"]["code"]) == (400, "ActiveDurationTooShort")
    world.later = 301
    done = await _end(world, "done")
    assert (done.status, json.loads(done.body)["properties"]["status"]) == (201, "Revoked")
    assert await world.status("GET", ACCOUNT) == 403
    for kind in ("roleAssignmentScheduleInstances", "roleAssignmentSchedules"):
        path = f"{GROUP}/{AUTHORIZATION}/{kind}{OF_SOMEBODY}"
        assert await world.arm.every(path) == []
    gone = await _end(world, "gone")
    assert (gone.status, json.loads(gone.body)["error"]["code"]) == (400, "RoleAssignmentDoesNotExist")


async def test_one_that_begins_tomorrow_is_a_schedule_and_no_assignment_until_then(world: World) -> None:
    start = datetime.now(UTC) + timedelta(days=1)
    told = await world.give(
        READER, GROUP, start=start.isoformat(), type="AfterDateTime", endDateTime=str(start + timedelta(hours=1))
    )
    assert told["properties"]["status"] == "Granted"
    schedules, instances = (
        f"{GROUP}/{AUTHORIZATION}/{kind}{OF_SOMEBODY}"
        for kind in ("roleAssignmentSchedules", "roleAssignmentScheduleInstances")
    )
    [schedule] = await world.arm.every(schedules)
    assert schedule["properties"]["startDateTime"].startswith(start.strftime("%Y-%m-%dT%H:%M"))
    assert await world.arm.every(instances) == []
    assert await world.arm.every(ASSIGNMENTS + OF_SOMEBODY) == []
    assert await world.status("GET", ACCOUNT) == 403
    world.later = 24 * 3600 + 60
    assert await world.status("GET", ACCOUNT) == 200
    [instance] = await world.arm.every(instances)
    assert instance["properties"]["roleAssignmentScheduleId"].endswith(schedule["name"])
    world.later += 3600
    assert await world.status("GET", ACCOUNT) == 403
    assert await world.arm.every(schedules) == []


async def test_an_end_before_the_start_is_refused(world: World) -> None:
    with pytest.raises(AssertionError, match="before the start"):
        await world.give(READER, GROUP, type="AfterDateTime", endDateTime="2020-01-01T00:00:00Z")


async def test_what_is_over_is_in_nobodys_way(world: World) -> None:
    await world.give(READER, GROUP, type="AfterDuration", duration="PT1H")
    body = {"properties": {"principalId": SOMEBODY.object_id, "roleDefinitionId": f"x/{READER}"}}
    path = f"{ASSIGNMENTS}/11111111-1111-4111-8111-111111111111"
    await world.arm.error(409, "PUT", path, body, code="RoleAssignmentExists")
    world.later = 3601
    await world.arm.ok("PUT", path, body)
    [one] = await world.arm.every(f"{GROUP}/{AUTHORIZATION}/roleAssignmentScheduleInstances{OF_SOMEBODY}")
    assert one["properties"]["endDateTime"] is None and one["properties"]["originRoleAssignmentId"] == path


async def test_deleting_the_assignment_ends_its_schedule(world: World) -> None:
    await world.give(READER, GROUP, type="AfterDuration", duration="PT1H")
    [one] = await world.arm.every(ASSIGNMENTS + OF_SOMEBODY)
    assert (await world.arm.send("DELETE", one["id"])).status == 200
    path = f"{GROUP}/{AUTHORIZATION}/roleAssignmentSchedules{OF_SOMEBODY}"
    assert await world.arm.every(path) == []
    assert await world.status("GET", ACCOUNT) == 403


async def test_an_activation_tells_what_it_came_of_and_who_has_it_ends_it(world: World) -> None:
    owner = principal().object_id
    await world.give(READER, GROUP, owner, request="Eligible", type="AfterDuration", duration="P1D")
    of = f"?$filter=principalId eq '{owner}'"
    [eligible] = await world.arm.every(f"{GROUP}/{AUTHORIZATION}/roleEligibilityScheduleInstances{of}")
    schedule = eligible["properties"]["roleEligibilityScheduleId"]
    wrong = await _end(
        world, "w", principalId=owner, requestType="SelfActivate", linkedRoleEligibilityScheduleId="other"
    )
    assert wrong.status == 400
    me = {"principalId": owner, "linkedRoleEligibilityScheduleId": schedule.rpartition("/")[2]}
    assert (await _end(world, "on", **me, requestType="SelfActivate")).status == 201
    found = await world.arm.every(f"{GROUP}/{AUTHORIZATION}/roleAssignmentScheduleInstances{of}")
    [active] = [one["properties"] for one in found if one["properties"]["assignmentType"] == "Activated"]
    assert schedule.endswith(active["linkedRoleEligibilityScheduleId"])
    assert active["linkedRoleEligibilityScheduleInstanceId"] == eligible["name"]
    world.later = 400
    assert (await _end(world, "off", principalId=owner, requestType="SelfDeactivate")).status == 201
    assert (await _end(world, "off2", principalId=owner, requestType="SelfDeactivate")).status == 400


async def test_who_is_eligible_no_more_is_not_shown_and_cannot_activate(world: World) -> None:
    owner = principal().object_id
    await world.give(READER, GROUP, owner, request="Eligible", type="NoExpiration")
    world.later = 400
    path = f"{GROUP}/{AUTHORIZATION}/roleEligibilityScheduleRequests/end"
    told = {"principalId": owner, "roleDefinitionId": f"x/{READER}", "requestType": "AdminRemove"}
    await world.arm.ok("PUT", path, {"properties": told})
    for kind in ("roleEligibilityScheduleInstances", "roleEligibilitySchedules"):
        assert await world.arm.every(f"{GROUP}/{AUTHORIZATION}/{kind}") == []
    assert (await _end(world, "on", principalId=owner, requestType="SelfActivate")).status == 400
    assert (await world.arm.send("DELETE", path)).status == 405


def test_what_is_not_understood_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for row in ('{"scope": "/"}', '[{"scope": "x"}]', '[{"scope": "/", "properties": {}}]',
                '[{"scope": "/", "properties": {"condition": "c", "principals": [{"id": "a"}], "permissions": [{}]}}]'):  # fmt: skip
        with pytest.raises(ValueError, match=r".+"):
            parse(row)


def test_the_file_of_the_state_folder_is_obeyed_at_once(tmp_path: Path) -> None:
    state, file = StateFolder(tmp_path / "s"), tmp_path / "deny.json"
    denials = Denials(state.denials)
    assert denials() == ()
    file.write_text(
        '[{"scope": "/", "properties": {"principals": [{"id": "A"}], "permissions": [{"actions": ["*"]}]}}]'
    )
    assert main(["deny", "--state", str(state.root), "set", str(file)]) == 0
    [one] = denials()
    assert one.takes("a", "any/thing", "/subscriptions/x", data=False) and denials() is denials()
    assert main(["deny", "--state", str(state.root), "clear"]) == 0
    assert denials() == ()
