"""A cutover from the plan's folder to its record, and one that is taken back.

What works by itself stops in the source, then what waits for that starts in the target. Then it records the moment
from which the target lives, in the evidence and for others in the lease's blob.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from amlmigrate.bytes.storage_containers import list_both
from amlmigrate.cloud.credentials import signed
from amlmigrate.cloud.session import Session
from amlmigrate.core.address import Address
from amlmigrate.core.authorship import By
from amlmigrate.core.errors import BadInputError, RefusedError
from amlmigrate.core.events import Emit
from amlmigrate.core.plan import Plan
from amlmigrate.core.plan_mapping import mapping_of
from amlmigrate.core.redaction import masked
from amlmigrate.core.switched import SOURCE, TARGET, Switched
from amlmigrate.core.tool import tool
from amlmigrate.cutover import checking, record, refusals, switches, target_since, together
from amlmigrate.cutover.changes_since import Since
from amlmigrate.cutover.checking import PassedCutover
from amlmigrate.cutover.doing import left_after, todo_of
from amlmigrate.cutover.giving import Giving, is_elsewhere
from amlmigrate.cutover.results import CutoverResult, Stopped, TakenBack
from amlmigrate.cutover.switching import Todo
from amlmigrate.evidence import Cutover, CutoverBack, Decommission, Switch
from amlmigrate.evidence.cutover import SwitchState, Taken
from amlmigrate.evidence.members import PlanRef, SideRecord, Told
from amlmigrate.inventory.sides import read_both, read_source
from amlmigrate.kinds import own_places
from amlmigrate.leasing import looking
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
    # The addresses of what alone is to be made live; empty for all.
    only: tuple[str, ...] = ()


async def cut_over(request: CutoverRequest, sign_in: Callable[[], Session]) -> CutoverResult:
    """Checks both sides against the evidence, makes live what waits for it, and records that the target lives.

    Raises RefusedError with every reason why not, and for an approval that is needed; PlanLockedError while
    somebody else changes the plan or its target; DeniedError, and what Azure says.
    """
    async with _alone(request, sign_in) as work:
        return await work.cut_over()


async def stop(request: CutoverRequest, sign_in: Callable[[], Session]) -> Stopped:
    """Stops what works in the source by itself, so that nothing comes there any more, and looks what runs still.

    `cut_over` goes on with it, also of a later plan of the pair; `take_back` sets it back. Raises RefusedError
    where something can only be stopped by a person, and as `cut_over` does.
    """
    async with _alone(request, sign_in) as work:
        return await work.stop()


async def take_back(request: CutoverRequest, sign_in: Callable[[], Session]) -> TakenBack:
    """Sets back what the cutover changed, takes the record back, and lists what only the target has.

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
        if switches.going_back(reports):
            switches.refuse_unfinished(reports, request.folder)
        if done := record.active(reports):
            before = await self._before()
            plan, time = request.plan, done.content.time
            together.refuse_ended(before, plan.sha256, _source_of(plan), time, request.folder)
            await self._lives(before, done.content.time)
            return CutoverResult(done, already=True, todo=left_after(request.plan, self.ledger))
        if cut_off(reports) and not request.dry_run:
            await (await self._switching()).take_up()
            reports = self.evidence.reports()
        passed = await self._check(reports)
        every = todo_of(request.plan, self.ledger, passed.source)
        todo = every.only(request.only) if request.only else every
        if request.dry_run:
            return CutoverResult(warnings=passed.warnings, todo=todo)
        if todo.gives:
            # Whoever made the plan lets nobody in elsewhere alone.
            decisions.refuse_ungranted(request.plan, request.folder, self.ledger)
        await refuse_unapproved(request, self.clouds, self.ledger, reports)
        others = await self._stopped_by_others()
        refusals.refuse_unplanned(request.plan, others, request.folder)
        made = await self._make(todo, passed, others) if todo or others or switches.newest(reports) else passed
        rest = todo_of(request.plan, self.ledger, made.source) if request.only else Todo(left=todo.left)
        if rest:
            return CutoverResult(warnings=made.warnings, todo=rest, made=todo)
        content = await self._content()
        # First: others learn of it by the blob alone, also where nobody comes back to what is cut off here.
        await self._lives(await self._before(), content["time"])
        report = record.add(
            self.evidence,
            made.verified,
            request.plan,
            made.documents,
            made.listed,
            **content,
            unfrozen=masked(request.unfrozen) or None,
            writers=made.written,
            warnings=made.warnings,
        )
        return CutoverResult(report, warnings=made.warnings, todo=rest, made=todo)

    async def _check(self, reports: list[EvidenceFile]) -> PassedCutover:
        request, unfrozen = self.request, bool(self.request.unfrozen)
        return await checking.check(self.clouds, request.plan, self.ledger, reports, unfrozen=unfrozen)

    async def stop(self) -> Stopped:
        request, reports = self.request, self.evidence.reports()
        if switches.going_back(reports):
            switches.refuse_unfinished(reports, request.folder)
        record.refuse_cut_over(reports, request.folder)
        self._refuse_removed(reports)
        source = await read_source(self.clouds, request.plan)
        refusals.refuse_unstoppable(source)
        stops = todo_of(request.plan, self.ledger, source).stops
        if request.dry_run:
            return Stopped(stops, refusals.running(source))
        await refuse_unapproved(request, self.clouds, self.ledger, reports)
        switching = await self._switching()
        await switching.take_up()
        for asset in stops:
            await switching.stop(asset)
        if stops:
            # What fired before it was stopped runs, and something may have been made meanwhile.
            source = await read_source(self.clouds, request.plan)
        left = todo_of(request.plan, self.ledger, source).stops
        return Stopped(stops, refusals.running(source), left, done=True)

    async def _make(self, todo: Todo, passed: PassedCutover, others: tuple[Switched, ...]) -> PassedCutover:
        """Stops what stops, looks once more whether all is as it was proven, and starts what starts.

        Before that it gives what is needed for it elsewhere: where that fails, nothing starts.
        """
        switching = await self._switching()
        await switching.give_all(todo.gives)
        for one in others:
            await switching.take_over(one)
        for asset in todo.stops:
            await switching.stop(asset)
        if todo.stops:
            # What fired before it was stopped may have written something.
            passed = await self._check(self.evidence.reports())
        for step in todo.starts:
            with switching.trying(step):
                await switching.start(step, passed.documents[1].get(str(step.called), ""))
        return await checking.since(self.clouds, self.request.plan, self.evidence.reports(), passed)

    async def take_back(self) -> TakenBack:
        reports = self.evidence.reports()
        known, back, standing = record.active(reports), last(reports, CutoverBack), switches.standing(reports)
        if known is None and not switches.newest(reports) and not standing:
            if back is None:
                raise BadInputError(
                    "The plan was never cut over.",
                    address=str(self.request.folder),
                    remedy="There is nothing to take back.",
                )
            before = await self._before()
            ends = self._ends(before, back.content.cutover, until=back.content.time)
            await self._lives_no_more(before, ends)
            return TakenBack(back, already=True, ends=_named(ends))
        self._refuse_removed(reports)
        plan, folder, before = self.request.plan, self.request.folder, await self._before()
        source, ends = _source_of(plan), self._ends(before, known, works=bool(standing))
        switches.refuse_taken_over(standing, before.get("changed"), plan.sha256, source, folder)
        changes = tuple(one.told() for one in (await self._since(reports)).changes)
        restores = tuple(f"{one.side}: {one.address}" for one in standing)
        if self.request.dry_run:
            return TakenBack(changes=changes, restores=restores, ends=_named(ends))
        kept = await self._restore(standing)
        # As they stand once all were tried: how a setting of the target stands is a change no more.
        taken = Taken(number=known.number, time=known.content.time) if known else None
        report = self.evidence.add(CutoverBack(**await self._content(), cutover=taken, changes=changes, kept=kept))
        await self._lives_no_more(await self._before(), ends)
        return TakenBack(report, changes=changes, restores=restores, ends=_named(ends))

    async def _restore(self, standing: tuple[Switch, ...]) -> tuple[Told, ...]:
        """Sets back what stands, the target's before the source's; what is kept, and why.

        What was given elsewhere comes last: nothing waits for that.
        """
        switching = await self._switching() if standing else None
        for one in sorted(
            standing, key=lambda one: (is_elsewhere(Address.parse(one.address)), one.side != TARGET)
        ):
            assert switching
            await switching.restore(one)
        ended = switches.newest(self.evidence.reports()).values()
        return tuple(
            Told(address=f"{one.side}: {one.address}", detail=one.note)
            for one in ended
            if one.state is SwitchState.KEPT
        )

    async def _switching(self) -> Giving:
        plan = self.request.plan
        return Giving(
            {
                SOURCE: self.clouds.source.workspace(plan.header.source_ref),
                TARGET: self.clouds.target.workspace(plan.header.target_ref),
            },
            self.ledger,
            self.evidence,
            await self._content(),
            self._known_to_others,
            self.request.emit,
            plan.called,
            frozenset(step.address for step in plan.steps if step.cut_over),
            arm=self.clouds.source.arm,
            plan=plan,
        )

    async def _since(self, reports: list[EvidenceFile]) -> Since:
        """What has become of the target since the cutover."""
        plan, clouds = self.request.plan, self.clouds
        source, target = await read_both(clouds, plan)
        mapping = mapping_of(plan, source.workspace, target.workspace)
        listed = await list_both(mapping, clouds.source, clouds.target, own_places)
        return await target_since.look(clouds, plan, self.ledger, reports, (source, target), listed)

    def _refuse_removed(self, reports: list[EvidenceFile]) -> None:
        """Raises RefusedError where the source is being removed, or is."""
        if begun(self.ledger) or last(reports, Decommission):
            raise RefusedError(
                "The removal of the source has begun: nothing is stopped there now, and no cutover taken back.",
                address=str(self.request.folder),
                remedy="Recover the source first if it is to be used again; then make a new plan.",
            )

    async def _stopped_by_others(self) -> tuple[Switched, ...]:
        """What an earlier plan stopped in the source and did not start in the target: from here on it is ours."""
        plan = self.request.plan
        if not self.lease:
            return ()
        before = await self._before()
        return switches.stopped_by_others(before.get("changed"), plan.sha256, _source_of(plan), plan.called)

    def _ends(
        self, before: together.Record, made: object, *, works: bool = False, until: str = ""
    ) -> together.TakingBack:
        """Which other plans' cutovers end with this one's; `made`: what says that this ever was one.

        One that did not come about, or that only stopped the source, ends none: that is as it was before.
        """
        plan = self.request.plan
        if not made:
            return together.TakingBack()
        return together.others(before, plan.sha256, _source_of(plan), works=works, until=until)

    async def _before(self) -> dict[str, Any]:
        """What stands in the lease's blob of cutovers, and of what they have changed."""
        if not self.lease:
            return await looking.cutovers_shown(self.clouds.target, self.request.plan.header.target_ref)
        before = (await self.lease.record()).get(Cutover.record)
        return before if isinstance(before, dict) else {}

    async def _lives(self, before: together.Record, time: str) -> None:
        plan = self.request.plan
        await self._known_to_others(together.cut_over(before, PlanRef.of(plan), _source_of(plan), time), time)

    async def _lives_no_more(self, before: together.Record, ends: together.TakingBack) -> None:
        plan, now = self.request.plan, datetime.now(UTC).isoformat(timespec="seconds")
        await self._known_to_others(together.taken_back(before, PlanRef.of(plan), _source_of(plan), ends, now))

    async def _known_to_others(self, stand: together.Members | None = None, time: str = "") -> None:
        """Says in the lease's blob what the evidence says, for later plans of the pair; again where cut off.

        `stand`: which cutovers stand, None for those that did; `time`: when this one was made. What other plans
        have changed stays there.
        """
        if not self.lease:
            return
        plan, before = self.request.plan, await self._before()
        stand = together.members(before) if stand is None else stand
        changed = switches.for_others(
            self.evidence.reports(), plan.sha256, _source_of(plan), before.get("changed")
        )
        told = {"time": time, "plan": asdict(PlanRef.of(plan)), "changed": changed, **stand}
        says = time or changed or any(stand.values())
        await self.lease.change({Cutover.record: told if says else None})

    async def _content(self) -> dict[str, Any]:
        """What all reports of it say alike."""
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


def cut_off(reports: list[EvidenceFile]) -> bool:
    """Whether an earlier attempt has asked for something, and not read what came of it."""
    return any(one.state is SwitchState.CHANGING for one in switches.standing(reports))


def _source_of(plan: Plan) -> str:
    return str(plan.header.source["workspaceId"])


def _named(back: together.TakingBack) -> tuple[str, ...]:
    return tuple(str(one.get("name")) for one in back.ends)


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
