"""Environments: an image, conda packages or a build context."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import yaml

from amlmigrate.cloud.declared import Absent
from amlmigrate.core.address import Address
from amlmigrate.core.armid import name_of
from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.finding import Finding
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.nesting import repeats, tokens
from amlmigrate.core.workspace import Workspace
from amlmigrate.kinds._base import WorkspacePort
from amlmigrate.kinds._versioned import VersionedKind

# It leaves every scalar a text, whatever its tag: `python: 3.10` must not become 3.1.
_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_DEFAULTS = {"autoRebuild": "Disabled", "osType": "Linux"}
_LABELS = "azureml.labels"
_CURATED = "Curated"
_RESERVED = "AzureML"


class Environments(VersionedKind):
    """`condaFile` goes in as YAML and comes back as JSON text; `azureml.labels` moves with the newest version
    (AZ-ASSET-9)."""

    name = "environments"
    absent = (
        Absent.of("NotFoundError", r"No environment exists for name: (\S+), version: ?, label:", "AZ-ABSENT-3"),
        Absent.of(
            "NotFoundError", r"No environment exists for name: (\S+), version: (\S+), label:", "AZ-ABSENT-15"
        ),
    )
    counted = 3
    sdk_operations = "environments"
    put_reports_creation = False
    fields = VersionedKind.fields.but(computed={"environmentType": "curated or not"}, uris=("/build/contextUri",))
    volatile = (*VersionedKind.volatile, f"properties|{_LABELS}")
    anonymous_names = ("CliV2AnonymousEnvironment",)

    async def scan(self, source: WorkspacePort, parents: Sequence[Asset] = ()) -> list[Asset]:
        """A container says nothing of its type: it is curated when all its versions are."""
        found = await super().scan(source, parents)
        types: dict[str, set[bool]] = {}
        for asset in found:
            if asset.address.version is not None:
                types.setdefault(asset.address.name, set()).add(_curated(asset))
        return [
            _as_curated(asset)
            if asset.address.version is None and types.get(asset.address.name) == {True}
            else asset
            for asset in found
        ]

    def stays(self, asset: Asset) -> str:
        # Curated environments are the service's, the same in every workspace (AZ-ASSET-10); a name that
        # begins as theirs do is no proof, since users have given such names too.
        return "curated: the service offers it in every workspace" if _curated(asset) else ""

    def refuses(self, address: Address) -> str:
        # `Environment name can not start with the prefix AzureML`. Inferred (AZ-ASSET-11): for ARM as well.
        if address.name.startswith(_RESERVED):
            return f"names that begin with '{_RESERVED}' are the service's own"
        return super().refuses(address)

    def findings(self, asset: Asset, body: Document, mapping: Mapping) -> list[Finding]:
        image = str(body["properties"].get("image") or "")
        registry, other = (_registry(workspace) for workspace in (mapping.source, mapping.target))
        if (
            not registry
            or registry == other
            or not re.match(rf"{re.escape(registry)}\.azurecr\.", image, re.IGNORECASE)
        ):
            return []
        return [
            Finding(
                "warning",
                str(asset.address),
                f"Its image is in the source's own registry '{registry}': '{image}'.",
                "Keep that registry and let the target's identity pull from it (AcrPull), or import the image into"
                " the target's (`az acr import`) and make a version that names it there.",
                code="image-in-old-registry",
            )
        ]

    def writable(self, properties: Document) -> Document:
        kept = super().writable(properties)
        own = {key: value for key, value in properties_of(kept).items() if key != _LABELS}
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
            Address.of("environments", "training", "3"),
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


def _curated(asset: Asset) -> bool:
    return asset.properties.get("environmentType") == _CURATED


def _as_curated(asset: Asset) -> Asset:
    properties = {**asset.properties, "environmentType": _CURATED}
    return Asset(asset.address, {**asset.document, "properties": properties})


def _registry(workspace: Workspace) -> str:
    """The name of a workspace's own container registry, in lower case; empty where it has none."""
    return name_of(workspace.properties.get("containerRegistry")).lower()


def _conda(text: str) -> Any:
    """JSON is YAML, so one reader takes both; what is neither is compared as the text it is.

    So is what is too deep, what has aliases, by which a short text may come to a value without an end, and what
    gives a member twice: of the two a reader would keep one, and a text without the other would seem equal.
    """
    try:
        if any(isinstance(token, yaml.AliasToken) for token in tokens(text)):
            return text
        node = yaml.compose(text, Loader=_LOADER)
        if node is None or repeats(node):
            return text
        return yaml.load(text, Loader=_LOADER)  # noqa: S506 - it makes nothing but texts, lists and maps
    except yaml.YAMLError:
        return text


KIND = Environments()
