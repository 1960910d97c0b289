"""`freeze.json` in a plan's folder: what was taken away, whole, so that it can be put back exactly."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from amlmigrate.core.documents import Document
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.rights import KEPT
from amlmigrate.ledger import files

FILE = "freeze.json"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Assignment:
    """One role assignment: its ARM id (its name is the last part), where it applies, and what it gives whom."""

    id: str
    scope: str
    role: str
    properties: Document

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
        return {"id": self.id, "scope": self.scope, "role": self.role, "properties": self.properties}


@dataclass(frozen=True, slots=True)
class Record:
    """What `freeze` took or will take away. `state`: `frozen`, or `thawed` once all of it is back."""

    plan: dict[str, str]
    source: dict[str, Any]
    assignments: tuple[Assignment, ...]
    by: dict[str, str]
    time: str
    state: str = "frozen"

    def thawed(self) -> Record:
        """The same, given back."""
        return replace(self, state="thawed")

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
        assignments = tuple(Assignment(**one) for one in found["assignments"])
        return Record(found["plan"], found["source"], assignments, found["by"], found["time"], found["state"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise _unusable(path, f"it is cut short or no record ({type(error).__name__})") from error


def write(folder: Path, record: Record) -> Path:
    """Writes it whole or not at all, and on disk, before anything is taken away."""
    return files.write(folder / FILE, json.dumps(record.as_dict(), ensure_ascii=False, indent=1).encode() + b"\n")


def frozen_beside(folder: Path, workspace_id: str) -> list[tuple[Path, Record]]:
    """The records of this plan's folder and of those beside it that still hold rights of the same source."""
    found = []
    for path in sorted(folder.parent.glob(f"*/{FILE}")):
        record = read(path.parent)
        if record and record.state == "frozen" and record.source.get("workspaceId") == workspace_id:
            found.append((path.parent, record))
    return found


def _unusable(path: Path, why: str) -> BadInputError:
    return BadInputError(
        f"The record of what was frozen cannot be used: {why}.",
        address=str(path),
        remedy="Put the original file back; the same list is in the evidence folder's freeze reports.",
    )
