"""One walk over a plan with its ledger, for the tests of the walker."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.builders.world import step

from amlmigrate.core.events import TypedEvent
from amlmigrate.core.plan import Plan, Step
from amlmigrate.core.state import State
from amlmigrate.core.stop import Stop
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.asynchronous import AsyncLedger
from amlmigrate.running.walker import Walker, WalkResult

CarryOut = Callable[[Step, State], Awaitable[None]]


class Walk:
    """One walk over a plan with its ledger: what was carried out, in which order, and what was told."""

    def __init__(self, folder: Path, walked: Plan) -> None:
        self.plan = walked
        self.ledger = Ledger(folder)
        self.ledger.bind(walked)
        self.written = AsyncLedger(self.ledger)
        self.stop = Stop()
        self.begun: list[str] = []
        self.events: list[TypedEvent] = []
        self.failing: dict[str, Exception] = {}

    async def carry_out(self, one: Step, state: State) -> None:
        self.begun.append(str(one.address))
        await asyncio.sleep(0)
        if error := self.failing.get(str(one.address)):
            raise error
        await self.written.move(one.address, State.DONE)

    def walker(self, carry_out: CarryOut | None = None) -> Walker:
        states = {address: row.state for address, row in self.ledger.steps().items()}
        return Walker(self.plan, states, self.written, carry_out or self.carry_out, self.events.append, self.stop)

    async def walk(self, jobs: int = 4) -> WalkResult:
        return await self.walker().walk(jobs)

    def states(self) -> dict[str, State]:
        return {str(address): row.state for address, row in self.ledger.steps().items()}

    def close(self) -> None:
        self.written.close()
        self.ledger.close()


# a -> b -> c, a -> d, and e by itself.
TREE = [step("m/a"), step("m/b", "m/a"), step("m/c", "m/b"), step("m/d", "m/a"), step("m/e")]
