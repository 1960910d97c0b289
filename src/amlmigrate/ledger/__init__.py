"""The ledger: what a run has done, in SQLite."""

from amlmigrate.ledger.ledger import Ledger, StepRow

__all__ = ["Ledger", "StepRow"]
