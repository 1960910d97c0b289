"""What a definition has to be before it is taken: a rule that can be evaluated here, parameters that fit it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from azsandbox.arm.policy.conditions import holds, split
from azsandbox.arm.policy.definitions import PolicyRule, with_defaults
from azsandbox.arm.policy.expressions import Unsupported
from azsandbox.arm.policy.fields import field_of, known
from azsandbox.arm.policy.refusals import refused

EFFECTS = (
    *("audit", "deny", "disabled", "auditifnotexists", "deployifnotexists"),
    *("append", "modify", "denyaction", "manual"),
)
_USED = re.compile(r"parameters\('([^']+)'\)")


def check_rule(rule: PolicyRule) -> None:
    """Refuses a rule that cannot be evaluated. Raises ArmError 400 `InvalidPolicyRule`."""
    try:
        _check_effect(rule)
        check_condition(rule)
    except (Unsupported, TypeError, ValueError) as problem:
        message = f"The sandbox cannot evaluate this policy rule: {problem}."
        raise refused("InvalidPolicyRule", message) from problem


def _check_effect(rule: PolicyRule) -> None:
    """An effect that a parameter without a default gives is known when it is assigned."""
    given = rule.document["properties"]["policyRule"]["then"]["effect"]
    if rule.effect not in EFFECTS and "parameters(" not in str(given):
        raise Unsupported(f"the effect '{rule.effect}'")


def check_condition(rule: PolicyRule) -> None:
    """Raises Unsupported where the `if` of a rule, or what has to exist, is nothing that can be evaluated here."""
    empty = field_of({"type": "none"})
    functions = rule.expressions(
        field=empty, requestcontext=lambda: {"apiVersion": "2020-01-01"}, current=lambda name="": None
    )
    conditions = [rule.condition]
    if existing := rule.details.get("existenceCondition"):
        conditions.append(existing)
    for each in (leaf for one in conditions for leaf in leaves(one)):
        subject, _ = split(each)
        if subject.lower() == "field" and not known(path := str(functions.value(each[subject]))):
            raise Unsupported(f"the field '{path}'")
        if subject.lower() == "count":
            _check_count(each[subject])
        holds(each, empty, functions, [])


def _check_count(count: Any) -> None:
    if not isinstance(count, dict) or ("field" in count) == ("value" in count):
        raise Unsupported(f"the count {count!r}")
    if "field" in count and not known(str(count["field"])):
        raise Unsupported(f"the field '{count['field']}'")


def leaves(condition: Any) -> Iterator[Mapping[str, Any]]:
    """The comparisons of a condition, those inside of counts too. Raises Unsupported for what is no condition."""
    if not isinstance(condition, dict):
        raise Unsupported(f"the condition {condition!r}")
    inner = next((condition[name] for name in condition if name.lower() in ("allof", "anyof", "not")), None)
    if inner is None:
        yield condition
        count = next((condition[name] for name in condition if name.lower() == "count"), None)
        if isinstance(count, dict) and "where" in count:
            yield from leaves(count["where"])
        return
    for each in inner if isinstance(inner, list) else [inner]:
        yield from leaves(each)


def check_parameters(declared: Mapping[str, Any], used_in: Any) -> None:
    """That what is declared is used, what is used is declared, and defaults are allowed. Raises ArmError 400."""
    used = {name.lower() for name in _USED.findall(json.dumps(used_in))}
    names = {name.lower() for name in declared}
    if unknown := sorted(used - names):
        raise refused("InvalidPolicyParameters", f"The policy uses undeclared parameters '{', '.join(unknown)}'.")
    if unused := sorted(names - used):
        raise refused("UnusedPolicyParameters", f"The policy does not use its parameters '{', '.join(unused)}'.")
    for name, about in declared.items():
        allowed = about.get("allowedValues") if isinstance(about, dict) else None
        if allowed is not None and "defaultValue" in about and about["defaultValue"] not in allowed:
            text = f"The default value of the parameter '{name}' is none of its allowed values."
            raise refused("InvalidPolicyParameters", text)


def check_update(before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """That parameters stay, and new ones have a default. Raises ArmError 400 `InvalidPolicyParameterUpdate`."""
    old, new = {name.lower() for name in before}, {name.lower(): each for name, each in after.items()}
    if old - set(new):
        text = "Policy parameters cannot be removed during policy update."
        raise refused("InvalidPolicyParameterUpdate", text)
    if added := [name for name, each in new.items() if name not in old and "defaultValue" not in each]:
        raise refused(
            "InvalidPolicyParameterUpdate",
            f"The policy contains new parameter(s) '{', '.join(added)}' which are not present in the existing "
            "policy and have no default value. New parameters may be added to a policy only if they have a "
            "default value.",
        )


def check_values(word: str, declared: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    """That parameters are known, allowed and complete. Raises ArmError 400."""
    about = {name.lower(): each for name, each in declared.items()}
    for name, value in given.items():
        if name.lower() not in about:
            text = f"The {word} contains the parameter '{name}', which the policy does not have."
            raise refused("UndefinedPolicyParameter", text)
        allowed = about[name.lower()].get("allowedValues")
        of_parameter = isinstance(value, str) and value.startswith("[")
        if allowed is None or of_parameter or str(value).lower() in {str(each).lower() for each in allowed}:
            continue
        raise refused(
            "PolicyParameterValueNotAllowed",
            f"The value '{value}' is not allowed for policy parameter '{name}'. "
            f"The allowed values are '{', '.join(str(each) for each in allowed)}'.",
        )
    names = {name.lower() for name in given}
    if missing := [name for name, each in about.items() if name not in names and "defaultValue" not in each]:
        raise refused("MissingPolicyParameter", f"The {word} lacks the parameters '{', '.join(missing)}'.")


def as_rule(properties: Mapping[str, Any]) -> PolicyRule:
    """The rule of a definition with the defaults of its parameters."""
    document = {"properties": properties}
    return PolicyRule(document, with_defaults(document, {}))
