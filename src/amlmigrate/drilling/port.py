"""What a drill needs of Azure and of this machine; tests put something else in its place."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from amlmigrate.cloud.session import Side
from amlmigrate.core.clock import Clock, lasting
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.keys import KeyVersion
from amlmigrate.keys.model import KeyName

Before = Callable[[], Awaitable[object]]
Tags = Callable[[], Mapping[str, str]]


class DrilledVersion(Protocol):
    """One version of a key in its vault."""

    @property
    def id(self) -> str:
        """Its identifier."""
        ...

    async def read(self) -> KeyVersion:
        """As it is now. Raises ServiceError, OutOfReachError, DeniedError, and BadInputError where it is gone."""
        ...

    async def siblings(self) -> Sequence[KeyVersion]:
        """All versions of its key, itself among them. Raises as `read` does."""
        ...

    async def change(self, tags: Tags, *, enabled: bool | None, first: Before | None = None) -> KeyVersion:
        """Other tags in place of all that it has and, unless None, that state; `first` before each attempt."""
        ...


@dataclass(frozen=True, slots=True)
class VaultVersion:
    """A version as the vault's data plane has it.

    It is read by the list of versions: that shows a disabled one too (AZ-KEY-38).
    """

    side: Side
    key: KeyName
    id: str

    async def read(self) -> KeyVersion:
        """As it is now."""
        for one in await self.siblings():
            if one.id.lower() == self.id.lower():
                return one
        raise BadInputError(
            "The vault does not list that version of the key.",
            address=self.id,
            remedy="Look whether the key was deleted: az keyvault key list-deleted --vault-name "
            f"{self.key.vault_name}",
        )

    async def siblings(self) -> Sequence[KeyVersion]:
        """As the vault lists them."""
        return await self.side.vaults.versions(self.key.vault, self.key.name)

    async def change(self, tags: Tags, *, enabled: bool | None, first: Before | None = None) -> KeyVersion:
        """One call of the vault."""
        more = {"first": first} if first else {}
        return await self.side.vaults.change(self.id, tags, enabled=enabled, **more)


class Watching(Protocol):
    """A watcher that is under way: a process that enables the version at the limit."""

    def alive(self) -> bool:
        """Whether it is there."""
        ...

    async def stop(self) -> None:
        """Ends it: the version was seen enabled."""
        ...


@dataclass(frozen=True, slots=True)
class DrillClock:
    """Azure's time of day, and seconds that only grow."""

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    clock: Clock = field(default_factory=Clock)


def clock_of(side: Side) -> DrillClock:
    """Azure's clock where ARM has told it, else this machine's; a machine that sleeps stops neither."""
    return DrillClock(lambda: side.arm.service_clock.now() or datetime.now(UTC), Clock(lasting))
