"""The lock of a plan: one run at a time, with host, process and heartbeat."""

from __future__ import annotations

import os
import socket
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import psutil

from amlmigrate.core.errors import PlanLockedError
from amlmigrate.ledger.ledger import Ledger

HEARTBEAT_SECONDS = 15.0
# A start is reckoned from the time of boot, which moves a little when the clock is set.
_SAME_START_SECONDS = 5.0


class Lock:
    """Held by one process. One of a dead process of this host is taken over; with `force` another host's too.

    A process is known by its id, the time when it started, since ids are given out again, and the place where that
    id holds: two containers may have one host name, and each its process 1.
    """

    def __init__(self, ledger: Ledger, *, force: bool = False) -> None:
        self._ledger = ledger
        self._force = force
        # Whether it was taken from a process of which nobody here can see that it is dead.
        self.forced = False
        self._host = socket.gethostname()
        self._pid = os.getpid()
        self._started = f"{psutil.Process().create_time():.2f} {_place()}"

    def __enter__(self) -> Lock:
        with self._ledger.transaction() as db:
            row = db.execute("SELECT host, pid, heartbeat, started FROM lock").fetchone()
            dead = row is None or self._is_dead(*row)
            if not dead and not (self._force and self._is_elsewhere(*row)):
                raise PlanLockedError(
                    f"The plan is being run by process {row[1]} on {row[0]}, last seen {row[2]}.",
                    address=str(self._ledger.path),
                    remedy="Wait for it to end. If that process is gone, say so with --force-unlock.",
                )
            db.execute(
                "INSERT OR REPLACE INTO lock (one, host, pid, heartbeat, started) VALUES (1, ?, ?, ?, ?)",
                (self._host, self._pid, self._stamp(), self._started),
            )
        self.forced = not dead
        return self

    def __exit__(self, *_: object) -> None:
        with self._ledger.transaction() as db:
            db.execute(
                "DELETE FROM lock WHERE host = ? AND pid = ? AND started = ?",
                (self._host, self._pid, self._started),
            )

    def beat(self) -> None:
        """Says that the run is alive. Raises PlanLockedError when another run has taken the plan over."""
        with self._ledger.transaction() as db:
            changed = db.execute(
                "UPDATE lock SET heartbeat = ? WHERE host = ? AND pid = ? AND started = ?",
                (self._stamp(), self._host, self._pid, self._started),
            )
        if changed.rowcount == 0:
            raise PlanLockedError(
                "Another run has taken the plan over.",
                address=str(self._ledger.path),
                remedy="Nothing more was begun here; see how the other one stands with `migrate status`.",
            )

    def holder_lives(self) -> bool:
        """Whether somebody has the lock, as far as it can be seen from here; the ledger alone is read."""
        with self._ledger.transaction() as db:
            row = db.execute("SELECT host, pid, heartbeat, started FROM lock").fetchone()
        return row is not None and not self._is_dead(*row)

    def _is_dead(self, host: str, pid: int, heartbeat: str, started: str) -> bool:
        """Whether the process is seen to be no more."""
        if self._is_elsewhere(host, pid, heartbeat, started):
            # Another container's processes cannot be seen from here, but none outlives the start of the machine.
            return host == self._host and heartbeat < _stamp(psutil.boot_time())
        start = started.partition(" ")[0]
        return started != self._started if pid == self._pid else not _alive(pid, start)

    def _is_elsewhere(self, host: str, _pid: int, _heartbeat: str, started: str) -> bool:
        """Whether the process is where none can be seen from here: on another host, or in another container."""
        place = started.partition(" ")[2]
        return host != self._host or bool(place and place != _place())

    @staticmethod
    def _stamp() -> str:
        return _stamp(time.time())


def _stamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _place() -> str:
    """Where process ids hold: one start of a machine, and a container's own ids; empty where it is not told."""
    if sys.platform != "linux":
        return ""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return f"{boot}/{Path('/proc/self/ns/pid').stat().st_ino}"


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
