"""A look at code bytes counts 48 hours after they were copied, and not before; what that comes to is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.builders.reports import report

from amlmigrate.core.settling import Settling
from amlmigrate.evidence.headline import of_evidence, verified

COPIED = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


def _look(hours: float) -> Settling:
    return Settling(2, COPIED, COPIED + timedelta(hours=hours))


@pytest.mark.parametrize(
    ("hours", "settled"), [(0, False), (24.5, False), (47.99, False), (48, True), (400, True)]
)
def test_a_look_counts_from_48_hours_on(hours: float, settled: bool) -> None:
    look = _look(hours)
    assert look.settled is settled
    assert bool(look.open) is not settled and bool(look.too_early) is not settled


def test_what_is_open_names_the_time_and_a_removal_before_it_how_early_it_was() -> None:
    assert "2 prefixes" in _look(1).open and "from 2026-03-03T12:30+00:00 on" in _look(1).open
    assert "1.0 hours after" in _look(1).too_early and "48 hours" in _look(1).too_early
    assert _look(1).as_dict() == {
        "prefixes": 2,
        "copied": "2026-03-01T12:30:00+00:00",
        "looked": "2026-03-01T13:30:00+00:00",
        "known_from": "2026-03-03T12:30+00:00",
        "settled": False,
    }


@pytest.mark.parametrize("seconds", [0.001, 45, 59.9])
def test_a_look_at_the_time_that_is_told_counts(seconds: float) -> None:
    copied = COPIED + timedelta(seconds=seconds)
    told = datetime.fromisoformat(Settling(1, copied, copied).as_dict()["known_from"])
    assert Settling(1, copied, told).settled
    assert "47.9 hours after" in Settling(1, copied, told - timedelta(minutes=1)).too_early


def _content(look: Settling | None) -> Any:
    return report(
        "verify",
        depth="checksum",
        same={"blobs": 3, "documents": 2},
        not_checked=["bytes outside", *([look.open] if look and look.open else [])],
        code_bytes=look.as_dict() if look else None,
    )


def test_the_headline_says_that_it_is_not_checked_and_stays_green() -> None:
    early = verified(_content(_look(2)))
    assert early.startswith("Green at depth checksum") and early.endswith(
        "2 things were not checked, among them whether the code bytes stay: verify again from"
        " 2026-03-03T12:30+00:00 on."
    )
    assert "among them whether" in of_evidence(_content(_look(2)))
    for content in (_content(_look(48)), _content(None)):
        assert verified(content).endswith("1 thing was not checked.")
