"""Times as answers have them: one reader for all who compare them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from amlmigrate.core.clock import moment

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-12-01T12:00:00Z", NOON),
        ("2026-12-01T12:00:00.0000000Z", NOON),
        ("2026-12-01T14:00:00+02:00", NOON),
        # One without an offset is Azure's, which is UTC, and can be compared with the others.
        ("2026-12-01T12:00:00", NOON),
        ("soon", None),
        ("9999-99-99", None),
        ("", None),
        (None, None),
    ],
)
def test_a_time_is_read_in_utc_or_not_at_all(text: Any, time: datetime | None) -> None:
    assert moment(text) == time
