"""What a deployment needs of its workspace, and the error of the operation where something of it is missing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from azsandbox.arm.context import Context
from azsandbox.arm.providers.ml.references import found, read
from azsandbox.arm.store import Record


def missing(context: Context, deployment: Record) -> dict[str, Any] | None:
    """The `error` with which the operation of a deployment ends; None where all is there.

    Inferred (AZ-LOCAL-1): code and text of what is not registered. `ResourceNotFound: Unable to download user
    model/code artifacts` is reported for a container of a model or of code that is gone
    (MicrosoftDocs/azure-docs#120727).
    """
    workspace = context.store.get("/".join(deployment.key.split("/")[:9]))
    if workspace is None:
        return None
    for kind, text in _named(deployment.properties):
        reference = read(text, kind, workspace)
        if reference is not None and found(context, reference) is None:
            message = f"Unable to download user model/code artifacts, {kind} asset '{text}' was not found."
            if kind == "environments":
                message = f"Environment '{text}' was not found."
            return {"code": "ResourceNotFound", "message": message}
    return None


def _named(properties: dict[str, Any]) -> Iterator[tuple[str, str]]:
    model = properties.get("model")
    asset = model.get("assetId") if isinstance(model, dict) else model
    code = properties.get("codeConfiguration") or {}
    pipeline = (properties.get("deploymentConfiguration") or {}).get("componentId") or {}
    for kind, text in (
        ("models", asset),
        ("environments", properties.get("environmentId")),
        ("codes", code.get("codeId")),
        ("components", pipeline.get("assetId")),
    ):
        if isinstance(text, str):
            yield kind, text
