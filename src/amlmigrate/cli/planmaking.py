"""Makes one plan: reads both workspaces and writes the plan's folder; for one pair and for a fleet alike."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from amlmigrate.bytes.storage_containers import Containers, list_both
from amlmigrate.cli import beside, plans, tenants
from amlmigrate.cli.needing import read_files
from amlmigrate.cli.sides import frozen
from amlmigrate.cloud.credentials import PUBLIC, signed
from amlmigrate.cloud.directory import Directory
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.session import Session
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Inventory
from amlmigrate.core.authorship import By
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.events import Emit
from amlmigrate.core.finding import Finding
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.parallel import in_order
from amlmigrate.core.plan import Header
from amlmigrate.core.select import Selection
from amlmigrate.core.workspace import Workspace, WorkspaceRef
from amlmigrate.doctor import before_plan
from amlmigrate.inventory import read_contents, read_json, take
from amlmigrate.kinds import holding
from amlmigrate.leasing.looking import look
from amlmigrate.ledger.files import FileError
from amlmigrate.planning import build, byhand, manual, planfile, selection_check
from amlmigrate.planning.unmoved_blobs import OtherUsers
from amlmigrate.posture import dataprotection
from amlmigrate.posture.sharing import sharing

# Of applications `createdBy` is the object id (AZ-ASSET-22).
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What is planned, by whom, and where the plan goes; `workspace_id` is the source's, where it is known."""

    source: WorkspaceRef
    target: WorkspaceRef
    folder: Path
    selection: Selection
    copy_unreferenced: bool
    by: By
    require_approval: bool = False
    workspace_id: str = ""
    # Of many workspaces only some have what is asked for.
    one_of_many: bool = False
    # Whether copies whose source is gone are deleted.
    delete: bool = False
    # What the target is to call items of the source that have another name there.
    names: dict[Address, Address] = field(default_factory=dict)


async def make(clouds: Session, wanted: PlanOptions, emit: Emit) -> Header:
    """Writes the plan and what belongs to it. Raises BadInputError, ServiceError, OutOfReachError."""
    folder = wanted.folder
    planfile.check_free(folder)
    sides = (clouds.source.workspace(wanted.source), clouds.target.workspace(wanted.target))
    read = [one async for one in in_order(sides, lambda side: side.read(), parallel=len(sides))]
    build.check_pair(*read)
    _check_same(wanted, read[0])
    taken, doubts = frozen(folder, read[0].workspace_id)
    # The proofs are a score of calls one after the other, and have nothing to do with what the workspaces hold.
    source, target, posture, lease, others = await asyncio.gather(
        take(sides[0], clouds.source, frozen=taken, emit=emit),
        take(sides[1], users=wanted.delete, emit=emit),
        before_plan(clouds, *read),
        look(clouds.target, wanted.target),
        _others(clouds, read[0]),
    )
    await _name_owners(clouds, source)
    posture += [finding] if (finding := lease.finding()) else []
    posture += [_not_believed(read[0].id, doubt) for doubt in doubts]
    extra = await _asked(clouds, wanted)
    mapping = Mapping(source.workspace, target.workspace, wanted.names)
    containers = await list_both(mapping, clouds.source.blobs, clouds.target.blobs, holding().own, past=True)
    posture += _matched(wanted, source, containers)
    filled = [listing.place for listing in containers.source.values() if listing.blobs]
    posture += await dataprotection.beforehand(clouds, mapping, filled)
    await read_contents(source, clouds.source.blobs, containers.source)
    await read_json(source, clouds.source.blobs, containers.source, mapping)
    if wanted.delete:
        # What the files of the target's users name is not deleted without a decision of its own.
        await read_files(clouds, source.workspace, target, containers.target)
    ids = (source.workspace.workspace_id, target.workspace.workspace_id)
    prior = plans.prior(folder.parent, *ids)
    posture += beside.unread(source.workspace, prior)
    header, steps = build.build(
        source,
        target,
        containers,
        name=folder.name,
        selection=wanted.selection,
        prior=prior,
        copy_unreferenced=wanted.copy_unreferenced,
        delete=wanted.delete,
        others=others,
        posture=tuple(posture),
        extra=extra,
        names=wanted.names,
        emit=emit,
    )
    try:
        # First, since with its plan the folder is one: what is cut off before can be made again there.
        manual.write(folder, header, steps)
        manual.write_listings(folder, source.by_hand)
        login = clouds.source.login
        suffix, cloud = login.endpoints.storage_suffix, "" if login.cloud == PUBLIC else login.cloud
        byhand.write(folder, steps, source.by_hand, mapping, suffix, shared=bool(others), cloud=cloud)
    except FileError as error:
        raise planfile.unwritable(folder, error.why) from error
    planfile.write(folder, header, steps)
    return header


def _not_believed(source: str, doubt: str) -> Finding:
    return Finding(
        "warning",
        source,
        f"Not counted: which role assignments another plan's folder says that it took away. {doubt}",
        "Put that folder's original files back, and plan anew if it holds any of this source.",
        code="not-checked",
    )


async def _name_owners(clouds: Session, source: Inventory) -> None:
    """Gives who made what is left by hand the name that the directory has, where the document has an id."""
    ids = {left.owner_id for left in source.by_hand if _ID.fullmatch(left.owner_id)}
    if ids:
        side = clouds.source
        names = await Directory(side.login, side.credential).names(ids)
        source.by_hand[:] = [replace(left, made_by=names.get(left.owner_id, "")) for left in source.by_hand]


async def _others(clouds: Session, source: Workspace) -> OtherUsers:
    """Who else uses the source's storage account, as far as it can be known."""
    try:
        found = await sharing(clouds.source, source)
    except ServiceError as error:
        if error.transient:
            raise
        return OtherUsers(unknown=f"the workspaces could not be listed ({error.code})")
    return OtherUsers(found.others, found.unknown)


def _matched(wanted: PlanOptions, source: Inventory, containers: Containers) -> list[Finding]:
    """What of the selection matches nothing. Raises BadInputError, unless it is asked of many workspaces."""
    found = selection_check.idle(wanted.selection, source, (name for _, name in containers.source))
    if not wanted.one_of_many:
        selection_check.refuse(found)
    return selection_check.findings(found, source.workspace.id)


async def _asked(clouds: Session, wanted: PlanOptions) -> dict[str, Any]:
    """What the header says of who asked for what, and whether somebody else has to approve it.

    Raises DeniedError where an approval is asked for and the token does not say who must not give it, or is one of
    another tenant than the target's.
    """
    credential = clouds.target.credential
    by, tenant = (
        await signed(wanted.by, credential),
        await tenants.of_target(clouds.target, wanted.target.subscription),
    )
    told = {"options": by.asked(), "target_tenant": tenant}
    if not wanted.require_approval:
        return {"planned_by": by.who(), **told}
    identity = await credential.identity()
    tenants.refuse_planner(tenant, identity)
    return {"planned_by": by.signed(identity).who(), **told, "require_approval": True}


def _check_same(wanted: PlanOptions, source: Workspace) -> None:
    if wanted.workspace_id and source.workspace_id.lower() != wanted.workspace_id.lower():
        raise BadInputError(
            f"'{source.ref.short}' is another workspace than the one that was scanned: it was made anew.",
            address=source.id,
            remedy="Scan anew.",
        )
