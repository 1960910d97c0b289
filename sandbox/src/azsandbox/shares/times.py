"""Moments as the file service counts and writes them: ticks of 100 ns since the year 1, as in its ETags."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

_EPOCH = datetime(1, 1, 1, tzinfo=UTC)
_UNIX_TICKS = 621_355_968_000_000_000
_PER_SECOND = 10_000_000
_last = 0


def since_1970(moment: int) -> int:
    """The same moment in ticks since 1970, as ARM counts."""
    return moment - _UNIX_TICKS


def tick() -> int:
    """Now, and later than any moment given out before."""
    global _last  # noqa: PLW0603 (two changes never share an ETag)
    _last = max(_last + 1, time.time_ns() // 100 + _UNIX_TICKS)
    return _last


def etag(moment: int) -> str:
    """The ETag of what was changed last at a moment: `"0x8DAA197C852CEDF"`."""
    return f'"0x{moment:X}"'


def http_date(moment: int) -> str:
    """`Wed, 28 Sep 2022 21:24:09 GMT`."""
    return format_datetime(_datetime(moment), usegmt=True)


def iso(moment: int) -> str:
    """`2022-09-28T21:24:10.0587915Z`, with seven digits."""
    return f"{_datetime(moment):%Y-%m-%dT%H:%M:%S}.{moment % _PER_SECOND:07}Z"


def _datetime(moment: int) -> datetime:
    return _EPOCH + timedelta(seconds=moment // _PER_SECOND)
