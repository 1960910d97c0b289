"""Whether an assignment denies anything, by its definition: what of an initiative, and what could not be read."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from amlmigrate.cloud.arm import Arm
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.policies.asking import answered

_PARAMETER = re.compile(r"^\[parameters\('([^']+)'\)\]\Z")
_REFERENCE = "policydefinitionreferenceid"


@dataclass(frozen=True, slots=True)
class Denial:
    """A rule with the effect deny, as text in lower case; `reference` is that of its member of an initiative."""

    rule: str
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Denials:
    """The rules that deny; `unread` names the definitions that could not be read."""

    rules: tuple[Denial, ...] = ()
    unread: tuple[str, ...] = ()

    def among(self, references: Iterable[str]) -> Denials:
        """Only those of some members; of all where none is named, as an exemption names them (AZ-POLICY-5)."""
        wanted = {one.lower() for one in references}
        return Denials(
            tuple(one for one in self.rules if not wanted or one.reference.lower() in wanted), self.unread
        )


def enforced(assignment: Document) -> bool:
    """Whether an assignment refuses what it denies. One with a mode that is not known counts as such."""
    return str(properties_of(assignment).get("enforcementMode", "")).lower() != "donotenforce"


async def denials_of(arm: Arm, assignment: Document) -> Denials:
    """What an assignment denies, with its parameters and overrides."""
    properties = properties_of(assignment)
    given = {name: one.get("value") for name, one in (properties.get("parameters") or {}).items()}
    overrides = [one for one in properties.get("overrides") or () if isinstance(one, Mapping)]
    return await _denied(arm, str(properties.get("policyDefinitionId", "")), given, overrides)


async def _denied(
    arm: Arm, definition_id: str, given: dict[str, Any], overrides: list[Mapping[str, Any]], reference: str = ""
) -> Denials:
    """What a definition denies, or the definitions of an initiative together."""
    definition = (await answered(arm.get(definition_id))).value
    if definition is None:
        return Denials(unread=(definition_id,))
    properties = properties_of(definition)
    values = _values(properties, given)
    if "policyDefinitions" not in properties:
        rule = properties.get("policyRule") or {}
        effect = _resolved((rule.get("then") or {}).get("effect"), values)
        effect = _overridden(overrides, reference, effect)
        return (
            Denials((Denial(json.dumps(rule).lower(), reference),)) if str(effect).lower() == "deny" else Denials()
        )
    members = properties["policyDefinitions"] or ()
    found = await asyncio.gather(*(_member(arm, one, values, overrides) for one in members))
    return Denials(
        tuple(rule for one in found for rule in one.rules), tuple(id_ for one in found for id_ in one.unread)
    )


async def _member(
    arm: Arm, member: Document, values: dict[str, Any], overrides: list[Mapping[str, Any]]
) -> Denials:
    given = {name: _resolved(one.get("value"), values) for name, one in (member.get("parameters") or {}).items()}
    reference = str(member.get("policyDefinitionReferenceId") or "")
    return await _denied(arm, str(member.get("policyDefinitionId", "")), given, overrides, reference)


def _overridden(overrides: Iterable[Mapping[str, Any]], reference: str, effect: Any) -> Any:
    """The effect that the first override for a member sets, else its own (AZ-POLICY-8).

    One that is for some regions or types only sets what counts more: nothing that is denied somewhere is left out.
    """
    for one in overrides:
        if str(one.get("kind")).lower() != "policyeffect" or not _for(one, reference):
            continue
        other = [each for each in one.get("selectors") or () if str(each.get("kind")).lower() != _REFERENCE]
        if not other:
            return one.get("value")
        if str(one.get("value")).lower() == "deny":
            return "deny"
    return effect


def _for(override: Mapping[str, Any], reference: str) -> bool:
    """Whether the selectors of members take one."""
    for each in override.get("selectors") or ():
        if str(each.get("kind")).lower() != _REFERENCE:
            continue
        named = {str(one).lower() for one in (each.get("in") or each.get("notIn") or ())}
        if (reference.lower() in named) is not bool(each.get("in")):
            return False
    return True


def _values(properties: Document, given: dict[str, Any]) -> dict[str, Any]:
    """A definition's parameters: what the assignment gives, else their defaults; names without regard to case."""
    defaults = {name: one.get("defaultValue") for name, one in (properties.get("parameters") or {}).items()}
    return {name.lower(): value for name, value in (defaults | given).items()}


def _resolved(value: Any, values: dict[str, Any]) -> Any:
    match = _PARAMETER.match(value) if isinstance(value, str) else None
    return values.get(match[1].lower()) if match else value
