"""What `provision` says: its plan, what has to be agreed to, and what is there at its end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlmigrate.cli.views import desired
from amlmigrate.cli.views.ending import CommandEnd
from amlmigrate.core.events import Event
from amlmigrate.core.few import agreed, many
from amlmigrate.desired.applying import Applied
from amlmigrate.desired.steps import DesiredStep, DesiredVerb
from amlmigrate.provisioning.wanted import WantedWorkspace

if TYPE_CHECKING:
    from amlmigrate.cli.views.page import Page

_DRY = "Nothing was changed."


@dataclass(frozen=True, slots=True)
class ProvisionPlanView:
    """What becomes of each resource, in order."""

    steps: Sequence[DesiredStep]
    subscription: str

    def human(self, page: Page) -> None:
        """A line for each, its notes below it, then how many there are to do."""
        page.line(self._head)
        for step in self.steps:
            desired.show(step, page, self._shorter)
        page.gap()
        page.line(self._summary)

    def as_json(self) -> Iterator[Event]:
        """`provision.plan`."""
        lines = [self._head]
        for step in self.steps:
            lines += desired.lines(step, self._shorter)
        lines += ["", self._summary]
        yield Event(
            "provision.plan",
            {
                "text": "\n".join(lines),
                "block": lines,
                "steps": [step.as_dict() for step in self.steps],
                "changes": self._changes,
            },
        )

    @property
    def _head(self) -> str:
        return f"In subscription {self.subscription}:"

    def _shorter(self, id_: str) -> str:
        return id_.removeprefix(f"/subscriptions/{self.subscription}/")

    @property
    def _changes(self) -> int:
        return sum(1 for step in self.steps if step.verb.writes)

    @property
    def _summary(self) -> str:
        changes, refused, waits = self._changes, self._of(DesiredVerb.REFUSE), self._of(DesiredVerb.WAIT)
        if refused:
            return f"{refused} refused, so nothing is done."
        same = len(self.steps) - changes - waits
        told = f"{changes} to do, {same} as {agreed(same, 'it is', 'they are')}" if changes else "Nothing to do"
        return told + (f"; {waits} not known yet, since Azure is still at work there." if waits else ".")

    def _of(self, verb: DesiredVerb) -> int:
        return sum(1 for step in self.steps if step.verb is verb)


@dataclass(frozen=True, slots=True)
class ProvisionDryView:
    """The end of a dry run; `again` is the command that does it."""

    again: str

    def human(self, page: Page) -> None:
        """That nothing was done, and how it is."""
        CommandEnd(_DRY, next=self.again).human(page)

    def as_json(self) -> Iterator[Event]:
        """`provision.dry`."""
        yield Event("provision.dry", {"text": _DRY, "next": self.again})


@dataclass(frozen=True, slots=True)
class ProvisionView:
    """What is there, and what is still to be heeded of it."""

    wanted: WantedWorkspace
    applied: Applied

    def human(self, page: Page) -> None:
        """Ids and options are copied from here, so that no line with one is broken."""
        page.line(self._text)
        for line in self._to_copy:
            page.verbatim(f"  {line}")
        page.lines(self.applied.warnings)
        page.next(self._next)

    def as_json(self) -> Iterator[Event]:
        """`provision.end`."""
        yield Event(
            "provision.end",
            {
                "text": self._text,
                "changed": self.applied.changed,
                "warnings": list(self.applied.warnings),
                "target": self._target,
                "ids": self._ids,
                "lines": [*self._to_copy, *self.applied.warnings],
                "next": self._next,
            },
        )

    @property
    def _ids(self) -> dict[str, str]:
        wanted = self.wanted
        return {
            "workspace": wanted.workspace.id,
            "key vault": wanted.vault.id,
            "key": wanted.key_id,
            "identity": wanted.identity.id,
            "storage account": wanted.storage.id,
        }

    @property
    def _target(self) -> str:
        return self.wanted.owner

    @property
    def _text(self) -> str:
        changed = many(self.applied.changed, "step")
        return f"{self.wanted.ref.short} is there, under a customer's key; {changed} changed something."

    @property
    def _to_copy(self) -> list[str]:
        return [*(f"{what}: {id_}" for what, id_ in self._ids.items()), f"--target {self._target}"]

    @property
    def _next(self) -> str:
        target = self._target
        return f"migrate doctor --target {target}, then migrate plan --source GROUP/NAME --target {target}"
