"""Rotation policies beside each other: after how long a key changes, and which of two asks for more. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import isodate

from amlmigrate.core.durations import days, no_longer
from amlmigrate.core.keys import KeyVersion, Rotation


def period(rotation: Rotation) -> int | None:
    """After how many days a version is followed by the next; None where that is never. Raises ValueError."""
    if rotation.after_create:
        return days(rotation.after_create)
    if rotation.before_expiry and rotation.expires_in:
        return days(rotation.expires_in) - days(rotation.before_expiry)
    return None


def due(rotation: Rotation, newest: KeyVersion) -> datetime | None:
    """The earliest time at which it makes the version after the newest one; None where it makes none (AZ-KEY-44).

    A month is as long as it is there, or 30 days, whichever is less. Raises ValueError where that is not told.
    """
    try:
        if rotation.after_create:
            if newest.created is None:
                raise ValueError("when the newest version was made is not told")
            rough = newest.created + timedelta(days=days(rotation.after_create))
            exact: datetime = newest.created + isodate.parse_duration(rotation.after_create.upper())
            return min(rough, exact)
        if rotation.before_expiry and newest.expires:
            rough = newest.expires - timedelta(days=days(rotation.before_expiry) + 1)
            exact = newest.expires - isodate.parse_duration(rotation.before_expiry.upper())
            return min(rough, exact)
    except OverflowError:
        raise ValueError("its policy names a time that no calendar has") from None
    return None


def stricter(there: Rotation | None, wanted: Rotation) -> Rotation:
    """What both ask for at once; it is `there` itself where that asks for all that is wanted."""
    if there is None:
        return wanted
    now, then = period(there), period(wanted)
    sooner = now is not None and (then is None or now <= then)
    lasts = there.expires_in if no_longer(there.expires_in, wanted.expires_in) else wanted.expires_in
    told, ask = there.notify_before_expiry, wanted.notify_before_expiry
    notify = ask if told is None or (ask and days(ask) > days(told)) else told
    return replace(there if sooner else wanted, expires_in=lasts, notify_before_expiry=notify)
