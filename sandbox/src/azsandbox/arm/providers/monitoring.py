"""Microsoft.Insights: Application Insights components, stored with the keys that a service would make."""

from __future__ import annotations

import uuid
from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.clock import asset_time
from azsandbox.arm.registry import register
from azsandbox.arm.store import Record
from azsandbox.arm.tracked import TrackedKind


@register
class InsightsComponents(TrackedKind):
    """`Microsoft.Insights/components`; ids have `microsoft.insights`, as Azure's do."""

    type = "microsoft.insights/components"
    created_status = 200

    def filled(self, call: Call, properties: dict[str, Any], old: Record | None) -> dict[str, Any]:
        """Adds the instrumentation key and the connection string."""
        before = old.properties if old else {}
        key = before.get("InstrumentationKey") or str(uuid.uuid4())
        return {
            "Application_Type": "web",
            "IngestionMode": "ApplicationInsights",
            "RetentionInDays": 90,
            "publicNetworkAccessForIngestion": "Enabled",
            "publicNetworkAccessForQuery": "Enabled",
            **properties,
            "ApplicationId": call.name,
            "AppId": before.get("AppId") or str(uuid.uuid4()),
            "TenantId": call.subscription,
            "InstrumentationKey": key,
            "ConnectionString": f"InstrumentationKey={key}",
            "Name": call.name,
            "CreationDate": before.get("CreationDate") or asset_time(call.tick()),
            "provisioningState": "Succeeded",
            "Ver": "v2",
        }
