"""Data: a URI and its type; the URI is not looked at."""

from __future__ import annotations

from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.clock import version_time
from azsandbox.arm.errors import ArmError
from azsandbox.arm.providers.ml.base import NAMESPACE, sent_properties
from azsandbox.arm.providers.ml.containers import ContainerKind
from azsandbox.arm.providers.ml.uris import expanded
from azsandbox.arm.providers.ml.versions import VersionKind, common, rest
from azsandbox.arm.registry import register
from azsandbox.arm.store import Record

# What the previews of 2023-04 to 2024-01 take and show, and no other (azure-ai-ml 1.35.2, auto_delete_setting.py).
_DELETING = "autoDeleteSetting"
_CONDITIONS = ("CreatedGreaterThan", "LastAccessedGreaterThan")
_TYPES = ("uri_file", "uri_folder", "mltable")
_CONFLICT = (
    "A data version with this name and version already exists. If you are trying to create a new data version, "
    "use a different name or version. If you are trying to update an existing data version, the existing "
    "asset's data uri cannot be changed. Only tags, description, and isArchived can be updated."
)


@register
class DataContainers(ContainerKind):
    """`workspaces/data`; list and GET disagree on `nextVersion` (AZ-LIST-9)."""

    type = f"{NAMESPACE}/workspaces/data"
    newest_first = False
    empty = {"description": None, "tags": None, "properties": None}  # noqa: RUF012 - never changed
    shows_state = False

    def missing(self, call: Call) -> ArmError:
        """404; not recorded, in the form of an environment's (AZ-ABSENT-12)."""
        return _not_found(self, call, call.name)

    def latest(self, record: Record, in_list: bool) -> tuple[str | None, str]:
        """In a list `nextVersion` is a time, alone a number (AZ-LIST-9)."""
        latest, following = super().latest(record, in_list)
        return latest, version_time(self.context.clock.tick()) if in_list else following

    def checked(self, call: Call, sent: dict[str, Any], old: Record | None) -> dict[str, Any]:
        """The type of a container cannot change."""
        if old is not None and sent.get("dataType", old.properties["dataType"]) != old.properties["dataType"]:
            raise self.user_error(call, _type_conflict(call.name, old.properties["dataType"]))
        kept = {name: value for name, value in sent.items() if name != "dataType"}
        return kept | {"dataType": sent.get("dataType") or (old.properties["dataType"] if old else "uri_folder")}


@register
class Data(VersionKind):
    """`workspaces/data/versions`."""

    type = f"{NAMESPACE}/workspaces/data/versions"

    def no_container(self, call: Call, name: str) -> ArmError:
        """404."""
        return _not_found(self, call, name)

    def filled(self, call: Call, sent: dict[str, Any]) -> dict[str, Any]:
        """What is not sent is null; the short URI becomes long, with `resourcegroups` (AZ-ASSET-3)."""
        uri, type_ = sent.get("dataUri"), sent.get("dataType")
        if type_ not in _TYPES:
            raise self.user_error(call, f"The data type '{type_}' is not supported.")
        if not isinstance(uri, str) or not uri:
            raise self.user_error(call, "The dataUri of a data version is required.")
        properties = common(sent, tags=None, properties=None) | {
            "dataUri": expanded(uri, self.workspace(call), "resourcegroups")
        }
        more = rest(sent, {**properties, "dataType": None})
        return {**properties, **more, **self._deleting(call), "dataType": type_}

    def _deleting(self, call: Call) -> dict[str, Any]:
        """When the service is to delete it. Inferred (AZ-ASSET-32): a PUT by another api-version takes it away."""
        setting = sent_properties(call).get(_DELETING) if _shows_more(call) else None
        if setting is None:
            return {}
        if not isinstance(setting, dict) or setting.get("condition") not in _CONDITIONS:
            raise self.user_error(call, f"The {_DELETING} is invalid.")
        return {_DELETING: setting}

    def check_same(self, call: Call, new: dict[str, Any], old: Record) -> None:
        """Only tags, description, properties and isArchived may differ."""
        for name in ("dataUri", "dataType", "referencedUris"):
            if new.get(name) != old.properties.get(name):
                raise self.user_error(call, _CONFLICT)
        new["isAnonymous"] = old.properties["isAnonymous"]

    def first_stamp(self, call: Call, now: str) -> dict[str, Any]:
        """Without who modified it, until somebody does."""
        stamp = super().first_stamp(call, now)
        return {name: stamp[name] for name in ("createdAt", "createdBy", "createdByType", "lastModifiedAt")}

    def container_extra(self, properties: dict[str, Any]) -> dict[str, Any]:
        """The type of the first version is the type of all."""
        return {"dataType": properties["dataType"]}

    def shown(self, call: Call, record: Record, properties: dict[str, Any]) -> dict[str, Any]:
        """`stage` and two more fields in previews of 2023 only; never a `provisioningState`."""
        setting = properties.pop(_DELETING, None)
        if _shows_more(call):
            head = {name: properties.pop(name) for name in list(properties)[:5]}
            kind = properties.pop("dataType")
            more = {"stage": properties.pop("stage", None), "intellectualProperty": None, "dataType": kind}
            return {**head, _DELETING: setting, **properties, **more}
        return properties


def _shows_more(call: Call) -> bool:
    return call.preview and "2023-04" <= call.api_version < "2024-02"


def _not_found(kind: DataContainers | Data, call: Call, name: str) -> ArmError:
    return kind.user_error(call, f"No data exists for name: {name}.", status=404, inner=("NotFoundError",))


def _type_conflict(name: str, type_: str) -> str:
    return f"The data container {name} holds data of type {type_}, which cannot be changed."
