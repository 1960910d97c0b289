"""Versions of feature sets."""

from __future__ import annotations

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.kinds._feature_store import InFeatureStore
from amlmigrate.kinds._listed import CREATED


class FeatureSetVersions(InFeatureStore):
    """A version of a feature set."""

    name = "featuresets/versions"
    manual = "Create the feature set in a feature store."

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
