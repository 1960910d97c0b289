"""`migrate guard`, as its users run it: from a guardrail that reports to one that refuses, and what is refused then."""

from __future__ import annotations

import signal
from dataclasses import replace
from pathlib import Path

import pytest
from tests.acceptance.guarded import AUTHORIZATION, VERSION, Guarded, guarded_subscription
from tests.builders import fault

from azsandbox import Sandbox

EXAMPLE = Path(__file__).parents[2] / "docs" / "how-to" / "guard-example.yaml"


@pytest.fixture(scope="module")
def guarded(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Guarded:
    return guarded_subscription(sandbox, tmp_path_factory.mktemp("guarded"))


def test_a_guardrail_goes_from_reporting_to_refusing_and_never_back(guarded: Guarded) -> None:
    # Only looked at, it changes nothing.
    plan = guarded.guard("plan")
    assert (plan.code, plan.event("guard.plan")["changes"]) == (3, 3)
    assert guarded.guard("check").code == 3
    # The documented example, as it is.
    applied = guarded.world.migrate("guard", "apply", str(EXAMPLE), "--json")
    assert (applied.code, applied.event("guard.end")["changed"]) == (0, 3)
    assert guarded.world.migrate("guard", "apply", str(EXAMPLE), "--json").event("guard.end")["changed"] == 0
    assert guarded.world.migrate("guard", "check", str(EXAMPLE), "--json").code == 0
    assert not guarded.update("source")
    # What Azure judges not compliant is told by the definition and the resource.
    judged = guarded.world.migrate("guard", "plan", str(EXAMPLE), "--json").event("guard.plan")
    assert judged["non_compliant_not_read"] == ""
    assert [one.rpartition("/")[2] for one in judged["non_compliant"]["amlCmkByClassification"]] == ["old-ws"]

    # Stage 2 refuses nothing yet.
    assert guarded.guard("apply", stage="dry-deny").code == 0
    assert not guarded.update("source")

    # Stage 3 needs a scan, and a day for each old workspace; then new ones are refused, and old ones are not.
    new = {"stage": "deny-new", "exemptions": {"until": "2099-12-31"}}
    unscanned = guarded.guard("apply", "--yes", **new)
    assert (unscanned.code, "There is no scan" in unscanned.out) == (4, True)
    guarded.scan()
    undated = guarded.guard("plan", stage="deny-new")
    assert (undated.code, "gives it no day" in undated.out) == (4, True)
    unasked = guarded.guard("apply", **new)
    assert (unasked.code, "--yes" in unasked.event("error")["remedy"]) == (4, True)
    assert not guarded.created("still-free", {})
    guarded.scan()
    assert guarded.guard("apply", "--yes", **new).code == 0
    assert not guarded.update("source")
    assert not guarded.update("target")
    for tags in ({}, {"data-classification": "unheard of"}, {"data-classification": "restricted"}):
        assert guarded.created("refused", tags)
    assert not guarded.created("harmless", {"data-classification": "public"})
    assert guarded.guard("check", **new).code == 0

    # Nothing is made weaker, not by a stage and not by what is harmless.
    for weaker in ({"stage": "audit"}, {**new, "harmless": ["public", "internal", "restricted"]}):
        refused = guarded.guard("apply", "--yes", **weaker)
        assert (refused.code, "weakens nothing" in refused.out) == (4, True)

    # Somebody weakens it by hand: that is told, and put right.
    there = guarded.arm("GET", guarded.assignment)
    left_out = f"/subscriptions/{guarded.subscription}/resourceGroups/{guarded.world.group}"
    body = {"properties": {**there["properties"], "enforcementMode": "DoNotEnforce", "notScopes": [left_out]}}
    guarded.arm("PUT", guarded.assignment, body)
    assert not guarded.created("through", {})
    check = guarded.guard("check", **new)
    told = " ".join(gap["text"] for gap in check.event("guard.check")["gaps"])
    assert (check.code, "dry-deny" in told, "notScopes" in told) == (3, True, True)
    guarded.scan()
    assert guarded.guard("apply", "--yes", **new).code == 0
    assert guarded.created("refused", {})

    # Somebody makes the assignment again: exemptions for the one before count no more, and are written again first.
    guarded.arm("DELETE", guarded.assignment)
    assert guarded.guard("apply", "--yes", **new).code == 0
    assert not guarded.update("source")
    assert guarded.created("refused", {})

    # The last stage: what is unmigrated cannot be changed any more, and only then are its exemptions gone.
    last = guarded.guard("plan", stage="deny")
    assert last.code == 3
    assert f"{guarded.world.group}/old-ws" in last.event("guard.plan")["refused"]
    assert guarded.guard("apply", "--yes", stage="deny").code == 0
    assert guarded.update("source")
    assert not guarded.update("target")
    exemptions = f"/subscriptions/{guarded.subscription}/{AUTHORIZATION}/policyExemptions"
    assert guarded.arm("GET", exemptions, version="2022-07-01-preview")["value"] == []
    assert guarded.guard("check", stage="deny").code == 0
    assert guarded.guard("apply", "--yes", stage="deny").event("guard.end")["changed"] == 0


def test_what_others_made_is_left_alone(guarded: Guarded) -> None:
    theirs = f"/subscriptions/{guarded.subscription}/{AUTHORIZATION}/policyAssignments/theirs"
    built_in = "/providers/Microsoft.Authorization/policyDefinitions/ba769a63-b8cc-4b2d-abf6-ac33c7204be8"
    guarded.arm("PUT", theirs, {"properties": {"policyDefinitionId": built_in}})
    before = guarded.arm("GET", theirs)
    result = guarded.guard("apply", name="theirs")
    assert (result.code, "did not make it" in result.out) == (4, True)
    assert guarded.arm("GET", theirs) == before


def test_what_a_guardrail_in_force_lets_through_it_lets_through_at_every_moment(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    guarded = guarded_subscription(sandbox, tmp_path)
    source = guarded.world.documents["source"]["id"]

    def tagged(level: str) -> None:
        guarded.arm("PATCH", source, {"tags": {"data-classification": level, "environment": "prod"}}, VERSION)

    # A scan is no knowledge of tags that were given since: nobody made an exemption for what was harmless then.
    tagged("internal")
    guarded.scan()
    tagged("restricted")
    new = {"stage": "deny-new", "exemptions": {"until": "2099-12-31"}}
    stale = guarded.guard("apply", "--yes", **new)
    assert (stale.code, "old-ws needs a key, and the latest scan does not say so" in stale.out) == (4, True)
    assert not guarded.update("source")
    tagged("internal")
    assert guarded.guard("apply", "--yes", **new, without=["amlCmk"]).code == 0

    # A guardrail of one group does not change the definitions of its subscription's.
    group = source.partition("/providers/")[0]
    authorization = f"/subscriptions/{guarded.subscription}/{AUTHORIZATION}"
    ids = [f"{authorization}/{one}/aml-cmk" for one in ("policyDefinitions", "policySetDefinitions")]
    before = [guarded.arm("GET", one) for one in ids]
    clash = guarded.guard("apply", scope=group, harmless=["public"])
    assert (clash.code, "did not make it for this scope" in clash.out) == (4, True)
    for weaker in ({"without": ["amlCmk", "keySize"]}, {"without": ["amlCmk"], "keys": {"rsaSize": 2048}}):
        refused = guarded.guard("apply", "--yes", **new, **weaker)
        assert (refused.code, "weakens nothing" in refused.out) == (4, True), weaker
    assert [guarded.arm("GET", one) for one in ids] == before

    # The file becomes stricter: who is to be exempt is, before the definition speaks of it.
    stricter = {**new, "harmless": ["public"]}
    steps = guarded.guard("plan", **stricter).event("guard.plan")["steps"]
    changes = [one["what"] for one in steps if one["action"] in ("create", "update")]
    assert changes == ["initiative, its members first", "exemption", "definition by classification", "initiative"]
    assert guarded.guard("apply", "--yes", **stricter).code == 0
    assert not guarded.update("source")
    assert guarded.created("refused", {"data-classification": "internal"})
    assert guarded.guard("check", **stricter).code == 0

    # An exemption that is gone, and a parameter of the assignment that is not the file's, are told.
    mine = f"{source}/{AUTHORIZATION}/policyExemptions/aml-cmk"
    exemption = "2022-07-01-preview"
    copied = {"properties": guarded.arm("GET", mine, version=exemption)["properties"]}
    guarded.arm("DELETE", mine, version=exemption)
    there = guarded.arm("GET", guarded.assignment)["properties"]
    small = {**there["parameters"], "minimumRSAKeySize": {"value": 2048}}
    guarded.arm("PUT", guarded.assignment, {"properties": {**there, "parameters": small}})
    check = guarded.guard("check", **stricter)
    told = " ".join(gap["text"] for gap in check.event("guard.check")["gaps"])
    assert (check.code, "old-ws is not there" in told, "minimumRSAKeySize" in told) == (3, True, True)
    assert guarded.guard("apply", "--yes", **stricter).code == 0
    assert guarded.guard("check", **stricter).code == 0

    # Somebody's own exemption stays at the last stage, though it was copied with all its metadata.
    theirs = f"{mine}-theirs"
    guarded.arm("PUT", theirs, copied, exemption)
    last = {"stage": "deny", "harmless": ["public"]}
    left = guarded.guard("check", **last)
    assert (left.code, "at stage deny there is none" in left.out) == (3, True)
    assert guarded.guard("apply", "--yes", **last).code == 0
    found = guarded.arm("GET", f"{authorization}/policyExemptions", version=exemption)["value"]
    assert [one["id"].lower() for one in found] == [theirs.lower()]
    assert guarded.guard("check", **last).code == 0


def test_a_kill_after_any_step_leaves_no_old_workspace_refused_and_is_resumed(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    guarded = guarded_subscription(sandbox, tmp_path)
    guarded.scan()
    new = {"stage": "deny-new", "exemptions": {"until": "2099-12-31"}}
    unlisted = fault(method="GET", path="Microsoft.MachineLearningServices/workspaces$", status=403)
    with guarded.world.faults(unlisted):
        refused = guarded.guard("apply", "--yes", **new)
    assert (refused.code, "has every workspace is not known" in refused.out) == (4, True)
    # Each run goes one change further than the one before; the assignment is put twice, enforced the second time.
    kinds = ("Definitions", "SetDefinitions", "Assignments", "Exemptions", "Assignments")
    for kind in kinds:
        with guarded.world.faults(fault(method="PUT", path=f"/policy{kind}/", kill="after")):
            assert guarded.guard("apply", "--yes", **new).code == -signal.SIGKILL
        assert not guarded.update("source"), kind
    assert guarded.guard("apply", "--yes", **new).event("guard.end")["changed"] == 0
    assert guarded.guard("check", **new).code == 0


def test_a_level_that_fell_and_a_production_tag_that_went_are_told_with_who(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    guarded = guarded_subscription(sandbox, tmp_path)
    assert guarded.guard("apply").code == 0
    unscanned = guarded.guard("check")
    assert unscanned.code == 0 and "no scan to compare with" in unscanned.event("guard.check")["notes"][0]
    guarded.scan()
    assert guarded.guard("check").event("guard.check")["gaps"] == []

    id_ = guarded.world.documents["source"]["id"]
    mallory, env = guarded.world.principal("mallory")
    contributor = "b24988ac-6180-42a0-ab88-20f7382dd24c"
    guarded.world.assign(id_, contributor, mallory.object_id)
    tags = {"operation": "Replace", "properties": {"tags": {"data-classification": "public"}}}

    own = replace(guarded.world, env={**guarded.world.env, **env})
    own.arm("PATCH", f"{id_}/providers/Microsoft.Resources/tags/default", "2021-04-01", tags)
    for _ in range(2):
        check = guarded.guard("check")
        fell = [gap["text"] for gap in check.event("guard.check")["gaps"] if gap["code"] == "fell"]
        assert check.code == 3 and len(fell) == 2
        assert "was restricted" in fell[0] and "is public now" in fell[0] and "was prod" in fell[1]
        assert all(mallory.object_id in text for text in fell), fell
        # A new scan has the lower level: the one before it still says what was there.
        guarded.scan()
    guarded.scan()
    assert guarded.guard("check").event("guard.check")["gaps"] == [], "nothing fell since the scan before"
