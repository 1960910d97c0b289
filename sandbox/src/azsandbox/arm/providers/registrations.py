"""Resource providers as subscriptions see them: registered from the start, until one is unregistered."""

from __future__ import annotations

from typing import Any

from azsandbox.arm.apiversions import versions
from azsandbox.arm.calls import Call
from azsandbox.arm.context import Context
from azsandbox.arm.errors import gateway
from azsandbox.arm.kinds import Kind, action
from azsandbox.arm.registry import guard, register
from azsandbox.arm.render import answer
from azsandbox.arm.store import Record
from azsandbox.messages import Response

_TYPE = "microsoft.resources/providers"
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
# Every subscription has these, and cannot give them up.
_ALWAYS = ("microsoft.authorization", "microsoft.resources", "microsoft.management")


def _key(subscription: str, namespace: str) -> str:
    return f"/subscriptions/{subscription.lower()}/providers/{namespace.lower()}"


def registration_state(context: Context, subscription: str, namespace: str) -> str:
    """`Registered` or `NotRegistered`."""
    record = context.store.get(_key(subscription, namespace))
    return str(record.properties["registrationState"]) if record else "Registered"


@guard
def registered(call: Call) -> None:
    """409 `MissingSubscriptionRegistration` for writing what an unregistered provider has."""
    namespace = call.route.kind.type.partition("/")[0]
    if call.request.method not in ("PUT", "PATCH") or not call.subscription:
        return
    if registration_state(call.context, call.subscription, namespace) != "Registered":
        raise gateway(
            409,
            "MissingSubscriptionRegistration",
            f"The subscription is not registered to use namespace '{namespace}'. "
            "See https://aka.ms/rps-not-found for how to register subscriptions.",
        )


@register
class Providers(Kind):
    """GET of one or all, `register` and `unregister`, done at once."""

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
                "apiVersions": list(reversed(kind.api_versions or versions(kind.key_type))),
                "capabilities": "SupportsTags, SupportsLocation" if kind.tracked else "None",
            }
            for kind in self.context.kinds.values()
            if kind.type.split("/")[0] == namespace
        ]
        return {
            "id": f"/subscriptions/{call.subscription}/providers/{namespace}",
            "namespace": namespace,
            "registrationPolicy": "RegistrationFree" if namespace.lower() in _ALWAYS else "RegistrationRequired",
            "resourceTypes": types,
            "registrationState": registration_state(self.context, call.subscription, namespace),
        }

    def _namespace(self, call: Call) -> str:
        namespace = self._namespaces().get(call.name.lower())
        if namespace is None:
            raise gateway(404, "InvalidResourceNamespace", f"The resource namespace '{call.name}' is invalid.")
        return namespace

    async def get(self, call: Call) -> Response:
        """GET `/subscriptions/{id}/providers/{namespace}`."""
        return answer(200, self._document(call, self._namespace(call)))

    async def list(self, call: Call) -> Response:
        """GET `/subscriptions/{id}/providers`."""
        return answer(200, {"value": [self._document(call, name) for name in self._namespaces().values()]})

    @action("POST", "register")
    async def register(self, call: Call) -> Response:
        """POST `…/register`."""
        return self._set(call, "Registered")

    @action("POST", "unregister")
    async def unregister(self, call: Call) -> Response:
        """POST `…/unregister`."""
        return self._set(call, "NotRegistered")

    def _set(self, call: Call, state: str) -> Response:
        namespace = self._namespace(call)
        if state != "Registered" and namespace.lower() in _ALWAYS:
            raise gateway(409, "CannotUnregisterRegistrationFreeNamespace", f"'{namespace}' stays.")  # AZ-LOCAL-2
        key = _key(call.subscription, namespace)
        id_ = f"/subscriptions/{call.subscription}/providers/{namespace}"
        document = {"id": id_, "properties": {"registrationState": state}}
        parent = key.rpartition("/")[0]
        self.context.store.put(Record(key, _TYPE, parent, id_, namespace, document))
        return answer(200, self._document(call, namespace))
