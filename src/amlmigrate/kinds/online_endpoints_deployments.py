"""Deployments of online endpoints: a model that is being served."""

from __future__ import annotations

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.kinds._listed import CREATED, Listed
from amlmigrate.kinds._losses import Loss, endpoint
from amlmigrate.kinds._permissions import ML, Permissions


class OnlineDeployments(Listed):
    """A deployment is live as long as it is there."""

    name = "onlineEndpoints/deployments"
    manual = "Create the endpoint under another name in the target region."
    blocks_deletion = True
    after = ("models", "codes", "environments")

    @property
    def permissions(self) -> Permissions:
        # A read that is POST (the reference of api-version 2023-04-01).
        return Permissions.of(f"{ML}/{self.name}", harmless=("getlogs/action",))

    def live(self, asset: Asset) -> str:
        return f"{asset.address} is a live deployment."

    def lost(self, asset: Asset) -> Loss | None:
        return endpoint(str(asset.address))

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
