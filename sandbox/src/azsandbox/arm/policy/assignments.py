"""What is assigned where: the assignments of a scope, what they leave out, the effect of each of their rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from azsandbox.arm.context import Context
from azsandbox.arm.policy.definitions import PolicyRule, rules
from azsandbox.arm.policy.fields import located
from azsandbox.arm.store import Record

ASSIGNMENTS = "microsoft.authorization/policyassignments"


@dataclass(frozen=True, slots=True)
class Assigned:
    """One rule of an assignment."""

    record: Record
    rule: PolicyRule

    @property
    def enforced(self) -> bool:
        """Whether it refuses anything; if not, it is only judged."""
        return str(self.record.properties.get("enforcementMode") or "Default").lower() != "donotenforce"

    def effect(self, resource: Mapping[str, Any]) -> str:
        """The effect on a resource, in lower case.

        Overrides are looked at in their order. Inferred (AZ-POLICY-8): the first that is for the rule counts.
        """
        for each in self.record.properties.get("overrides") or ():
            if all(self._is_for(one, resource) for one in each.get("selectors") or ()):
                return str(each["value"]).lower()
        return self.rule.effect

    def selects(self, resource: Mapping[str, Any]) -> bool:
        """Whether the assignment is for a resource, by its `resourceSelectors`."""
        return selected(self.record.properties.get("resourceSelectors") or (), resource)

    def message(self) -> str:
        """What the assignment says to whoever does not comply: of the rule, else of all of them; or nothing."""
        told = self.record.properties.get("nonComplianceMessages") or ()
        own = [each for each in told if _same(each.get("policyDefinitionReferenceId"), self.rule.reference)]
        general = [each for each in told if not each.get("policyDefinitionReferenceId")]
        return str((own or general or [{"message": ""}])[0]["message"])

    def _is_for(self, selector: Mapping[str, Any], resource: Mapping[str, Any]) -> bool:
        if str(selector.get("kind")).lower() == "policydefinitionreferenceid":
            return _in(selector, self.rule.reference)
        return _is_met(selector, resource)


def selected(selectors: Iterable[Mapping[str, Any]], resource: Mapping[str, Any]) -> bool:
    """Whether a resource meets one of the selectors, or there are none."""
    every = list(selectors)
    return not every or any(all(_is_met(one, resource) for one in each.get("selectors") or ()) for each in every)


def _is_met(selector: Mapping[str, Any], resource: Mapping[str, Any]) -> bool:
    """Of a type or a region. Inferred (AZ-POLICY-9): what has no region is in no list of them."""
    by_type = str(selector.get("kind")).lower() == "resourcetype"
    return _in(selector, str(resource.get("type") if by_type else located(resource) or ""))


def _in(selector: Mapping[str, Any], value: str) -> bool:
    if "in" in selector:
        return any(_same(each, value) for each in selector["in"] or ())
    return not any(_same(each, value) for each in selector.get("notIn") or ())


def _same(one: Any, other: Any) -> bool:
    return str(one or "").replace(" ", "").lower() == str(other or "").replace(" ", "").lower()


def assigned(context: Context, scope: str) -> Iterator[Assigned]:
    """The rules of what is assigned at a scope (a key of the store) or above it and does not leave it out."""
    store, chain = context.store, context.access.chain(scope)
    for place in chain:
        for record in store.children(place, ASSIGNMENTS):
            if not any(str(each).lower() in chain for each in record.properties.get("notScopes") or []):
                yield from (Assigned(record, rule) for rule in rules(store, record.properties))


def title(assignment: Record) -> str:
    """The name by which an assignment is told."""
    return str(assignment.properties.get("displayName") or assignment.name)
