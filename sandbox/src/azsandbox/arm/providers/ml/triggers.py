"""When a schedule fires: cron expressions and recurrences, read as strictly as their documentation says.

learn `azure/machine-learning/how-to-schedule-pipeline-job` and `reference-yaml-schedule` describe both. Inferred
(AZ-SCHED-1): what breaks those rules is refused when it is sent, and not only when it would fire.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from azsandbox.arm.providers.ml.timezones import TIME_ZONES

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
# The fields of an expression: what they are called, their first and last value, and names for values.
_FIELDS = (
    ("minutes", 0, 59, ()),
    ("hours", 0, 23, ()),
    ("days", 1, 31, ()),
    ("months", 1, 12, _MONTHS),
    ("days of the week", 0, 6, _DAYS),
)
_PART = re.compile(r"(?:\*|(?P<first>\w+)(?:-(?P<last>\w+))?)(?:/(?P<step>\d{1,3}))?", re.ASCII)
_WITHIN = {"hours": range(24), "minutes": range(60), "monthDays": range(1, 32)}
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?$", re.ASCII)


def cron(expression: str) -> str:
    """What is wrong with an expression of NCronTab, five fields; empty where nothing is."""
    fields = expression.split()
    if len(fields) != len(_FIELDS):
        return f"'{expression}' has {len(fields)} fields, and not {len(_FIELDS)}"
    for text, (name, low, high, words) in zip(fields, _FIELDS, strict=True):
        if not all(_is_part(part, low, high, words) for part in text.split(",")):
            return f"'{text}' is no value for the {name} of '{expression}'"
    return ""


def _is_part(text: str, low: int, high: int, words: tuple[str, ...]) -> bool:
    match = _PART.fullmatch(text)
    if match is None or (match["step"] is not None and int(match["step"]) == 0):
        return False
    if match["first"] is None:
        return True
    first = _number(match["first"], low, words)
    last = first if match["last"] is None else _number(match["last"], low, words)
    return first is not None and last is not None and low <= first <= last <= high


def _number(text: str, low: int, words: tuple[str, ...]) -> int | None:
    if text.isdecimal():
        return int(text)
    return words.index(text[:3].lower()) + low if text[:3].lower() in words else None


def problems(trigger: Mapping[str, Any]) -> Iterator[str]:
    """All that is wrong with a trigger that its description allows."""
    if str(trigger.get("triggerType")).lower() == "cron":
        if wrong := cron(str(trigger.get("expression"))):
            yield f"The cron expression is not valid: {wrong}"
    else:
        yield from _of_recurrence(trigger)
    yield from _times(trigger)


def _of_recurrence(trigger: Mapping[str, Any]) -> Iterator[str]:
    interval = trigger.get("interval")
    if not isinstance(interval, int) or interval < 1:
        yield f"The interval '{interval}' of a recurrence has to be a whole number above 0"
    given = trigger.get("schedule") or {}
    for name, allowed in _WITHIN.items():
        for value in given.get(name) or ():
            if value not in allowed:
                yield f"'{value}' is no value for {name}, which are from {allowed[0]} to {allowed[-1]}"


def _times(trigger: Mapping[str, Any]) -> Iterator[str]:
    zone = trigger.get("timeZone")
    if zone is not None and str(zone).lower() not in TIME_ZONES:
        yield f"'{zone}' is no time zone"
    read = {}
    for name in ("startTime", "endTime"):
        text = trigger.get(name)
        if text is None:
            continue
        if not _TIME.fullmatch(str(text)):
            yield f"{name} '{text}' is not in the format of ISO 8601 without an offset"
            continue
        try:
            read[name] = datetime.fromisoformat(str(text))
        except ValueError:
            yield f"{name} '{text}' is no time"
    if len(read) == 2 and read["endTime"] <= read["startTime"]:
        yield "endTime has to be later than startTime"
