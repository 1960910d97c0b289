"""`figures.jsonl`, beside the scans: a line for each run, so that what Azure forgets is kept.

A line is added by writing the whole file anew in the place of the old one, so that a run that is killed leaves
none or a whole one. Each line has the digest of the one before: one before the last that was taken out or changed
is found.
Alerts are kept by their ids, once, however often a run is repeated; scans once; and of a plan all that it tells,
again whenever that has changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from amlmigrate.core.clock import moment, stamp
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.escapes import as_json
from amlmigrate.core.tool import tool
from amlmigrate.figures import lostplans
from amlmigrate.figures.alerts import KEPT_FOR, AlertsRead, Fired
from amlmigrate.figures.plans import PlanTold
from amlmigrate.figures.scans import KEPT
from amlmigrate.ledger import files
from amlmigrate.ledger.exclusive import alone

FORMAT = 1
_REMEDY = (
    "Put the original file back. Without it move the file aside as it is: a new one then begins, which knows only"
    " the alerts of the last 30 days."
)


@dataclass(frozen=True, slots=True)
class Record:
    """What was kept: the lines, oldest first, each a run with its figures, and the bytes that they are."""

    lines: tuple[dict[str, Any], ...] = ()
    data: bytes = b""
    head: str | None = None

    @property
    def fired(self) -> dict[str, Fired]:
        """All alerts that were kept, by id; the first run that saw one counts."""
        found: dict[str, Fired] = {}
        for line in self.lines:
            for one in line["alerts"]["new"] if line["alerts"] else ():
                found.setdefault(one["id"], Fired(**one))
        return found

    @property
    def scans(self) -> dict[str, str]:
        """The scans that runs counted: name by SHA-256."""
        return {one["sha256"]: one["name"] for line in self.lines for one in line["scans"]}

    @property
    def plans(self) -> dict[str, PlanTold]:
        """The plans that runs counted, by SHA-256: each as it was last, with all of its evidence."""
        found: dict[str, PlanTold] = {}
        for one in (lostplans.of_dict(one) for line in self.lines for one in line.get("plans", ())):
            lostplans.keep(found, one)
        return found

    @property
    def looked(self) -> list[datetime]:
        """When runs read all alerts of the 30 days before."""
        told = (moment(line["at"]) for line in self.lines if line["alerts"] and not line["alerts"]["unread"])
        return [one for one in told if one]


def since(looked: Iterable[datetime]) -> tuple[datetime | None, list[tuple[datetime, datetime]]]:
    """From when on alerts are known by these readings, and the times between of which they are not."""
    times = sorted(looked)
    gaps = [(one, after - KEPT_FOR) for one, after in pairwise(times) if after - one > KEPT_FOR]
    return (times[0] - KEPT_FOR if times else None), gaps


def read(folder: Path) -> Record:
    """What is kept beside the scans. Raises BadInputError for a file that is cut short, changed or newer."""
    path = folder / KEPT
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return Record()
    except OSError as error:
        raise files.FileError(error, path) from error
    if not data.endswith(b"\n"):
        raise _unusable(path, "its last line is cut short" if data else "it is empty")
    lines, before = [], None
    for raw in data.splitlines(keepends=True):
        lines.append(_line(path, raw, before))
        before = hashlib.sha256(raw).hexdigest()
    return Record(tuple(lines), data, before)


def _line(path: Path, raw: bytes, before: str | None) -> dict[str, Any]:
    try:
        found = json.loads(raw)
        whole = found["record"] == "figures" and moment(found["at"]) and isinstance(found["figures"], dict)
        alerts = found["alerts"]
        [Fired(**one) for one in (alerts or {"new": ()})["new"]]
        [(one["name"], one["sha256"]) for one in found["scans"]]
        # Earlier versions kept none.
        [lostplans.of_dict(one) for one in found.get("plans", ())]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise _unusable(path, "a line of it holds no figures") from None
    if found.get("format") != FORMAT:
        raise BadInputError(
            f"A line has format {found.get('format')}; this version reads {FORMAT}.",
            address=str(path),
            remedy="Use the version of migrate that wrote it.",
        )
    if not whole or found.get("previous") != before:
        raise _unusable(path, "a line does not follow the one before: one was changed or taken out")
    assert isinstance(found, dict)
    return found


def add(
    folder: Path,
    at: datetime,
    figures: dict[str, Any],
    read_now: AlertsRead | None,
    scans: Mapping[str, str],
    plans: Iterable[PlanTold] = (),
) -> Path:
    """Adds a run, with those alerts, scans (name by SHA-256) and plans that no line has yet as they are.

    Raises FileError, PlanLockedError, BadInputError.
    """
    try:
        with alone(folder):
            return _added(folder / KEPT, at, figures, read_now, scans, plans)
    except OSError as error:
        # A folder that cannot be locked.
        raise files.FileError(error, folder) from error


def _added(
    path: Path,
    at: datetime,
    figures: dict[str, Any],
    read_now: AlertsRead | None,
    scans: Mapping[str, str],
    plans: Iterable[PlanTold],
) -> Path:
    # Another run may have added to it since it was read.
    now = read(path.parent)
    known = now.fired
    alerts = None
    if read_now is not None:
        new = [one.as_dict() for one in read_now.found if one.id not in known]
        alerts = {"new": new, "unread": dict(read_now.unread)}
    line = {
        "record": "figures",
        "format": FORMAT,
        "tool": tool(),
        "at": stamp(at),
        "figures": figures,
        "alerts": alerts,
        "scans": [{"name": name, "sha256": sha} for sha, name in scans.items() if sha not in now.scans],
        "plans": lostplans.unlike(now.plans, plans),
        "previous": now.head,
    }
    return files.write(path, now.data + as_json(line).encode() + b"\n")


def unlooked(gaps: Iterable[tuple[datetime, datetime]]) -> list[str]:
    """The times of which alerts are not known, as sentences."""
    return [
        f"From {begin:%Y-%m-%d} to {end:%Y-%m-%d} nobody read the alerts, and Azure has forgotten them:"
        " those of that time are not counted."
        for begin, end in gaps
        if end - begin > timedelta(0)
    ]


def _unusable(path: Path, why: str) -> BadInputError:
    return BadInputError(f"The figures kept before cannot be used: {why}.", address=str(path), remedy=_REMEDY)
