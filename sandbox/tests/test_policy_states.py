"""States of policies, their evaluation, and what a policy would deny: asked before and after."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from arm_harness import GROUP, WORKSPACE, ArmClient, client
from policies import (
    CMK,
    CMK_AUDIT,
    PROVIDER,
    RECOVERABLE,
    REGISTRY,
    STORAGE,
    SUBSCRIBED,
    VAULT,
    assign,
    define,
    exempt,
    initiative,
    managed,
    member,
)

STATES = "providers/Microsoft.PolicyInsights/policyStates/latest"
RESTRICTIONS = "providers/Microsoft.PolicyInsights/checkPolicyRestrictions"
DENY = {"effect": "Deny"}
KEY_SIZE = f"{PROVIDER}/policyDefinitions/82067dbb-e53b-4e06-b631-546d197452d9"
LOGS = f"{PROVIDER}/policyDefinitions/cf820ca0-f99e-4f3e-84fb-66e913812d21"
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/acct"
WORKSPACES = "Microsoft.MachineLearningServices/workspaces"


@pytest.fixture
async def arm(tmp_path: Path) -> ArmClient:
    found = client(tmp_path, operation_seconds=0)
    await found.workspace()
    return found


async def rows(arm: ArmClient, scope: str = SUBSCRIBED, asked: str = "") -> list[dict[str, Any]]:
    url = f"{scope}/{STATES}/queryResults" + (f"?$filter={asked}" if asked else "")
    found: list[dict[str, Any]] = (await arm.ok("POST", url, version="2024-10-01"))["value"]
    return found


async def states(arm: ArmClient, scope: str = SUBSCRIBED, asked: str = "") -> dict[str, str]:
    """The state by the resource's name."""
    found = await rows(arm, scope, asked)
    return {each["resourceId"].rpartition("/")[2]: each["complianceState"] for each in found}


@pytest.mark.parametrize(
    ("policy", "effect", "found"),
    [
        (CMK, "Audit", {"source": "NonCompliant"}),
        (CMK, "Deny", {"source": "NonCompliant"}),
        (CMK, "Disabled", {}),
        (CMK_AUDIT, "AuditIfNotExists", {"source": "NonCompliant"}),
        (STORAGE, "Audit", {"acct": "NonCompliant"}),
        (RECOVERABLE, "Audit", {"kv": "NonCompliant"}),
        (REGISTRY, "Audit", {}),
    ],
)
async def test_what_is_there_is_judged(arm: ArmClient, policy: str, effect: str, found: dict[str, str]) -> None:
    await assign(arm, policy, parameters={"effect": effect})
    assert await states(arm) == found
    [*listed] = await rows(arm)
    assert all(each["policyDefinitionAction"] == effect.lower() for each in listed)
    assert all(each["policyDefinitionId"] == policy and not each["isCompliant"] for each in listed)


async def test_a_resource_that_complies_is_compliant(arm: ArmClient) -> None:
    await assign(arm, RECOVERABLE)
    await arm.ok("PATCH", VAULT, {"properties": {"enablePurgeProtection": True}})
    assert await states(arm) == {"kv": "Compliant"}
    assert await states(arm, asked="IsCompliant eq false") == {}


async def test_what_has_to_exist_is_looked_for(arm: ArmClient) -> None:
    await assign(arm, LOGS, parameters={"effect": "AuditIfNotExists"})
    assert await states(arm) == {"kv": "NonCompliant"}
    logs = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/logs"
    await arm.ok("PUT", logs, {"location": "westeurope"})
    settings = {"workspaceId": logs, "logs": [{"category": "AuditEvent", "enabled": True}]}
    await arm.ok("PUT", f"{VAULT}/providers/Microsoft.Insights/diagnosticSettings/all", {"properties": settings})
    assert await states(arm) == {"kv": "Compliant"}
    settings["logs"] = [{"category": "AuditEvent", "enabled": False}]
    await arm.ok("PUT", f"{VAULT}/providers/Microsoft.Insights/diagnosticSettings/all", {"properties": settings})
    assert await states(arm) == {"kv": "NonCompliant"}


async def test_states_follow_modes_exemptions_and_scopes(arm: ArmClient) -> None:
    scope = await managed(arm)
    assigned = await assign(arm, CMK, scope=scope, parameters=DENY, enforcementMode="DoNotEnforce")
    assert await states(arm, scope) == await states(arm, WORKSPACE) == {"source": "NonCompliant"}
    assert await states(arm, VAULT) == {}
    [one] = await rows(arm, assigned)
    assert (one["managementGroupIds"].split(",")[0], one["policyAssignmentScope"]) == ("corp", scope)
    await exempt(arm, assigned)
    assert await states(arm) == {"source": "Exempt"}
    assert await states(arm, asked="ComplianceState eq 'NonCompliant'") == {}
    assert await states(arm, asked="complianceState ne 'Compliant' and resourceType eq 'x'") == {}
    await assign(arm, CMK, scope=scope, notScopes=[GROUP])
    assert await states(arm) == {}


async def test_what_is_untagged_is_not_compliant(arm: ArmClient) -> None:
    await assign(arm, await define(arm))
    assert await states(arm) == {"source": "NonCompliant"}
    tags = {"operation": "Merge", "properties": {"tags": {"Data-Classification": "PUBLIC"}}}
    await arm.ok("PATCH", f"{WORKSPACE}/providers/Microsoft.Resources/tags/default", tags)
    assert await states(arm) == {"source": "Compliant"}


async def test_the_state_of_policies_for_keys_is_unknown_unless_the_vault_is_exempt(arm: ArmClient) -> None:
    assigned = await assign(arm, KEY_SIZE, parameters={"effect": "Audit", "minimumRSAKeySize": 3072})
    assert await states(arm) == {"kv": "Unknown"}
    await exempt(arm, assigned, VAULT)
    assert await states(arm) == {"kv": "Exempt"}


async def test_a_summary_counts_resources_and_policies(arm: ArmClient) -> None:
    guard = await initiative(
        arm, member(CMK, "cmk"), member(await define(arm), "byClass"), member(STORAGE, "data")
    )
    first, second = await assign(arm, guard), await assign(arm, RECOVERABLE, "b")
    await exempt(arm, first, policyDefinitionReferenceIds=["cmk", "byClass"])
    found = await arm.ok("POST", f"{SUBSCRIBED}/{STATES}/summarize", version="2024-10-01")
    [one] = found["value"]
    results = one["results"]
    assert (results["nonCompliantResources"], results["nonCompliantPolicies"]) == (2, 2)
    assert results["resourceDetails"] == [
        {"complianceState": "noncompliant", "count": 2},
        {"complianceState": "exempt", "count": 1},
    ]
    by_id = {each["policyAssignmentId"]: each for each in one["policyAssignments"]}
    assert set(by_id) == {first.lower(), second.lower()}
    parts = {each["policyDefinitionReferenceId"]: each for each in by_id[first.lower()]["policyDefinitions"]}
    assert {name: each["results"]["nonCompliantResources"] for name, each in parts.items()} == {
        "cmk": 0,
        "byClass": 0,
        "data": 1,
    }
    assert (parts["data"]["effect"], by_id[first.lower()]["policySetDefinitionId"]) == ("audit", guard.lower())
    limited = await arm.ok("POST", f"{SUBSCRIBED}/{STATES}/summarize?$top=1", version="2024-10-01")
    assert len(limited["value"][0]["policyAssignments"]) == 1
    # Its own query gives what it counts.
    asked = by_id[first.lower()]["results"]["queryResultsUri"].partition("$filter=")[2]
    assert await states(arm, asked=asked) == {"acct": "NonCompliant"}


async def test_an_evaluation_is_polled_to_its_end(arm: ArmClient, tmp_path: Path) -> None:
    slow = client(tmp_path / "slow", operation_seconds=0.05)
    await slow.group()
    for scope in (SUBSCRIBED, GROUP):
        response = await slow.send("POST", f"{scope}/{STATES}/triggerEvaluation", version="2019-10-01")
        assert (response.status, response.headers["Retry-After"]) == (202, "30")
        seen = set()
        while 200 not in seen:
            polled = await slow.send("GET", response.headers["Location"])
            seen.add(polled.status)
        assert seen == {202, 200} and b"Succeeded" in polled.body
    await slow.error(405, "POST", f"{VAULT}/{STATES}/triggerEvaluation", version="2019-10-01")
    await slow.error(
        404,
        "GET",
        f"{SUBSCRIBED}/providers/Microsoft.PolicyInsights/asyncOperationResults/x",
        version="2019-10-01",
    )


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", f"{STATES}/queryResults?$filter=contains(resourceId, 'x')", 501),
        ("POST", f"{STATES}/queryResults?$filter=nonesuch eq 'x'", 501),
        ("POST", f"{STATES}/queryResults?$apply=groupby((resourceId))", 501),
        ("POST", f"{STATES}/queryResults?$top=none", 400),
        ("POST", "providers/Microsoft.PolicyInsights/policyStates/default/queryResults", 501),
        ("GET", STATES, 405),
        ("GET", STATES.rpartition("/")[0], 405),
        ("POST", f"{STATES}/queryResults?other=1", 400),
    ],
)
async def test_what_is_not_built_of_states_is_refused(arm: ArmClient, method: str, path: str, status: int) -> None:
    await assign(arm, CMK)
    await arm.error(status, method, f"{SUBSCRIBED}/{path}", version="2024-10-01")


async def test_rows_come_in_pages(arm: ArmClient, monkeypatch: pytest.MonkeyPatch) -> None:
    from azsandbox.arm.providers import policystates

    monkeypatch.setattr(policystates, "_PAGE", 2)
    for policy in (CMK, STORAGE, RECOVERABLE):
        await assign(arm, policy, policy[-8:])
    link, found = f"{SUBSCRIBED}/{STATES}/queryResults?api-version=2024-10-01", []
    while link:
        page = await arm.ok("POST", link)
        found.append(len(page["value"]))
        link = page["@odata.nextLink"]
    assert found == [2, 1]
    few = await arm.ok("POST", f"{SUBSCRIBED}/{STATES}/queryResults?$top=1", version="2024-10-01")
    assert (len(few["value"]), few["@odata.nextLink"]) == (1, None)


async def asked(
    arm: ArmClient, scope: str = GROUP, more: dict[str, Any] | None = None, **content: Any
) -> list[Any]:
    """What would be denied of a workspace without a customer's key."""
    details = {"resourceContent": {"type": WORKSPACES, "kind": "Default", "location": "eastus2", **content}}
    body = {"resourceDetails": details, **(more or {})}
    found = await arm.ok("POST", f"{scope}/{RESTRICTIONS}", body, version="2024-10-01")
    assert found["fieldRestrictions"] == []
    evaluations: list[Any] = found["contentEvaluationResult"]["policyEvaluations"]
    return evaluations


async def test_a_prediction_honours_what_a_put_does(arm: ArmClient) -> None:
    guard = await initiative(arm, member(CMK, "cmk", **DENY), member(await define(arm), "byClass"))
    assigned = await assign(arm, guard, nonComplianceMessages=[{"message": "Own keys, please."}])
    [one] = await asked(arm)
    assert one["policyInfo"]["policyDefinitionReferenceId"] == "cmk"
    assert (one["effectDetails"], one["evaluationDetails"]["reason"]) == (
        {"policyEffect": "Deny"},
        "Own keys, please.",
    )
    both = await asked(arm, more={"includeAuditEffect": True})
    assert sorted(each["effectDetails"]["policyEffect"] for each in both) == ["Audit", "Deny"]
    assert await asked(arm, properties={"encryption": {"status": "Enabled"}}) == []
    # An exemption of the workspace is seen only where it is named.
    await exempt(arm, assigned)
    assert len(await asked(arm)) == 1 and await asked(arm, name="source") == []
    assert len(await asked(arm, name="other")) == 1
    override = {"kind": "policyEffect", "value": "Audit"}
    await arm.ok("PATCH", assigned, {"properties": {"overrides": [override]}})
    assert await asked(arm) == []
    body = (await arm.ok("GET", assigned))["properties"]
    await arm.ok("PUT", assigned, {"properties": {**body, "overrides": [], "enforcementMode": "DoNotEnforce"}})
    assert await asked(arm) == []


@pytest.mark.parametrize(
    ("scope", "body", "status"),
    [
        (GROUP, {"pendingFields": [{"field": "tags"}]}, 501),
        ("/providers/Microsoft.Management/managementGroups/corp", {}, 501),
        (GROUP, {"resourceDetails": {"resourceContent": {"type": WORKSPACES}, "scope": SUBSCRIBED}}, 400),
    ],
)
async def test_what_cannot_be_predicted_is_refused(
    arm: ArmClient, scope: str, body: dict[str, Any], status: int
) -> None:
    await managed(arm)
    sent = {"resourceDetails": {"resourceContent": {"type": WORKSPACES}}, **body}
    await arm.error(status, "POST", f"{scope}/{RESTRICTIONS}", sent, version="2024-10-01")
