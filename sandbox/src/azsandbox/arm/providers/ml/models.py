"""Models: where their files are, and the flavours they have."""

from __future__ import annotations

import re
from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.errors import ArmError
from azsandbox.arm.providers.ml.base import NAMESPACE
from azsandbox.arm.providers.ml.containers import ContainerKind
from azsandbox.arm.providers.ml.modelbytes import check_bytes
from azsandbox.arm.providers.ml.uris import expanded, with_camel_groups
from azsandbox.arm.providers.ml.versions import VersionKind, common, rest
from azsandbox.arm.registry import register
from azsandbox.arm.store import Record

_NUMBER = re.compile(r"[1-9][0-9]*$")


@register
class ModelContainers(ContainerKind):
    """`workspaces/models`."""

    type = f"{NAMESPACE}/workspaces/models"
    newest_first = False

    def missing(self, call: Call) -> ArmError:
        """404 `ModelNotFound` (AZ-ABSENT-2)."""
        return _not_found(self, call, call.name)


@register
class Models(VersionKind):
    """`workspaces/models/versions`."""

    type = f"{NAMESPACE}/workspaces/models/versions"
    lists_named_only = True
    staged = True

    def no_container(self, call: Call, name: str) -> ArmError:
        """404 `ModelNotFound`."""
        return _not_found(self, call, name)

    def filled(self, call: Call, sent: dict[str, Any]) -> dict[str, Any]:
        """`flavors` is always there; `stage` is Development unless archived or sent."""
        if not _NUMBER.match(call.name):
            # AZ-ASSET-31; the text is ours (AZ-LOCAL-1).
            raise self.user_error(call, f"Model version {call.name} is not valid: it must be a positive integer.")
        uri = sent.get("modelUri")
        if isinstance(uri, str):
            uri = with_camel_groups(expanded(uri, self.workspace(call), "resourceGroups"))
        properties = common(sent, tags={}, properties={}) | {
            "flavors": sent.get("flavors") or {},
            "modelType": sent.get("modelType"),
            "modelUri": uri,
            "jobName": sent.get("jobName"),
            "provisioningState": "Succeeded",
            "stage": sent.get("stage") or "Development",
        }
        return properties | rest(sent, properties)

    def check_same(self, call: Call, new: dict[str, Any], old: Record) -> None:
        """Another `modelUri` is refused, with the text that azure-ai-ml looks for."""
        if new["modelUri"] != old.properties["modelUri"]:
            raise self.user_error(call, "Asset paths cannot be updated.")
        new["isAnonymous"] = old.properties["isAnonymous"]

    async def check_new(self, call: Call, properties: dict[str, Any]) -> None:
        """Its files have to be there."""
        if isinstance(properties["modelUri"], str):
            await check_bytes(self, call, properties["modelUri"])

    def shown(self, call: Call, record: Record, properties: dict[str, Any]) -> dict[str, Any]:
        """`stage` and `provisioningState` from 2023-08 on; two more fields in previews of that time."""
        if call.api_version < "2023-04":
            properties.pop("provisioningState"), properties.pop("stage")
        if call.preview and "2023-04" <= call.api_version < "2024-02":
            head = {name: properties.pop(name) for name in list(properties)[:5]}
            return {**head, "autoDeleteSetting": None, **properties, "intellectualProperty": None}
        return properties


def _not_found(kind: ModelContainers | Models, call: Call, name: str) -> ArmError:
    detail = ("ModelNotFound", f"Model container with name: {name} not found.")
    return kind.user_error(call, "The specified resource was not found.", status=404, detail=detail)
