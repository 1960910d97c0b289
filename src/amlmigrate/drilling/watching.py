"""What the watcher does: it tags the version, says that it is ready, and ends the drill at the limit.

It signs in by itself, as the command did, and tags the version by the right that enabling it takes: so it is
shown to have a token and the right before anything is disabled.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from amlmigrate.cloud.credentials import Login
from amlmigrate.core import drilltag
from amlmigrate.core.clock import moment
from amlmigrate.core.drilltag import DrillTag
from amlmigrate.core.errors import RefusedError
from amlmigrate.core.keys import key_id
from amlmigrate.drilling import restoring
from amlmigrate.drilling.model import VersionEnd
from amlmigrate.drilling.port import DrillClock, DrilledVersion
from amlmigrate.drilling.stage import DrillOrder

# The command itself ends the drill at the limit: the watcher gives it so long, and looks no later than that.
GRACE_SECONDS = 5.0
_LOOK_SECONDS = 5.0
_AGAIN_SECONDS = 30.0
_TRIES_FOR = timedelta(days=1)


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
        until = order.until.astimezone(UTC).isoformat(timespec="seconds")
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
    began, wall = clock.now(), datetime.now(UTC)
    left = order.until - began
    # A machine that slept has a clock that stood still: that of the wall counts too.
    while clock.now() < order.until and datetime.now(UTC) - wall < left:
        remaining = (order.until - clock.now()).total_seconds()
        await clock.clock.sleep(max(0.0, min(_LOOK_SECONDS, remaining)))
    await clock.clock.sleep(GRACE_SECONDS)
    tell("the limit is reached: the drill is ended")
    last = clock.now() + _TRIES_FOR
    while True:
        found = await restoring.end(version, clock, order.drill)
        tell(f"{found.end.value}. {found.note}".strip())
        if found.end is not VersionEnd.NOT_SHOWN or clock.now() > last:
            return found.end
        await clock.clock.sleep(_AGAIN_SECONDS)
