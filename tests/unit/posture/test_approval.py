"""Whoever changes the key has to ask before: what shows it, what refutes it, and what is not known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.posture.exemplary import (
    CUSTODIAN,
    NOW,
    OFFICER,
    PRINCIPAL,
    SCIENTIST,
    SERVICE,
    VAULT,
    approved,
    assignment,
    eligible,
    exemplary,
    with_roles,
    with_vault,
)

from amlmigrate.core.claim import Claim
from amlmigrate.posture.approval import NAME, approval_claims
from amlmigrate.posture.authority import rules_key
from amlmigrate.posture.facts import PostureFacts
from amlmigrate.posture.reading import Read

OFFICER_NAME = "Key Vault Crypto Officer"
STANDING = assignment(OFFICER_NAME, OFFICER)
UNLICENSED: Read[Any] = Read(refused="400 AadPremiumLicenseRequired", code="AadPremiumLicenseRequired")


def judged(facts: PostureFacts) -> Claim:
    assert facts.key_ref
    [claim] = approval_claims(facts, facts.key_ref)
    assert claim.name == NAME and (claim.holds or claim.severity in ("warning", "information"))
    return claim


def activated(one: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An instance that shows an assignment as activated by what the custodian is eligible for."""
    told = {**one["properties"], "assignmentType": "Activated", "originRoleAssignmentId": one["id"], **more}
    return {"id": f"{VAULT}/i/1", "properties": told}


def working(**more: Any) -> PostureFacts:
    """The custodian at work: its role is activated."""
    facts = with_roles(exemplary(), STANDING, own=False)
    return replace(facts, timed=Read([activated(STANDING, **more)]))


def test_an_eligible_custodian_whose_activation_is_approved_is_shown_with_the_approvers() -> None:
    found = judged(exemplary())
    assert found.holds is True and found.evidence == {
        "eligible": {OFFICER: [OFFICER_NAME]},
        "approvers": [SCIENTIST],
    }


def test_nobody_at_all_is_no_danger() -> None:
    found = judged(replace(exemplary(), eligible=Read([]), rules={}))
    assert found.holds is True and "to anybody" in found.summary


def test_a_custodian_at_work_does_not_have_the_right_all_the_time() -> None:
    for link in ("linkedRoleEligibilityScheduleInstanceId", "linkedRoleEligibilityScheduleId"):
        facts = working(**{link: f"/x/{OFFICER}"})
        known = {
            **CUSTODIAN,
            "properties": {**CUSTODIAN["properties"], "roleEligibilityScheduleId": f"/y/{OFFICER}"},
        }
        assert judged(replace(facts, eligible=Read([known]))).holds is True


def test_an_activation_of_which_nothing_says_what_it_came_from_is_not_known() -> None:
    found = judged(working(linkedRoleEligibilityScheduleId="/x/another"))
    assert found.holds is None and OFFICER in found.summary


def test_a_role_that_is_given_for_a_time_needs_no_approval() -> None:
    found = judged(working(assignmentType="Assigned", endDateTime=NOW.isoformat()))
    assert found.holds is False and found.evidence == {"standing": {OFFICER: [OFFICER_NAME]}}


def test_what_is_activated_and_given_too_is_there_at_any_time() -> None:
    facts = working(linkedRoleEligibilityScheduleInstanceId=CUSTODIAN["id"])
    both = [*(facts.timed.value or ()), activated(STANDING, assignmentType="Assigned")]
    assert judged(replace(facts, timed=Read(both))).holds is False


@pytest.mark.parametrize(
    "name", ["Owner", "Role Based Access Control Administrator", "Key Vault Contributor", "Contributor"]
)
def test_whoever_may_take_the_right_has_it(name: str) -> None:
    """Roles that give roles, or change the vault, at a scope above it."""
    found = judged(
        with_roles(exemplary(), assignment(name, SCIENTIST, VAULT.partition("/providers")[0]), own=False)
    )
    assert found.holds is False and SCIENTIST in found.summary


def test_who_only_uses_the_key_is_none_of_them() -> None:
    for name in ("Key Vault Crypto Service Encryption User", "Key Vault Reader", "Reader"):
        assert judged(with_roles(exemplary(), assignment(name, SCIENTIST), own=False)).holds is True


def test_access_policies_know_no_approval() -> None:
    policy = {"objectId": OFFICER, "permissions": {"keys": ["get", "delete"]}}
    facts = with_vault(exemplary(), enableRbacAuthorization=False, accessPolicies=[policy])
    for one in (facts, replace(facts, timed=UNLICENSED, denials=Read(refused="403"))):
        found = judged(one)
        assert found.holds is False and found.evidence["standing"] == {OFFICER: ["access policy"]}
    harmless = {"objectId": PRINCIPAL, "permissions": {"keys": ["get", "wrapKey"]}}
    facts = with_vault(exemplary(), enableRbacAuthorization=False, accessPolicies=[harmless])
    assert judged(replace(facts, eligible=Read([]))).holds is True


def test_one_eligibility_without_approval_refutes_though_another_is_not_known() -> None:
    above = eligible(OFFICER_NAME, SCIENTIST, VAULT.partition("/providers")[0])
    facts = replace(exemplary(), eligible=Read([CUSTODIAN, above]))
    assert judged(facts).holds is None, "its rules are those of its own scope"
    open_ = replace(
        facts, rules={rules_key(CUSTODIAN): Read(refused="403"), rules_key(above): approved(required=False)}
    )
    found = judged(open_)
    assert (found.holds, found.evidence["without_approval"]) == (False, {SCIENTIST: [OFFICER_NAME]})
    both = replace(facts, rules={**facts.rules, rules_key(above): approved(OFFICER)})
    assert judged(both).evidence["approvers"] == sorted([SCIENTIST, OFFICER])


@pytest.mark.parametrize("rules", [[], [{"id": "Approval_EndUser_Assignment"}], [{"id": "Approval_EndUser_Assignment", "setting": {"isApprovalRequired": "true"}}]])  # fmt: skip
def test_only_a_rule_that_says_so_is_an_approval(rules: list[dict[str, Any]]) -> None:
    assert judged(replace(exemplary(), rules={rules_key(CUSTODIAN): Read(rules)})).holds is not True


def test_a_tenant_without_the_licence_is_told_the_other_way() -> None:
    for facts in (
        replace(exemplary(), eligible=UNLICENSED),
        replace(with_roles(exemplary(), STANDING, own=False), timed=UNLICENSED, eligible=UNLICENSED),
        replace(exemplary(), rules={rules_key(CUSTODIAN): UNLICENSED}),
    ):
        found = judged(facts)
        assert found.holds is None and "licence" in found.remedy and "migrate approve" in found.remedy


def test_who_has_roles_and_no_list_of_activations_is_not_known() -> None:
    facts = with_roles(exemplary(), STANDING, own=False)
    found = judged(replace(facts, timed=Read(refused="403", code="AuthorizationFailed")))
    assert found.holds is None and "roleAssignmentScheduleInstances/read" in found.remedy
    assert judged(replace(exemplary(), timed=Read(refused="403"))).holds is True, (
        "nobody has one who could have activated it"
    )


def test_conditions_and_denials_leave_it_open() -> None:
    conditional = assignment(OFFICER_NAME, OFFICER, condition="((!(ActionMatches{'x'})))")
    found = judged(with_roles(exemplary(), conditional, own=False))
    assert found.holds is None and "conditions" in found.summary
    unread = replace(with_roles(exemplary(), STANDING, own=False), denials=Read(refused="403"))
    assert judged(unread).holds is None and "denyAssignments/read" in judged(unread).remedy


def test_what_is_for_another_key_of_the_vault_does_not_count() -> None:
    other = assignment(OFFICER_NAME, SCIENTIST, f"{VAULT}/keys/other")
    assert judged(with_roles(exemplary(), other, own=False)).holds is True


def test_a_vault_that_is_gone_is_for_another_claim_to_tell() -> None:
    found = judged(replace(exemplary(), vault=Read()))
    assert (found.holds, found.severity, found.finding) == (None, "information", None)
    assert SERVICE["properties"]["principalId"] == PRINCIPAL
