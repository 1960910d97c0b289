"""Who may write a source, for `freeze` and for `cutover`."""

from __future__ import annotations

from amlmigrate.cloud.session import Side
from amlmigrate.core.workspace import Workspace
from amlmigrate.freezing.writers import Finder, Writers, keys_finding, places
from amlmigrate.posture.sharing import sharing


async def writers(side: Side, source: Workspace, caller: str) -> Writers:
    """Everybody but the caller, of whom this is the object id. Raises ServiceError without the right to look."""
    shares = await sharing(side, source)
    found = await Finder(side.roles, source, caller).find(places(source, shares.others, shares.unknown))
    if finding := keys_finding(source, await side.arm.get(source.storage_account_id)):
        found.findings.append(finding)
    return found
