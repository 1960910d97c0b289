"""Whose name the runs have of what went live: it is read once there is one, and is the operator's by mistake only.

What submits jobs does so in the name of whoever saved it last (AZ-SCHED-4), which is the operator until its owner
saves it. A run may come long after the command, so that each look at the target asks again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.asset import Asset, Inventory
from amlmigrate.core.documents import Document
from amlmigrate.core.plan import Plan, Step
from amlmigrate.core.switched import TARGET
from amlmigrate.cutover import switches
from amlmigrate.cutover.changes_since import NOT_LISTED, NOT_NAMED, NOT_RUN, RAN, RAN_AS_OPERATOR, ChangedSince
from amlmigrate.evidence import Cutover, Run, Switch
from amlmigrate.kinds import kind_of, moving_kinds
from amlmigrate.kinds._base import WorkspacePort
from amlmigrate.ledger.evidence import EvidenceFile

# The service does not give the list, or not to whoever asks.
_NOT_LISTED = (400, 403, 404)


async def look(
    port: WorkspacePort, plan: Plan, reports: list[EvidenceFile], source: Inventory, target: Inventory
) -> list[ChangedSince]:
    """Of each item that waited for the cutover and is at work in the target: whose its newest run is, if any."""
    live: dict[str, list[tuple[Step, Asset]]] = {}
    for step in plan.steps:
        asset = target.assets.get(step.called) if step.for_cutover else None
        if asset is not None and (kind := kind_of(step.address)) and kind.live(asset):
            live.setdefault(kind.name, []).append((step, asset))
    operators, found = frozenset(_operators(reports)), list[ChangedSince]()
    for name, items in live.items():
        kind = moving_kinds()[name]
        try:
            runs = await kind.runs(port, [asset for _, asset in items])
        except ServiceError as error:
            if error.status not in _NOT_LISTED:
                raise
            found += [ChangedSince(str(step.called), NOT_LISTED) for step, _ in items]
            continue
        for step, asset in (one for one in items if one[1].address in runs):
            # What this tool made has its operator's name, as the service says it.
            own = operators | _creators(asset if kind.made(step.body or {}, asset.document) else None)
            later = _from(runs[asset.address], _since(reports, str(step.called)))
            found.append(_told(step, later, own, _creators(source.assets.get(step.address.item))))
    return found


def _from(runs: Iterable[Document], since: datetime | None) -> list[Document]:
    """Those from a time on; one whose time cannot be read may be."""
    at = ((one, _at(one)) for one in runs)
    return [one for one, when in at if when is None or since is None or when >= since]


def _told(step: Step, runs: list[Document], operators: frozenset[str], owners: frozenset[str]) -> ChangedSince:
    """`operators` and `owners` are names in small letters, as the service says them."""
    address = str(step.called)
    if not runs:
        return ChangedSince(address, NOT_RUN)
    by = str(runs[-1].get("createdBy") or "")
    if not by:
        return ChangedSince(address, NOT_NAMED)
    if by.lower() in operators - owners:
        return ChangedSince(address, RAN_AS_OPERATOR, by, str(step.address))
    return ChangedSince(address, RAN, by)


def _since(reports: list[EvidenceFile], address: str) -> datetime | None:
    """When it was made live, as the service's clock was before that; None of what a person made live."""
    switch = switches.newest(reports).get((TARGET, address))
    return datetime.fromisoformat(switch.moment) if switch else None


def _at(run: Document) -> datetime | None:
    try:
        return datetime.fromisoformat(str(run.get("createdAt")))
    except ValueError:
        return None


def _operators(reports: list[EvidenceFile]) -> Iterator[str]:
    """Who ran the plan and cut it over, by each name that the service may have for them (AZ-ASSET-22)."""
    for report in reports:
        if isinstance(report.content, Run | Switch | Cutover) and (who := report.content.by.identity):
            yield from (one.lower() for one in (who.object_id, who.app_id, who.name) if one)


def _creators(asset: Asset | None) -> frozenset[str]:
    """Who made it, in the service's own words."""
    return frozenset({asset.owner_id.lower()} - {""}) if asset else frozenset()
