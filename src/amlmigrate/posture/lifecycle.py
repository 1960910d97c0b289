"""Lifecycle rules of a storage account: which of them would delete or archive what lies at a place. Pure.

learn.microsoft.com/azure/storage/blobs/lifecycle-management-policy-structure: a rule counts unless it says
`enabled: false`; `prefixMatch` begins with a container, and without it a rule is about every blob; `baseBlob` is
what is done to blobs as they are now. That a rule asks for index tags too makes no difference: blobs may get them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from amlmigrate.core.documents import Document, digest, properties_of
from amlmigrate.core.workspace import Location

# What of a rule's actions takes a blob away, or makes it unreadable until it is rehydrated.
_ENDS = {"delete": "deletes", "tierToArchive": "archives"}
Actions = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class LifecycleRule:
    """One rule that is on: its name, the prefixes it is about (none: everything), and what it does, in words.

    `sha256` is of its whole definition: who lets it go does so for these days and filters, and no others.
    """

    name: str
    prefixes: tuple[str, ...]
    does: tuple[str, ...]
    sha256: str = ""

    def meets(self, place: Location) -> bool:
        """Whether it is about anything that lies at a place, or may come to lie there."""
        here = f"{place.container}/{place.path}"
        return not self.prefixes or any(here.startswith(one) or one.startswith(here) for one in self.prefixes)


def rules(policy: Document) -> Iterator[LifecycleRule]:
    """Those of a policy (`managementPolicies/default`) that end blobs as they are now."""
    found = (properties_of(policy).get("policy") or {}).get("rules") or []
    for rule in found:
        definition = rule.get("definition") or {}
        actions = (definition.get("actions") or {}).get("baseBlob") or {}
        does = tuple(word for name, word in _ENDS.items() if actions.get(name) is not None)
        if does and rule.get("enabled") is not False:
            prefixes = tuple((definition.get("filters") or {}).get("prefixMatch") or ())
            yield LifecycleRule(str(rule.get("name")), prefixes, does, digest(definition))


def ending(policy: Document, places: Iterable[Location]) -> dict[LifecycleRule, list[Location]]:
    """Each rule that would end what lies at some of the places, with these."""
    wanted = list(places)
    met = {rule: [place for place in wanted if rule.meets(place)] for rule in rules(policy)}
    return {rule: here for rule, here in met.items() if here}


def actions(policy: Document) -> Actions:
    """What each rule does that is on, by its name; prefixes are of the one account, and not compared."""
    found = (properties_of(policy).get("policy") or {}).get("rules") or []
    return {
        str(rule.get("name")): (rule.get("definition") or {}).get("actions") or {}
        for rule in found
        if rule.get("enabled") is not False
    }
