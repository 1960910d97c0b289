"""Policy assignments in the target's scope that deny; what they would refuse cannot be told beforehand."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass
from typing import Any

from amlmigrate.cloud.arm import Arm
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.finding import Finding
from amlmigrate.core.workspace import Workspace
from amlmigrate.doctor.unchecked import unchecked
from amlmigrate.posture.reading import tried, tried_list

_AUTHORIZATION = "Microsoft.Authorization"
_ASSIGNMENTS = f"providers/{_AUTHORIZATION}/policyAssignments"
_PARAMETER = re.compile(r"^\[parameters\('([^']+)'\)\]\Z")
_ABOUT = {
    "microsoft.machinelearningservices": "Azure ML",
    "microsoft.storage": "storage",
    "microsoft.keyvault": "key vaults",
}


@dataclass(frozen=True, slots=True)
class Denials:
    """The rules with effect deny, as text in lower case; `unread` names the definitions that could not be read."""

    rules: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


async def denying(arm: Arm, workspace: Workspace) -> list[Finding]:
    """A warning for each assignment in force whose effect is deny, or of which that cannot be read.

    Whether the target and what is created in it comply is not evaluated: Azure alone knows all that it compares.
    """
    read = await tried_list(arm, f"{workspace.id}/{_ASSIGNMENTS}")
    if read.value is None:
        return [unchecked(workspace.id, read, "policies", f"{_AUTHORIZATION}/policyAssignments/read")]
    judged = await asyncio.gather(*(_findings(arm, one, workspace) for one in read.value))
    return [finding for part in judged for finding in part]


async def _findings(arm: Arm, assignment: Document, workspace: Workspace) -> list[Finding]:
    properties = properties_of(assignment)
    if str(properties.get("enforcementMode", "")).lower() == "donotenforce" or _left_out(properties, workspace):
        return []
    given = {name: one.get("value") for name, one in (properties.get("parameters") or {}).items()}
    denials = await _denied(arm, str(properties.get("policyDefinitionId", "")), given)
    id_, name = str(assignment.get("id")), str(properties.get("displayName") or assignment.get("name"))
    found = []
    if denials.rules:
        about = sorted({what for text in denials.rules for name, what in _ABOUT.items() if name in text})
        what = f" It speaks of {', '.join(about)}." if about else ""
        found.append(
            Finding(
                "warning",
                id_,
                f"The policy '{name}' denies what does not comply with it.{what}",
                "az policy exemption create --name migration --exemption-category Waiver --policy-assignment"
                f" {id_}, should it refuse a step.",
                code="policy-denies",
            )
        )
    if denials.unread:
        found.append(
            Finding(
                "warning",
                id_,
                f"Not checked: what the policy '{name}' denies could not be read: {', '.join(denials.unread)}.",
                f"Grant '{_AUTHORIZATION}/policyDefinitions/read' and"
                f" '{_AUTHORIZATION}/policySetDefinitions/read' there, or have somebody check it who has the"
                " right.",
                code="policy-unread",
            )
        )
    return found


def _left_out(properties: Document, workspace: Workspace) -> bool:
    """Whether the assignment's `notScopes` hold the workspace."""
    here = f"{workspace.id}/".lower()
    return any(here.startswith(f"{str(one).rstrip('/')}/".lower()) for one in properties.get("notScopes") or ())


async def _denied(arm: Arm, definition_id: str, given: dict[str, Any]) -> Denials:
    """What a definition denies, or the definitions of an initiative together."""
    definition = (await tried(arm.get(definition_id))).value
    if definition is None:
        return Denials(unread=(definition_id,))
    properties = properties_of(definition)
    values = _values(properties, given)
    if "policyDefinitions" not in properties:
        rule = properties.get("policyRule") or {}
        effect = _resolved((rule.get("then") or {}).get("effect"), values)
        return Denials((json.dumps(rule).lower(),)) if str(effect).lower() == "deny" else Denials()
    found = await asyncio.gather(*(_member(arm, one, values) for one in properties["policyDefinitions"] or ()))
    return Denials(
        tuple(text for one in found for text in one.rules), tuple(id_ for one in found for id_ in one.unread)
    )


async def _member(arm: Arm, member: Document, values: dict[str, Any]) -> Denials:
    given = {name: _resolved(one.get("value"), values) for name, one in (member.get("parameters") or {}).items()}
    return await _denied(arm, str(member.get("policyDefinitionId", "")), given)


def _values(properties: Document, given: dict[str, Any]) -> dict[str, Any]:
    """A definition's parameters: what the assignment gives, else their defaults; names without regard to case."""
    defaults = {name: one.get("defaultValue") for name, one in (properties.get("parameters") or {}).items()}
    return {name.lower(): value for name, value in (defaults | given).items()}


def _resolved(value: Any, values: dict[str, Any]) -> Any:
    match = _PARAMETER.match(value) if isinstance(value, str) else None
    return values.get(match[1].lower()) if match else value
