"""Policy assignments in the target's scope that deny; what they would refuse cannot be told beforehand."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterable
from typing import Any

from amlmigrate.cloud.arm import Arm
from amlmigrate.core.documents import Document
from amlmigrate.core.finding import Finding
from amlmigrate.core.workspace import Workspace
from amlmigrate.posture.reading import missing_action, tried

_ASSIGNMENTS = "providers/Microsoft.Authorization/policyAssignments"
_PARAMETER = re.compile(r"^\[parameters\('([^']+)'\)\]$")
_ABOUT = {
    "microsoft.machinelearningservices": "Azure ML",
    "microsoft.storage": "storage",
    "microsoft.keyvault": "key vaults",
}


async def denying(arm: Arm, workspace: Workspace) -> list[Finding]:
    """A warning for each assignment in force whose effect is deny, with what it is about."""
    read = await tried(_all(arm, f"{workspace.id}/{_ASSIGNMENTS}"))
    if read.value is None:
        if not read.refused:
            return []
        missing = missing_action(read.refused, "Microsoft.Authorization/policyAssignments/read")
        said = f"Not checked: policies could not be read. {read.refused}"
        return [Finding("warning", workspace.id, said, f"Grant '{missing}' on the target.")]
    judged = await asyncio.gather(*(_finding(arm, one) for one in read.value))
    return [finding for finding in judged if finding]


async def _finding(arm: Arm, assignment: Document) -> Finding | None:
    properties = assignment.get("properties") or {}
    if str(properties.get("enforcementMode", "")).lower() == "donotenforce":
        return None
    given = {name: one.get("value") for name, one in (properties.get("parameters") or {}).items()}
    definition_id = str(properties.get("policyDefinitionId", ""))
    denied = await _denied(arm, definition_id, given)
    if not denied:
        return None
    about = sorted({what for text in denied for name, what in _ABOUT.items() if name in text})
    name = str(properties.get("displayName") or assignment.get("name"))
    what = f" It speaks of {', '.join(about)}." if about else ""
    return Finding(
        "warning",
        str(assignment.get("id")),
        f"The policy '{name}' denies what does not comply with it.{what}",
        f"az policy exemption create --name migration --exemption-category Waiver --policy-assignment"
        f" {assignment.get('id')}, should it refuse a step.",
    )


async def _denied(arm: Arm, definition_id: str, given: dict[str, Any]) -> list[str]:
    """The rules with effect deny, as text in lower case: one of a definition, all of an initiative."""
    definition = (await tried(arm.get(definition_id))).value
    if definition is None:
        return []
    properties = definition.get("properties") or {}
    values = _values(properties, given)
    if "policyDefinitions" not in properties:
        rule = properties.get("policyRule") or {}
        effect = _resolved((rule.get("then") or {}).get("effect"), values)
        return [json.dumps(rule).lower()] if str(effect).lower() == "deny" else []
    found = await asyncio.gather(*(_member(arm, one, values) for one in properties["policyDefinitions"] or ()))
    return [text for texts in found for text in texts]


def _member(arm: Arm, member: Document, values: dict[str, Any]) -> Any:
    given = {name: _resolved(one.get("value"), values) for name, one in (member.get("parameters") or {}).items()}
    return _denied(arm, str(member.get("policyDefinitionId", "")), given)


def _values(properties: Document, given: dict[str, Any]) -> dict[str, Any]:
    """A definition's parameters: what the assignment gives, else their defaults; names without regard to case."""
    defaults = {name: one.get("defaultValue") for name, one in (properties.get("parameters") or {}).items()}
    return {name.lower(): value for name, value in (defaults | given).items()}


def _resolved(value: Any, values: dict[str, Any]) -> Any:
    match = _PARAMETER.match(value) if isinstance(value, str) else None
    return values.get(match[1].lower()) if match else value


async def _all(arm: Arm, path: str) -> list[Document]:
    found: Iterable[Document] = [item async for item in arm.pages(path)]
    return list(found)
