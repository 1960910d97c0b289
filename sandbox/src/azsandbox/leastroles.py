"""Gives a new principal nothing but a custom role, from the file that `az role definition create` would take."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from azsandbox import provision
from azsandbox.client import Client
from azsandbox.principals import ServicePrincipal

_API = "2022-04-01"


def read(path: Path) -> dict[str, Any]:
    """The role. Raises ValueError for a file that holds none."""
    found = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(found, dict) or not found.get("Name"):
        raise ValueError(f"{path} is not a role definition as for `az role definition create`")
    return found


async def give(
    env: Mapping[str, str], who: ServicePrincipal, role: Mapping[str, Any], groups: Sequence[str]
) -> None:
    """Makes the role in the subscription of the environment, and assigns it at each of its resource groups."""
    async with Client(dict(env)) as client:
        name = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{client.subscription} {role['Name']}"))
        permissions = {
            "actions": role.get("Actions", []),
            "notActions": role.get("NotActions", []),
            "dataActions": role.get("DataActions", []),
            "notDataActions": role.get("NotDataActions", []),
        }
        properties = {
            "roleName": role["Name"],
            "description": role.get("Description", ""),
            "type": "CustomRole",
            "permissions": [permissions],
            "assignableScopes": role.get("AssignableScopes") or [client.subscription],
        }
        path = f"{client.subscription}/providers/Microsoft.Authorization/roleDefinitions/{name}"
        await client.arm("PUT", path, _API, {"properties": properties})
        for group in groups:
            await provision.assign(client, f"{client.subscription}/resourceGroups/{group}", name, who.object_id)
