"""What `key rotate` says: what becomes of the key and of each thing under it, and what was seen at the end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from shlex import join
from typing import TYPE_CHECKING

from amlmigrate.cli.views import desired
from amlmigrate.core.armid import ArmId
from amlmigrate.core.clock import stamp
from amlmigrate.core.errors import ExitCode
from amlmigrate.core.events import Event
from amlmigrate.core.few import many
from amlmigrate.keys.model import LIMITS, LOOKED_AT
from amlmigrate.posture.tagging import ENVIRONMENT
from amlmigrate.rotating import order, setback
from amlmigrate.rotating.chain import Duties
from amlmigrate.rotating.stage import DependantEnd, Half, RotationOutcome, RotationPlan

if TYPE_CHECKING:
    from amlmigrate.cli.views.page import Page

_DIGITS = 16


def _name(id_: str) -> str:
    """A resource's own name, in its group; a key as it is."""
    one = ArmId.of(id_)
    return f"{one.group}/{'/'.join(one.names)}" if one.group else id_


@dataclass(frozen=True, slots=True)
class RotationPlanView:
    """What would be done; `out` is the proposal that was written, with its digest.

    With `fails` an error follows that has the reasons of a refusal, and they are not told here too.
    `notes` say what kept owners' decisions from counting.
    """

    plan: RotationPlan
    environment: str
    unread: tuple[str, ...]
    out: Path | None = None
    digest: str = ""
    fails: bool = False
    notes: tuple[str, ...] = ()

    def human(self, page: Page) -> None:
        """A line for the version and each thing under the key, then what code sets back."""
        page.line(self._head)
        for one in self.plan.planned:
            desired.show(one.step, page, _name)
        self._more(page, "Who says the environment:", self._who_says)
        self._more(page, "Infrastructure code will want to set back:", self._set_back)
        if self.plan.request.half.adopts:
            page.gap()
            page.line(f"{LIMITS[:1].upper()}{LIMITS[1:]}.")
        self._more(page, "Not known: whether more is under the key, since this could not be read:", self.unread)
        if self.fails and self.plan.reasons:
            return
        self._more(page, "Refused:", self.plan.reasons)
        page.gap()
        page.line(self._summary)
        if self.out:
            page.line(f"Digest of the proposal: {self.digest[:_DIGITS]}.")
        page.next(self._next)

    def as_json(self) -> Iterator[Event]:
        """`key.rotate.plan`."""
        aim, key = self.plan.aim, self.plan.request.key
        more = {"proposal": str(self.out), "sha256": self.digest} if self.out else {}
        more |= {"next": self._next} if self._next else {}
        yield Event(
            "key.rotate.plan",
            {
                "text": self._summary,
                "key": key.name.id,
                "vault": key.vault_id,
                "environment": self.environment,
                "environment_by": [{"id": one.id, **one.levels.as_dict(ENVIRONMENT)} for one in key.dependants],
                "notes": list(self.notes),
                "rotation": aim.rotation,
                "half": self.plan.request.half.value,
                "version": aim.version.id if aim.version else "",
                "replaces": aim.replaces.id if aim.replaces else "",
                "why": aim.told,
                "steps": [one.step.as_dict() for one in self.plan.planned],
                "changes": self.plan.changes,
                "reasons": list(self.plan.reasons),
                "set_back": list(self._set_back),
                "looked_at": _looked_at(self.plan.request.half),
                "unread": list(self.unread),
                **more,
            },
        )

    @staticmethod
    def _more(page: Page, head: str, lines: tuple[str, ...]) -> None:
        if lines:
            page.gap()
            page.line(head)
            page.lines(lines)

    @property
    def _set_back(self) -> tuple[str, ...]:
        request = self.plan.request
        return tuple(setback.told(request.key.dependants)) if request.half.adopts else ()

    @property
    def _who_says(self) -> tuple[str, ...]:
        return (*order.who_says(self.plan.request.key, self.environment), *self.notes)

    @property
    def _head(self) -> str:
        request = self.plan.request
        half = "" if request.half is Half.BOTH else f", only --{request.half.value}"
        return f"Rotation {self.plan.aim.rotation} of {request.key.name.id}, environment {self.environment}{half}:"

    @property
    def _summary(self) -> str:
        if self.plan.reasons:
            return f"Refused for {many(len(self.plan.reasons), 'reason')}; nothing was changed."
        told, changes = self.plan.aim.told, self.plan.changes
        return f"{changes} to do. {told[:1].upper()}{told[1:]}." if changes else f"Nothing to change: {told}."

    @property
    def _next(self) -> str:
        if self.plan.reasons:
            return "do what each reason says, then run the same command again"
        return join(["migrate", "approve", str(self.out), "--digest", self.digest[:_DIGITS]]) if self.out else ""


@dataclass(frozen=True, slots=True)
class NothingDueView:
    """That no key of so many is due."""

    keys: int

    @property
    def _text(self) -> str:
        told = f"None of {many(self.keys, 'key')} is overdue, left behind or waited for; nothing was changed."
        return f"{told} {LIMITS[:1].upper()}{LIMITS[1:]}."

    def human(self, page: Page) -> None:
        """One sentence."""
        page.line(self._text)

    def as_json(self) -> Iterator[Event]:
        """`key.rotate.none`."""
        yield Event("key.rotate.none", {"text": self._text, "keys": self.keys})


@dataclass(frozen=True, slots=True)
class RotationView:
    """What was seen at the end."""

    outcome: RotationOutcome
    environment: str
    unread: tuple[str, ...]
    again: str
    duties: Duties

    @property
    def code(self) -> ExitCode:
        """3 unless the version is there and all were seen on it."""
        return ExitCode.DONE if self.outcome.complete else ExitCode.INCOMPLETE

    def human(self, page: Page) -> None:
        """A sentence, a line for each thing that is not on the version yet, and what stays."""
        page.ending(self._text, tuple(self._lines()), self._next)

    def as_json(self) -> Iterator[Event]:
        """`key.rotate.end`."""
        aim, key = self.outcome.plan.aim, self.outcome.plan.request.key
        yield Event(
            "key.rotate.end",
            {
                "text": self._text,
                "lines": list(self._lines()),
                "key": key.name.id,
                "environment": self.environment,
                "rotation": aim.rotation,
                "half": self.outcome.plan.request.half.value,
                "changed": self.outcome.changed,
                "version": self.outcome.version.id if self.outcome.version else "",
                "replaced": aim.replaces.id if aim.replaces else "",
                "complete": self.outcome.complete,
                "duties": self.duties,
                "dependants": [
                    {
                        "id": one.dependant.id,
                        "end": one.end.value,
                        "version": one.version,
                        "until": stamp(one.until),
                    }
                    for one in self.outcome.ended
                ],
                "looked_at": _looked_at(self.outcome.plan.request.half),
                "unread": list(self.unread),
                **({"next": self._next} if self._next else {}),
            },
        )

    def _of(self, end: DependantEnd) -> int:
        return sum(1 for one in self.outcome.ended if one.end is end)

    @property
    def _text(self) -> str:
        version, half = self.outcome.version, self.outcome.plan.request.half
        if version is None:
            return "There is no new version of the key."
        if not half.adopts:
            return f"Version {version.version} is there; what is under the key was not looked at."
        adopted, all_ = self._of(DependantEnd.ADOPTED), len(self.outcome.ended)
        if not all_:
            return f"Version {version.version} is there; nothing was seen under the key."
        return f"Version {version.version} is in use by {adopted} of the {all_} that were seen under the key."

    def _lines(self) -> Iterator[str]:
        for one in self.outcome.ended:
            if one.end is not DependantEnd.ADOPTED:
                yield f"{one.dependant.called}: {one.note}"
        replaced = self.outcome.plan.aim.replaces
        if replaced and self.outcome.version and replaced.id != self.outcome.version.id:
            stays = "stays enabled" if replaced.enabled else "was disabled already and stays so"
            yield f"version {replaced.version} {stays}: what was written under it needs it; no command disables it"
        if self.duties == "not apart":
            yield "duties were not apart: one identity made the version and had it used (see --make and --adopt)"
        if self.outcome.plan.request.half.adopts:
            yield LIMITS
        if self.unread:
            yield "whether more is under the key is not known: not every place could be read"
        yield from self.outcome.warnings

    @property
    def _next(self) -> str:
        if not self.outcome.complete:
            return self.again
        if not self.outcome.plan.request.half.adopts:
            return self.again.replace(" --make", " --adopt")
        return ""


def _looked_at(half: Half) -> list[str]:
    """The kinds of things that were looked for under the key."""
    return list(LOOKED_AT) if half.adopts else []
