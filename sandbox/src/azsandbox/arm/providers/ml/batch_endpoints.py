"""Batch endpoints and their deployments."""

from __future__ import annotations

from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.errors import ArmError
from azsandbox.arm.providers.ml import needs
from azsandbox.arm.providers.ml.base import NAMESPACE
from azsandbox.arm.providers.ml.endpoints import EndpointKind
from azsandbox.arm.providers.ml.inference import InferenceKind
from azsandbox.arm.providers.ml.online_endpoints import no_such_deployment, no_such_endpoint
from azsandbox.arm.registry import register
from azsandbox.arm.store import Record
from azsandbox.arm.tracked import object_of

_ENDPOINTS = f"{NAMESPACE}/workspaces/batchEndpoints"
_NOBODY = "00000000-0000-0000-0000-000000000000"


@register
class BatchEndpoints(EndpointKind):
    """`workspaces/batchEndpoints`."""

    type = _ENDPOINTS
    prefix = "be"
    delete_prefix = "bebes"
    path_of_score = "jobs"

    def missing(self, call: Call) -> ArmError:
        """404 `NoSuchEndpoint`."""
        return no_such_endpoint(self, call, call.name)

    def name_taken(self, call: Call) -> ArmError:
        """The text of a public report; the status is not in it (AZ-LOCAL-1)."""
        return self.user_error(
            call,
            f"The specified endpoint name '{call.name}' is not available. Endpoint names must be unique within "
            "the region. Please choose a different name and try again.",
        )

    def filled(self, call: Call, sent: dict[str, Any], old: Record | None) -> dict[str, Any]:
        """The default deployment has to be there, once it is named (AZ-LIVE-7)."""
        self.check_name(call)
        default = object_of(sent, "defaults").get("deploymentName")
        if default and self.context.store.get(f"{call.route.key}/deployments/{default.lower()}") is None:
            raise self.user_error(call, f"The default deployment '{default}' was not found.")
        before = old.properties if old else {}
        first = {"BatchEndpointCreationApiVersion": call.api_version}
        properties: dict[str, Any] = {
            "description": sent.get("description"),
            "properties": {**(before.get("properties") or first), **object_of(sent, "properties")},
            "scoringUri": before.get("scoringUri"),
            "swaggerUri": before.get("swaggerUri"),
            "authMode": sent.get("authMode") or before.get("authMode") or "AADToken",
            "defaults": {"deploymentName": default},
            "provisioningState": "Creating",
        }
        return properties | {name: value for name, value in sent.items() if name not in (*properties, "keys")}

    def no_identity(self) -> dict[str, Any]:
        """Recorded so."""
        return {"type": "None", "principalId": _NOBODY, "tenantId": _NOBODY}


@register
class BatchDeployments(InferenceKind):
    """`workspaces/batchEndpoints/deployments`; not recorded, defaults by the description of 2025-12-01
    (AZ-LIVE-8)."""

    type = f"{_ENDPOINTS}/deployments"
    prefix = delete_prefix = "bd"

    def failure(self, record: Record) -> dict[str, Any] | None:
        """What it is made of has to be there."""
        return needs.missing(self.context, record)

    def missing(self, call: Call) -> ArmError:
        """404, in the form of an endpoint's (AZ-ABSENT-12)."""
        return no_such_deployment(self, call)

    def filled(self, call: Call, sent: dict[str, Any], old: Record | None) -> dict[str, Any]:
        """As sent, with what the description has as defaults."""
        defaults: dict[str, Any] = {
            "description": None,
            "properties": {},
            "environmentVariables": {},
            "errorThreshold": -1,
            "loggingLevel": "Info",
            "maxConcurrencyPerInstance": 1,
            "miniBatchSize": 10,
            "outputAction": "AppendRow",
            "outputFileName": "predictions.csv",
            "retrySettings": {"maxRetries": 3, "timeout": "PT30S"},
            "provisioningState": "Creating",
        }
        return {**defaults, **{name: value for name, value in sent.items() if value is not None}}
