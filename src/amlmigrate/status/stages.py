"""The stages of a plan, from its approval to its removal: what each has come to."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from amlmigrate.core.finding import SEVERITIES
from amlmigrate.core.freeze_record import FreezeState
from amlmigrate.core.periods import SOAK, needed_until
from amlmigrate.core.plan import Plan
from amlmigrate.core.state import Outcome
from amlmigrate.cutover.changes_since import UNSEEN
from amlmigrate.cutover.record import active
from amlmigrate.cutover.switches import going_back, unfinished
from amlmigrate.decommissioning import residuals, soak, tombstone
from amlmigrate.evidence import Decommission, Run, Verify
from amlmigrate.evidence.decommission import Residual
from amlmigrate.freezing import record as freezing
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.approving import approvals
from amlmigrate.ledger.decision_subjects import of_frozen
from amlmigrate.ledger.decisions import FREEZE_UNREPORTED
from amlmigrate.ledger.decisions import problems as problems_of
from amlmigrate.ledger.evidence import EvidenceFile, end_problems, examine, last
from amlmigrate.ledger.items import Item, items
from amlmigrate.ledger.missing import EVIDENCE
from amlmigrate.ledger.opening import open_residuals, opened, still_owed
from amlmigrate.ledger.valid_decisions import Standing


@dataclass(frozen=True, slots=True)
class ApprovalStage:
    """Whether the plan needs an approval, who gave one, and how many decisions wait for one."""

    needed: bool
    by: tuple[str, ...]
    pending: int

    @property
    def given(self) -> bool:
        """Whether nobody has to approve the plan, or somebody did."""
        return not self.needed or bool(self.by)


@dataclass(frozen=True, slots=True)
class FreezeStage:
    """How many role assignments are taken away (`state` is `frozen`, else `back`), as of `time`.

    `open` are addresses of which it is not known who took them; `let_go` were decided about, `gone` went with the
    workspace that was removed.
    """

    state: str
    taken: int
    time: str
    open: tuple[str, ...]
    let_go: int
    gone: int


@dataclass(frozen=True, slots=True)
class LockStage:
    """The process that has the plan's folder, where it is, and when it was seen last."""

    host: str
    process: int
    seen: str


@dataclass(frozen=True, slots=True)
class LastRun:
    """What the newest report of a run says."""

    time: str
    ended: str
    headline: str


@dataclass(frozen=True, slots=True)
class RunStage:
    """`remaining` items are still to be tried; `cut_off` is when those runs began that ended without a report."""

    begun: bool
    remaining: int
    last: LastRun | None
    cut_off: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VerifyStage:
    """What the newest report of a verification says; `headline` is None after a cutover."""

    time: str
    green: bool
    depth: str
    headline: str | None
    report: str

    @property
    def proven(self) -> bool:
        """Whether it is green and read the bytes."""
        return self.green and self.depth != "metadata"

    @property
    def colour(self) -> str:
        """In a few words."""
        return f"{'green' if self.green else 'not green'} at depth {self.depth}"


@dataclass(frozen=True, slots=True)
class CutoverStage:
    """When the plan was cut over; `not_run`: what went live, and the last verification saw no run of.

    `ended`: that it is live no more, by what the target says of another plan's `--back`; '' where it does not.
    """

    time: str
    not_run: tuple[str, ...] = ()
    ended: str = ""


@dataclass(frozen=True, slots=True)
class SoakStage:
    """From when to when the soak lasts by the default of `decommission`, and whether it is over by this clock."""

    since: str
    over: str
    is_over: bool


@dataclass(frozen=True, slots=True)
class RemovalStage:
    """What the newest tombstone says."""

    time: str
    deleted: str | None
    purged: bool
    recoverable_until: str | None


@dataclass(frozen=True, slots=True)
class ResidualStage:
    """What lies under Microsoft's key after the removal: what is open, and how many were accepted."""

    open: tuple[Residual, ...]
    accepted: int


@dataclass(frozen=True, slots=True)
class Stages:
    """All stages; None is one that has not been. `evidence` says what was altered: then what rests on it is None.

    `items` are the plan's with how each stands; `findings` the addresses of those that keep it from green.
    """

    folder: Path
    plan: Plan
    items: tuple[Item, ...]
    findings: tuple[str, ...]
    evidence: tuple[str, ...]
    approval: ApprovalStage
    freeze: FreezeStage | None
    lock: LockStage | None
    run: RunStage
    verify: VerifyStage | None
    cutover: CutoverStage | None
    soak: SoakStage | None
    removal: RemovalStage | None
    residuals: ResidualStage
    # That a cutover, or taking one back, was begun and has not ended; '' where none was.
    cutting_over: str = ""
    # Whether only `--back` goes on with it.
    going_back: bool = False
    # When a removal began that has not ended: whether the source is there is not known here from then on.
    removing: str | None = None

    @property
    def left(self) -> list[Item]:
        """The items that are not settled."""
        return [one for one in self.items if not one.outcome.settled]

    @property
    def open(self) -> int:
        """How many items and findings are not settled."""
        return len(self.left) + len(self.findings)

    def needed_until(self, now: datetime) -> datetime:
        """Until when the source must be able to change, at least: for the move, the soak and a recovery."""
        seconds = self.plan.header.estimate.get("floor_seconds") or 0.0
        return needed_until(now, seconds, datetime.fromisoformat(self.soak.over) if self.soak else None)

    def as_dict(self) -> dict[str, Any]:
        """Its form in `--json`."""
        names = ("freeze", "lock", "run", "verify", "cutover", "soak", "removal", "residuals")
        found = {name: _as_dict(getattr(self, name)) for name in names}
        return {
            "evidence": list(self.evidence),
            "approval": _as_dict(self.approval),
            **found,
            "cutting_over": self.cutting_over,
            "removing": self.removing,
            "open": self.open,
        }


def _as_dict(stage: Any) -> dict[str, Any] | None:
    return asdict(stage) if stage else None


def stages(plan: Plan, folder: Path, ledger: Ledger | None) -> Stages:
    """What each stage has come to. Raises RefusedError for a record of a freeze that cannot be trusted."""
    reports, altered = trusted(folder, ledger)
    ended = items(plan, ledger)
    decided = Standing(plan, ledger)
    cutover = active(reports)
    # First: what is wrong with it is said there, and all that is open rests on it.
    freeze = _freeze(reports, folder, decided)
    return Stages(
        folder,
        plan,
        tuple(ended),
        # They keep a verification from being green as well, however often it is made.
        findings=tuple(one.address for one in opened(plan, ledger, reports) if one.stands in SEVERITIES),
        evidence=tuple(altered),
        approval=_approval(plan, ledger, decided),
        freeze=freeze,
        lock=_lock(ledger),
        run=_run(reports, ledger, sum(1 for one in ended if one.outcome is Outcome.REMAINING)),
        verify=_verify(reports),
        cutover=CutoverStage(cutover.content.time, _not_run(reports)) if cutover else None,
        # Nothing counts while both sides are as nobody means them to stay.
        soak=None if unfinished(reports) else _soak(plan, reports),
        removal=_removal(reports),
        residuals=_residuals(reports, decided),
        cutting_over=unfinished(reports),
        going_back=going_back(reports),
        removing=_removing(reports, ledger) if not altered else None,
    )


def trusted(folder: Path, ledger: Ledger | None) -> tuple[list[EvidenceFile], list[str]]:
    """The reports, and what of them was altered. What was altered says nothing, so then there are none."""
    reports, problems = examine(folder / EVIDENCE)
    if ledger and not problems:
        problems = end_problems(ledger.meta(), folder / EVIDENCE, reports)
    altered = [str(one) for one in problems]
    if ledger and not altered:
        altered = [one for one in problems_of(ledger, reports) if FREEZE_UNREPORTED not in one]
    return ([], altered) if altered else (reports, [])


def _approval(plan: Plan, ledger: Ledger | None, decided: Standing) -> ApprovalStage:
    given = approvals(plan, ledger) if ledger else []
    return ApprovalStage(plan.header.asks_approval, tuple(one.by for one in given), len(decided.pending()))


def _freeze(reports: list[EvidenceFile], folder: Path, decided: Standing) -> FreezeStage | None:
    """What is still taken away, by the evidence; what was let go is settled."""
    known = freezing.read(reports, folder)
    if known is None:
        return None
    subjects = of_frozen(reports)
    undecided = [one for one in known.owed if not decided.of(subjects[one.address])]
    placed = still_owed(known, reports)
    owed = [one for one in undecided if one in placed]
    return FreezeStage(
        "frozen" if owed else "back",
        len(owed),
        known.time,
        open=tuple(one.address for one in owed if one.state is FreezeState.UNKNOWN),
        let_go=len(known.owed) - len(undecided),
        gone=len(undecided) - len(owed),
    )


def _lock(ledger: Ledger | None) -> LockStage | None:
    if ledger is None:
        return None
    with ledger.transaction() as db:
        row = db.execute("SELECT host, pid, heartbeat FROM lock").fetchone()
    return LockStage(*row) if row else None


def _run(reports: list[EvidenceFile], ledger: Ledger | None, remaining: int) -> RunStage:
    told = last(reports, Run)
    newest = LastRun(told.content.time, told.content.ended, told.content.headline) if told else None
    cut_off = tuple(ledger.untold_runs) if ledger else ()
    return RunStage(bool(ledger and ledger.begun), remaining, newest, cut_off)


def _verify(reports: list[EvidenceFile]) -> VerifyStage | None:
    told = last(reports, Verify)
    if told is None:
        return None
    content = told.content
    return VerifyStage(content.time, content.green, content.depth, content.headline, told.path.name)


def _not_run(reports: list[EvidenceFile]) -> tuple[str, ...]:
    """In whose name these work is not known yet."""
    newest = last(reports, Verify)
    since = newest.content.since_cutover if newest else None
    return tuple(one.address for one in since.changes if one.what in UNSEEN) if since else ()


def _soak(plan: Plan, reports: list[EvidenceFile]) -> SoakStage | None:
    """By the default of `decommission`, and by this machine's clock: that asks Azure's.

    It counts from the cutover, without one from green evidence.
    """
    since = soak.since(plan, reports)
    if since is None:
        return None
    over = since + SOAK
    return SoakStage(since.isoformat(), over.isoformat(timespec="minutes"), datetime.now(UTC) >= over)


def _removal(reports: list[EvidenceFile]) -> RemovalStage | None:
    told = last(reports, Decommission)
    if told is None:
        return None
    content = told.content
    return RemovalStage(content.time, content.deleted, content.purged, content.recoverable_until)


def _removing(reports: list[EvidenceFile], ledger: Ledger | None) -> str | None:
    """Begun and cut off, or of a workspace that was seen to be there again."""
    found = tombstone.begun(ledger) if ledger else None
    return found.begun if found and not tombstone.ended(found, reports) else None


def _residuals(reports: list[EvidenceFile], decided: Standing) -> ResidualStage:
    """Open until they are accepted, and again past that date."""
    found = residuals.newest(reports)
    now_open = {one.address for one in open_residuals(decided, reports)}
    left = tuple(one for one in found if one.address in now_open)
    return ResidualStage(left, len(found) - len(left))
