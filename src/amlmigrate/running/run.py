"""The steps of one run, carried out under its lock and its lease, and the map of ids that they leave."""

from __future__ import annotations

from collections.abc import Mapping as Map
from pathlib import Path

from amlmigrate.bytes.copying import Copier
from amlmigrate.bytes.deleting import Deleter, Needed
from amlmigrate.bytes.executing import LocalExecutor
from amlmigrate.cloud.givensecrets import GivenSecrets
from amlmigrate.cloud.session import Session
from amlmigrate.cloud.store import StorePair
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Inventory
from amlmigrate.core.events import Emit
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.metering import Amount, Meter, counting
from amlmigrate.core.ownership_record import OwnershipRecord
from amlmigrate.core.plan import Plan
from amlmigrate.core.run_progress import RunStarted, RunStopping
from amlmigrate.core.state import State
from amlmigrate.core.stop import Stop
from amlmigrate.kinds import Context
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.asynchronous import AsyncLedger
from amlmigrate.ledger.heartbeat import beating
from amlmigrate.ledger.items import write_idmap
from amlmigrate.ledger.lock import Lock
from amlmigrate.running.copy_executor import CopyExecutor, unneeded
from amlmigrate.running.document_executor import DocumentExecutor
from amlmigrate.running.sources import Sources
from amlmigrate.running.step_executor import StepExecutor
from amlmigrate.running.target_names import TargetNames
from amlmigrate.running.walker import Walker, WalkResult, amount_of


def finished(plan: Plan, ledger: Ledger) -> bool:
    """Whether every step that a run carries out is done."""
    stands = ledger.stands()
    return all(stands[str(step.address)][0] is State.DONE for step in plan.steps if step.run)


def _states(plan: Plan, ledger: Ledger) -> dict[Address, State]:
    """The states of all steps by the plan's own addresses: the ledger's would be as many objects more."""
    stands = ledger.stands()
    return {step.address: stands[str(step.address)][0] for step in plan.steps}


async def run_steps(
    plan: Plan,
    folder: Path,
    ledger: Ledger,
    lock: Lock,
    session: Session,
    target: Inventory,
    mapping: Mapping,
    prior: OwnershipRecord,
    *,
    jobs: int,
    emit: Emit,
    stop: Stop,
    needed: Needed = unneeded,
    given: GivenSecrets,
) -> WalkResult:
    """Carries out what is open; the caller holds the lock.

    `target` is what the target holds now, `prior` what the tool made of it; `needed` looks what of the
    target refers to a place, `given` reads secrets that no answer shows. Once `stop` is wanted what is under way
    ends.
    """
    ledger.note("begun", "yes")
    ledger.run_begins()
    ledger.reopen()
    written = AsyncLedger(ledger)
    port = session.target.workspace(plan.header.target_ref)
    source = session.source.workspace(plan.header.source_ref)
    stores = StorePair(session.source, session.target)
    executor = LocalExecutor(stores, stopping=stop)
    copier = Copier(stores, mapping, executor, stopping=stop)
    deleter = Deleter(stores, executor, stopping=stop)
    names = TargetNames(port, written, prior, target.assets)
    states = _states(plan, ledger)
    open_steps = [one for one in plan.steps if one.run and states[one.address] is not State.DONE]
    sources = Sources(source, open_steps, Context(mapping, (), plan.header.switched, plan.header.allowed))
    life = StepExecutor(
        documents=DocumentExecutor(source, port, sources, written, target.assets, prior, names, given),
        copies=CopyExecutor(copier, deleter, written, prior, plan.apart(), needed),
        reads_target=port.exists,
    )
    walker = Walker(plan, states, written, life.carry_out, emit, stop)
    meter = _meter(plan, states)
    emit(RunStarted(meter))
    with counting(meter), stop.obeyed(lambda: emit(RunStopping(walker.under_way))):
        try:
            # One that has lost its plan, or cannot write, begins nothing more.
            async with beating(lambda: written.beat(lock), stop.want):
                tally = await walker.walk(jobs)
        finally:
            written.close()
        write_idmap(folder, ledger)
    return tally


def _meter(plan: Plan, states: Map[Address, State]) -> Meter:
    """What the plan holds, and what an earlier run has done of it."""
    steps = [step for step in plan.steps if step.run]
    done = [step for step in steps if states[step.address] is State.DONE]
    calls = [amount_of(step) == Amount() for step in steps]
    return Meter(
        len(steps),
        sum(map(amount_of, steps), Amount()),
        done=len(done),
        moved=sum(map(amount_of, done), Amount()),
        calls=calls.count(True),
        called=sum(1 for step in done if amount_of(step) == Amount()),
        floor=float(plan.header.estimate.get("floor_seconds") or 0.0),
    )
