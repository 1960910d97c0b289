"""Data assets: a file, a folder or an MLTable."""

from __future__ import annotations

from dataclasses import replace

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset, AssetStorage
from amlmigrate.core.documents import Document
from amlmigrate.core.finding import Finding
from amlmigrate.core.mapping import Mapping
from amlmigrate.kinds._versioned import VersionedKind


class Data(VersionedKind):
    """The service stores any URI unchecked, and answers those of datastores in full (AZ-ASSET-3)."""

    name = "data"
    # Later ones do not know `autoDeleteSetting` (azure-ai-ml 1.35.2, entities/_assets/_artifacts/data.py, which
    # sends this one for data).
    api_version = "2023-04-01-preview"
    worked_on = True
    counted = 2
    sdk_operations = "data"
    after = ("datastores",)
    fields = replace(
        VersionedKind.fields.but(mutable={"autoDeleteSetting": "the customer's"}, uris=("/dataUri",)),
        # Of data imported into a datastore that Microsoft manages (Learn, how-to-manage-imported-data-assets).
        computed={name: why for name, why in VersionedKind.fields.computed.items() if name != "autoDeleteSetting"},
    )

    def findings(self, asset: Asset, body: Document, mapping: Mapping) -> list[Finding]:
        setting = body["properties"].get("autoDeleteSetting")
        if not setting:
            return []
        return [
            Finding(
                "warning",
                str(asset.address),
                f"It is to be deleted by the service, in the target as in the source: {setting.get('condition')}"
                f" {setting.get('value')}; in the target that counts from the move.",
                "If that is not meant, take it away there (az ml data update --name NAME --version VERSION"
                " --remove auto_delete_setting).",
                code="deletes-itself",
            )
        ]

    def storage(self, asset: Asset) -> AssetStorage:
        kind = asset.properties.get("dataType")
        # What a table reads and how is said in that file alone (AZ-ASSET-4). A job may be given any folder as a
        # table, whatever the type of the asset.
        return AssetStorage(
            files=("MLTable",) if kind == "mltable" else (), tables=True, one_file=kind == "uri_file"
        )

    def example(self) -> Asset:
        return Asset(
            Address.of("data", "titanic", "2"),
            {
                "name": "2",
                "properties": {
                    "dataType": "uri_file",
                    "dataUri": "azureml://subscriptions/{subscription}/resourcegroups/{group}/workspaces/{workspace}"
                    "/datastores/workspaceblobstore/paths/LocalUpload/00/titanic.csv",
                    "description": "Passengers",
                    "isAnonymous": False,
                    "isArchived": False,
                    "properties": {},
                    "stage": None,
                    "tags": {"source": "kaggle"},
                },
                "systemData": {"createdAt": "2026-03-03T19:07:42.2697606+00:00"},
            },
        )


KIND = Data()
