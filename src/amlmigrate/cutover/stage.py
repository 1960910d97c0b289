"""A cutover from the plan's folder to its record, and one that is taken back.

It records the moment from which the target lives, in the evidence and for others in the lease's blob. Neither
workspace is changed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from amlmigrate.bytes.storage_containers import list_both
from amlmigrate.cloud.credentials import signed
from amlmigrate.cloud.session import Session
from amlmigrate.core.authorship import By
from amlmigrate.core.errors import BadInputError, RefusedError
from amlmigrate.core.events import Emit
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.plan import Plan
from amlmigrate.core.redaction import masked
from amlmigrate.core.tool import tool
from amlmigrate.cutover import checking, record, target_since
from amlmigrate.cutover.changes_since import Since
from amlmigrate.evidence import Cutover, CutoverBack, Decommission
from amlmigrate.evidence.cutover import Taken
from amlmigrate.evidence.members import Change, PlanRef, SideRecord
from amlmigrate.inventory.sides import read_both
from amlmigrate.kinds import holding as places_held
from amlmigrate.leasing.hold import Lease, holding
from amlmigrate.ledger import Ledger, decisions
from amlmigrate.ledger.evidence import Evidence, EvidenceFile, last
from amlmigrate.ledger.lock import Lock
from amlmigrate.ledger.removal import begun


@dataclass(frozen=True, slots=True)
class CutoverRequest:
    """Which plan is to be cut over, or taken back; `by` is who asks, before they sign in.

    `unfrozen`: why it does not matter that others may still write the source; '' where nobody said so.
    """

    plan: Plan
    folder: Path
    by: By
    emit: Emit
    unfrozen: str = ""
    dry_run: bool = False
    force_unlock: bool = False


@dataclass(frozen=True, slots=True)
class CutoverResult:
    """The record, None of a dry run; `already`: it was there before. `warnings`: what else is to be known."""

    report: EvidenceFile[Cutover] | None = None
    already: bool = False
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TakenBack:
    """The report that takes a cutover back, None of a dry run; `changes`: what the target has since."""

    report: EvidenceFile[CutoverBack] | None = None
    already: bool = False
    changes: tuple[Change, ...] = ()


async def cut_over(request: CutoverRequest, sign_in: Callable[[], Session]) -> CutoverResult:
    """Checks both sides against the evidence, and records that the target lives from now on.

    Raises RefusedError with every reason why not, and for an approval that is needed; PlanLockedError while
    somebody else changes the plan or its target; DeniedError, and what Azure says.
    """
    async with _alone(request, sign_in) as work:
        return await work.cut_over()


async def take_back(request: CutoverRequest, sign_in: Callable[[], Session]) -> TakenBack:
    """Takes the record back, and lists what the target has that the source does not.

    Raises BadInputError for a plan that was never cut over, RefusedError once the source's removal has begun, and
    as `cut_over` does.
    """
    async with _alone(request, sign_in) as work:
        return await work.take_back()


@asynccontextmanager
async def _alone(request: CutoverRequest, sign_in: Callable[[], Session]) -> AsyncIterator[_Cutover]:
    """While the plan and its target are nobody else's."""
    plan = request.plan
    with Ledger(request.folder, fresh=False) as ledger:
        ledger.bind(plan)
        with Lock(ledger, force=request.force_unlock) as lock:
            async with (
                sign_in() as clouds,
                holding(clouds, plan, ledger, lock, "cutover", request.emit, dry_run=request.dry_run) as lease,
            ):
                ledger.clock = clouds.target.arm.service_clock.now
                yield _Cutover(request, ledger, clouds, lease)


@dataclass(frozen=True, slots=True)
class _Cutover:
    """One cutover of a plan, or one that is taken back, under way."""

    request: CutoverRequest
    ledger: Ledger
    clouds: Session
    lease: Lease | None

    @property
    def evidence(self) -> Evidence:
        return Evidence(self.request.folder, self.ledger)

    async def cut_over(self) -> CutoverResult:
        request, reports = self.request, self.evidence.reports()
        if done := record.active(reports):
            await self._known_to_others(done)
            return CutoverResult(done, already=True)
        unfrozen = bool(request.unfrozen)
        passed = await checking.check(self.clouds, request.plan, self.ledger, reports, unfrozen=unfrozen)
        if request.dry_run:
            return CutoverResult(warnings=passed.warnings)
        await refuse_unapproved(request, self.clouds, self.ledger, reports)
        report = record.add(
            self.evidence,
            passed.verified,
            request.plan,
            passed.documents,
            passed.listed,
            **await self._content(),
            unfrozen=masked(request.unfrozen) or None,
            writers=passed.written,
            warnings=passed.warnings,
        )
        await self._known_to_others(report)
        return CutoverResult(report, warnings=passed.warnings)

    async def take_back(self) -> TakenBack:
        reports = self.evidence.reports()
        known, back = record.active(reports), last(reports, CutoverBack)
        if known is None:
            if back is None:
                raise BadInputError(
                    "The plan was never cut over.",
                    address=str(self.request.folder),
                    remedy="There is nothing to take back.",
                )
            await self._known_to_others(None)
            return TakenBack(back, already=True)
        self._refuse_removed(reports)
        changes = tuple(one.told() for one in (await self._since(reports)).changes)
        if self.request.dry_run:
            return TakenBack(changes=changes)
        taken = Taken(number=known.number, time=known.content.time)
        report = self.evidence.add(CutoverBack(**await self._content(), cutover=taken, changes=changes))
        await self._known_to_others(None)
        return TakenBack(report, changes=changes)

    async def _since(self, reports: list[EvidenceFile]) -> Since:
        """What has become of the target since the cutover."""
        plan, clouds = self.request.plan, self.clouds
        source, target = await read_both(clouds, plan)
        mapping = Mapping(source.workspace, target.workspace, plan.names())
        listed = await list_both(mapping, clouds.source.blobs, clouds.target.blobs, places_held().own)
        return await target_since.look(clouds, plan, self.ledger, reports, target, listed)

    def _refuse_removed(self, reports: list[EvidenceFile]) -> None:
        """Raises RefusedError where the source is being removed, or is."""
        if begun(self.ledger) or last(reports, Decommission):
            raise RefusedError(
                "The cutover cannot be taken back: the removal of the source has begun.",
                address=str(self.request.folder),
                remedy="Recover the source first if it is to be used again; then make a new plan.",
            )

    async def _known_to_others(self, cutover: EvidenceFile[Cutover] | None) -> None:
        """Says in the lease's blob what the evidence says, for later plans of the pair; again where cut off."""
        if self.lease:
            await self.lease.change({Cutover.record: record.for_others(cutover) if cutover else None})

    async def _content(self) -> dict[str, Any]:
        """What both reports say alike."""
        plan, now = self.request.plan, self.clouds.target.arm.service_clock.now()
        return {
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
            "service_time": now.isoformat(timespec="seconds") if now else "",
            "tool": tool(),
            "by": await signed(self.request.by, self.clouds.source.credential),
            "plan": PlanRef.of(plan),
            "source": SideRecord.of(plan.header.source),
            "target": SideRecord.of(plan.header.target),
        }


async def refuse_unapproved(
    request: CutoverRequest, clouds: Session, ledger: Ledger, reports: list[EvidenceFile]
) -> None:
    """Raises RefusedError where the plan asks for approvals, and nobody else has approved this cutover.

    One after another was taken back is another one.
    """
    options = {"--unfrozen": request.unfrozen} if request.unfrozen else {"": True}
    back = last(reports, CutoverBack)
    about = {"after": back.number} if back else None
    # Who decides is known by the target's tenant.
    by = await signed(request.by, clouds.target.credential)
    decisions.wanted(request.plan, ledger, "cutover", options, by, about)
