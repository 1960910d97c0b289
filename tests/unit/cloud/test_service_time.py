"""Azure's clock: the time of its last answer, moved on by a clock that nobody sets."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from amlmigrate.cloud.servicetime import ServiceClock

DATE = "Sun, 29 Nov 2026 23:30:00 GMT"


def test_it_goes_on_from_the_last_answer() -> None:
    ticks = [100.0]
    clock = ServiceClock(lambda: ticks[0])
    assert clock.now() is None
    clock.learn({"Date": DATE})
    ticks[0] += 90
    assert clock.now() == datetime(2026, 11, 29, 23, 31, 30, tzinfo=UTC)
    clock.learn({"Date": "Sun, 29 Nov 2026 23:29:00 GMT"})
    assert clock.now() == datetime(2026, 11, 29, 23, 29, tzinfo=UTC)


def test_it_goes_on_while_the_machine_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = [100.0]
    monkeypatch.setattr(time, "clock_gettime", lambda which: seconds[0])
    monkeypatch.setattr(time, "monotonic", lambda: 100.0)
    clock = ServiceClock()
    clock.learn({"Date": DATE})
    seconds[0] += 3600
    assert clock.now() == datetime(2026, 11, 30, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "headers", [{}, {"Date": ""}, {"Date": "yesterday"}, {"Date": DATE, "Age": "3600"}], ids=str
)
def test_an_answer_that_does_not_tell_changes_nothing(headers: dict[str, str]) -> None:
    clock = ServiceClock(lambda: 0.0)
    clock.learn(headers)
    assert clock.now() is None
    clock.learn({"Date": DATE})
    clock.learn(headers)
    assert clock.now() == datetime(2026, 11, 29, 23, 30, tzinfo=UTC)
