"""What `key drill` says: what it would do, what was seen, and how the version stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from amlmigrate.cli.views.page import Page
from amlmigrate.core import drilltag
from amlmigrate.core.clock import stamp
from amlmigrate.core.errors import ExitCode
from amlmigrate.core.events import Event
from amlmigrate.core.few import many
from amlmigrate.core.keys import KeyVersion
from amlmigrate.drilling import chain
from amlmigrate.drilling.measuring import Probe
from amlmigrate.drilling.model import (
    CACHES,
    LOG_BOUND,
    NO_SHREDDING,
    BackEnd,
    DownEnd,
    DrillOutcome,
    Measured,
    VersionEnd,
)
from amlmigrate.drilling.refusing import DrillFacts, levels_of, own_uses, told_of
from amlmigrate.drilling.restoring import DrillEnded
from amlmigrate.keys import remedies
from amlmigrate.keys.model import LIMITS, LOOKED_AT
from amlmigrate.posture.tagging import ENVIRONMENT


@dataclass(frozen=True, slots=True)
class DrillPlanView:
    """What would be done, or why it is refused."""

    facts: DrillFacts
    environment: str
    reasons: tuple[str, ...]
    calls: tuple[Probe, ...]

    def human(self, page: Page) -> None:
        """What becomes of the version, what is called, and what is not shown."""
        page.line(self._head)
        page.lines(tuple(self._lines))
        if self.reasons:
            page.gap()
            page.line("Refused:")
            page.lines(self.reasons)
        page.gap()
        page.line(self._text)
        page.next(self._next)

    def as_json(self) -> Iterator[Event]:
        """`key.drill.plan`."""
        request = self.facts.request
        yield Event(
            "key.drill.plan",
            {
                "text": self._text,
                "lines": list(self._lines),
                "key": request.key.name.id,
                "vault": request.key.vault_id,
                "version": request.version.id if request.version else "",
                "environment": self.environment,
                "environment_by": [
                    {"id": id_, **one.as_dict(ENVIRONMENT)} for id_, one in levels_of(self.facts).items()
                ],
                "notes": list(self.facts.notes),
                "limit": chain.duration(request.limit),
                "confirm": request.confirmation,
                "calls": [
                    {"id": one.id, "kind": one.kind, "call": one.call, "missing": one.missing}
                    for one in self.calls
                ],
                "workspaces": [one.id for one in self.facts.workspaces],
                "looked_at": list(LOOKED_AT),
                "reasons": list(self.reasons),
                **({"next": self._next} if self._next else {}),
            },
        )

    @property
    def _next(self) -> str:
        return "do what each reason says, then run the same command again" if self.reasons else ""

    @property
    def _head(self) -> str:
        request = self.facts.request
        version = request.version.version if request.version else "none"
        return (
            f"Drill of {request.key.name.id}, version {version}, environment {self.environment}, limit"
            f" {chain.duration(request.limit)}:"
        )

    @property
    def _lines(self) -> Iterator[str]:
        request = self.facts.request
        if request.version:
            yield f"the version is tagged, and disabled for {chain.duration(request.limit)} at most"
            yield f"it is enabled again by: {remedies.enabled(request.version.id, to=True)}"
            yield f"from any machine: {drilltag.restoring(request.key.name.id)}"
        for one in self.calls:
            yield (
                f"{one.kind} {one.name}: not measured, {one.missing}"
                if one.missing
                else f"{one.kind} {one.name}: {one.call}"
            )
        told = (f"{called}: {levels.text(ENVIRONMENT)}" for called, levels in told_of(self.facts))
        yield from dict.fromkeys(told)
        yield from self.facts.notes
        if uses := own_uses(self.facts):
            yield f"you, or who drilled the key before, used it {many(uses, 'time')} by the vault's log: no reason"
        yield LIMITS
        yield LOG_BOUND
        yield CACHES
        yield NO_SHREDDING

    @property
    def _text(self) -> str:
        if self.reasons:
            return f"Refused for {many(len(self.reasons), 'reason')}; nothing was changed."
        return "Nothing stands in the way of the drill, as far as could be seen."


@dataclass(frozen=True, slots=True)
class DrillView:
    """What a drill came to."""

    outcome: DrillOutcome

    @property
    def code(self) -> ExitCode:
        """3 unless the version is back, and all of it refused and answered again."""
        return ExitCode.DONE if self.outcome.complete else ExitCode.INCOMPLETE

    def human(self, page: Page) -> None:
        """A line for each thing, how the version stands, and what is not shown."""
        page.ending(self._text, tuple(self._lines()), self._next)

    def as_json(self) -> Iterator[Event]:
        """`key.drill.end`."""
        outcome = self.outcome
        yield Event(
            "key.drill.end",
            {
                "text": self._text,
                "lines": list(self._lines()),
                "drill": outcome.drill,
                "key": outcome.request.key.name.id,
                "version": outcome.request.version.id if outcome.request.version else "",
                "version_end": outcome.version_end.value,
                "until": stamp(outcome.until),
                "disabled_at": stamp(outcome.disabled_at),
                "enabled_at": stamp(outcome.enabled_at),
                "complete": outcome.complete,
                "interrupted": outcome.interrupted,
                "measured": [asdict(chain.part(one)) for one in outcome.measured],
                "note": outcome.note,
                **({"next": self._next} if self._next else {}),
            },
        )

    @property
    def _text(self) -> str:
        seen = [one for one in self.outcome.measured if one.down is not DownEnd.UNMEASURED]
        refused = sum(1 for one in seen if one.down is DownEnd.REFUSED)
        back = sum(1 for one in seen if one.back is BackEnd.ANSWERS)
        return (
            f"Refused without the key: {refused} of {len(self.outcome.measured)}; seen to answer after it: {back};"
            f" the version: {self.outcome.version_end.value}."
        )

    def _lines(self) -> Iterator[str]:
        for one in self.outcome.measured:
            yield _line(one)
        if self.outcome.note:
            yield self.outcome.note
        yield CACHES
        yield NO_SHREDDING

    @property
    def _next(self) -> str:
        return "" if self.outcome.restored else drilltag.restoring(self.outcome.request.key.name.id)


def _line(one: Measured) -> str:
    """What was seen of one thing: never more than its calls showed."""
    told = f"{one.called}: "
    if one.down is DownEnd.UNMEASURED:
        return f"{told}not measured ({one.note})"
    if one.down is DownEnd.REFUSED:
        since = (
            f", and had answered after {_seconds(one.answered_until)}" if one.answered_until is not None else ""
        )
        told += f"refused after {_seconds(one.refused_after)}{since}"
    elif one.down is DownEnd.OTHERWISE:
        told += f"refused after {_seconds(one.refused_after)}, without naming the key ({one.note})"
    elif one.down is DownEnd.UNKNOWN:
        told += f"whether it refused is not known ({one.note})"
    else:
        told += f"{one.down.value}, which may be from a key that it keeps"
    if one.back is BackEnd.ANSWERS:
        return f"{told}; {_back(one)}"
    return f"{told}; {one.back.value if one.back is BackEnd.NOT_SEEN else 'whether it is back was not looked at'}"


def _back(one: Measured) -> str:
    """When it was first seen to answer: never that it did not before, where nobody called it."""
    if one.back_after is None:
        return "answered again; how soon is not known, since it is not known when the version was enabled"
    before = (
        "and was not called before"
        if one.silent_until is None
        else f"and had not after {_seconds(one.silent_until)}"
    )
    return f"answered {_seconds(one.back_after)} after the version was enabled, {before}"


@dataclass(frozen=True, slots=True)
class DrillRestoredView:
    """How each version stands that a drill had tagged."""

    key: str
    ends: tuple[tuple[KeyVersion, DrillEnded], ...]
    look: str

    @property
    def code(self) -> ExitCode:
        """3 where one is not shown to be enabled."""
        good = all(one.end.restored or one.end is VersionEnd.NOT_DISABLED for _, one in self.ends)
        return ExitCode.DONE if good else ExitCode.INCOMPLETE

    def human(self, page: Page) -> None:
        """A line for each version."""
        page.line(self._text)
        page.lines(tuple(self._lines()))
        page.next(self.look)

    def as_json(self) -> Iterator[Event]:
        """`key.drill.restored`."""
        yield Event(
            "key.drill.restored",
            {
                "text": self._text,
                "lines": list(self._lines()),
                "key": self.key,
                "versions": [
                    {"version": version.id, "end": one.end.value, "note": one.note} for version, one in self.ends
                ],
                "next": self.look,
            },
        )

    @property
    def _text(self) -> str:
        if not self.ends:
            return f"Of {self.key} no version has the tag of a drill; nothing was changed."
        return f"Of {self.key} {many(len(self.ends), 'version')} had the tag of a drill."

    def _lines(self) -> Iterator[str]:
        for version, one in self.ends:
            yield f"version {version.version}: {'; '.join(filter(None, (one.end.value, one.note)))}"


def _seconds(found: float | None) -> str:
    return "an unknown time" if found is None else f"{found:.0f} s"
