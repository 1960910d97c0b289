"""A verification from the plan's folder to its report: both sides read afresh, compared, and kept as evidence."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from amlmigrate.bytes import storage_containers
from amlmigrate.bytes.storage_containers import Begun, list_both
from amlmigrate.cloud.credentials import signed
from amlmigrate.cloud.session import Session
from amlmigrate.core.asset import Inventory
from amlmigrate.core.authorship import By
from amlmigrate.core.decision import DecisionVerb
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.events import Emit
from amlmigrate.core.metering import Amount, Meter, counting
from amlmigrate.core.plan import Plan
from amlmigrate.core.plan_mapping import mapping_of
from amlmigrate.core.run_progress import VerifyReading, VerifyStarted
from amlmigrate.core.state import Outcome
from amlmigrate.cutover import changes_since, target_since
from amlmigrate.cutover.record import active
from amlmigrate.cutover.switches import refuse_unfinished
from amlmigrate.evidence import Decommission, Verify
from amlmigrate.freezing.record import count_frozen
from amlmigrate.inventory import waived_items
from amlmigrate.inventory.done_by_hand import undone
from amlmigrate.inventory.sides import read_both
from amlmigrate.kinds import document_digests, own_places
from amlmigrate.leasing.looking import refuse_changing
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.decisions import trusted
from amlmigrate.ledger.evidence import EvidenceFile, last
from amlmigrate.ledger.items import decided, items
from amlmigrate.ledger.valid_decisions import Standing, settled_findings
from amlmigrate.posture.target_claims import target_claims
from amlmigrate.verifying import verify as both_sides
from amlmigrate.verifying.after_cutover import Living, verify_living
from amlmigrate.verifying.document_comparison import DocumentComparison, compare_documents
from amlmigrate.verifying.report import Depth
from amlmigrate.verifying.sdk import Readers, compare_readers
from amlmigrate.verifying.secrets import compare_secrets, compared, unseen


@dataclass(frozen=True, slots=True)
class VerifyRequest:
    """What is to be verified, and how deep; `by` is who asks, before they sign in."""

    plan: Plan
    folder: Path
    by: By
    depth: Depth
    emit: Emit


async def verify(request: VerifyRequest, sign_in: Callable[[], Session]) -> EvidenceFile[Verify]:
    """Compares both sides, or holds them to the cutover where there was one, and adds the report to the evidence.

    Raises BadInputError for a plan of which nothing was run, RefusedError for evidence that cannot be trusted,
    PlanLockedError while somebody changes the target, and what Azure says.
    """
    with Ledger(request.folder, fresh=False) as ledger:
        ledger.bind(request.plan)
        # A decision that no report tells of lets nothing go.
        reports = trusted(request.folder, ledger)
        refuse_unfinished(reports, request.folder)
        lists = Meter(0, Amount())
        request.emit(VerifyReading(lists))
        async with sign_in() as clouds:
            ledger.clock = clouds.target.arm.service_clock.now
            work = _Verification(request, clouds, ledger, reports, lists)
            if tombstone := last(reports, Decommission):
                await _refuse_gone(request, clouds, tombstone)
            count_frozen(clouds.source, request.folder, request.plan.header.source["workspaceId"])
            await work.unchanged()
            return await (work.since_cutover() if active(reports) else work.of_both_sides())


async def _refuse_gone(request: VerifyRequest, clouds: Session, tombstone: EvidenceFile[Decommission]) -> None:
    """Raises BadInputError where the source was removed; one that was recovered since is compared as any other."""
    ref = request.plan.header.source_ref
    if await clouds.source.workspace(ref).find() is not None:
        return
    until = tombstone.content.recoverable_until
    recover = f", which Microsoft documents to be possible until {until}" if until else ""
    raise BadInputError(
        f"The plan has ended: its source was removed (report {tombstone.number}), and nothing is there to compare"
        " the target with.",
        address=ref.id,
        remedy=f"What was shown before is in its evidence: migrate evidence check {request.folder}. To compare"
        f" again, recover the source first{recover}.",
    )


@dataclass(frozen=True, slots=True)
class _Verification:
    """One verification under way."""

    request: VerifyRequest
    clouds: Session
    ledger: Ledger
    reports: list[EvidenceFile]
    # Counts the lists of both workspaces.
    lists: Meter

    @property
    def unchanged(self) -> Callable[[], Awaitable[str]]:
        """Raises while somebody changes the target; returns why that is not known, else ''."""
        return partial(refuse_changing, self.clouds.target, self.request.plan, self.ledger)

    async def of_both_sides(self) -> EvidenceFile[Verify]:
        """The target is held to the source."""
        plan, clouds, emit = self.request.plan, self.clouds, self.request.emit
        # Whatever takes its time comes after: a look at the code bytes counts from when they were listed.
        looked = self._now()
        async with storage_containers.begun(plan, clouds.source, clouds.target, looked) as begun:
            source, target = await read_both(clouds, plan, meter=self.lists)
            documents = await self._documents(source, target)
            readers = await self._readers()
            meter = _meter(plan, hashing=self.request.depth.hashes)
            emit(VerifyStarted(meter))
            with counting(meter):
                return await self._compared(documents, readers, begun)

    def _now(self) -> datetime:
        """Azure's time, where it is known."""
        return self.clouds.target.arm.service_clock.now() or datetime.now(UTC)

    async def _compared(
        self, documents: DocumentComparison, readers: Readers, begun: Begun
    ) -> EvidenceFile[Verify]:
        plan, clouds = self.request.plan, self.clouds
        return await both_sides.verify(
            plan,
            self.request.folder,
            self.ledger,
            clouds,
            documents,
            depth=self.request.depth,
            read=readers,
            by=await signed(self.request.by, clouds.target.credential),
            unchanged=self.unchanged,
            emit=self.request.emit,
            begun=begun,
        )

    async def since_cutover(self) -> EvidenceFile[Verify]:
        """Both sides are held to the cutover."""
        plan, clouds, ledger = self.request.plan, self.clouds, self.ledger
        cutover = active(self.reports)
        assert cutover
        ended = items(plan, ledger)
        source, target = await read_both(clouds, plan, meter=self.lists)
        looked = self._now()
        mapping = mapping_of(plan, source.workspace, target.workspace)
        listed = await list_both(mapping, clouds.source, clouds.target, own_places)
        hashing = self.request.depth.hashes
        meter = Meter(0, changes_since.proven(cutover, hashing=hashing))
        self.request.emit(VerifyStarted(meter))
        with counting(meter):
            sides = (source, target)
            found = await target_since.look(clouds, plan, ledger, self.reports, sides, listed, hashing=hashing)
        return verify_living(
            plan,
            self.request.folder,
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
            depth=self.request.depth,
            posture=await target_claims(clouds.target, plan, (source.workspace, target.workspace), listed),
            read=await self._readers(),
            by=await signed(self.request.by, clouds.target.credential),
            unknown=await self.unchanged(),
            service=clouds.target.arm.service_clock.now(),
        )

    async def _readers(self) -> Readers:
        """What MLClient reads, where it is asked."""
        if self.request.depth is not Depth.SDK:
            return Readers()
        return await compare_readers(self.request.plan, self.clouds, self.request.emit)

    async def _documents(self, source: Inventory, target: Inventory) -> DocumentComparison:
        """What comparing the documents comes to, and what is no longer as it was let go, or done by hand."""
        plan = self.request.plan
        standing = Standing(plan, self.ledger)
        findings, ended = settled_findings(plan, standing), items(plan, self.ledger, standing)
        settled = decided(ended) | findings.keys()
        by_hand = frozenset(address for address, one in findings.items() if one.verb is DecisionVerb.DONE)
        by_hand |= {item.address for item in ended if item.outcome is Outcome.BY_HAND}
        found = compare_documents(plan, source, target, settled, by_hand)
        secrets = await compare_secrets(self.clouds, plan, compared(plan, found.same))
        not_compared = (*secrets.not_compared, *unseen(plan, by_hand))
        found = found.with_secrets(secrets.differences, not_compared)
        theirs = waived_items.of_documents(plan, waived_items.waived(plan, ended), target)
        return replace(found, theirs=theirs, undone=tuple(await undone(self.clouds, plan, ended)))


def _meter(plan: Plan, *, hashing: bool) -> Meter:
    """The prefixes of a plan, with the blobs of one side and the bytes of both, where those are read."""
    amounts = [step.prefix for step in plan.steps if step.prefix]
    total = Amount(sum(one.blobs for one in amounts), 2 * sum(one.bytes for one in amounts) if hashing else 0)
    return Meter(len(amounts), total)
