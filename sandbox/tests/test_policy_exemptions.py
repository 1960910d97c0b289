"""Exemptions: whom they exempt, from what, for how long, and who may make one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from arm_harness import GROUP, SUBSCRIPTION, WORKSPACE, ArmClient, client, principal
from bicep_types import Types
from policies import (
    CMK,
    PROVIDER,
    RECOVERABLE,
    SUBSCRIBED,
    VAULT,
    assign,
    define,
    exempt,
    initiative,
    managed,
    member,
    path,
)

from azsandbox.arm.clock import Clock
from azsandbox.messages import Principal

DENY = {"effect": "Deny"}
CHANGE = {"properties": {"friendlyName": "changed"}}


class Time:
    """A clock that a test sets on."""

    def __init__(self) -> None:
        self.seconds = 1_900_000_000.0  # 2030-03-17T17:46:40Z

    def ns(self) -> int:
        self.seconds += 1e-5
        return int(self.seconds * 1e9)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
async def arm(tmp_path: Path, time: Time) -> ArmClient:
    found = client(tmp_path, clock=Clock(time.ns), operation_seconds=0)
    await found.workspace()
    return found


async def patched(arm: ArmClient) -> int:
    """How a change of the unmigrated workspace is answered."""
    return (await arm.send("PATCH", WORKSPACE, CHANGE)).status


async def test_an_exempt_workspace_can_be_changed_until_the_exemption_ends(arm: ArmClient, time: Time) -> None:
    assigned = await assign(arm, await define(arm), parameters=DENY)
    error = await arm.error(403, "PATCH", WORKSPACE, CHANGE)
    assert error["code"] == "RequestDisallowedByPolicy"
    made = await exempt(arm, assigned, expiresOn="2030-03-18T00:00:00.0000000Z")
    assert await patched(arm) == 202
    time.seconds += 86_400
    assert await patched(arm) == 403
    # It is kept, and no longer honoured.
    assert (await arm.ok("GET", made))["properties"]["expiresOn"] == "2030-03-18T00:00:00.0000000Z"
    here = f"{WORKSPACE}{PROVIDER}/policyExemptions"
    assert [each["id"] for each in await arm.every(here)] == [made]
    assert await arm.every(f"{here}?$filter=excludeExpired()") == []
    await exempt(arm, assigned, expiresOn="2030-04-01T00:00:00Z")
    assert await patched(arm) == 202
    await arm.ok("DELETE", made)
    assert await patched(arm) == 403


@pytest.mark.parametrize("scope", [SUBSCRIBED, GROUP, WORKSPACE])
async def test_an_exemption_counts_at_its_scope_and_below(arm: ArmClient, scope: str) -> None:
    assigned = await assign(arm, CMK, parameters=DENY)
    await exempt(arm, assigned, scope)
    assert await patched(arm) == 202
    other = await arm.send("PUT", WORKSPACE.replace("/source", "/other"), arm.workspace_body())
    assert other.status == (403 if scope == WORKSPACE else 202)


async def test_an_exemption_is_from_what_it_names(arm: ArmClient) -> None:
    guard = await initiative(arm, member(CMK, "cmk", **DENY), member(await define(arm), "byClass", **DENY))
    assigned, other = await assign(arm, guard), await assign(arm, CMK, "other", parameters=DENY)
    made = await exempt(arm, assigned, policyDefinitionReferenceIds=["CMK"])
    error = await arm.error(403, "PATCH", WORKSPACE, CHANGE)
    named = [each["info"].get("policyDefinitionReferenceId") for each in error["additionalInfo"]]
    assert sorted(named, key=str) == [None, "byClass"]
    await exempt(arm, assigned, policyDefinitionReferenceIds=["cmk", "byClass"])
    assert len((await arm.error(403, "PATCH", WORKSPACE, CHANGE))["additionalInfo"]) == 1
    await arm.ok("DELETE", other)
    assert await patched(arm) == 202
    await arm.ok(
        "PATCH",
        made,
        {
            "properties": {
                "resourceSelectors": [{"name": "r", "selectors": [{"kind": "resourceLocation", "in": ["westus"]}]}]
            }
        },
    )
    assert await patched(arm) == 403


async def test_an_exemption_is_for_the_assignment_that_was_there(arm: ArmClient) -> None:
    assigned = await assign(arm, CMK, parameters=DENY)
    made = await exempt(arm, assigned)
    await arm.ok("DELETE", assigned)
    assert await arm.ok("GET", made)
    await assign(arm, CMK, parameters=DENY)
    assert await patched(arm) == 403
    await exempt(arm, assigned)
    assert await patched(arm) == 202


async def test_an_exemption_goes_with_its_resource(arm: ArmClient) -> None:
    assigned = await assign(arm, CMK, parameters=DENY)
    made = await exempt(arm, assigned)
    vault = await exempt(arm, assigned, VAULT)
    await arm.send("DELETE", WORKSPACE)
    await arm.ok("GET", f"{GROUP}/providers/Microsoft.Storage/storageAccounts/acct")
    await arm.ok("DELETE", VAULT)
    everywhere = await arm.every(f"{SUBSCRIBED}{PROVIDER}/policyExemptions")
    assert everywhere == []
    await arm.ok("DELETE", assigned)
    back = arm.workspace_body(allowRecoverSoftDeletedWorkspace=True)
    recovered = {"location": "eastus2", "properties": {"createMode": "recover"}}
    await arm.ok("PUT", VAULT, recovered)
    await arm.finish(await arm.send("PUT", WORKSPACE, back))
    for id_ in (made, vault):
        assert (await arm.error(404, "GET", id_))["code"] == "PolicyExemptionNotFound"


async def test_exemptions_below_a_management_group_are_listed_by_subscription(arm: ArmClient) -> None:
    scope = await managed(arm)
    assigned = await assign(arm, CMK, scope=scope, parameters=DENY)
    below, above = await exempt(arm, assigned), await exempt(arm, assigned, scope, "wide")
    at_group = f"{scope}{PROVIDER}/policyExemptions"
    assert (await arm.error(400, "GET", at_group))["code"] == "MissingFilter"
    assert [each["id"] for each in await arm.every(f"{at_group}?$filter=atScope()")] == [above]
    here = await arm.every(f"{SUBSCRIBED}{PROVIDER}/policyExemptions")
    assert {each["id"] for each in here} == {below, above}


async def test_an_assignment_above_counts_no_more_for_a_subscription_that_was_moved_away(arm: ArmClient) -> None:
    assigned = await assign(arm, CMK, scope=await managed(arm), parameters=DENY)
    assert await patched(arm) == 403
    await managed(arm, "other")
    assert await patched(arm) == 202
    # Nor can what lies there be exempt from it.
    body = {"properties": {"policyAssignmentId": assigned, "exemptionCategory": "Waiver"}}
    error = await arm.error(400, "PUT", path("policyExemptions", "e", WORKSPACE), body)
    assert error["code"] == "InvalidCreatePolicyExemptionRequest"


async def _without_roles(arm: ArmClient, name: str) -> Principal:
    """Another caller, who begins with every right and has lost it."""
    who = principal(name)
    owner, arm.who = arm.who, who
    await arm.ok("GET", WORKSPACE)
    arm.who = owner
    everything = await arm.every("/providers/Microsoft.Authorization/roleAssignments?$filter=atScope()")
    for each in everything:
        if each["properties"]["principalId"] == who.object_id:
            await arm.ok("DELETE", each["id"])
    return who


async def test_rights_at_a_management_group_count_below_it_and_not_the_other_way_round(arm: ArmClient) -> None:
    scope, who = await managed(arm), await _without_roles(arm, "policies")
    role = f"{PROVIDER}/roleDefinitions/36243c78-bf99-498c-9df9-86d9f8d28608"  # Resource Policy Contributor
    given = {"properties": {"principalId": who.object_id, "roleDefinitionId": role}}
    owner = arm.who
    await arm.ok("PUT", f"{SUBSCRIBED}{PROVIDER}/roleAssignments/below", given)
    arm.who = who
    for kind in ("policyDefinitions", "policySetDefinitions", "policyAssignments", "policyExemptions"):
        error = await arm.error(403, "PUT", path(kind, "x", scope), {"properties": {}})
        assert f"Microsoft.Authorization/{kind}/write" in error["message"]
    assert (await arm.error(403, "GET", scope))["code"] == "AuthorizationFailed"
    assert (await arm.error(403, "GET", f"{scope}/descendants"))["code"] == "AuthorizationFailed"
    arm.who = owner
    await arm.ok("PUT", f"{scope}{PROVIDER}/roleAssignments/above", given)
    arm.who = who
    assert [each["name"] for each in await arm.every(f"{scope}/descendants")] == [SUBSCRIPTION]
    guard = await initiative(arm, member(await define(arm, scope), "byClass", **DENY), scope=scope)
    await exempt(arm, await assign(arm, guard, scope=scope))


@pytest.mark.parametrize("asked", ["", "/descendants"])
async def test_a_management_group_that_is_not_there_is_told_by_its_id(arm: ArmClient, asked: str) -> None:
    none = "/providers/Microsoft.Management/managementGroups/none"
    error = await arm.error(404, "GET", f"{none}{asked}")
    assert (error["code"], error["message"]) == ("NotFound", f"'{none}' not found")


async def test_an_exemption_takes_the_right_at_the_assignment(arm: ArmClient) -> None:
    assigned = await assign(arm, CMK, scope=await managed(arm), parameters=DENY)
    owner, who = arm.who, await _without_roles(arm, "contributor")
    definition = f"{PROVIDER}/roleDefinitions/36243c78-bf99-498c-9df9-86d9f8d28608"  # Resource Policy Contributor
    role = {"properties": {"principalId": who.object_id, "roleDefinitionId": definition}}
    await arm.ok("PUT", f"{SUBSCRIBED}{PROVIDER}/roleAssignments/r", role)
    arm.who = who
    body = {"properties": {"policyAssignmentId": assigned, "exemptionCategory": "Waiver"}}
    made = path("policyExemptions", "e", WORKSPACE)
    error = await arm.error(403, "PUT", made, body)
    assert error["code"] == "LinkedAuthorizationFailed"
    assert "Microsoft.Authorization/policyAssignments/exempt/action" in error["message"]
    arm.who = owner
    await arm.ok("PUT", f"/providers/Microsoft.Management/managementGroups/corp{PROVIDER}/roleAssignments/s", role)
    arm.who = who
    await arm.ok("PUT", made, body)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"policyAssignmentId": None}, "InvalidRequestContent"),
        ({"exemptionCategory": None}, "InvalidRequestContent"),
        ({"exemptionCategory": "Forever"}, "InvalidRequestContent"),
        ({"policyAssignmentId": path("policyAssignments", "none")}, "InvalidCreatePolicyExemptionRequest"),
        ({"policyDefinitionReferenceIds": ["a"]}, "InvalidPolicyDefinitionReference"),
        ({"expiresOn": "next week"}, "InvalidRequestContent"),
        ({"displayName": "x" * 129}, "InvalidCreatePolicyExemptionRequest"),
        ({"assignmentScopeValidation": "Maybe"}, "InvalidRequestContent"),
        ({"resourceSelectors": {}}, "InvalidCreatePolicyExemptionRequest"),
    ],
)
async def test_exemptions_are_checked(arm: ArmClient, changed: dict[str, Any], code: str) -> None:
    assigned = await assign(arm, CMK)
    body = {"policyAssignmentId": assigned, "exemptionCategory": "Waiver", **changed}
    error = await arm.error(400, "PUT", path("policyExemptions", "e", WORKSPACE), {"properties": body})
    assert error["code"] == code


async def test_an_exemption_is_judged_itself(arm: ArmClient) -> None:
    """A rule of the mode All, such as one about tags, refuses exemptions too (AZ-POLICY-36)."""
    untagged = {"if": {"field": "tags[owner]", "exists": "false"}, "then": {"effect": "deny"}}
    body = {"properties": {"mode": "All", "policyRule": untagged}}
    definition = (await arm.ok("PUT", path("policyDefinitions", "owned"), body))["id"]
    guarded = await assign(arm, CMK)
    strict = await assign(arm, definition, "owned")
    exempting = {"properties": {"policyAssignmentId": guarded, "exemptionCategory": "Waiver"}}
    error = await arm.error(403, "PUT", path("policyExemptions", "e", WORKSPACE), exempting)
    assert (error["code"], error["target"]) == ("RequestDisallowedByPolicy", "e")
    await arm.ok("DELETE", strict)
    await arm.ok("PUT", path("policyExemptions", "e", WORKSPACE), exempting)


async def test_an_exemption_stays_with_its_assignment_and_in_its_scope(arm: ArmClient) -> None:
    assigned, other = await assign(arm, CMK), await assign(arm, CMK, "other", f"{GROUP}")
    made = await exempt(arm, assigned)
    body = {"policyAssignmentId": other, "exemptionCategory": "Waiver"}
    error = await arm.error(400, "PUT", made, {"properties": body})
    assert error["code"] == "InvalidPolicyAssignmentIdUpdate"
    above = path("policyExemptions", "e", SUBSCRIBED)
    assert "not at or under" in (await arm.error(400, "PUT", above, {"properties": body}))["message"]
    await arm.ok("PUT", above, {"properties": {**body, "assignmentScopeValidation": "DoNotValidate"}})
    of_it = f"$filter=atScope() and policyAssignmentId eq '{assigned}'"
    assert [each["id"] for each in await arm.every(f"{WORKSPACE}{PROVIDER}/policyExemptions?{of_it}")] == [made]


async def test_nothing_is_exempt_before_it_is_there(arm: ArmClient) -> None:
    assigned = await assign(arm, CMK)
    body = {"properties": {"policyAssignmentId": assigned, "exemptionCategory": "Waiver"}}
    await arm.error(404, "PUT", path("policyExemptions", "e", WORKSPACE.replace("/source", "/new")), body)


async def test_a_vault_is_exempt_from_a_policy_for_keys(arm: ArmClient) -> None:
    size = f"{PROVIDER}/policyDefinitions/82067dbb-e53b-4e06-b631-546d197452d9"
    assigned = await assign(arm, size, parameters={**DENY, "minimumRSAKeySize": 3072})
    small = {"properties": {"kty": "RSA", "keySize": 2048}}
    await arm.error(403, "PUT", f"{VAULT}/keys/k", small)
    await exempt(arm, assigned, VAULT)
    await arm.ok("PUT", f"{VAULT}/keys/k", small)


async def test_answers_are_as_described(arm: ArmClient, shared: Path) -> None:
    made = await exempt(arm, await assign(arm, CMK), expiresOn="2031-01-01T00:00:00Z", metadata={"plan": "p"})
    types = Types(
        shared / "specs" / "bicep-types" / "microsoft.authorization-exemptions-2022-07-01-preview.types.json"
    )
    shown = await arm.ok("GET", made)
    assert types.problems_of_answer(shown["type"], shown) == []
    assert shown["properties"]["metadata"] == {"plan": "p"}


def _changes() -> Iterator[tuple[dict[str, Any], bool]]:
    def selector(kind: str, **values: list[str]) -> dict[str, Any]:
        return {"resourceSelectors": [{"name": "s", "selectors": [{"kind": kind, **values}]}]}

    workspaces = "microsoft.machinelearningservices/workspaces"
    reference = {"kind": "policyDefinitionReferenceId", "in": ["cmk"]}
    yield {}, True
    yield {"enforcementMode": "DoNotEnforce"}, False
    yield {"notScopes": [GROUP]}, False
    yield {"notScopes": [WORKSPACE.upper()]}, False
    yield {"notScopes": [f"{GROUP}2"]}, True
    yield selector("resourceLocation", **{"in": ["East US 2"]}), True
    yield selector("resourceLocation", **{"in": ["westus"]}), False
    yield selector("resourceLocation", notIn=["eastus2"]), False
    yield selector("resourceType", **{"in": [workspaces]}), True
    yield selector("resourceType", notIn=[workspaces]), False
    yield {"overrides": [{"kind": "policyEffect", "value": "Audit"}]}, False
    yield {"overrides": [{"kind": "policyEffect", "value": "Disabled", "selectors": [reference]}]}, False
    yield {"parameters": {"cmkEffect": {"value": "Audit"}}}, False
    yield (
        {
            "parameters": {"cmkEffect": {"value": "Audit"}},
            "overrides": [{"kind": "policyEffect", "value": "Deny", "selectors": [reference]}],
        },
        True,
    )
    location = {"kind": "resourceLocation", "in": ["westus"]}
    yield {"overrides": [{"kind": "policyEffect", "value": "Audit", "selectors": [reference, location]}]}, True


@pytest.mark.parametrize("number", range(len(list(_changes()))))
async def test_an_assignment_denies_as_it_says(arm: ArmClient, number: int) -> None:
    changed, denies = list(_changes())[number]
    parameters = {"cmkEffect": {"type": "String", "defaultValue": "Deny"}}
    members = [member(CMK, "cmk", effect="[parameters('cmkEffect')]"), member(RECOVERABLE, "vaults")]
    guard = await initiative(arm, *members, parameters=parameters)
    body = {"properties": {"policyDefinitionId": guard, **changed}}
    await arm.ok("PUT", path("policyAssignments", "a"), body)
    assert await patched(arm) == (403 if denies else 202)


@pytest.mark.parametrize(
    ("tags", "denied"),
    [
        ({}, True),  # untagged
        ({"data-classification": "unheard-of"}, True),
        ({"data-classification": "restricted"}, True),
        ({"Data-Classification": "Public"}, False),
        ({"data-classification": "INTERNAL"}, False),
    ],
)
async def test_the_rule_by_classification(arm: ArmClient, tags: dict[str, str], denied: bool) -> None:
    await assign(arm, await define(arm), parameters=DENY, nonComplianceMessages=[{"message": "Own keys, please."}])
    response = await arm.send("PUT", WORKSPACE.replace("/source", "/new"), {**arm.workspace_body(), "tags": tags})
    assert response.status == (403 if denied else 202)
    assert (b"Reasons: 'Own keys, please.'. See error details" in response.body) == denied


async def test_a_change_of_tags_alone_is_judged_by_rules_about_tags(arm: ArmClient) -> None:
    """The built-in definition asks for no tag: it refuses other changes, and those of tags with others."""
    await assign(arm, CMK, parameters=DENY)
    tags = {"tags": {"data-classification": "restricted"}}
    assert (await arm.send("PATCH", WORKSPACE, tags)).status == 202
    merged = {"operation": "Merge", "properties": tags}
    await arm.ok("PATCH", f"{WORKSPACE}/providers/Microsoft.Resources/tags/default", merged)
    for method, body in (("PATCH", {**tags, **CHANGE}), ("PUT", tags)):
        assert (await arm.error(403, method, WORKSPACE, body))["code"] == "RequestDisallowedByPolicy"
    await assign(arm, await define(arm), "tags", parameters=DENY)
    [one] = (await arm.error(403, "PATCH", WORKSPACE, tags))["additionalInfo"]
    assert one["info"]["policyAssignmentName"] == "tags"


async def test_a_tag_alone_is_judged_as_a_change_of_the_resource(arm: ArmClient) -> None:
    await assign(arm, await define(arm), parameters=DENY)
    tags = f"{WORKSPACE}/providers/Microsoft.Resources/tags/default"
    merged = {"operation": "Merge", "properties": {"tags": {"data-classification": "restricted"}}}
    for method, body in (("PATCH", merged), ("PUT", {"properties": merged["properties"]}), ("DELETE", None)):
        error = await arm.error(403, method, tags, body)
        assert (error["code"], error["target"]) == ("RequestDisallowedByPolicy", "source")
    merged["properties"] = {"tags": {"data-classification": "public"}}
    await arm.ok("PATCH", tags, merged)
    # Harmless now, it may be changed, but not become what is denied again.
    assert await patched(arm) == 202
    assert (await arm.send("PATCH", WORKSPACE, {"tags": {"data-classification": "restricted"}})).status == 403
    assert (await arm.send("DELETE", tags)).status == 403
    assert (await arm.ok("GET", tags))["properties"]["tags"] == {"data-classification": "public"}


async def test_what_was_deleted_is_not_recovered_under_a_guardrail(arm: ArmClient) -> None:
    await arm.send("DELETE", WORKSPACE)
    await arm.ok("GET", VAULT)
    assigned = await assign(arm, CMK, parameters=DENY)
    back = arm.workspace_body(allowRecoverSoftDeletedWorkspace=True)
    error = await arm.error(403, "PUT", WORKSPACE, back)
    assert error["code"] == "RequestDisallowedByPolicy"
    await exempt(arm, assigned, GROUP)
    await arm.finish(await arm.send("PUT", WORKSPACE, back))
