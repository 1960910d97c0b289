"""Policy definitions: Microsoft's built-in ones, custom ones, and initiatives taken apart."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from azsandbox.arm.policy.expressions import Expressions
from azsandbox.arm.store import Store

DEFINITIONS = "microsoft.authorization/policydefinitions"
SETS = "microsoft.authorization/policysetdefinitions"


@cache
def built_in() -> Mapping[str, dict[str, Any]]:
    """Microsoft's definitions as ARM answers them, by their id in lower case (data/policies)."""
    folder = resources.files("azsandbox.arm") / "data" / "policies"
    documents = [json.loads(file.read_text("utf-8")) for file in folder.iterdir() if file.name.endswith(".json")]
    type_ = "Microsoft.Authorization/policyDefinitions"
    return {
        str(each["id"]).lower(): {**each, "type": type_}
        for each in sorted(documents, key=lambda each: str(each["properties"]["displayName"]))
    }


@dataclass(frozen=True, slots=True)
class Rule:
    """One definition with the values of its parameters; `reference` is its name in an initiative."""

    document: Mapping[str, Any]
    parameters: Mapping[str, Any]
    set_id: str = ""
    reference: str = ""

    @property
    def mode(self) -> str:
        """`Indexed`, `All`, or a provider's own."""
        return str(self.document["properties"].get("mode") or "Indexed")

    def expressions(self, **functions: Any) -> Expressions:
        """The language with these parameters."""
        values = {name.lower(): value for name, value in self.parameters.items()}
        return Expressions({"parameters": lambda name: values.get(str(name).lower()), **functions})

    @property
    def effect(self) -> str:
        """The effect, in lower case."""
        then = self.document["properties"]["policyRule"]["then"]
        return str(self.expressions().value(then["effect"])).lower()


def definition(store: Store, id_: str) -> Mapping[str, Any] | None:
    """A definition or an initiative by its id."""
    known = built_in().get(id_.lower())
    if known is not None:
        return known
    record = store.get(id_.lower())
    return record.document if record is not None and record.type in (DEFINITIONS, SETS) else None


def with_defaults(document: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a definition's parameters: what is given, else the defaults."""
    found: dict[str, Any] = {}
    lower = {name.lower(): value for name, value in given.items()}
    for name, about in (document["properties"].get("parameters") or {}).items():
        if name.lower() in lower:
            found[name] = lower[name.lower()]
        elif "defaultValue" in about:
            found[name] = about["defaultValue"]
    return found


def rules(store: Store, assignment: Mapping[str, Any]) -> Iterator[Rule]:
    """What an assignment (its `properties`) assigns: one definition, or all of an initiative."""
    id_ = str(assignment["policyDefinitionId"])
    document = definition(store, id_)
    if document is None:
        return
    given = {name: each.get("value") for name, each in (assignment.get("parameters") or {}).items()}
    values = with_defaults(document, given)
    members = document["properties"].get("policyDefinitions")
    if members is None:
        yield Rule(document, values)
        return
    outer = Rule(document, values).expressions()
    for member in members:
        inner = definition(store, str(member["policyDefinitionId"]))
        if inner is not None:
            named = {
                name: outer.value(each.get("value")) for name, each in (member.get("parameters") or {}).items()
            }
            reference = str(member.get("policyDefinitionReferenceId") or "")
            yield Rule(inner, with_defaults(inner, named), id_, reference)
