"""Components: steps of pipelines, and pipelines themselves."""

from __future__ import annotations

from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.clock import version_time
from azsandbox.arm.errors import ArmError
from azsandbox.arm.providers.ml.base import NAMESPACE
from azsandbox.arm.providers.ml.component_spec import first_difference, normal_spec
from azsandbox.arm.providers.ml.containers import ContainerKind
from azsandbox.arm.providers.ml.versions import VersionKind, common, rest
from azsandbox.arm.registry import register
from azsandbox.arm.render import answer
from azsandbox.arm.store import Record
from azsandbox.messages import Response

_DEFAULT = "azureml_default"


@register
class ComponentContainers(ContainerKind):
    """`workspaces/components`; `latestVersion` is null and `nextVersion` a time (AZ-LIST-9)."""

    type = f"{NAMESPACE}/workspaces/components"
    empty = {"description": "", "tags": {}, "properties": {}}  # noqa: RUF012 - never changed
    times_of_newest = True

    def missing(self, call: Call) -> ArmError:
        """404 `ComponentNotFound`."""
        return _not_found(self, call, call.name)

    def latest(self, record: Record, in_list: bool) -> tuple[str | None, str]:
        """Only lists are recorded; a GET is answered the same (AZ-LIST-12)."""
        return None, version_time(self.context.clock.tick())

    def _shown(self, call: Call, record: Record, *, in_list: bool) -> dict[str, Any]:
        document = super()._shown(call, record, in_list=in_list)
        if call.api_version < "2024":
            document["properties"].pop("provisioningState", None)
        return document


@register
class Components(VersionKind):
    """`workspaces/components/versions`."""

    type = f"{NAMESPACE}/workspaces/components/versions"
    staged = True

    def no_container(self, call: Call, name: str) -> ArmError:
        """404 `ComponentNotFound` (AZ-ABSENT-4)."""
        return _not_found(self, call, name)

    def filled(self, call: Call, sent: dict[str, Any]) -> dict[str, Any]:
        """The outer description is null whatever is sent; the spec is normalised."""
        spec = sent.get("componentSpec")
        if not isinstance(spec, dict):
            raise self.user_error(call, "The componentSpec of a component version is required.")
        name = self.container_name(call)
        properties = common(sent, tags={}, properties={}) | {
            "description": None,
            "componentSpec": normal_spec(spec, name, call.name, self.workspace(call)),
            "provisioningState": "Succeeded",
            "stage": sent.get("stage") or "Development",
        }
        return properties | rest(sent, properties)

    def check_same(self, call: Call, new: dict[str, Any], old: Record) -> None:
        """Display name, description and tags of the spec may change, nothing else of it (AZ-ASSET-7,
        AZ-ASSET-26)."""
        field = first_difference(new["componentSpec"], old.properties["componentSpec"])
        if field:
            raise self.user_error(
                call,
                f'Failed to update component {self.container_name(call)} since field "{field}" is immutable, '
                "try specifying a new version.",
                inner=("BadArgument", "ArgumentInvalid", "UpdateComponentFailed"),
            )
        new["isAnonymous"] = old.properties["isAnonymous"]

    def shown(self, call: Call, record: Record, properties: dict[str, Any]) -> dict[str, Any]:
        """`stage` in previews of 2024-01 on only; `provisioningState` from 2024 on."""
        if not call.preview or call.api_version < "2024":
            del properties["stage"]
        if call.api_version < "2024":
            del properties["provisioningState"]
        if call.preview and "2023-04" <= call.api_version < "2024-02":
            head = {name: properties.pop(name) for name in list(properties)[:5]}
            return {**head, "autoDeleteSetting": None, **properties}
        return properties

    async def get(self, call: Call) -> Response:
        """GET of a version, or of the pseudo version `azureml_default`: the newest, under a label's id."""
        if call.name != _DEFAULT:
            return await super().get(call)
        container = self.container(call)
        newest = container.hidden["newest"] if container else None
        record = self.context.store.get(f"{call.route.key.rpartition('/')[0]}/{newest}") if newest else None
        if container is None or record is None:
            raise self.no_container(call, self.container_name(call))
        return answer(200, {**self.view(call, record), "id": f"{container.id}/labels/default"})


def _not_found(kind: ComponentContainers | Components, call: Call, name: str) -> ArmError:
    inner = ("NotFound", "ComponentNotFound")
    return kind.user_error(call, f"Not found component {name}.", status=404, inner=inner)
