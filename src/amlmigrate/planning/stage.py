"""Makes a plan: reads both workspaces and what lies around them, and writes the plan's folder."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from amlmigrate.bytes.listings import Listing
from amlmigrate.bytes.storage_containers import Containers, Key, list_both
from amlmigrate.cloud.credentials import PUBLIC, Login, signed
from amlmigrate.cloud.session import Session
from amlmigrate.cloud.tenants import of_target, refuse_other
from amlmigrate.core.address import Address
from amlmigrate.core.allowed import Allowed, Options
from amlmigrate.core.asked import Asked
from amlmigrate.core.asset import Inventory
from amlmigrate.core.authorship import By
from amlmigrate.core.events import Emit, ignore
from amlmigrate.core.finding import Finding, by_weight
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.namescope import as_header
from amlmigrate.core.ownership_record import OwnershipRecord
from amlmigrate.core.parallel import in_order
from amlmigrate.core.periods import needed_until
from amlmigrate.core.placement import Around
from amlmigrate.core.plan import Header, Step
from amlmigrate.core.secretsources import NO_SECRETS, SecretSources
from amlmigrate.core.select import Selection
from amlmigrate.core.switched import Switched
from amlmigrate.core.workspace import Service, Workspace, WorkspaceRef, address_of
from amlmigrate.doctor import before_plan
from amlmigrate.freezing.record import count_frozen
from amlmigrate.inventory import read_contents, read_json, take
from amlmigrate.inventory.letting import let_move
from amlmigrate.inventory.needing import read_files
from amlmigrate.inventory.shared_vault import leave_what_both_have
from amlmigrate.kinds import own_places
from amlmigrate.leasing import looking
from amlmigrate.ledger.files import FileError
from amlmigrate.planning import (
    allowing,
    build,
    byhand,
    earlier_plans,
    elsewhere,
    machines,
    manual,
    new_names,
    pair,
    people,
    planfile,
    principals,
    selection_check,
    stopped_for_others,
    vault_secrets,
)
from amlmigrate.planning.elsewhere import Grantable
from amlmigrate.planning.new_names import NamesAlongside, NewNames
from amlmigrate.planning.outlived import outlived
from amlmigrate.planning.placing import place
from amlmigrate.planning.predicted import predicted
from amlmigrate.planning.principals import PrincipalsFile
from amlmigrate.planning.renames import Renames
from amlmigrate.planning.unmoved_blobs import OtherUsers
from amlmigrate.policies.endings import early_ends
from amlmigrate.posture import dataprotection


@dataclass(frozen=True, slots=True)
class PlanChoices:
    """What is asked of a plan, whichever workspaces it is about."""

    selection: Selection = field(default_factory=Selection)
    copy_unreferenced: bool = False
    # Whether copies whose source is gone are deleted.
    delete: bool = False
    require_approval: bool = False
    renames: Renames = field(default_factory=Renames)
    # The secrets of the source's vault that move.
    vault_secrets: vault_secrets.NamedSecrets = vault_secrets.NONE
    # Where the secrets are that no answer shows, and what else is to move that stays by hand otherwise.
    secrets: SecretSources = NO_SECRETS
    options: Options = field(default_factory=dict)
    # Whether the cutover gives the target's identities what the source's have elsewhere.
    grants: bool = False
    # Who has which object id in the target's tenant.
    principals: PrincipalsFile = field(default_factory=PrincipalsFile)


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """What is planned, by whom, and where the plan goes; `workspace_id` is the source's, where it is known."""

    source: WorkspaceRef
    target: WorkspaceRef
    folder: Path
    choices: PlanChoices
    by: By
    workspace_id: str = ""
    # Of many workspaces only some have what is asked for.
    one_of_many: bool = False
    # What plans that are made at the same time call theirs.
    alongside: NamesAlongside = field(default_factory=NamesAlongside)


@dataclass(frozen=True, slots=True)
class _Survey:
    """Both workspaces with all that they hold, and what was found around them."""

    source: Inventory
    target: Inventory
    mapping: Mapping
    containers: Containers
    others: OtherUsers
    findings: tuple[Finding, ...]
    # What the ledgers beside show as the tool's own.
    owned: OwnershipRecord
    # What a cutover that stands has changed.
    switched: tuple[Switched, ...]
    named: NewNames
    # What moves only since it is asked for.
    asked: Asked
    allowed: Allowed
    # What its identities may do elsewhere.
    grantable: Grantable


async def create_plan(clouds: Session, request: PlanRequest, emit: Emit = ignore) -> Header:
    """Writes the plan and what belongs to it. The folder is looked at before anything is read.

    Raises BadInputError, RefusedError where source and target are exchanged, ServiceError, OutOfReachError.
    """
    planfile.check_folder(request.folder)
    read = await _read(clouds, request)
    survey = await _survey(clouds, request, read, emit)
    header, steps = build.build(
        survey.source,
        survey.target,
        survey.containers,
        name=request.folder.name,
        selection=request.choices.selection,
        prior=survey.owned,
        copy_unreferenced=request.choices.copy_unreferenced,
        delete=request.choices.delete,
        others=survey.others,
        posture=survey.findings,
        extra=await _asked(clouds, request) | as_header(survey.named.given),
        names=survey.mapping.names,
        principals=survey.mapping.principals,
        switched=survey.switched,
        allowed=survey.allowed,
        emit=emit,
    )
    header, short = await asyncio.gather(
        _with_policies(clouds, header, steps), machines.short(clouds.target.arm, survey.target.workspace, steps)
    )
    header = replace(header, findings=(*short, *header.findings), extra=header.extra | survey.asked.as_dict())
    choices, grantable = request.choices, survey.grantable
    header, steps = await elsewhere.added(
        clouds, grantable, (header, steps), choices.selection, asked=choices.grants
    )
    _write(request.folder, header, steps, survey, clouds.source.login)
    return header


async def _with_policies(clouds: Session, header: Header, steps: list[Step]) -> Header:
    """The header with what policies are predicted to refuse, and which exemptions of the source end too early."""
    now = clouds.target.arm.service_clock.now() or datetime.now(UTC)
    until = needed_until(now, header.estimate.get("floor_seconds", 0.0))
    refused, ends = await asyncio.gather(
        predicted(clouds.target.arm, steps, header.target_ref.id),
        early_ends(clouds.source.arm, header.source_ref.id, until, now),
    )
    found = sorted((*refused, *ends), key=by_weight)
    return replace(header, findings=(*found, *header.findings))


async def _read(clouds: Session, request: PlanRequest) -> tuple[Workspace, Workspace]:
    """Both workspaces' own documents. Raises BadInputError and RefusedError for two that are no pair."""
    ports = (clouds.source.workspace(request.source), clouds.target.workspace(request.target))
    source, target = [one async for one in in_order(ports, lambda port: port.read(), parallel=len(ports))]
    build.check_pair(source, target)
    pair.refuse_exchanged(source, target, request.folder.parent)
    if request.workspace_id:
        pair.refuse_another(source, request.workspace_id)
    return source, target


async def _survey(clouds: Session, request: PlanRequest, read: tuple[Workspace, Workspace], emit: Emit) -> _Survey:
    # What `freeze` took away is the source's all the same: a plan that is made meanwhile moves it.
    doubts = count_frozen(clouds.source, request.folder, read[0].workspace_id)
    ports = (clouds.source.workspace(request.source), clouds.target.workspace(request.target))
    arms = (clouds.source.arm, clouds.target.arm)
    asked = await vault_secrets.asked(arms, request.choices.vault_secrets, read)
    # The proofs are a score of calls one after the other, and have nothing to do with what the workspaces hold.
    source, target, found, lease, switched, others = await asyncio.gather(
        take(ports[0], clouds.source, workspace=read[0], asked=asked, emit=emit),
        take(ports[1], workspace=read[1], users=request.choices.delete, asked=asked, emit=emit),
        before_plan(clouds, *read),
        looking.look(clouds.target, request.target),
        looking.switched(clouds.target, request.target, read[0].workspace_id),
        people.other_users(clouds.source, read[0]),
    )
    vault_secrets.refuse_absent(request.choices.vault_secrets, source)
    leave_what_both_have(source, read[1])
    found += [finding] if (finding := lease.finding()) else []
    found += [_not_believed(read[0].id, doubt) for doubt in doubts]
    owned = earlier_plans.ownership(request.folder.parent, read[0].workspace_id, read[1].workspace_id)
    found += earlier_plans.unread(source.workspace, owned)
    allowed = _allowed(request, source, target, owned)
    let_move(source, allowed)
    named = _named(request, source, target, owned, switched)
    found += named.findings
    found += stopped_for_others.findings(request.folder.parent, source, read[1].workspace_id)
    around = await _placed(clouds, request, source, target, named.names)
    mapping = around.mapping
    found += outlived(around, owned, request.choices.selection)
    await people.name_owners(clouds.source, source)
    containers = await list_both(mapping, clouds.source, clouds.target, own_places, past=True)
    grantable = await elsewhere.read(clouds, source, target, mapping.called)
    found += _matched(request, source, containers, grantable)
    found += await _contents(clouds, request, mapping, (source, target), containers)
    return _Survey(
        *(source, target, mapping, containers, others, tuple(found), owned, switched, named, asked, allowed),
        grantable,
    )


def _named(
    request: PlanRequest,
    source: Inventory,
    target: Inventory,
    owned: OwnershipRecord,
    switched: tuple[Switched, ...],
) -> NewNames:
    """What has another name in the target. Nothing is waited for: plans made at the same time see each other's."""
    pair = (request.source, request.target)
    ids = (source.workspace.workspace_id, target.workspace.workspace_id)
    others = request.alongside.of_others(pair) | earlier_plans.names_of_others(request.folder.parent, ids)
    asked = request.choices.renames.of(request.source)
    named = new_names.chosen(source, target, asked, owned, others, switched)
    request.alongside.add(pair, named.taken)
    return named


def _allowed(request: PlanRequest, source: Inventory, target: Inventory, owned: OwnershipRecord) -> Allowed:
    """What the options let move; what earlier plans have made by theirs is in the target, and stays the tool's."""

    def made(address: Address) -> bool:
        called = Address.parse(owned.called.get(str(address), str(address)))
        return called in target.assets and owned.owns(called)

    ids = (source.workspace.workspace_id, target.workspace.workspace_id)
    earlier = earlier_plans.allowed(request.folder.parent, *ids)
    return allowing.allowed(request.choices.secrets, request.choices.options, source, earlier, made)


async def _placed(
    clouds: Session, request: PlanRequest, source: Inventory, target: Inventory, names: dict[Address, Address]
) -> Around:
    """Where all goes, once what has no place in the target is left to a person."""
    given = request.choices.principals
    who = await principals.told(clouds, source, request.target.subscription, given)
    around = Around(Mapping(source.workspace, target.workspace, names, given.called), source, target, who)
    return replace(around, mapping=replace(around.mapping, names={**names, **place(around)}))


async def _contents(
    clouds: Session,
    request: PlanRequest,
    mapping: Mapping,
    both: tuple[Inventory, Inventory],
    containers: Containers,
) -> list[Finding]:
    """Adds what files name to the inventories; what is found of the protection that blobs have."""
    source, target = both
    blobs = {key: one for key, one in containers.source.items() if one.place.service is Service.BLOB}
    filled = [listing.place for listing in blobs.values() if listing.blobs]
    found, _ = await asyncio.gather(
        dataprotection.beforehand(clouds, mapping, filled), _texts(clouds, source, blobs, mapping)
    )
    if request.choices.delete:
        # What the files of the target's users name is not deleted without a decision of its own.
        await read_files(clouds, source.workspace, target, containers.target)
    return list(found)


async def _texts(clouds: Session, source: Inventory, blobs: dict[Key, Listing], mapping: Mapping) -> None:
    """Adds what the files of the source name to its inventory."""
    await read_contents(source, clouds.source.blobs, blobs)
    await read_json(source, clouds.source.blobs, blobs, mapping)


def _matched(
    request: PlanRequest, source: Inventory, containers: Containers, grantable: Grantable
) -> list[Finding]:
    """What of the selection matches nothing. Raises BadInputError, unless it is asked of many workspaces."""
    places = [address_of(listing.place) for listing in containers.source.values()]
    found = selection_check.idle(request.choices.selection, source, [*places, *grantable.held])
    if not request.one_of_many:
        selection_check.refuse(found)
    return selection_check.findings(found, source.workspace.id)


async def _asked(clouds: Session, request: PlanRequest) -> dict[str, Any]:
    """What the header says of who asked for what, and whether somebody else has to approve it.

    Raises DeniedError where an approval is asked for and the token does not say who must not give it, or is one of
    another tenant than the target's.
    """
    credential = clouds.target.credential
    by = await signed(request.by, credential)
    tenant = await of_target(clouds.target, request.target.subscription)
    told = {"options": by.asked(), "target_tenant": tenant, **request.choices.principals.as_extra()}
    if not (request.choices.require_approval or request.choices.grants):
        return {"planned_by": by.who(), **told}
    identity = await credential.identity()
    refuse_other(tenant, identity)
    asked = {"require_approval": True} if request.choices.require_approval else {}
    return {"planned_by": by.signed(identity).who(), **told, **asked}


def _not_believed(source: str, doubt: str) -> Finding:
    return Finding(
        "warning",
        source,
        f"Not counted: which role assignments another plan's folder says that it took away. {doubt}",
        "Put that folder's original files back, and plan again if it holds any of this source.",
        code="not-checked",
    )


def _write(folder: Path, header: Header, steps: list[Step], survey: _Survey, login: Login) -> None:
    """The plan's file last, since with it the folder is a plan: what is cut off before can be made again there."""
    suffix, cloud = login.endpoints.storage_suffix, "" if login.cloud == PUBLIC else login.cloud
    left = [*survey.source.by_hand, *survey.grantable.assets()]
    try:
        manual.write(folder, header, steps)
        manual.write_listings(folder, left)
        byhand.write(folder, steps, left, survey.mapping, suffix, shared=bool(survey.others), cloud=cloud)
    except FileError as error:
        raise planfile.unwritable(folder, error.why) from error
    planfile.write(folder, header, steps)
