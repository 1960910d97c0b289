"""How every item of a plan stands, and the map of ids for what lies outside the workspace."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from amlmigrate.core import csvtext
from amlmigrate.core.decision import Decision
from amlmigrate.core.plan import Action, Plan, Step
from amlmigrate.core.state import Outcome, State, outcome
from amlmigrate.evidence.members import ForeignBytes
from amlmigrate.ledger import files
from amlmigrate.ledger.decision_subjects import of_step
from amlmigrate.ledger.ledger import Ledger
from amlmigrate.ledger.missing import IDMAP
from amlmigrate.ledger.valid_decisions import Standing

# The code of findings about items of whose bytes some are somebody else's (`planning.asset_findings`).
_FOREIGN = "foreign-bytes"
_AT_A_TIME = 500


@dataclass(frozen=True, slots=True)
class Item:
    """One item of the plan, as every report ends it."""

    address: str
    outcome: Outcome
    detail: str
    # The address of the bytes that it refers to and that are somebody else's, or of the finding about them, which
    # a person waived.
    foreign_bytes: str = ""


def items(plan: Plan, ledger: Ledger | None, standing: Standing | None = None) -> list[Item]:
    """Every item with its end; without a ledger nothing was run yet."""
    stands = ledger.stands() if ledger else {}
    standing = standing or Standing(plan, ledger)
    made = ledger.owned() if ledger else set()
    foreign = {step.address for step in plan.steps if step.is_bytes and step.action is Action.CONFLICT}
    over = {one.about: one for one in plan.header.findings if one.code == _FOREIGN}
    found = []
    for step in plan.steps:
        state, told = stands.get(str(step.address), (State.PENDING, ""))
        decision = _decision(standing, step, plan)
        verb = decision.verb if decision else None
        end = outcome(step.action, step.reason, state, verb, for_cutover=step.for_cutover)
        if end is Outcome.MIGRATED and not step.is_bytes and str(step.address) not in made:
            # It had come there in the meantime, by somebody else, and was taken as it is.
            end = Outcome.ADOPTED
        detail = told or step.reason
        if end in (Outcome.WAIVED, Outcome.BY_HAND) and decision:
            detail = decision.detail
        theirs = next((str(address) for address in step.after if address in foreign), "")
        if theirs and state is State.DONE:
            detail = f"its bytes are somebody else's: {theirs} is in conflict, and was waived"
        if finding := over.get(str(step.address)):
            theirs = finding.address
            detail = finding.summary if state is State.DONE else detail
        found.append(Item(str(step.address), end, detail, theirs))
    return found


def for_cutover(found: Iterable[Item]) -> list[str]:
    """A line for each item that only the cutover makes, and that is not made."""
    return [f"{item.outcome.value}: {item.address}" for item in found if item.outcome is Outcome.TO_CUT_OVER]


def over_foreign_bytes(found: Iterable[Item]) -> tuple[ForeignBytes, ...]:
    """What was moved although its bytes in the target are somebody else's, for the reports."""
    return tuple(
        ForeignBytes(address=item.address, bytes=item.foreign_bytes, detail=item.detail)
        for item in found
        if item.foreign_bytes and item.outcome in (Outcome.MIGRATED, Outcome.UPDATED, Outcome.ADOPTED)
    )


def _decision(standing: Standing, step: Step, plan: Plan) -> Decision | None:
    """What was decided about a step; what was about its item counts for what archives that too."""
    if decision := standing.of(of_step(step)):
        return decision
    item = plan.step(step.address.item) if step.address.phase and standing.has(str(step.address.item)) else None
    return standing.of(of_step(item)) if item else None


def decided(found: Iterable[Item]) -> frozenset[str]:
    """The addresses that a person has settled, so that nothing is expected of them in the target."""
    return frozenset(item.address for item in found if item.outcome in (Outcome.WAIVED, Outcome.BY_HAND))


def tally(found: Iterable[Item]) -> dict[str, int]:
    """How many items ended how."""
    counted: dict[str, int] = {}
    for item in found:
        counted[item.outcome.value] = counted.get(item.outcome.value, 0) + 1
    return counted


def eta_seconds(ledger: Ledger, remaining: int) -> float | None:
    """How long the rest will take at the rate of the last five minutes of work; None when it is not known."""
    rate = ledger.rate(300)
    return remaining / rate if rate else None


def write_idmap(folder: Path, ledger: Ledger) -> Path:
    """Writes old id and new id of all that was migrated, for pipelines, code and CI outside the workspace."""
    path = folder / IDMAP
    files.write_pieces(path, _pieces(ledger))
    return path


def idmap(ledger: Ledger) -> bytes:
    """The map of ids, as its file has it."""
    return b"".join(_pieces(ledger))


def _pieces(ledger: Ledger) -> Iterator[bytes]:
    """The same, so many lines at a time: of many items it is long."""
    yield csvtext.written(("old_id", "new_id"), ()).encode()
    ids = iter(ledger.ids())
    while batch := list(islice(ids, _AT_A_TIME)):
        yield csvtext.lines(batch).encode()
