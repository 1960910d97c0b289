"""ISO 8601 durations: of whole days and longer, as key vaults take them, and shorter ones."""

from __future__ import annotations

from datetime import timedelta

import isodate

# A key's times are moments of this calendar: what is longer than it leads nowhere.
_LONGEST = timedelta.max.days


def days(text: str) -> int:
    """`P1Y6M` as days: a year has 365, a month 30; a part of a day is dropped. Raises ValueError."""
    try:
        found = isodate.parse_duration(text.upper(), as_timedelta_if_possible=False)
        total = int(found.years * 365 + found.months * 30 + found.tdelta.days)
    except (ValueError, OverflowError):
        total = -1
    if text != text.strip() or not 0 <= total <= _LONGEST:
        raise ValueError(f"'{text}' is not a duration such as P90D or P1Y.")
    return total


def no_longer(there: str | None, wanted: str | None) -> bool:
    """Whether a period that is there satisfies the wanted one: it is as short, or none is wanted."""
    if wanted is None:
        return True
    return there is not None and days(there) <= days(wanted)


def shorter(one: str, other: str) -> bool:
    """Whether a duration as `PT5M` is shorter than another one; not, where one of them cannot be read."""
    try:
        first, second = (isodate.parse_duration(text) for text in (one, other))
        return bool(first < second)
    except (ValueError, TypeError):
        return False
