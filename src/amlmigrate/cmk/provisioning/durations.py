"""ISO 8601 durations of whole days and longer, as key vaults take them."""

from __future__ import annotations

import re

_DURATION = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T.*)?\Z", re.IGNORECASE | re.ASCII)
_DAYS = (365, 30, 7, 1)


def days(text: str) -> int:
    """`P1Y6M` as days: a year has 365, a month 30; hours and below are dropped. Raises ValueError."""
    match = _DURATION.match(text)
    if not match:
        raise ValueError(f"'{text}' is no duration such as P90D or P1Y.")
    return sum(int(count or 0) * unit for count, unit in zip(match.groups(), _DAYS, strict=True))


def no_longer(there: str | None, wanted: str | None) -> bool:
    """Whether a period that is there satisfies the wanted one: it is as short, or none is wanted."""
    if wanted is None:
        return True
    return there is not None and days(there) <= days(wanted)
