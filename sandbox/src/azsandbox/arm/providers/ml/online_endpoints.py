"""Online endpoints and their deployments."""

from __future__ import annotations

import json
from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.errors import ArmError
from azsandbox.arm.kinds import action
from azsandbox.arm.providers.ml import needs
from azsandbox.arm.providers.ml.base import NAMESPACE
from azsandbox.arm.providers.ml.endpoints import EndpointKind
from azsandbox.arm.providers.ml.inference import InferenceKind
from azsandbox.arm.registry import register
from azsandbox.arm.render import answer
from azsandbox.arm.store import Record
from azsandbox.arm.tracked import object_of
from azsandbox.messages import Response

_ENDPOINTS = f"{NAMESPACE}/workspaces/onlineEndpoints"
_HOUR = 3600
# Defaults of a deployment (AZ-LIVE-13).
_PROBE = {
    "failureThreshold": 30,
    "successThreshold": 1,
    "timeout": "PT2S",
    "period": "PT10S",
    "initialDelay": "PT10S",
}
_REQUESTS = {"maxQueueWait": "PT0S", "requestTimeout": "PT5S", "maxConcurrentRequestsPerInstance": 1}


@register
class OnlineEndpoints(EndpointKind):
    """`workspaces/onlineEndpoints`."""

    type = _ENDPOINTS
    prefix = "oeidp"
    delete_prefix = "oe"
    delete_body = b"null"  # recorded with 2022-02-01-preview
    path_of_score = "score"

    def missing(self, call: Call) -> ArmError:
        """404; recorded for batch endpoints only (AZ-ABSENT-6)."""
        return no_such_endpoint(self, call, call.name)

    def name_taken(self, call: Call) -> ArmError:
        """400, a validation error in an error, from a public report (AZ-LOCAL-1)."""
        why = "There is already an endpoint with this name, Endpoint name needs to be unique within a region. "
        document = {
            "errors": {"": [why + "Try some other name."]},
            "type": "https://tools.ietf.org/html/rfc7231#section-6.5.1",
            "title": "One or more validation errors occurred.",
            "status": 400,
        }
        detail = ("InferencingClientCallFailed", json.dumps(document, separators=(",", ":")))
        return self.user_error(call, "The request is invalid.", code="BadRequest", detail=detail)

    def filled(self, call: Call, sent: dict[str, Any], old: Record | None) -> dict[str, Any]:
        """Traffic may only go to deployments that are there (AZ-LIVE-7)."""
        self.check_name(call)
        traffic = object_of(sent, "traffic")
        for name in traffic:
            if self.context.store.get(f"{call.route.key}/deployments/{name.lower()}") is None:
                raise self.user_error(call, f"The deployment '{name}' of the traffic rule was not found.")
        before = old.properties if old else {}
        properties: dict[str, Any] = {
            "description": sent.get("description"),
            "properties": {**(before.get("properties") or {}), **object_of(sent, "properties")},
            "scoringUri": before.get("scoringUri"),
            "swaggerUri": before.get("swaggerUri"),
            "authMode": sent.get("authMode") or before.get("authMode") or "Key",
            "provisioningState": "Creating",
            "compute": sent.get("compute"),
            "traffic": traffic,
            "mirrorTraffic": object_of(sent, "mirrorTraffic"),
            "publicNetworkAccess": sent.get("publicNetworkAccess") or "Enabled",
        }
        return properties | {name: value for name, value in sent.items() if name not in (*properties, "keys")}

    def top_defaults(self) -> dict[str, Any]:
        """Managed, unless said otherwise."""
        return {"kind": "Managed"}

    @action("POST", "token")
    async def token(self, call: Call) -> Response:
        """An access token: to be refreshed after 12 hours, of no use after 24."""
        record = self.require(call)
        if record.properties["authMode"] == "Key":
            raise self.user_error(call, "The endpoint uses keys.")
        now = int(self.context.clock.now())
        document = {
            "accessToken": f"{record.name}.{now:x}",
            "tokenType": "Bearer",
            "expiryTimeUtc": now + 24 * _HOUR,
            "refreshAfterTimeUtc": now + 12 * _HOUR,
        }
        return answer(200, document)


@register
class OnlineDeployments(InferenceKind):
    """`workspaces/onlineEndpoints/deployments`."""

    type = f"{_ENDPOINTS}/deployments"
    prefix = delete_prefix = "od"
    own_rate = "resource-requests"

    def failure(self, record: Record) -> dict[str, Any] | None:
        """What it is made of has to be there."""
        return needs.missing(self.context, record)

    def missing(self, call: Call) -> ArmError:
        """404, in the form of an endpoint's (AZ-ABSENT-12)."""
        return no_such_deployment(self, call)

    def filled(self, call: Call, sent: dict[str, Any], old: Record | None) -> dict[str, Any]:
        """With the recorded defaults."""
        defaults: dict[str, Any] = {
            "description": None,
            "properties": {},
            "endpointComputeType": "Managed",
            "codeConfiguration": None,
            "environmentId": None,
            "environmentVariables": {},
            "instanceType": None,
            "model": None,
            "modelMountPath": None,
            "scaleSettings": {"scaleType": "Default"},
            "requestSettings": _REQUESTS,
            "livenessProbe": _PROBE,
            "readinessProbe": _PROBE,
            "appInsightsEnabled": False,
            "egressPublicNetworkAccess": "Enabled",
            "provisioningState": "Creating",
        }
        given = {name: value for name, value in sent.items() if value is not None}
        for name in ("requestSettings", "livenessProbe", "readinessProbe"):
            given[name] = {**defaults[name], **object_of(sent, name)}
        return {**defaults, **given}

    def top_defaults(self) -> dict[str, Any]:
        """One instance."""
        return {"kind": "Managed", "sku": {"name": "Default", "tier": "Standard", "capacity": 1}}

    def check_delete(self, call: Call, record: Record) -> None:
        """Not while traffic goes to it (AZ-LIVE-7; the text is ours: AZ-LOCAL-1)."""
        endpoint = self.context.store.get(record.parent)
        if endpoint is not None and endpoint.properties["traffic"].get(record.name):
            raise self.user_error(call, f"Cannot delete deployment '{record.name}' with non-zero traffic.")

    @action("POST", "getLogs")
    async def get_logs(self, call: Call) -> Response:
        """No container ever ran."""
        self.require(call)
        return answer(200, {"content": ""})

    @action("GET", "skus")
    async def skus(self, call: Call) -> Response:
        """The one there is."""
        self.require(call)
        sku = {"name": "Default", "tier": "Standard"}
        capacity = {"default": 1, "minimum": 1, "maximum": 50, "scaleType": "Automatic"}
        return answer(200, {"value": [{"resourceType": self.type, "sku": sku, "capacity": capacity}]})


def no_such_deployment(kind: InferenceKind, call: Call) -> ArmError:
    """404 of a deployment, in the form of an endpoint's (AZ-ABSENT-12)."""
    detail = ("NoSuchDeployment", f"There is no deployment with name: {call.name}")
    return kind.user_error(
        call, "The specified resource was not found.", status=404, code="NotFound", detail=detail
    )


def no_such_endpoint(kind: EndpointKind, call: Call, name: str) -> ArmError:
    """404, code NotFound (AZ-ABSENT-5)."""
    where = kind.workspace(call).name
    detail = ("NoSuchEndpoint", f"There is no endpoint with name: {name} in {where}")
    return kind.user_error(
        call, "The specified resource was not found.", status=404, code="NotFound", detail=detail
    )
