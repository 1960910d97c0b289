"""Who of the target refers to a place is looked at when something is to be deleted, not when the run began."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from amlmigrate.cli import needing
from amlmigrate.cli.needing import Needing
from amlmigrate.core.workspace import Location

PLACE = Location("cmkacct", "t", "d/1")


async def test_it_is_looked_when_it_is_asked_and_again_once_that_is_a_while_ago(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock, users, looks = [100.0], [""], []

    async def look(self: Needing) -> Callable[[Location], str]:
        looks.append(clock[0])
        seen = users[0]
        return lambda _: seen

    monkeypatch.setattr(Needing, "_look", look)
    monkeypatch.setattr(needing.time, "monotonic", lambda: clock[0])
    nothing: Any = None
    asked = Needing(nothing, nothing, nothing, nothing)
    assert looks == [], "a run may copy for days before it deletes"
    assert [refers(PLACE) for refers in await asyncio.gather(*(asked.now() for _ in range(9)))] == [""] * 9
    assert looks == [100.0], "many steps share a look"
    users[0], clock[0] = "data/own/1", 161.0
    assert (await asked.now())(PLACE) == "data/own/1" and looks == [100.0, 161.0]
