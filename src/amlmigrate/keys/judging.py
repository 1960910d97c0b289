"""What comes of the reading of a key: what is due, what is only told, and what is not known. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from amlmigrate.alarms.rows import COPIES
from amlmigrate.core.few import many
from amlmigrate.keys import adoption
from amlmigrate.keys.adoption import KeyStanding
from amlmigrate.keys.issues import KeyIssue, issues
from amlmigrate.keys.model import Adoption, Dependant, KeyInUse, KeySurvey, UnreadPlace
from amlmigrate.keys.reading import unread_of

_SOON = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class KeyVerdict:
    """What is due of one key, where each dependant stands, what is told besides, and what could not be read."""

    key: KeyInUse
    standings: tuple[tuple[Dependant, KeyStanding], ...]
    issues: tuple[KeyIssue, ...]
    notes: tuple[str, ...]
    unread: tuple[UnreadPlace, ...]

    @property
    def waiting(self) -> tuple[tuple[Dependant, datetime], ...]:
        """The dependants that go over by themselves, each with when they have at the latest."""
        return tuple((one, standing.until) for one, standing in self.standings if standing.until)

    @property
    def unknown(self) -> tuple[Dependant, ...]:
        """The dependants of which it is not known whether they are on the version that counts."""
        return tuple(one for one, standing in self.standings if standing.adoption is Adoption.NOT_KNOWN)

    @property
    def good(self) -> bool:
        """Whether nothing is due, nothing is waited for, and all of it is known."""
        return not (self.issues or self.waiting or self.unread or self.unknown)


def judged(survey: KeySurvey) -> list[KeyVerdict]:
    """Each key of a survey."""
    return [verdict(key, survey.read_at) for key in survey.keys]


def verdict(key: KeyInUse, now: datetime) -> KeyVerdict:
    """What comes of one key at a time (UTC)."""
    standings = tuple((one, adoption.of(key, one, now)) for one in key.dependants)
    due = issues(key, standings, now)
    return KeyVerdict(key, standings, due, tuple(_notes(key, now)), tuple(unread_of(key)))


def _notes(key: KeyInUse, now: datetime) -> Iterator[str]:
    """What is not due and has to be known all the same."""
    goal = key.goal(now)
    if goal is not None and goal.expires is not None and now < goal.expires <= now + _SOON:
        yield f"The newest version that is enabled expires on {goal.expires:%Y-%m-%d}."
    if (staged := key.staged(now)) and staged.not_before:
        yield (
            f"Version {staged.version} is the newest that is enabled, and not valid before"
            f" {staged.not_before:%Y-%m-%d %H:%M} UTC: until then it does not count."
        )
    if not key.rotation.refused and key.rotation.value is None and key.versions.value:
        yield "The key has no rotation policy: somebody has to rotate it."
    if not key.dependants:
        yield "Nothing that was found is under it."
    for one in key.logged(COPIES):
        what = "backed up" if one.operation == "KeyBackup" else "restored"
        yield (
            f"The key was {what} {many(one.calls - one.refused, 'time')} (last {one.last:%Y-%m-%d}, by"
            f" {one.caller or 'nobody that the log names'}): disabling or purging it does not reach a copy."
        )
    yield from _bounds(key)


def _bounds(key: KeyInUse) -> Iterator[str]:
    """How far back the log shows anything: what was copied before is not known."""
    log = key.log.value
    made = min((one.created for one in key.versions.value or () if one.created), default=None)
    if log is not None and (made is None or made < log.since):
        part = " A part of the log could not be read." if key.log.refused else ""
        yield f"The vault's audit log begins on {log.since:%Y-%m-%d}: copies made before are not known.{part}"
