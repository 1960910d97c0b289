"""Where what a guardrail's file asks for would be less than the definitions that are there. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from amlmigrate.core.armid import key_of
from amlmigrate.core.documents import Document
from amlmigrate.core.few import many
from amlmigrate.guarding.bodies import BY_CLASSIFICATION, CMK_EFFECT
from amlmigrate.guarding.members import AUDIT

# Of these parameters a lower value asks for less; of `_HIGHER_IS_LESS` a higher one.
_LOWER_IS_LESS = ("minimumDaysBeforeExpiration", "minimumRSAKeySize")
_HIGHER_IS_LESS = ("maximumDaysToRotate",)
_SPELLED = {
    name.lower(): name for name in (*_LOWER_IS_LESS, *_HIGHER_IS_LESS, CMK_EFFECT, "effect", "harmless", "tagName")
}
_EFFECTS = {
    "disabled": 0,
    "audit": 1,
    "auditifnotexists": 1,
    "manual": 1,
    "append": 2,
    "deny": 2,
    "denyaction": 2,
    "deployifnotexists": 2,
    "modify": 2,
    "mutate": 2,
}
_AUDITS, _STRICTEST = 1, 2


def of_definition(wanted: Document, there: Document) -> Iterator[str]:
    """More that is harmless, or untagged workspaces let through. Both are `properties` of a definition."""
    more = sorted(_harmless(wanted) - _harmless(there))
    if more:
        yield f"It would let more through: {', '.join(more)}."
    if "anyOf" in _classified(there) and "allOf" in _classified(wanted):
        yield "It would let workspaces without the tag through."
    if len(before := _conditions(there)) < len(_conditions(wanted)):
        yield f"Its rule has {many(len(before), 'condition')} only, and so takes more than the file's."
    effect = str(_rule(there, "then").get("effect"))
    if not effect.startswith("[") and _EFFECTS.get(effect.lower(), _STRICTEST) > _AUDITS:
        yield f"Its own effect is '{effect}', whatever an initiative says."


def of_initiative(wanted: Document, there: Document) -> Iterator[str]:
    """A member less, a weaker effect or limit, more that is harmless, another tag; of both the `properties`."""
    ours, theirs = _members(wanted), _members(there)
    if gone := [one["policyDefinitionReferenceId"] for name, one in theirs.items() if name not in ours]:
        yield f"It would lose the members {', '.join(map(str, gone))}."
    for name in theirs.keys() & ours.keys():
        # Left out, it is what each definition of `members` has by default.
        before, after = (str(values(one[name]).get("effect", AUDIT)) for one in (theirs, ours))
        if key_of(theirs[name].get("policyDefinitionId")) != key_of(ours[name]["policyDefinitionId"]):
            yield f"Its member {name} is {theirs[name].get('policyDefinitionId')}, and would no longer be."
        if _is_less(before, after):
            yield f"The effect of {name} would become {after} instead of {before}."
    before, after = (str(_defaults(one).get(CMK_EFFECT) or AUDIT) for one in (there, wanted))
    if _is_less(before, after):
        yield f"Where an assignment tells no effect it would be {after} instead of {before}."
    yield from of_limits(_limits(wanted), _limits(there))
    yield from _of_classification(*(values(one.get(BY_CLASSIFICATION.lower(), {})) for one in (ours, theirs)))


def _limits(properties: Document) -> dict[str, Any]:
    """What each member is given as a limit of keys: a value, or the default of the parameter that it names."""
    defaults = {f"[parameters('{name}')]".lower(): value for name, value in _defaults(properties).items()}
    given = (values(one) for one in _members(properties).values())
    return {
        name: defaults.get(value.lower()) if isinstance(value, str) else value
        for one in given
        for name, value in one.items()
        if name in (*_LOWER_IS_LESS, *_HIGHER_IS_LESS)
    }


def of_limits(wanted: Mapping[str, Any], there: Mapping[str, Any]) -> Iterator[str]:
    """Limits of keys that would be less strict; both by the parameter's name."""
    for name in (*_LOWER_IS_LESS, *_HIGHER_IS_LESS):
        before, after = there.get(name), wanted.get(name)
        if isinstance(before, int) and isinstance(after, int):
            less = after < before if name in _LOWER_IS_LESS else after > before
            if less:
                yield f"{name} would become {after} instead of {before}."


def of_overrides(there: Document) -> Iterator[str]:
    """Overrides of an assignment that make it refuse, or may: an apply sends none, and would undo them."""
    for one in there.get("overrides") or ():
        if _EFFECTS.get(str(one.get("value")).lower(), _STRICTEST) > _AUDITS:
            yield f"An override sets {one.get('kind')} to '{one.get('value')}', which would be undone."


def stricter(override: Document) -> bool:
    """Whether an override has something refused or changed, and not only reported or left alone."""
    return _EFFECTS.get(str(override.get("value")).lower(), 0) > _AUDITS


def lacking(wanted: Document, there: Document) -> list[str]:
    """The members that an initiative has not yet, by their references."""
    ours, theirs = _members(wanted), _members(there)
    return [str(one["policyDefinitionReferenceId"]) for name, one in ours.items() if name not in theirs]


def refusing_no_more(body: Document, there: Document) -> Document:
    """The body of an initiative with all its members, of which none refuses what is not refused already.

    Who needs a key is as it is there; where that member is not there, it only reports. `there` are the
    `properties` of the initiative, empty where there is none. A parameter that no member uses is not declared:
    Azure refuses that, as it refuses that one which is there is removed (AZ-POLICY-10).
    """
    found = deepcopy(body)
    before = _members(there).get(BY_CLASSIFICATION.lower())
    members = found["properties"]["policyDefinitions"]
    for place, one in enumerate(members):
        if one["policyDefinitionReferenceId"] == BY_CLASSIFICATION:
            reporting = {**one, "parameters": {**one["parameters"], "effect": {"value": AUDIT}}}
            members[place] = deepcopy(before) if before else reporting
    used, declared = str(members).lower(), {name.lower() for name in there.get("parameters") or {}}
    found["properties"]["parameters"] = {
        name: one
        for name, one in found["properties"]["parameters"].items()
        if name.lower() in declared or f"parameters('{name.lower()}')" in used
    }
    return found


def values(document: Document) -> dict[str, Any]:
    """What parameters of a member or an assignment are given, by their names.

    Those have no letter case of their own: what is known here is spelled as here.
    """
    given = document.get("parameters") or {}
    every = {name: one.get("value") for name, one in given.items() if isinstance(one, Mapping)}
    return {_SPELLED.get(name.lower(), name): value for name, value in every.items()}


def _of_classification(wanted: Mapping[str, Any], there: Mapping[str, Any]) -> Iterator[str]:
    """What the initiative gives the definition by classification, which wins over its defaults."""
    before, after = _listed(there.get("harmless")), _listed(wanted.get("harmless"))
    if there and (more := sorted(after - before)):
        yield f"It would let more through: {', '.join(more)}."
    tag, other = there.get("tagName"), wanted.get("tagName")
    if tag and str(tag).lower() != str(other).lower():
        yield f"It would go by the tag {other} instead of {tag}."


def _members(properties: Document) -> dict[str, Document]:
    """By their references in lower case."""
    every = properties.get("policyDefinitions") or ()
    return {str(one.get("policyDefinitionReferenceId")).lower(): one for one in every}


def _defaults(properties: Document) -> dict[str, Any]:
    given = properties.get("parameters") or {}
    return {name: one.get("defaultValue") for name, one in given.items() if isinstance(one, Mapping)}


def _is_less(before: str, after: str) -> bool:
    """Whether an effect would do less, or may: of an expression only an assignment says what it comes to."""
    if before.lower() == after.lower():
        return False
    does = _STRICTEST if before.startswith("[") else _EFFECTS.get(before.lower(), _STRICTEST)
    return does > (_AUDITS if after.startswith("[") else _EFFECTS.get(after.lower(), 0))


def _harmless(properties: Document) -> set[str]:
    parameter = (properties.get("parameters") or {}).get("harmless") or {}
    return _listed(parameter.get("defaultValue"))


def _listed(value: Any) -> set[str]:
    return {str(one).lower() for one in value} if isinstance(value, list) else set()


def _classified(properties: Document) -> Mapping[str, Any]:
    return next((one for one in _conditions(properties) if "anyOf" in one or "allOf" in one), {})


def _conditions(properties: Document) -> list[Mapping[str, Any]]:
    return list(_rule(properties, "if").get("allOf") or ())


def _rule(properties: Document, part: str) -> Mapping[str, Any]:
    return (properties.get("policyRule") or {}).get(part) or {}
