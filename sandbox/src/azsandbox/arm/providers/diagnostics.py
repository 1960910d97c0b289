"""Microsoft.Insights/diagnosticSettings: kept at any scope, with destinations that are there."""

from __future__ import annotations

import re
from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.errors import gateway
from azsandbox.arm.extensions import ExtensionKind
from azsandbox.arm.registry import register
from azsandbox.arm.store import Record

# Each with the type of what it has to be, where the sandbox has such things.
_SINKS = {
    "workspaceId": "Microsoft.OperationalInsights/workspaces",
    "storageAccountId": "Microsoft.Storage/storageAccounts",
    "eventHubAuthorizationRuleId": "",
    "serviceBusRuleId": "",
    "marketplacePartnerId": "",
}
_ID = re.compile(r"/(subscriptions|providers)/[^/]+", re.IGNORECASE)


@register
class DiagnosticSettings(ExtensionKind):
    """Diagnostic settings of a resource."""

    type = "Microsoft.Insights/diagnosticSettings"

    def filled(self, call: Call, properties: dict[str, Any], old: Record | None) -> dict[str, Any]:
        """As it is sent; without a destination, and with one that is not there, it is refused (AZ-LOCAL-11)."""
        sinks = {name: str(properties[name]) for name in _SINKS if properties.get(name)}
        if not sinks:
            raise gateway(400, "BadRequest", "At least one data sink needs to be specified.")
        for name, id_ in sinks.items():
            self._check(name, id_)
        return properties

    def _check(self, name: str, id_: str) -> None:
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
