"""A version of a key, the process that watches it and what is under it, as tests of drills take them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.builders.errors import refusal

from amlmigrate.core.clock import Clock
from amlmigrate.core.drilltag import UNDER_WAY, DrillTag
from amlmigrate.core.events import TypedEvent
from amlmigrate.core.keys import KeyVersion
from amlmigrate.drilling import stage
from amlmigrate.drilling.measuring import Probe
from amlmigrate.drilling.model import DrillOutcome, DrillRequest
from amlmigrate.drilling.port import DrillClock
from amlmigrate.drilling.stage import DrillOrder, DrillPort
from amlmigrate.drilling.watching import tag
from amlmigrate.keys import profiles
from amlmigrate.keys.model import KeyInUse, KeyName
from amlmigrate.posture.reading import Read

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
VAULT = "https://kv.vault.azure.net"
KEY = f"{VAULT}/keys/cmk"
VERSION = f"{KEY}/{'a' * 32}"
GROUP = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg"
VAULT_ID = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv"
ME = "11111111-0000-4000-8000-000000000001"
ORDER = DrillOrder("d1", NOW + timedelta(hours=2), ME)


class Time:
    """A clock that goes on as it is slept by."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.then: list[tuple[float, Callable[[], None]]] = []

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        for one in [one for one in self.then if one[0] <= self.seconds]:
            self.then.remove(one)
            one[1]()

    def today(self) -> datetime:
        return NOW + timedelta(seconds=self.seconds)

    @property
    def clock(self) -> DrillClock:
        return DrillClock(self.today, Clock(lambda: self.seconds, self.sleep, self.today))


def tagged(drill: str = "d1", *, disabled: bool = True, at: datetime = NOW, until: datetime | None = None) -> str:
    """The value of the tag of a drill."""
    return DrillTag(drill, until or ORDER.until, ME, at, disabled).text


def version(*, enabled: bool = True, updated: datetime | None = NOW, **tags: str) -> KeyVersion:
    """The version, with these tags; `drill` stands for the tag of one that is under way."""
    named = {UNDER_WAY if name == "drill" else name: value for name, value in tags.items()}
    return KeyVersion(VERSION, enabled, NOW - timedelta(days=9), None, None, named, updated)


@dataclass
class Vault:
    """One version that can be read and changed; what is in `answers` comes in the place of an answer.

    By the number of the change, beginning with 1: an error, and whether the change is made all the same.
    """

    time: Time
    now: KeyVersion = field(default_factory=version)
    answers: dict[int, tuple[Exception, bool]] = field(default_factory=dict)
    unread: list[Exception] = field(default_factory=list)
    stale: list[KeyVersion] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    more: list[KeyVersion] = field(default_factory=list)
    unlisted: Exception | None = None

    async def siblings(self) -> list[KeyVersion]:
        if self.unlisted:
            raise self.unlisted
        return [*self.more, self.now]

    @property
    def id(self) -> str:
        return VERSION

    async def read(self) -> KeyVersion:
        if self.unread:
            raise self.unread.pop(0)
        return self.stale.pop(0) if self.stale else self.now

    async def change(
        self, tags: Callable[[], Mapping[str, str]], *, enabled: bool | None, first: Any = None
    ) -> KeyVersion:
        if first:
            await first()
        self.done.append({None: "tag", True: "enable", False: "disable"}[enabled])
        told = dict(tags())
        error, made = self.answers.pop(len(self.done), (None, True))
        if made:
            self.somebody(enabled=self.now.enabled if enabled is None else enabled, tags=told)
        if error:
            raise error
        return self.now

    def somebody(self, **change: Any) -> None:
        """Anybody changes it, now."""
        self.now = replace(self.now, **change, updated=self.time.today())


@dataclass
class Watcher:
    """The process: alive until it is stopped, or dies."""

    there: bool = True
    stopped: bool = False

    def alive(self) -> bool:
        return self.there

    async def stop(self) -> None:
        self.stopped, self.there = True, False


@dataclass
class World:
    """A drill of a version with one thing under the key, which notices after `notices` seconds."""

    time: Time = field(default_factory=Time)
    notices: float = 0.0
    watcher: Watcher = field(default_factory=Watcher)
    stop: bool = False
    told: list[TypedEvent] = field(default_factory=list)
    unable: Exception | None = None

    def __post_init__(self) -> None:
        self.vault = Vault(self.time)
        self._state, self._since = True, 0.0

    async def ask(self) -> None:
        """What the thing under the key answers: by the state of the version so many seconds ago."""
        if self.vault.now.enabled != self._state and self.time.seconds - self._changed >= self.notices:
            self._state = self.vault.now.enabled
        if not self._state:
            raise refusal(403, "KeyVaultEncryptionKeyNotFound", url="https://acct.blob.core.windows.net/c/b")

    @property
    def _changed(self) -> float:
        updated = self.vault.now.updated
        return (updated - NOW).total_seconds() if updated else 0.0

    def probe(self, ask: Any = None, **more: Any) -> Probe:
        return Probe("/acct", "storage account", "acct", "read a blob", ask or self.ask, **more)

    async def watch(self, order: DrillOrder) -> Watcher:
        if self.unable:
            raise self.unable
        await tag(self.vault, self.time.clock, order)
        return self.watcher

    @property
    def port(self) -> DrillPort:
        return DrillPort(self.vault, self.time.clock, self.watch, self.told.append, lambda: self.stop)

    async def drill(
        self, *probes: Probe, limit: timedelta = timedelta(hours=2), under: KeyInUse | None = None
    ) -> DrillOutcome:
        """The whole of it."""
        asked = request(limit=limit, key=under or key())
        watched = await stage.prepared(probes or (self.probe(),), KEY)
        order = replace(ORDER, until=self.time.today() + limit)
        return await stage.carry_out(self.port, asked, order, watched)


def key(*versions: KeyVersion, **more: Any) -> KeyInUse:
    """The key with its versions."""
    made = KeyInUse(
        KeyName(VAULT, "cmk"), VAULT_ID, profiles.default(), (), versions=Read(versions or (version(),))
    )
    return replace(made, **more)


def request(**more: Any) -> DrillRequest:
    """A drill of the version for two hours."""
    return replace(DrillRequest(key(), version(), timedelta(hours=2), NOW), **more)
