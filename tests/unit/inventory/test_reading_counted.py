"""How far the reading of both workspaces is: each list counts, from the first one on."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from tests.builders.clocks import Clock

from amlmigrate.cli.views import figures
from amlmigrate.cli.views.human import HumanView
from amlmigrate.core.metering import Amount, Meter, both_sides
from amlmigrate.core.run_progress import RunReading
from amlmigrate.inventory.listing import scan

PORT: Any = SimpleNamespace(ref=SimpleNamespace(name="ws"))


class Kind:
    """A kind whose list is given once it is let go."""

    def __init__(self, name: str, parent: str = "", error: Exception | None = None) -> None:
        self.name, self.parent, self._error = name, parent, error
        self.begun, self.given = asyncio.Event(), asyncio.Event()

    async def scan(self, *_: object) -> list[Any]:
        self.begun.set()
        await self.given.wait()
        if self._error:
            raise self._error
        return []


async def test_lists_of_both_sides_count_as_they_are_read() -> None:
    clock = Clock(10.0)
    meter = Meter(0, Amount(), now=clock)
    old, new = both_sides(meter)
    above, below, other = Kind("a"), Kind("a/b", "a"), Kind("a")
    work = asyncio.gather(
        scan([above, below], PORT, reading=old),  # type: ignore[list-item]  # stand-ins: they have what is asked of them
        scan([other], PORT, reading=new),  # type: ignore[list-item]  # stand-ins: they have what is asked of them
    )
    await asyncio.gather(above.begun.wait(), other.begun.wait())
    clock.at += 3
    found = meter.snapshot()
    assert (found.items, found.all_items, found.left) == (0, 3, None)
    # What waits for another list is not under way.
    assert dict(found.under_way) == {"a of the source": 3.0, "a of the target": 3.0}
    above.given.set()
    await below.begun.wait()
    clock.at += 1
    assert figures.figures(meter.snapshot(), "lists") == "1 of 3 lists, about 8 s left, 0:04"
    below.given.set()
    other.given.set()
    await work
    found = meter.snapshot()
    assert (found.items, found.all_items, found.under_way) == (3, 3, ())


async def test_a_list_that_fails_is_not_done_and_not_under_way() -> None:
    meter = Meter(0, Amount())
    kind = Kind("a", error=ValueError("no"))
    kind.given.set()
    with pytest.raises(ValueError, match="no"):
        await scan([kind], PORT, reading=both_sides(meter)[0])  # type: ignore[list-item]  # stand-ins: they have what is asked of them
    assert (meter.snapshot().items, meter.snapshot().under_way) == (0, ())


def test_something_is_shown_before_anything_was_read(capsys: pytest.CaptureFixture[str]) -> None:
    view = HumanView()
    view.event(RunReading(Meter(0, Amount())))
    view.close()
    assert capsys.readouterr().err == "Reading both workspaces: 0:00\n"
