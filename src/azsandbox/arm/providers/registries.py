"""Microsoft.ContainerRegistry: registries, stored."""

from __future__ import annotations

from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.clock import tracked_time
from azsandbox.arm.registry import register
from azsandbox.arm.store import Record
from azsandbox.arm.tracked import TrackedKind


@register
class Registries(TrackedKind):
    """`Microsoft.ContainerRegistry/registries`."""

    type = "Microsoft.ContainerRegistry/registries"
    shows_system_data = True

    def filled(self, call: Call, properties: dict[str, Any], old: Record | None) -> dict[str, Any]:
        """Adds the login server and what a new registry has switched off."""
        before = old.properties if old else {}
        return {
            "adminUserEnabled": False,
            "encryption": {"status": "disabled"},
            "publicNetworkAccess": "Enabled",
            **properties,
            "loginServer": f"{call.name.lower()}.azurecr.io",
            "creationDate": before.get("creationDate") or tracked_time(call.tick()),
            "provisioningState": "Succeeded",
        }
