"""What keeps a plan from being run before anything is changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from amlmigrate.core.errors import RefusedError
from amlmigrate.core.finding import Finding
from amlmigrate.core.plan import Plan
from amlmigrate.core.state import Outcome
from amlmigrate.cutover.record import refuse_cut_over
from amlmigrate.cutover.switches import refuse_unfinished
from amlmigrate.ledger import Ledger, corroboration
from amlmigrate.ledger.decisions import trusted
from amlmigrate.ledger.items import items
from amlmigrate.ledger.valid_decisions import Standing, open_findings

_TOLD = 40


def refuse_errors(plan: Plan, ledger: Ledger) -> None:
    """Refuses a plan with findings of severity error that nobody has let go."""
    findings = open_findings(plan, Standing(plan, ledger))
    if errors := [finding for finding in findings if finding.severity == "error"]:
        raise RefusedError(
            "The plan has errors: it cannot be run.",
            reasons=tuple(f"{finding.address}: {finding.summary} {finding.remedy}" for finding in errors),
            remedy="Fix them and make a new plan, or waive each one: migrate waive ABOUT!CODE --reason ...",
        )


def refuse_begun(ledger: Ledger, *, resume: bool) -> None:
    """Refuses a plan that was begun, unless the run is to go on."""
    if ledger.begun and not resume:
        raise RefusedError(
            "The plan is already begun.", address=str(ledger.path), remedy="Continue with --resume."
        )


def refuse_untrusted(plan: Plan, folder: Path, ledger: Ledger) -> None:
    """A run goes by what people decided and by what was made, and adds a report: all has to be as it was written.

    Raises RefusedError, so too for a plan that is cut over.
    """
    reports = trusted(folder, ledger)
    refuse_unfinished(reports, folder)
    refuse_cut_over(reports, folder)
    corroboration.refuse_outside(plan.steps, ledger)


def refuse_conflicts(plan: Plan, ledger: Ledger) -> None:
    """Refuses a plan with conflicts that nobody has resolved."""
    if left := [item for item in items(plan, ledger) if item.outcome is Outcome.CONFLICT]:
        raise RefusedError(
            "The plan has conflicts that nobody has resolved.",
            reasons=(*(f"{item.address}: {item.detail}" for item in left[:_TOLD]), *_more(len(left))),
            remedy="Clear them in the target and plan again; leave out with --exclude each item in conflict,"
            " and of a blob what refers to it; or waive each one.",
        )


def refuse_unproven(posture: Iterable[Finding]) -> None:
    """What is a warning only was in the plan, for whoever reviewed it."""
    if errors := [finding for finding in posture if finding.severity == "error"]:
        raise RefusedError(
            "The target is not shown to be under a customer's key.",
            reasons=tuple(f"{finding.address}: {finding.summary} {finding.remedy}" for finding in errors),
            remedy="Do what the reasons say, then run the same command again; `migrate doctor` checks them all.",
        )


def _more(count: int) -> Iterator[str]:
    if count > _TOLD:
        yield f"and {count - _TOLD} more: `migrate show --open` lists them"
