"""Versions of entities of a feature store."""

from __future__ import annotations

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.kinds._feature_store import InFeatureStore
from amlmigrate.kinds._listed import CREATED


class FeatureStoreEntityVersions(InFeatureStore):
    """A version of an entity."""

    name = "featurestoreEntities/versions"
    manual = "Create the entity in a feature store."

    def example(self) -> Asset:
        return Asset(
            Address("featurestoreEntities/versions", ("customers", "1")),
            {
                "name": "1",
                "properties": {"stage": "Development", "isArchived": False},
                "systemData": CREATED,
            },
        )


KIND = FeatureStoreEntityVersions()
