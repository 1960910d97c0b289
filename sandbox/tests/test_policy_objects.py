"""Policy definitions, initiatives and assignments: what is kept, shown and refused, at every scope."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from arm_harness import GROUP, WORKSPACE, ArmClient
from bicep_types import Types
from policies import (
    CLASSIFIED,
    CMK,
    FIREWALL,
    KEY_EXPIRY,
    PROVIDER,
    RECOVERABLE,
    SOVEREIGN,
    STORAGE,
    SUBSCRIBED,
    assign,
    assignment,
    define,
    initiative,
    managed,
    member,
    path,
)

from azsandbox.arm.policy import builtin, versions

DENY = {"effect": "Deny"}
DINE = f"{PROVIDER}/policyDefinitions/6b359d8f-f88d-4052-aa7c-32015963ecc1"
MODIFY = f"{PROVIDER}/policyDefinitions/a10ee784-7409-4941-b091-663697637c0f"


@pytest.fixture
async def arm(bare: ArmClient) -> ArmClient:
    await bare.group()
    return bare


async def test_microsofts_definitions_are_at_the_root(arm: ArmClient) -> None:
    for kind, known in (("policyDefinitions", builtin.definitions()), ("policySetDefinitions", builtin.sets())):
        listed = await arm.every(f"{PROVIDER}/{kind}")
        assert {each["id"].lower() for each in listed} == set(known)
        assert {each["properties"]["policyType"] for each in listed} == {"BuiltIn"}
    shown = await arm.ok("GET", CMK)
    assert (shown["name"], shown["properties"]["version"]) == (CMK.rpartition("/")[2], "1.1.0")
    [newest] = await arm.every(f"{CMK}/versions")
    assert (newest["name"], newest["properties"]["policyRule"]) == ("1.1.0", shown["properties"]["policyRule"])
    assert (await arm.ok("GET", f"{CMK}/versions/1.1.0")) == newest
    # An older one exists in Azure, with a rule that is not known here.
    assert (await arm.error(501, "GET", f"{CMK}/versions/1.0.3"))["code"] == "NotImplemented"
    monitored = await arm.every(f"{PROVIDER}/policyDefinitions?$filter=category eq 'Machine Learning'")
    assert {each["properties"]["metadata"]["category"] for each in monitored} == {"Machine Learning"}


async def test_definitions_sets_and_assignments_at_a_management_group(arm: ArmClient) -> None:
    scope = await managed(arm)
    classified = await define(arm, scope)
    guard = await initiative(arm, member(classified, "byClass", effect="Deny"), member(CMK, "cmk"), scope=scope)
    assigned = await assign(arm, guard, scope=scope)
    for id_ in (classified, guard, assigned):
        shown = await arm.ok("GET", id_)
        assert (shown["id"], shown["name"]) == (id_, id_.rpartition("/")[2])
        who = arm.who.object_id if arm.who else ""
        assert shown["properties"]["metadata"]["createdBy"] == who
        assert shown["systemData"]["createdByType"] == "Application"
    assert (await arm.ok("GET", assigned))["properties"]["scope"] == scope
    # What is above is listed below too.
    below = await arm.every(f"{GROUP}{PROVIDER}/policyAssignments?$filter=atScope()")
    assert [each["id"] for each in below] == [assigned]
    exact = await arm.every(f"{GROUP}{PROVIDER}/policyAssignments?$filter=atExactScope()")
    assert exact == []
    # At the group itself a filter has to be there; what lies below it is listed below it.
    listed = f"{scope}{PROVIDER}/policyAssignments"
    assert (await arm.error(400, "GET", listed))["code"] == "MissingFilter"
    assert [each["id"] for each in await arm.every(f"{listed}?$filter=atScope()")] == [assigned]
    custom = await arm.every(f"{SUBSCRIBED}{PROVIDER}/policyDefinitions?$filter=policyType eq 'Custom'")
    assert [each["id"] for each in custom] == [classified]
    error = await arm.error(403, "PUT", WORKSPACE, arm.workspace_body())
    assert [each["info"]["policyDefinitionReferenceId"] for each in error["additionalInfo"]] == ["byClass"]


async def test_a_second_put_changes_nothing_but_who_wrote_last(arm: ArmClient) -> None:
    definition = await define(arm)
    assigned = await assign(arm, definition, parameters=DENY)
    before = await arm.ok("GET", assigned)
    response = await arm.send("PUT", assigned, {"properties": before["properties"]})
    after = await arm.ok("GET", assigned)
    assert response.status == 201  # as the API is described, also for one that was there
    assert after["properties"]["instanceId"] == before["properties"]["instanceId"]
    stamps = after["properties"].pop("metadata"), before["properties"].pop("metadata")
    assert stamps[0]["createdOn"] == stamps[1]["createdOn"] and stamps[0]["updatedOn"]
    assert after["properties"] == before["properties"]
    await arm.ok("DELETE", assigned)
    await assign(arm, definition, parameters=DENY)
    anew = await arm.ok("GET", assigned)
    assert anew["properties"]["instanceId"] != before["properties"]["instanceId"]
    old = await arm.ok("GET", assigned, version="2022-06-01")
    assert "instanceId" not in old["properties"]


async def test_versions_of_a_definition_are_kept_and_named(arm: ArmClient) -> None:
    harmless = {"tagName": CLASSIFIED["parameters"]["tagName"], "effect": CLASSIFIED["parameters"]["effect"]}
    definition = await define(arm)
    audited = {**CLASSIFIED["parameters"], "effect": {"type": "String", "defaultValue": "Deny"}}
    await define(arm, version="1.1.0", parameters=audited)
    shown = await arm.ok("GET", definition)
    assert shown["properties"]["versions"] == ["1.1.0", "1.0.0"]
    assert [each["name"] for each in await arm.every(f"{definition}/versions")] == ["1.0.0", "1.1.0"]
    first = await arm.ok("GET", f"{definition}/versions/1.0.0")
    assert first["properties"]["parameters"] == CLASSIFIED["parameters"]
    # The older one audits by default, the newest denies.
    await assign(arm, definition, definitionVersion="1.0.*")
    await arm.finish(await arm.send("PUT", WORKSPACE, arm.workspace_body()))
    await assign(arm, definition, definitionVersion="1.*.*")
    await arm.error(403, "PATCH", WORKSPACE, {"properties": {"friendlyName": "changed"}})
    error = await arm.error(
        400, "PUT", path("policyAssignments", "b"), assignment(definition, definitionVersion="2.*.*")
    )
    assert error["code"] == "PolicyDefinitionVersionNotFound"
    assert error["message"].endswith("that matches '2.*.*'. The available versions are: '1.1.0', '1.0.0'.")
    await arm.error(400, "PUT", path("policyAssignments", "b"), assignment(definition, definitionVersion="1.1.0"))
    await arm.error(501, "PUT", path("policyAssignments", "b"), assignment(CMK, definitionVersion="1.0.*"))
    error = await arm.error(400, "PUT", definition, {"properties": {**CLASSIFIED, "parameters": harmless}})
    assert error["code"] == "InvalidPolicyParameters"
    for version, row in (("1.9.0", "1.9.0"), ("1.10.0", "1.10.0")):
        assert versions.newest("1.*.*", ["1.2.0", version]) == row


RULE: dict[str, Any] = CLASSIFIED["policyRule"]  # type: ignore[assignment] - a literal of several types
ENDLESS = {"if": {"field": "type", "equals": "x"}, "then": {"effect": "audit"}}


@pytest.mark.parametrize(
    ("properties", "status", "code"),
    [
        ({}, 400, "InvalidRequestContent"),
        ({"policyRule": {"if": {"field": "type", "equals": "x"}}}, 400, "InvalidPolicyRule"),
        ({"policyRule": ENDLESS, "mode": "Foo"}, 400, "InvalidPolicyDefinitionMode"),
        ({"policyRule": ENDLESS, "mode": "Microsoft.KeyVault.Data"}, 400, "InvalidProviderNameInPolicyAlias"),
        ({"policyRule": ENDLESS, "mode": "Microsoft.Network.Data"}, 501, "NotImplemented"),
        ({"policyRule": ENDLESS, "parameters": {"a": {"type": "String"}}}, 400, "UnusedPolicyParameters"),
        ({"policyRule": RULE}, 400, "InvalidPolicyParameters"),
        ({"policyRule": {**ENDLESS, "then": {"effect": "shout"}}}, 400, "InvalidPolicyRule"),
        (
            {
                "policyRule": {
                    **ENDLESS,
                    "if": {"field": "Microsoft.Storage/storageAccounts/nonesuch", "equals": "1"},
                }
            },
            400,
            "InvalidPolicyRule",
        ),
        ({"policyRule": ENDLESS, "displayName": "x" * 129}, 400, "InvalidCreatePolicyDefinitionRequest"),
        ({"policyRule": ENDLESS, "version": "1.0"}, 400, "InvalidPolicyDefinitionVersion"),
    ],
)
async def test_definitions_are_checked(arm: ArmClient, properties: dict[str, Any], status: int, code: str) -> None:
    made = path("policyDefinitions", "odd")
    assert (await arm.error(status, "PUT", made, {"properties": properties}))["code"] == code
    assert (await arm.error(404, "GET", made))["code"] == "PolicyDefinitionNotFound"


async def test_definitions_are_written_where_azure_has_them(arm: ArmClient) -> None:
    error = await arm.error(404, "PUT", f"{PROVIDER}/policyDefinitions/a", {"properties": {"policyRule": ENDLESS}})
    assert error["code"] == "MissingSubscription"
    await arm.error(405, "PUT", path("policyDefinitions", "a", GROUP), {"properties": {"policyRule": ENDLESS}})


@pytest.mark.parametrize(
    ("members", "parameters", "status", "code"),
    [
        ([], {}, 400, "InvalidCreatePolicySetDefinitionRequest"),
        ([member(f"{PROVIDER}/policyDefinitions/none", "a")], {}, 404, "PolicyDefinitionNotFound"),
        ([member(CMK, "a", other=1)], {}, 400, "UndefinedPolicyParameter"),
        ([member(CMK, "a", effect="Shout")], {}, 400, "PolicyParameterValueNotAllowed"),
        ([member(CMK, "a"), member(STORAGE, "A")], {}, 400, "InvalidCreatePolicySetDefinitionRequest"),
        ([member(CMK, "a")], {"b": {"type": "String"}}, 400, "UnusedPolicyParameters"),
        ([member(CMK, "a", effect="[parameters('c')]")], {}, 400, "InvalidPolicyParameters"),
        ([{**member(CMK, "a"), "definitionVersion": "7.*.*"}], {}, 400, "PolicyDefinitionVersionNotFound"),
    ],
)
async def test_initiatives_are_checked(
    arm: ArmClient, members: list[Any], parameters: dict[str, Any], status: int, code: str
) -> None:
    body = {"properties": {"policyDefinitions": members, "parameters": parameters}}
    assert (await arm.error(status, "PUT", path("policySetDefinitions", "s"), body))["code"] == code


@pytest.mark.parametrize(
    ("policy", "properties", "status", "code"),
    [
        ("", {}, 400, "InvalidRequestContent"),
        (CMK, {"enforcementMode": "Enroll"}, 501, "NotImplemented"),
        (
            CMK,
            {"nonComplianceMessages": [{"message": "a"}, {"message": "b"}]},
            400,
            "InvalidCreatePolicyAssignmentRequest",
        ),
        (
            KEY_EXPIRY,
            {"nonComplianceMessages": [{"message": "a"}]},
            400,
            "InvalidCreatePolicyAssignmentRequest",
        ),
        (CMK, {"enforcementMode": "Perhaps"}, 400, "InvalidRequestContent"),
        (CMK, {"description": "x" * 513}, 400, "InvalidCreatePolicyAssignmentRequest"),
        (
            CMK,
            {"overrides": [{"kind": "policyEffect", "value": "Shout"}]},
            400,
            "InvalidCreatePolicyAssignmentRequest",
        ),
        (CMK, {"overrides": [{"kind": "definitionVersion", "value": "1.1.*"}]}, 501, "NotImplemented"),
        (
            CMK,
            {
                "overrides": [
                    {
                        "kind": "policyEffect",
                        "value": "Audit",
                        "selectors": [{"kind": "policyDefinitionReferenceId", "in": ["a"]}],
                    }
                ]
            },
            400,
            "InvalidCreatePolicyAssignmentRequest",
        ),
        # The definition has no effect Deny.
        (
            STORAGE,
            {"overrides": [{"kind": "policyEffect", "value": "Deny"}]},
            400,
            "InvalidCreatePolicyAssignmentRequest",
        ),
        (
            CMK,
            {"resourceSelectors": [{"selectors": [{"kind": "resourceLocation", "in": ["a"], "notIn": ["b"]}]}]},
            400,
            "InvalidCreatePolicyAssignmentRequest",
        ),
        (
            CMK,
            {"resourceSelectors": [{"selectors": [{"kind": "resourceWithoutLocation", "in": ["a"]}]}]},
            501,
            "NotImplemented",
        ),
        (CMK, {"resourceSelectors": [{}] * 11}, 400, "InvalidCreatePolicyAssignmentRequest"),
        (
            CMK,
            {"nonComplianceMessages": [{"message": "a", "policyDefinitionReferenceId": "b"}]},
            400,
            "InvalidCreatePolicyAssignmentRequest",
        ),
        (FIREWALL, {"parameters": DENY}, 501, "NotImplemented"),
        (MODIFY, {}, 501, "NotImplemented"),
        (DINE, {"parameters": {"logAnalytics": "x"}}, 400, "ResourceIdentityRequired"),
        (SOVEREIGN, {}, 501, "NotImplemented"),
    ],
)
async def test_assignments_are_checked(
    arm: ArmClient, policy: str, properties: dict[str, Any], status: int, code: str
) -> None:
    made = path("policyAssignments", "a")
    assert (await arm.error(status, "PUT", made, assignment(policy, **properties)))["code"] == code
    assert (await arm.error(404, "GET", made))["code"] == "PolicyAssignmentNotFound"


async def test_a_definition_below_is_out_of_scope(arm: ArmClient) -> None:
    scope, definition = await managed(arm), await define(arm)
    error = await arm.error(400, "PUT", path("policyAssignments", "a", scope), assignment(definition))
    assert "is out of scope" in error["message"]
    body = {"properties": {"policyDefinitions": [member(definition, "a")]}}
    await arm.error(400, "PUT", path("policySetDefinitions", "s", scope), body)


@pytest.mark.parametrize(("at", "most"), [("group", 24), ("subscription", 64)])
async def test_names_of_assignments_have_a_longest(arm: ArmClient, at: str, most: int) -> None:
    scope = await managed(arm) if at == "group" else SUBSCRIBED
    name = "n" * (most + 1)
    error = await arm.error(400, "PUT", path("policyAssignments", name, scope), assignment(CMK))
    assert error["code"] == "InvalidPolicyAssignmentName"
    assert error["message"] == (
        f"The policy assignment name '{name}' is invalid. "
        f"The policy assignment name length must not exceed '{most}' characters."
    )
    await assign(arm, CMK, "n" * most, scope)


@pytest.mark.parametrize("at", ["group", "subscription"])
@pytest.mark.parametrize("kind", ["policyDefinitions", "policySetDefinitions", "policyExemptions"])
async def test_other_names_have_sixty_four_characters(arm: ArmClient, at: str, kind: str) -> None:
    scope = await managed(arm) if at == "group" else SUBSCRIBED
    assigned = await assign(arm, CMK, scope=scope)
    body = {
        "policyDefinitions": CLASSIFIED,
        "policySetDefinitions": {"policyDefinitions": [member(CMK, "a")]},
        "policyExemptions": {"policyAssignmentId": assigned, "exemptionCategory": "Waiver"},
    }[kind]
    error = await arm.error(400, "PUT", path(kind, "n" * 65, scope), {"properties": body})
    assert error["code"] == f"InvalidP{kind[1:-1]}Name"
    await arm.ok("PUT", path(kind, "n" * 64, scope), {"properties": body})


async def test_messages_are_for_members_that_resource_manager_judges(arm: ArmClient) -> None:
    guard = await initiative(arm, member(CMK, "cmk"), member(KEY_EXPIRY, "key"))

    def told(*references: str) -> dict[str, Any]:
        named = [{"message": "m", "policyDefinitionReferenceId": each} for each in references]
        return {"properties": {"policyDefinitionId": guard, "nonComplianceMessages": [{"message": "all"}, *named]}}

    made = path("policyAssignments", "a")
    for references in (("key",), ("cmk", "CMK"), ("none",)):
        error = await arm.error(400, "PUT", made, told(*references))
        assert error["code"] == "InvalidCreatePolicyAssignmentRequest"
    await arm.ok("PUT", made, told("cmk"))


async def test_what_is_in_use_is_not_deleted(arm: ArmClient) -> None:
    definition = await define(arm)
    guard = await initiative(arm, member(definition, "a"))
    assigned = await assign(arm, guard)
    error = await arm.error(400, "DELETE", definition)
    assert error["code"] == "InvalidDeletePolicyDefinitionRequest"
    assert error["message"].endswith(f"It is referenced by the policy set definition '{guard}'.")
    error = await arm.error(400, "DELETE", guard)
    assert (error["code"], assigned in error["message"]) == ("InvalidDeletePolicySetDefinitionRequest", True)
    for id_ in (assigned, guard, definition):
        await arm.ok("DELETE", id_)
        assert (await arm.send("DELETE", id_)).status == 204
    assert (await arm.error(404, "GET", f"{definition}/versions"))["code"] == "PolicyDefinitionNotFound"


async def test_a_patch_changes_selectors_and_overrides_only(arm: ArmClient) -> None:
    guard = await initiative(arm, member(CMK, "cmk", effect="Deny"), member(RECOVERABLE, "vault", effect="Deny"))
    assigned = await assign(arm, guard)
    overrides = [
        {
            "kind": "policyEffect",
            "value": "Audit",
            "selectors": [{"kind": "policyDefinitionReferenceId", "in": ["cmk"]}],
        }
    ]
    shown = await arm.ok("PATCH", assigned, {"properties": {"overrides": overrides}})
    assert shown["properties"]["overrides"] == overrides
    await arm.finish(await arm.send("PUT", WORKSPACE, arm.workspace_body()))
    vault = {"location": "eastus2", "properties": {}}
    await arm.error(403, "PUT", f"{GROUP}/providers/Microsoft.KeyVault/vaults/new", vault)
    await arm.error(400, "PATCH", assigned, {"properties": {"enforcementMode": "DoNotEnforce"}})
    await arm.ok("PATCH", assigned, {"properties": {"overrides": []}})
    await arm.error(403, "PATCH", WORKSPACE, {"properties": {"friendlyName": "changed"}})


async def test_an_identity_takes_a_region(arm: ArmClient) -> None:
    body = assignment(DINE, parameters={"logAnalytics": "x"}) | {"identity": {"type": "SystemAssigned"}}
    made = path("policyAssignments", "logs")
    assert (await arm.error(400, "PUT", made, body))["code"] == "LocationRequired"
    shown = await arm.ok("PUT", made, body | {"location": "eastus2"})
    assert shown["identity"]["principalId"]


async def test_new_parameters_have_a_default(arm: ArmClient) -> None:
    definition = await define(arm)
    condition = {"field": "location", "equals": "[parameters('region')]"}
    rule = {"if": {"allOf": [RULE["if"], condition]}, "then": RULE["then"]}
    more = {**CLASSIFIED["parameters"], "region": {"type": "String"}}
    error = await arm.error(400, "PUT", definition, {"properties": {"parameters": more, "policyRule": rule}})
    assert error["code"] == "InvalidPolicyParameterUpdate"
    more["region"]["defaultValue"] = "eastus2"
    await arm.ok("PUT", definition, {"properties": {"parameters": more, "policyRule": rule}})
    error = await arm.error(400, "PUT", definition, {"properties": CLASSIFIED})
    assert error["code"] == "InvalidPolicyParameterUpdate"


async def test_answers_are_as_described(arm: ArmClient, shared: Path) -> None:
    guard = await initiative(arm, member(await define(arm), "a"))
    assigned = await assign(arm, guard, overrides=[{"kind": "policyEffect", "value": "Audit"}])
    types = Types(shared / "specs" / "bicep-types" / "microsoft.authorization-policy-2025-03-01.types.json")
    for id_ in (path("policyDefinitions", "classified"), guard, assigned):
        shown = await arm.ok("GET", id_, version="2025-03-01")
        assert types.problems_of_answer(shown["type"], shown) == []
