"""Whether a condition of a policy is true of a resource, as far as its type, region, kind and tags tell. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from amlmigrate.core.documents import Document, shown_properties

_TAG = re.compile(r"tags(?:\.|\['?)(?P<name>[^'\]]+)(?:'?\])?\Z")
# What selectors of an assignment are about, as fields of a rule.
_SELECTED = {"resourcetype": "type", "resourcelocation": "location"}
_FIELDS = ("location", "kind")


@dataclass(frozen=True, slots=True)
class ResourceFacts:
    """What is known of a resource, in lower case."""

    fields: Mapping[str, str]
    tags: Mapping[str, str]

    @classmethod
    def of(cls, type_: str, document: Document) -> ResourceFacts:
        """Of a document as ARM has it: what that does not say is not known, but for the tags that it lacks."""
        said = {name: str(document[name]).lower() for name in _FIELDS if document.get(name)}
        tags = document.get("tags") or {}
        named = {str(name).lower(): str(value).lower() for name, value in tags.items()}
        return cls({**said, "type": type_.lower()}, named)


def denies_deletion(rule: str, known: ResourceFacts) -> bool | None:
    """Whether a rule of the effect denyAction, in lower case, refuses a resource's deletion; None: it may."""
    try:
        document = json.loads(rule)
    except ValueError:
        return None
    details = (document.get("then") or {}).get("details")
    names = details.get("actionnames") if isinstance(details, dict) else None
    if isinstance(names, list) and names and "delete" not in names and all(map(_plain, names)):
        return False
    return holds(document.get("if"), known)


def selected(assignment: Document, known: ResourceFacts) -> bool | None:
    """Whether an assignment's selectors take a resource; one without any takes all."""
    every = json.loads(json.dumps((shown_properties(assignment) or {}).get("resourceSelectors") or []).lower())
    if not every:
        return True
    if not isinstance(every, list):
        return None
    return _any([_all([_chosen(each, known) for each in _listed(one)]) for one in every])


def _listed(selector: Any) -> list[Any]:
    found = selector.get("selectors") if isinstance(selector, dict) else None
    return found if isinstance(found, list) else [None]


def _chosen(selector: Any, known: ResourceFacts) -> bool | None:
    if not isinstance(selector, dict):
        return None
    kind = str(selector.get("kind"))
    told = {name: value for name, value in selector.items() if name in ("in", "notin") and value}
    return holds({"field": _SELECTED.get(kind, kind), **told}, known)


def holds(condition: Any, known: ResourceFacts) -> bool | None:
    """Whether a condition in lower case is true; None where that cannot be told with certainty."""
    match condition:
        case {"not": inner} if len(condition) == 1:
            return _opposite(holds(inner, known))
        case {"allof": [_, *_] as parts} if len(condition) == 1:
            return _all([holds(one, known) for one in parts])
        case {"anyof": [_, *_] as parts} if len(condition) == 1:
            return _any([holds(one, known) for one in parts])
        case {"field": str() as field, **rest} if len(rest) == 1:
            [(operator, operand)] = rest.items()
            return _field(field, known, str(operator), operand)
    return None


def _all(found: list[bool | None]) -> bool | None:
    return False if False in found else None if None in found else True


def _any(found: list[bool | None]) -> bool | None:
    return True if True in found else None if None in found else False


def _opposite(found: bool | None) -> bool | None:
    return None if found is None else not found


def _field(field: str, known: ResourceFacts, operator: str, operand: Any) -> bool | None:
    if tag := _TAG.match(field):
        value = known.tags.get(tag["name"])
    elif field in known.fields:
        value = known.fields[field]
    else:
        return None
    if operator == "exists":
        return (value is not None) is (str(operand) == "true" or operand is True) if _bool(operand) else None
    # Regions are compared in their short form (AZ-POLICY-1).
    short = field == "location"
    operands = [_short(one, short) for one in (operand if isinstance(operand, list) else [operand])]
    return _compared(_short(value, short), operator, operands, listed=isinstance(operand, list))


def _short(value: Any, short: bool) -> Any:
    return value.replace(" ", "") if short and isinstance(value, str) else value


def _bool(operand: Any) -> bool:
    return isinstance(operand, bool) or operand in ("true", "false")


def _compared(value: str | None, operator: str, operands: list[Any], *, listed: bool) -> bool | None:
    """`equals` and `in`, and what denies them. A tag that is not there equals nothing (AZ-POLICY-2)."""
    name = operator.removeprefix("not")
    if name not in ("equals", "in") or listed is not (name == "in"):
        return None
    if value is None and name != operator:
        return None
    if value in operands and value is not None:
        found: bool | None = True
    else:
        found = False if all(map(_plain, operands)) else None
    return found if name == operator else _opposite(found)


def _plain(operand: Any) -> bool:
    """Whether it is a text and no expression."""
    return isinstance(operand, str) and not operand.startswith("[")
