"""What an assignment denies, by its definition: what of an initiative, and what could not be read."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from amlmigrate.cloud.arm import Arm
from amlmigrate.core.armid import ArmId
from amlmigrate.core.documents import Document, properties_of, shown_properties
from amlmigrate.policies.asking import answered

_PARAMETER = re.compile(r"^\[parameters\('([^']+)'\)\]\Z")
_REFERENCE = "policydefinitionreferenceid"
# The other effects (learn.microsoft.com, governance/policy/concepts/effect-basics): none of them refuses a PUT.
NOT_DENYING = frozenset(
    {
        "addtonetworkgroup",
        "append",
        "audit",
        "auditifnotexists",
        "denyaction",
        "deployifnotexists",
        "disabled",
        "manual",
        "modify",
        "mutate",
    }
)


# What refuses a PUT, and what refuses a DELETE (AZ-POLICY-66).
DENY, DENY_ACTION = "deny", "denyaction"


@dataclass(frozen=True, slots=True)
class Denial:
    """A rule with the effect that was asked for, as text in lower case, with the values of its parameters.

    `reference` is that of its member of an initiative.
    """

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
    return str((shown_properties(assignment) or {}).get("enforcementMode", "")).lower() != "donotenforce"


def left_out(assignment: Document, id_: str) -> bool | None:
    """Whether `notScopes` hold a resource. None: they may, by a management group or by what is no id."""
    found = (shown_properties(assignment) or {}).get("notScopes") or []
    if not isinstance(found, list):
        return None
    here, scopes = ArmId.of(id_), [ArmId.of(one) for one in found if one and isinstance(one, str)]
    if any(here.within(one) for one in scopes):
        return True
    unclear = len(scopes) < len(found) or any(one.is_management_group for one in scopes)
    return None if unclear else False


@dataclass(frozen=True, slots=True)
class _Asked:
    """The effect that is looked for, and the assignment's overrides."""

    effect: str
    overrides: list[Document]


async def denials_of(arm: Arm, assignment: Document, effect: str = DENY) -> Denials:
    """What an assignment denies by one of both effects, with its parameters and overrides.

    What has another form than is documented is not read: it is never taken for something that denies nothing.
    """
    try:
        properties = _map(properties_of(assignment))
        given = {name: _map(one).get("value") for name, one in _map(properties.get("parameters")).items()}
        asked = _Asked(effect, _maps(properties.get("overrides")))
        definition_id = _id(properties.get("policyDefinitionId"))
    except _OddError:
        return Denials(unread=(str(assignment.get("id")),))
    return await _denied(arm, definition_id, given, asked)


async def _denied(
    arm: Arm, definition_id: str, given: dict[str, Any], asked: _Asked, reference: str = ""
) -> Denials:
    """What a definition denies, or the definitions of an initiative together."""
    found = (await answered(arm.get(definition_id))).value
    try:
        properties = _map(properties_of(_map(found)))
        values = _values(properties, given)
        if "policyDefinitions" not in properties:
            return _by_its_rule(properties, values, asked, reference)
        members = [_member(one, values) for one in _listed(properties["policyDefinitions"])]
    except _OddError:
        return Denials(unread=(definition_id,))
    every = await asyncio.gather(*(_denied(arm, id_, those, asked, name) for id_, those, name in members))
    return Denials(
        tuple(rule for one in every for rule in one.rules), tuple(id_ for one in every for id_ in one.unread)
    )


def _by_its_rule(properties: Document, values: dict[str, Any], asked: _Asked, reference: str) -> Denials:
    """What one definition comes to. An effect that is not known, or an expression, may be to deny: _OddError."""
    rule = _map(properties.get("policyRule"))
    own = _resolved(_map(rule.get("then")).get("effect"), values)
    effect = str(_overridden(asked, reference, own)).lower()
    if effect == asked.effect:
        return Denials((Denial(json.dumps(_filled(rule, values)).lower(), reference),))
    if effect not in NOT_DENYING and effect != DENY:
        raise _OddError
    return Denials()


def _member(member: Any, values: dict[str, Any]) -> tuple[str, dict[str, Any], str]:
    """The definition of a member of an initiative, what that is given, and its reference."""
    found = _map(member)
    given = {
        name: _resolved(_map(one).get("value"), values) for name, one in _map(found.get("parameters")).items()
    }
    return _id(found.get("policyDefinitionId")), given, str(found.get("policyDefinitionReferenceId") or "")


def _overridden(asked: _Asked, reference: str, effect: Any) -> Any:
    """The effect that the first override for a member sets, else its own (AZ-POLICY-8).

    One that is for some regions or types only sets what counts more: nothing that is denied somewhere is left out.
    """
    for one in asked.overrides:
        if str(one.get("kind")).lower() != "policyeffect" or not _for(one, reference):
            continue
        other = [each for each in _maps(one.get("selectors")) if str(each.get("kind")).lower() != _REFERENCE]
        if not other:
            return one.get("value")
        if str(one.get("value")).lower() == asked.effect:
            return asked.effect
    return effect


def _for(override: Document, reference: str) -> bool:
    """Whether the selectors of members take one."""
    for each in _maps(override.get("selectors")):
        if str(each.get("kind")).lower() != _REFERENCE:
            continue
        named = {str(one).lower() for one in _listed(each.get("in") or each.get("notIn") or [])}
        if (reference.lower() in named) is not bool(each.get("in")):
            return False
    return True


def _values(properties: Document, given: dict[str, Any]) -> dict[str, Any]:
    """A definition's parameters: what the assignment gives, else their defaults; names without regard to case."""
    defaults = {name: _map(one).get("defaultValue") for name, one in _map(properties.get("parameters")).items()}
    return {name.lower(): value for name, value in (defaults | given).items()}


def _resolved(value: Any, values: dict[str, Any]) -> Any:
    match = _PARAMETER.match(value) if isinstance(value, str) else None
    return values.get(match[1].lower()) if match else value


def _filled(part: Any, values: dict[str, Any]) -> Any:
    """A part of a rule with the values of its parameters."""
    if isinstance(part, dict):
        return {name: _filled(each, values) for name, each in part.items()}
    return [_filled(each, values) for each in part] if isinstance(part, list) else _resolved(part, values)


class _OddError(Exception):
    """Something has a form that nobody foresaw."""


def _map(value: Any) -> Document:
    """What has members; nothing has none. Raises _OddError for anything else."""
    if value is not None and not isinstance(value, dict):
        raise _OddError
    return value or {}


def _listed(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise _OddError
    return value


def _maps(value: Any) -> list[Document]:
    return [_map(one) for one in _listed(value or [])]


def _id(value: Any) -> str:
    if not value or not isinstance(value, str):
        raise _OddError
    return value
