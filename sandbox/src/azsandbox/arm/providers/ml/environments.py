"""Environments: image, conda file, build context; every PUT answers 201 and leaves systemData alone."""

from __future__ import annotations

from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.errors import ArmError
from azsandbox.arm.providers.ml.base import NAMESPACE
from azsandbox.arm.providers.ml.conda import as_json
from azsandbox.arm.providers.ml.containers import ContainerKind
from azsandbox.arm.providers.ml.versions import VersionKind, common, rest
from azsandbox.arm.registry import register
from azsandbox.arm.store import Record

_LABELS = "azureml.labels"
_FIXED = ("image", "condaFile", "build", "inferenceConfig", "osType", "isAnonymous")


@register
class EnvironmentContainers(ContainerKind):
    """`workspaces/environments`, `CliV2AnonymousEnvironment` among them."""

    type = f"{NAMESPACE}/workspaces/environments"
    empty = {"description": "", "tags": {}, "properties": {}}  # noqa: RUF012 - never changed
    put_always_creates = True
    times_of_newest = True

    def missing(self, call: Call) -> ArmError:
        """404 with an empty version and label (AZ-ABSENT-3)."""
        return _not_found(self, call, call.name, "")

    def latest(self, record: Record, in_list: bool) -> tuple[str | None, str]:
        """The container of anonymous ones is recorded with 0 and 1."""
        if record.name == "CliV2AnonymousEnvironment":
            return "0", "1"
        return super().latest(record, in_list)


@register
class Environments(VersionKind):
    """`workspaces/environments/versions`."""

    type = f"{NAMESPACE}/workspaces/environments/versions"
    put_always_creates = True
    staged = True

    def no_container(self, call: Call, name: str) -> ArmError:
        """404; asked for a list there is no version to name. Inferred (AZ-ABSENT-15): the words of a version."""
        return _not_found(self, call, name, call.route.name or "")

    def filled(self, call: Call, sent: dict[str, Any]) -> dict[str, Any]:
        """`condaFile` becomes JSON text; the label is the service's own and not kept."""
        try:
            conda = as_json(str(sent.get("condaFile") or ""))
        except ValueError as error:
            raise self.user_error(call, f"The conda file is not valid: {error}") from error
        properties = common(sent, tags={}, properties={})
        anonymous = properties["isAnonymous"]
        inner = {name: value for name, value in properties["properties"].items() if name != _LABELS}
        properties |= {
            "properties": inner,
            "environmentType": "UserCreated",
            "image": sent.get("image"),
            "condaFile": conda,
            "build": _build(sent.get("build")),
            "inferenceConfig": sent.get("inferenceConfig"),
            "osType": sent.get("osType") or "Linux",
            "autoRebuild": sent.get("autoRebuild") or "Disabled",
            "provisioningState": "Succeeded",
            "stage": sent.get("stage") or ("Logged" if anonymous else "Development"),
        }
        more = rest(sent, properties)
        for name in ("image", "build", "inferenceConfig"):
            if properties[name] is None:
                del properties[name]
        return properties | more

    def check_same(self, call: Call, new: dict[str, Any], old: Record) -> None:
        """What an environment is made of cannot change.

        The status is not recorded; azure-ai-ml counts versions up on a 409 only (ResourceExistsError).
        """
        for name in _FIXED:
            if new.get(name) != old.properties.get(name):
                raise self.user_error(
                    call,
                    f"Environment {self.container_name(call)} with version {call.name} is already registered "
                    "and cannot be changed.",
                    status=409,
                )

    def shown(self, call: Call, record: Record, properties: dict[str, Any]) -> dict[str, Any]:
        """The label `latest` on the newest version, an empty one on the others, none on anonymous ones."""
        if call.api_version < "2023":
            for name in ("autoRebuild", "provisioningState", "stage"):
                del properties[name]
            return properties
        if not properties["isAnonymous"]:
            container = self.context.store.get(record.parent)
            newest = container is None or container.hidden["newest"] in (record.name, None)
            properties["properties"] = {**properties["properties"], _LABELS: "latest" if newest else ""}
        if call.preview and "2023-04" <= call.api_version < "2024-02":
            head = {name: properties.pop(name) for name in list(properties)[:5]}
            return {**head, "autoDeleteSetting": None, **properties, "intellectualProperty": None}
        return properties


def _build(sent: Any) -> Any:
    """The build context, with the default that the description of the API has for the path."""
    if not isinstance(sent, dict):
        return None
    return {**sent, "dockerfilePath": sent.get("dockerfilePath") or "Dockerfile"}


def _not_found(kind: EnvironmentContainers | Environments, call: Call, name: str, version: str) -> ArmError:
    # The trailing space is recorded.
    message = f"No environment exists for name: {name}, version: {version}, label: "
    return kind.user_error(call, message, status=404, inner=("NotFoundError",))
