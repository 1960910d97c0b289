"""The fields that a policy rule names: the head of a resource, its tags, and aliases."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from azsandbox.arm.policy.builtin import definitions

Field = Callable[[str], Any]  # the value of a field; a list for an alias with [*]
HEAD = frozenset(
    ("type", "name", "fullname", "kind", "location", "id", "tags", "identity.type", "identity.principalid")
)
_NAMED = re.compile(r"(?:\"field\": \"|(?:field|current)\(')([A-Za-z]+\.[\w.]+/[^\"']+)")


@cache
def aliases() -> frozenset[str]:
    """The aliases that are known, in lower case: those that Microsoft's definitions here name."""
    texts = (json.dumps(each["properties"].get("policyRule") or {}) for each in definitions().values())
    return frozenset(name.lower() for text in texts for name in _NAMED.findall(text))


def known(path: str) -> bool:
    """Whether a field is one that Azure has, as far as is known here. Azure refuses a rule with another alias."""
    lower = path.lower()
    return lower in HEAD or lower.startswith(("tags[", "tags.")) or lower in aliases()


def field_of(resource: Mapping[str, Any]) -> Field:
    """Reads fields of a resource: its head, its tags, and aliases, which are its type and a path in it."""
    prefix = str(resource.get("type", "")).lower() + "/"

    def field(path: str) -> Any:
        lower = path.lower()
        if lower.startswith("tags[") and path.endswith("]"):
            return _step(resource.get("tags") or {}, _unquoted(path[5:-1]))
        if lower.startswith("tags."):
            return _step(resource.get("tags") or {}, path[5:])
        if lower == "location":
            return located(resource)
        if not lower.startswith(prefix):
            return walk(resource, path.split(".")) if lower in HEAD else None
        rest = path[len(prefix) :].split(".")
        found = walk(resource.get("properties") or {}, rest)
        return found if found is not None else walk(resource, rest)

    return field


def located(resource: Mapping[str, Any]) -> str | None:
    """The region of a resource in its short form, as policies compare it; None where it has none."""
    given = resource.get("location")
    return str(given).replace(" ", "").lower() if given else None


def walk(value: Any, steps: list[str]) -> Any:
    """What a path leads to in a document, names without case; a list where it has `[*]`."""
    for number, step in enumerate(steps):
        name = step.removesuffix("[*]")
        value = _step(value, name) if name else value
        if step.endswith("[*]"):
            rest = steps[number + 1 :]
            return [walk(each, rest) for each in value] if isinstance(value, list) else []
    return value


def _step(value: Any, name: str) -> Any:
    if not isinstance(value, Mapping):
        return None
    return next((value[each] for each in value if str(each).lower() == name.lower()), None)


def _unquoted(name: str) -> str:
    quoted = len(name) > 1 and name[0] == name[-1] == "'"
    return name[1:-1].replace("''", "'") if quoted else name
