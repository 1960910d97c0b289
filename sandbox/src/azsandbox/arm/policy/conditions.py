"""Whether the `if` of a policy rule holds for a resource.

Source: learn.microsoft.com, "Azure Policy definition structure policy rule". Texts are compared without case but
for `match`, which is not here (AZ-POLICY-1). Inferred (AZ-POLICY-2): a field that is missing is in no list, and
`notIn` holds for it.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Mapping
from typing import Any

from azsandbox.arm.policy.expressions import Expressions, Unsupported
from azsandbox.arm.policy.fields import Field, walk


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
    subject, operator = split(condition)
    target = expressions.value(condition[operator])
    found: Any
    if subject.lower() == "count":
        found = _counted(condition[subject], field, expressions)
        path, kind, every = str(condition[subject].get("field") or subject), "Count", [found]
    elif subject.lower() == "field":
        path, kind = str(expressions.value(condition[subject])), "Field"
        found = field(path)
        every = found if "[*]" in path and isinstance(found, list) else [found]
    else:
        path, kind = str(condition[subject]), "Value"
        found = expressions.value(condition[subject])
        every = [found]
    result = all(_OPERATORS[operator.lower()](each, target) for each in every)
    entry = {"result": str(result), "expressionKind": kind, "expression": path, "path": path}
    shown = {"expressionValue": found, "targetValue": target, "operator": operator[0].upper() + operator[1:]}
    seen.append(entry | {name: value for name, value in shown.items() if value is not None})
    return result


def split(condition: Mapping[str, Any]) -> tuple[str, str]:
    """What a condition is about (`field`, `value` or `count`, as it is spelled) and its operator.

    Raises Unsupported for another operator, and for a condition that is none.
    """
    subjects = [name for name in condition if name.lower() in ("field", "value", "count")]
    operators = [name for name in condition if name not in subjects]
    if len(subjects) != 1 or len(operators) != 1 or operators[0].lower() not in _OPERATORS:
        raise Unsupported(f"the condition {dict(condition)!r}")
    return subjects[0], operators[0]


def _counted(count: Mapping[str, Any], field: Field, expressions: Expressions) -> int:
    """How many elements of a list meet `where`: of the list of a field, or of a list that is given."""
    where = count.get("where")
    if "field" in count:
        path = str(count["field"])
        elements = field(path) or []
        return sum(_meets(where, each, path, field, expressions) for each in elements)
    elements = expressions.value(count.get("value")) or []

    def of(each: Any) -> Expressions:
        return expressions.with_functions(current=lambda name="": each)

    return sum(where is None or holds(where, field, of(each), []) for each in elements)


def _meets(where: Any, element: Any, path: str, field: Field, expressions: Expressions) -> bool:
    start = path.lower()

    def inner(asked: str) -> Any:
        lower = asked.lower()
        # Below the list, with or without the `[*]` that its elements are named by.
        for head in (start, start.removesuffix("[*]")):
            if lower.startswith(head):
                rest = asked[len(head) :].lstrip(".")
                return walk(element, rest.split(".")) if rest else element
        return field(asked)

    if where is None:
        return True
    return holds(where, inner, expressions.with_functions(current=lambda name=path: inner(name), field=inner), [])


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
