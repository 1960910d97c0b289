"""The rules by which roles are activated: one policy for each role at each scope, read and changed as in the reference."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from arm_harness import GROUP, SUBSCRIPTION, ArmClient, FakeAccounts, principal

from azsandbox.arm import build
from azsandbox.arm.access.evaluation import Terms

AUTHORIZATION = "providers/Microsoft.Authorization"
OFFICER, READER = "14b46e9e-c2b7-41b4-b07b-48a6ebf60603", "acdd72a7-3385-48ef-bd42-f606fba81ae7"
VERSION = "2020-10-01"
SOMEBODY = principal("somebody")


@pytest.fixture
async def arm(tmp_path: Path) -> AsyncIterator[ArmClient]:
    accounts = FakeAccounts()
    terms = Terms(lambda who: who == principal().object_id)
    made = ArmClient(build(tmp_path, accounts, limits="off", terms=terms), accounts)
    await made.group()
    yield made
    await made.arm.close()


async def assigned(arm: ArmClient, scope: str, role: str = OFFICER) -> dict[str, Any]:
    """The assignment of a role's policy at a scope."""
    answer = await arm.ok("GET", f"{scope}/{AUTHORIZATION}/roleManagementPolicyAssignments", version=VERSION)
    [found] = [
        one["properties"] for one in answer["value"] if one["properties"]["roleDefinitionId"].endswith(role)
    ]
    return found


def approval(properties: dict[str, Any], name: str = "effectiveRules") -> dict[str, Any]:
    [rule] = [one for one in properties[name] if one["id"] == "Approval_EndUser_Assignment"]
    return rule["setting"]


def rules(*rule: dict[str, Any]) -> dict[str, Any]:
    return {"properties": {"rules": list(rule)}}


def asked(**setting: Any) -> dict[str, Any]:
    stage = {"primaryApprovers": [{"id": SOMEBODY.object_id, "userType": "User"}]}
    given = {"isApprovalRequired": True, "approvalStages": [stage], **setting}
    return {"id": "Approval_EndUser_Assignment", "ruleType": "RoleManagementPolicyApprovalRule", "setting": given}


async def test_a_role_needs_no_approval_until_its_policy_says_so_at_that_very_scope(arm: ArmClient) -> None:
    found = await assigned(arm, GROUP)
    assert approval(found)["isApprovalRequired"] is False
    changed = await arm.ok("PATCH", found["policyId"], rules(asked()), version=VERSION)
    assert approval(changed["properties"], "rules")["isApprovalRequired"] is True
    assert approval(await assigned(arm, GROUP))["isApprovalRequired"] is True
    assert len((await assigned(arm, GROUP))["effectiveRules"]) == len(found["effectiveRules"]), "the others stay"
    assert approval(await assigned(arm, GROUP, READER))["isApprovalRequired"] is False
    for scope in (f"/subscriptions/{SUBSCRIPTION}", f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv"):
        assert approval(await assigned(arm, scope))["isApprovalRequired"] is False, "nothing is inherited"


async def test_policies_and_assignments_are_read_by_their_names(arm: ArmClient) -> None:
    found = await assigned(arm, GROUP)
    policy = await arm.ok("GET", found["policyId"], version=VERSION)
    assert policy["properties"]["rules"] == found["effectiveRules"]
    every = await arm.ok("GET", f"{GROUP}/{AUTHORIZATION}/roleManagementPolicies", version=VERSION)
    assert policy["name"] in [one["name"] for one in every["value"]]
    name = f"{policy['name']}_{OFFICER}"
    one = await arm.ok("GET", f"{GROUP}/{AUTHORIZATION}/roleManagementPolicyAssignments/{name}", version=VERSION)
    assert one["name"] == name and one["properties"] == found
    wrong = await arm.send("GET", f"{GROUP}/{AUTHORIZATION}/roleManagementPolicies/none", version=VERSION)
    assert wrong.status == 404


async def test_a_custom_role_has_a_policy_too(arm: ArmClient) -> None:
    name = "99999999-0000-4000-8000-000000000009"
    properties = {
        "roleName": "Custodian",
        "permissions": [],
        "assignableScopes": [f"/subscriptions/{SUBSCRIPTION}"],
    }
    path = f"/subscriptions/{SUBSCRIPTION}/{AUTHORIZATION}/roleDefinitions/{name}"
    await arm.ok("PUT", path, {"properties": properties}, version="2022-04-01")
    assert approval(await assigned(arm, GROUP, name))["isApprovalRequired"] is False


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"properties": {"rules": None}},
        rules({"id": "Approval_EndUser_Assignment", "ruleType": "RoleManagementPolicyExpirationRule"}),
        rules({"id": "Unknown_EndUser_Assignment", "ruleType": "RoleManagementPolicyApprovalRule"}),
        rules(asked(approvalStages=[])),
        rules(asked(approvalStages=[{"primaryApprovers": []}])),
    ],
)
async def test_what_is_no_rule_is_refused_and_changes_nothing(arm: ArmClient, body: dict[str, Any]) -> None:
    found = await assigned(arm, GROUP)
    assert (await arm.send("PATCH", found["policyId"], body, version=VERSION)).status == 400
    assert await assigned(arm, GROUP) == found


async def test_a_filter_and_other_methods_are_not_known(arm: ArmClient) -> None:
    path = f"{GROUP}/{AUTHORIZATION}/roleManagementPolicyAssignments"
    assert (await arm.send("GET", f"{path}?$filter=atScope()", version=VERSION)).status == 400
    policy = (await assigned(arm, GROUP))["policyId"]
    for method in ("PUT", "DELETE"):
        assert (await arm.send(method, policy, {"properties": {}}, version=VERSION)).status == 405


async def test_who_may_not_read_them_is_refused(arm: ArmClient) -> None:
    arm.who = SOMEBODY
    for name in ("roleManagementPolicyAssignments", "roleManagementPolicies"):
        assert (await arm.send("GET", f"{GROUP}/{AUTHORIZATION}/{name}", version=VERSION)).status == 403
