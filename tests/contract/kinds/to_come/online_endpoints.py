"""Endpoints that move (AZ-LIVE-1): made without traffic and shut, served later, opened at the cutover."""

from __future__ import annotations

from dataclasses import replace

from amlmigrate.cloud.declared import Absent
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import Document, overlaid
from amlmigrate.core.given import SECRET
from amlmigrate.core.writes import Desired, PlanContext, Write
from amlmigrate.kinds._base import Kind, WorkspacePort
from amlmigrate.kinds._fields import COMMON
from amlmigrate.kinds._permissions import ML, Permissions

_TRAFFIC, _PUBLIC = "/properties/traffic", "/properties/publicNetworkAccess"
_KEYS = ("primaryKey", "secondaryKey")
# Written by the service among the customer's own properties (AZ-ARM-13).
_SERVED = ("azureml.", "AzureAsyncOperationUri")


class Endpoints(Kind):
    """Made without traffic and shut; then traffic, once its deployments are there; opened at the cutover."""

    name = "onlineEndpoints"
    absent = (Absent.of("NoSuchEndpoint", r"There is no endpoint with name: (\S+) in ", "AZ-ABSENT-6"),)
    regional = "endpoints"
    blocks_deletion = True
    sdk_operations = ""
    fields = COMMON.but(
        computed={
            "scoringUri": "made of its name",
            "swaggerUri": "made of its name",
            "principal": "the service's",
        },
        mutable={"traffic": "moved on", "publicNetworkAccess": "shut and opened"},
        secrets={"keys": "a GET never shows them"},
    )

    @property
    def permissions(self) -> Permissions:
        return Permissions.of(f"{ML}/{self.name}", secrets=("listkeys/action",))

    def example(self) -> Asset:
        return Asset(
            Address.of("onlineEndpoints", "score"),
            {
                "id": "/subscriptions/11111111-aaaa-4bbb-8ccc-000000000001/resourceGroups/rg-old/providers"
                "/Microsoft.MachineLearningServices/workspaces/ws1/onlineEndpoints/score",
                "name": "score",
                "location": "westeurope",
                "kind": "Managed",
                "identity": {"type": "SystemAssigned", "principalId": "0-0", "tenantId": "1-1"},
                "tags": {"team": "risk"},
                "properties": {
                    "authMode": "Key",
                    "provisioningState": "Succeeded",
                    "publicNetworkAccess": "Enabled",
                    "scoringUri": "https://score.westeurope.inference.ml.azure.com/score",
                    "traffic": {"blue": 90, "green": 10},
                    "properties": {"owner": "risk"},
                },
                "systemData": {"createdAt": "2026-01-01T00:00:00+00:00"},
            },
        )

    def writable(self, properties: Document) -> Document:
        own = {
            key: text for key, text in (properties.get("properties") or {}).items() if not key.startswith(_SERVED)
        }
        return properties | ({"properties": own} if "properties" in properties else {})

    def desired(self, asset: Asset, plan: PlanContext) -> Desired:
        found = super().desired(asset, plan)
        whole = found.first.body
        properties = whole["properties"] | {"keys": {name: {SECRET: name} for name in _KEYS}}
        whole = whole | {"properties": properties}
        shut = overlaid(
            whole, {"properties": {"traffic": {}, "publicNetworkAccess": "Disabled"}}, (_TRAFFIC, _PUBLIC)
        )
        served = overlaid(shut, whole, (_TRAFFIC,))
        below = tuple(one.address for one in plan.children(asset.address))
        writes = [Write(shut)]
        if properties.get("traffic"):
            reason = "once its deployments are there"
            writes.append(Write(served, "traffic", below, changes=(_TRAFFIC,), reason=reason))
        if properties.get("publicNetworkAccess") == "Enabled":
            reason = "opened when the old one is shut"
            writes.append(Write(whole, "enable", stage="cutover", changes=(_PUBLIC,), reason=reason))
        return replace(found, writes=tuple(writes))

    async def secrets(
        self, source: WorkspacePort, target: WorkspacePort, address: Address, body: Document
    ) -> Document:
        given = await source.post(f"{self.path(address)}/listKeys")
        keys = {name: given[marker[SECRET]] for name, marker in body["properties"]["keys"].items()}
        return {**body, "properties": {**body["properties"], "keys": keys}}

    def live(self, asset: Asset) -> str:
        return f"{asset.address} answers." if asset.properties.get("traffic") else ""


KIND = Endpoints()
