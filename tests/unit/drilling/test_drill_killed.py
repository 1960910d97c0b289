"""A command that is killed at any of its calls, and a watcher that is killed with it: the tag is enough."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from drilled import World

from amlmigrate.core.drilltag import UNDER_WAY
from amlmigrate.core.keys import KeyVersion
from amlmigrate.drilling import restoring, watching
from amlmigrate.drilling.model import VersionEnd


class KilledError(BaseException):
    """The process ends here: nothing of it runs any more."""


class Mortal:
    """Counts the calls of a version, and ends the process before or after one of them."""

    def __init__(self, world: World, at: int, *, after: bool) -> None:
        self.calls, self._at, self._after = 0, at, after
        self._read, self._change = world.vault.read, world.vault.change
        world.vault.read = self.read  # the same, until the process ends
        world.vault.change = self.change  # likewise

    async def read(self) -> KeyVersion:
        return await self._made(self._read)

    async def change(self, *args: Any, **more: Any) -> KeyVersion:
        return await self._made(lambda: self._change(*args, **more))

    async def _made(self, call: Callable[[], Any]) -> KeyVersion:
        self.calls += 1
        if self.calls == self._at and not self._after:
            raise KilledError
        made: KeyVersion = await call()
        if self.calls == self._at:
            raise KilledError
        return made


async def counted() -> int:
    """How many calls a whole drill makes."""
    mortal = Mortal(world := World(), 0, after=False)
    await world.drill()
    return mortal.calls


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("by", ["watcher", "anybody"])
async def test_a_kill_at_each_call_is_settled_by_the_tag(by: str, after: bool) -> None:
    calls, ends = await counted(), set[VersionEnd]()
    assert calls >= 8
    for at in range(1, calls + 1):
        world = World()
        mortal = Mortal(world, at, after=after)
        with pytest.raises(KilledError):
            await world.drill()
        assert mortal.calls == at
        disabled = "disable" in world.vault.done
        vault = world.vault
        if by == "watcher":
            order = watching.DrillOrder("d1", world.time.today(), "")
            end = await watching.watch(vault, world.time.clock, order, lambda _: None)
        else:
            end = (await restoring.end(vault, world.time.clock)).end
        assert vault.now.enabled and UNDER_WAY not in vault.now.tags, f"killed {at}: {vault.now}"
        assert (end is VersionEnd.NOT_DISABLED) <= (not disabled)
        ends.add(end)
    assert {VersionEnd.ENABLED, VersionEnd.NOT_DISABLED} <= ends
