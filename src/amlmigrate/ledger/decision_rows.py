"""What people decided and approved, as the ledger keeps it."""

from __future__ import annotations

import json
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from amlmigrate.core.decision import Decision, DecisionVerb

_COLUMNS = "address, verb, sha256, reason, by, at, object_id, until, seen, report, tenant_id"

_MARKS = ", ".join("?" * len(_COLUMNS.split(", ")))


@dataclass(frozen=True, slots=True)
class Approval:
    """A recorded approval by one identity: of the plan whose digest `sha256` is, or of decisions.

    Then `decisions` are the digests of each, and `sha256` that of all which were open together.
    """

    sha256: str
    object_id: str
    by: str
    comment: str
    at: str
    report: int
    decisions: tuple[str, ...] = ()
    # Of which Entra tenant the identity is; '' where its token named none.
    tenant_id: str = ""


class DecisionRows(ABC):
    """This part of a ledger."""

    @abstractmethod
    def transaction(self) -> AbstractContextManager[sqlite3.Connection]:
        """All of what is done inside, or nothing."""

    @abstractmethod
    def _rows(self, query: str, *values: str | float) -> list[tuple[Any, ...]]: ...

    def decide(self, decisions: Sequence[Decision]) -> None:
        """Records decisions, all or none; one takes the place of an earlier one about its address."""
        rows = [
            (
                *(d.address, d.verb, d.sha256, d.reason, d.by, d.at, d.object_id, d.until),
                *(int(d.seen), d.report, d.tenant_id),
            )
            for d in decisions
        ]
        with self.transaction() as db:
            db.executemany(
                f"INSERT OR REPLACE INTO decisions ({_COLUMNS}) VALUES ({_MARKS})",  # noqa: S608 - no input of anybody's
                rows,
            )
            # What a step left alone by now is what was shown of it.
            db.executemany(
                "UPDATE left_alone SET decided = 1 WHERE address = ?", [(one.address,) for one in decisions]
            )

    def take_back(self, addresses: Iterable[str]) -> None:
        """Removes the decisions about some addresses, all or none."""
        with self.transaction() as db:
            pairs = [(address,) for address in addresses]
            db.executemany("DELETE FROM decisions WHERE address = ?", pairs)
            db.executemany("UPDATE left_alone SET decided = 0 WHERE address = ?", pairs)

    def decisions(self) -> dict[str, Decision]:
        """The decisions by address, whether or not they count now (`standing`)."""
        rows = self._rows(f"SELECT {_COLUMNS} FROM decisions")  # noqa: S608 - no input of anybody's
        found = (
            Decision(
                address,
                DecisionVerb(verb),
                sha256,
                reason,
                by,
                at,
                object_id,
                until,
                bool(seen),
                report,
                tenant_id,
            )
            for address, verb, sha256, reason, by, at, object_id, until, seen, report, tenant_id in rows
        )
        return {one.address: one for one in found}

    def approve(self, approval: Approval) -> None:
        """Records an approval."""
        row = (
            approval.sha256,
            approval.object_id,
            approval.by,
            approval.comment,
            approval.at,
            approval.report,
            json.dumps(approval.decisions),
            approval.tenant_id,
        )
        with self.transaction() as db:
            db.execute("INSERT OR REPLACE INTO approvals VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)

    def approvals(self) -> list[Approval]:
        """Every approval, oldest first."""
        columns = "sha256, object_id, by, comment, at, report, decisions, tenant_id"
        rows = self._rows(f"SELECT {columns} FROM approvals ORDER BY report")  # noqa: S608 - as above
        return [
            Approval(sha256, object_id, by, comment, at, report, tuple(json.loads(decisions)), tenant_id)
            for sha256, object_id, by, comment, at, report, decisions, tenant_id in rows
        ]
