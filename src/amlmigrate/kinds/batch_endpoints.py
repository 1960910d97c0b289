"""Batch endpoints: they take work for the deployments below them."""

from __future__ import annotations

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.kinds._listed import CREATED, Listed


class BatchEndpoints(Listed):
    """An endpoint without its deployments; its name is one in a region."""

    name = "batchEndpoints"
    manual = "Create the endpoint under another name in the target region."
    regional = True
    after = ("computes",)

    def example(self) -> Asset:
        return Asset(
            Address.of("batchEndpoints", "nightly"),
            {
                "name": "nightly",
                "location": "westeurope",
                "properties": {"authMode": "AADToken", "defaults": {"deploymentName": "main"}},
                "systemData": CREATED,
            },
        )


KIND = BatchEndpoints()
