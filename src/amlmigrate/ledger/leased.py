"""The lease that a plan's folder last asked for: its id is in the ledger before Azure hears of it."""

from __future__ import annotations

from dataclasses import astuple, dataclass

from amlmigrate.core.workspace import Location
from amlmigrate.ledger.ledger import Ledger
from amlmigrate.ledger.ownership import now


@dataclass(frozen=True, slots=True)
class LeaseRequest:
    """A lease's id, and from where it was asked for on which container."""

    id: str
    account: str
    container: str
    host: str
    folder: str

    def on(self, place: Location, host: str, folder: str) -> bool:
        """Whether it is that of the same folder on the same host, for the same container."""
        here = (place.account, place.container, host, folder)
        return (self.account, self.container, self.host, self.folder) == here


def asked(ledger: Ledger) -> LeaseRequest | None:
    """The lease that may still be held by an earlier process of this folder; None where it was given up."""
    with ledger.transaction() as db:
        row = db.execute("SELECT id, account, container, host, folder FROM lease").fetchone()
    return LeaseRequest(*row) if row else None


def note(ledger: Ledger, lease: LeaseRequest) -> None:
    """Records what will be asked for."""
    with ledger.transaction() as db:
        db.execute("INSERT OR REPLACE INTO lease VALUES (1, ?, ?, ?, ?, ?, ?)", (*astuple(lease), now()))


def forget(ledger: Ledger) -> None:
    """Records that the lease was given up."""
    with ledger.transaction() as db:
        db.execute("DELETE FROM lease")
