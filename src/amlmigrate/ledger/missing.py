"""A plan's folder that has lost its ledger: it is told by what was written with it."""

from __future__ import annotations

from pathlib import Path

from amlmigrate.core.errors import BadInputError

FILE = "ledger.db"
EVIDENCE = "evidence"
IDMAP = "idmap.csv"


class LostLedgerError(BadInputError):
    """The ledger is missing beside what was written with it."""


def refuse_lost(folder: Path) -> None:
    """A plan with evidence or a map of ids was run: without its ledger it does not count as one that never was.

    Raises LostLedgerError.
    """
    evidence = folder / EVIDENCE
    if not (folder / IDMAP).exists() and not (evidence.is_dir() and any(evidence.iterdir())):
        return
    raise LostLedgerError(
        "The ledger is missing: the plan has evidence or a map of ids, so it had one.",
        address=str(folder / FILE),
        remedy="Put the ledger back (ledger.db, and ledger.db-wal where there is one)."
        " Without it make a new plan in another folder: what is in the target is adopted.",
    )
