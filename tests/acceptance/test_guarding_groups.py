"""`migrate guard` at a management group: one identity proposes, another approves, and exactly that is applied."""

from __future__ import annotations

import json
import signal
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.guarded import AUTHORIZATION, Guarded, guarded_subscription
from tests.acceptance.world import Result
from tests.builders import fault

from azsandbox import Sandbox

MANAGEMENT = "/providers/Microsoft.Management/managementGroups"
GROUPS, EXEMPTIONS = "2021-04-01", "2022-07-01-preview"
READER = f"/{AUTHORIZATION}/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"
# Resource Policy Contributor: all that the page of rights says an apply takes.
POLICIES = f"/{AUTHORIZATION}/roleDefinitions/36243c78-bf99-498c-9df9-86d9f8d28608"
NEW = {"stage": "deny-new", "exemptions": {"until": "2099-12-31"}}


@dataclass
class GuardedGroup:
    """A management group with one subscription, in which an old workspace is; who approves, and who applies."""

    own: Guarded
    scope: str
    approver: dict[str, str]
    applier: dict[str, str]

    def guard(self, verb: str, *arguments: str, **env: str) -> Result:
        return self.own.world.migrate("guard", verb, *arguments, "--json", **env)

    def file(self, **members: Any) -> str:
        return self.own.file(scope=self.scope, **members)

    def planned(self, out: str, **members: Any) -> str:
        """A proposal of what the file asks for; its digest."""
        event = self.guard("plan", self.file(**members), "--out", out).event("guard.plan")
        assert event["proposal"] == out, event
        return str(event["sha256"])

    def approve(self, out: str, digest: str, **env: str) -> Result:
        return self.own.world.migrate("approve", out, "--digest", digest, "--json", **(env or self.approver))

    def apply(self, what: str, **env: str) -> Result:
        return self.guard("apply", what, "--confirm", self.scope, **(env or self.applier))

    def changed(self, what: str) -> int:
        result = self.apply(what)
        assert result.code == 0, result.out + result.err
        return int(result.event("guard.end")["changed"])


@pytest.fixture
def guarded(sandbox: Sandbox, tmp_path: Path) -> GuardedGroup:
    own = guarded_subscription(sandbox, tmp_path)
    world = own.world
    scope = f"{MANAGEMENT}/mg-{uuid.uuid4().hex[:8]}"
    world.arm("PUT", scope, GROUPS, {"properties": {"displayName": "guarded"}})
    world.arm("PUT", f"{scope}/subscriptions/{own.subscription}", GROUPS)
    return GuardedGroup(own, scope, _somebody(own, scope, READER), _somebody(own, scope, POLICIES))


def _somebody(own: Guarded, scope: str, role: str) -> dict[str, str]:
    """Another identity, which has one role there and nothing else."""
    who, env = own.world.principal("somebody")
    given = {"principalId": who.object_id, "roleDefinitionId": role, "principalType": "ServicePrincipal"}
    path = f"{scope}/{AUTHORIZATION}/roleAssignments/{uuid.uuid4()}"
    own.world.arm("PUT", path, "2022-04-01", {"properties": given})
    return env


def test_one_identity_proposes_another_approves_and_exactly_that_is_applied(guarded: GuardedGroup) -> None:
    own, scope = guarded.own, guarded.scope
    audit = guarded.file()
    # What somebody else made there, and what of it a file of ours never touches.
    theirs = f"{scope}/{AUTHORIZATION}/policyAssignments/theirs"
    built_in = f"/{AUTHORIZATION}/policyDefinitions/ba769a63-b8cc-4b2d-abf6-ac33c7204be8"
    own.arm("PUT", theirs, {"properties": {"policyDefinitionId": built_in}})
    before = own.arm("GET", theirs)

    # Nothing is applied without the scope typed, and without a proposal.
    assert guarded.guard("apply", audit).code == 2
    assert guarded.guard("apply", audit, "--confirm", f"{scope}x").code == 2
    unproposed = guarded.apply(audit)
    assert (unproposed.code, "guard plan" in unproposed.event("error")["remedy"]) == (4, True)

    digest = guarded.planned("p.json")
    assert guarded.guard("plan", audit, "--out", "p.json").code == 2, "a proposal is never overwritten"
    shown = own.world.ok("show", "p.json", "--json").event("show.proposal")
    assert (shown["sha256"], len(shown["changes"]), shown["scope"]) == (digest, 3, scope)
    assert digest[:16] in own.world.ok("show", "p.json", "--all").out
    assert own.world.migrate("show", "p.json", "--open").code == 2
    alone = guarded.apply("p.json")
    assert (alone.code, "migrate approve p.json" in alone.event("error")["remedy"]) == (4, True)

    # Its maker does not approve it, nor does who may not read the group; who does, does not apply it.
    own_word = guarded.approve("p.json", digest, AZURE_CLIENT_ID=own.world.env["AZURE_CLIENT_ID"])
    assert (own_word.code, "of their own" in own_word.event("error")["summary"]) == (4, True)
    _, stranger = own.world.principal("stranger")
    assert guarded.approve("p.json", digest, **stranger).code == 6
    assert guarded.approve("p.json", "0" * 16).code == 4
    assert own.world.migrate("approve", "p.json", "--decisions", "--digest", digest).code == 2
    approved = guarded.approve("p.json", digest)
    assert (approved.code, approved.event("approve")["new"]) == (0, True)
    assert approved.event("approve")["next"] == f"migrate guard apply p.json --confirm {scope}"
    selfish = guarded.apply("p.json", **guarded.approver)
    assert (selfish.code, "does not carry it out" in selfish.out) == (4, True)

    assert guarded.changed("p.json") == 3
    assert guarded.changed("p.json") == 0
    assert guarded.changed(audit) == 0
    assert guarded.guard("check", audit).code == 0
    # It counts below: what Azure judges is told.
    judged = guarded.guard("plan", audit).event("guard.plan")["non_compliant"]["amlCmkByClassification"]
    assert [one.rpartition("/")[2] for one in judged] == ["old-ws"]

    # Once carried out, an approval is used up.
    assignment = f"{scope}/{AUTHORIZATION}/policyAssignments/aml-cmk"
    own.arm("DELETE", assignment)
    again = guarded.apply("p.json")
    assert (again.code, "carried out already" in again.event("error")["summary"]) == (4, True)

    # A file that was changed since is another proposal, and so is what was changed in Azure.
    guarded.approve("q.json", guarded.planned("q.json"))
    guarded.file(message="Ask us.")
    other = guarded.apply("q.json")
    assert (other.code, "another one than was proposed" in other.out) == (4, True)
    guarded.file()
    text = own.world.folder / "q.json"
    tampered = json.loads(text.read_text())
    tampered["bound"]["goal"] = {}
    text.write_text(json.dumps(tampered))
    assert guarded.apply("q.json").code == 2
    assert own.arm("GET", assignment, accept=(404,)) is None
    assert own.arm("GET", theirs) == before


def test_a_kill_after_any_step_leaves_no_old_workspace_below_refused(guarded: GuardedGroup) -> None:
    own, scope = guarded.own, guarded.scope
    # What was not scanned is not known to be exempt, and a scan of something else does not help.
    unscanned = guarded.guard("plan", guarded.file(**NEW), "--out", "p.json")
    assert (unscanned.code, "There is no scan" in unscanned.out) == (4, True)
    assert not (own.world.folder / "p.json").exists()
    own.world.ok("scan", "--management-group", scope)
    unlisted = fault(method="GET", path="managementGroups/[^/]*/descendants$", status=403)
    with own.world.faults(unlisted):
        refused = guarded.guard("plan", guarded.file(**NEW))
    assert (refused.code, "which subscriptions lie in the management group" in refused.out) == (4, True)

    guarded.approve("p.json", guarded.planned("p.json", **NEW))
    # Each run goes one change further than the one before; the assignment is put twice, enforced the second time.
    _killed_after(guarded, "Definitions", "SetDefinitions", "Assignments")
    # Who may not exempt a workspace below enforces nothing.
    denied = _denied("policyExemptions", own.world.documents["source"]["id"])
    with own.world.faults(fault(method="PUT", path="/policyExemptions/", status=403, body=denied)):
        blind = guarded.apply("p.json")
    assert (blind.code, "Microsoft.Authorization/policyExemptions/write" in blind.out) == (6, True)
    assert not own.update("source")
    assert own.arm("GET", f"{scope}/{AUTHORIZATION}/policyAssignments/aml-cmk")["properties"][
        "enforcementMode"
    ] == ("DoNotEnforce")
    _killed_after(guarded, "Exemptions", "Assignments")
    assert own.created("refused", {})
    assert guarded.changed("p.json") == 0
    assert guarded.guard("check", guarded.file(**NEW)).code == 0

    # The exemption lies at the workspace; one that somebody made stays when ours goes.
    source = own.world.documents["source"]["id"]
    mine = f"{source}/{AUTHORIZATION}/policyExemptions/aml-cmk"
    there = own.arm("GET", mine, version=EXEMPTIONS)["properties"]
    assert there["policyAssignmentId"].lower().startswith(f"{scope}/".lower())
    own.arm("PUT", f"{mine}-theirs", {"properties": there}, EXEMPTIONS)
    last = {"stage": "deny"}
    guarded.approve("last.json", guarded.planned("last.json", **last))
    for method, kind in (("PUT", "Assignments"), ("DELETE", "Exemptions")):
        with own.world.faults(fault(method=method, path=f"/policy{kind}/", kill="after")):
            assert guarded.apply("last.json").code == -signal.SIGKILL
    assert guarded.changed("last.json") == 0
    listed = own.arm(
        "GET", f"/subscriptions/{own.subscription}/{AUTHORIZATION}/policyExemptions", version=EXEMPTIONS
    )
    assert [one["name"] for one in listed["value"]] == ["aml-cmk-theirs"]


def test_whatever_azure_answers_nothing_is_lost_and_the_same_proposal_goes_on(guarded: GuardedGroup) -> None:
    own = guarded.own
    guarded.approve("p.json", guarded.planned("p.json"))
    denied = fault(
        method="PUT",
        path="managementGroups/.*/policySetDefinitions/",
        status=403,
        body=_denied("policySetDefinitions", guarded.scope),
    )
    with own.world.faults(denied):
        refused = guarded.apply("p.json")
    assert (refused.code, "Microsoft.Authorization/policySetDefinitions/write" in refused.out) == (6, True)
    assert "1 of 3 steps" in refused.event("error")["summary"]
    conflict = {"error": {"code": "AnotherOperationInProgress", "message": "Another operation is in progress."}}
    # A token that is refused once, a limit, a conflict, and an answer that never came though the work was done.
    put = {"method": "PUT", "times": 1}
    with own.world.faults(
        fault(path="managementGroups/[^/]*$", status=401, method="GET", times=1),
        fault(path="/policySetDefinitions/", status=429, headers={"Retry-After": "0"}, **put),
        fault(path="/policySetDefinitions/", status=409, body=conflict, **put),
        fault(path="/policyAssignments/", drop="after", **put),
    ):
        assert guarded.changed("p.json") == 2
    assert guarded.changed("p.json") == 0

    missing = guarded.own.file(scope=f"{MANAGEMENT}/none-{uuid.uuid4().hex[:8]}")
    gone = guarded.guard("plan", missing)
    assert (gone.code, "no such management group" in gone.event("error")["summary"]) == (2, True)
    assert guarded.guard("check", missing).code == 2
    blind = guarded.guard("plan", guarded.file(), **own.world.principal("blind")[1])
    assert blind.code == 6


def _killed_after(guarded: GuardedGroup, *kinds: str) -> None:
    """Applies with a kill after the next write of each kind."""
    for kind in kinds:
        with guarded.own.world.faults(fault(method="PUT", path=f"/policy{kind}/", kill="after")):
            assert guarded.apply("p.json").code == -signal.SIGKILL
        assert not guarded.own.update("source"), kind


def _denied(kind: str, scope: str) -> dict[str, Any]:
    text = (
        "The client 'x' with object id 'y' does not have authorization to perform action"
        f" 'Microsoft.Authorization/{kind}/write' over scope '{scope}' or the scope is invalid."
    )
    return {"error": {"code": "AuthorizationFailed", "message": text}}


def test_a_proposal_may_be_used_at_a_subscription_too(guarded: GuardedGroup) -> None:
    """There a file is applied as ever; a proposal always takes its approval."""
    own = guarded.own
    file = own.file()
    event = guarded.guard("plan", file, "--out", "p.json").event("guard.plan")
    assert guarded.guard("apply", "p.json").code == 4
    given = own.world.migrate("approve", "p.json", "--digest", event["sha256"], "--json", **guarded.approver)
    assert given.code == 0
    assert guarded.guard("apply", "p.json", "--scan", "x").code == 2
    assert guarded.guard("apply", "p.json", "--confirm", guarded.scope).code == 2
    assert guarded.guard("apply", "p.json").event("guard.end")["changed"] == 3
    assert guarded.guard("apply", file).event("guard.end")["changed"] == 0
