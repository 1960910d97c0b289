"""A ledger that is only read; from a folder that may not be written to SQLite works on a copy."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from amlmigrate.core.errors import PlanLockedError
from amlmigrate.core.plan import Plan
from amlmigrate.ledger.ledger import Ledger
from amlmigrate.ledger.missing import FILE, refuse_lost

# With the write-ahead log (sqlite.org/wal.html, section 5) a reader needs to write beside the file, or to be told
# that nobody else does, and then it takes no notice of what is in the log. A copy of both has neither trouble.
_FILES = (FILE, f"{FILE}-wal")
_LOOKS = 20
_PAUSE_SECONDS = 0.1


@contextmanager
def copied(folder: Path) -> Iterator[Ledger]:
    """The ledger of a plan's folder as it is now; nothing in the folder is changed.

    Raises BadInputError as `Ledger` does, PlanLockedError while somebody writes to it all the time, OSError.
    """
    with tempfile.TemporaryDirectory(prefix="migrate-") as made:
        copy = Path(made)
        _copy(folder, copy)
        with Ledger(copy, fresh=False, home=folder) as ledger:
            yield ledger


@contextmanager
def for_reading(folder: Path, plan: Plan) -> Iterator[Ledger | None]:
    """A plan's ledger, from a copy where the folder may not be written to; None before it has one.

    Raises BadInputError for one that is missing, of another plan or of a later version.
    """
    if not (folder / FILE).exists():
        refuse_lost(folder)
        yield None
        return
    own = os.access(folder, os.W_OK) and os.access(folder / FILE, os.W_OK)
    with Ledger(folder) if own else copied(folder) as ledger:
        ledger.bind(plan)
        yield ledger


def _copy(folder: Path, to: Path) -> None:
    for _ in range(_LOOKS):
        before = _stamps(folder)
        for name, stamp in before.items():
            (to / name).unlink(missing_ok=True)
            if stamp:
                shutil.copyfile(folder / name, to / name)
        if _stamps(folder) == before:
            return
        time.sleep(_PAUSE_SECONDS)
    raise PlanLockedError(
        "The ledger is being written to.", address=str(folder / FILE), remedy="Wait for the command to end."
    )


def _stamps(folder: Path) -> dict[str, tuple[int, int, int] | None]:
    found: dict[str, tuple[int, int, int] | None] = {}
    for name in _FILES:
        try:
            status = (folder / name).stat()
        except FileNotFoundError:
            found[name] = None
        else:
            found[name] = (status.st_ino, status.st_size, status.st_mtime_ns)
    return found
