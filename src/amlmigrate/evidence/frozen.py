"""How every role assignment stands by the deeds of a freeze, each a report of its own. Pure.

Nothing here is read from `freeze.json`: that file is written for people, by what the deeds say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from amlmigrate.core.authorship import By
from amlmigrate.core.errors import RefusedError
from amlmigrate.core.escapes import as_json
from amlmigrate.core.freeze_record import OWED, Assignment, FreezeState
from amlmigrate.evidence.base import FORMAT, ReportContent
from amlmigrate.evidence.freezing import FILE, Deed, Freeze, FrozenSource, GiveBackRecord, OfFreeze
from amlmigrate.evidence.members import PlanRef

# The plan's folder, where nobody says which it is.
_HERE = Path()


@dataclass(frozen=True, slots=True)
class FreezeRecord:
    """All that `freeze` had to do with, by plan: what each assignment is and how it stands."""

    plan: PlanRef
    source: FrozenSource
    by: By
    time: str = ""
    found: Mapping[str, Assignment] = field(default_factory=dict)

    @property
    def assignments(self) -> tuple[Assignment, ...]:
        """All of them, in the order in which they came."""
        return tuple(self.found.values())

    @property
    def owed(self) -> tuple[Assignment, ...]:
        """What is to be given back, or decided, as far as the deeds say."""
        return tuple(one for one in self.assignments if one.state in OWED)

    @property
    def account(self) -> str:
        """The ARM id of the source's storage account; '' where it is not known."""
        return self.source.storage_account

    @property
    def state(self) -> Literal["frozen", "back"]:
        """`frozen` while anything is taken away, `back` once nothing is."""
        return "frozen" if self.owed else "back"

    def state_of(self, one: Assignment) -> FreezeState:
        """How an assignment stands; as `there` where nothing was done about it."""
        known = self.found.get(one.key)
        return known.state if known else FreezeState.LISTED

    def after(self, one: Assignment) -> FreezeRecord:
        """The same once that is so of one."""
        return replace(self, found={**self.found, one.key: one})

    def data(self) -> bytes:
        """The file for people."""
        return as_json(self.as_dict(), indent=1).encode() + b"\n"

    def as_dict(self) -> dict[str, Any]:
        """Its form in that file."""
        source = self.source
        return {
            "format": FORMAT,
            "state": self.state,
            "plan": {"name": self.plan.name, "sha256": self.plan.sha256},
            "source": {
                "id": source.id,
                "workspaceId": source.workspace_id,
                "storageAccount": source.storage_account,
            },
            "by": self.by.who(),
            "time": self.time,
            "assignments": [one.as_dict() for one in self.assignments],
        }


def of_reports(contents: Iterable[ReportContent], folder: Path = _HERE) -> FreezeRecord | None:
    """How all stands by the reports of a chain, oldest first; None where nothing was ever frozen.

    Raises RefusedError for one that sums up other assignments than there were deeds of.
    """
    record: FreezeRecord | None = None
    for content in contents:
        if isinstance(content, Deed):
            record = _told(content, record.found if record else {}).after(content.assignment)
        elif isinstance(content, Freeze | GiveBackRecord):
            found = record.found if record else {}
            if {one.id.lower() for one in content.assignments} != set(found):
                raise untrusted(folder, "a report sums up other assignments than its deeds are of")
            record = _told(content, found) if record else None
    return record


def untrusted(folder: Path, why: str, reasons: tuple[str, ...] = ()) -> RefusedError:
    """The refusal to give rights by what may be somebody else's word."""
    return RefusedError(
        f"The record of what was frozen cannot be trusted: {why}.",
        reasons=reasons,
        address=str(folder / FILE),
        remedy=f"Find out who changed it. Where only {FILE} was changed, remove that file: it is written again"
        " from the evidence. Otherwise put the original files back.",
    )


def _told(content: OfFreeze, found: Mapping[str, Assignment]) -> FreezeRecord:
    return FreezeRecord(content.plan, content.source, replace(content.by, options={}), content.time, found)
