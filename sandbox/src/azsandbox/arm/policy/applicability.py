"""Whether a rule is about a resource at all: only then does the resource have a state by it (AZ-POLICY-12).

Source: learn.microsoft.com, "Azure Policy applicability logic": of the `if`, what is asked of `type`, `name` and
`kind` counts, and all else passes; with the effects that end in IfNotExists the whole of it counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from azsandbox.arm.policy.conditions import holds
from azsandbox.arm.policy.expressions import Expressions
from azsandbox.arm.policy.fields import field_of

_KNOWN = ("type", "name", "kind")


def is_about(condition: Mapping[str, Any], resource: Mapping[str, Any], expressions: Expressions) -> bool:
    """Whether what is asked of these fields, as far as the resource has them, holds or may hold.

    With a resource that is a type alone it says whether a rule can be about any of that type.
    """
    return _judged(condition, resource, expressions) is not False


def _judged(condition: Mapping[str, Any], resource: Mapping[str, Any], expressions: Expressions) -> bool | None:
    """True, False, or None for what passes whatever it is."""
    for name, inner in condition.items():
        lower = name.lower()
        if lower == "allof":
            every = [_judged(each, resource, expressions) for each in inner]
            return False if False in every else None if None in every else True
        if lower == "anyof":
            every = [_judged(each, resource, expressions) for each in inner]
            return True if True in every else None if None in every else False
        if lower == "not":
            found = _judged(inner, resource, expressions)
            return None if found is None else not found
    path = str(next((value for name, value in condition.items() if name.lower() == "field"), "")).lower()
    if path not in _KNOWN or path not in resource:
        return None
    return holds(condition, field_of(resource), expressions, [])
