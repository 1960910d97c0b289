"""What has become of a target since its cutover, for `verify`, the gate of `decommission` and `cutover --back`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from amlmigrate.bytes.storage_containers import list_both
from amlmigrate.cli.execute import CommonOptions
from amlmigrate.cli.who import who
from amlmigrate.cloud.session import Session
from amlmigrate.core.events import Emit
from amlmigrate.core.few import many
from amlmigrate.core.headline import not_let_go, unchecked
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.plan import Plan
from amlmigrate.cutover import target_since
from amlmigrate.cutover.record import SINCE, active
from amlmigrate.inventory.done_by_hand import undone
from amlmigrate.inventory.sides import read_both
from amlmigrate.kinds import document_digests, holding
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.evidence import EvidenceFile
from amlmigrate.ledger.items import items
from amlmigrate.posture.target_claims import target_claims
from amlmigrate.verifying import waived_items
from amlmigrate.verifying.after_cutover import Living, verify_living
from amlmigrate.verifying.report import Depth
from amlmigrate.verifying.sdk import Readers, compare_readers


async def verify(
    shared: CommonOptions,
    clouds: Session,
    folder: Path,
    plan: Plan,
    ledger: Ledger,
    reports: list[EvidenceFile],
    depth: str,
    unchanged: Callable[[], Awaitable[str]],
    emit: Emit,
) -> EvidenceFile:
    """Holds both sides to the cutover, and adds the report; `unchanged` as for any verification."""
    cutover = active(reports)
    assert cutover
    wanted, ended = Depth(depth), items(plan, ledger)
    source, target = await read_both(clouds, plan)
    looked = clouds.target.arm.service_clock.now() or datetime.now(UTC)
    mapping = Mapping(source.workspace, target.workspace, plan.names())
    listed = await list_both(mapping, clouds.source.blobs, clouds.target.blobs, holding().own)
    found = await target_since.look(clouds, plan, ledger, reports, target, listed, hashing=wanted.hashes)
    return verify_living(
        plan,
        folder,
        ledger,
        cutover,
        Living(
            (document_digests(source), document_digests(target)),
            listed,
            found,
            looked,
            waived_items.of_documents(plan, waived_items.waived(plan, ended), target),
            tuple(await undone(clouds, plan, ended, living=True)),
        ),
        depth=wanted,
        posture=await target_claims(clouds.target, plan, (source.workspace, target.workspace), listed),
        read=await compare_readers(plan, clouds, emit) if wanted is Depth.SDK else Readers(),
        by=await who(shared, clouds.target.credential),
        unknown=await unchanged(),
        service=clouds.target.arm.service_clock.now(),
    )


def headline(content: dict[str, Any]) -> str:
    """What a report of a verification after the cutover comes to, in one sentence."""
    since_then = content[SINCE]
    used = sum(1 for one in since_then["changes"] if not one["finding"])
    let_go = sum(1 for one in since_then["changes"] if one["finding"]) - len(since_then["open"])
    if content["green"]:
        lost = f", {many(let_go, 'lost one was', 'lost ones were')} let go" if let_go else ""
        rest = f"; {told}" if (told := unchecked(content)) else ""
        return (
            f"Green at depth {content['depth']} since the cutover: the source is as it was, and so are"
            f" {many(content['blobs'], 'proven blob')} in the target{lost};"
            f" {many(used, 'other change')} there{rest}."
        )
    return (
        f"Not green: {many(len(since_then['open']), 'proven item')} lost in the target since the cutover,"
        f" {many(len(content['differences']), 'difference')},"
        f" {len(content['unsettled'])} open{not_let_go(content)}."
    )


def lines(content: dict[str, Any]) -> list[str]:
    """Each change since the cutover, what is to be decided first."""
    told = content.get(SINCE)
    if not told:
        return []
    undecided = [f"{one['severity']}: {one['address']}: {one['summary']}" for one in told["open"]]
    shown = {one["address"] for one in told["open"]}
    rest = [one for one in told["changes"] if one["finding"] not in shown]
    return undecided + [
        f"{one['what']} since the cutover: {one['address']}, seen at {one['seen']}" for one in rest
    ]
