"""Entities of a feature store: made in a feature store, which is a workspace of another kind."""

from __future__ import annotations

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.kinds._listed import CREATED, EVERY_STATE, Listed


class FeatureStoreEntities(Listed):
    """An entity's container."""

    name = "featurestoreEntities"
    manual = "Create the entity in a feature store."
    # One is made anew in a feature store, which is another workspace.
    shown = False
    query = EVERY_STATE

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
