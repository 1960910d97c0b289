"""Computes: clusters, instances, and what was attached."""

from __future__ import annotations

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.kinds._listed import CREATED, Listed


class Computes(Listed):
    """A compute; its name is one in a region."""

    name = "computes"
    manual = "Create the compute in the target; names are unique in a region."
    regional = True
    volatile = (
        "modifiedOn",
        "provisioningErrors",
        # A cluster grows and shrinks by itself.
        *(f"properties|{name}" for name in ("allocationState", "allocationStateTransitionTime", "errors")),
        *(f"properties|{name}" for name in ("currentNodeCount", "targetNodeCount", "nodeStateCounts")),
        # An instance is started and stopped, and counts what is mounted on it.
        *(f"properties|{name}" for name in ("state", "lastOperation", "applications", "connectivityEndpoints")),
        *(
            f"properties|{name}"
            for name in ("containers", "dataDisks", "dataMounts", "versions", "osImageMetadata")
        ),
    )

    def example(self) -> Asset:
        return Asset(
            Address.of("computes", "cpu"),
            {
                "name": "cpu",
                "location": "westeurope",
                "properties": {
                    "computeType": "AmlCompute",
                    "isAttachedCompute": False,
                    "properties": {"vmSize": "STANDARD_DS3_V2", "scaleSettings": {"maxNodeCount": 4}},
                    "provisioningState": "Succeeded",
                },
                "systemData": CREATED,
            },
        )


KIND = Computes()
