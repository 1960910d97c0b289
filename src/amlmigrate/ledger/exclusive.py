"""One process at a time in a plan's or a chain's folder, while it reads something and writes after it."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from amlmigrate.core.errors import PlanLockedError

# Whoever is in there is done in a moment, unless it was stopped or its disk hangs. No signal is heard meanwhile,
# so that it is no longer than SQLite waits for whoever writes to the ledger.
_PATIENCE_SECONDS = 10.0
_LOOK_SECONDS = 0.02


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keeps other processes out; the system lets them in when this one ends, however it does.

    Raises PlanLockedError where somebody else does not come out.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        _wait(handle, folder)
        yield
    finally:
        os.close(handle)


# What is told to whoever comes while another command is at work.
_LATER = "Wait for it to end, then run the same command again."


@contextmanager
def at_once(file: Path, told: str, remedy: str = _LATER, *, of: Path | None = None) -> Iterator[None]:
    """The same for as long as a command works with a file: who comes meanwhile does not wait, and is told so.

    `of`: what the command works with, where the file is there for this alone, and is made.
    """
    # Over NFS only a file that may be written to can be locked.
    handle = os.open(file, os.O_RDWR | os.O_CREAT if of else os.O_RDONLY, 0o666)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise PlanLockedError(told, address=str(of or file), remedy=remedy) from None
        yield
    finally:
        os.close(handle)


@contextmanager
def quiet(folder: Path) -> Iterator[None]:
    """As `alone`, for who only reads; without it where the file system has no such lock."""
    with ExitStack() as stack:
        with suppress(OSError):
            stack.enter_context(alone(folder))
        yield


def _wait(handle: int, folder: Path) -> None:
    end = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                raise PlanLockedError(
                    "Another command is writing to the folder.",
                    address=str(folder),
                    remedy=_LATER,
                ) from None
            time.sleep(_LOOK_SECONDS)
        else:
            return
