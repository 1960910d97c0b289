"""What a removal sets out to do, recorded before anything is removed, and what it says when it is done."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, TypeVar

from amlmigrate.core.asset import Inventory
from amlmigrate.core.authorship import By
from amlmigrate.core.errors import RefusedError
from amlmigrate.core.few import many
from amlmigrate.core.plan import Plan
from amlmigrate.core.workspace import Workspace
from amlmigrate.decommissioning import exemptions, recovery, residuals
from amlmigrate.decommissioning.containers import Deleted
from amlmigrate.decommissioning.removal import blocking
from amlmigrate.decommissioning.surroundings import Surroundings, remains_lines
from amlmigrate.evidence import Decommission, NotAReportError
from amlmigrate.evidence.base import FORMAT
from amlmigrate.evidence.decommission import Kept, ProtectionRecord, RemainingRecord, UnseenRecord
from amlmigrate.evidence.members import PlanRef, SideRecord
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.evidence import EvidenceFile, only
from amlmigrate.ledger.removal import RemovalRecord, begun, keep

__all__ = ["begun"]

T = TypeVar("T")


def ended(found: RemovalRecord, reports: Iterable[EvidenceFile]) -> EvidenceFile[Decommission] | None:
    """The last tombstone of that removal; None while it has none."""
    return next(
        (
            report
            for report in only(reversed(list(reports)), Decommission)
            if (report.content.begun, report.content.deleted) == (found.begun, found.deleted)
        ),
        None,
    )


def begin(
    ledger: Ledger, plan: Plan, source: Inventory, around: Surroundings, *, before: RemovalRecord | None
) -> RemovalRecord:
    """Records what will be: afterwards the source cannot be asked any more.

    `before` is what an earlier attempt, cut off, set out to do: what it removed is still its. Raises RefusedError
    for what no tombstone could tell: once the workspace is gone it is too late to see that.
    """
    try:
        found = _found(plan, source, around)
        found = _with_earlier(found, before) if before else found
        Decommission.of_dict(tombstone(found, Deleted([], [], []), By("", "", "")).as_dict())
    except NotAReportError as error:
        raise RefusedError(
            f"What is known of the source cannot be told in a tombstone: {error}.",
            address=plan.header.source["id"],
            remedy="Nothing was removed. Report it, with the plan's header and what the gate says with --dry-run.",
        ) from error
    return note(ledger, found)


def _found(plan: Plan, source: Inventory, around: Surroundings) -> RemovalRecord:
    """A removal of which nothing has been done yet. Raises NotAReportError for what is not as it is to be told."""
    return RemovalRecord.of_dict(
        {
            "format": FORMAT,
            "plan": PlanRef.of(plan),
            "source": SideRecord.of(plan.header.source),
            "target": SideRecord.of(plan.header.target),
            "purged": False,
            "begun": now(),
            "deleted": None,
            "gone": None,
            "by_us": False,
            "operation": None,
            "purging": None,
            "remains": [asdict(one) for one in around.remains],
            "warnings": [finding.as_dict() for finding in plan.header.findings],
            "removed_first": [str(left.address) for left in blocking(source)],
            "deletable": around.deletable,
            **around.as_dict(),
        }
    )


def _with_earlier(found: RemovalRecord, earlier: RemovalRecord) -> RemovalRecord:
    """What an earlier attempt has seen of what it removed is told too: it died, or held rights, all the same."""
    computes = _both(earlier.dying.computes, found.dying.computes, lambda one: str(one["address"]))
    endpoints = _both(earlier.dying.endpoints, found.dying.endpoints, str)
    return replace(
        found,
        begun=earlier.begun,
        removed_first=tuple(dict.fromkeys([*earlier.removed_first, *found.removed_first])),
        dying=replace(found.dying, computes=computes, endpoints=endpoints),
        rights=replace(found.rights, held=_both(earlier.rights.held, found.rights.held, attrgetter("id"))),
    )


def _both(earlier: Iterable[T], found: tuple[T, ...], key: Callable[[T], str]) -> tuple[T, ...]:
    """Those that are gone by now, then those that are there."""
    seen = {key(one) for one in found}
    return (*(one for one in earlier if key(one) not in seen), *found)


def note(ledger: Ledger, found: RemovalRecord, **changed: Any) -> RemovalRecord:
    """Records it, with what has changed."""
    found = replace(found, **changed)
    keep(ledger, found)
    return found


def seen_back(ledger: Ledger, found: RemovalRecord) -> RemovalRecord:
    """Records that a workspace that had gone was there again: that it goes once more is not by that deletion."""
    return note(ledger, found, gone=None, by_us=False, deleted=None, operation=None, purging=None, purged=False)


def deleting(ledger: Ledger, found: RemovalRecord) -> RemovalRecord:
    """Records when the workspace's deletion was asked for: the time to recover it counts from there."""
    return note(ledger, found, deleted=now())


def source_of(plan: Plan, found: RemovalRecord) -> Workspace:
    """What is known of the source once it is gone."""
    account = next((one.id for one in found.remains if one.kind == "account"), "")
    properties = {"workspaceId": plan.header.source["workspaceId"], "storageAccount": account}
    return Workspace(plan.header.source_ref, {"id": plan.header.source["id"], "properties": properties})


def recoverable_until(found: RemovalRecord) -> str | None:
    """Until when Microsoft documents that it can be recovered; None when it was purged, or cannot be.

    Nor is it known where it went otherwise than by our own deletion.
    """
    if found.purged or not found.by_us:
        return None
    return recovery.until(found.deleted or found.begun, found.recovery.days)


def without(ledger: Ledger, found: RemovalRecord, done: Deleted) -> RemovalRecord:
    """Records that these containers are gone."""
    return note(
        ledger,
        found,
        remains=_left(found, done),
        restorable=_restorable(found, done),
        deletable={name: sha for name, sha in found.deletable.items() if name not in done.deleted},
    )


def tombstone(found: RemovalRecord, done: Deleted, by: By) -> Decommission:
    """What remains, where, under whose key, and until when; `by` is who ends it."""
    remains = _left(found, done)
    return Decommission(
        **found.facts(),
        plan=found.plan,
        source=found.source,
        target=found.target,
        time=now(),
        by=by,
        # A workspace that came back would find none of its files.
        recoverable_until=None if done.deleted else recoverable_until(found),
        remains=remains,
        residuals=tuple(residuals.residuals([*remains, *_restorable(found, done)])),
        containers_deleted=tuple(done.deleted),
        containers_kept=tuple(Kept(id=one.id, reasons=one.reasons) for one in done.kept),
        accepted_unseen=tuple(UnseenRecord(scope=one.scope, why=one.why) for one in done.unseen),
        protection=ProtectionRecord(**done.guard.as_dict()) if done.guard else None,
    )


def lines(content: Decommission) -> list[str]:
    """A tombstone for people: what remains, what came of the containers, who still holds rights."""
    protection, held = content.protection, len(content.rights.held)
    early = content.code_bytes.told if content.code_bytes else ""
    return [
        *remains_lines(content.remains, content.residuals),
        *([f"code bytes: {early}"] if early else ()),
        *content.recovery.refused,
        *exemptions.lines(content.exemptions),
        *(f"not deleted: {one.id}: {why}" for one in content.containers_kept for why in one.reasons),
        *([f"deleted containers: {protection.documented}"] if protection else ()),
        *(
            [f"still held: {many(held, 'right')} of old identities, each with the command that takes it"]
            if held
            else ()
        ),
    ]


def _restorable(found: RemovalRecord, done: Deleted) -> tuple[RemainingRecord, ...]:
    """Containers that were deleted and that the account keeps for a while, or may: their bytes are still there."""
    if done.guard is None or not done.guard.keeps:
        return found.restorable
    gone = (one for one in found.remains if _is_one_of(one, done.deleted))
    return (*found.restorable, *(replace(one, why=f"It was deleted. {done.guard.told} {one.why}") for one in gone))


def tells(content: Decommission, found: RemovalRecord) -> bool:
    """Whether a tombstone tells what remains, and of the exemptions, as it is known now."""
    return (content.remains, content.exemptions) == (found.remains, found.exemptions)


def _left(found: RemovalRecord, done: Deleted) -> tuple[RemainingRecord, ...]:
    """What remains without the containers that are gone."""
    return tuple(one for one in found.remains if not _is_one_of(one, done.deleted))


def _is_one_of(one: RemainingRecord, containers: Container[str]) -> bool:
    return one.kind == "container" and one.id in containers


def now() -> str:
    """The time, in ISO 8601 and UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")
