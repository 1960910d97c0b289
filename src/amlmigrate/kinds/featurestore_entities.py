"""Entities of a feature store: created in a feature store, which is a workspace of another kind."""

from __future__ import annotations

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.kinds._feature_store import InFeatureStore
from amlmigrate.kinds._listed import CREATED


class FeatureStoreEntities(InFeatureStore):
    """An entity's container."""

    name = "featurestoreEntities"
    manual = "Create the entity in a feature store."

    def example(self) -> Asset:
        return Asset(
            Address.of("featurestoreEntities", "customers"),
            {
                "name": "customers",
                "properties": {"description": "", "isArchived": False},
                "systemData": CREATED,
            },
        )


KIND = FeatureStoreEntities()
