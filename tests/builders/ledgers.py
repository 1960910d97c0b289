"""A ledger whose folder's evidence bears out what it says that the tool made, as after a run that ended."""

from __future__ import annotations

from amlmigrate.ledger import Ledger, corroboration
from amlmigrate.ledger.evidence import Evidence
from tests.builders.reports import report


def bear_out(ledger: Ledger) -> None:
    """Adds the report of a run that tells of all of it."""
    content = {"plan": {"sha256": ledger.plan_sha256}, "made": corroboration.made(ledger)}
    Evidence(ledger.path.parent, ledger).add(report("run", **content))
    ledger.runs_told()
