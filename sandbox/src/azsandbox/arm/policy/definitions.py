"""Policy definitions by their id, Microsoft's and custom ones, and initiatives taken apart."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from azsandbox.arm.policy import builtin, versions
from azsandbox.arm.policy.expressions import Expressions
from azsandbox.arm.store import Store

DEFINITIONS = builtin.DEFINITIONS.lower()
SETS = builtin.SETS.lower()
_PARAMETER = re.compile(r"\[\s*parameters\('([^']+)'\)\s*\]")


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """One definition with the values of its parameters; `reference` is its name in an initiative."""

    document: Mapping[str, Any]
    parameters: Mapping[str, Any]
    set_id: str = ""
    reference: str = ""

    @property
    def mode(self) -> str:
        """`Indexed`, `All`, or a provider's own."""
        return str(self.document["properties"].get("mode") or "Indexed")

    @property
    def condition(self) -> Mapping[str, Any]:
        """The `if` of the rule."""
        found: Mapping[str, Any] = self.document["properties"]["policyRule"]["if"]
        return found

    @property
    def details(self) -> Mapping[str, Any]:
        """What the effect says more, such as the type and the condition of what has to exist."""
        return self.document["properties"]["policyRule"]["then"].get("details") or {}

    def expressions(self, **functions: Any) -> Expressions:
        """The language with these parameters."""
        values = {name.lower(): value for name, value in self.parameters.items()}
        return Expressions({"parameters": lambda name: values.get(str(name).lower()), **functions})

    @property
    def effect(self) -> str:
        """The effect without what an assignment overrides, in lower case."""
        then = self.document["properties"]["policyRule"]["then"]
        return str(self.expressions().value(then["effect"])).lower()

    @property
    def effects(self) -> frozenset[str]:
        """The effects that it may have, in lower case: those that its parameter allows, else any."""
        given = self.document["properties"]["policyRule"]["then"]["effect"]
        if not (named := _PARAMETER.fullmatch(str(given))):
            return frozenset()
        declared = self.document["properties"].get("parameters") or {}
        lower = {name.lower(): each for name, each in declared.items()}
        about: Mapping[str, Any] = lower.get(named[1].lower(), {})
        return frozenset(str(each).lower() for each in about.get("allowedValues") or ())


def definition(store: Store, id_: str, version: str = "") -> Mapping[str, Any] | None:
    """A definition or an initiative by its id: the newest, or the newest that a pattern of versions takes."""
    known = builtin.definitions().get(id_.lower()) or builtin.sets().get(id_.lower())
    if known is not None:
        return known if not version or versions.newest(version, versions.every(known)) else None
    record = store.get(id_.lower())
    if record is None or record.type not in (DEFINITIONS, SETS):
        return None
    if not version:
        return record.document
    chosen = versions.newest(version, versions.every(record.document))
    if chosen in (None, versions.own(record.document)):
        return record.document if chosen else None
    kept = store.get(f"{record.key}/versions/{chosen}")
    return kept.document if kept else None


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


def reference_of(member: Mapping[str, Any]) -> str:
    """The name of a member of an initiative: its own, else a number as the service gives one (AZ-POLICY-17)."""
    own = str(member.get("policyDefinitionReferenceId") or "")
    text = str(sorted(member.items(), key=str)).encode()
    return own or str(int.from_bytes(hashlib.sha256(text).digest()[:8]) >> 1)


def rules(store: Store, assignment: Mapping[str, Any]) -> Iterator[PolicyRule]:
    """What an assignment (its `properties`) assigns: one definition, or all of an initiative."""
    id_ = str(assignment["policyDefinitionId"])
    document = definition(store, id_, str(assignment.get("definitionVersion") or ""))
    if document is None:
        return
    given = {name: each.get("value") for name, each in (assignment.get("parameters") or {}).items()}
    values = with_defaults(document, given)
    members = document["properties"].get("policyDefinitions")
    if members is None:
        yield PolicyRule(document, values)
        return
    outer = PolicyRule(document, values).expressions()
    for member in members:
        inner = definition(store, str(member["policyDefinitionId"]), str(member.get("definitionVersion") or ""))
        if inner is not None:
            named = {
                name: outer.value(each.get("value")) for name, each in (member.get("parameters") or {}).items()
            }
            yield PolicyRule(inner, with_defaults(inner, named), id_, reference_of(member))
