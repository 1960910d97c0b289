"""What `plan` and `show` say of a plan: what changes, what is left to people, and in short what stays."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from amlmigrate.cli.views.amounts import duration, size
from amlmigrate.core.events import Event
from amlmigrate.core.few import agreed, many
from amlmigrate.core.finding import Finding
from amlmigrate.core.plan import Action, Header, Plan, Step
from amlmigrate.core.workspace import WorkspaceRef
from amlmigrate.planning.review import settle_conflicts

if TYPE_CHECKING:
    from amlmigrate.cli.views.consoles import Piece
    from amlmigrate.cli.views.page import Page

COLOURS = {
    Action.CREATE: "green",
    Action.UPDATE: "yellow",
    Action.ADOPT: "cyan",
    Action.COPY: "green",
    Action.DELETE: "red",
    Action.MANUAL: "magenta",
    Action.SKIP: "dim",
    Action.CONFLICT: "red",
}
# In the order in which they are shown.
_CHANGES = (Action.CREATE, Action.COPY, Action.UPDATE, Action.DELETE)
_LEFT_TO_PEOPLE = (Action.CONFLICT, Action.MANUAL)
_NO_CHANGE = (Action.ADOPT, Action.SKIP)
_FEW = 8
_MOST = 40
_ALL = "all of them with `migrate show --all`"
_CHANGED = "all of them with `migrate show`"


@dataclass(frozen=True, slots=True)
class PlanView:
    """A plan. `whole`: every change is a line, however many there are; `every`: everything else is one too."""

    plan: Plan
    whole: bool = False
    every: bool = False

    def human(self, page: Page) -> None:
        """What is done to what, what is left to do by hand, what a reviewer must know, and how long it takes."""
        header = self.plan.header
        page.line("Plan ", (header.name, "bold"), f", made {header.created}")
        for word, ref, side in (
            ("from", header.source_ref, header.source),
            ("to  ", header.target_ref, header.target),
        ):
            page.line(f"{word} {_side(ref, side)}", indent=2, hang=5)
        page.gap()
        _counts(page, self.plan.steps)
        self._lists(page)
        findings(page, header.findings)
        page.gap()
        page.line(_estimate(header))

    def as_json(self) -> Iterator[Event]:
        """The header, then each step."""
        yield Event("plan.header", self.plan.header.as_dict() | {"sha256": self.plan.sha256})
        for step in self.plan.steps:
            yield Event("plan.step", step.as_dict())

    def _lists(self, page: Page) -> None:
        at_once = [step for step in self.plan.steps if not step.for_cutover]
        later = [step for step in self.plan.steps if step.for_cutover]
        for action in _CHANGES:
            _steps(page, action.value, COLOURS[action], _of(at_once, action), None if self._changes else _FEW)
        _steps(page, "cutover", "yellow", later, None)
        for action in _LEFT_TO_PEOPLE:
            steps = _of(self.plan.steps, action)
            _steps(page, action.value, COLOURS[action], steps, None if self.every else _MOST, _ALL)
        for action in _NO_CHANGE:
            steps = _of(self.plan.steps, action)
            if self.every:
                _steps(page, action.value, COLOURS[action], steps, None)
            else:
                _folded(page, action, steps)

    @property
    def _changes(self) -> bool:
        """Whether each change is a line."""
        return self.whole or self.every


@dataclass(frozen=True, slots=True)
class PlanWrittenView:
    """A plan that was just written into a folder, and what comes after it."""

    plan: Plan
    folder: Path

    def human(self, page: Page) -> None:
        """The plan, where it is, and the next step."""
        PlanView(self.plan).human(page)
        page.gap()
        page.line(self._text)
        page.next(self.next)

    def as_json(self) -> Iterator[Event]:
        """`plan.header`, `plan.step`, `plan.written`."""
        yield from PlanView(self.plan).as_json()
        header = self.plan.header
        yield Event(
            "plan.written",
            {
                "text": f"\n{self._text}",
                "folder": str(self.folder),
                "counts": header.counts,
                "findings": len(header.findings),
                "next": self.next,
            },
        )

    @property
    def next(self) -> str:
        """What comes after a plan: `run` refuses one with errors or conflicts before it changes anything."""
        plan, folder = self.plan, self.folder
        if self._errors:
            return f"fix the errors and plan again, or waive them; migrate show {folder}"
        if plan.header.require_approval:
            return (
                f"have somebody else run: migrate approve {folder} --digest {plan.sha256[:16]}; then"
                f" migrate run {folder}"
            )
        if any(actions.get(Action.CONFLICT.value) for actions in plan.header.counts.values()):
            return settle_conflicts(folder)
        return f"migrate run {folder}"

    @property
    def _errors(self) -> int:
        return sum(1 for finding in self.plan.header.findings if finding.severity == "error")

    @property
    def _text(self) -> str:
        errors = f" It has {many(self._errors, 'error')} and cannot be run until each is fixed or waived."
        plan = self.plan
        approval = (
            " Before the cutover gives anything elsewhere, somebody else has to run: migrate approve"
            f" {self.folder} --digest {plan.sha256[:16]}"
        )
        wanted = plan.header.asks_approval and not plan.header.require_approval
        return f"Written to {self.folder}." + (errors if self._errors else "") + (approval if wanted else "")


def findings(page: Page, found: Iterable[Finding]) -> None:
    """Each with its remedy below it."""
    for finding in found:
        colour = "yellow" if finding.severity == "warning" else "red"
        page.gap()
        page.line((finding.severity, colour), f" {finding.address}: {finding.summary}")
        page.line((finding.remedy, "dim"), indent=2, hang=0)


def _side(ref: WorkspaceRef, side: dict[str, object]) -> str:
    encryption = side.get("encryption")
    status = str(encryption.get("status", "")).lower() if isinstance(encryption, dict) else ""
    key = "customer-managed key" if status == "enabled" else "Microsoft-managed key"
    return f"{ref.short}  ({key}, {side['location']})"


def _counts(page: Page, steps: Sequence[Step]) -> None:
    """How many items of each kind have each action: a table, or a line for each kind where that is too wide."""
    actions = [action for action in Action if any(step.action is action for step in steps)]
    counted: dict[str, Counter[Action]] = defaultdict(Counter)
    for step in steps:
        counted[step.address.collection][step.action] += 1
    head: list[Piece] = ["kind", *((action.value, COLOURS[action]) for action in actions)]
    rows: list[list[Piece]] = [
        [kind, *((str(counts[action] or "-"), COLOURS[action]) for action in actions)]
        for kind, counts in counted.items()
    ]
    if not page.grid(head, rows, numbers=True):
        for kind, counts in counted.items():
            page.line(f"{kind}: " + ", ".join(f"{counts[one]} {one.value}" for one in actions if counts[one]))


def _of(steps: Iterable[Step], action: Action) -> list[Step]:
    return [step for step in steps if step.action is action]


def _steps(
    page: Page, head: str, colour: str, steps: Sequence[Step], most: int | None, rest: str = _CHANGED
) -> None:
    """A line for each, for `most` of them at the most; `rest` says where the others are."""
    if not steps:
        return
    page.gap()
    page.line((head, colour), f" ({len(steps)})")
    for step in steps[:most]:
        page.line(f"{with_target(step)}  ", (step.reason, "dim"), indent=2)
    page.more(len(steps) - (len(steps) if most is None else most), rest)


def with_target(step: Step) -> str:
    """Its address, and what the target calls it where that is another name."""
    return f"{step.address} -> {step.target.at(step.address.phase)}" if step.target else str(step.address)


def _folded(page: Page, action: Action, steps: Sequence[Step]) -> None:
    """What stays as it is, a line for each kind and reason; where the reasons of a kind differ, for each kind."""
    if not steps:
        return
    page.gap()
    page.line((action.value, COLOURS[action]), f" ({len(steps)})")
    groups = Counter((step.address.collection, step.reason) for step in steps)
    if len(groups) > _FEW:
        groups = Counter((step.address.collection, "") for step in steps)
    for (kind, reason), count in groups.items():
        page.line(f"{kind} ({count})  ", (reason, "dim"), indent=2)
    page.line(("each of them with `migrate show --all`", "dim"), indent=2)


def _estimate(header: Header) -> str:
    estimate = header.estimate
    return (
        f"{many(header.blobs, 'blob')} with {size(header.bytes)} {agreed(header.blobs, 'is', 'are')} copied"
        f" inside Azure;{_deletes(estimate)} {_calls(estimate)}"
    )


def _calls(estimate: dict[str, float]) -> str:
    try:
        return (
            f"{_number(estimate['arm_reads'], 'read')} and {_number(estimate['arm_writes'], 'write')} of ARM,"
            f" which take at least {duration(estimate['floor_seconds'])} by its limits."
        )
    except KeyError:
        return "the plan does not tell how many calls of ARM it takes."


def _number(count: float, what: str) -> str:
    return f"{count:g} {what if count == 1 else what + 's'}"


def _deletes(estimate: dict[str, float]) -> str:
    """How many blobs of the target are deleted; earlier plans do not say."""
    count = int(estimate.get("blob_deletes", 0))
    copies = many(count, "copy whose source is gone is", "copies whose source is gone are")
    return f" {copies} deleted in the target;" if count else ""
