"""What a run came to: how each item of the plan stands, and what is open."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from amlmigrate.core.address import Address
from amlmigrate.core.errors import ExitCode, TargetLostError
from amlmigrate.core.finding import Finding
from amlmigrate.core.plan import Plan, Step
from amlmigrate.core.state import Outcome, State
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.decision_subjects import found_by
from amlmigrate.ledger.evidence import Evidence
from amlmigrate.ledger.items import Item, items
from amlmigrate.ledger.valid_decisions import Standing, open_findings
from amlmigrate.policies.endings import EARLY_END, UNREAD
from amlmigrate.running.walker import WalkResult

_TO_RUN = (Outcome.FAILED, Outcome.BLOCKED, Outcome.REMAINING)


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """How the items stand after a run, or before the one that a dry run has checked.

    `walked` is None where no step was carried out. `found` is what the last verification found in the target's
    bytes; `open_findings` is what nobody has let go of that and of what the plan found.
    """

    plan: Plan
    folder: Path
    items: tuple[Item, ...]
    found: tuple[Finding, ...]
    open_findings: tuple[Finding, ...]
    walked: WalkResult | None = None
    dry_run: bool = False
    # What a dry run found carried out already, by earlier runs.
    carried_out: frozenset[Address] = frozenset()
    # What was found of the source's exemptions; None where nobody looked.
    early_ends: tuple[Finding, ...] | None = None

    @property
    def plan_findings(self) -> list[Finding]:
        """What the plan found, but for exemptions of the source that were looked at since."""
        looked = self.early_ends is not None
        return [one for one in self.plan.header.findings if not (looked and one.code in (EARLY_END, UNREAD))]

    @property
    def to_carry_out(self) -> list[Step]:
        """The steps that a run would carry out, after a dry one."""
        return [step for step in self.plan.steps if step.run and step.address not in self.carried_out]

    @property
    def left(self) -> list[Item]:
        """What is not settled."""
        return [item for item in self.items if not item.outcome.settled]

    @property
    def stopped(self) -> bool:
        """Whether it ended before all that it could do was done."""
        return self.walked is not None and self.walked.stopped

    @property
    def lost(self) -> TargetLostError | None:
        """Why the target could not be used any more, where that ended it."""
        return self.walked.lost if self.walked else None

    @property
    def goes_on(self) -> bool:
        """Whether another run would find something to do."""
        return self.stopped or any(item.outcome in _TO_RUN for item in self.left)

    @property
    def code(self) -> ExitCode:
        """The exit code that it comes to."""
        if self.dry_run:
            return ExitCode.DONE
        if self.lost:
            return self.lost.exit_code
        if self.stopped:
            return ExitCode.INTERRUPTED
        if self.walked and self.walked.denied:
            return ExitCode.DENIED
        if self.walked and self.walked.unforeseen:
            return ExitCode.UNEXPECTED
        return ExitCode.INCOMPLETE if self.left or self.open_findings else ExitCode.DONE


def outcome_of(
    plan: Plan, folder: Path, ledger: Ledger, walked: WalkResult | None = None, *, dry_run: bool = False
) -> RunOutcome:
    """How everything stands now. Raises RefusedError for a chain of evidence that is broken."""
    standing = Standing(plan, ledger)
    found = tuple(found_by(Evidence(folder, ledger).reports()))
    open_ones = tuple(open_findings(plan, standing, found))
    done = (
        frozenset(at for at, row in ledger.steps().items() if row.state is State.DONE) if dry_run else frozenset()
    )
    ended = tuple(items(plan, ledger, standing))
    return RunOutcome(plan, folder, ended, found, open_ones, walked, dry_run, done)
