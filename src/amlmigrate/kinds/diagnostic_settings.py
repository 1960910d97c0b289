"""Diagnostic settings: where logs and metrics of the workspace go. Their destinations stay what they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import Document
from amlmigrate.core.finding import Finding
from amlmigrate.core.mapping import Mapping
from amlmigrate.kinds._attached import ATTACHED, Attached
from amlmigrate.kinds._listed import CREATED, WorkspacePort
from amlmigrate.kinds._permissions import NamedRight, Permissions

# Of the example: the subscription of its destination.
_LOGS = "33333333-aaaa-4bbb-8ccc-000000000003"
_ENDPOINTS = "onlineEndpoints"
_WHOLE = "a PUT replaces the whole"
_DESTINATIONS = (
    *("workspaceId", "storageAccountId", "serviceBusRuleId", "eventHubAuthorizationRuleId", "eventHubName"),
    *("marketplacePartnerId", "logAnalyticsDestinationType"),
)
# By which an entry of these is told from the others.
_LISTS = ("logs", "metrics")
_CATEGORIES = ("category", "categoryGroup")
# Whoever writes one has to be able to read the key of what it sends to (AZ-LOG-20, AZ-LOG-21, AZ-LOG-22).
_KEYS = (
    NamedRight("workspaceId", ("Microsoft.OperationalInsights/workspaces",), "sharedKeys/action"),
    NamedRight("storageAccountId", ("Microsoft.Storage/storageAccounts",), "listKeys/action"),
    NamedRight(
        "eventHubAuthorizationRuleId",
        (
            "Microsoft.EventHub/namespaces/authorizationRules",
            "Microsoft.EventHub/namespaces/eventhubs/authorizationRules",
        ),
        "listKeys/action",
    ),
    NamedRight("serviceBusRuleId", ("Microsoft.ServiceBus/namespaces/authorizationRules",), "listKeys/action"),
)
# How long a storage account keeps them: the service takes it in no new setting (AZ-LOG-12).
_KEPT = "retentionPolicy"


class DiagnosticSettings(Attached):
    """It is created under its name, with the same categories and the same destinations."""

    name = "diagnosticSettings"
    api_version = "2021-05-01-preview"
    provider = "Microsoft.Insights"
    remedy = "Create the setting at the target (`az monitor diagnostic-settings create`)."
    after = (_ENDPOINTS,)
    fields = ATTACHED.but(mutable=dict.fromkeys((*_DESTINATIONS, *_LISTS), _WHOLE))

    @property
    def permissions(self) -> Permissions:
        return replace(super().permissions, named=_KEYS)

    async def scan(self, source: WorkspacePort, parents: Sequence[Asset] = ()) -> list[Asset]:
        found = await super().scan(source, parents)
        if not source.whole or any("properties" not in one.document for one in found):
            return found
        # No list of the workspace shows those of what lies in it.
        for endpoint in [str(one["name"]) async for one in source.pages(_ENDPOINTS)]:
            place = f"{_ENDPOINTS}/{endpoint}"
            try:
                found += [
                    Asset(Address.of(self.name, one["name"], place), one)
                    async for one in source.pages(f"{place}/{self.collection}")
                ]
            except ServiceError as error:
                if error.status not in (400, 403, 404) or error.transient:
                    raise
                return [*found, self._unlisted(error)]
        return found

    def items(self, workspace: str, found: list[Document]) -> list[Asset]:
        return [Asset(Address.of(self.name, item["name"]), item) for item in found]

    def writable(self, properties: Document) -> Document:
        found = {name: _without_retention(properties[name]) for name in _LISTS if name in properties}
        return {**properties, **found}

    def findings(self, asset: Asset, body: Document, mapping: Mapping) -> list[Finding]:
        days = sorted({str(one) for name in _LISTS for one in _days(asset.properties.get(name))})
        if not days:
            return []
        return [
            Finding(
                "warning",
                str(asset.address),
                f"How long a storage account keeps what it sends stays behind (days: {', '.join(days)}): the"
                " service takes that in no new setting.",
                "Have the storage account delete old logs by a lifecycle policy, if it does not yet.",
                code="diagnostic-retention",
            )
        ]

    def canonical(self, document: Document) -> Document:
        """By category, in any order: one that is off is as good as none."""
        found = super().canonical(document)
        return found | {name: _by_category(found[name]) for name in _LISTS if name in found}

    def example(self) -> Asset:
        kept: dict[str, Any] = {"enabled": True, "days": 30}
        log = f"/subscriptions/{_LOGS}/resourceGroups/l/providers/Microsoft.OperationalInsights/workspaces/all"
        return Asset(
            Address.of(self.name, "logs"),
            {
                "name": "logs",
                "location": None,
                "properties": {
                    "storageAccountId": None,
                    "serviceBusRuleId": None,
                    "workspaceId": log,
                    "eventHubAuthorizationRuleId": None,
                    "eventHubName": None,
                    "metrics": [{"category": "AllMetrics", "enabled": True}],
                    "logs": [
                        {"category": None, "categoryGroup": "audit", "enabled": True, "retentionPolicy": kept},
                        {"category": "AmlRunEvent", "enabled": True},
                    ],
                    "logAnalyticsDestinationType": None,
                    "marketplacePartnerId": None,
                },
                "systemData": CREATED,
            },
        )


def _by_category(entries: Any) -> Any:
    if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
        return entries
    found = {}
    for one in entries:
        name = next((f"{key} {one[key]}" for key in _CATEGORIES if one.get(key)), "")
        if rest := {key: value for key, value in one.items() if key not in _CATEGORIES and value}:
            found[name] = rest
    return found


def _without_retention(entries: Any) -> Any:
    if not isinstance(entries, list):
        return entries
    return [
        {key: value for key, value in one.items() if key != _KEPT} if isinstance(one, dict) else one
        for one in entries
    ]


def _days(entries: Any) -> Iterator[Any]:
    for one in entries if isinstance(entries, list) else ():
        kept = one.get(_KEPT) if isinstance(one, dict) else None
        if isinstance(kept, dict) and kept.get("enabled") and kept.get("days"):
            yield kept["days"]


KIND = DiagnosticSettings()
