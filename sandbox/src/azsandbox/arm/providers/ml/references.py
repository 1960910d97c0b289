"""References from one asset to another: what they lead to, and whether that is there."""

from __future__ import annotations

import re
from dataclasses import dataclass

from azsandbox.arm.context import Context
from azsandbox.arm.store import Record

_FULL = re.compile(
    r"(?:azureml:)?(?P<workspace>/subscriptions/[^/]+/resourcegroups/[^/]+/providers/"
    r"microsoft\.machinelearningservices/workspaces/[^/]+)/(?P<kind>[^/]+)/(?P<name>[^/]+)/"
    r"(?P<what>versions|labels)/(?P<version>[^/]+)$",
    re.IGNORECASE,
)
_SHORT = re.compile(r"azureml:(?P<name>[A-Za-z0-9][^:/@]*)(?::(?P<version>[^:/@]+)|@(?P<label>[^:/@]+))$")
_LATEST = "latest"


@dataclass(frozen=True)
class Reference:
    """An asset's version, or a label of it, in a workspace of ours."""

    container: str  # key of the asset
    id: str  # of the asset, as the reference spells it
    name: str
    version: str = ""
    label: str = ""


def read(text: str, kind: str, workspace: Record) -> Reference | None:
    """What a reference to an asset of a kind (`models`) names; None for anything but a workspace's asset.

    What lies in a registry, in bytes or in a job's output is not looked at.
    """
    if match := _FULL.match(text):
        where, named = match["workspace"], match["kind"]
        label = match["version"] if match["what"].lower() == "labels" else ""
        return Reference(
            f"{where.lower()}/{named.lower()}/{match['name']}",
            f"{where}/{named}/{match['name']}",
            match["name"],
            "" if label else match["version"],
            label,
        )
    if match := _SHORT.match(text):
        place = (f"{workspace.key}/{kind.lower()}/{match['name']}", f"{workspace.id}/{kind}/{match['name']}")
        return Reference(*place, match["name"], match["version"] or "", match["label"] or "")
    return None


def found(context: Context, reference: Reference) -> Record | None:
    """The version that a reference leads to; `latest`, the only label that is known, to the newest."""
    version = reference.version
    if reference.label:
        container = context.store.get(reference.container)
        version = str(container.hidden.get("newest") or "") if container and reference.label == _LATEST else ""
    return context.store.get(f"{reference.container}/versions/{version}") if version else None
