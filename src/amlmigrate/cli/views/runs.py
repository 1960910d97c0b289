"""What `run` says at its end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from shlex import quote
from typing import Any

from amlmigrate.core.events import Event
from amlmigrate.core.plan import Action, Step
from amlmigrate.evidence.headline import ran
from amlmigrate.ledger.items import for_cutover, over_foreign_bytes, tally
from amlmigrate.running.outcome import RunOutcome


def told(outcome: RunOutcome) -> Event:
    """The event at the end."""
    return Event("run.dry", _dry(outcome)) if outcome.dry_run else Event("run.end", _ended(outcome))


def _dry(outcome: RunOutcome) -> dict[str, Any]:
    steps = [step for step in outcome.plan.steps if step.run]
    return {
        "text": f"Nothing was changed. A run would carry out {len(steps)} steps.",
        "steps": len(steps),
        "lines": [line for step in steps for line in dry_lines(step)],
    }


def dry_lines(step: Step) -> Iterator[str]:
    """A step, and each blob that it would delete."""
    yield f"{step.action.value:8} {step.address}"
    if step.action is Action.DELETE:
        yield from (f"  delete {one.path} ({one.length} bytes)" for one in step.gone)


def _ended(outcome: RunOutcome) -> dict[str, Any]:
    foreign = over_foreign_bytes(outcome.items)
    left, warnings = outcome.left, outcome.plan.header.findings
    return {
        "text": ran(tally(outcome.items), _lead(outcome)),
        "items": tally(outcome.items),
        "lines": [
            *(f"{item.outcome.value}: {item.address}: {item.detail}" for item in left),
            *for_cutover(outcome.items),
            *(f"over foreign bytes: {item.address}: {item.detail}" for item in foreign),
            *(f"{one.severity}: {one.address}: {one.summary}" for one in (*outcome.found, *warnings)),
        ],
        "foreign_bytes": [asdict(item) for item in foreign],
        "left": [{"address": item.address, "outcome": item.outcome.value, "detail": item.detail} for item in left],
        "open_findings": [finding.as_dict() for finding in outcome.open_findings],
        "warnings": [finding.as_dict() for finding in warnings],
        "files": {
            "Old and new ids": str(outcome.folder / "idmap.csv"),
            "By hand": str(outcome.folder / "manual.md"),
        },
        "next": _next(outcome),
    }


def _lead(outcome: RunOutcome) -> str:
    if outcome.stopped:
        why = "Stopped, since the target can no longer be used" if outcome.lost else "Stopped"
        return f"{why}; what was under way has ended"
    return "Not all is done" if outcome.left or outcome.open_findings else "All is done"


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
