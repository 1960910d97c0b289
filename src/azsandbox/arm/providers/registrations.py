"""Resource providers as subscriptions see them: all registered, from the start."""

from __future__ import annotations

from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.errors import gateway
from azsandbox.arm.kinds import Kind, action
from azsandbox.arm.registry import register
from azsandbox.arm.render import answer
from azsandbox.messages import Response

# What is registered beside the namespaces that have kinds here.
_OTHERS = (
    "Microsoft.DocumentDB",
    "Microsoft.Search",
    "Microsoft.Compute",
    "Microsoft.Network",
    "Microsoft.OperationalInsights",
    "Microsoft.PolicyInsights",
    "Microsoft.Features",
)


@register
class Providers(Kind):
    """GET of one or all, and `register`, which changes nothing."""

    type = "Microsoft.Resources/providers"
    rights_type = "Microsoft.Resources/subscriptions/providers"

    def right(self, call: Call) -> str:
        """Registering is a right of the provider's own."""
        return f"{call.name}/{call.route.action}/action" if call.route.action else ""

    def _namespaces(self) -> dict[str, str]:
        known = [kind.type.split("/")[0] for kind in self.context.kinds.values()]
        return {name.lower(): name for name in (*known, *_OTHERS)}

    def _document(self, call: Call, namespace: str) -> dict[str, Any]:
        types = [
            {
                "resourceType": kind.type.partition("/")[2],
                "locations": [self.context.location],
                "apiVersions": ["2025-12-01"],
                "capabilities": "SupportsTags, SupportsLocation" if kind.tracked else "None",
            }
            for kind in self.context.kinds.values()
            if kind.type.split("/")[0] == namespace
        ]
        return {
            "id": f"/subscriptions/{call.subscription}/providers/{namespace}",
            "namespace": namespace,
            "registrationPolicy": "RegistrationRequired",
            "resourceTypes": types,
            "registrationState": "Registered",
        }

    async def get(self, call: Call) -> Response:
        """GET `/subscriptions/{id}/providers/{namespace}`."""
        namespace = self._namespaces().get(call.name.lower())
        if namespace is None:
            raise gateway(404, "InvalidResourceNamespace", f"The resource namespace '{call.name}' is invalid.")
        return answer(200, self._document(call, namespace))

    async def list(self, call: Call) -> Response:
        """GET `/subscriptions/{id}/providers`."""
        return answer(200, {"value": [self._document(call, name) for name in self._namespaces().values()]})

    @action("POST", "register")
    async def register(self, call: Call) -> Response:
        """POST `…/register`."""
        return await self.get(call)
