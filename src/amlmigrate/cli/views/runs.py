"""What `run` says at its end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from shlex import quote
from typing import TYPE_CHECKING

from amlmigrate.cli.views.ending import CommandEnd
from amlmigrate.core.events import Event
from amlmigrate.core.few import many
from amlmigrate.core.plan import Action, Step
from amlmigrate.evidence.headline import ran
from amlmigrate.ledger.items import for_cutover, over_foreign_bytes, tally
from amlmigrate.running.outcome import RunOutcome

if TYPE_CHECKING:
    from amlmigrate.cli.views.page import Page


@dataclass(frozen=True, slots=True)
class RunView:
    """What a run came to."""

    outcome: RunOutcome

    def human(self, page: Page) -> None:
        """How the items stand, what is left, and what comes next."""
        self._ending.human(page)

    def as_json(self) -> Iterator[Event]:
        """The same, with what is open as it is kept."""
        outcome = self.outcome
        yield Event(
            "run.end",
            {
                **self._ending.members(),
                "items": tally(outcome.items),
                "foreign_bytes": [asdict(one) for one in over_foreign_bytes(outcome.items)],
                "left": [
                    {"address": one.address, "outcome": one.outcome.value, "detail": one.detail}
                    for one in outcome.left
                ],
                "open_findings": [finding.as_dict() for finding in outcome.open_findings],
                "warnings": [one.as_dict() for one in (*outcome.plan_findings, *(outcome.early_ends or ()))],
            },
        )

    @property
    def _ending(self) -> CommandEnd:
        outcome = self.outcome
        items, folder = tally(outcome.items), outcome.folder
        files = {"Old and new ids": str(folder / "idmap.csv"), "By hand": str(folder / "manual.md")}
        return CommandEnd(ran(items, _lead(outcome)), list(_lines(outcome)), items, files, _next(outcome))


@dataclass(frozen=True, slots=True)
class DryRunView:
    """What a run would carry out, once all that it checks was checked."""

    outcome: RunOutcome

    def human(self, page: Page) -> None:
        """A line for each step."""
        self._ending.human(page)

    def as_json(self) -> Iterator[Event]:
        """The same, and how many steps there are."""
        yield Event("run.dry", {**self._ending.members(), "steps": len(self.outcome.to_carry_out)})

    @property
    def _ending(self) -> CommandEnd:
        steps = self.outcome.to_carry_out
        text = f"Nothing was changed. A run would carry out {many(len(steps), 'step')}."
        lines = [line for step in steps for line in dry_lines(step)]
        return CommandEnd(text, [*lines, *_early_ends(self.outcome)])


def view_of(outcome: RunOutcome) -> RunView | DryRunView:
    """How the outcome of a run, or of a dry one, is shown."""
    return DryRunView(outcome) if outcome.dry_run else RunView(outcome)


def dry_lines(step: Step) -> Iterator[str]:
    """A step, and each blob that it would delete."""
    yield f"{step.action.value:8} {step.address}"
    if step.action is Action.DELETE:
        yield from (f"  delete {one.path} ({many(one.length, 'byte')})" for one in step.gone)


def _lines(outcome: RunOutcome) -> Iterator[str]:
    yield from (f"{item.outcome.value}: {item.address}: {item.detail}" for item in outcome.left)
    yield from for_cutover(outcome.items)
    foreign = over_foreign_bytes(outcome.items)
    yield from (f"over foreign bytes: {item.address}: {item.detail}" for item in foreign)
    every = (*outcome.found, *outcome.plan_findings)
    yield from (f"{one.severity}: {one.address}: {one.summary}" for one in every)
    yield from _early_ends(outcome)


def _early_ends(outcome: RunOutcome) -> Iterator[str]:
    """Each with the command that prolongs the exemption."""
    yield from (f"{one.severity}: {one.address}: {one.summary} {one.remedy}" for one in outcome.early_ends or ())


def _lead(outcome: RunOutcome) -> str:
    if outcome.stopped:
        why = "Stopped, since the target can no longer be used" if outcome.lost else "Stopped"
        return f"{why}; what was under way has ended"
    return "Not everything is done" if outcome.left or outcome.open_findings else "Everything is done"


def _next(outcome: RunOutcome) -> str:
    folder = outcome.folder
    if outcome.goes_on:
        return f"migrate run {folder} --resume"
    waive = "migrate waive {} " + f'{folder} --reason "..."'
    if outcome.left:
        return f"do what manual.md lists, or for each: {waive.format(quote(outcome.left[0].address))}"
    if outcome.open_findings:
        return f"do what each finding says, or: {waive.format(quote(outcome.open_findings[0].address))}"
    return f"migrate verify {folder}"
