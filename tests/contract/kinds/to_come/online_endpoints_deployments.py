"""Deployments that move: a model that is served below an endpoint."""

from __future__ import annotations

from amlmigrate.cloud.declared import Absent
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import Document
from amlmigrate.kinds._base import Kind
from amlmigrate.kinds._fields import COMMON

_OLD = (
    "/subscriptions/11111111-aaaa-4bbb-8ccc-000000000001/resourceGroups/rg-old/providers"
    "/Microsoft.MachineLearningServices/workspaces/ws1"
)


class Deployments(Kind):
    """A model that is served below an endpoint."""

    name = "onlineEndpoints/deployments"
    absent = (Absent.of("NoSuchDeployment", r"There is no deployment with name: (\S+)", "AZ-ABSENT-12"),)
    after = ("models", "environments")
    blocks_deletion = True
    sdk_operations = ""
    fields = COMMON.but(mutable={"/sku": "more or fewer instances"})

    def writable(self, properties: Document) -> Document:
        # Written by the service among the customer's own properties (AZ-ARM-13).
        served = ("azureml.", "AzureAsyncOperationUri")
        own = {
            key: text for key, text in (properties.get("properties") or {}).items() if not key.startswith(served)
        }
        return properties | ({"properties": own} if "properties" in properties else {})

    def example(self) -> Asset:
        return Asset(
            Address.parse("onlineEndpoints/score/deployments/blue"),
            {
                "id": f"{_OLD}/onlineEndpoints/score/deployments/blue",
                "name": "blue",
                "location": "West Europe",
                "sku": {"name": "Default", "capacity": 2, "tier": None},
                "properties": {
                    "model": f"{_OLD}/models/m/versions/1",
                    "environmentVariables": {"HOME": f"{_OLD}/onlineEndpoints/score/deployments/blue"},
                    "instanceType": "Standard_DS3_v2",
                    "provisioningState": "Succeeded",
                },
                "systemData": {"createdAt": "2026-01-01T00:00:00+00:00"},
            },
        )


KIND = Deployments()
