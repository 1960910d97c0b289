"""Whether the `if` of a policy rule holds for a resource.

Source: learn.microsoft.com, "Azure Policy definition structure policy rule".
"""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Mapping
from typing import Any

from azsandbox.arm.policy.expressions import Expressions, Unsupported

Field = Callable[[str], Any]  # the value of a field; a list for an alias with [*]
MISSING = None


def holds(
    condition: Mapping[str, Any], field: Field, expressions: Expressions, seen: list[dict[str, Any]]
) -> bool:
    """Whether a condition holds. `seen` gets what was compared, as refusals show it. Raises Unsupported."""
    for name, inner in condition.items():
        lower = name.lower()
        if lower == "allof":
            return all(holds(each, field, expressions, seen) for each in inner)
        if lower == "anyof":
            return any(holds(each, field, expressions, seen) for each in inner)
        if lower == "not":
            return not holds(inner, field, expressions, seen)
    return _compared(condition, field, expressions, seen)


def _compared(
    condition: Mapping[str, Any], field: Field, expressions: Expressions, seen: list[dict[str, Any]]
) -> bool:
    names = {name.lower(): name for name in condition}
    others = [name for name in names if name not in ("field", "value")]
    operator = others[0] if len(others) == 1 else ""
    compare = _OPERATORS.get(operator)
    if compare is None or ("field" in names) == ("value" in names):
        raise Unsupported(f"the condition {dict(condition)!r}")
    target = expressions.value(condition[names[operator]])
    if "field" in names:
        path = str(expressions.value(condition[names["field"]]))
        found, kind = field(path), "Field"
    else:
        path, kind = str(condition[names["value"]]), "Value"
        found = expressions.value(condition[names["value"]])
    every = found if "[*]" in path and isinstance(found, list) else [found]
    result = all(compare(each, target) for each in every)
    entry = {"result": str(result), "expressionKind": kind, "expression": path, "path": path}
    shown = {"expressionValue": found, "targetValue": target, "operator": names[operator][0].upper()}
    shown["operator"] += names[operator][1:]
    seen.append(entry | {name: value for name, value in shown.items() if value is not None})
    return result


def _text(value: Any) -> str:
    return str(value).lower() if value is not None else ""


def _equal(found: Any, target: Any) -> bool:
    return _text(found) == _text(target)


def _among(found: Any, targets: Any) -> bool:
    return any(_equal(found, each) for each in targets or ())


def _exists(found: Any, target: Any) -> bool:
    return (found is not None) == (_text(target) == "true")


def _like(found: Any, target: Any) -> bool:
    return fnmatch.fnmatchcase(_text(found), _text(target).replace("[", "[[]").replace("?", "[?]"))


def _contains(found: Any, target: Any) -> bool:
    if isinstance(found, list):
        return _among(target, found)
    return _text(target) in _text(found)


def _has_key(found: Any, target: Any) -> bool:
    return isinstance(found, Mapping) and any(_equal(key, target) for key in found)


def _order(found: Any, target: Any) -> int:
    """Below, at or above zero; numbers as numbers, anything else as text."""
    try:
        first, second = float(found), float(target)
    except (TypeError, ValueError):
        one, other = _text(found), _text(target)
        return (one > other) - (one < other)
    return (first > second) - (first < second)


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "equals": _equal,
    "notequals": lambda found, target: not _equal(found, target),
    "in": _among,
    "notin": lambda found, targets: not _among(found, targets),
    "exists": _exists,
    "like": _like,
    "notlike": lambda found, target: not _like(found, target),
    "contains": _contains,
    "notcontains": lambda found, target: not _contains(found, target),
    "containskey": _has_key,
    "notcontainskey": lambda found, target: not _has_key(found, target),
    "less": lambda found, target: found is not None and _order(found, target) < 0,
    "lessorequals": lambda found, target: found is not None and _order(found, target) <= 0,
    "greater": lambda found, target: found is not None and _order(found, target) > 0,
    "greaterorequals": lambda found, target: found is not None and _order(found, target) >= 0,
}


def field_of(resource: Mapping[str, Any]) -> Field:
    """Reads fields of a resource: its head, its tags, and aliases, which are its type and a path in it."""
    prefix = str(resource.get("type", "")).lower() + "/"

    def field(path: str) -> Any:
        lower = path.lower()
        if lower.startswith("tags[") and path.endswith("]"):
            return _step(resource.get("tags") or {}, path[5:-1].strip("'"))
        if not lower.startswith(prefix):
            known = lower in ("type", "name", "kind", "location", "id", "tags", "fullname")
            return _walk(resource, path.split(".")) if known or lower.startswith(("identity.", "tags.")) else None
        rest = path[len(prefix) :].split(".")
        found = _walk(resource.get("properties") or {}, rest)
        return found if found is not None else _walk(resource, rest)

    return field


def _walk(value: Any, steps: list[str]) -> Any:
    for number, step in enumerate(steps):
        name = step.removesuffix("[*]")
        value = _step(value, name)
        if step.endswith("[*]"):
            rest = steps[number + 1 :]
            return [_walk(each, rest) for each in value] if isinstance(value, list) else []
    return value


def _step(value: Any, name: str) -> Any:
    if not isinstance(value, Mapping):
        return None
    return next((value[each] for each in value if str(each).lower() == name.lower()), None)
