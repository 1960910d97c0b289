"""How everything at a scope and below it stands with the rules that are assigned there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from azsandbox.arm.context import Context
from azsandbox.arm.declared import Declared
from azsandbox.arm.policy.applicability import is_about
from azsandbox.arm.policy.assignments import ASSIGNMENTS, Assigned, assigned
from azsandbox.arm.policy.definitions import DEFINITIONS, SETS, PolicyRule, rules
from azsandbox.arm.policy.exemptions import EXEMPTIONS, exemption
from azsandbox.arm.policy.judging import JudgedResource, Judgement, State, judged
from azsandbox.arm.policy.resources import modes_of, type_of
from azsandbox.arm.policy.violations import KEY_MODE
from azsandbox.arm.store import Record

_VAULTS = "microsoft.keyvault/vaults"
_GROUPS = "microsoft.resources/subscriptions/resourcegroups"
_NEVER = (ASSIGNMENTS, DEFINITIONS, SETS, EXEMPTIONS)


@dataclass(frozen=True, slots=True)
class Standing:
    """How one resource stands with one rule."""

    record: Record
    type: str
    judgement: Judgement


def standings(context: Context, scope: str) -> Iterator[Standing]:
    """All of a scope (a key of the store), as of this moment. Subscriptions themselves have none here."""
    every = [rule for each in context.store.of_type(ASSIGNMENTS) for rule in rules(context.store, each.properties)]
    for kind in context.kinds.values():
        if not _may_be_judged(kind, every):
            continue
        for record in context.store.of_type(kind.key_type):
            if scope in context.access.chain(record.key):
                yield from _of(context, kind, record)


def _may_be_judged(kind: Declared, every: list[PolicyRule]) -> bool:
    """Nothing of ARM's own is judged but groups (learn, "Azure Policy applicability logic"; AZ-POLICY-14).

    Of exemptions, whose writes are judged (AZ-POLICY-36), no states are kept here.
    """
    if kind.key_type in _NEVER or (kind.key_type.startswith("microsoft.resources/") and kind.key_type != _GROUPS):
        return False
    if kind.key_type == _VAULTS and any(rule.mode.lower() == KEY_MODE for rule in every):
        return True
    of_type = {"type": type_of(kind)}
    return any(
        rule.mode.lower() in modes_of(kind) and is_about(rule.condition, of_type, rule.expressions())
        for rule in every
    )


def _of(context: Context, kind: Declared, record: Record) -> Iterator[Standing]:
    type_ = type_of(kind)
    resource = {"name": record.name, "id": record.id, **record.document, "type": type_}
    for judgement in judged(context, JudgedResource(record.key, resource, modes_of(kind))):
        yield Standing(record, type_, judgement)
    if kind.key_type == _VAULTS:
        for each in assigned(context, record.key):
            if (found := _of_keys(context, record, each, resource)) is not None:
                yield Standing(record, type_, found)


def _of_keys(context: Context, vault: Record, each: Assigned, resource: Mapping[str, Any]) -> Judgement | None:
    """Of rules for keys a vault's state is not known here (AZ-POLICY-20), unless it is exempt (AZ-POLICY-5)."""
    effect = each.effect(resource)
    if each.rule.mode.lower() != KEY_MODE or effect == "disabled" or not each.selects(resource):
        return None
    found = exemption(context, vault.key, each, resource)
    return Judgement(each, effect, State.EXEMPT if found else State.UNKNOWN, [], found)
