"""Rotation policies beside each other: after how long a key changes, and which of two asks for more. Pure."""

from __future__ import annotations

from dataclasses import replace

from amlmigrate.core.durations import days, no_longer
from amlmigrate.core.keys import Rotation


def period(rotation: Rotation) -> int | None:
    """After how many days a version is followed by the next; None where that is never. Raises ValueError."""
    if rotation.after_create:
        return days(rotation.after_create)
    if rotation.before_expiry and rotation.expires_in:
        return days(rotation.expires_in) - days(rotation.before_expiry)
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
