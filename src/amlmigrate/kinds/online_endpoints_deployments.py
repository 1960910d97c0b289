"""Deployments of online endpoints: a model that answers requests."""

from __future__ import annotations

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.kinds._deployments import Deployments
from amlmigrate.kinds._listed import CREATED
from amlmigrate.kinds._permissions import ML, Permissions


class OnlineDeployments(Deployments):
    """Deployments of online endpoints."""

    name = "onlineEndpoints/deployments"
    after = ("models", "codes", "environments")

    @property
    def permissions(self) -> Permissions:
        # A read that is POST (the reference of api-version 2023-04-01).
        return Permissions.of(f"{ML}/{self.name}", harmless=("getlogs/action",))

    def example(self) -> Asset:
        return Asset(
            Address("onlineEndpoints/deployments", ("scoring", "blue")),
            {
                "name": "blue",
                "location": "westeurope",
                "sku": {"name": "Default", "capacity": 1},
                "properties": {"endpointComputeType": "Managed", "instanceType": "Standard_DS3_v2"},
                "systemData": CREATED,
            },
        )


KIND = OnlineDeployments()
