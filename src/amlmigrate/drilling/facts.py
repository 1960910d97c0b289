"""Reads what decides whether a drill may begin. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from amlmigrate.cloud.errors import OutOfReachError, ServiceError
from amlmigrate.cloud.session import Side
from amlmigrate.core.armid import ArmId, key_of, name_of
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.errors import MigrateError
from amlmigrate.core.parallel import gathered
from amlmigrate.core.workspace import WorkspaceRef
from amlmigrate.doctor.role import ENDPOINTS
from amlmigrate.drilling import rights
from amlmigrate.drilling.model import DrillRequest
from amlmigrate.drilling.refusing import DrillFacts, UsingWorkspace
from amlmigrate.keys.dependants import LevelsOf
from amlmigrate.keys.model import DependantKind, KeyInUse, KeySurvey, UnreadPlace
from amlmigrate.keys.reading import KeyRules
from amlmigrate.keys.searching import WORKSPACES
from amlmigrate.leasing import looking
from amlmigrate.posture.reading import tried
from amlmigrate.status import overview

PLANS = Path("plans")


@dataclass(frozen=True, slots=True)
class Nearby:
    """What the folder that a drill runs in says: plans below it, and a rotation that did not end."""

    plans: Path = PLANS
    rotation: str = ""


async def read(side: Side, request: DrillRequest, survey: KeySurvey, held: KeyRules, nearby: Nearby) -> DrillFacts:
    """All of it. Raises ServiceError and OutOfReachError where ARM is out of order."""
    caller = (await side.credential.identity()).object_id
    found, unread = await _workspaces(side, request.key, survey, held.levels)
    seen = await gathered({one.id: _looked_at(side, one) for one in found})
    right = await rights.until(side, request.key, caller)
    hiding = await rights.hiding(side, request.key, caller)
    return DrillFacts(
        request,
        held.standard,
        caller,
        tuple(seen.values()),
        (*survey.unread, *unread),
        right,
        tuple(plans_of((one.id for one in found), nearby.plans)),
        nearby.rotation,
        hiding,
        tuple(held.decisions.notes((ArmId.of(one.id).subscription for one in found), request.now)),
    )


async def _workspaces(
    side: Side, key: KeyInUse, survey: KeySurvey, levels: LevelsOf
) -> tuple[list[UsingWorkspace], list[UnreadPlace]]:
    """Those under the key, and those whose account or registry is, in all subscriptions that were looked in."""
    lists = await gathered(
        {one: tried(_listed(side, f"/subscriptions/{one}/providers/{WORKSPACES}")) for one in survey.looked}
    )
    documents = {key_of(one["id"]): one for read in lists.values() for one in read.value or ()}
    documents |= {key_of(one.id): one.document for one in key.dependants if one.kind is DependantKind.WORKSPACE}
    unread = [
        UnreadPlace(f"/subscriptions/{one}/providers/{WORKSPACES}", f"{WORKSPACES}/read", read.refused)
        for one, read in lists.items()
        if read.value is None
    ]
    return [_using(one, levels) for one in documents.values() if stops_with(key, one)], unread


async def _listed(side: Side, path: str) -> list[Document]:
    return [one async for one in side.arm.pages(path)]


def stops_with(key: KeyInUse, workspace: Document) -> bool:
    """Whether a workspace is under the key, has its account or registry under it, or is a project of such a hub:
    a project has no key of its own (AZ-KEY-43)."""
    under = {_resource(one.kind, one.id) for one in key.dependants}
    properties = properties_of(workspace)
    own = [workspace["id"], *map(properties.get, ("hubResourceId", "storageAccount", "containerRegistry"))]
    return any(key_of(one) in under for one in own if one)


def _resource(kind: DependantKind, id_: str) -> str:
    one = ArmId.of(id_)
    return key_of(one.parent if kind is DependantKind.SCOPE else one)


def _using(document: Document, levels: LevelsOf) -> UsingWorkspace:
    tags = {str(name): str(value) for name, value in (document.get("tags") or {}).items()}
    state = str(properties_of(document).get("provisioningState") or "")
    return UsingWorkspace(str(document["id"]), name_of(document["id"]), levels(document), tags, state=state)


async def _looked_at(side: Side, one: UsingWorkspace) -> UsingWorkspace:
    """Its endpoints, and who has the lease on it."""
    listed = await gathered({name: _endpoints(side, f"{one.id}/{name}") for name in ENDPOINTS})
    found = [name for names, _ in listed.values() for name in names]
    refused = next((why for _, why in listed.values() if why), "")
    try:
        lease = (await looking.look(side, WorkspaceRef.parse(one.id))).text()
    except MigrateError as error:
        lease = f"whether it is being changed is not known: {error.summary}"
    return replace(one, endpoints=tuple(found), unlisted=refused, changing=lease.rstrip("."))


async def _endpoints(side: Side, path: str) -> tuple[list[str], str]:
    """Their names, and why they could not be listed."""
    try:
        return [str(one.get("name") or name_of(one.get("id"))) async for one in side.arm.pages(path)], ""
    except (ServiceError, OutOfReachError) as error:
        return [], error.summary


def plans_of(workspaces: Iterable[str], below: Path) -> list[str]:
    """The plans below a folder that are under way with one of the workspaces, each in a clause.

    A plan that nobody began changes nothing, and one whose source is removed is over.
    """
    wanted, found = {key_of(one) for one in workspaces}, list[str]()
    for line in overview.lines(below):
        stages = line.stages
        if stages is None:
            if line.error:
                found.append(f"The plan {line.folder} cannot be read ({line.error}), so it may be under way")
            continue
        header = stages.plan.header
        ids = {key_of(header.source_ref.id), key_of(header.target_ref.id)}
        if not ids & wanted or stages.removal:
            continue
        if stages.removing:
            found.append(f"The plan {line.folder} is removing its source")
        elif stages.lock or stages.run.begun:
            found.append(f"The plan {line.folder} is under way with a workspace that stops with the key")
    return found
