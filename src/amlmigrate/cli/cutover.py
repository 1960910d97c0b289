"""Say that the old workspace stops. From then on the target lives, and the source is held to what it was.

Example: migrate cutover plans/old-ws --dry-run

Example: migrate cutover plans/old-ws

Example: migrate cutover plans/old-ws --unfrozen "the team was told; owners cannot be frozen"

Example: migrate cutover plans/old-ws --back
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from amlmigrate.cli import cuttingover, options, plans
from amlmigrate.cli.execute import CHANGES, CommonOptions, execute
from amlmigrate.cli.login import session
from amlmigrate.cli.views.base import View
from amlmigrate.cloud.session import Session
from amlmigrate.core.errors import BadInputError, ExitCode
from amlmigrate.core.plan import Plan
from amlmigrate.cutover import record
from amlmigrate.cutover.changes_since import ChangedSince
from amlmigrate.cutover.refusals import NOT_MADE
from amlmigrate.evidence import Cutover, CutoverBack
from amlmigrate.leasing.hold import Lease, holding
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.evidence import Evidence, EvidenceFile, last
from amlmigrate.ledger.lock import Lock


@options.for_both_sides
def command(
    plan: options.NeededPlanFolder,
    back: Annotated[bool, typer.Option("--back", help="Take the cutover back; it carries no data back.")] = False,
    only: Annotated[
        list[str] | None,
        typer.Option(help="Only this item of what goes live with the cutover; repeatable.", metavar="ADDRESS"),
    ] = None,
    unfrozen: Annotated[
        str | None,
        typer.Option(help="Why it does not matter that others may still write the source.", metavar="REASON"),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check all of it, and record nothing.")] = False,
    force_unlock: options.ForceUnlock = False,
    *,
    shared: CommonOptions,
) -> None:
    async def work(view: View) -> ExitCode:
        folder, read = plans.load_own(plan)
        _refuse_options(read, folder, only or (), unfrozen)
        with Ledger(folder, fresh=False) as ledger:
            ledger.bind(read)
            with Lock(ledger, force=force_unlock) as lock:
                async with (
                    session(shared) as clouds,
                    holding(clouds, read, ledger, lock, "cutover", view.event, dry_run=dry_run) as lease,
                ):
                    ledger.clock = clouds.target.arm.service_clock.now
                    work = CutoverWork(view, shared, folder, read, ledger, clouds, lease)
                    if back:
                        return await work.back(dry_run=dry_run)
                    return await work.cut_over((unfrozen or "").strip(), dry_run=dry_run)

    execute(shared, work, interrupted=CHANGES)


def _refuse_options(plan: Plan, folder: Path, only: Any, unfrozen: str | None) -> None:
    if unfrozen is not None and not unfrozen.strip():
        raise BadInputError("--unfrozen needs a reason.", remedy='Give one with --unfrozen "...".')
    for address in only:
        if any(step.for_cutover and address in (str(step.address), str(step.address.item)) for step in plan.steps):
            raise BadInputError(
                f"'{address}' is for the cutover to make, and this version cannot.",
                address=str(folder),
                remedy=f"Leave --only out, and {NOT_MADE.format(address)}",
            )
        raise BadInputError(
            f"Nothing of the plan goes live with the cutover under '{address}'.",
            address=str(folder),
            remedy="Leave --only out: then the cutover records the moment, and changes nothing else.",
        )


@dataclass(frozen=True, slots=True)
class CutoverWork:
    """One cutover of a plan, or one that is taken back."""

    view: View
    shared: CommonOptions
    folder: Path
    plan: Plan
    ledger: Ledger
    clouds: Session
    lease: Lease | None

    async def cut_over(self, unfrozen: str, *, dry_run: bool) -> ExitCode:
        """Checks both sides against the evidence, and records that the target lives from now on."""
        evidence = Evidence(self.folder, self.ledger)
        reports = evidence.reports()
        if done := record.active(reports):
            await self._known_to_others(done)
            return self._cut_over(f"Cut over already, at {done.content.time}.", done.path)
        passed = await cuttingover.check(self.clouds, self.plan, self.ledger, reports, unfrozen=bool(unfrozen))
        if dry_run:
            text = "Nothing stands in the way of the cutover. Nothing was recorded."
            self.view.result("cutover.dry", {"text": text, "lines": list(passed.warnings)})
            return ExitCode.DONE
        await cuttingover.refuse_unapproved(self.shared, self.clouds, self.plan, self.ledger, reports, unfrozen)
        report = await cuttingover.record(self.shared, self.clouds, self.plan, evidence, passed, unfrozen)
        await self._known_to_others(report)
        text = f"Cut over: the target lives from {report.content.time} on. Neither workspace was changed."
        return self._cut_over(text, report.path, passed.warnings)

    async def back(self, *, dry_run: bool) -> ExitCode:
        """Takes the record back, and lists what the target has that the source does not."""
        evidence = Evidence(self.folder, self.ledger)
        reports = evidence.reports()
        known, back = record.active(reports), last(reports, CutoverBack)
        if known is None and back is None:
            raise BadInputError(
                "The plan was never cut over.", address=str(self.folder), remedy="There is nothing to take back."
            )
        if known is None:
            assert back
            await self._known_to_others(None)
            return self._taken_back(f"Taken back already, at {back.content.time}.", back.path)
        cuttingover.refuse_removed(self.ledger, reports, self.folder)
        since = await cuttingover.since(self.clouds, self.plan, self.ledger, reports)
        if dry_run:
            text = "Nothing was recorded. The cutover would be taken back; no data is carried back."
            self.view.result("cutover.back.dry", {"text": text, **_told(since.changes)})
            return ExitCode.DONE
        report = await cuttingover.record_back(self.shared, self.clouds, self.plan, evidence, known, since)
        await self._known_to_others(None)
        text = (
            f"Taken back: the evidence holds both sides again. {len(since.changes)} changes in the target since"
            " stay where they are: no data is carried back."
        )
        return self._taken_back(text, report.path, since.changes)

    async def _known_to_others(self, cutover: EvidenceFile[Cutover] | None) -> None:
        """Says in the lease's blob what the evidence says, for later plans of the pair; again where cut off."""
        if self.lease:
            await self.lease.change({Cutover.record: record.for_others(cutover) if cutover else None})

    def _cut_over(self, text: str, report: Path, warnings: tuple[str, ...] = ()) -> ExitCode:
        source = self.plan.header.source_ref.short
        following = f"migrate decommission {self.folder} --confirm {source}, once the soak is over"
        files = {"Evidence": str(report)}
        self.view.result("cutover.end", {"text": text, "lines": list(warnings), "files": files, "next": following})
        return ExitCode.DONE

    def _taken_back(self, text: str, report: Path, changes: tuple[ChangedSince, ...] = ()) -> ExitCode:
        files = {"Evidence": str(report)}
        data = {"text": text, **_told(changes), "files": files, "next": f"migrate verify {self.folder}"}
        self.view.result("cutover.back", data)
        return ExitCode.DONE


def _told(changes: tuple[ChangedSince, ...]) -> dict[str, Any]:
    lines = [f"{one.what} in the target since: {one.address}" for one in changes]
    return {"lines": lines, "changes": [asdict(one.told()) for one in changes]}
