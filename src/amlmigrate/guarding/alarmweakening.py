"""Where alarms as the file asks for them would tell less, or fewer people, than those that are there. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from amlmigrate.core import durations
from amlmigrate.core.armid import ArmId, key_of
from amlmigrate.core.documents import Document, properties_of

# The collections of receivers of an action group (azure-rest-api-specs, 2023-01-01) end so.
_RECEIVERS = "Receivers"
# Those to whom Azure sends no test (AZ-MONITOR-44).
BY_ROLE = "armRoleReceivers"
# A text in a query, by which it names a vault.
_QUOTED = re.compile(r"['\"]([^'\"]*)['\"]")
_VAULTS = "microsoft.keyvault/vaults"
# A rule on logs of the other kind, LogToMetric, makes a metric and tells nobody (specs, 2023-12-01).
_ALERTS = "logalert"


def receivers(properties: Document) -> dict[str, list[Document]]:
    """Those of an action group, by the collection that they are in."""
    return {
        name: [one for one in value if isinstance(one, dict)]
        for name, value in properties.items()
        if name.endswith(_RECEIVERS) and isinstance(value, list)
    }


def of_receivers(wanted: Document, there: Document) -> Iterator[str]:
    """Receivers that an action group would lose, by their names: what they are reached by may be a secret."""
    kept = {(kind, _reached(one)) for kind, each in receivers(wanted).items() for one in each}
    for kind, each in receivers(there).items():
        for one in each:
            if (kind, _reached(one)) not in kept:
                yield f"It would no longer tell '{one.get('name')}' ({kind})."


def _reached(receiver: Document) -> str:
    """Who a receiver is: its name is only what it is called."""
    return str(receiver.get("emailAddress") or receiver.get("roleId") or receiver.get("name")).lower()


def of_rule(wanted: Document, there: Document) -> Iterator[str]:
    """What a rule would tell no longer, later, as less severe, or to fewer action groups."""
    ours, theirs = properties_of(wanted), properties_of(there)
    before, after = theirs.get("severity"), ours.get("severity")
    if isinstance(before, int) and isinstance(after, int) and before < after:
        yield f"Its severity would become {after} instead of {before}, which is less severe."
    often, seldom = theirs.get("evaluationFrequency"), ours.get("evaluationFrequency")
    if often and seldom and durations.shorter(str(often), str(seldom)):
        yield f"It would be judged every {seldom} instead of every {often}, which is later."
    for one in sorted(_groups(theirs) - _groups(ours)):
        yield f"It would no longer tell the action group {one}."
    for one in sorted(_watched(theirs)):
        if not any(ArmId.of(one).within(ArmId.of(other)) for other in _watched(ours)):
            yield f"It would no longer watch {one}."
    # One that tells of another operation instead is not wider: what it was made for is put back.
    if (told := _operations(theirs)) > (wanted_too := _operations(ours)):
        yield from (f"It would no longer tell of {one}." for one in sorted(told - wanted_too))
    yield from _of_threshold(_criterion(ours), _criterion(theirs))


def silent(wanted: Document, there: Document) -> Iterator[str]:
    """What keeps a rule from telling, though all that is asked for seems to be there.

    A query is judged with its letter case: `in` finds nothing by another one.
    """
    for name in ("muteActionsDuration", "overrideQueryTimeRange"):
        if value := properties_of(there).get(name):
            yield f"/properties/{name}: {value!r} is not asked for"
    if (kind := there.get("kind")) and str(kind).lower() != _ALERTS:
        yield f"/kind: {kind!r} is not asked for"
    ours, theirs = query_of(wanted), query_of(there)
    if ours != theirs and ours.lower() == theirs.lower():
        yield "/properties/criteria/allOf/0/query: its letter case differs, and in a query that counts"


def _groups(properties: Document) -> set[str]:
    """The action groups of a rule, whichever of the three forms it has."""
    actions = properties.get("actions") or []
    every = actions.get("actionGroups") or [] if isinstance(actions, Mapping) else actions
    return {key_of(one.get("actionGroupId") if isinstance(one, Mapping) else one) for one in every}


def _watched(properties: Document) -> set[str]:
    """Scopes of a rule, and the vaults that its query names. What lies in a scope is watched with it."""
    scopes = {key_of(one) for one in properties.get("scopes") or ()}
    quoted = map(key_of, _QUOTED.findall(query_of({"properties": properties})))
    return scopes | {one for one in quoted if ArmId.of(one).type == _VAULTS}


def _operations(properties: Document) -> set[str]:
    """The operations of a rule on the activity log, in lower case."""
    text = json.dumps(properties.get("condition") or {}).lower()
    found = re.findall(r'"field": "operationname", "equals": "([^"]+)"', text)
    found += re.findall(r'"equals": "([^"]+)", "field": "operationname"', text)
    return set(found)


def query_of(document: Document) -> str:
    """The query of a rule on logs; empty for another one."""
    return str(_criterion(properties_of(document)).get("query") or "")


def _criterion(properties: Document) -> Mapping[str, Any]:
    """The only criterion of a rule; empty where it has none or several."""
    criteria = properties.get("criteria")
    every = criteria.get("allOf") if isinstance(criteria, Mapping) else None
    one = every[0] if isinstance(every, list) and len(every) == 1 else {}
    return one if isinstance(one, Mapping) else {}


def _of_threshold(wanted: Mapping[str, Any], there: Mapping[str, Any]) -> Iterator[str]:
    before, after = there.get("threshold"), wanted.get("threshold")
    same = there.get("operator") == wanted.get("operator")
    if not (same and isinstance(before, int | float) and isinstance(after, int | float)):
        return
    above = str(wanted.get("operator")).startswith("GreaterThan")
    if (after > before) if above else (after < before):
        yield f"Its threshold would become {after} instead of {before}, which tells less."
