"""The storage that a workspace's datastores lead to besides its own account, and whose key that is under."""

from __future__ import annotations

from amlmigrate.cloud.arm import Arm
from amlmigrate.core.armid import key_of, name_of
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.errors import MigrateError
from amlmigrate.core.workspace import DATASTORES
from amlmigrate.scanning import facts
from amlmigrate.scanning.resources import STORAGE, SurroundingResources
from amlmigrate.scanning.values import NotKnown, OtherAccount, Scanned

_ACTION = f"Microsoft.MachineLearningServices/workspaces/{DATASTORES}/read"


async def other_accounts(
    arm: Arm, resources: SurroundingResources, found: Scanned
) -> tuple[OtherAccount, ...] | NotKnown:
    """Each once. One of which it cannot be read whose key it is under has no `encryption`."""
    try:
        stores = [one async for one in arm.pages(f"{found.id}/{DATASTORES}")]
    except MigrateError as error:
        return NotKnown.of("other_accounts", _ACTION, error)
    own = name_of(found.storage.id).lower() if found.storage else ""
    named: dict[str, Document] = {}
    for store in stores:
        properties = properties_of(store)
        # What lies in no storage account, as in OneLake, is told by the datastore's own name.
        name = str(properties.get("accountName") or store.get("name") or "")
        if name and not (properties.get("accountName") and name.lower() == own):
            named.setdefault(name.lower(), store)
    return tuple([await _account(resources, found, store) for _, store in sorted(named.items())])


async def _account(resources: SurroundingResources, found: Scanned, store: Document) -> OtherAccount:
    properties = properties_of(store)
    name = str(properties.get("accountName") or "")
    if not name:
        return OtherAccount(str(store.get("name")))
    id_ = ""
    if properties.get("subscriptionId") and properties.get("resourceGroup"):
        group = f"/subscriptions/{properties['subscriptionId']}/resourceGroups/{properties['resourceGroup']}"
        id_ = f"{group}/providers/{STORAGE}/{name}"
    try:
        document = await (
            resources.find(id_, STORAGE, near=found.subscription)
            if id_
            else resources.named(name, STORAGE, near=found.subscription)
        )
    except MigrateError:
        document = None
    if document is None:
        return OtherAccount(name, id_ or None)
    return OtherAccount(name, key_of(document.get("id")), facts.storage_facts(document).encryption)
