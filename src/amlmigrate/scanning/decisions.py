"""What owners decided about the levels of their workspaces: a CSV of workspace, level, owner and day.

A decision goes before tags and rules, since somebody stands for it by name. It is about the workspace that there
was on its day: one that was created later under the same name is another, and the decision says nothing about it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from amlmigrate.core import csvtable
from amlmigrate.core.armid import key_of
from amlmigrate.core.clock import moment
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.workspace import WorkspaceRef
from amlmigrate.posture.tagging import LevelTeller, Standard, ToldLevel

COLUMNS = ("workspace", "level", "owner", "date")
_FACT = "fact"
_SHOWN = "docs/how-to/scan.md shows what it holds."
# It is tomorrow already where somebody may write the file.
_AHEAD = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class OwnersDecision:
    """One line of the file: who decided on which day that a workspace has a level of a fact."""

    line: int
    workspace: WorkspaceRef
    fact: str
    level: str
    owner: str
    day: date


@dataclass(frozen=True, slots=True)
class UnusedDecision:
    """A line of the file that the scan could not follow, and why; `gone`: no such workspace was found."""

    line: int
    workspace: str
    level: str
    why: str
    owner: str
    date: str
    gone: bool


@dataclass(frozen=True, slots=True)
class OwnersDecisions:
    """The lines by ARM id in lower case and fact, and the SHA-256 of the file; none without a file."""

    found: Mapping[tuple[str, str], OwnersDecision] = field(default_factory=dict)
    sha256: str | None = None

    def over(self, id_: str, created: str | None, fact: str, told: ToldLevel | None) -> ToldLevel | None:
        """What the owner decided about a fact, else what tags and rules tell of it."""
        decided = self.found.get((key_of(id_), fact))
        if decided is None or is_earlier(decided.day, created):
            return told
        otherwise = told.level if told and told.level != decided.level else None
        return ToldLevel(
            decided.level, LevelTeller.DECISION, None, decided.owner, decided.day.isoformat(), otherwise
        )

    def unused(
        self, created: Mapping[str, str | None], subscriptions: Iterable[str], unreadable: Iterable[str]
    ) -> tuple[UnusedDecision, ...]:
        """Those that a scan could not follow: `created` has what it found, by ARM id.

        Of what lies in subscriptions that it is not about, and of what it could not read, it says nothing.
        """
        known = {key_of(id_): when for id_, when in created.items()}
        about, unread = {one.lower() for one in subscriptions}, set(map(key_of, unreadable))

        def found() -> Iterator[UnusedDecision]:
            for one in self.found.values():
                id_, subscription = key_of(one.workspace.id), one.workspace.subscription.lower()
                why = ""
                if id_ in known and is_earlier(one.day, known[id_]):
                    why = f"The workspace was created later ({known[id_]}): it is another one of that name."
                elif (
                    id_ not in known
                    and subscription in about
                    and not {id_, f"/subscriptions/{subscription}"} & unread
                ):
                    why = "The scan found no such workspace."
                if why:
                    gone = id_ not in known
                    day = one.day.isoformat()
                    yield UnusedDecision(one.line, one.workspace.id, one.level, why, one.owner, day, gone)

        return tuple(found())


def is_earlier(day: date, created: str | None) -> bool:
    """Whether it was decided before the day on which the workspace was created (AZ-WS-20)."""
    when = moment(created) if created else None
    return when is not None and day < when.astimezone(UTC).date()


def read(path: Path, standard: Standard, subscription: str | None, now: datetime) -> OwnersDecisions:
    """The decisions in a file; `subscription` is that of workspaces which are named without one.

    Raises BadInputError, also for two decisions about one fact of a workspace.
    """
    found: dict[tuple[str, str], OwnersDecision] = {}
    lines, digest = csvtable.read_digested(path, COLUMNS, (_FACT,), remedy=_SHOWN)
    for number, cells in lines:
        one = _decision(path, number, cells, standard, subscription)
        if one.day > (now.astimezone(UTC) + _AHEAD).date():
            raise _bad(path, number, f"the date {one.day} is in the future")
        key = (key_of(one.workspace.id), one.fact)
        if key in found:
            why = f"the {one.fact} of '{one.workspace.short}' is decided in line {found[key].line} already"
            raise _bad(path, number, why, "Leave the line that holds.")
        found[key] = one
    return OwnersDecisions(found, digest)


def _decision(
    path: Path, number: int, cells: Mapping[str, str], standard: Standard, subscription: str | None
) -> OwnersDecision:
    if missing := next((name for name in COLUMNS if not cells[name]), ""):
        raise _bad(path, number, f"there is no {missing}")
    level = cells["level"].lower()
    facts = [name for name, fact in standard.facts.items() if level in fact.levels]
    wanted = cells[_FACT].lower()
    if wanted:
        facts = [name for name in facts if name == wanted]
    if not facts:
        levels = ", ".join(
            one for name, fact in standard.facts.items() if wanted in ("", name) for one in fact.levels
        )
        raise _bad(path, number, f"'{cells['level'][:40]}' is not a level ({levels or 'no such fact'})")
    if len(facts) > 1:
        why = f"'{level}' is a level of {' and of '.join(facts)}"
        raise _bad(path, number, why, f"Add a column '{_FACT}' that says of which.")
    try:
        day = date.fromisoformat(cells["date"])
    except ValueError:
        raise _bad(path, number, f"'{cells['date'][:40]}' is not a date", "Write it as 2026-11-30.") from None
    try:
        workspace = WorkspaceRef.parse(cells["workspace"], subscription)
    except BadInputError as error:
        raise _bad(path, number, error.summary.rstrip("."), error.remedy) from error
    return OwnersDecision(number, workspace, facts[0], level, cells["owner"], day)


def _bad(path: Path, number: int, why: str, remedy: str = _SHOWN) -> BadInputError:
    return csvtable.refused(path, f"line {number}: {why}", remedy)
