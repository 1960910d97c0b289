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
from amlmigrate.scanning.scanfile import ScanFile

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
    scans = list[tuple[datetime, Path, ScanFile]]()
    for path in dict.fromkeys([*scanfile.kept(folder), *more]):
        scan = scanfile.read(path)
        scans.append((_made(path, scan, now), path, scan))
    found: dict[tuple[str, str], StandingDecision] = {}
    doubts: dict[str, str] = {}
    # Of two in one second the later has a number behind its name.
    for _, path, scan in sorted(scans, key=lambda one: (one[0], len(one[1].name), one[1].name)):
        found |= _told(path, scan)
        if (scan.header.get("decisions") or {}).get("sha256"):
            _note_doubts(doubts, path, scan)
    places = {str(one).lower() for _, _, scan in scans for one in scan.header.get("subscriptions") or ()}
    newest = max((made for made, _, _ in scans), default=None)
    return StandingDecisions(str(folder), newest, found, doubts, frozenset(places))


def _made(path: Path, scan: ScanFile, now: datetime) -> datetime:
    """Raises BadInputError for one that is still to come: it would go before all that come after it."""
    made = scanfile.made(scan, str(path))
    if made > now + SKEW:
        raise BadInputError(
            f"By its clock the scan is of {made:%Y-%m-%d %H:%M} UTC, which is still to come.",
            address=str(path),
            remedy="Move it out of the folder, set the clock right, and scan again.",
        )
    return made


def _told(path: Path, scan: ScanFile) -> dict[tuple[str, str], StandingDecision]:
    try:
        return _decided(path, scan)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadInputError(
            "What owners decided cannot be read in the scan.",
            address=str(path),
            remedy="Scan again with --decisions, and move this one out of the folder.",
        ) from error


def _decided(path: Path, scan: ScanFile) -> dict[tuple[str, str], StandingDecision]:
    """The decisions of one scan: those that it followed, and those about what it did not find.

    Whoever may not read a workspace does not find it, and it may be there all the same (AZ-RIGHT-15).
    """
    found: dict[tuple[str, str], StandingDecision] = {}
    levels: Mapping[str, Iterable[str]] = scan.header["levels"]
    gone = (one for one in (scan.header.get("decisions") or {}).get("unused") or () if one.get("gone"))
    for one in gone:
        for fact in (name for name in FACTS if one["level"] in levels.get(name, ())):
            found[key_of(one["workspace"]), fact] = _decision(path, one["level"], one)
    for line in scan.workspaces:
        for fact in FACTS:
            by: Document = (line.get("told_by") or {}).get(fact) or {}
            if by.get("by") == LevelTeller.DECISION:
                found[key_of(line["id"]), fact] = _decision(path, line[fact], by)
    return found


def _decision(path: Path, level: Any, told: Mapping[str, Any]) -> StandingDecision:
    return StandingDecision(str(level), str(told["owner"]), date.fromisoformat(told["date"]), path.name)


def _note_doubts(doubts: dict[str, str], path: Path, scan: ScanFile) -> None:
    """Notes what a scan that was given decisions could not read; what it did read is in doubt no more."""
    unreadable = {key_of(one["address"]) for one in scan.header.get("unreadable") or ()}
    for one in scan.header.get("subscriptions") or ():
        doubts.pop(f"/subscriptions/{str(one).lower()}", None)
    for line in scan.workspaces:
        doubts.pop(key_of(line["id"]), None)
    doubts |= dict.fromkeys(unreadable, path.name)
