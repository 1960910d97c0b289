"""What `show` says: a plan and its digest, one item whole, or what is open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amlmigrate.cli.views.plans import PlanView
from amlmigrate.core.escapes import Plain, as_json
from amlmigrate.core.events import Event
from amlmigrate.core.few import many
from amlmigrate.core.mapping import Rewrite
from amlmigrate.core.plan import Action, Step
from amlmigrate.ledger.decision_rows import Approval
from amlmigrate.planning.review import OpenItems, ReviewedItem

if TYPE_CHECKING:
    from amlmigrate.cli.views.page import Page

# As many digits as messages show; `approve` takes 8 or more.
_DIGITS = 16
# Members of a step that are told as they are.
_TOLD = ("source_id", "target_id", "from", "to", "blobs", "bytes", "source_sha256", "target_sha256", "after")
_COLOURS = {"@": "cyan", "-": "red", "+": "green"}


@dataclass(frozen=True, slots=True)
class ShowView:
    """A plan, the digest that `approve` takes, and whether the approval that the plan needs was given."""

    shown: PlanView
    folder: Path
    approvals: tuple[Approval, ...] = ()

    def human(self, page: Page) -> None:
        """The plan, then its digest."""
        self.shown.human(page)
        page.gap()
        page.line(self._text)
        if self._needed:
            page.lines(self._lines)
            page.next(self._next)

    def as_json(self) -> Iterator[Event]:
        """`plan.header`, `plan.step` and `show.digest`, or `show.approval` of one that needs it."""
        yield from self.shown.as_json()
        told: dict[str, Any] = {"text": f"\n{self._text}", "sha256": self.shown.plan.sha256}
        if not self._needed:
            yield Event("show.digest", told)
            return
        told |= {
            "approved": bool(self.approvals),
            "approvals": [{"object_id": one.object_id, "by": one.by, "at": one.at} for one in self.approvals],
            "lines": self._lines,
        }
        yield Event("show.approval", told | ({"next": self._next} if self._next else {}))

    @property
    def _needed(self) -> bool:
        return self.shown.plan.header.asks_approval

    @property
    def _text(self) -> str:
        plan = self.shown.plan
        text = f"Digest of the plan: {plan.sha256[:_DIGITS]}"
        if not self._needed:
            return text
        return f"{text}. It must be approved by somebody other than its planner, {plan.header.planner}."

    @property
    def _lines(self) -> list[str]:
        return [
            f"approved by {one.by} at {one.at}{one.comment and ': '}{one.comment}" for one in self.approvals
        ] or ["not approved yet"]

    @property
    def _next(self) -> str:
        digits = self.shown.plan.sha256[:_DIGITS]
        return "" if self.approvals else f"migrate approve {self.folder} --digest {digits}"


@dataclass(frozen=True, slots=True)
class ItemView:
    """One item whole, with its findings and with its rewrites as a diff; or a finding."""

    item: ReviewedItem

    def human(self, page: Page) -> None:
        """Address, decision, step and findings."""
        item = self.item
        page.line(f"{item.address}  (digest {item.sha256[:_DIGITS]})")
        if item.decision:
            page.line(item.decision)
        if item.step:
            _step(page, item.step)
        elif not item.findings:
            page.line(item.says)
        for one in item.findings:
            page.line(
                (one.severity, "yellow" if one.severity == "warning" else "red"), f" {one.address}: {one.summary}"
            )
            page.line(one.remedy, indent=2, hang=0)

    def as_json(self) -> Iterator[Event]:
        """`show.item`."""
        item = self.item
        yield Event(
            "show.item",
            {
                "address": item.address,
                "sort": item.sort,
                "sha256": item.sha256,
                "decision": item.decision,
                "findings": [one.as_dict() for one in item.findings],
                "step": item.step.as_dict() if item.step else None,
            },
        )


@dataclass(frozen=True, slots=True)
class OpenView:
    """What is open, and which decisions wait for an approval where the plan needs one."""

    folder: Path
    found: OpenItems
    needs_approval: bool

    def human(self, page: Page) -> None:
        """A line for each; then the digest of what waits."""
        page.line(self._text)
        page.lines(self._lines)
        if self.needs_approval:
            page.line(self._waiting)
            page.lines(self._decisions)
            page.next(self._next)

    def as_json(self) -> Iterator[Event]:
        """`show.open`, and `show.decisions`."""
        items = [one.item for one in self.found.items]
        told = [{"address": one.address, "stands": one.stands, "says": one.says} for one in items]
        yield Event("show.open", {"text": self._text, "open": told, "lines": self._lines})
        if not self.needs_approval:
            return
        pending = self.found.pending
        data: dict[str, Any] = {
            "text": self._waiting,
            "sha256": self.found.sha256,
            "decisions": [
                {"address": one.address, "verb": one.verb.value, "detail": one.detail} for one in pending
            ],
            "lines": self._decisions,
        }
        yield Event("show.decisions", data | ({"next": self._next} if self._next else {}))

    @property
    def _text(self) -> str:
        count, of = len(self.found.items), f" of kind {self.found.kind}" if self.found.kind else ""
        return f"{count} open{of}." if count else f"Nothing{of} is open."

    @property
    def _lines(self) -> list[str]:
        items = (one.item for one in self.found.items)
        return [f"{one.stands}: {one.address}: {one.says}" for one in items]

    @property
    def _waiting(self) -> str:
        count = len(self.found.pending)
        if not count:
            return "No decision waits for an approval."
        waits = many(count, "decision waits", "decisions wait")
        return f"{waits} for an approval: digest {self.found.sha256[:_DIGITS]}"

    @property
    def _decisions(self) -> list[str]:
        return [f"{one.address}: {one.detail}" for one in self.found.pending]

    @property
    def _next(self) -> str:
        digits = self.found.sha256[:_DIGITS]
        return f"migrate approve {self.folder} --decisions --digest {digits}" if self.found.pending else ""


def _step(page: Page, step: Step) -> None:
    line = step.as_dict()
    page.line(f"{line['action']}: {line['reason']}")
    if step.target:
        page.line(f"in the target: {step.target}")
    for name in (
        "source_id",
        "target_id",
        "from",
        "to",
        "blobs",
        "bytes",
        "source_sha256",
        "target_sha256",
        "after",
    ):
        if line.get(name):
            page.line(f"{name}: {line[name]}")
    for rewrite in step.rewrites:
        _diff(page, rewrite)
    for file in step.files:
        page.line(f"file {file.path}: {many(file.count, 'address', 'addresses')} rewritten; the first lines:")
        page.line(f"SHA-256 {file.sha256} becomes {file.to_sha256}")
        for rewrite in file.lines:
            _diff(page, rewrite)
    if step.gone:
        deleted = step.action is Action.DELETE
        page.line("deleted in the target:" if deleted else "without a source, and stays in the target:")
        for one in step.gone:
            page.line(f"{one.path} ({many(one.length, 'byte')}, ETag {one.etag})", indent=2)
    if line.get("body"):
        for text in as_json(line["body"], indent=2).split("\n"):
            page.verbatim(Plain(text))


def _diff(page: Page, rewrite: Rewrite) -> None:
    """A rewrite as a unified diff: of several lines those that change, each with what stands around it."""
    page.line((f"@@ {rewrite.where} @@", _COLOURS["@"]))
    before, after = (text.rstrip().split("\n") for text in (rewrite.before, rewrite.after))
    # The first two lines name files, and there are none.
    for text in list(unified_diff(before, after, lineterm="", n=1))[2:]:
        if not text.startswith("@@"):
            page.verbatim((text, _COLOURS.get(text[:1], "")))
