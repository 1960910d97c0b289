"""`azsandbox seed bank`: three old workspaces of a bank, two new ones under customers' keys, a place for logs."""

from __future__ import annotations

from typing import Any

from azsandbox import provision
from azsandbox.client import Client
from azsandbox.seed import Seeder
from azsandbox.settings import environment
from azsandbox.state import StateFolder

GROUP, LOGS = "bank-rg", "bank-logs"
# Old name to new name, which nobody has tagged yet; the third stays, and nobody has tagged it either.
MOVES = {"ledger": "ledger-cmk", "fraud": "fraud-cmk"}
STAYS = "branches"
_TAGS = {"environment": "prod", "data-classification": "restricted"}
_WORKSPACES, _LOGS = "2025-12-01", "2023-09-01"
_STORE = "azureml://datastores/workspaceblobstore/paths"
_BLOBS = [{"container": "azureml-blobstore", "path": path, "bytes": 1000} for path in ("m/1/weights", "d/day")]
_RESOURCES: list[dict[str, Any]] = [
    {
        "kind": kind,
        "name": name,
        "version": "1",
        "properties": properties,
    }
    for kind, name, properties in (
        ("models", "risk", {"modelType": "custom_model", "modelUri": f"{_STORE}/m/1"}),
        ("data", "payments", {"dataType": "uri_folder", "dataUri": f"{_STORE}/d"}),
    )
]


async def seed(state: StateFolder) -> str:
    """Makes all of it; a second time it is refused by what is there. What was made, in words."""
    async with Client(environment(state, state.announced()["port"]), seeding=True) as azure:
        group = await provision.group(azure, GROUP)
        for old, new in MOVES.items():
            made = await provision.pair(azure, GROUP, old, new)
            await _fill(azure, made.source["id"])
            await azure.arm("PATCH", made.source["id"], _WORKSPACES, {"tags": _TAGS})
        await provision.plain_workspace(azure, group, STAYS, STAYS)
        logs = f"{group}/providers/Microsoft.OperationalInsights/workspaces/{LOGS}"
        await azure.arm("PUT", logs, _LOGS, {"location": provision.LOCATION, "properties": {}})
    names = [*MOVES, STAYS, *MOVES.values()]
    return f"in {GROUP}: workspaces {', '.join(names)}; logs in {LOGS}"


async def _fill(azure: Client, workspace: str) -> None:
    """A model and a table, with their bytes."""
    seeder = await Seeder.of(azure, workspace)
    await seeder.blobs(_BLOBS)
    await seeder.resources(_RESOURCES)
