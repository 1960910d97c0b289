"""Deployments of batch endpoints: a model or a pipeline that carries out such jobs."""

from __future__ import annotations

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.kinds._deployments import Deployments
from amlmigrate.kinds._listed import CREATED, WORKSPACE


class BatchDeployments(Deployments):
    """Deployments of batch endpoints."""

    name = "batchEndpoints/deployments"
    after = ("models", "codes", "environments", "components", "computes")

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
