"""Marketplace subscriptions: terms that were accepted for models of the catalog."""

from __future__ import annotations

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.kinds._listed import CREATED, Listed


class MarketplaceSubscriptions(Listed):
    """A subscription to a model."""

    name = "marketplaceSubscriptions"
    manual = "Subscribe in the target; the terms have to be accepted again."
    volatile = ("marketplaceSubscriptionStatus",)

    def example(self) -> Asset:
        return Asset(
            Address.of("marketplaceSubscriptions", "phi"),
            {
                "name": "phi",
                "properties": {"modelId": "azureml://registries/azureml/models/phi"},
                "systemData": CREATED,
            },
        )


KIND = MarketplaceSubscriptions()
