"""What the watcher does: it tags the version, says that it is ready, and ends the drill at the limit.

It signs in by itself, as the command did, and tags the version by the right that enabling it takes: so it is
shown to have a token and the right before anything is disabled.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from amlmigrate.cloud.credentials import Login
from amlmigrate.core import drilltag
from amlmigrate.core.clock import moment, stamp
from amlmigrate.core.drilltag import DrillTag
from amlmigrate.core.errors import MigrateError, RefusedError
from amlmigrate.core.keys import key_id
from amlmigrate.drilling import restoring
from amlmigrate.drilling.measuring import PATIENCE_SECONDS
from amlmigrate.drilling.model import VersionEnd
from amlmigrate.drilling.port import DrillClock, DrilledVersion
from amlmigrate.drilling.stage import DrillOrder

# The command itself ends the drill at the limit: the watcher gives it so long, and looks no later than that.
GRACE_SECONDS = 5.0
_LOOK_SECONDS = 5.0
_AGAIN_SECONDS = 30.0
# A day of them.
_TRIES = 24 * 60 * 2
# The command disables the version in the first minutes, or not at all (`stage`): so long it is looked for.
_NOTED_WITHIN = timedelta(minutes=5)
# How its log says what a command says of itself and of the watcher.
_SAID = {
    VersionEnd.ENABLED: "enabled by this watcher",
    VersionEnd.BY_ANOTHER: "enabled by the command or somebody else",
}


@dataclass(frozen=True, slots=True)
class WatcherTask:
    """All that the watcher is told, on its standard input; there is no secret in it."""

    version: str
    vault_id: str
    drill: str
    until: str
    operator: str
    tenant: str | None = None
    client_id: str | None = None
    cloud: str = "AzureCloud"

    @property
    def order(self) -> DrillOrder:
        """Which drill it is. Raises ValueError."""
        until = moment(self.until)
        if until is None:
            raise ValueError(f"'{self.until}' is no time")
        return DrillOrder(self.drill, until, self.operator)

    @property
    def login(self) -> Login:
        """How the command signed in."""
        return Login(self.tenant, self.client_id, self.cloud)

    @property
    def text(self) -> str:
        """A line of JSON."""
        return json.dumps(asdict(self)) + "\n"

    @classmethod
    def of(cls, text: str) -> WatcherTask:
        """Reads it. Raises ValueError and TypeError."""
        found: dict[str, Any] = json.loads(text)
        return cls(**found)

    @classmethod
    def made(cls, version: str, vault_id: str, order: DrillOrder, login: Login) -> WatcherTask:
        """Of a drill."""
        until = stamp(order.until)
        return cls(
            version, vault_id, order.drill, until, order.operator, login.tenant, login.client_id, login.cloud
        )


async def tag(version: DrilledVersion, clock: DrillClock, order: DrillOrder) -> None:
    """Tags the version. Raises RefusedError where it is disabled, or bears the tag of a drill already."""
    found = await version.read()
    if drilltag.UNDER_WAY in found.tags:
        key = key_id(version.id)
        raise RefusedError(
            drilltag.told(found, clock.now()),
            address=version.id,
            remedy=f"End it first: {drilltag.restoring(key.key if key else version.id)}",
        )
    _refuse_disabled(found.enabled, version.id)
    mine = DrillTag(order.drill, order.until, order.operator, clock.now())
    made = await version.change(lambda: {**found.tags, drilltag.UNDER_WAY: mine.text}, enabled=None)
    _refuse_disabled(made.enabled, version.id)


def _refuse_disabled(enabled: bool, version_id: str) -> None:
    if not enabled:
        raise RefusedError(
            "The version is disabled already, and no drill enables what it did not disable.",
            address=version_id,
            remedy="Ask who disabled it, and why.",
        )


async def watch(
    version: DrilledVersion, clock: DrillClock, order: DrillOrder, tell: Callable[[str], None]
) -> VersionEnd:
    """Waits for the limit and ends the drill, as often as it takes; `tell` writes a line into the log."""
    noted = await _until_limit(version, clock, order)
    await clock.clock.sleep(GRACE_SECONDS)
    tell("the limit is reached: the drill is ended")
    end = VersionEnd.NOT_SHOWN
    # Tries are counted, not hours: a machine that sleeps tries nothing.
    for _ in range(_TRIES):
        end = await _ended(version, clock, order.drill, noted, tell)
        if end is not VersionEnd.NOT_SHOWN:
            break
        await clock.clock.sleep(_AGAIN_SECONDS)
    return end


async def _until_limit(version: DrilledVersion, clock: DrillClock, order: DrillOrder) -> dict[str, datetime]:
    """Waits; returns when the vault noted that the drill disabled the version, by the tag that it bore then.

    By that a change which somebody makes soon after is told from the drill's own, as the command tells it.
    """
    noted = dict[str, datetime]()
    began, wall = clock.now(), datetime.now(UTC)
    left = order.until - began
    # A machine that slept has a clock that stood still: that of the wall counts too.
    while clock.now() < order.until and datetime.now(UTC) - wall < left:
        remaining = (order.until - clock.now()).total_seconds()
        await clock.clock.sleep(max(0.0, min(_LOOK_SECONDS, remaining)))
        if clock.now() < began + _NOTED_WITHIN:
            await _note(version, order.drill, noted)
    return noted


async def _note(version: DrilledVersion, drill: str, noted: dict[str, datetime]) -> None:
    with suppress(Exception):
        async with asyncio.timeout(PATIENCE_SECONDS):
            found = await version.read()
        tag = drilltag.tag_of(found)
        own = tag is not None and tag.drill == drill and tag.disabled and not found.enabled
        if own and found.updated is not None:
            # A disabling that was sent again bears another tag.
            noted.setdefault(found.tags[drilltag.UNDER_WAY], found.updated)


async def _ended(
    version: DrilledVersion,
    clock: DrillClock,
    drill: str,
    noted: Mapping[str, datetime],
    tell: Callable[[str], None],
) -> VersionEnd:
    """One try. Whatever goes wrong in it, a bug as well, ends no watcher."""
    try:
        found = await version.read()
        when = noted.get(found.tags.get(drilltag.UNDER_WAY, ""))
        done = await restoring.end(version, clock, drill, when)
    except Exception as error:  # noqa: BLE001 - the version may be disabled, and the next try may enable it
        tell(f"{VersionEnd.NOT_SHOWN.value}. {error.summary if isinstance(error, MigrateError) else type(error)}")
        return VersionEnd.NOT_SHOWN
    tell(f"{_SAID.get(done.end, done.end.value)}. {done.note}".strip())
    return done.end
