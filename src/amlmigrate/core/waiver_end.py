"""When a waiver ends."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from amlmigrate.core.errors import BadInputError

_DAY = len("2027-01-31")


def end(text: str) -> str:
    """When a waiver ends, in UTC: a day at its midnight. Raises BadInputError for what is past, or no time."""
    if not text:
        return ""
    found: datetime | None
    try:
        if len(text) == _DAY:
            found = datetime.combine(date.fromisoformat(text) + timedelta(days=1), time(), UTC)
        else:
            found = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        found = None
    if found is None or found.tzinfo is None:
        raise BadInputError(
            f"--until says '{text}', which is neither a day nor a time with a time zone.",
            remedy="Write a day, as 2027-01-31, which ends in UTC, or a time, as 2027-01-31T12:00+01:00.",
        )
    if found <= datetime.now(UTC):
        raise BadInputError(f"--until says '{text}', which is past.", remedy="Name a day to come.")
    return found.astimezone(UTC).isoformat(timespec="seconds")
