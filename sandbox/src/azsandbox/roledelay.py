"""For how long a new role assignment does not count: a number in the state folder, changed at any time."""

from __future__ import annotations

from azsandbox.state import StateFolder, write_secret


def set_delay(state: StateFolder, seconds: float) -> None:
    """Sets the seconds for assignments made from now on; the running sandbox takes it over at once."""
    write_secret(state.role_delay, repr(float(seconds)))


def delay_of(state: StateFolder) -> float:
    """The seconds, 0 when nothing is set."""
    try:
        return float(state.role_delay.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return 0.0
