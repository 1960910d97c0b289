"""A run of a plan, from what refuses it to its report: the checks, the lease, the steps, the evidence."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from amlmigrate.cloud.credentials import signed
from amlmigrate.cloud.givensecrets import GivenSecrets
from amlmigrate.cloud.session import Session
from amlmigrate.core.asset import Inventory
from amlmigrate.core.authorship import By
from amlmigrate.core.events import Emit
from amlmigrate.core.finding import Finding
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.metering import Amount, Meter
from amlmigrate.core.ownership_record import OwnershipRecord
from amlmigrate.core.periods import needed_until
from amlmigrate.core.plan import Plan
from amlmigrate.core.plan_mapping import mapping_of
from amlmigrate.core.run_progress import RunReading
from amlmigrate.core.secretsources import NO_SECRETS, SecretSources
from amlmigrate.core.stop import Stop
from amlmigrate.freezing.record import count_frozen
from amlmigrate.inventory.needing import Needing
from amlmigrate.inventory.sides import read_both, read_pair
from amlmigrate.leasing.hold import Lease, held
from amlmigrate.leasing.numbering import number
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.decisions import refuse_unapproved
from amlmigrate.ledger.items import write_idmap
from amlmigrate.ledger.lock import Lock
from amlmigrate.ledger.valid_decisions import Standing
from amlmigrate.policies.endings import early_ends
from amlmigrate.posture import findings, let_go
from amlmigrate.posture.target_claims import target_claims
from amlmigrate.running import drift, refusals, report
from amlmigrate.running.outcome import RunOutcome, outcome_of
from amlmigrate.running.run import finished, run_steps
from amlmigrate.running.walker import WalkResult

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What is to be run, and how; `by` is who asks, before they sign in.

    `earlier` reads what other runs of the pair made: their plans lie beside this one, and are no matter of a run.
    """

    plan: Plan
    folder: Path
    by: By
    earlier: Callable[[], OwnershipRecord]
    emit: Emit
    stop: Stop = field(default_factory=Stop)
    jobs: int = 32
    resume: bool = False
    dry_run: bool = False
    force_unlock: bool = False
    # Where the secrets are that no answer shows, and the variables among these.
    secrets: SecretSources = NO_SECRETS
    variables: dict[str, str] = field(default_factory=dict, repr=False)


async def run(request: RunRequest, sign_in: Callable[[], Session]) -> RunOutcome:
    """Carries out what is open of a plan, and adds the report; nobody signs in where nothing is.

    Raises RefusedError with every reason why it must not be run, DriftError, PlanLockedError, and what Azure says.
    """
    plan, folder = request.plan, request.folder
    with Ledger(folder) as ledger:
        ledger.bind(plan)
        refusals.refuse_errors(plan, ledger)
        with Lock(ledger, force=request.force_unlock) as lock:
            refusals.refuse_begun(ledger, resume=request.resume)
            refusals.refuse_untrusted(plan, folder, ledger)
            refusals.refuse_conflicts(plan, ledger)
            if ledger.begun and finished(plan, ledger):
                if not request.dry_run:
                    _make_up_for(request, ledger)
                return outcome_of(plan, folder, ledger)
            refuse_unapproved(plan, folder, ledger)
            lists = Meter(0, Amount())
            request.emit(RunReading(lists))
            async with sign_in() as clouds:
                ledger.clock = clouds.target.arm.service_clock.now
                if request.dry_run:
                    *_, ends = await _checked(clouds, plan, ledger, lists)
                    return replace(outcome_of(plan, folder, ledger, dry_run=True), early_ends=ends)
                walked, ends = await _run(request, clouds, ledger, lock, lists)
        return replace(outcome_of(plan, folder, ledger, walked), early_ends=ends)


async def _early_ends(clouds: Session, plan: Plan) -> tuple[Finding, ...]:
    """The exemptions of the source that end before the move is over; told at once, since a run may take days."""
    now = clouds.target.arm.service_clock.now() or datetime.now(UTC)
    until = needed_until(now, plan.header.estimate.get("floor_seconds") or 0.0)
    found = await early_ends(clouds.source.arm, plan.header.source_ref.id, until, now)
    for one in found:
        _log.warning("%s: %s %s", one.address, one.summary, one.remedy)
    return tuple(found)


def _make_up_for(request: RunRequest, ledger: Ledger) -> None:
    """The run that finished the plan may have been cut off before it wrote the map of ids or its report."""
    write_idmap(request.folder, ledger)
    if ledger.untold_runs:
        report.tell(request.plan, request.folder, ledger, None, request.by)


async def _run(
    request: RunRequest, clouds: Session, ledger: Ledger, lock: Lock, lists: Meter
) -> tuple[WalkResult, tuple[Finding, ...]]:
    """What the walk came to, and the exemptions that end too early."""
    plan = request.plan
    async with held(clouds, plan, ledger, lock, "run", request.emit) as lease:
        mapping, target, ends = await _checked(clouds, plan, ledger, lists)
        by = await signed(request.by, clouds.target.credential)
        prior = await _earlier(request, clouds, ledger, lease)
        walked = await run_steps(
            plan,
            request.folder,
            ledger,
            lock,
            clouds,
            target,
            mapping,
            prior,
            jobs=request.jobs,
            emit=request.emit,
            stop=request.stop,
            needed=Needing(clouds, plan, mapping.source, prior, ledger.owned).now,
            given=GivenSecrets(request.secrets, request.variables, clouds.target),
        )
        report.tell(plan, request.folder, ledger, walked, by)
        return walked, ends


async def _checked(
    clouds: Session, plan: Plan, ledger: Ledger, lists: Meter
) -> tuple[Mapping, Inventory, tuple[Finding, ...]]:
    """Both workspaces and what the target holds, where the plan still holds; what exemptions end too early.

    What the source holds is let go: a run reads each of it again, and takes hours in which it would only fill
    memory. Raises RefusedError, DriftError.
    """
    pair = await read_pair(clouds, plan)
    for doubt in count_frozen(clouds.source, ledger.home, plan.header.source["workspaceId"]):
        _log.warning("Not counted: role assignments that another plan's folder says it took away. %s", doubt)
    (source, target), claims, ends = await asyncio.gather(
        read_both(clouds, plan, pair, meter=lists),
        target_claims(clouds.target, plan, pair),
        _early_ends(clouds, plan),
    )
    mapping = mapping_of(plan, source.workspace, target.workspace)
    drift.check_places(plan, mapping)
    if not ledger.begun:
        await drift.check_all(plan, source, target.workspace, clouds.source)
    unproven = findings(claims)
    refusals.refuse_unproven(let_go(unproven, Standing(plan, ledger).settled(unproven)))
    return mapping, target, ends


async def _earlier(request: RunRequest, clouds: Session, ledger: Ledger, lease: Lease) -> OwnershipRecord:
    """What other runs of the pair made; then this run has its number, which comes after theirs."""
    # Of many blobs this takes a while, in which the lease has to be renewed.
    prior = await asyncio.to_thread(request.earlier)
    for beside, why in prior.unread:
        text = "The ledger in '%s' does not count: %s. What that plan made counts as somebody else's."
        _log.warning(text, beside, why.rstrip("."))
    sequence = await number(lease, prior.run)
    # How far the clock here is behind Azure's is kept with it.
    azure = clouds.target.arm.service_clock.now()
    ledger.number_run(sequence, azure - datetime.now(UTC) if azure else None)
    return prior
