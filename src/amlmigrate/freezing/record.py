"""`freeze.json` in a plan's folder: what is taken away, whole, and how far each is: it is given back by this."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from amlmigrate.core.documents import Document
from amlmigrate.core.errors import BadInputError, RefusedError
from amlmigrate.core.escapes import as_json
from amlmigrate.core.plan import Plan
from amlmigrate.core.rights import KEPT
from amlmigrate.ledger import Ledger, decisions, files
from amlmigrate.ledger.evidence import Report

FILE = decisions.FREEZE_FILE
FORMAT = 1


class State(StrEnum):
    """How far one is: `taken` is written before the call that takes it away, `given back` once it is there."""

    LISTED = "listed"
    TAKEN = "taken"
    GIVEN = "given back"


@dataclass(frozen=True, slots=True)
class Assignment:
    """One role assignment: its ARM id (its name is the last part), where it applies, and what it gives whom."""

    id: str
    scope: str
    role: str
    properties: Document
    state: State = State.LISTED

    @classmethod
    def of(cls, document: Document, role: str) -> Assignment:
        """Of a document as ARM answers it."""
        properties = document.get("properties") or {}
        kept = {key: properties[key] for key in KEPT if properties.get(key) is not None}
        return cls(str(document["id"]), str(properties.get("scope", "")), role, kept)

    @property
    def key(self) -> str:
        """By which two are one: ARM ids do not mind letter case."""
        return self.id.lower()

    def __str__(self) -> str:
        kind = self.properties.get("principalType") or "principal"
        return f"{self.role} of {kind} {self.properties.get('principalId')} at {self.scope}"

    def as_dict(self) -> dict[str, Any]:
        """Its form in `freeze.json`, events and evidence."""
        return {
            "id": self.id,
            "scope": self.scope,
            "role": self.role,
            "properties": self.properties,
            "state": self.state.value,
        }


@dataclass(frozen=True, slots=True)
class Record:
    """What `freeze` took or will take away."""

    plan: dict[str, str]
    source: dict[str, Any]
    assignments: tuple[Assignment, ...]
    by: dict[str, Any]
    time: str

    @property
    def taken(self) -> tuple[Assignment, ...]:
        """What was taken away and not given back yet."""
        return tuple(one for one in self.assignments if one.state is State.TAKEN)

    @property
    def state(self) -> str:
        """`frozen` while anything is taken away, `back` once all of it is given back."""
        return "frozen" if self.taken else "back"

    def became(self, assignment: Assignment, state: State) -> Record:
        """The same with that one so far."""
        changed = (replace(one, state=state) if one.key == assignment.key else one for one in self.assignments)
        return replace(self, assignments=tuple(changed))

    def data(self) -> bytes:
        """The file."""
        return as_json(self.as_dict(), indent=1).encode() + b"\n"

    def as_dict(self) -> dict[str, Any]:
        """The file's content."""
        return {
            "format": FORMAT,
            "state": self.state,
            "plan": self.plan,
            "source": self.source,
            "by": self.by,
            "time": self.time,
            "assignments": [one.as_dict() for one in self.assignments],
        }


def read(folder: Path) -> Record | None:
    """The record of a plan's folder; None where nothing was ever frozen. Raises BadInputError."""
    path = folder / FILE
    try:
        found = json.loads(path.read_bytes())
        if found["format"] > FORMAT:
            raise _unusable(path, f"it has format {found['format']}, this version reads up to {FORMAT}")
        assignments = tuple(_assignment(one, found["state"]) for one in found["assignments"])
        return Record(found["plan"], found["source"], assignments, found["by"], found["time"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise _unusable(path, f"it is cut short or no record ({type(error).__name__})") from error


def _assignment(found: Document, state: str) -> Assignment:
    """One of the file; an older one told how far all of them together were."""
    older = State.TAKEN if state == "frozen" else State.GIVEN
    return Assignment(**{**found, "state": State(found.get("state", older))})


def write(folder: Path, ledger: Ledger, record: Record) -> None:
    """Writes it whole or not at all, and on disk; the ledger knows which one it is, also where this is cut off."""
    data = record.data()
    sha256 = hashlib.sha256(data).hexdigest()
    ledger.note(decisions.FREEZE_NEXT, sha256)
    files.write(folder / FILE, data)
    ledger.note(decisions.FREEZE_HEAD, sha256)


def trusted(folder: Path, ledger: Ledger, plan: Plan, reports: Iterable[Report]) -> Record | None:
    """The record, as `read`, where it is the one that was written and of this plan: rights are given by it.

    Raises RefusedError for any other, BadInputError.
    """
    known = read(folder)
    if known is None:
        return None
    newest = decisions.freeze_state(list(reports))
    told = {newest.content["file"]["sha256"]} if newest else set()
    if decisions.of_file(folder / FILE) not in told | decisions.freeze_noted(ledger):
        raise _untrusted(folder, "it is not the one that was written")
    if known.plan["sha256"] != plan.sha256 or known.source["workspaceId"] != plan.header.source["workspaceId"]:
        raise _untrusted(folder, "it is of another plan or another source")
    return known


def frozen_beside(folder: Path, workspace_id: str) -> list[tuple[Path, Record]]:
    """The records of this plan's folder and of those beside it that still hold rights of the same source."""
    found = []
    for path in sorted(folder.parent.glob(f"*/{FILE}")):
        record = read(path.parent)
        if record and record.taken and record.source.get("workspaceId") == workspace_id:
            found.append((path.parent, record))
    return found


def _untrusted(folder: Path, why: str) -> RefusedError:
    return RefusedError(
        f"The record of what was frozen cannot be trusted: {why}.",
        address=str(folder / FILE),
        remedy="Put the original file back; what was taken away is in the evidence folder's freeze reports too,"
        " and can be given by hand (az role assignment create).",
    )


def _unusable(path: Path, why: str) -> BadInputError:
    return BadInputError(
        f"The record of what was frozen cannot be used: {why}.",
        address=str(path),
        remedy="Put the original file back; the same list is in the evidence folder's freeze reports.",
    )
