"""What a removal sets out to do, recorded before anything is removed, and what it says when it is done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

from amlmigrate.core.asset import Inventory
from amlmigrate.core.authorship import By
from amlmigrate.core.documents import Document
from amlmigrate.core.errors import RefusedError
from amlmigrate.core.few import many
from amlmigrate.core.plan import Plan
from amlmigrate.core.workspace import Workspace
from amlmigrate.decommissioning import recovery, residuals
from amlmigrate.decommissioning.containers import Deleted
from amlmigrate.decommissioning.remaining_resources import Remaining
from amlmigrate.decommissioning.removal import blocking
from amlmigrate.decommissioning.surroundings import Surroundings, remains_lines
from amlmigrate.evidence import Decommission, NotAReportError
from amlmigrate.evidence.members import SideRecord
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.evidence import EvidenceFile, only
from amlmigrate.ledger.removal import begun, keep

__all__ = ["begun"]

# Who passed the gate, on which verification, and how the last look at the code bytes stood.
_NOT_YET: Document = {"begun_by": None, "verified": None, "code_bytes": None}


def ended(found: Document, reports: Iterable[EvidenceFile]) -> EvidenceFile[Decommission] | None:
    """The last tombstone of that removal; None while it has none."""
    return next(
        (
            report
            for report in only(reversed(list(reports)), Decommission)
            if (report.content.begun, report.content.deleted) == (found["begun"], found["deleted"])
        ),
        None,
    )


def begin(
    ledger: Ledger, plan: Plan, source: Inventory, around: Surroundings, *, before: Document | None
) -> Document:
    """Records what will be: afterwards the source cannot be asked any more.

    `before` is what an earlier attempt, cut off, set out to do: what it removed is still its. Raises RefusedError
    for what no tombstone could tell.
    """
    earlier = before or {}
    first = dict.fromkeys([*earlier.get("removed_first", ()), *(str(left.address) for left in blocking(source))])
    found = {
        "format": 1,
        "plan": {"name": plan.header.name, "sha256": plan.sha256},
        "source": plan.header.source,
        "target": plan.header.target,
        "purged": False,
        "begun": earlier.get("begun") or now(),
        "deleted": None,
        # When it was shown to be gone, and whether by our own deletion; where that, and a purge, are polled.
        "gone": None,
        "by_us": False,
        **_NOT_YET,
        "operation": None,
        "purging": None,
        "remains": [one.as_dict() for one in around.remains],
        "warnings": [finding.as_dict() for finding in plan.header.findings],
        "removed_first": list(first),
        "deletable": around.deletable,
        **_with_earlier(around.as_dict(), earlier),
    }
    _refuse_untold(found)
    return note(ledger, found)


def _refuse_untold(found: Document) -> None:
    """Once the workspace is gone it is too late to see that nothing can be written about it."""
    try:
        tombstone(found, Deleted([], [], []), By("", "", ""))
    except NotAReportError as error:
        raise RefusedError(
            f"What is known of the source cannot be told in a tombstone: {error}.",
            address=found["source"]["id"],
            remedy="Nothing was removed. Report it, with the plan's header and what the gate says with --dry-run.",
        ) from error


def _with_earlier(now: Document, earlier: Document) -> Document:
    """What an earlier attempt has seen of what it removed is told too: it died, or held rights, all the same."""
    for part, name, key in (
        ("dying", "computes", "address"),
        ("dying", "endpoints", None),
        ("rights", "held", "id"),
    ):
        seen = now[part][name]
        known = {one[key] if key else one for one in seen}
        before = (earlier.get(part) or {}).get(name) or ()
        more = [one for one in before if (one[key] if key else one) not in known]
        now = {**now, part: {**now[part], name: [*more, *seen]}}
    return now


def note(ledger: Ledger, found: Document, **changed: Any) -> Document:
    """Records it, with what has changed."""
    found = {**found, **changed}
    keep(ledger, found)
    return found


def seen_back(ledger: Ledger, found: Document) -> Document:
    """Records that a workspace that had gone was there again: that it goes once more is not by that deletion."""
    return note(ledger, found, gone=None, by_us=False, deleted=None, operation=None, purging=None, purged=False)


def deleting(ledger: Ledger, found: Document) -> Document:
    """Records when the workspace's deletion was asked for: the time to recover it counts from there."""
    return note(ledger, found, deleted=now())


def source_of(plan: Plan, found: Document) -> Workspace:
    """What is known of the source once it is gone."""
    account = next((one.id for one in _remains(found) if one.kind == "account"), "")
    properties = {"workspaceId": plan.header.source["workspaceId"], "storageAccount": account}
    return Workspace(plan.header.source_ref, {"id": plan.header.source["id"], "properties": properties})


def recoverable_until(found: Document) -> str | None:
    """Until when Microsoft documents that it can be recovered; None when it was purged, or cannot be.

    Nor is it known where it went otherwise than by our own deletion.
    """
    if found["purged"] or not found["by_us"]:
        return None
    return recovery.until(found["deleted"] or found["begun"], found["recovery"])


def without(ledger: Ledger, found: Document, done: Deleted) -> Document:
    """Records that these containers are gone."""
    removed = set(done.deleted)
    return note(
        ledger,
        found,
        remains=[one.as_dict() for one in _remains(found) if not _is_one_of(one, removed)],
        restorable=[one.as_dict() for one in _restorable(found, done)],
        deletable={name: sha for name, sha in found["deletable"].items() if name not in removed},
    )


def tombstone(found: Document, done: Deleted, by: By) -> Decommission:
    """What remains, where, under whose key, and until when; `by` is who ends it."""
    remains = [one for one in _remains(found) if not _is_one_of(one, set(done.deleted))]
    left_out = ("deletable", "remains", "restorable", "operation", "purging")
    told = {
        # A version that recorded these only once they were known may have begun it.
        **_NOT_YET,
        **{name: value for name, value in found.items() if name not in left_out},
        **{side: SideRecord.of(found[side]) for side in ("source", "target")},
        "time": now(),
        # A workspace that came back would find none of its files.
        "recoverable_until": None if done.deleted else recoverable_until(found),
        "remains": [one.as_dict() for one in remains],
        "residuals": [asdict(one) for one in residuals.residuals([*remains, *_restorable(found, done)])],
        "containers_deleted": done.deleted,
        "containers_kept": [one.as_dict() for one in done.kept],
        "accepted_unseen": [one.as_dict() for one in done.unseen],
        "protection": done.guard.as_dict() if done.guard else None,
        "by": by.as_dict(),
    }
    return Decommission.of_dict(told)


def lines(content: Decommission) -> list[str]:
    """A tombstone for people: what remains, what came of the containers, who still holds rights."""
    protection, held = content.protection, len(content.rights.held)
    early = content.code_bytes.told if content.code_bytes else ""
    return [
        *remains_lines(content.remains, content.residuals),
        *([f"code bytes: {early}"] if early else ()),
        *(f"not deleted: {one.id}: {why}" for one in content.containers_kept for why in one.reasons),
        *([f"deleted containers: {protection.documented}"] if protection else ()),
        *(
            [f"still held: {many(held, 'right')} of old identities, each with the command that takes it"]
            if held
            else ()
        ),
    ]


def _restorable(found: Document, done: Deleted) -> list[Remaining]:
    """Containers that were deleted and that the account keeps for a while, or may: their bytes are still there."""
    before = [Remaining.of(one) for one in found.get("restorable", ())]
    if done.guard is None or not done.guard.keeps:
        return before
    gone = [one for one in _remains(found) if _is_one_of(one, set(done.deleted))]
    return [*before, *(replace(one, why=f"It was deleted. {done.guard.told} {one.why}") for one in gone)]


def _remains(found: Document) -> list[Remaining]:
    return [Remaining.of(one) for one in found["remains"]]


def _is_one_of(one: Remaining, containers: set[str]) -> bool:
    return one.kind == "container" and one.id in containers


def now() -> str:
    """The time, in ISO 8601 and UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")
