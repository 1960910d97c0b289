"""The requests to Privileged Identity Management, as files: what they ask for, and that nobody sends them."""

from __future__ import annotations

import json
from typing import Any

import hcl2
from tests.unit.guarding.guards import S, guardrail

from amlmigrate.guarding import custody
from amlmigrate.guarding.emitting import EmitFormat, emitted
from amlmigrate.guarding.wanted import Custody, KeyApprover

OFFICER = "14b46e9e-c2b7-41b4-b07b-48a6ebf60603"
ADMINISTRATOR = "00482a5a-887f-4fb3-b363-3b7fe8e74483"
VAULTS = tuple(
    f"/subscriptions/{S}/resourceGroups/g/providers/Microsoft.KeyVault/vaults/{name}" for name in ("k1", "k2")
)
ONE, OTHER = "aaaaaaaa-0000-4000-8000-000000000001", "bbbbbbbb-0000-4000-8000-000000000002"
APPROVER = "cccccccc-0000-4000-8000-000000000003"
WANTED = Custody(VAULTS, (ONE, OTHER), (KeyApprover(APPROVER, "Group"),), (OFFICER, ADMINISTRATOR), 4, 90)
AUTHORIZATION = "providers/Microsoft.Authorization"


def documents(wanted: Custody = WANTED) -> dict[str, Any]:
    files = emitted(guardrail(custody=wanted), [], EmitFormat.JSON)
    return {name: json.loads(text) for name, text in files.items() if name.startswith("pim/")}


def test_each_role_on_each_vault_has_its_rules_and_each_custodian_a_request() -> None:
    found = documents()
    assert len(found) == 2 * 2 * (1 + 2)
    assert not [name for name in emitted(guardrail(), [], EmitFormat.JSON) if name.startswith("pim/")]
    one = found[f"pim/k1/{OFFICER}/eligible-{ONE}.json"]
    assert one["method"] == "PUT"
    assert one["url"].startswith(f"{VAULTS[0]}/{AUTHORIZATION}/roleEligibilityScheduleRequests/")
    properties = one["body"]["properties"]
    assert properties["requestType"] == "AdminAssign" and properties["principalId"] == ONE
    assert properties["roleDefinitionId"] == f"/subscriptions/{S}/{AUTHORIZATION}/roleDefinitions/{OFFICER}"
    assert properties["scheduleInfo"]["expiration"] == {"type": "AfterDuration", "duration": "P90D"}


def test_a_request_has_a_name_of_its_own_that_stays() -> None:
    urls = [one["url"] for one in documents().values() if one["method"] == "PUT"]
    assert len(set(urls)) == len(urls) == 8
    assert urls == [one["url"] for one in documents().values() if one["method"] == "PUT"]


def test_the_rules_ask_for_the_approval_of_those_who_are_named() -> None:
    one = documents()[f"pim/k2/{ADMINISTRATOR}/rules.json"]
    assert one["method"] == "PATCH"
    assert one["policyId"]["list"].startswith(f"{VAULTS[1]}/{AUTHORIZATION}/roleManagementPolicyAssignments?")
    assert one["policyId"]["where"] == {"roleDefinitionId": custody.definition_id(VAULTS[1], ADMINISTRATOR)}
    rules = {rule["id"]: rule for rule in one["body"]["properties"]["rules"]}
    setting = rules["Approval_EndUser_Assignment"]["setting"]
    assert setting["isApprovalRequired"] is True
    [stage] = setting["approvalStages"]
    assert [(each["id"], each["userType"]) for each in stage["primaryApprovers"]] == [(APPROVER, "Group")]
    assert rules["Expiration_EndUser_Assignment"]["maximumDuration"] == "PT4H"
    assert "MultiFactorAuthentication" in rules["Enablement_EndUser_Assignment"]["enabledRules"]
    assert {rule["target"]["level"] for rule in rules.values()} == {"Assignment"}


def test_terraform_says_the_same() -> None:
    text = emitted(guardrail(custody=WANTED), [], EmitFormat.TERRAFORM)["pim.tf"]
    found: dict[str, list[dict[str, Any]]] = {}
    for resource in hcl2.loads(text)["resource"]:
        for type_, named in resource.items():
            found.setdefault(type_.strip('"'), []).extend(named.values())
    policies, eligible = found["azurerm_role_management_policy"], found["azurerm_pim_eligible_role_assignment"]
    assert (len(policies), len(eligible)) == (4, 8)
    [activation] = policies[0]["activation_rules"]
    assert activation["require_approval"] is True and activation["maximum_duration"].strip('"') == "PT4H"
    [[approver]] = [stage["primary_approver"] for stage in activation["approval_stage"]]
    assert approver["object_id"].strip('"') == APPROVER
    said = {
        (one["scope"].strip('"'), one["role_definition_id"].strip('"'), one["principal_id"].strip('"'))
        for one in eligible
    }
    bodies = {
        (vault, custody.definition_id(vault, role), who)
        for vault in VAULTS
        for role in (OFFICER, ADMINISTRATOR)
        for who in (ONE, OTHER)
    }
    assert said == bodies
    assert [one["schedule"][0]["expiration"][0]["duration_days"] for one in eligible] == [90] * 8


def test_without_custodians_there_is_no_such_file() -> None:
    assert list(emitted(guardrail(), [], EmitFormat.TERRAFORM)) == ["guard.tf"]
