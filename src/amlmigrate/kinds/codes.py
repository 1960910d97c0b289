"""Codes: snapshots of source files; clients find them by their hash, whatever their names."""

from __future__ import annotations

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset, AssetStorage
from amlmigrate.kinds._listed import NO_QUERY
from amlmigrate.kinds._versioned import VersionedKind


class Codes(VersionedKind):
    """A code's bytes lie in a container of its own or below `LocalUpload/`; it has no list view.

    The service stores `isAnonymous: true` as false (AZ-ASSET-14).
    """

    name = "codes"
    sdk_operations = "_code"
    fields = VersionedKind.fields.but(
        computed={"isAnonymous": "true is stored as false (AZ-ASSET-14)"}, uris=("/codeUri",)
    )
    query = NO_QUERY
    collected = True

    def storage(self, asset: Asset) -> AssetStorage:
        return AssetStorage(
            upload=next((found.location for found in self.references(asset) if found.location), None)
        )

    def example(self) -> Asset:
        return Asset(
            Address.of("codes", "589c87c9-848d-8ffb-e859-fcc080db215d", "1"),
            {
                "name": "1",
                "properties": {
                    "codeUri": "https://{account}.blob.core.windows.net:443/{workspace_id}-75avca01seto0cmc7jp5v00x53/src",
                    "description": None,
                    "isAnonymous": False,
                    "isArchived": False,
                    "properties": {"hash_sha256": "00" * 32, "hash_version": "202208"},
                    "provisioningState": "Succeeded",
                    "tags": {},
                },
                "systemData": {"createdAt": "2026-03-26T19:14:58.1234567+00:00"},
            },
        )


KIND = Codes()
