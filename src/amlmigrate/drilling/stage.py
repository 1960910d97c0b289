"""The drill itself: a watcher first, then the version is disabled, what is under it is measured, and it is
enabled."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from amlmigrate.core import drilltag
from amlmigrate.core.clock import stamp
from amlmigrate.core.drilltag import DrillTag
from amlmigrate.core.errors import MigrateError, RefusedError
from amlmigrate.core.events import Emit
from amlmigrate.core.keys import KeyVersion
from amlmigrate.drilling import following, measuring, restoring
from amlmigrate.drilling.measuring import Probe, Watched
from amlmigrate.drilling.model import (
    DISABLE_WITHIN,
    DownEnd,
    DrillOutcome,
    DrillRequest,
    VersionEnd,
)
from amlmigrate.drilling.port import DrillClock, DrilledVersion, Watching
from amlmigrate.drilling.progress import DrillPrepared, DrillSeen, VersionDisabled, VersionEnabled
from amlmigrate.keys import remedies

# Of two drills that begin at once each reads the tag again after this: by then the other has written its own.
# Inferred (AZ-KEY-39): it is shown by then.
SETTLE_SECONDS = 5.0
# So long what is under the key is waited for after the version was enabled, at least.
_BACK = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class DrillOrder:
    """Which drill, until when, by whom (object id): what the watcher is told too."""

    drill: str
    until: datetime
    operator: str


@dataclass(frozen=True, slots=True)
class DrillPort:
    """The version, the clock, and how a watcher is started: it tags the version, and raises where it is not
    able."""

    version: DrilledVersion
    clock: DrillClock
    watch: Callable[[DrillOrder], Awaitable[Watching]]
    emit: Emit
    stopping: Callable[[], bool]


async def prepared(probes: Sequence[Probe], key_id: str) -> list[Watched]:
    """Each call made once, before anything is changed. Raises RefusedError where none measures anything."""
    watched = await measuring.before(probes)
    if all(one.seen.down is DownEnd.UNMEASURED for one in watched):
        raise RefusedError(
            "Nothing under the key answers a call by which a drill could be measured; nothing was changed.",
            reasons=tuple(f"{one.seen.called}: {one.seen.note}" for one in watched),
            address=key_id,
            remedy="Grant the rights that the calls need (docs/how-to/drill-a-key.md), then run it again.",
        )
    return watched


async def carry_out(
    port: DrillPort, request: DrillRequest, order: DrillOrder, watched: Sequence[Watched]
) -> DrillOutcome:
    """The whole drill. Raises RefusedError and what Azure answers where the version was not disabled.

    Once it was, it is enabled again before anything is raised; what of that is not shown is told in the outcome,
    and the watcher goes on. Cancelled, it ends at once, and leaves the version to the watcher.
    """
    watching = await _watcher(port, order)
    try:
        made = await _disabled(port, request, order, watching)
    except MigrateError as error:
        await _not_begun(port, order, watching, error)
        raise
    at = made.updated or port.clock.now()
    failed: Exception | None = None
    try:
        port.emit(VersionDisabled(port.version.id, stamp(at)))
        why = await _measured_down(port, order, watched, watching, made)
    except Exception as error:  # noqa: BLE001 - whatever it is, the version is enabled before it is raised
        failed, why = error, "the measuring failed"
    cut = port.stopping() or bool(why)
    ended = await restoring.end(port.version, port.clock, order.drill, made.updated)
    if ended.end is not VersionEnd.NOT_SHOWN:
        # What somebody else has changed is not the watcher's to enable either.
        await watching.stop()
    if isinstance(failed, MigrateError):
        failed.also(f"The version: {'; '.join(filter(None, (ended.end.value, ended.note)))}.")
    port.emit(VersionEnabled(port.version.id, ended.end.value, ended.note))
    if failed is not None:
        raise failed
    if ended.end.restored:
        await _measured_back(port, request, watched, ended.at)
    newer = await following.unmeasured(port.version, port.clock.now(), request, watched)
    return DrillOutcome(
        order.drill,
        request,
        order.until,
        tuple(one.seen for one in watched),
        ended.end,
        disabled_at=at,
        enabled_at=ended.at,
        note="; ".join(filter(None, (why, ended.note, newer))),
        interrupted=cut,
    )


async def _watcher(port: DrillPort, order: DrillOrder) -> Watching:
    """Starts it. Where it did not become ready it may have tagged the version: nothing of that is left."""
    try:
        return await port.watch(order)
    except MigrateError as error:
        ended = await restoring.end(port.version, port.clock, order.drill)
        if ended.end is VersionEnd.NOT_SHOWN:
            error.also(f"What became of the version is not shown: {ended.note}")
        raise


async def _disabled(port: DrillPort, request: DrillRequest, order: DrillOrder, watching: Watching) -> KeyVersion:
    """Disables the version, if it is still this drill's, and enabled. Raises RefusedError where it is not."""
    literal = remedies.enabled(port.version.id, to=True)
    restore = drilltag.restoring(request.key.name.id)
    port.emit(DrillPrepared(port.version.id, stamp(order.until), restore, literal))
    await port.clock.clock.sleep(SETTLE_SECONDS)
    found, sent = await _own(port, order), 0
    late = port.clock.now() + DISABLE_WITHIN

    async def able() -> None:
        nonlocal found, sent
        if not watching.alive():
            raise _refused(port, "The watcher that would enable the version ended", "See its log in keys/.")
        if port.stopping() or port.clock.now() > min(late, order.until):
            raise _refused(port, "The drill was ended before the version was disabled", "Run it again.")
        if sent:
            # What it was before the attempt that failed may not be what it is.
            found = await _own(port, order)
        sent += 1

    def tags() -> dict[str, str]:
        tag = DrillTag(order.drill, order.until, order.operator, port.clock.now(), disabled=True)
        return {**found.tags, drilltag.UNDER_WAY: tag.text}

    try:
        made = await port.version.change(tags, enabled=False, first=able)
    except MigrateError:
        if not sent:
            raise
        # The answer may be lost, and the version disabled: by now a read shows that (AZ-KEY-39).
        await port.clock.clock.sleep(SETTLE_SECONDS)
        made = await port.version.read()
        if made.enabled or not _disabled_by(made, order):
            raise
    if made.enabled:
        raise _refused(port, "The vault did not disable the version", "Run it again.")
    return made


async def _own(port: DrillPort, order: DrillOrder) -> KeyVersion:
    """The version as it is, still this drill's. Raises RefusedError where somebody else disabled it, or drills
    it."""
    found = await port.version.read()
    tag = drilltag.tag_of(found)
    if tag is None or tag.drill != order.drill:
        raise _refused(port, "The version bears the tag of another drill, or none", "Wait for that one's end.")
    if not found.enabled and not tag.disabled:
        raise _refused(port, "Somebody disabled the version meanwhile", "Ask who did it, and why.")
    return found


def _disabled_by(found: KeyVersion, order: DrillOrder) -> bool:
    tag = drilltag.tag_of(found)
    return tag is not None and tag.drill == order.drill and tag.disabled


def _refused(port: DrillPort, text: str, remedy: str) -> RefusedError:
    return RefusedError(f"{text}; it was not disabled by this drill.", address=port.version.id, remedy=remedy)


async def _not_begun(port: DrillPort, order: DrillOrder, watching: Watching, error: MigrateError) -> None:
    """Leaves nothing of a drill that did not begin; where that is not shown, the watcher goes on."""
    ended = await restoring.end(port.version, port.clock, order.drill)
    if ended.end is VersionEnd.NOT_SHOWN:
        error.also(f"What became of the version is not shown: {ended.note}")
        return
    await watching.stop()


async def _measured_down(
    port: DrillPort, order: DrillOrder, watched: Sequence[Watched], watching: Watching, made: KeyVersion
) -> str:
    """Measures until all refused, the limit, or an end before it; returns why it ended before, where it did."""

    async def ending() -> str:
        for one in watched:
            if one.seen.refused_after is not None and one.seen.id not in told:
                told.add(one.seen.id)
                port.emit(DrillSeen(one.seen.id, one.seen.down.value, round(one.seen.refused_after)))
        if not watching.alive():
            return "the watcher ended, so the version was enabled before the limit"
        try:
            async with asyncio.timeout(measuring.PATIENCE_SECONDS):
                found = await port.version.read()
        except (MigrateError, TimeoutError):
            # What it is by now is not known: the limit ends it, or a signal, and neither waits for a read.
            return ""
        # A read that is behind shows what was before.
        later = found.updated is not None and made.updated is not None and found.updated > made.updated
        return "the watcher or somebody else changed the version" if later else ""

    told = set[str]()
    since = made.updated or port.clock.now()
    return await measuring.down(watched, port.clock, (since, order.until), ending, port.stopping)


async def _measured_back(
    port: DrillPort, request: DrillRequest, watched: Sequence[Watched], enabled: datetime | None
) -> None:
    longest = max(request.limit, _BACK).total_seconds()
    await measuring.back(watched, port.clock, enabled, longest, port.stopping)
    for one in watched:
        if one.seen.back_after is not None:
            port.emit(DrillSeen(one.seen.id, one.seen.back.value, round(one.seen.back_after)))
