"""Requests to Privileged Identity Management: roles that change keys are eligible only, with approval. Pure.

They are written for whoever owns the vaults: nothing here sends them. Shapes: azure-rest-api-specs, authorization
2020-10-01 (RoleEligibilityScheduleRequests, RoleManagementPolicies, and the examples).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

from amlmigrate.core.armid import ArmId
from amlmigrate.core.documents import Document
from amlmigrate.guarding.wanted import Custody

_AUTHORIZATION = "providers/Microsoft.Authorization"
_VERSION = "api-version=2020-10-01"
_TARGET = {"caller": "EndUser", "operations": ["All"], "level": "Assignment"}
JUSTIFICATION = "Custodian of keys: activated with the approval of somebody else"


def definition_id(vault: str, role: str) -> str:
    """A role's definition as the subscription of a vault has it."""
    return f"{ArmId.of(vault).subscription_id}/{_AUTHORIZATION}/roleDefinitions/{role}"


def eligibility(custody: Custody, vault: str, role: str, principal: str) -> Document:
    """The body of a request that makes somebody eligible for a role on a vault, from when it is sent."""
    expiration = {"type": "AfterDuration", "duration": f"P{custody.days}D"}
    return {
        "properties": {
            "principalId": principal,
            "roleDefinitionId": definition_id(vault, role),
            "requestType": "AdminAssign",
            "justification": JUSTIFICATION,
            "scheduleInfo": {"expiration": expiration},
        }
    }


def rules(custody: Custody) -> Document:
    """The body of a PATCH of a role's management policy: who activates needs an approval, and for some hours."""
    stage = {
        "approvalStageTimeOutInDays": 1,
        "isApproverJustificationRequired": True,
        "escalationTimeInMinutes": 0,
        "primaryApprovers": [
            {"id": one.id, "description": "approves changes of keys", "isBackup": False, "userType": one.kind}
            for one in custody.approvers
        ],
        "isEscalationEnabled": False,
        "escalationApprovers": [],
    }
    setting = {
        "isApprovalRequired": True,
        "isApprovalRequiredForExtension": False,
        "isRequestorJustificationRequired": True,
        "approvalMode": "SingleStage",
        "approvalStages": [stage],
    }
    given: list[Document] = [
        _rule("Approval", setting=setting),
        _rule("Enablement", enabledRules=["Justification", "MultiFactorAuthentication"]),
        _rule("Expiration", isExpirationRequired=True, maximumDuration=f"PT{custody.hours}H"),
    ]
    return {"properties": {"rules": given}}


def _rule(kind: str, **more: Any) -> Document:
    return {
        "id": f"{kind}_EndUser_Assignment",
        "ruleType": f"RoleManagementPolicy{kind}Rule",
        **more,
        "target": _TARGET,
    }


def requests(custody: Custody) -> Iterator[tuple[str, Document]]:
    """Every request by a path for its file: first the rules of a role, then who is eligible for it."""
    for vault in custody.vaults:
        for role in custody.roles:
            folder = f"pim/{ArmId.of(vault).name}/{role}"
            listed = f"{vault}/{_AUTHORIZATION}/roleManagementPolicyAssignments?{_VERSION}"
            found = {"list": listed, "where": {"roleDefinitionId": definition_id(vault, role)}, "take": "policyId"}
            patch = {"method": "PATCH", "url": f"{{policyId}}?{_VERSION}", "policyId": found}
            yield f"{folder}/rules.json", {**patch, "body": rules(custody)}
            for principal in custody.eligible:
                # A name of its own for each, so that a request that is sent twice is refused as there already.
                name = uuid.uuid5(uuid.NAMESPACE_URL, f"{vault} {role} {principal}".lower())
                url = f"{vault}/{_AUTHORIZATION}/roleEligibilityScheduleRequests/{name}?{_VERSION}"
                body = eligibility(custody, vault, role, principal)
                yield f"{folder}/eligible-{principal}.json", {"method": "PUT", "url": url, "body": body}
