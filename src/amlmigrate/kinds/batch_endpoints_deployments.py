"""Deployments of batch endpoints: a model, or a pipeline, that takes work."""

from __future__ import annotations

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.kinds._listed import CREATED, WORKSPACE, Listed
from amlmigrate.kinds._losses import Loss, endpoint


class BatchDeployments(Listed):
    """A deployment is live as long as it is there."""

    name = "batchEndpoints/deployments"
    manual = "Create the endpoint under another name in the target region."
    blocks_deletion = True
    after = ("models", "codes", "environments", "components", "computes")

    def live(self, asset: Asset) -> str:
        return f"{asset.address} is a live deployment."

    def lost(self, asset: Asset) -> Loss | None:
        return endpoint(str(asset.address))

    def example(self) -> Asset:
        return Asset(
            Address("batchEndpoints/deployments", ("nightly", "main")),
            {
                "name": "main",
                "location": "westeurope",
                "properties": {
                    "compute": f"{WORKSPACE}/computes/cpu",
                    "miniBatchSize": 10,
                },
                "systemData": CREATED,
            },
        )


KIND = BatchDeployments()
