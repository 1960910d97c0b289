"""Carry out a plan, with retries and checkpoints. A run that ended early goes on with --resume.

Example: migrate run plans/old-ws

Example: migrate run plans/old-ws --resume
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote
from typing import Annotated, Any

import typer

from amlmigrate.cli import options, plans
from amlmigrate.cli.execute import CommonOptions, execute
from amlmigrate.cli.holding import holding
from amlmigrate.cli.login import session
from amlmigrate.cli.needing import Needing
from amlmigrate.cli.sides import read_both, read_pair
from amlmigrate.cli.signals import draining
from amlmigrate.cli.views.base import View
from amlmigrate.cli.who import local, who
from amlmigrate.cloud.session import Session
from amlmigrate.core.asset import Inventory
from amlmigrate.core.claim import Claim
from amlmigrate.core.errors import ExitCode, RefusedError
from amlmigrate.core.events import Event
from amlmigrate.core.finding import Finding
from amlmigrate.core.headline import ran
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.ownership_record import OwnershipRecord
from amlmigrate.core.plan import Action, Plan, Step
from amlmigrate.core.state import Outcome
from amlmigrate.cutover.record import refuse_cut_over
from amlmigrate.leasing.hold import Lease
from amlmigrate.leasing.numbering import number
from amlmigrate.ledger import Ledger, corroboration
from amlmigrate.ledger.decision_subjects import found_by
from amlmigrate.ledger.decisions import refuse_unapproved, trusted
from amlmigrate.ledger.evidence import Evidence
from amlmigrate.ledger.items import for_cutover, items, over_foreign_bytes, write_idmap
from amlmigrate.ledger.items import tally as count
from amlmigrate.ledger.lock import Lock
from amlmigrate.ledger.valid_decisions import Standing, open_findings
from amlmigrate.planning.build import refuse_errors
from amlmigrate.posture import BytePlaces, findings, let_go, prove
from amlmigrate.running import drift, report
from amlmigrate.running.run import finished, run
from amlmigrate.running.walker import Walker, WalkResult
from amlmigrate.scanning.sensitivity import most_sensitive

_TOLD = 40


@options.for_both_sides
def command(
    plan: options.PlanFolder = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run that was begun.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check all that a run checks, and change nothing.")
    ] = False,
    force_unlock: options.ForceUnlock = False,
    jobs: Annotated[int, typer.Option(help="Steps at a time.", min=1, max=128, metavar="N")] = 32,
    *,
    shared: CommonOptions,
) -> None:
    async def work(view: View) -> ExitCode:
        folder, read = plans.load_own(plan)
        with Ledger(folder) as ledger:
            ledger.bind(read)
            refuse_errors(read, ledger)
            with Lock(ledger, force=force_unlock) as lock:
                _refuse_begun(ledger, resume=resume)
                _refuse_untrusted(read, folder, ledger)
                _refuse_conflicts(read, ledger)
                if ledger.begun and finished(read, ledger):
                    if not dry_run:
                        _make_up_for(shared, folder, read, ledger)
                    return _ended(view, folder, read, ledger, None)
                refuse_unapproved(read, folder, ledger)
                tally = await _run(view, shared, folder, read, ledger, lock, jobs=jobs, dry_run=dry_run)
            return ExitCode.DONE if dry_run else _ended(view, folder, read, ledger, tally)

    execute(shared, work)


def _refuse_begun(ledger: Ledger, *, resume: bool) -> None:
    if ledger.begun and not resume:
        raise RefusedError("The plan is already begun.", address=str(ledger.path), remedy="Go on with --resume.")


def _refuse_untrusted(plan: Plan, folder: Path, ledger: Ledger) -> None:
    """A run goes by what people decided and by what was made, and adds a report: all has to be as it was written.

    Raises RefusedError, so too for a plan that is cut over.
    """
    refuse_cut_over(trusted(folder, ledger), folder)
    corroboration.refuse_outside(plan.steps, ledger)


def _make_up_for(shared: CommonOptions, folder: Path, plan: Plan, ledger: Ledger) -> None:
    """The run that finished the plan may have been cut off before it wrote the map of ids or its report."""
    write_idmap(folder, ledger)
    if ledger.untold_runs:
        report.tell(plan, folder, ledger, None, local(shared))


def _refuse_conflicts(plan: Plan, ledger: Ledger) -> None:
    if left := [item for item in items(plan, ledger) if item.outcome is Outcome.CONFLICT]:
        raise RefusedError(
            "The plan has conflicts that nobody has resolved.",
            reasons=(*(f"{item.address}: {item.detail}" for item in left[:_TOLD]), *_more(len(left))),
            remedy="Clear them in the target and plan anew; leave out with --exclude each item in conflict, and of"
            " a blob what refers to it; or waive each one.",
        )


def _more(count: int) -> Iterator[str]:
    if count > _TOLD:
        yield f"and {count - _TOLD} more: `migrate show --open` lists them"


async def _run(
    view: View,
    shared: CommonOptions,
    folder: Path,
    plan: Plan,
    ledger: Ledger,
    lock: Lock,
    *,
    jobs: int,
    dry_run: bool,
) -> WalkResult | None:
    async with (
        session(shared) as clouds,
        holding(clouds, plan, ledger, lock, "run", view, dry_run=dry_run) as lease,
    ):
        ledger.clock = clouds.target.arm.service_clock.now
        sides = await _checked(clouds, plan, ledger)
        if dry_run:
            _say_dry(view, plan)
            return None
        by = await who(shared, clouds.target.credential)
        assert lease
        prior = await _earlier(clouds, plan, folder, ledger, lease)
        tally = await _carry_out(_Work(view, folder, plan, ledger, lock, clouds), sides, prior, jobs)
        report.tell(plan, folder, ledger, tally, by)
        return tally


async def _checked(clouds: Session, plan: Plan, ledger: Ledger) -> tuple[Inventory, Inventory]:
    """Both sides, as far as the plan still holds for them. Raises RefusedError, DriftError."""
    (source, target), claims = await asyncio.gather(read_both(clouds, plan), _claims(clouds, plan))
    drift.check_places(plan, Mapping(source.workspace, target.workspace, plan.names()))
    if not ledger.begun:
        await drift.check_all(plan, source, target.workspace, clouds.source.blobs)
    unproven = findings(claims)
    _refuse_unproven(let_go(unproven, Standing(plan, ledger).settled(unproven)))
    return source, target


async def _earlier(clouds: Session, plan: Plan, folder: Path, ledger: Ledger, lease: Lease) -> OwnershipRecord:
    """What other runs of the pair made; then this run has its number, which comes after theirs."""
    source, target = plan.header.source, plan.header.target
    ids = (source["workspaceId"], target["workspaceId"])
    # Of many blobs this takes a while, in which the lease has to be renewed.
    prior = await asyncio.to_thread(plans.prior, folder.parent, *ids, own=folder)
    _tell_unread(prior)
    await _number(clouds, ledger, lease, prior.run)
    return prior


@dataclass(frozen=True, slots=True)
class _Work:
    """What a run works on."""

    view: View
    folder: Path
    plan: Plan
    ledger: Ledger
    lock: Lock
    clouds: Session


async def _carry_out(
    work: _Work, sides: tuple[Inventory, Inventory], prior: OwnershipRecord, jobs: int
) -> WalkResult:
    """Does the steps, until they are done or a signal comes."""
    source, target = sides
    with draining() as hear:
        return await run(
            work.plan,
            work.folder,
            work.ledger,
            work.lock,
            work.clouds,
            target,
            Mapping(source.workspace, target.workspace, work.plan.names()),
            prior,
            jobs=jobs,
            emit=work.view.event,
            on_start=lambda walker: hear(_drain(walker, work.view)),
            needed=Needing(work.clouds, work.plan, source.workspace, prior, work.ledger.owned).now,
        )


async def _number(clouds: Session, ledger: Ledger, lease: Lease, known: int) -> None:
    """Gives this run its number among all of the pair, and keeps how far the clock here is behind Azure's.

    `known` is the highest that the ledgers beside have.
    """
    sequence = await number(lease, known)
    azure = clouds.target.arm.service_clock.now()
    ledger.number_run(sequence, azure - datetime.now(UTC) if azure else None)


async def _claims(clouds: Session, plan: Plan) -> list[Claim]:
    pair = await read_pair(clouds, plan)
    places = await BytePlaces.of_plan(clouds.target, pair[1], plan, sensitive=most_sensitive(*pair))
    return await prove(clouds.target, pair[1], places)


def _tell_unread(prior: OwnershipRecord) -> None:
    """Says whose work beside this plan counts as somebody else's, so that it is never changed."""
    for beside, why in prior.unread:
        text = "The ledger in '%s' does not count: %s. What that plan made counts as somebody else's."
        logging.getLogger(__name__).warning(text, beside, why.rstrip("."))


def _refuse_unproven(posture: list[Any]) -> None:
    """What is a warning only was in the plan, for whoever reviewed it."""
    if errors := [finding for finding in posture if finding.severity == "error"]:
        raise RefusedError(
            "The target is not shown to be under a customer's key.",
            reasons=tuple(f"{finding.address}: {finding.summary} {finding.remedy}" for finding in errors),
        )


def _drain(walker: Walker, view: View) -> Callable[[], None]:
    """The first signal lets the calls that are under way end, and says so; the second ends them at once."""

    def drain() -> None:
        walker.stop()
        view.event(Event("run.stopping", {"steps": walker.under_way}))

    return drain


def _say_dry(view: View, plan: Plan) -> None:
    steps = [step for step in plan.steps if step.run]
    view.result(
        "run.dry",
        {
            "text": f"Nothing was changed. A run would carry out {len(steps)} steps.",
            "steps": len(steps),
            "lines": [line for step in steps for line in _dry(step)],
        },
    )


def _dry(step: Step) -> Iterator[str]:
    """A step, and each blob that it would delete."""
    yield f"{step.action.value:8} {step.address}"
    if step.action is Action.DELETE:
        yield from (f"  delete {one.path} ({one.length} bytes)" for one in step.gone)


def _ended(view: View, folder: Path, plan: Plan, ledger: Ledger, tally: WalkResult | None) -> ExitCode:
    standing = Standing(plan, ledger)
    found = items(plan, ledger, standing)
    left = [item for item in found if not item.outcome.settled]
    found_there = found_by(Evidence(folder, ledger).reports())
    findings = open_findings(plan, standing, found_there)
    foreign = over_foreign_bytes(found)
    stopped = tally is not None and tally.stopped
    data = {
        "text": ran(count(found), _lead(tally, left=bool(left or findings))),
        "items": count(found),
        "lines": [
            *(f"{item.outcome.value}: {item.address}: {item.detail}" for item in left),
            *for_cutover(found),
            *(f"over foreign bytes: {item['address']}: {item['detail']}" for item in foreign),
            *(f"{one.severity}: {one.address}: {one.summary}" for one in (*found_there, *plan.header.findings)),
        ],
        "foreign_bytes": foreign,
        "left": [{"address": item.address, "outcome": item.outcome.value, "detail": item.detail} for item in left],
        "open_findings": [finding.as_dict() for finding in findings],
        "warnings": [finding.as_dict() for finding in plan.header.findings],
        "files": {"Old and new ids": str(folder / "idmap.csv"), "By hand": str(folder / "manual.md")},
        "next": _next(folder, left, findings, stopped=stopped),
    }
    view.result("run.end", data)
    if tally and tally.lost:
        view.error(tally.lost)
        return tally.lost.exit_code
    if stopped:
        return ExitCode.INTERRUPTED
    if tally and tally.denied:
        return ExitCode.DENIED
    if tally and tally.unforeseen:
        return ExitCode.UNEXPECTED
    return ExitCode.INCOMPLETE if left or findings else ExitCode.DONE


def _lead(tally: WalkResult | None, *, left: bool) -> str:
    if tally and tally.stopped:
        why = "Stopped, since the target can no longer be used" if tally.lost else "Stopped"
        return f"{why}; what was under way has ended"
    return "Not all is done" if left else "All is done"


def _next(folder: Path, left: list[Any], findings: list[Finding], *, stopped: bool) -> str:
    if stopped or any(item.outcome in (Outcome.FAILED, Outcome.BLOCKED, Outcome.REMAINING) for item in left):
        return f"migrate run {folder} --resume"
    if left:
        return (
            f'do what manual.md lists, or for each: migrate waive {quote(left[0].address)} {folder} --reason "..."'
        )
    if findings:
        return f'do what each finding says, or: migrate waive {quote(findings[0].address)} {folder} --reason "..."'
    return f"migrate verify {folder}"
