"""Policies around a move, with the real clients: refusals that Azure predicts, exemptions that end, and what is left of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.acceptance.inprocess import here
from tests.acceptance.removing import moved, refused, tombstones
from tests.acceptance.world import World
from tests.builders import fault

_AUTHORIZATION = "providers/Microsoft.Authorization"
_POLICY, _EXEMPTION = "2025-03-01", "2022-07-01-preview"
_WITHOUT_A_KEY = f"/{_AUTHORIZATION}/policyDefinitions/ba769a63-b8cc-4b2d-abf6-ac33c7204be8"
_ML = "Microsoft.MachineLearningServices/workspaces"


def _group(world: World) -> str:
    return str(world.documents["source"]["id"].partition("/providers/")[0])


def _assign(world: World, definition: str, name: str = "aml-cmk", **more: Any) -> str:
    """Assigns a definition at the group of both workspaces."""
    id_ = f"{_group(world)}/{_AUTHORIZATION}/policyAssignments/{name}"
    world.arm("PUT", id_, _POLICY, {"properties": {"policyDefinitionId": definition, **more}})
    return id_


def _define(world: World, *conditions: dict[str, Any]) -> str:
    """A definition of this world's that denies what meets all conditions."""
    id_ = f"{_group(world).partition('/resourceGroups/')[0]}/{_AUTHORIZATION}/policyDefinitions/deny-{world.group}"
    rule = {"if": {"allOf": list(conditions)}, "then": {"effect": "deny"}}
    world.arm("PUT", id_, _POLICY, {"properties": {"policyType": "Custom", "mode": "All", "policyRule": rule}})
    return id_


def _exempt(world: World, days: int) -> str:
    """Exempts the source for so many days, as `migrate guard` does at its group."""
    assignment = f"{_group(world)}/{_AUTHORIZATION}/policyAssignments/aml-cmk"
    id_ = f"{world.documents['source']['id']}/{_AUTHORIZATION}/policyExemptions/aml-cmk"
    ends = datetime.now(UTC) + timedelta(days=days)
    properties = {
        "policyAssignmentId": assignment,
        "exemptionCategory": "Waiver",
        "expiresOn": ends.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "metadata": {"aml-cmk-migrate-guard": _group(world)},
    }
    world.arm("PUT", id_, _EXEMPTION, {"properties": properties})
    return id_


def _codes(found: list[dict[str, Any]]) -> list[str]:
    return [one["code"] for one in found if one["code"] in ("exemption-ends", "policy-refuses")]


def test_an_exemption_that_ends_is_told_on_the_way_and_goes_with_the_source(small_world: World) -> None:
    world = small_world
    assignment = _assign(world, _WITHOUT_A_KEY, parameters={"effect": {"value": "Deny"}})
    exemption = _exempt(world, 10)
    world.ok("plan", *world.names)
    planned = world.plan_lines()[0]["findings"]
    assert _codes(planned) == ["exemption-ends"]
    [told] = [one for one in planned if one["code"] == "exemption-ends"]
    assert "migrate guard apply FILE" in told["remedy"] and told["address"].lower().startswith(exemption.lower())
    frozen = world.ok("freeze", "--dry-run", "--json").event("freeze.dry")
    assert _codes(frozen["findings"]) == ["exemption-ends"]
    ran = world.ok("run", "--json").event("run.end")
    assert _codes(ran["warnings"]) == ["exemption-ends"], "what was found at planning is not told twice"
    assert any("migrate guard apply FILE" in line for line in ran["lines"])
    assert _codes(world.ok("status", "--json").event("status")["early_ends"]) == ["exemption-ends"]
    unread = fault("GET", "/policyExemptions$", times=0, status=403, code="AuthorizationFailed")
    with world.faults(unread):
        [one] = world.ok("status", "--json").event("status")["early_ends"]
    assert one["code"] == "exemptions-unread" and "policyExemptions/read" in one["remedy"]

    # Long enough, nothing is told; a recovery would be refused without it all the same.
    _exempt(world, 400)
    assert world.ok("status", "--json").event("status")["early_ends"] == []
    world.ok("verify")
    [why] = refused(world)
    assert assignment.lower() in why.lower() and why.endswith("(--accept-unrecoverable)")
    with world.faults(fault("POST", "checkPolicyRestrictions", times=0, status=403, code="AuthorizationFailed")):
        listing = here(world, "--dry-run").event("decommission.dry")
    assert any("not checked" in line for line in listing["lines"]) and listing["recovery"]["refused"] == []
    assert any(f"removed after it: {exemption}".lower() in line.lower() for line in listing["lines"])

    result = here(world, "--accept-unrecoverable")
    assert result.code == 0, result.out
    end = result.event("decommission.end")
    assert "which Azure predicts that a policy refuses" in end["text"]
    [tombstone] = tombstones(world)
    assert tombstone["recovery"]["refused"] and tombstone["recovery"]["accepted"]
    assert [(one["outcome"], one["guardrail"]) for one in tombstone["exemptions"]] == [("gone", _group(world))]
    assert any("no longer there: the exemption" in line for line in end["lines"])


def test_an_exemption_that_stays_is_removed_or_told_and_keeps_no_tombstone_back(small_world: World) -> None:
    world = moved(small_world)
    _assign(world, _WITHOUT_A_KEY, parameters={"effect": {"value": "Deny"}}, enforcementMode="DoNotEnforce")
    exemption = _exempt(world, 400)
    document = world.arm("GET", exemption, _EXEMPTION)
    stays = fault("GET", "/policyExemptions/aml-cmk$", times=0, status=200, body=document)
    denied = fault("DELETE", "/policyExemptions/aml-cmk$", times=0, status=403, code="AuthorizationFailed")
    with world.faults(stays, denied):
        result = here(world)
        assert result.code == 0 and world.status("source") == 404, result.out
        assert here(world).code == 0, "refused as before"
    [tombstone] = tombstones(world)
    [one] = tombstone["exemptions"]
    assert (one["outcome"], "AuthorizationFailed" in one["why"]) == ("left", True)
    assert one["command"].startswith("az policy exemption delete --name aml-cmk --scope ")
    assert any(line.startswith("still there: the exemption") for line in result.event("decommission.end")["lines"])

    # Killed while it is removed, it is taken up; the local Azure has none any more, and says so.
    with world.faults(stays, fault("DELETE", "/policyExemptions/aml-cmk$", kill="after")):
        killed = world.migrate(
            "decommission", f"plans/{world.source}", "--confirm", f"{world.group}/{world.source}", "--soak", "0"
        )
    assert killed.code == -9
    assert here(world).code == 0
    assert [one["exemptions"][0]["outcome"] for one in tombstones(world)] == ["left", "gone"]


def test_what_a_policy_would_refuse_of_the_plan_is_an_error_of_the_plan(small_world: World) -> None:
    world = small_world
    definition = _define(world, {"field": "type", "equals": f"{_ML}/models/versions"})
    message = [{"message": "Models only by the platform team."}]
    assignment = _assign(world, definition, f"deny-{world.group}", nonComplianceMessages=message)
    world.ok("plan", *world.names)
    [found] = [one for one in world.plan_lines()[0]["findings"] if one["code"] == "policy-refuses"]
    assert found["severity"] == "error" and assignment.lower() in found["address"].lower()
    assert "Models only by the platform team" in found["summary"] and "models/" in found["summary"]
    run = world.migrate("run")
    assert run.code == 4 and "policy-refuses" in run.err
    asked = fault("POST", "checkPolicyRestrictions", times=0, status=403, code="AuthorizationFailed")
    with world.faults(asked):
        world.ok("plan", *world.names, "--out", "plans/unasked")
    told = world.plan_lines("unasked")[0]["findings"]
    assert _codes(told) == [] and any("Not checked: whether a policy refuses" in one["summary"] for one in told)
    # It is for Azure to exempt the target.
    exemption = f"{world.documents['target']['id']}/{_AUTHORIZATION}/policyExemptions/mine"
    properties = {"policyAssignmentId": assignment, "exemptionCategory": "Waiver"}
    world.arm("PUT", exemption, _EXEMPTION, {"properties": properties})
    world.ok("plan", *world.names, "--out", "plans/exempt")
    assert _codes(world.plan_lines("exempt")[0]["findings"]) == []

    # Let go by its address; without the exemption Azure refuses what was predicted.
    world.arm("DELETE", exemption, _EXEMPTION)
    plan = f"plans/{world.source}"
    world.ok("waive", found["address"], plan, "--reason", "they said that they would exempt it")
    ran = world.migrate("run", plan)
    assert ran.code in (3, 6) and "RequestDisallowedByPolicy" in ran.out + ran.err


def test_what_a_policy_would_refuse_of_the_target_is_an_error_of_the_doctor(world: World) -> None:
    named = {"field": "name", "equals": world.target}
    assignment = _assign(world, _define(world, {"field": "type", "equals": _ML}, named), f"deny-{world.group}")
    result = world.migrate("doctor", *world.names, "--json")
    assert result.code == 4
    found = [one for one in result.event("doctor.end")["findings"] if one["code"] == "policy-refuses"]
    assert [one["severity"] for one in found] == ["error"] and assignment.lower() in found[0]["address"].lower()
