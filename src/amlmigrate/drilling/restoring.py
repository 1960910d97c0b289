"""Ends the drill of a version: enables it if the drill disabled it, removes the tag, and reads it back.

What somebody else changed meanwhile is left as it is. The command does it at the end, the watcher at the limit,
and `migrate key drill --restore` from any machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core import drilltag
from amlmigrate.core.clock import Pace, Wait
from amlmigrate.core.errors import MigrateError, RefusedError
from amlmigrate.core.keys import KeyVersion
from amlmigrate.drilling.model import DISABLE_WITHIN, VersionEnd
from amlmigrate.drilling.port import Before, DrillClock, DrilledVersion, Tags
from amlmigrate.keys import drills, remedies
from amlmigrate.keys.drills import DrillEnd
from amlmigrate.keys.model import DRILLED

# So long a change may take to be read back.
_READ_BACK = 20.0
# So long after it was tagged its drill may disable a version, with a call that takes a while.
_MAY_DISABLE = DISABLE_WITHIN + timedelta(seconds=30)
_LOOK = 2.0
_OPEN = (
    "an attempt of this command was not answered, and nothing that is read tells whether the version was enabled"
    " by that or by somebody else"
)


@dataclass(frozen=True, slots=True)
class DrillEnded:
    """How a version stood in the end, what is to be known besides, and when the vault notes that it was."""

    end: VersionEnd
    note: str = ""
    at: datetime | None = None


async def end(
    version: DrilledVersion, clock: DrillClock, drill: str = "", noted: datetime | None = None
) -> DrillEnded:
    """Ends the drill of that id; empty: whichever the tag tells. `noted` as in `drills.verdict`.

    Raises nothing that Azure answers: what could not be done is told.
    """
    try:
        found = await version.read() if drill else await _begun(version, clock)
    except MigrateError as error:
        return DrillEnded(VersionEnd.NOT_SHOWN, _lost(version.id, error.summary))
    if told := _not_ours(found, drill):
        return told
    tag, verdict = drilltag.tag_of(found), drills.verdict(found, noted)
    if verdict.end is DrillEnd.LEAVE:
        return DrillEnded(VersionEnd.LEFT, _left(found, verdict.why))
    disabled = noted is not None or (tag is not None and tag.disabled)
    # A read that is behind shows it enabled still: who has disabled it itself enables it all the same.
    behind = noted is not None and (found.updated is None or found.updated < noted)
    enable = verdict.end is DrillEnd.ENABLE or noted is not None
    done = VersionEnd.ENABLED if verdict.end is DrillEnd.ENABLE or behind else VersionEnd.BY_ANOTHER
    if not disabled:
        done = VersionEnd.NOT_DISABLED

    def tags() -> dict[str, str]:
        return drills.ended(found.tags, clock.now()) if disabled else drills.untagged(found.tags)

    return await _changed(version, clock, _Change(found, tags, done, enable, noted))


async def _begun(version: DrilledVersion, clock: DrillClock) -> KeyVersion:
    """The version once somebody's drill has disabled it, or does not any more.

    Untagged right before that it would be disabled without a word of the drill.
    """
    wait = Wait(Pace(clock=clock.clock, last=_LOOK, longest=_MAY_DISABLE.total_seconds()))
    while True:
        found = await version.read()
        tag = drilltag.tag_of(found)
        about_to = found.enabled and tag is not None and not tag.disabled and clock.now() < tag.at + _MAY_DISABLE
        if not about_to or wait.over:
            return found
        await wait.pause()


@dataclass(frozen=True, slots=True)
class _Change:
    """What is to be done with a version that was found so, and what it comes to; `noted` as in `end`."""

    found: KeyVersion
    tags: Tags
    done: VersionEnd
    enable: bool
    noted: datetime | None

    async def make(self, version: DrilledVersion) -> _Made:
        """Makes it, with a look between the attempts. Raises nothing that Azure answers."""
        sent = list[str]()

        def tags() -> Mapping[str, str]:
            told = self.tags()
            sent.append(told.get(DRILLED, ""))
            return told

        try:
            made = await version.change(tags, enabled=True if self.enable else None, first=_again(version, self))
        except MigrateError as error:
            return _Made(tuple(sent), why=error.summary, refused=not sent or _refused(error))
        return _Made(tuple(sent), made)


@dataclass(frozen=True, slots=True)
class _Made:
    """What became of the attempts: what each wrote into the tag of a drill that has ended, and the answer.

    Without an answer `why` says why; `refused`: no attempt can have been served.
    """

    sent: tuple[str, ...]
    answer: KeyVersion | None = None
    why: str = ""
    refused: bool = False

    def ended(self, change: _Change, now: KeyVersion, clock: DrillClock) -> DrillEnded:
        """Who enabled the version that is read so now, and since when that is so."""
        if change.done is VersionEnd.NOT_DISABLED:
            return DrillEnded(change.done)
        if change.done is not VersionEnd.ENABLED:
            return DrillEnded(change.done, at=change.found.updated)
        if self.answer is not None:
            return DrillEnded(change.done, at=self.answer.updated or clock.now())
        told = now.tags.get(DRILLED, "")
        if told and told in self.sent:
            return DrillEnded(change.done, at=now.updated)
        if self.refused or told not in ("", change.found.tags.get(DRILLED, "")):
            return DrillEnded(VersionEnd.BY_ANOTHER, at=now.updated)
        return DrillEnded(VersionEnd.BY_UNKNOWN, _OPEN)


def _refused(error: MigrateError) -> bool:
    """Whether no attempt was served: each was answered, and with a refusal."""
    return isinstance(error, ServiceError) and not (error.doubtful or error.unsettled)


def _not_ours(found: KeyVersion, drill: str) -> DrillEnded | None:
    """What is said of a version whose tag is another's, or gone; None where it is this drill's."""
    tag = drilltag.tag_of(found)
    if drilltag.UNDER_WAY not in found.tags:
        if found.enabled:
            return DrillEnded(VersionEnd.BY_ANOTHER, "the drill had been ended already", found.updated)
        return DrillEnded(VersionEnd.LEFT, _left(found, "somebody removed the drill's tag and it is disabled"))
    if drill and (tag is None or tag.drill != drill):
        return DrillEnded(VersionEnd.LEFT, _left(found, "its tag is now that of another drill"))
    return None


def _again(version: DrilledVersion, change: _Change) -> Before:
    """Asked before each attempt, and between them: by a later one the version may have become somebody else's."""
    attempts = 0

    async def still() -> None:
        nonlocal attempts
        attempts += 1
        if attempts == 1:
            return
        now = await version.read()
        before, tag = drilltag.tag_of(change.found), drilltag.tag_of(now)
        gone = drilltag.UNDER_WAY not in now.tags or (before and before.drill) != (tag and tag.drill)
        if gone or drills.verdict(now, change.noted).end is DrillEnd.LEAVE:
            raise RefusedError(
                "somebody changed it while it was being enabled",
                address=version.id,
                remedy="Ask who did, then look at the version: migrate key status.",
            )

    return still


async def _changed(version: DrilledVersion, clock: DrillClock, change: _Change) -> DrillEnded:
    """Makes the change, and reads it back also where its answer was lost."""
    made = await change.make(version)
    why = made.why
    if made.answer is not None and not made.answer.enabled:
        # It was read as it had been before: the tag that ends it goes back.
        why = "what was read of it was behind"
        try:
            await version.change(lambda: change.found.tags, enabled=None)
        except MigrateError as error:
            why = error.summary
        return DrillEnded(VersionEnd.NOT_SHOWN, _lost(version.id, why))
    wait = Wait(Pace(clock=clock.clock, longest=_READ_BACK))
    while True:
        try:
            found = await version.read()
        except MigrateError as error:
            return DrillEnded(VersionEnd.NOT_SHOWN, _lost(version.id, why or error.summary))
        if found.enabled and drilltag.UNDER_WAY not in found.tags:
            return made.ended(change, found, clock)
        if why or wait.over:
            return DrillEnded(VersionEnd.NOT_SHOWN, _lost(version.id, why or "it is not read back so"))
        await wait.pause()


def _left(found: KeyVersion, why: str) -> str:
    return (
        f"{why}; it was not overwritten. Ask who did it, and why; then enable it, if that is right:"
        f" {remedies.enabled(found.id, to=True)}"
    )


def _lost(version_id: str, why: str) -> str:
    return (
        f"{why.rstrip('.')}. Look whether it is enabled, and enable it, if it is not:"
        f" {remedies.enabled(version_id, to=True)}"
    )
