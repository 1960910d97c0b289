"""What follows its key by itself, where a newer version came up during a drill: nothing of it is measured then."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from amlmigrate.core.errors import MigrateError
from amlmigrate.core.keys import KeyVersion
from amlmigrate.drilling.measuring import Watched
from amlmigrate.drilling.model import BackEnd, DownEnd, DrillRequest, Measured
from amlmigrate.drilling.port import DrilledVersion


async def unmeasured(
    version: DrilledVersion, now: datetime, request: DrillRequest, watched: Iterable[Watched]
) -> str:
    """Takes back what was seen of what may have switched to a newer version; returns why, where that is so."""
    follows = {one.id for one in request.key.dependants if one.follows is not None}
    seen = [one.seen for one in watched if one.seen.id in follows and one.seen.down is not DownEnd.UNMEASURED]
    if not seen:
        return ""
    try:
        newer = made_since(request, await version.siblings(), now)
    except MigrateError as error:
        why = f"whether a newer version was made during the drill is not known ({error.summary.rstrip('.')})"
    else:
        if not newer:
            return ""
        why = f"the newer version {newer[0].version} came up during the drill"
    for one in seen:
        _take_back(one, f"{why}, and it may have switched to that by itself")
    return why


def made_since(request: DrillRequest, found: Sequence[KeyVersion], now: datetime) -> list[KeyVersion]:
    """The versions, no older than its own, that were made, enabled or became valid since the drill was asked for.

    One that is disabled by now may have been switched to before that, if it was made or changed since.
    """
    before = {one.id.lower(): one for one in request.key.versions.value or ()}
    begun = request.version.created if request.version else None

    def is_newer(one: KeyVersion) -> bool:
        was = before.get(one.id.lower())
        usable = was is not None and was.enabled and not was.early(request.now)
        new = was is None or (not usable and (one.enabled or one.updated != was.updated))
        return new and not one.early(now) and (begun is None or one.created is None or one.created >= begun)

    return list(filter(is_newer, found))


def _take_back(one: Measured, why: str) -> None:
    one.down, one.refused_after, one.answered_until = DownEnd.UNMEASURED, None, None
    one.back, one.silent_until, one.back_after = BackEnd.UNMEASURED, None, None
    one.note = why
