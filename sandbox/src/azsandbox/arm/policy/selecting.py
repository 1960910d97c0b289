"""What `resourceSelectors` and `overrides` may be.

Source: learn.microsoft.com, "Azure Policy assignment structure": ten of each, fifty values in each; a kind once in
a selector; `in` or `notIn`; an effect that the definition has. The codes are ours (AZ-LOCAL-2).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from azsandbox.arm.policy.definitions import PolicyRule
from azsandbox.arm.policy.refusals import invalid, unbuilt
from azsandbox.arm.policy.rulechecks import EFFECTS

_MOST, _VALUES = 10, 50


def check_selectors(word: str, name: str, given: Any) -> None:
    """Checks the `resourceSelectors` of an assignment or an exemption. Raises ArmError 400 or 501."""
    every = _list(word, name, "resource selectors", given)
    for each in every:
        _check(word, name, each.get("selectors") or (), ("resourcelocation", "resourcetype"))


def check_overrides(word: str, name: str, given: Any, rules: Sequence[PolicyRule]) -> None:
    """Checks the `overrides` of an assignment of these rules. Raises ArmError 400 or 501."""
    references = {each.reference.lower() for each in rules if each.set_id}
    for each in _list(word, name, "overrides", given):
        if str(each.get("kind")).lower() == "definitionversion":
            raise unbuilt("overrides of the kind 'definitionVersion'")
        if str(each.get("kind")).lower() != "policyeffect" or str(each.get("value")).lower() not in EFFECTS:
            raise invalid(word, name, "An override has a kind or a value that is not known.")
        selectors = each.get("selectors") or ()
        _check(word, name, selectors, ("policydefinitionreferenceid", "resourcelocation"))
        named = {one.lower() for one in _named(selectors)}
        if unknown := sorted(named - references):
            raise invalid(word, name, f"An override names '{unknown[0]}', which is not in the initiative.")
        _check_effect(word, name, str(each["value"]), [one for one in rules if _is_for(one, selectors)])


def overriding(rule: PolicyRule, overrides: Iterable[Mapping[str, Any]]) -> set[str]:
    """The effects that overrides give a rule, somewhere."""
    return {str(each["value"]).lower() for each in overrides if _is_for(rule, each.get("selectors") or ())}


def _is_for(rule: PolicyRule, selectors: Iterable[Mapping[str, Any]]) -> bool:
    for each in selectors:
        if str(each["kind"]).lower() == "policydefinitionreferenceid":
            within = rule.reference.lower() in {
                str(one).lower() for one in each.get("in", each.get("notIn")) or ()
            }
            if within != ("in" in each):
                return False
    return True


def _check_effect(word: str, name: str, effect: str, rules: Iterable[PolicyRule]) -> None:
    for each in rules:
        if each.effects and effect.lower() not in each.effects:
            id_ = each.document["id"]
            raise invalid(word, name, f"The effect '{effect}' of an override is not allowed for '{id_}'.")


def _named(selectors: Iterable[Mapping[str, Any]]) -> list[str]:
    kinds = (each for each in selectors if str(each["kind"]).lower() == "policydefinitionreferenceid")
    return [str(one) for each in kinds for one in each.get("in", each.get("notIn")) or ()]


def _check(word: str, name: str, selectors: Sequence[Mapping[str, Any]], kinds: tuple[str, ...]) -> None:
    found = [str(each.get("kind")).lower() for each in selectors]
    if "resourcewithoutlocation" in found:
        raise unbuilt("selectors of the kind 'resourceWithoutLocation'")
    if len(set(found)) < len(found) or not set(found) <= set(kinds):
        raise invalid(word, name, f"The selectors are of the kinds {', '.join(found)}.")
    for each in selectors:
        values = each.get("in", each.get("notIn"))
        if ("in" in each) == ("notIn" in each) or not isinstance(values, list) or len(values) > _VALUES:
            raise invalid(word, name, f"A selector has either 'in' or 'notIn', with up to {_VALUES} values.")


def _list(word: str, name: str, what: str, given: Any) -> list[Mapping[str, Any]]:
    if given is None:
        return []
    if not isinstance(given, list) or len(given) > _MOST or not all(isinstance(each, dict) for each in given):
        raise invalid(word, name, f"There are up to {_MOST} {what}, in a list.")
    return given
