"""Environments: an image, conda packages or a build context."""

from __future__ import annotations

from typing import Any

import yaml

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import Document
from amlmigrate.kinds._versioned import VersionedKind

_DEFAULTS = {"autoRebuild": "Disabled", "osType": "Linux"}
_LABELS = "azureml.labels"


class Environments(VersionedKind):
    """`condaFile` goes in as YAML and comes back as JSON text; `azureml.labels` moves with the newest version
    (wire-facts, section 4)."""

    name = "environments"
    sdk_operations = "environments"
    tells_new = False
    computed = VersionedKind.computed | {"environmentType"}
    volatile = (*VersionedKind.volatile, f"properties|{_LABELS}")
    uris = ("/build/contextUri",)
    anonymous_names = ("CliV2AnonymousEnvironment",)

    def not_moved(self, asset: Asset) -> str | None:
        # Curated environments are the service's, the same in every workspace (azure-facts, section 2).
        if asset.properties.get("environmentType") == "Curated" or asset.address.name.startswith("AzureML-"):
            return "curated: the service offers it in every workspace"
        return None

    def writable(self, properties: Document) -> Document:
        kept = super().writable(properties)
        own = {key: value for key, value in (kept.get("properties") or {}).items() if key != _LABELS}
        if "properties" in kept:
            kept["properties"] = own
        if not kept.get("condaFile"):
            kept.pop("condaFile", None)
        return kept

    def canonical(self, document: Document) -> Document:
        found = super().canonical(document)
        found = {key: value for key, value in found.items() if _DEFAULTS.get(key) != value}
        if "condaFile" in found:
            found["condaFile"] = _conda(found["condaFile"])
        return found

    def example(self) -> Asset:
        return Asset(
            Address("environments", "training", "3"),
            {
                "name": "3",
                "properties": {
                    "autoRebuild": "Disabled",
                    "condaFile": '{\n  "channels": [\n    "conda-forge"\n  ]\n}',
                    "description": "For training",
                    "environmentType": "UserCreated",
                    "image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04",
                    "isAnonymous": False,
                    "isArchived": False,
                    "osType": "Linux",
                    "properties": {_LABELS: "latest"},
                    "provisioningState": "Succeeded",
                    "stage": "Development",
                    "tags": {"team": "risk"},
                },
                "systemData": {"createdAt": "2026-03-03T19:07:42.2697606+00:00"},
            },
        )


def _conda(text: str) -> Any:
    """JSON is YAML, so one reader takes both; what is neither is compared as the text it is."""
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader, see below
    except yaml.YAMLError:
        return text


class _Loader(yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader):  # type: ignore[misc]
    """A safe loader that leaves every scalar a string: `python: 3.10` must not become 3.1."""


_Loader.yaml_implicit_resolvers = {}


KIND = Environments()
