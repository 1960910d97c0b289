"""Serverless endpoints: models of the catalog, paid by use."""

from __future__ import annotations

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.kinds._listed import CREATED, Listed
from amlmigrate.kinds._losses import Loss, endpoint


class ServerlessEndpoints(Listed):
    """An endpoint; its name is one in a region."""

    name = "serverlessEndpoints"
    manual = "Create the endpoint in the target; its keys will be new."
    regional = "endpoints"
    serves = True
    volatile = ("endpointState",)

    def lost(self, asset: Asset) -> Loss | None:
        return endpoint(str(asset.address))

    def example(self) -> Asset:
        return Asset(
            Address.of("serverlessEndpoints", "phi"),
            {
                "name": "phi",
                "location": "westeurope",
                "properties": {"authMode": "Key", "endpointState": "Online"},
                "systemData": CREATED,
            },
        )


KIND = ServerlessEndpoints()
