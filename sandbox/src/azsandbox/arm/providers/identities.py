"""Microsoft.ManagedIdentity: user-assigned identities."""

from __future__ import annotations

import uuid
from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.registry import register
from azsandbox.arm.store import Record
from azsandbox.arm.tracked import TrackedKind


@register
class UserAssignedIdentities(TrackedKind):
    """`Microsoft.ManagedIdentity/userAssignedIdentities`: the ids are made once and kept."""

    type = "Microsoft.ManagedIdentity/userAssignedIdentities"
    shows_system_data = True

    def filled(self, call: Call, properties: dict[str, Any], old: Record | None) -> dict[str, Any]:
        """`tenantId`, `principalId`, `clientId`."""
        before = old.properties if old else {}
        return {
            "isolationScope": properties.get("isolationScope", before.get("isolationScope", "None")),
            "tenantId": call.principal.tenant_id,
            "principalId": before.get("principalId") or str(uuid.uuid4()),
            "clientId": before.get("clientId") or str(uuid.uuid4()),
        }
