"""How much a workspace holds, by what lists tell cheaply: names, not versions; no jobs."""

from __future__ import annotations

from amlmigrate.cloud.arm import Arm
from amlmigrate.cloud.blobs import Blobs
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.errors import MigrateError
from amlmigrate.core.parallel import together
from amlmigrate.core.workspace import DATASTORES, Location
from amlmigrate.kinds import Listed, all_kinds, holding
from amlmigrate.scanning.values import Cause, NotKnown

# One list each; versions and jobs come in thousands and are left out.
_COUNTED = sorted((kind for kind in all_kinds().values() if kind.counted), key=lambda kind: kind.counted)
COUNTED = tuple(kind.name for kind in _COUNTED)
_PROVIDER = "Microsoft.MachineLearningServices/workspaces"
_DEFAULT_STORE = "workspaceblobstore"


async def counts(arm: Arm, workspace_id: str) -> tuple[dict[str, int | None], list[NotKnown]]:
    """Number of names by collection, None where it could not be read, and why not."""
    async with together() as group:
        tasks = {kind.name: group.create_task(_count(arm, workspace_id, kind)) for kind in _COUNTED}
    found: dict[str, int | None] = {}
    missing = []
    for kind, task in tasks.items():
        result = task.result()
        found[kind] = None if isinstance(result, NotKnown) else result
        if isinstance(result, NotKnown):
            missing.append(result)
    return found, missing


async def _count(arm: Arm, workspace_id: str, kind: Listed) -> int | NotKnown:
    try:
        return sum([1 async for _ in arm.pages(f"{workspace_id}/{kind.collection}", kind.query)])
    except MigrateError as error:
        return NotKnown.of(f"counts.{kind.name}", f"{_PROVIDER}/{kind.name}/read", error)


async def size(arm: Arm, blobs: Blobs, workspace_id: str) -> tuple[int, int] | NotKnown:
    """Number and bytes of the blobs in the container of the default datastore: a list of all of them."""
    action = f"{_PROVIDER}/{DATASTORES}/read"
    try:
        store: Document = await arm.get(f"{workspace_id}/{DATASTORES}/{_DEFAULT_STORE}") or {}
        place = properties_of(store)
        if not place.get("accountName") or not place.get("containerName"):
            return NotKnown(
                "blobs", action, f"There is no datastore '{_DEFAULT_STORE}' with a container.", Cause.MISSING
            )
        [action] = holding().permissions.data.read
        found, _ = await blobs.listing(Location(place["accountName"], place["containerName"]))
    except MigrateError as error:
        return NotKnown.of("blobs", action, error)
    return len(found), sum(blob.length for blob in found)
