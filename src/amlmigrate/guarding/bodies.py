"""The bodies of a guardrail's resources: definition, initiative, assignment, exemption. Pure."""

from __future__ import annotations

from datetime import date
from typing import Any

from amlmigrate.core.documents import Document
from amlmigrate.guarding.members import MEMBERS
from amlmigrate.guarding.wanted import Guardrail, Stage
from amlmigrate.policies.marks import MARK

WORKSPACES = "Microsoft.MachineLearningServices/workspaces"
BY_CLASSIFICATION = "amlCmkByClassification"
# The parameter of the initiative that is the effect of that member.
CMK_EFFECT = "cmkEffect"
_CATEGORY, _VERSION = "Machine Learning", "1.0.0"
# `project` is a part of a hub, whose key it takes: the built-in definition leaves it out, too.
PARTS_OF_HUBS = ("project",)


def _metadata(guardrail: Guardrail, **more: str) -> dict[str, str]:
    given = {name: value for name, value in more.items() if value}
    return {"category": _CATEGORY, "version": _VERSION, MARK: guardrail.scope, **given}


def definition(guardrail: Guardrail) -> Document:
    """The definition by classification.

    What has no tag, or a value that nobody knows, counts as protected unless the file says otherwise. Whether
    `notIn` holds for what is not there is not documented (AZ-POLICY-2): tag, kind and status are asked by `not`,
    as the built-in definition asks (Azure/azure-policy, `Workspace_CMKEnabled_Audit.json`).
    """
    tag = "[concat('tags[', parameters('tagName'), ']')]"
    untagged = {"field": tag, "exists": "false"}
    protected: Document = {"not": {"field": tag, "in": "[parameters('harmless')]"}}
    classified = (
        {"anyOf": [untagged, protected]}
        if guardrail.untagged_needs_key
        else {"allOf": [{"field": tag, "exists": "true"}, protected]}
    )
    return {
        "properties": {
            "displayName": "Azure ML workspaces with protected data must use a customer-managed key",
            "description": _described(guardrail),
            "policyType": "Custom",
            "mode": "Indexed",
            "metadata": _metadata(guardrail),
            "parameters": {
                "effect": {
                    "type": "String",
                    "allowedValues": ["Audit", "Deny", "Disabled"],
                    "defaultValue": "Audit",
                    "metadata": {"displayName": "Effect"},
                },
                "tagName": {"type": "String", "defaultValue": guardrail.tag, "metadata": {"displayName": "Tag"}},
                "harmless": {
                    "type": "Array",
                    "defaultValue": list(guardrail.harmless),
                    "metadata": {"displayName": "Values that need no customer-managed key"},
                },
            },
            "policyRule": {
                "if": {
                    "allOf": [
                        {"field": "type", "equals": WORKSPACES},
                        {"not": {"field": "kind", "in": list(PARTS_OF_HUBS)}},
                        classified,
                        {"not": {"field": f"{WORKSPACES}/encryption.status", "equals": "Enabled"}},
                    ]
                },
                "then": {"effect": "[parameters('effect')]"},
            },
        }
    }


def _described(guardrail: Guardrail) -> str:
    untagged = "a workspace without the tag counts as protected" if guardrail.untagged_needs_key else (
        "a workspace without the tag is left alone"
    )  # fmt: skip
    harmless = ", ".join(guardrail.harmless) or "none"
    return (
        f"A workspace needs a customer-managed key unless its tag {guardrail.tag} is one of: {harmless};"
        f" {untagged}. The key can be given at creation only."
    )


def initiative(guardrail: Guardrail) -> Document:
    """The initiative: the definition by classification with its effect as a parameter, and built-in ones."""
    first = {
        "policyDefinitionReferenceId": BY_CLASSIFICATION,
        "policyDefinitionId": guardrail.definition_id,
        "parameters": {
            "effect": {"value": f"[parameters('{CMK_EFFECT}')]"},
            "tagName": {"value": guardrail.tag},
            "harmless": {"value": list(guardrail.harmless)},
        },
    }
    effect: dict[str, Any] = {
        "type": "String",
        "allowedValues": ["Audit", "Deny", "Disabled"],
        "defaultValue": "Audit",
    }
    return {
        "properties": {
            "displayName": "Azure ML under customer-managed keys",
            "description": "Workspaces with protected data, their vaults, keys, storage and registries.",
            "policyType": "Custom",
            "metadata": _metadata(guardrail),
            "parameters": {
                CMK_EFFECT: effect,
                **{name: {"type": "Integer", "defaultValue": value} for name, value in limits(guardrail).items()},
            },
            "policyDefinitions": [first, *(MEMBERS[name].member(name) for name in guardrail.members)],
        }
    }


def limits(guardrail: Guardrail) -> dict[str, int]:
    """What the initiative asks of keys, by the parameters that its members take."""
    keys = guardrail.keys
    used = {own for name in guardrail.members for own in MEMBERS[name].parameters.values()}
    every = {
        "minimumDaysBeforeExpiration": keys.days_before_expiry,
        "minimumRSAKeySize": keys.rsa_size,
        "maximumDaysToRotate": keys.rotate_within_days,
    }
    return {name: value for name, value in every.items() if name in used}


def assignment(guardrail: Guardrail, stage: Stage | None = None) -> Document:
    """The assignment, at the file's stage if none is given.

    What would weaken it is sent as empty, so that a PUT takes it away (AZ-POLICY-35). Inferred (AZ-POLICY-34): a
    message for all is accepted, though the definitions for keys take none.
    """
    stage = stage or guardrail.stage
    told = guardrail.message or "Ask whoever owns this policy for help, or for an exemption."
    return {
        "properties": {
            "displayName": "Azure ML under customer-managed keys",
            "description": f"Stage {stage.value} of migrate guard.",
            "policyDefinitionId": guardrail.initiative_id,
            "enforcementMode": stage.enforcement,
            "notScopes": [],
            "overrides": [],
            "resourceSelectors": [],
            "parameters": {CMK_EFFECT: {"value": stage.effect}},
            "nonComplianceMessages": [
                {"message": f"Azure ML data is protected by keys of our own. {told}"},
                {
                    "message": "A workspace needs encryption with a customer-managed key at creation; it cannot be"
                    f" added later. {told}",
                    "policyDefinitionReferenceId": BY_CLASSIFICATION,
                },
            ],
            "metadata": _metadata(guardrail, assignedBy="migrate guard", stage=stage.value),
        }
    }


def exemption(guardrail: Guardrail, until: date, wave: int | None) -> Document:
    """The exemption of an old workspace from what it cannot fulfil, to the end of its day in UTC.

    Selectors would narrow it: they are sent as empty, so that a PUT takes them away.
    """
    terms = guardrail.exemptions
    references = [BY_CLASSIFICATION, *(name for name in ("amlCmk",) if name in guardrail.members)]
    return {
        "properties": {
            "policyAssignmentId": guardrail.assignment_id,
            "exemptionCategory": "Waiver",
            "policyDefinitionReferenceIds": references,
            "resourceSelectors": [],
            "expiresOn": f"{until.isoformat()}T23:59:59Z",
            "displayName": "Old workspace until it is migrated",
            "description": "A customer-managed key cannot be added to a workspace that exists.",
            "metadata": {
                MARK: guardrail.scope,
                **({"wave": str(wave)} if wave is not None else {}),
                **({"requestedBy": terms.requested_by} if terms.requested_by else {}),
                **({"ticketRef": terms.ticket} if terms.ticket else {}),
            },
        }
    }
