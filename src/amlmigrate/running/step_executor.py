"""The life of one step: a document's or that of bytes, and what a refusal on the way may mean."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from amlmigrate.core.errors import ExitCode, MigrateError, TargetLostError
from amlmigrate.core.plan import Action, Step
from amlmigrate.core.state import State
from amlmigrate.running.copy_executor import CopyExecutor
from amlmigrate.running.document_executor import DocumentExecutor


@dataclass(frozen=True, slots=True)
class StepExecutor:
    """Carries out steps between two workspaces."""

    documents: DocumentExecutor
    copies: CopyExecutor
    # Reads the target workspace itself.
    reads_target: Callable[[], Awaitable[object]]

    async def carry_out(self, step: Step, state: State) -> None:
        """Does one step to its end. Raises MigrateError; TargetLostError where no other step can be done."""
        try:
            await self._carry_out(step, state)
        except MigrateError as error:
            if error.exit_code is ExitCode.DENIED:
                await self._refuse_lost()
            raise

    async def _refuse_lost(self) -> None:
        """A target that cannot even be read any more takes no other step either (AZ-KEY-7)."""
        try:
            await self.reads_target()
        except MigrateError as error:
            if error.exit_code is not ExitCode.DENIED:
                return
            raise TargetLostError(
                f"The target can no longer be used. {error.summary}",
                address=error.address,
                remedy="See that its key is enabled, not expired and open to its identity (migrate doctor"
                " --target GROUP/NAME), then continue with `migrate run --resume`.",
            ) from error

    async def _carry_out(self, step: Step, state: State) -> None:
        if step.bytes:
            await self.copies.carry_out(step, step.bytes, state)
        elif step.action is Action.ADOPT:
            await self.documents.adopt(step)
        else:
            await self.documents.write(step, state)
