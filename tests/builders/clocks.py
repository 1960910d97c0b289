"""Clocks that go as a test says."""

from __future__ import annotations


class Clock:
    """Seconds that a test lets pass; each look moves it by `step`."""

    def __init__(self, at: float = 1000.0, step: float = 0.0) -> None:
        self.at, self.step = at, step

    def __call__(self) -> float:
        self.at += self.step
        return self.at

    monotonic = __call__
