"""Microsoft.Authorization: policy definitions, initiatives and assignments."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.errors import ArmError, gateway
from azsandbox.arm.extensions import ExtensionKind
from azsandbox.arm.paging import page
from azsandbox.arm.policy.conditions import field_of, holds
from azsandbox.arm.policy.definitions import Rule, built_in, definition, rules, with_defaults
from azsandbox.arm.policy.expressions import Unsupported
from azsandbox.arm.providers import filters
from azsandbox.arm.registry import register
from azsandbox.arm.render import answer
from azsandbox.arm.store import Record
from azsandbox.messages import Response

_KIND = re.compile(r"policyType\s+eq\s+'([^']+)'", re.IGNORECASE)
_AT_EXACT_SCOPE = r"atExactScope\(\)"
_OF = re.compile(r"policyDefinitionId\s+eq\s+'([^']+)'", re.IGNORECASE)


def _not_found(what: str, name: str) -> ArmError:
    return gateway(404, f"{what}NotFound", f"The policy {what[6:].lower()} '{name}' could not be found.")


class _Definitions(ExtensionKind):
    word = ""

    def missing(self, call: Call) -> ArmError:
        """404."""
        return _not_found(self.word, call.name)

    def _built_in(self) -> Mapping[str, Mapping[str, Any]]:
        return {}

    async def get(self, call: Call) -> Response:
        """One of Microsoft's, at the root or a subscription, or a custom one."""
        known = self._built_in().get(f"/providers/{self.key_type}/{call.name.lower()}")
        return answer(200, known) if known is not None else await super().get(call)

    def listed(self, call: Call) -> Sequence[Record]:
        """The custom ones of the scope and of those above it."""
        store, places = self.context.store, self.context.access.chain(call.route.parent)
        return [each for place in places for each in store.children(place, self.key_type)]

    async def list(self, call: Call) -> Response:
        """GET with `$filter=policyType eq 'Custom'` or `'BuiltIn'`."""
        filters.check(call, _KIND.pattern)
        wanted = _KIND.search(call.query.get("$filter", ""))
        found = [*self._built_in().values(), *(each.document for each in self.listed(call))]
        if wanted:
            found = [each for each in found if each["properties"]["policyType"].lower() == wanted[1].lower()]
        return answer(200, {"value": found})


@register
class PolicyDefinitions(_Definitions):
    """`policyDefinitions` of the root, a management group or a subscription."""

    type = "Microsoft.Authorization/policyDefinitions"
    word = "PolicyDefinition"

    def _built_in(self) -> Mapping[str, Mapping[str, Any]]:
        return built_in()

    def filled(self, call: Call, properties: dict[str, Any], old: Record | None) -> dict[str, Any]:
        """Refuses a rule that is none, or that the sandbox could not evaluate."""
        rule = properties.get("policyRule")
        if not isinstance(rule, dict) or "if" not in rule or "effect" not in (rule.get("then") or {}):
            raise gateway(400, "InvalidPolicyRule", "The policy definition has no rule with 'if' and 'then'.")
        filled = {"mode": "Indexed", "parameters": {}, "metadata": {}, **properties, "policyType": "Custom"}
        tried = Rule({"properties": filled}, with_defaults({"properties": filled}, {}))
        try:
            _ = tried.effect
            empty = field_of({"type": "none"})
            functions = tried.expressions(field=empty, requestcontext=lambda: {"apiVersion": "2020-01-01"})
            for each in _leaves(rule["if"]):
                holds(each, empty, functions, [])
        except (Unsupported, TypeError, ValueError) as problem:
            message = f"The sandbox cannot evaluate this policy rule: {problem}."
            raise gateway(400, "InvalidPolicyRule", message) from problem
        return filled


def _leaves(condition: Any) -> Iterator[Mapping[str, Any]]:
    if not isinstance(condition, dict):
        raise Unsupported(f"the condition {condition!r}")
    inner = next((condition[name] for name in condition if name.lower() in ("allof", "anyof", "not")), None)
    if inner is None:
        yield condition
        return
    for each in inner if isinstance(inner, list) else [inner]:
        yield from _leaves(each)


@register
class PolicySetDefinitions(_Definitions):
    """`policySetDefinitions`: initiatives. None of Microsoft's is here."""

    type = "Microsoft.Authorization/policySetDefinitions"
    word = "PolicySetDefinition"

    def filled(self, call: Call, properties: dict[str, Any], old: Record | None) -> dict[str, Any]:
        """All definitions that it names have to be there."""
        for member in properties.get("policyDefinitions") or []:
            id_ = str(member.get("policyDefinitionId"))
            if definition(self.context.store, id_) is None:
                raise _not_found("PolicyDefinition", id_)
        return {"parameters": {}, "metadata": {}, "policyDefinitions": [], **properties, "policyType": "Custom"}


@register
class PolicyAssignments(ExtensionKind):
    """`policyAssignments` of any scope."""

    type = "Microsoft.Authorization/policyAssignments"

    def missing(self, call: Call) -> ArmError:
        """404 `PolicyAssignmentNotFound` (AZ-ABSENT-8)."""
        return _not_found("PolicyAssignment", call.name)

    def filled(self, call: Call, properties: dict[str, Any], old: Record | None) -> dict[str, Any]:
        """Adds the scope; parameters have to be known, complete and allowed. Codes by their names (AZ-LOCAL-2)."""
        id_ = str(properties.get("policyDefinitionId") or "")
        document = definition(self.context.store, id_)
        if document is None:
            raise _not_found("PolicyDefinition", id_)
        about = {name.lower(): each for name, each in (document["properties"].get("parameters") or {}).items()}
        given = {name.lower(): each.get("value") for name, each in (properties.get("parameters") or {}).items()}
        for name, value in given.items():
            if name not in about:
                raise gateway(400, "UndefinedPolicyParameter", f"The policy has no parameter '{name}'.")
            allowed = about[name].get("allowedValues")
            if allowed is not None and str(value).lower() not in {str(each).lower() for each in allowed}:
                raise gateway(
                    400,
                    "PolicyParameterValueNotAllowed",
                    f"The value '{value}' is not allowed for policy parameter '{name}'. "
                    f"The allowed values are '{', '.join(str(each) for each in allowed)}'.",
                )
        missing = [name for name, each in about.items() if name not in given and "defaultValue" not in each]
        if missing:
            raise gateway(
                400, "MissingPolicyParameter", f"The policy needs the parameters '{', '.join(missing)}'."
            )
        filled = {
            "displayName": call.name,
            "parameters": {},
            "notScopes": [],
            "enforcementMode": "Default",
            "metadata": {},
            **properties,
            "scope": self.scope_id(call) or "/",
        }
        for rule in rules(self.context.store, filled):
            if rule.effect in ("modify", "append", "denyaction"):
                message = f"The sandbox does not have the effect '{rule.effect}'."
                raise gateway(400, "InvalidPolicyRule", message)
        return filled

    def listed(self, call: Call) -> Sequence[Record]:
        """At the scope and above, and below it unless `$filter` is `atScope()`."""
        store, scope = self.context.store, call.route.parent
        places, wanted = self.context.access.chain(scope), call.query.get("$filter", "").lower()
        if "atexactscope()" in wanted:
            return list(store.children(scope, self.key_type))
        found = [each for place in places for each in store.children(place, self.key_type)]
        if "atscope()" not in wanted:
            found += [each for each in store.of_type(self.key_type, scope) if each.parent not in places]
        return found

    async def list(self, call: Call) -> Response:
        """GET with `$filter`: `atScope()`, `atExactScope()`, `policyDefinitionId eq '…'`."""
        filters.check(call, filters.AT_SCOPE, _AT_EXACT_SCOPE, _OF.pattern)
        wanted, records = _OF.search(call.query.get("$filter", "")), self.listed(call)
        if wanted:
            id_ = wanted[1].lower()
            records = [each for each in records if str(each.properties["policyDefinitionId"]).lower() == id_]
        return page(call, records, self.page_size, self.view)
