"""Versions of feature sets."""

from __future__ import annotations

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.kinds._listed import CREATED, EVERY_STATE, Listed


class FeatureSetVersions(Listed):
    """A version of a feature set."""

    name = "featuresets/versions"
    manual = "Create the feature set in a feature store."
    shown = False
    query = EVERY_STATE

    def example(self) -> Asset:
        return Asset(
            Address("featuresets/versions", ("customers", "1")),
            {
                "name": "1",
                "properties": {"stage": "Development", "isArchived": False},
                "systemData": CREATED,
            },
        )


KIND = FeatureSetVersions()
