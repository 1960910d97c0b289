"""How long a move lasts after its run, by the defaults: the soak, then the time for a recovery of the source."""

from __future__ import annotations

from datetime import datetime, timedelta

# What `decommission` waits for by default; less is a decision.
SOAK_HOURS = 168
# "A default retention period of 14 days" (AZ-DEL-11): nothing says how another one is set or read.
RECOVERY_DAYS = 14
SOAK, RECOVERY = timedelta(hours=SOAK_HOURS), timedelta(days=RECOVERY_DAYS)


def needed_until(now: datetime, seconds: float = 0.0, soaked: datetime | None = None) -> datetime:
    """Until when the source must be able to change, at least.

    `seconds` is what the move takes at least by its estimate. `soaked` is when the soak is over, where it has
    begun.
    """
    over = max(now, soaked) if soaked else now + timedelta(seconds=seconds) + SOAK
    return over + RECOVERY
