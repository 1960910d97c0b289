"""Microsoft.Insights/diagnosticSettings: kept at any scope, with destinations that are there."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from azsandbox.arm.calls import Call
from azsandbox.arm.errors import gateway
from azsandbox.arm.extensions import ExtensionKind
from azsandbox.arm.registry import register
from azsandbox.arm.rights import linked_failed
from azsandbox.arm.store import Record

# Each with the type of what it has to be, where the sandbox has such things.
_SINKS = {
    "workspaceId": "Microsoft.OperationalInsights/workspaces",
    "storageAccountId": "Microsoft.Storage/storageAccounts",
    "eventHubAuthorizationRuleId": "",
    "serviceBusRuleId": "",
    "marketplacePartnerId": "",
}
# What a type has to log, in lower case; of all other types nothing is known here.
_CATEGORIES = {
    "microsoft.keyvault/vaults": frozenset(
        ("auditevent", "azurepolicyevaluationdetails", "audit", "alllogs", "allmetrics")
    )
}
_OF_HUBS = frozenset(("allmetrics",))
_MOST = 5
# What whoever writes a setting needs at what it sends to (AZ-LOG-20, AZ-LOG-22).
_KEYS = {
    "workspaceId": "Microsoft.OperationalInsights/workspaces/sharedKeys/action",
    "storageAccountId": "Microsoft.Storage/storageAccounts/listKeys/action",
}
_ID = re.compile(r"/(subscriptions|providers)/[^/]+", re.IGNORECASE)


def _entries(properties: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for name in ("logs", "metrics") for one in properties.get(name) or () if isinstance(one, dict)]


def categories_of(resource: Record | None) -> frozenset[str] | None:
    """What a resource has to log (AZ-LOG-14), a hub no log (AZ-LOG-18); None where nothing is known here."""
    if resource is None:
        return None
    is_hub = resource.type == "microsoft.machinelearningservices/workspaces"
    is_hub = is_hub and str(resource.document.get("kind") or "").lower() == "hub"
    return _OF_HUBS if is_hub else _CATEGORIES.get(resource.type)


def _kept_days(entry: dict[str, Any]) -> int:
    return int((entry.get("retentionPolicy") or {}).get("days") or 0)


def _categories(properties: dict[str, Any]) -> set[str]:
    """Those that are on, and groups of them."""
    on = (one for one in _entries(properties) if one.get("enabled"))
    return {str(one.get("category") or one.get("categoryGroup")) for one in on}


@register
class DiagnosticSettings(ExtensionKind):
    """Diagnostic settings of a resource."""

    type = "Microsoft.Insights/diagnosticSettings"
    # Also when it is new (AZ-LOG-17).
    made_status: ClassVar[int] = 200

    def filled(self, call: Call, properties: dict[str, Any], old: Record | None) -> dict[str, Any]:
        """As it is sent; without a destination, and with one that is not there, it is refused (AZ-LOCAL-11)."""
        sinks = {name: str(properties[name]) for name in _SINKS if properties.get(name)}
        if not sinks:
            raise gateway(400, "BadRequest", "At least one data sink needs to be specified.")
        for name, id_ in sinks.items():
            self._check(call, name, id_)
        if old is None and any(_kept_days(one) for one in _entries(properties)):
            # Recorded (AZ-LOG-12).
            text = "Diagnostic settings does not support retention for new diagnostic settings."
            raise gateway(400, "BadRequest", text)
        self._refuse_twice(call, properties, set(sinks.values()))
        self._check_number(call, properties, old)
        return properties

    def _check_number(self, call: Call, properties: dict[str, Any], old: Record | None) -> None:
        """A resource has five settings, and logs what its type has (AZ-LOG-14). Raises ArmError 400."""
        scope = call.route.key[: call.route.key.rindex("/providers/")]
        known = categories_of(self.context.store.get(scope))
        named = [str(one.get("category") or one.get("categoryGroup")) for one in _entries(properties)]
        if known is not None and (wrong := [one for one in named if one.lower() not in known]):
            raise gateway(400, "BadRequest", f"Category '{','.join(wrong)}' is not supported.")
        if old is None and len(self.context.store.children(scope, self.type.lower())) >= _MOST:
            text = f"The limit of {_MOST} diagnostic settings was reached."
            raise gateway(400, "BadRequest", text)  # words ours (AZ-LOCAL-2)

    def _refuse_twice(self, call: Call, properties: dict[str, Any], sinks: set[str]) -> None:
        """A category goes to a destination by one setting (AZ-LOG-13). Raises ArmError."""
        scope, wanted = call.route.key[: call.route.key.rindex("/providers/")], _categories(properties)
        for other in self.context.store.children(scope, self.type.lower()):
            if other.key == call.route.key or not (twice := sorted(wanted & _categories(other.properties))):
                continue
            theirs = {str(other.properties.get(name) or "").lower() for name in _SINKS}
            if used := next((one for one in sorted(sinks) if one.lower() in theirs), ""):
                raise gateway(
                    409,
                    "Conflict",
                    f"Data sink '{used}' is already used in diagnostic setting '{other.name}' for category"
                    f" '{twice[0]}'. Data sinks can't be reused in different settings on the same category for the"
                    " same resource.",
                )

    def _check(self, call: Call, name: str, id_: str) -> None:
        if not _ID.match(id_):
            # Azure/azure-powershell#4465
            raise gateway(
                400,
                "LinkedInvalidPropertyId",
                f"Property id '{id_}' at path 'properties.{name}' is invalid. Expect fully qualified resource Id"
                " that start with '/subscriptions/{subscriptionId}' or '/providers/{resourceProviderNamespace}/'.",
            )
        type_, there = _SINKS[name], self.context.store.get(id_.rstrip("/").lower())
        if type_ and (there is None or there.gone or there.type != type_.lower()):
            # The code: Azure/azure-cli#8570.
            what, group = f"{type_}/{id_.rpartition('/')[2]}", id_.split("/")[4] if id_.count("/") > 3 else ""
            text = f"The Resource '{what}' under resource group '{group}' was not found."
            raise gateway(404, "ResourceNotFound", text)
        action = _KEYS.get(name)
        if there and action and not self.context.access.granted(call.principal.object_id, action, there.key):
            raise linked_failed(call, action, there.id)
