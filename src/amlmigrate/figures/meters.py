"""Which meters of the price API bill what moves leave, double or add (AZ-COST-3); none where that is not known."""

from __future__ import annotations

from amlmigrate.figures.prices import PriceMeter
from amlmigrate.figures.resources import PricedResource

OPERATIONS = PriceMeter("Key Vault", "Key Vault", "Operations", "10K", "Standard")
ENDPOINT = PriceMeter("Virtual Network", "Virtual Network Private Link", "Standard Private Endpoint", "1 Hour")
_LAKE = "Azure Data Lake Storage Gen2 Hierarchical Namespace"
_PRODUCTS = {"storagev2": "General Block Blob v2", "blobstorage": "Blob Storage"}
_COPIES = {"LRS": "LRS", "ZRS": "ZRS", "GRS": "GRS", "GZRS": "GZRS", "RAGRS": "RA-GRS", "RAGZRS": "RA-GZRS"}
_TIERS = ("hot", "cool", "cold")
_REGISTRIES = ("basic", "standard", "premium")


def of_blobs(account: PricedResource) -> PriceMeter | None:
    """What an account's blobs are billed by, in the account's own tier: a blob may have another."""
    performance, _, copies = account.sku.partition("_")
    product = _PRODUCTS.get(account.kind.lower())
    if account.hierarchical and product:
        product = _LAKE
    if not product or account.access_tier.lower() not in _TIERS or performance.lower() != "standard":
        return None
    found = _COPIES.get(copies.upper())
    if found is None:
        return None
    name = f"{account.access_tier.capitalize()} {found} Data Stored"
    return PriceMeter("Storage", product, name, "1 GB/Month")


def of_registry(registry: PricedResource) -> PriceMeter | None:
    """What a registry is billed by, without the images beyond what its tier includes."""
    if registry.sku.lower() not in _REGISTRIES:
        return None
    name = f"{registry.sku.capitalize()} Registry Unit"
    return PriceMeter("Container Registry", "Container Registry", name, "1/Day")
