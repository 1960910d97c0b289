"""The lock of a plan: one run at a time, with host, process and heartbeat."""

from __future__ import annotations

import os
import socket
import time
from datetime import UTC, datetime

from amlmigrate.core.errors import PlanLockedError
from amlmigrate.ledger.ledger import Ledger

HEARTBEAT_SECONDS = 15.0


class Lock:
    """Held by one process. One of a dead process of this host is taken over; with `force` another host's too."""

    def __init__(self, ledger: Ledger, *, force: bool = False) -> None:
        self._ledger = ledger
        self._force = force
        self._host = socket.gethostname()
        self._pid = os.getpid()

    def __enter__(self) -> Lock:
        with self._ledger.transaction() as db:
            row = db.execute("SELECT host, pid, heartbeat FROM lock").fetchone()
            if row and not self._may_take_over(*row):
                raise PlanLockedError(
                    f"The plan is being run by process {row[1]} on {row[0]}, last seen {row[2]}.",
                    address=str(self._ledger.path),
                    remedy="Wait for it to end. If that process is gone, say so with --force-unlock.",
                )
            db.execute("INSERT OR REPLACE INTO lock VALUES (1, ?, ?, ?)", (self._host, self._pid, self._stamp()))
        return self

    def __exit__(self, *_: object) -> None:
        with self._ledger.transaction() as db:
            db.execute("DELETE FROM lock WHERE host = ? AND pid = ?", (self._host, self._pid))

    def beat(self) -> None:
        """Says that the run is alive."""
        with self._ledger.transaction() as db:
            db.execute("UPDATE lock SET heartbeat = ? WHERE one = 1", (self._stamp(),))

    def _may_take_over(self, host: str, pid: int, _: str) -> bool:
        if host != self._host:
            return self._force
        return pid == self._pid or not _alive(pid)

    @staticmethod
    def _stamp() -> str:
        return datetime.fromtimestamp(time.time(), UTC).isoformat(timespec="seconds")


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
