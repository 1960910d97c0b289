"""What owners decided by the scans of a folder, and what of it counts over the tags of today.

Only what is stricter counts: a decision makes nothing less protected than its tags and rules do, and where these
tell nothing, which counts as the gravest, only the gravest level says more. A decision counts until a later scan
has another one of the same workspace: a scan that was made without the file takes none back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from amlmigrate.core.armid import ArmId, key_of
from amlmigrate.core.clock import SKEW
from amlmigrate.core.documents import Document
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.few import many
from amlmigrate.posture.levels import Levels
from amlmigrate.posture.tagging import ENVIRONMENT, SENSITIVITY, LevelTeller, Standard, ToldLevel
from amlmigrate.scanning import scanfile
from amlmigrate.scanning.decisions import is_earlier

FACTS = (SENSITIVITY, ENVIRONMENT)
_WORKSPACE = "microsoft.machinelearningservices/workspaces"
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class StandingDecision:
    """What the owner of a workspace decided, and the file of the scan that has it."""

    level: str
    owner: str
    day: date
    scan: str

    @property
    def text(self) -> str:
        """Who decided it, when, and where that is kept."""
        return f"{self.owner} decided it on {self.day}, by the scan {self.scan}"


@dataclass(frozen=True, slots=True)
class StandingDecisions:
    """Decisions by ARM id in lower case and fact. `newest` is when the last scan was made, None without one.

    `doubts` are workspaces and subscriptions, by ARM id in lower case, that a scan which was given decisions could
    not read, each with the file of that scan. `places` are the subscriptions that scans were about.
    """

    folder: str = str(scanfile.ROOT)
    newest: datetime | None = None
    found: Mapping[tuple[str, str], StandingDecision] = field(default_factory=dict)
    doubts: Mapping[str, str] = field(default_factory=dict)
    places: frozenset[str] = frozenset()

    def of(self, workspace: Document, fact: str) -> StandingDecision | None:
        """What was decided of a workspace as it is now; not of one of that name that was there before it."""
        one = self.found.get((key_of(workspace.get("id")), fact))
        created = str((workspace.get("systemData") or {}).get("createdAt") or "") or None
        return None if one is None or is_earlier(one.day, created) else one

    def doubt(self, id_: str) -> str:
        """Why it is not known what was decided of a workspace; '' where nothing kept a scan from reading it."""
        one = ArmId.of(id_)
        keys = (one.key, f"/subscriptions/{one.subscription.lower()}") if one.type == _WORKSPACE else ()
        scan = next((self.doubts[key] for key in keys if key in self.doubts), "")
        return f"the scan {scan}, which has what owners decided, could not read it" if scan else ""

    def over(self, standard: Standard, workspace: Document, told: Mapping[str, ToldLevel]) -> Levels:
        """The levels of a workspace by tags, rules and decisions, of which the stricter counts."""
        levels, doubts = dict(told), dict[str, str]()
        for fact in FACTS:
            known = standard.facts[fact].levels
            now = told.get(fact)
            if now and now.level == known[-1]:
                continue
            one = self.of(workspace, fact)
            doubt = self.doubt(str(workspace.get("id") or ""))
            if one and one.level not in known:
                doubts[fact] = unknown_level(one)
            elif one and (
                one.level == known[-1] if now is None else known.index(one.level) > known.index(now.level)
            ):
                otherwise = now.level if now else None
                levels[fact] = ToldLevel(
                    one.level, LevelTeller.DECISION, None, one.owner, one.day.isoformat(), otherwise
                )
            if doubt and not (fact in levels and levels[fact].level == known[-1]):
                doubts[fact] = doubt
        return Levels(levels, doubts)

    def notes(self, looked: Iterable[str], now: datetime) -> Iterator[str]:
        """What keeps decisions from counting: there is no scan, it is old, or of other subscriptions."""
        if self.newest is None:
            yield (
                f"What owners decided is not known: there is no scan in '{self.folder}'"
                " (migrate scan --decisions)."
            )
            return
        if now - self.newest > _DAY:
            age = many(round((now - self.newest) / _DAY), "day")
            yield f"The newest scan is {age} old, and so is what owners decided."
        for one in sorted({each.lower() for each in looked} - self.places):
            yield f"What owners decided in subscription {one} is not known: no scan in '{self.folder}' has it."


def unknown_level(one: StandingDecision) -> str:
    """Why a decision for a level that the standard does not have says nothing."""
    return f"its owner decided '{one.level}', which the tagging standard does not have ({one.text}; see --rules)"


def read(folder: Path, now: datetime, *more: Path) -> StandingDecisions:
    """All decisions in the scans of a folder, and in more. Raises BadInputError for a scan that is not read."""
    if folder != scanfile.ROOT and not folder.is_dir():
        raise BadInputError(
            f"There is no folder '{folder}'.", address="--scans", remedy="Name the one that has the scans."
        )
    heads = list[tuple[datetime, Path, Document]]()
    for path in dict.fromkeys([*scanfile.kept(folder), *more]):
        head = scanfile.head(path)
        heads.append((_made(path, head, now), path, head))
    # Of two in one second the later has a number behind its name.
    heads.sort(key=lambda one: (one[0], len(one[1].name), one[1].name), reverse=True)
    told = _DecisionsTold()
    for _, path, head in heads:
        told.note(path, head)
    places = frozenset(place for _, _, head in heads for place in _places(head))
    return StandingDecisions(str(folder), heads[0][0] if heads else None, told.found, told.doubts, places)


def _places(head: Document) -> set[str]:
    """The subscriptions that a scan is about."""
    return {str(one).lower() for one in head.get("subscriptions") or ()}


def _made(path: Path, head: Document, now: datetime) -> datetime:
    """Raises BadInputError for one that is still to come: it would go before all that come after it."""
    made = scanfile.made(head, str(path))
    if made > now + SKEW:
        raise BadInputError(
            f"By its clock the scan is of {made:%Y-%m-%d %H:%M} UTC, which is still to come.",
            address=str(path),
            remedy="Move it out of the folder, set the clock right, and scan again.",
        )
    return made


@dataclass(slots=True)
class _DecisionsTold:
    """What scans tell, from the newest on: an older one says nothing of what a newer one told.

    `read` are the workspaces and subscriptions that one with decisions has read, by ARM id; `whole` are the
    subscriptions of those that read all of them, by the SHA-256 of their decisions.
    """

    found: dict[tuple[str, str], StandingDecision] = field(default_factory=dict)
    doubts: dict[str, str] = field(default_factory=dict)
    read: set[str] = field(default_factory=set)
    whole: dict[str, set[str]] = field(default_factory=dict)

    def note(self, path: Path, head: Document) -> None:
        """Takes in one more. All of it is checked, also where it has nothing that is not known by then."""
        sha256, places = (head.get("decisions") or {}).get("sha256"), _places(head)
        with scanfile.opened(path) as lines:
            # Of the same decisions about the same places a newer scan that could read all has told all.
            if not sha256 or places <= self.whole.get(sha256, set()):
                return
            try:
                self._take(path.name, head, lines)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise BadInputError(
                    "What owners decided cannot be read in the scan.",
                    address=str(path),
                    remedy="Scan again with --decisions, and move this one out of the folder.",
                ) from error
        if not head.get("unreadable"):
            self.whole.setdefault(sha256, set()).update(places)

    def _take(self, scan: str, head: Document, lines: Iterable[Document]) -> None:
        unread = {key_of(one["address"]) for one in head.get("unreadable") or ()}
        self.doubts |= dict.fromkeys(unread - self.read - self.doubts.keys(), scan)
        self.read |= {f"/subscriptions/{one}" for one in _places(head)} - unread
        for line in lines:
            id_ = key_of(line["id"])
            self.read.add(id_)
            for fact in FACTS:
                by: Document = (line.get("told_by") or {}).get(fact) or {}
                if by.get("by") == LevelTeller.DECISION:
                    self.found.setdefault((id_, fact), _decision(scan, line[fact], by))
        # Whoever may not read a workspace does not find it, and it may be there all the same (AZ-RIGHT-15).
        for one in (one for one in head["decisions"].get("unused") or () if one.get("gone")):
            for fact in (name for name in FACTS if one["level"] in head["levels"].get(name, ())):
                self.found.setdefault((key_of(one["workspace"]), fact), _decision(scan, one["level"], one))


def _decision(scan: str, level: Any, told: Mapping[str, Any]) -> StandingDecision:
    return StandingDecision(str(level), str(told["owner"]), date.fromisoformat(told["date"]), scan)
