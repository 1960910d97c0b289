"""What a removal of the source set out to do, as the ledger keeps it from before anything is removed."""

from __future__ import annotations

import json

from amlmigrate.core.documents import Document
from amlmigrate.ledger.ledger import Ledger

_NOTE = "decommission"


def begun(ledger: Ledger) -> Document | None:
    """What an earlier removal set out to do; None where there was none."""
    text = ledger.meta().get(_NOTE)
    found: Document | None = json.loads(text) if text else None
    return found


def keep(ledger: Ledger, found: Document) -> None:
    """Records it."""
    ledger.note(_NOTE, json.dumps(found))
