"""The lock of a plan: one run at a time, with host, process and heartbeat."""

from __future__ import annotations

import os
import socket
import time
from datetime import UTC, datetime

import psutil

from amlmigrate.core.errors import PlanLockedError
from amlmigrate.ledger.ledger import Ledger

HEARTBEAT_SECONDS = 15.0
# A start is reckoned from the time of boot, which moves a little when the clock is set.
_SAME_START_SECONDS = 5.0


class Lock:
    """Held by one process. One of a dead process of this host is taken over; with `force` another host's too.

    A process is known by its id and the time when it started, since ids are given out again.
    """

    def __init__(self, ledger: Ledger, *, force: bool = False) -> None:
        self._ledger = ledger
        self._force = force
        self._host = socket.gethostname()
        self._pid = os.getpid()

    def __enter__(self) -> Lock:
        with self._ledger.transaction() as db:
            row = db.execute("SELECT host, pid, heartbeat, started FROM lock").fetchone()
            if row and not self._may_take_over(*row):
                raise PlanLockedError(
                    f"The plan is being run by process {row[1]} on {row[0]}, last seen {row[2]}.",
                    address=str(self._ledger.path),
                    remedy="Wait for it to end. If that process is gone, say so with --force-unlock.",
                )
            db.execute(
                "INSERT OR REPLACE INTO lock (one, host, pid, heartbeat, started) VALUES (1, ?, ?, ?, ?)",
                (self._host, self._pid, self._stamp(), f"{psutil.Process().create_time():.2f}"),
            )
        return self

    def __exit__(self, *_: object) -> None:
        with self._ledger.transaction() as db:
            db.execute("DELETE FROM lock WHERE host = ? AND pid = ?", (self._host, self._pid))

    def beat(self) -> None:
        """Says that the run is alive. Raises PlanLockedError when another run has taken the plan over."""
        with self._ledger.transaction() as db:
            changed = db.execute(
                "UPDATE lock SET heartbeat = ? WHERE host = ? AND pid = ?",
                (self._stamp(), self._host, self._pid),
            )
        if changed.rowcount == 0:
            raise PlanLockedError(
                "Another run has taken the plan over.",
                address=str(self._ledger.path),
                remedy="Nothing more was begun here; see how the other one stands with `migrate status`.",
            )

    def _may_take_over(self, host: str, pid: int, _: str, started: str) -> bool:
        if host != self._host:
            return self._force
        return pid == self._pid or not _alive(pid, started)

    @staticmethod
    def _stamp() -> str:
        return datetime.fromtimestamp(time.time(), UTC).isoformat(timespec="seconds")


def _alive(pid: int, started: str) -> bool:
    """Whether that very process lives; without a start to compare with, any of that id is taken for it."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        return not started or abs(process.create_time() - float(started)) < _SAME_START_SECONDS
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True
