"""What `status` says of one plan, and of every plan below a folder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from amlmigrate.core.events import Event
from amlmigrate.core.few import many
from amlmigrate.core.finding import Finding
from amlmigrate.leasing.looking import LeaseLook
from amlmigrate.ledger.items import Item, for_cutover, over_foreign_bytes, tally
from amlmigrate.status.following import following
from amlmigrate.status.overview import Overview
from amlmigrate.status.stages import FreezeStage, RunStage, Stages

if TYPE_CHECKING:
    from amlmigrate.cli.views.page import Page


@dataclass(frozen=True, slots=True)
class StatusView:
    """The stages of a plan, how its items stand, and who has the lease on its target.

    `eta_seconds` is how long a run takes for the rest, None where that is not known.
    """

    stages: Stages
    lease: LeaseLook
    eta_seconds: float | None
    # Exemptions of the source that end before the move is over.
    early_ends: tuple[Finding, ...] = ()

    def human(self, page: Page) -> None:
        """Each stage, the items, and the next step."""
        page.line(self._text)
        for line in (*stage_lines(self.stages), *self.lease.as_dict()["lines"], *self._ends):
            page.line(line, indent=2)
        for outcome, count in tally(self.stages.items).items():
            page.line(f"{count:>7}  {outcome}", indent=2, hang=9)
        page.lines(self._items)
        page.next(following(self.stages))

    def as_json(self) -> Iterator[Event]:
        """`status`."""
        lease, following_ = self.lease.as_dict(), following(self.stages)
        left = [{"address": one.address, "outcome": one.outcome.value, "detail": one.detail} for one in self._left]
        yield Event(
            "status",
            {
                "text": self._text,
                "items": tally(self.stages.items),
                "remaining": self.stages.run.remaining,
                "eta_seconds": self.eta_seconds,
                "left": left,
                "foreign_bytes": [asdict(one) for one in over_foreign_bytes(self.stages.items)],
                "lines": [*stage_lines(self.stages), *self._items, *lease["lines"], *self._ends],
                "lease": lease["lease"],
                "early_ends": [one.as_dict() for one in self.early_ends],
                "stages": self.stages.as_dict(),
                **({"next": following_} if following_ else {}),
            },
        )

    @property
    def _text(self) -> str:
        return f"Plan {self.stages.plan.header.name}{'' if self.stages.run.begun else ': nothing was run yet'}"

    @property
    def _ends(self) -> list[str]:
        return [f"{one.severity}: {one.address}: {one.summary} {one.remedy}" for one in self.early_ends]

    @property
    def _left(self) -> list[Item]:
        """What is not settled; before a run nothing is."""
        return self.stages.left if self.stages.run.begun else []

    @property
    def _items(self) -> list[str]:
        lines = [f"{one.outcome.value}: {one.address}: {one.detail}" for one in self._left]
        lines += for_cutover(self.stages.items)
        foreign = over_foreign_bytes(self.stages.items)
        lines += [f"over foreign bytes: {one.address}: {one.detail}" for one in foreign]
        if self.stages.run.remaining and self.eta_seconds is not None:
            lines.append(f"about {self.eta_seconds:.0f} s left at the rate of the last minutes")
        return lines


@dataclass(frozen=True, slots=True)
class OverviewView:
    """A line for each plan."""

    found: Overview

    def human(self, page: Page) -> None:
        """How many there are, and where each stands."""
        page.line(self._text)
        page.lines(self._lines)

    def as_json(self) -> Iterator[Event]:
        """`status.all`."""
        plans = [one.as_dict() for one in self.found.plans]
        yield Event("status.all", {"text": self._text, "plans": plans, "lines": self._lines})

    @property
    def _text(self) -> str:
        found = self.found
        unplanned = f"; {many(found.unplanned, 'of fleets has', 'of fleets have')} none"
        return (
            f"{many(found.count, 'plan')} below {found.below}"
            + (unplanned if found.unplanned else "")
            + (f"; {found.broken} cannot be read" if found.broken else "")
        )

    @property
    def _lines(self) -> list[str]:
        return [f"{one.folder}: {one.error or one.stands}" for one in self.found.plans]


def stage_lines(found: Stages) -> list[str]:
    """A line or more for each stage, also for one that has not been."""
    lines = [f"evidence: altered: {why}" for why in found.evidence]
    lines += [*_approval(found), *_freeze(found.freeze, known=not found.evidence), _lock(found)]
    lines.append(f"run: {_run(found.run)}")
    return lines if found.evidence else [*lines, *_after_run(found)]


def _approval(found: Stages) -> Iterator[str]:
    approval = found.approval
    if not approval.needed:
        yield "approval: not needed"
        return
    yield f"approval: {', '.join(approval.by) or 'needed, and not given yet'}"
    if approval.pending:
        yield f"decisions: {many(approval.pending, 'waits', 'wait')} for an approval"


def _freeze(freeze: FreezeStage | None, *, known: bool) -> Iterator[str]:
    if not known:
        yield "freeze: not known, since the evidence was altered"
    elif freeze is None:
        yield "freeze: nothing was frozen with this plan"
    else:
        if freeze.taken:
            yield f"freeze: {many(freeze.taken, 'role assignment is', 'role assignments are')} removed"
        else:
            nothing = freeze.let_go or freeze.gone
            yield "freeze: nothing is left to restore" if nothing else "freeze: restored"
        yield from (f"freeze: {one}: it is not known who took it" for one in freeze.open)
        if freeze.let_go:
            yield f"freeze: {many(freeze.let_go, 'was', 'were')} waived"
        if freeze.gone:
            yield f"freeze: {freeze.gone} went with the workspace"


def _lock(found: Stages) -> str:
    lock = found.lock
    return f"lock: process {lock.process} on {lock.host}, last seen {lock.seen}" if lock else "lock: free"


def _run(run: RunStage) -> str:
    if not run.begun:
        return "not begun"
    if run.cut_off:
        return f"begun {run.cut_off[-1]}, and no report of its end"
    return f"{run.last.time}: {run.last.headline or run.last.ended}" if run.last else "begun"


def _after_run(found: Stages) -> Iterator[str]:
    verify, soak, residuals = found.verify, found.soak, found.residuals
    yield f"verify: {verify.time}: {verify.headline or verify.colour}" if verify else "verify: not yet"
    stands = found.cutover.time if found.cutover else "not yet"
    yield f"cutover: {found.cutting_over or stands}"
    if found.cutover and not found.removal:
        if found.cutover.ended:
            yield f"cutover: {found.cutover.ended}"
        yield from (f"cutover: {one} was not seen to run yet: verify again later" for one in found.cutover.not_run)
    if soak and not found.removal:
        yield f"soak: since {soak.since}, of 168 hours {'over' if soak.is_over else 'until'} {soak.over}"
    if found.removing:
        yield f"removal: begun {found.removing}, not ended yet"
    else:
        yield f"removal: {found.removal.time}" if found.removal else "removal: not yet"
    if residuals.open or residuals.accepted:
        yield f"residuals: {len(residuals.open)} open, {residuals.accepted} accepted"
        yield from (f"residual: {one.address}: {one.why}" for one in residuals.open)
