"""`systemData`: who wrote a resource, and when."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from azsandbox.messages import Principal


def author(principal: Principal) -> tuple[str, str]:
    """`createdBy` and `createdByType` of assets: the object id of an application (AZ-ASSET-22)."""
    return principal.object_id, "Application"


def tracked_author(principal: Principal) -> tuple[str, str]:
    """The same of ARM's own resources. An application is shown by its application id (AZ-ARM-22)."""
    return principal.app_id, "Application"


def stamped(created: str, by: tuple[str, str], old: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """`systemData` of what is written at the time `created`; of the `old` one the first half is kept."""
    first = old or {"createdAt": created, "createdBy": by[0], "createdByType": by[1]}
    kept = {name: first[name] for name in ("createdAt", "createdBy", "createdByType") if name in first}
    return {
        **kept,
        "lastModifiedAt": created,
        "lastModifiedBy": by[0],
        "lastModifiedByType": by[1],
    }
