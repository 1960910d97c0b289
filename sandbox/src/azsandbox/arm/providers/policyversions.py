"""Microsoft.Authorization: the versions of policy definitions and initiatives, to be read."""

from __future__ import annotations

from typing import Any, ClassVar

from azsandbox.arm.calls import Call
from azsandbox.arm.errors import ArmError
from azsandbox.arm.kinds import Kind
from azsandbox.arm.policy import builtin, versions
from azsandbox.arm.policy.refusals import not_found, unbuilt
from azsandbox.arm.registry import register
from azsandbox.arm.render import answer
from azsandbox.messages import Response


class _Versions(Kind):
    """Versions of a definition; each is written with the definition itself."""

    of: ClassVar[str]

    def missing(self, call: Call) -> ArmError:
        """404; the code is by the name of the type (AZ-LOCAL-2)."""
        return not_found("PolicyDefinitionVersion", call.name)

    def _built_in(self, call: Call) -> dict[str, dict[str, Any]]:
        """The versions of one of Microsoft's by their names: what the newest is, and no more of others."""
        parent = call.route.parent
        known = builtin.definitions().get(parent) or builtin.sets().get(parent)
        if known is None:
            return {}
        version = versions.own(known)
        shown = {name: value for name, value in known["properties"].items() if name != "versions"}
        head = {"id": f"{known['id']}/versions/{version}", "name": version, "type": self.type}
        return {version: {**head, "properties": shown}}

    async def get(self, call: Call) -> Response:
        """The newest of Microsoft's, any of a custom one."""
        known = self._built_in(call)
        if known and call.name not in known:
            raise unbuilt(f"the version {call.name}")
        return answer(200, known[call.name]) if known else await super().get(call)

    async def list(self, call: Call) -> Response:
        """The same."""
        known = self._built_in(call)
        if not known and self.context.store.get(call.route.parent) is None:
            raise not_found(self.of, call.route.levels[-1].name)
        return answer(200, {"value": list(known.values())}) if known else await super().list(call)


@register
class PolicyDefinitionVersions(_Versions):
    """`policyDefinitions/{name}/versions`."""

    type = "Microsoft.Authorization/policyDefinitions/versions"
    of = "PolicyDefinition"


@register
class PolicySetDefinitionVersions(_Versions):
    """`policySetDefinitions/{name}/versions`."""

    type = "Microsoft.Authorization/policySetDefinitions/versions"
    of = "PolicySetDefinition"
