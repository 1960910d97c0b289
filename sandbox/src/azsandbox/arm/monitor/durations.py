"""Durations as rules have them: `PT5M`, `P1D`."""

from __future__ import annotations

import re

_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
# Of a day, an hour, a minute and a second.
SECONDS = (86_400, 3_600, 60, 1)


def seconds(text: str) -> int:
    """How long that is. Raises ValueError for what is no duration of days, hours, minutes and seconds."""
    match = _DURATION.fullmatch(text)
    if match is None or not any(match.groups()):
        raise ValueError(f"{text!r} is no duration")
    return sum(int(number or 0) * each for number, each in zip(match.groups(), SECONDS, strict=True))
