"""What the local Azure is filled with: rows of resources and of blobs, as `World.seed` takes them."""

from __future__ import annotations

from typing import Any

STORE = "azureml://datastores/workspaceblobstore/paths"
Row = dict[str, Any]


def row(kind: str, name: str, version: str | None = "1", **properties: Any) -> Row:
    """One resource with the properties of its document."""
    return {"kind": kind, "name": name, "version": version, "properties": properties}


def data(name: str, uri: str, kind: str = "uri_folder", version: str = "1", **more: Any) -> Row:
    """A version of a data asset; `uri` is whole, or a path in the workspace's default container."""
    return row("data", name, version, dataType=kind, dataUri=_whole(uri), **more)


def model(name: str, uri: str, version: str = "1", **more: Any) -> Row:
    """A version of a model; `uri` is whole, or a path in the workspace's default container."""
    return row("models", name, version, modelType="custom_model", modelUri=_whole(uri), **more)


def blob(path: str, length: int = 10, container: str = "azureml-blobstore") -> Row:
    """A blob, in the workspace's default container where none is named."""
    return {"container": container, "path": path, "bytes": length}


def _whole(uri: str) -> str:
    return uri if ":" in uri else f"{STORE}/{uri}"
