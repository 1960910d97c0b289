"""Who else has to do with a source: who made what is left by hand, and who else uses its storage account."""

from __future__ import annotations

from dataclasses import replace

from amlmigrate.cloud.directory import Directory
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.session import Side
from amlmigrate.core.asset import Inventory
from amlmigrate.core.names import is_guid
from amlmigrate.core.workspace import Workspace
from amlmigrate.planning.unmoved_blobs import OtherUsers
from amlmigrate.posture.sharing import sharing

# Of applications `createdBy` is the object id (AZ-ASSET-22).


async def name_owners(side: Side, source: Inventory) -> None:
    """Gives who made what is left by hand the name that the directory has, where the document has an id."""
    ids = {left.owner_id for left in source.by_hand if is_guid(left.owner_id)}
    if ids:
        names = await Directory(side.login, side.credential).names(ids)
        source.by_hand[:] = [replace(left, made_by=names.get(left.owner_id, "")) for left in source.by_hand]


async def other_users(side: Side, source: Workspace) -> OtherUsers:
    """Who else uses the source's storage account, as far as it can be known. Raises what may be answered later."""
    try:
        found = await sharing(side, source)
    except ServiceError as error:
        if error.transient:
            raise
        return OtherUsers(unknown=f"the workspaces could not be listed ({error.code})")
    return OtherUsers(found.others, found.unknown)
