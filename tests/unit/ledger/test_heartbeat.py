"""Whoever holds a plan says so as long as the work goes on, and ends it where the plan is another's."""

from __future__ import annotations

import asyncio

import pytest

from amlmigrate.core.errors import PlanLockedError
from amlmigrate.ledger import heartbeat


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "HEARTBEAT_SECONDS", 0.01)


async def test_it_beats_until_the_work_ends() -> None:
    beats: list[int] = []

    async def beat() -> None:
        beats.append(1)

    async with heartbeat.beating(beat, beats.clear):
        while len(beats) < 3:  # noqa: ASYNC110 - it is the beats that are waited for
            await asyncio.sleep(0.01)
    told = len(beats)
    await asyncio.sleep(0.1)
    assert len(beats) == told


async def test_work_that_has_lost_its_plan_ends_with_that_reason() -> None:
    task = asyncio.current_task()
    assert task

    async def beat() -> None:
        raise PlanLockedError("Another run has taken the plan over.")

    with pytest.raises(PlanLockedError, match="taken the plan over"):
        async with heartbeat.beating(beat, task.cancel):
            await asyncio.sleep(20)
    task.uncancel()
