"""Microsoft.Authorization: policy definitions and initiatives, Microsoft's and custom ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from azsandbox.arm.calls import Call, unreadable
from azsandbox.arm.context import Context
from azsandbox.arm.policy import builtin, versions
from azsandbox.arm.policy.assignments import ASSIGNMENTS
from azsandbox.arm.policy.definitions import DEFINITIONS, SETS, reference_of
from azsandbox.arm.policy.refusals import at_tenant, in_use, invalid, refused, unbuilt
from azsandbox.arm.policy.resolving import is_at_or_above, resolved
from azsandbox.arm.policy.rulechecks import as_rule, check_parameters, check_rule, check_update, check_values
from azsandbox.arm.providers import filters
from azsandbox.arm.providers.policyobjects import PolicyObject, value_of
from azsandbox.arm.registry import register
from azsandbox.arm.render import answer
from azsandbox.arm.store import Record
from azsandbox.messages import Response

_KIND = r"policyType\s+-?eq\s+'([^']+)'"
_CATEGORY = r"category\s+eq\s+'([^']+)'"
_MODES = ("all", "indexed")
# Definitions of these modes are Microsoft's alone, or the sandbox knows nothing of what they are about.
_PROVIDERS_MODES = ("microsoft.kubernetes.data", "microsoft.network.data", "microsoft.datafactory.data")


class _Definitions(PolicyObject):
    implied = True  # versions of Microsoft's are asked for, which are not in the store
    listed_by = (_KIND, _CATEGORY)
    known: ClassVar[Mapping[str, Mapping[str, Any]]] = {}

    def _built_in(self) -> Mapping[str, Mapping[str, Any]]:
        raise NotImplementedError

    async def get(self, call: Call) -> Response:
        """One of Microsoft's, at the root or a subscription, or a custom one."""
        known = self._built_in().get(f"/providers/{self.key_type}/{call.name.lower()}")
        return answer(200, known) if known is not None else await super().get(call)

    def listed(self, call: Call) -> Sequence[Record]:
        """The custom ones of the scope and of those above it."""
        store, places = self.context.store, self.context.access.chain(call.route.parent)
        if "atexactscope()" in call.query.get("$filter", "").lower():
            places = (call.route.parent,)
        return [each for place in places for each in store.children(place, self.key_type)]

    async def list(self, call: Call) -> Response:
        """GET with `$filter`: `policyType eq 'Custom'` or `'BuiltIn'`, `category eq '…'`, `atExactScope()`."""
        filters.check(call, r"atExactScope\(\)", *self.listed_by)
        asked = call.query.get("$filter", "")
        found = [self.view(call, each) for each in self.listed(call)]
        if "atexactscope()" not in asked.lower():
            found = [*(dict(each) for each in self._built_in().values()), *found]
        return answer(200, {"value": [each for each in found if _is_wanted(asked, each)]})

    def at_scope(self, call: Call) -> None:
        """That custom ones are made at a management group or a subscription. Raises ArmError."""
        if not call.route.parent:
            raise at_tenant()
        if call.route.parent.count("/") > (2 if call.route.parent.startswith("/subscriptions/") else 4):
            raise self.unsupported(call)

    def versioned(self, properties: dict[str, Any], old: Record | None) -> dict[str, Any]:
        """With its version and those that were there before. Raises ArmError 400."""
        version = str(properties.get("version") or versions.FIRST)
        if not versions.EXACT.fullmatch(version):
            raise refused("InvalidPolicyDefinitionVersion", f"The version '{version}' has not the form 1.0.0.")
        before = [each for each in (versions.every(old.document) if old else []) if each != version]
        if any(versions.order(each) > versions.order(version) for each in before):
            raise unbuilt("writing a version that is older than the newest")
        return {**properties, "version": version, "versions": [version, *before]}

    def written(self, record: Record) -> None:
        """Keeps the version as a resource of its own."""
        version = versions.own(record.document)
        kind, id_ = f"{self.type}/versions", f"{record.id}/versions/{version}"
        shown = {name: value for name, value in record.properties.items() if name != "versions"}
        document = {**record.document, "id": id_, "name": version, "type": kind, "properties": shown}
        key = f"{record.key}/versions/{version}"
        self.context.store.put(Record(key, kind.lower(), record.key, id_, version, document))


def _is_wanted(asked: str, document: Mapping[str, Any]) -> bool:
    properties = document["properties"]
    kind, category = value_of(_KIND, asked), value_of(_CATEGORY, asked)
    own = str((properties.get("metadata") or {}).get("category", "")).lower()
    return kind in (None, properties["policyType"].lower()) and category in (None, own)


@register
class PolicyDefinitions(_Definitions):
    """`policyDefinitions`: Microsoft's at the root, custom ones at a management group or a subscription."""

    type = "Microsoft.Authorization/policyDefinitions"
    word = "PolicyDefinition"

    def _built_in(self) -> Mapping[str, Mapping[str, Any]]:
        return builtin.definitions()

    def filled(self, call: Call, properties: dict[str, Any], old: Record | None) -> dict[str, Any]:
        """Refuses a rule that is none, or that the sandbox could not evaluate."""
        self.at_scope(call)
        rule = properties.get("policyRule")
        if not isinstance(rule, dict):
            raise unreadable("Required property 'policyRule' not found in JSON.")
        if "if" not in rule or not isinstance(rule.get("then"), dict) or "effect" not in rule["then"]:
            raise refused("InvalidPolicyRule", "Failed to parse policy rule: it needs 'if' and 'then'.")
        filled = {"mode": "Indexed", "parameters": {}, "metadata": {}, **properties, "policyType": "Custom"}
        _check_mode(str(filled["mode"]))
        check_parameters(filled["parameters"], rule)
        check_rule(as_rule(filled))
        if old is not None:
            check_update(old.properties["parameters"], filled["parameters"])
        return self.versioned(filled, old)

    def check_unused(self, record: Record) -> None:
        """Refused while an assignment or an initiative names it (AZ-POLICY-10)."""
        for each in self.context.store.of_type(SETS):
            if any(str(one["policyDefinitionId"]).lower() == record.key for one in _members(each)):
                raise in_use(self.word, record.name, "policy set definition", each.id)
        _check_unassigned(self.context, self.word, record)


def _check_mode(mode: str) -> None:
    if mode.lower() == "microsoft.keyvault.data":
        # The code was seen for a custom definition of this mode (Azure/azure-policy#1331).
        text = "Custom definitions of the mode 'Microsoft.KeyVault.Data' are not supported."
        raise refused("InvalidProviderNameInPolicyAlias", text)
    if mode.lower() in _PROVIDERS_MODES:
        raise unbuilt(f"the mode '{mode}'")
    if mode.lower() not in _MODES:
        raise refused("InvalidPolicyDefinitionMode", f"The policy definition mode '{mode}' is not valid.")


def _members(record: Record) -> list[dict[str, Any]]:
    return list(record.properties["policyDefinitions"])


def _check_unassigned(context: Context, word: str, record: Record) -> None:
    for each in context.store.of_type(ASSIGNMENTS):
        if str(each.properties["policyDefinitionId"]).lower() == record.key:
            raise in_use(word, record.name, "policy assignment", each.id)


@register
class PolicySetDefinitions(_Definitions):
    """`policySetDefinitions`: initiatives."""

    type = "Microsoft.Authorization/policySetDefinitions"
    word = "PolicySetDefinition"
    old_status = 200

    def _built_in(self) -> Mapping[str, Mapping[str, Any]]:
        return builtin.sets()

    def filled(self, call: Call, properties: dict[str, Any], old: Record | None) -> dict[str, Any]:
        """All definitions that it names have to be there, at its scope or above it, with what they need."""
        self.at_scope(call)
        given = properties.get("policyDefinitions")
        if not isinstance(given, list) or not given:
            raise invalid(self.word, call.name, "At least one policy definition must be referenced.")
        members = [{**each, "policyDefinitionReferenceId": reference_of(each)} for each in given]
        references = [each["policyDefinitionReferenceId"].lower() for each in members]
        if len(set(references)) < len(references):
            raise invalid(self.word, call.name, "A policy definition reference id is there more than once.")
        parameters = properties.get("parameters") or {}
        check_parameters(parameters, [each.get("parameters") for each in members])
        for each in members:
            self._check_member(call, each)
        if old is not None:
            check_update(old.properties["parameters"], parameters)
        filled = {"metadata": {}, **properties, "policyType": "Custom", "parameters": parameters}
        return self.versioned({**filled, "policyDefinitions": members}, old)

    def _check_member(self, call: Call, member: Mapping[str, Any]) -> None:
        id_, version = str(member.get("policyDefinitionId")), str(member.get("definitionVersion") or "")
        document = resolved(self.context, id_, version, DEFINITIONS)
        if not is_at_or_above(self.context, id_, call.route.parent):
            # Words like those for an assignment (AZ-LOCAL-2).
            raise invalid(self.word, call.name, f"The policy definition '{id_}' is out of scope.")
        given = {name: each.get("value") for name, each in (member.get("parameters") or {}).items()}
        check_values("policy set definition", document["properties"].get("parameters") or {}, given)

    def check_unused(self, record: Record) -> None:
        """Refused while an assignment names it (AZ-POLICY-10)."""
        _check_unassigned(self.context, self.word, record)
