"""Batch endpoints: they accept jobs for their deployments."""

from __future__ import annotations

from amlmigrate.cloud.declared import Absent
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.kinds._listed import CREATED, Listed
from amlmigrate.kinds._losses import Loss, endpoint


class BatchEndpoints(Listed):
    """An endpoint without its deployments; its name is one in a region."""

    name = "batchEndpoints"
    absent = (Absent.of("NoSuchEndpoint", r"There is no endpoint with name: (\S+) in ", "AZ-ABSENT-5"),)
    taken = "batch endpoints"
    counted = 7
    manual = "Create the endpoint under another name in the target region."
    blocks_deletion = True
    regional = "endpoints"
    serves = True
    after = ("computes",)

    def lost(self, asset: Asset) -> Loss | None:
        return endpoint(str(asset.address))

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
