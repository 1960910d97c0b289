"""The clock of a sandbox: the machine's, and ahead of it by what a file of the state folder says."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from azsandbox.state import StateFolder, write_secret


def move(state: StateFolder, seconds: float) -> None:
    """Moves the clock of a sandbox on by so many seconds, while it runs or before."""
    write_secret(state.clock_ahead, str(_ahead(state) + seconds))


def time_of(state: StateFolder) -> Callable[[], int]:
    """What tells the time, in nanoseconds since 1970."""
    # Asked several times a request, and hardly ever is it moved.
    moved = os.fspath(state.clock_ahead)
    return lambda: time.time_ns() + (int(_ahead(state) * 1e9) if os.path.exists(moved) else 0)  # noqa: PTH110 - quicker


def _ahead(state: StateFolder) -> float:
    try:
        return float(state.clock_ahead.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return 0.0
