"""The evidence of rotations: a chain of reports of its own, below `keys/`, since a key belongs to no plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from amlmigrate.core.authorship import By
from amlmigrate.core.clock import stamp
from amlmigrate.core.documents import digest
from amlmigrate.core.errors import BadInputError, MigrateError, RefusedError
from amlmigrate.core.tool import tool
from amlmigrate.evidence.members import PlanRef
from amlmigrate.evidence.rotation import ApprovedBy, RotatedDependant, RotationRecord
from amlmigrate.keys.model import LOOKED_AT
from amlmigrate.ledger.evidence import KEYS_REMEDY, Evidence, EvidenceFile, only
from amlmigrate.ledger.ledger import Ledger
from amlmigrate.ledger.missing import LostLedgerError
from amlmigrate.rotating import order
from amlmigrate.rotating.newversion import NewVersionPart
from amlmigrate.rotating.stage import Half, RotationOutcome, RotationPlan

ROOT = Path("keys")
Duties = Literal["apart", "not apart", "not known"]


@dataclass(frozen=True, slots=True)
class Carrier:
    """Who carries a rotation out, by which approval, and what is known of the estate besides.

    `unread` are places where nobody could look for more that lies under the key, `looked` the subscriptions in
    which it was looked for; `notes` say what kept owners' decisions from counting.
    """

    by: By
    environment: str
    unread: tuple[str, ...] = ()
    approval: ApprovedBy | None = None
    looked: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@contextmanager
def opened(folder: Path = ROOT) -> Iterator[Evidence]:
    """The chain in a folder, which is made where it is missing. Raises what the ledger and the evidence raise."""
    folder.mkdir(parents=True, exist_ok=True)
    with _ledger(folder) as ledger:
        yield Evidence(folder, ledger, KEYS_REMEDY)


def _ledger(folder: Path) -> Ledger:
    try:
        return Ledger(folder)
    except LostLedgerError as error:
        raise BadInputError(
            "The ledger of the rotations is missing: there are reports, so there was one.",
            address=str(error.address),
            remedy="Put the ledger back (ledger.db, and ledger.db-wal where there is one). Without it move the"
            " folder aside as it is: a new chain then begins, which tells nothing of the rotations before it.",
        ) from error


def refuse_second_use(evidence: Evidence, found: RotationPlan, approval: ApprovedBy | None) -> None:
    """Raises RefusedError where the reports show that this approval was used to its end.

    The note beside the proposal says so too, and whoever puts the proposal back somewhere else has none beside it.
    """
    if approval is None:
        return
    begun_by_it = False
    for one in (each.content for each in only(evidence.reports(), RotationRecord)):
        if (one.key, one.plan.name) != (found.request.key.name.id, found.aim.rotation):
            continue
        begun_by_it = begun_by_it or (one.approval is not None and one.approval.sha256 == approval.sha256)
        if begun_by_it and one.state == "ended" and one.complete and Half(one.half).adopts:
            raise RefusedError(
                f"This was carried out already, at {one.time}, and an approval is for one time.",
                address=one.key,
                remedy="Something was changed since: write a new proposal with migrate key rotate --dry-run --out,"
                " and have that approved.",
            )


def begun(evidence: Evidence, found: RotationPlan, carrier: Carrier) -> EvidenceFile[RotationRecord]:
    """Writes, before the first change, that one begins. Raises RefusedError for a chain that was changed."""
    return evidence.add(content(evidence, found, carrier))


def content(evidence: Evidence, found: RotationPlan, carrier: Carrier) -> RotationRecord:
    """The report of a rotation that begins."""
    request = found.request
    before = found.aim.version
    return RotationRecord(
        time=_now(),
        plan=PlanRef(name=found.aim.rotation, sha256=_digest(found, carrier)),
        by=carrier.by,
        tool=tool(),
        state="begun",
        key=request.key.name.id,
        vault=request.key.vault_id,
        environment=carrier.environment,
        half=request.half.value,
        version=before.id if before else "",
        replaced=found.aim.replaces.id if found.aim.replaces else "",
        made=False,
        dependants=(),
        duties=_duties(evidence, found, carrier.by),
        complete=False,
        looked_at=LOOKED_AT if request.half.adopts else (),
        looked_in=carrier.looked if request.half.adopts else (),
        unread=carrier.unread,
        environment_by=order.environment_by((one.id, one.levels) for one in request.key.dependants),
        notes=carrier.notes,
        approval=carrier.approval,
    )


def told_already(evidence: Evidence, first: RotationRecord, outcome: RotationOutcome) -> bool:
    """Whether the newest report of the key says what there is, of as much as was looked at: it is no news then."""
    key = outcome.plan.request.key.name.id
    known = [one.content for one in only(evidence.reports(), RotationRecord) if one.content.key == key]
    version = outcome.version.id if outcome.version else ""
    now = {one.dependant.id: (one.version, one.end.value) for one in outcome.ended}
    return (
        bool(known)
        and (known[-1].state, known[-1].version, known[-1].half)
        == (
            "ended",
            version,
            outcome.plan.request.half.value,
        )
        and {one.id: (one.version, one.end) for one in known[-1].dependants} == now
        and _estate(known[-1]) == _estate(first)
    )


def _estate(one: RotationRecord) -> tuple[Any, ...]:
    """What a report tells of the estate besides the dependants' versions."""
    return one.environment, one.environment_by, one.looked_in, one.unread


def ended(evidence: Evidence, first: RotationRecord, outcome: RotationOutcome) -> EvidenceFile[RotationRecord]:
    """Writes what a rotation came to."""
    dependants = tuple(
        RotatedDependant(
            id=one.dependant.id,
            kind=one.dependant.kind.value,
            before=one.dependant.in_use,
            version=one.version,
            end=one.end.value,
            until=stamp(one.until),
            note=one.note,
        )
        for one in outcome.ended
    )
    version = outcome.version.id if outcome.version else ""
    done = replace(
        first,
        time=_now(),
        state="ended",
        version=version,
        made=outcome.made,
        dependants=dependants,
        complete=outcome.complete,
    )
    return evidence.add(done)


def failed(evidence: Evidence, first: RotationRecord, error: MigrateError) -> EvidenceFile[RotationRecord]:
    """Writes that a rotation ended early, and why: what was done by then stays, a version that was made too."""
    made = NewVersionPart.what in error.done
    return evidence.add(replace(first, time=_now(), state="ended", failed=error.summary, made=made))


def _digest(found: RotationPlan, carrier: Carrier) -> str:
    """Of the proposal that was approved; else of what was to be done."""
    if carrier.approval:
        return carrier.approval.sha256
    steps = [one.step.as_dict() for one in found.planned]
    return digest({"rotation": found.aim.rotation, "key": found.request.key.name.id, "steps": steps})


def _duties(evidence: Evidence, found: RotationPlan, by: By) -> Duties:
    """Whether others made the version than have it adopted, as far as what was begun in this chain tells."""
    begun_ones = [
        one.content
        for one in only(evidence.reports(), RotationRecord)
        if one.content.state == "begun"
        and one.content.plan.name == found.aim.rotation
        and one.content.key == found.request.key.name.id
    ]
    # One that found a version there made none.
    makers = _identities(one for one in begun_ones if Half(one.half).makes and not one.version)
    adopters = _identities(one for one in begun_ones if Half(one.half).adopts)
    if found.changes:
        mine = {by.identity.object_id.lower() if by.identity else ""}
        makers |= mine if found.request.half.makes and found.aim.to_make else set()
        adopters |= mine if found.request.half.adopts else set()
    if not makers or not adopters or "" in makers | adopters:
        return "not known"
    return "not apart" if makers & adopters else "apart"


def _identities(reports: Iterable[RotationRecord]) -> set[str]:
    """Who wrote these reports, by their object ids; '' for who did not sign in."""
    return {one.by.identity.object_id.lower() if one.by.identity else "" for one in reports}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
