"""What `guard` says: what becomes of each resource, what a stage refuses, and what is missing or weaker."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from amlmigrate.cli.views import desired
from amlmigrate.cli.views.ending import CommandEnd
from amlmigrate.core.armid import ArmId
from amlmigrate.core.errors import ExitCode
from amlmigrate.core.events import Event
from amlmigrate.core.few import many
from amlmigrate.desired.applying import Applied
from amlmigrate.guarding.alarmtests import AlarmTest
from amlmigrate.guarding.checking import GuardCheck
from amlmigrate.guarding.stage import GuardPlan
from amlmigrate.guarding.wanted import Guardrail

if TYPE_CHECKING:
    from amlmigrate.cli.views.page import Page


@dataclass(frozen=True, slots=True)
class GuardProposed:
    """The proposal that was asked for, and its digest; without a digest none was written."""

    path: str = ""
    sha256: str = ""

    @property
    def text(self) -> str:
        """Where it lies, or that it does not."""
        if not self.path:
            return ""
        if not self.sha256:
            return "No proposal was written."
        return f"Proposal: {self.path}, digest {self.sha256[:16]}; somebody else approves it."


@dataclass(frozen=True, slots=True)
class GuardPlanView:
    """What would be done, and what Azure would refuse then.

    With `fails` an error follows that has the reasons of a refusal, and they are not told here too.
    """

    guardrail: Guardrail
    plan: GuardPlan
    following: str = ""
    proposed: GuardProposed = GuardProposed()
    fails: bool = False

    def human(self, page: Page) -> None:
        """A line for each resource, then what is refused at this stage and the next."""
        page.line(self._head)
        for one in self.plan.planned:
            desired.show(one.step, page, self._below)
        for head, lines in self._judged():
            page.gap()
            page.line(head)
            page.lines(lines)
        if self.fails and self.plan.reasons:
            return
        page.gap()
        page.line(self._summary)
        if self.proposed.text:
            page.line(self.proposed.text)
        page.next(self.following)

    def as_json(self) -> Iterator[Event]:
        """`guard.plan`."""
        compliance = self.plan.compliance
        yield Event(
            "guard.plan",
            {
                "text": self._summary,
                "scope": self.guardrail.scope,
                "stage": self.guardrail.stage.value,
                "steps": [one.step.as_dict() for one in self.plan.planned],
                "changes": self.plan.changes,
                "reasons": list(self.plan.reasons),
                "non_compliant": {name: list(ids) for name, ids in compliance.by_member.items()},
                "non_compliant_not_read": compliance.refused,
                "non_compliant_cut_short": compliance.cut_short,
                "refused": list(self.plan.refused),
                "refused_next": list(self.plan.refused_next),
                "unrecoverable": [
                    {"id": one.id, "plan": one.folder, "until": one.until.isoformat()} for one in self.plan.lost
                ],
                "untold": list(self.plan.untold),
                "not_checked": list(self.plan.not_checked),
                "proposal": self.proposed.path if self.proposed.sha256 else "",
                "sha256": self.proposed.sha256,
                **({"next": self.following} if self.following else {}),
            },
        )

    @property
    def _head(self) -> str:
        return f"Guardrail '{self.guardrail.name}' of {self.guardrail.scope}, stage {self.guardrail.stage.value}:"

    def _below(self, id_: str) -> str:
        return id_.removeprefix(f"{self.guardrail.defined_at}/").removeprefix("providers/Microsoft.Authorization/")

    def _judged(self) -> Iterator[tuple[str, Sequence[str]]]:
        plan, stage = self.plan, self.guardrail.stage
        if plan.compliance.refused:
            yield "Not checked: what is not compliant by now.", [plan.compliance.refused]
        elif plan.compliance.by_member:
            lines = [f"{name}: {self._named(ids)}" for name, ids in plan.compliance.by_member.items()]
            more = f", of the first {many(1000, 'answer')}" if plan.compliance.cut_short else ""
            yield f"Not compliant by now, as Azure has judged{more}:", lines
        if plan.refused:
            yield f"At stage {stage.value} every update of these is refused:", plan.refused
        if plan.refused_next and stage.next:
            yield f"At the next stage, {stage.next.value}, every update of these is refused:", plan.refused_next
        if plan.lost:
            lines = [f"{ArmId.of(one.id).name}, until {one.until:%Y-%m-%d} ({one.folder})" for one in plan.lost]
            yield "The recovery of these removed sources would very likely be refused:", lines
        if plan.untold:
            yield "The file has nobody told of:", plan.untold
        if plan.not_checked:
            yield "Not checked:", plan.not_checked
        if plan.reasons and not self.fails:
            yield "Refused:", plan.reasons

    @staticmethod
    def _named(ids: Sequence[str]) -> str:
        names = [ArmId.of(one).name for one in ids]
        return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")

    @property
    def _summary(self) -> str:
        if self.plan.reasons:
            return f"Refused for {many(len(self.plan.reasons), 'reason')}; nothing was changed."
        changes = self.plan.changes
        return f"{changes} to do." if changes else "Nothing to do."


@dataclass(frozen=True, slots=True)
class GuardAppliedView:
    """What was done."""

    guardrail: Guardrail
    applied: Applied
    check: str

    @property
    def _text(self) -> str:
        stage, changed = self.guardrail.stage.value, self.applied.changed
        done = f"{many(changed, 'step')} changed something" if changed else "nothing had to be changed"
        return f"The guardrail '{self.guardrail.name}' is at stage {stage}; {done}."

    def human(self, page: Page) -> None:
        """One sentence, and how it is checked."""
        CommandEnd(self._text, self.applied.warnings, next=self.check).human(page)

    def as_json(self) -> Iterator[Event]:
        """`guard.end`."""
        yield Event(
            "guard.end",
            {
                "text": self._text,
                "scope": self.guardrail.scope,
                "stage": self.guardrail.stage.value,
                "changed": self.applied.changed,
                "warnings": list(self.applied.warnings),
                "next": self.check,
            },
        )


@dataclass(frozen=True, slots=True)
class GuardCheckView:
    """What is missing or weaker."""

    guardrail: Guardrail
    check: GuardCheck

    @property
    def code(self) -> ExitCode:
        """3 where anything is missing, weaker or not checked."""
        return ExitCode.DONE if self.check.whole else ExitCode.INCOMPLETE

    @property
    def _text(self) -> str:
        gaps, unread = len(self.check.gaps), len(self.check.not_checked)
        if self.check.whole:
            return f"The guardrail is at least as strict as the file asks for: stage {self.guardrail.stage.value}."
        told = many(gaps, "thing has", "things have") + " to be looked at or put right" if gaps else ""
        more = f"{many(unread, 'thing')} could not be checked" if unread else ""
        return f"{'; '.join(filter(None, (told, more)))}."

    def human(self, page: Page) -> None:
        """A line for each, with its remedy."""
        page.line(self._text)
        for one in self.check.gaps:
            page.line(f"{one.id}: {one.text}", indent=2)
            page.line(f"- {one.remedy}", indent=4)
        page.lines([f"not checked: {one}" for one in self.check.not_checked])
        page.lines(self.check.notes)

    def as_json(self) -> Iterator[Event]:
        """`guard.check`."""
        yield Event(
            "guard.check",
            {
                "text": self._text,
                "scope": self.guardrail.scope,
                "stage": self.guardrail.stage.value,
                "gaps": [one.as_dict() for one in self.check.gaps],
                "not_checked": list(self.check.not_checked),
                "notes": list(self.check.notes),
            },
        )


@dataclass(frozen=True, slots=True)
class GuardTestView:
    """Whom a test notification was sent to, by action group; `record` is the file that says so from now on."""

    tests: Sequence[AlarmTest]
    record: str
    following: str = ""

    @property
    def code(self) -> ExitCode:
        """3 where it was not sent to everybody, or that is not known."""
        return ExitCode.DONE if all(one.whole for one in self.tests) else ExitCode.INCOMPLETE

    @property
    def _text(self) -> str:
        every = [one for test in self.tests for one in test.receivers]
        sent = sum(1 for one in every if one.sent)
        refused = sum(1 for test in self.tests if test.refused)
        more = f"; {many(refused, 'action group')} could not be tested" if refused else ""
        return f"Azure says that a test notification was sent to {sent} of {many(len(every), 'receiver')}{more}."

    def human(self, page: Page) -> None:
        """A line for each receiver."""
        page.line(self._text)
        for test in self.tests:
            page.line(f"{test.action_group}:", indent=2)
            if test.refused:
                page.line(f"- not tested: {test.refused}", indent=4)
            for one in test.receivers:
                what = "sent" if one.sent else "not sent"
                page.line(f"- {one.name} ({one.kind}): {what}, Azure says: {one.told}", indent=4)
        sent = any(one.sent for test in self.tests for one in test.receivers)
        ask = " Ask them whether it arrived: nothing else shows that." if sent else ""
        page.line(f"Recorded in {self.record}.{ask}")
        page.next(self.following)

    def as_json(self) -> Iterator[Event]:
        """`guard.test`."""
        tests = [asdict(one) for one in self.tests]
        more = {"next": self.following} if self.following else {}
        yield Event("guard.test", {"text": self._text, "tests": tests, "record": self.record, **more})


@dataclass(frozen=True, slots=True)
class GuardEmittedView:
    """Which files were written; `note` is what is not known of them."""

    folder: str
    files: Sequence[str]
    note: str = ""

    @property
    def _text(self) -> str:
        return f"{many(len(self.files), 'file')} written; nothing was changed in Azure."

    def human(self, page: Page) -> None:
        """A line for each file."""
        page.line(self._text)
        for one in self.files:
            page.verbatim(f"  {self.folder}/{one}")
        if self.note:
            page.line(self.note)

    def as_json(self) -> Iterator[Event]:
        """`guard.emit`."""
        files = list(self.files)
        yield Event("guard.emit", {"text": self._text, "folder": self.folder, "files": files, "note": self.note})
