"""How severe a rule is, how often it is evaluated, and over how long."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from azsandbox.arm.monitor.durations import seconds
from azsandbox.arm.providers.monitor.base import bad


def check_severity(properties: dict[str, Any]) -> None:
    """0 to 4 (AZ-MONITOR-48). Raises ArmError 400."""
    if properties["severity"] not in range(5):
        raise bad("BadRequest", "The severity is a whole number between 0 and 4.")  # words ours (AZ-LOCAL-2)


def check_times(properties: dict[str, Any], frequencies: Collection[str], windows: Collection[str]) -> None:
    """That both are allowed, and the window no shorter than the pause (AZ-MONITOR-48). Raises ArmError 400."""
    often, window = str(properties["evaluationFrequency"]), str(properties["windowSize"])
    for name, value, allowed in (("evaluationFrequency", often, frequencies), ("windowSize", window, windows)):
        if value not in allowed:
            text = f"{name}: '{value}' is not one of {', '.join(sorted(allowed, key=seconds))}."
            raise bad("BadRequest", text)  # words ours (AZ-LOCAL-2)
    if seconds(window) < seconds(often):
        raise bad("BadRequest", "The window size must be at least the evaluation frequency.")  # AZ-LOCAL-2
