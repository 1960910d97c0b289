"""What the effects auditIfNotExists and deployIfNotExists look for beside a resource.

Source: learn.microsoft.com, "Azure Policy definitions auditIfNotExists effect": a type below the resource's own is
looked for in the resource, another one in its group, by its name where one is given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from azsandbox.arm.context import Context
from azsandbox.arm.policy.conditions import holds
from azsandbox.arm.policy.definitions import PolicyRule
from azsandbox.arm.policy.expressions import Expressions, Unsupported
from azsandbox.arm.policy.fields import field_of
from azsandbox.arm.store import Record

# What lies at any resource, and is looked for there.
_EXTENSIONS = ("microsoft.insights/diagnosticsettings",)


def exists(
    context: Context, scope: str, resource: Mapping[str, Any], rule: PolicyRule, expressions: Expressions
) -> bool:
    """Whether something of the type that the rule names meets its condition. Raises Unsupported."""
    details = rule.details
    if str(details.get("existenceScope", "")).lower() == "subscription" or "type" not in details:
        raise Unsupported(f"the details {dict(details)!r}")
    name = expressions.value(details.get("name"))
    condition = details.get("existenceCondition")
    return any(
        condition is None or holds(condition, field_of(each.document), expressions, [])
        for each in _beside(context, scope, resource, str(details["type"]).lower())
        if name is None or each.name.lower() == str(name).rpartition("/")[2].lower()
    )


def _beside(context: Context, scope: str, resource: Mapping[str, Any], type_: str) -> Iterator[Record]:
    if type_ not in context.kinds:
        raise Unsupported(f"the type {type_!r}")
    if type_ in _EXTENSIONS:
        return iter(context.store.children(scope, type_))
    own = type_.startswith(str(resource["type"]).lower() + "/")
    return context.store.of_type(type_, scope if own else "/".join(scope.split("/")[:5]))
