"""Walks the steps: those that are ready in parallel, and what comes after a failure blocked."""

from __future__ import annotations

import asyncio
import heapq
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter

from amlmigrate.core import log_context
from amlmigrate.core.address import Address
from amlmigrate.core.errors import (
    ExitCode,
    InterruptedRunError,
    LeaseLostError,
    MigrateError,
    TargetLostError,
    UnforeseenError,
)
from amlmigrate.core.events import Emit
from amlmigrate.core.metering import Amount, working_on
from amlmigrate.core.plan import Plan, Step
from amlmigrate.core.run_progress import StepBegun, StepBlocked, StepDone, StepFailed
from amlmigrate.core.state import State
from amlmigrate.core.stop import Stop
from amlmigrate.core.unexpected_errors import unforeseen
from amlmigrate.ledger.asynchronous import AsyncLedger

_log = logging.getLogger(__name__)
CarryOut = Callable[[Step, State], Awaitable[None]]


@dataclass(slots=True)
class WalkResult:
    """What a walk came to."""

    done: int = 0
    failed: list[MigrateError] = field(default_factory=list)
    blocked: int = 0
    stopped: bool = False
    lost: TargetLostError | None = None

    @property
    def denied(self) -> bool:
        """Whether a failure was a refused permission."""
        return any(error.exit_code is ExitCode.DENIED for error in self.failed)

    @property
    def unforeseen(self) -> bool:
        """Whether a failure was one that nobody foresaw: a bug, or an answer that Azure never gave before."""
        return any(isinstance(error, UnforeseenError) for error in self.failed)


class Walker:
    """One walk over the steps that are not done."""

    def __init__(
        self,
        plan: Plan,
        states: dict[Address, State],
        ledger: AsyncLedger,
        carry_out: CarryOut,
        emit: Emit,
        stop: Stop,
    ) -> None:
        """`states` are those of all steps, and are kept up to date.

        Once `stop` is wanted no further step is taken; those under way end.
        """
        self._ledger = ledger
        self._carry_out = carry_out
        self._emit = emit
        self._stop = stop
        self._states = states
        self._place = {step.address: place for place, step in enumerate(plan.steps)}
        self._open = {
            step.address: step for step in plan.steps if step.run and self._states[step.address] is not State.DONE
        }
        self._never = {step.address for step in plan.steps if not step.run}
        waiting = {address: self._unfinished(step) for address, step in self._open.items()}
        self._dependants: dict[Address, list[Address]] = defaultdict(list)
        for address, edges in waiting.items():
            for edge in edges:
                self._dependants[edge].append(address)
        # A step is `done` here only if it was carried out: what comes after a failure never becomes ready.
        self._sorter = TopologicalSorter(waiting)
        # The planner lets no circle through; in a plan from elsewhere what waits for itself is never ready and
        # stays open.
        with suppress(CycleError):
            self._sorter.prepare()
        self._ready: list[tuple[int, Address]] = []
        self._take_ready()
        self.under_way = 0
        self.tally = WalkResult()

    def _unfinished(self, step: Step) -> tuple[Address, ...]:
        return tuple(dict.fromkeys(edge for edge in step.after if edge in self._open))

    def _take_ready(self) -> None:
        """Puts the steps that have become ready among those to take, in the plan's order."""
        for address in self._sorter.get_ready():
            heapq.heappush(self._ready, (self._place[address], address))

    async def walk(self, jobs: int) -> WalkResult:
        """Carries out all that is open, `jobs` steps at a time."""
        running: set[asyncio.Task[None]] = set()
        try:
            while (self._ready and not self._stop()) or running:
                while self._ready and not self._stop() and len(running) < jobs:
                    step = self._open[heapq.heappop(self._ready)[1]]
                    running.add(asyncio.create_task(self._one(step), name=str(step.address)))
                self.under_way = len(running)
                ended, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in ended:
                    task.result()
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
        self.tally.stopped = self._stop() and self.tally.done + len(self.tally.failed) < len(self._open)
        return self.tally

    async def _one(self, step: Step) -> None:
        address = str(step.address)
        with log_context.bound(step=address), working_on(address, amount_of(step)) as done:
            _log.info("%s begins", step.action.value)
            await self._carried_out(step, done)

    async def _carried_out(self, step: Step, done: Callable[[], None]) -> None:
        address = step.address
        self._emit(StepBegun(str(address), step.action.value))
        try:
            await self._carry_out(step, self._states[address])
        except InterruptedRunError:
            # Stopped in the middle: what it did is recorded, and a resume goes on from there.
            return
        except LeaseLostError:
            # None of the others may change anything either.
            self._stop.want()
            return
        except MigrateError as error:
            if isinstance(error, TargetLostError):
                self.tally.lost = error
                self._stop.want()
            await self._failed(step, error)
            return
        except Exception as error:  # noqa: BLE001 - one bad asset never stops the others
            await self._failed(step, _unforeseen(address, error))
            return
        self.tally.done += 1
        done()
        _log.info("%s is done", step.action.value)
        self._emit(StepDone(str(address), step.action.value))
        self._sorter.done(address)
        self._take_ready()

    async def _failed(self, step: Step, error: MigrateError) -> None:
        await self._ledger.move(step.address, State.FAILED, detail=error.summary)
        self.tally.failed.append(error)
        _log.info("%s failed: %s", step.action.value, error, extra={"request_id": error.request_id})
        self._emit(StepFailed(str(step.address), error.summary, error.remedy))
        queue = list(self._dependants[step.address])
        while queue:
            address = queue.pop()
            if self._states[address] is State.BLOCKED:
                continue
            self._states[address] = State.BLOCKED
            await self._ledger.move(address, State.BLOCKED, detail=f"depends on {step.address}, which failed")
            self.tally.blocked += 1
            self._emit(StepBlocked(str(address), str(step.address)))
            queue += self._dependants[address]


def amount_of(step: Step) -> Amount:
    """The blobs and bytes that a step copies; none for a document, which is a matter of calls."""
    return Amount(step.bytes.blobs, step.bytes.bytes) if step.bytes else Amount()


def _unforeseen(address: Address, error: Exception) -> UnforeseenError:
    remedy = "Look at the asset in the source; --verbose shows where. `migrate run --resume` tries it again."
    return unforeseen(str(address), error, remedy)
