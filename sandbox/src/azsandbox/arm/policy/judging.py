"""What the assignments at a scope and above it make of a resource."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from azsandbox.arm.context import Context
from azsandbox.arm.policy.applicability import is_about
from azsandbox.arm.policy.assignments import Assigned, assigned
from azsandbox.arm.policy.conditions import holds
from azsandbox.arm.policy.exemptions import exemption
from azsandbox.arm.policy.existence import exists
from azsandbox.arm.policy.expressions import Expressions, Unsupported
from azsandbox.arm.policy.fields import field_of
from azsandbox.arm.store import Record

IF_NOT_EXISTS = ("auditifnotexists", "deployifnotexists")


class State(enum.StrEnum):
    """How a resource stands with a rule (AZ-POLICY-11), as lists of states spell it."""

    COMPLIANT = "Compliant"
    NON_COMPLIANT = "NonCompliant"
    EXEMPT = "Exempt"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True)
class JudgedResource:
    """A resource at a scope (a key of the store), and with which api-version it is written."""

    scope: str
    resource: Mapping[str, Any]
    modes: tuple[str, ...]
    api_version: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """How a resource stands with a rule: the effect in lower case, what was compared, and what exempts it."""

    assigned: Assigned
    effect: str
    state: State
    compared: list[dict[str, Any]]
    exemption: Record | None = None


Wanted = Callable[[Assigned, str], bool]


def judged(
    context: Context, asked: JudgedResource, wanted: Wanted = lambda assigned, effect: True
) -> Iterator[Judgement]:
    """A judgement for each rule that is about the resource, and that is `wanted` with its effect."""
    for each in assigned(context, asked.scope):
        effect = each.effect(asked.resource)
        if each.rule.mode.lower() not in asked.modes or effect == "disabled" or not wanted(each, effect):
            continue
        if each.selects(asked.resource):
            yield from _judged(context, asked, each, effect)


def _judged(context: Context, asked: JudgedResource, each: Assigned, effect: str) -> Iterator[Judgement]:
    expressions, compared = _language(each, asked), list[dict[str, Any]]()
    if not is_about(each.rule.condition, asked.resource, expressions):
        return
    try:
        met = holds(each.rule.condition, field_of(asked.resource), expressions, compared)
        if effect in IF_NOT_EXISTS:
            if not met:
                return
            met = not exists(context, asked.scope, asked.resource, each.rule, expressions)
        state = State.NON_COMPLIANT if met else State.COMPLIANT
    except Unsupported:
        # What denies is evaluated before it is assigned; of all else the state is what nobody knows.
        state = State.UNKNOWN
    found = exemption(context, asked.scope, each, asked.resource)
    yield Judgement(each, effect, State.EXEMPT if found else state, compared, found)


def _language(each: Assigned, asked: JudgedResource) -> Expressions:
    return each.rule.expressions(
        field=field_of(asked.resource), requestcontext=lambda: {"apiVersion": asked.api_version, "identity": {}}
    )
