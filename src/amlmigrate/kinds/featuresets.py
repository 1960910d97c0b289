"""Feature sets: created in a feature store, which is a workspace of another kind."""

from __future__ import annotations

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.kinds._feature_store import InFeatureStore
from amlmigrate.kinds._listed import CREATED


class FeatureSets(InFeatureStore):
    """A feature set's container."""

    name = "featuresets"
    manual = "Create the feature set in a feature store."

    def example(self) -> Asset:
        return Asset(
            Address.of("featuresets", "customers"),
            {
                "name": "customers",
                "properties": {"description": "", "isArchived": False},
                "systemData": CREATED,
            },
        )


KIND = FeatureSets()
