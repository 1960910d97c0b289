"""Components: commands and pipelines, which refer to codes, environments and other components."""

from __future__ import annotations

from typing import Any

from amlmigrate.cloud.declared import Absent
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.kinds._versioned import VersionedKind

# The URL decides the first two; the service drops the others (AZ-ASSET-5).
_NOT_KEPT = frozenset({"name", "version", "_source", "id"})
# Members of a spec whose keys are the customer's own names: one of these says something even where it is empty.
_NAMED = frozenset({"inputs", "outputs", "jobs", "tags", "properties", "environment_variables"})


class Components(VersionedKind):
    """The service turns every scalar of a spec into a string, adds defaults, and keeps no outer description
    (AZ-ASSET-6)."""

    name = "components"
    absent = (Absent.of("ComponentNotFound", r"Not found component (\S+?)\.?$", "AZ-ABSENT-4"),)
    worked_on = True
    counted = 4
    sdk_operations = "components"
    fields = VersionedKind.fields.but(
        # The service takes these of a spec anew and refuses the rest (AZ-ASSET-7, AZ-ASSET-26).
        mutable={f"componentSpec/{name}": "text for people" for name in ("description", "display_name", "tags")},
        customer_maps={"componentSpec": "`outputs: {model: null}` is an output of the default type"},
    )
    after = ("codes", "environments", "models", "data", "datastores")
    anonymous_names = ("azureml_anonymous",)

    def canonical(self, document: Document) -> Document:
        found = super().canonical(document)
        found.pop("description", None)
        spec = found.get("componentSpec")
        if isinstance(spec, dict):
            found["componentSpec"] = _texts({k: v for k, v in spec.items() if k not in _NOT_KEPT})
        elif "description" in properties_of(document):
            found |= {"description": document["properties"]["description"] or None}
        return {key: value for key, value in found.items() if value is not None}

    def example(self) -> Asset:
        workspace = (
            "/subscriptions/{subscription}/resourceGroups/{group}"
            "/providers/Microsoft.MachineLearningServices/workspaces/{workspace}"
        )
        return Asset(
            Address.of("components", "train", "1"),
            {
                "name": "1",
                "properties": {
                    "componentSpec": {
                        "code": f"azureml:{workspace}/codes/589c87c9-848d-8ffb-e859-fcc080db215d/versions/1",
                        "command": "python train.py",
                        "environment": f"azureml:{workspace}/environments/training/versions/3",
                        "inputs": {"rate": {"type": "number", "default": "0.1", "optional": "False"}},
                        "is_deterministic": "True",
                        "name": "train",
                        "resources": {"instance_count": "1"},
                        "type": "command",
                        "version": "1",
                    },
                    "description": None,
                    "isAnonymous": False,
                    "isArchived": False,
                    "properties": {"client_component_hash": "23529560-9896-758c-1b3d-9c2fd79b3a7e"},
                    "provisioningState": "Succeeded",
                    "stage": "Development",
                    "tags": {},
                },
                "systemData": {"createdAt": "2026-03-26T19:14:58.1234567+00:00"},
            },
        )


def _texts(value: Any, member: str = "") -> Any:
    """A spec with its scalars as the service writes them, and without the defaults that it adds.

    Inferred (AZ-ASSET-8): a null stays one, since a null is no scalar.
    """
    if isinstance(value, dict) and member in _NAMED:
        return {key: _texts(child) for key, child in value.items()}
    if isinstance(value, dict):
        found = {key: _texts(child, key) for key, child in value.items()}
        defaults = (("optional", "False"), *([("instance_count", "1")] if member == "resources" else []))
        return {
            key: child for key, child in found.items() if child not in ({}, []) and (key, child) not in defaults
        }
    if isinstance(value, list):
        return [_texts(child) for child in value]
    return value if value is None or isinstance(value, str) else str(value)


KIND = Components()
