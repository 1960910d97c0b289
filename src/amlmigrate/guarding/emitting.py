"""A guardrail as files to check into git: JSON as Azure takes it, or Terraform for the provider azurerm. Pure.

Source of Terraform's members: hashicorp/terraform-provider-azurerm, `website/docs/r`, and CHANGELOG.md, 4.35.0.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from enum import StrEnum
from typing import Any

from amlmigrate.core.armid import ArmId
from amlmigrate.core.documents import Document
from amlmigrate.guarding import bodies, custody, emittingalarms
from amlmigrate.guarding.estate import OldWorkspace
from amlmigrate.guarding.hcl import HclBlocks, HclCode, HclJson, block, label
from amlmigrate.guarding.wanted import Custody, Guardrail, Stage

Files = Mapping[str, str]
Exempt = tuple[OldWorkspace, date]
# Since then `policy_definition_reference` has `version`, and initiatives of management groups a type of their own.
_NEEDS = "# For the provider hashicorp/azurerm, version 4.35 or later.\n"
# An exemption names the assignment, which so comes first: `depends_on` the other way round would be a circle.
_ENFORCED = """\
# Where exemptions are new: terraform apply -var enforced=false makes them before anything is refused.
variable "enforced" {
  type    = bool
  default = true
}
"""


class EmitFormat(StrEnum):
    """What the files are for."""

    JSON = "json"
    TERRAFORM = "terraform"


def emitted(guardrail: Guardrail, exempt: list[Exempt], form: EmitFormat) -> Files:
    """The text of each file by its path."""
    return dict(_json(guardrail, exempt) if form is EmitFormat.JSON else _terraform(guardrail, exempt))


def _json(guardrail: Guardrail, exempt: list[Exempt]) -> Iterator[tuple[str, str]]:
    """A file for each resource: its id, its type, and the body of its PUT; for custodians the requests to PIM."""
    for id_, body in _resources(guardrail, exempt):
        found = ArmId.of(id_)
        folder, name = found.types[-1], found.name
        if folder == "policyExemptions":
            # A workspace's name is unique in its group alone.
            at = ArmId.of(str(found.scope))
            name = "/".join((at.subscription, at.group, f"{at.name}-{name}"))
        document = {"id": id_, "name": found.name, "type": found.spelled_type, **body}
        yield f"{folder}/{name}.json", _dumped(document)
    for path, request in custody.requests(guardrail.custody) if guardrail.custody else ():
        yield path, _dumped(request)
    for path, document in emittingalarms.documents(guardrail):
        yield path, _dumped(document)


def _dumped(document: Document) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _resources(guardrail: Guardrail, exempt: list[Exempt]) -> Iterator[tuple[str, Document]]:
    yield guardrail.definition_id, bodies.definition(guardrail)
    yield guardrail.initiative_id, bodies.initiative(guardrail)
    yield guardrail.assignment_id, bodies.assignment(guardrail)
    for one, until in exempt:
        yield guardrail.exemption_id(one.id), bodies.exemption(guardrail, until, one.wave)


def _terraform(guardrail: Guardrail, exempt: list[Exempt]) -> Iterator[tuple[str, str]]:
    """What the provider takes as JSON text is `jsonencode` of the same values; custodians have their own file."""
    rule, initiative = bodies.definition(guardrail)["properties"], bodies.initiative(guardrail)["properties"]
    blocks = [
        block("resource", "azurerm_policy_definition", "cmk", _definition(guardrail, rule)),
        block("resource", _set_type(guardrail), "cmk", _set(guardrail, initiative)),
        block("resource", _assignment_type(guardrail), "cmk", _assignment(guardrail)),
        *(_exemption(guardrail, one, until) for one, until in exempt),
    ]
    variables = [_ENFORCED] if guardrail.stage is Stage.DENY_NEW else []
    yield "guard.tf", "\n".join([_NEEDS, *variables, *blocks])
    if guardrail.custody:
        yield "pim.tf", "\n".join([_NEEDS, *_custodians(guardrail.custody)])
    if guardrail.alarms:
        yield "alarms.tf", "\n".join(emittingalarms.terraform(guardrail))


def _custodians(wanted: Custody) -> Iterator[str]:
    """The rules of each role on each vault, and who is eligible for it."""
    for vault in wanted.vaults:
        for role in wanted.roles:
            at = {"scope": vault, "role_definition_id": custody.definition_id(vault, role)}
            named = f"{label(vault)}_{role}"
            yield block("resource", "azurerm_role_management_policy", f"rules_{named}", at | _activation(wanted))
            for principal in wanted.eligible:
                given = {
                    **at,
                    "principal_id": principal,
                    "justification": custody.JUSTIFICATION,
                    "schedule": HclBlocks([{"expiration": HclBlocks([{"duration_days": wanted.days}])}]),
                }
                yield block(
                    "resource", "azurerm_pim_eligible_role_assignment", f"eligible_{named}_{principal}", given
                )


def _activation(wanted: Custody) -> dict[str, Any]:
    approvers = [{"object_id": one.id, "type": one.kind} for one in wanted.approvers]
    rules = {
        "maximum_duration": f"PT{wanted.hours}H",
        "require_approval": True,
        "require_justification": True,
        "require_multifactor_authentication": True,
        "approval_stage": HclBlocks([{"primary_approver": HclBlocks(approvers)}]),
    }
    return {"activation_rules": HclBlocks([rules])}


def _definition(guardrail: Guardrail, properties: Document) -> dict[str, Any]:
    return {
        "name": guardrail.name,
        "policy_type": "Custom",
        "mode": properties["mode"],
        "display_name": properties["displayName"],
        "description": properties["description"],
        **_at_group(guardrail),
        "metadata": HclJson(properties["metadata"]),
        "parameters": HclJson(properties["parameters"]),
        "policy_rule": HclJson(properties["policyRule"]),
    }


def _set(guardrail: Guardrail, properties: Document) -> dict[str, Any]:
    members = [
        {
            "policy_definition_id": HclCode("azurerm_policy_definition.cmk.id")
            if one["policyDefinitionId"] == guardrail.definition_id
            else one["policyDefinitionId"],
            "reference_id": one["policyDefinitionReferenceId"],
            **({"version": one["definitionVersion"]} if "definitionVersion" in one else {}),
            "parameter_values": HclJson(one["parameters"]),
        }
        for one in properties["policyDefinitions"]
    ]
    return {
        "name": guardrail.name,
        "policy_type": "Custom",
        "display_name": properties["displayName"],
        "description": properties["description"],
        **_at_group(guardrail),
        "metadata": HclJson(properties["metadata"]),
        "parameters": HclJson(properties["parameters"]),
        "policy_definition_reference": HclBlocks(members),
    }


def _at_group(guardrail: Guardrail) -> dict[str, Any]:
    return {"management_group_id": guardrail.scope} if guardrail.at_management_group else {}


def _set_type(guardrail: Guardrail) -> str:
    """At a management group a type of its own: version 5 of the provider has no `management_group_id` else."""
    if guardrail.at_management_group:
        return "azurerm_management_group_policy_set_definition"
    return "azurerm_policy_set_definition"


def _assignment_type(guardrail: Guardrail) -> str:
    if guardrail.at_management_group:
        return "azurerm_management_group_policy_assignment"
    of_group = ArmId.of(guardrail.scope).group
    return "azurerm_resource_group_policy_assignment" if of_group else "azurerm_subscription_policy_assignment"


def _assignment(guardrail: Guardrail) -> dict[str, Any]:
    properties = bodies.assignment(guardrail)["properties"]
    kind = _assignment_type(guardrail).removeprefix("azurerm_").removesuffix("_policy_assignment")
    messages = [
        {
            "content": one["message"],
            **(
                {"policy_definition_reference_id": one["policyDefinitionReferenceId"]}
                if "policyDefinitionReferenceId" in one
                else {}
            ),
        }
        for one in properties["nonComplianceMessages"]
    ]
    return {
        "name": guardrail.name,
        f"{kind}_id": guardrail.scope,
        "policy_definition_id": HclCode(f"{_set_type(guardrail)}.cmk.id"),
        "display_name": properties["displayName"],
        "description": properties["description"],
        "enforce": HclCode("var.enforced")
        if guardrail.stage is Stage.DENY_NEW
        else properties["enforcementMode"] == "Default",
        "metadata": HclJson(properties["metadata"]),
        "parameters": HclJson(properties["parameters"]),
        "non_compliance_message": HclBlocks(messages),
    }


def _exemption(guardrail: Guardrail, one: OldWorkspace, until: date) -> str:
    properties = bodies.exemption(guardrail, until, one.wave)["properties"]
    values = {
        "name": guardrail.name,
        "resource_id": one.id,
        "policy_assignment_id": HclCode(f"{_assignment_type(guardrail)}.cmk.id"),
        "exemption_category": properties["exemptionCategory"],
        "expires_on": properties["expiresOn"],
        "display_name": properties["displayName"],
        "description": properties["description"],
        "policy_definition_reference_ids": properties["policyDefinitionReferenceIds"],
        "metadata": HclJson(properties["metadata"]),
    }
    return block("resource", "azurerm_resource_policy_exemption", f"workspace_{label(one.id)}", values)
