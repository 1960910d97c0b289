"""Renewing the lease: what keeps it, what loses it at once, what only may pass, and how the work ends."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.builders.clocks import Clock
from tests.unit.leasing.leased import PLACE, LeasedBlob, said

from amlmigrate.cloud.errors import OutOfReachError
from amlmigrate.cloud.fence import KEPT_SECONDS, Fence
from amlmigrate.core.errors import LeaseLostError
from amlmigrate.core.lease import SECONDS
from amlmigrate.leasing import keeping
from amlmigrate.leasing.keeping import AGAIN_SECONDS, RENEW_SECONDS, Keeper

OUT = OutOfReachError("no answer", method="PUT", url="https://acct/c/lease")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def fence(clock: Clock) -> Fence:
    fence = Fence(clock)
    fence.kept(clock.at, "https://acct/c/lease")
    return fence


def keeper(blob: LeasedBlob, fence: Fence) -> Keeper:
    leases: Any = blob
    return Keeper(leases, PLACE, "mine", fence)


async def test_it_is_renewed_as_often_as_is_documented(fence: Fence) -> None:
    told = (Path(__file__).parents[3] / "docs/explanation/how-a-resume-works.md").read_text()
    assert f"| every {RENEW_SECONDS:g} s | it is renewed; after a failure every {AGAIN_SECONDS:g} s |" in told
    assert f"| {KEPT_SECONDS:g} s without a renewal | no changing request" in told
    assert f"| {SECONDS} s without a renewal | Azure gives the lease to whoever asks |" in told
    assert await keeper(LeasedBlob(id_="mine"), fence)._renew() < KEPT_SECONDS < SECONDS


async def test_a_renewal_keeps_the_fence_open_from_when_it_was_sent(clock: Clock, fence: Fence) -> None:
    blob = LeasedBlob(id_="mine")
    served = blob.renew

    async def slowly(*arguments: Any) -> None:
        clock.at += 5
        await served(*arguments)

    blob.renew = slowly  # type: ignore[method-assign]  # what is slow is the service
    clock.at += 30
    assert await keeper(blob, fence)._renew() == RENEW_SECONDS
    clock.at = 1030 + KEPT_SECONDS - 0.1
    fence.check("PUT")
    clock.at = 1030 + KEPT_SECONDS
    with pytest.raises(LeaseLostError):
        fence.check("PUT")


@pytest.mark.parametrize("status", [404, 409, 412])
async def test_what_says_that_it_is_gone_loses_it_at_once(status: int, fence: Fence) -> None:
    blob = LeasedBlob(id_="mine")
    blob.errors["renew"] = [said(status, "LeaseIdMismatchWithLeaseOperation")]
    assert await keeper(blob, fence)._renew() == AGAIN_SECONDS
    assert fence.lost is not None and "somebody broke it" in fence.lost.summary


@pytest.mark.parametrize("error", [said(403, "AuthorizationFailure"), said(500, "InternalError"), OUT])
async def test_what_may_pass_is_asked_again_and_told_once_it_was_too_long(
    error: Exception, clock: Clock, fence: Fence
) -> None:
    blob = LeasedBlob(id_="mine")
    blob.errors["renew"] = [error, error]
    assert await keeper(blob, fence)._renew() == AGAIN_SECONDS < RENEW_SECONDS < KEPT_SECONDS
    assert fence.lost is None
    clock.at += KEPT_SECONDS - 0.1
    blob.errors["renew"] = [error]
    late = keeper(blob, fence)
    renew = blob.renew

    async def past(*arguments: Any) -> None:
        clock.at += 0.1
        await renew(*arguments)

    blob.renew = past  # type: ignore[method-assign]  # as above
    await late._renew()
    assert fence.lost is not None and str(error) in fence.lost.summary


async def test_one_that_comes_too_late_asks_nothing(clock: Clock, fence: Fence) -> None:
    """As after a stop of the process: by then the lease may be somebody else's."""
    blob = LeasedBlob(id_="mine")
    clock.at += KEPT_SECONDS
    assert await keeper(blob, fence)._renew() == 0.0
    assert blob.calls == [] and fence.lost is not None


@pytest.fixture
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "RENEW_SECONDS", 0.01)
    monkeypatch.setattr(keeping, "AGAIN_SECONDS", 0.01)


@pytest.mark.usefixtures("quickly")
async def test_the_work_goes_on_while_it_is_renewed_and_no_longer_afterwards(fence: Fence) -> None:
    blob = LeasedBlob(id_="mine")
    async with keeper(blob, fence).keeping():
        async with asyncio.timeout(5):
            await blob.came(3)
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "lease"], "nothing is left under way"
    renewed = len(blob.calls)
    await asyncio.sleep(0.05)
    assert len(blob.calls) == renewed and fence.lost is None


@pytest.mark.usefixtures("quickly")
async def test_the_work_ends_as_soon_as_it_is_lost(fence: Fence) -> None:
    blob = LeasedBlob(id_="theirs")
    with pytest.raises(LeaseLostError) as raised:
        async with keeper(blob, fence).keeping():
            await asyncio.sleep(60)
    assert raised.value is fence.lost and blob.calls == ["renew"]
    task = asyncio.current_task()
    assert task is not None and not task.cancelling()


async def test_work_that_ended_before_it_was_told_fails_all_the_same(fence: Fence) -> None:
    with pytest.raises(LeaseLostError):
        async with keeper(LeasedBlob(id_="mine"), fence).keeping():
            fence.lose("somebody broke it")


@pytest.mark.usefixtures("quickly")
async def test_a_signal_goes_first(fence: Fence) -> None:
    """Whoever was cancelled by a signal ends by that, though the lease was lost in the same moment."""
    both = LeasedBlob(id_="theirs")

    async def work() -> None:
        async with keeper(both, fence).keeping():
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                task.cancel()
                raise

    task = asyncio.create_task(work())
    with pytest.raises(asyncio.CancelledError):
        await task
    assert fence.lost is not None


async def test_a_signal_alone_is_one(fence: Fence) -> None:
    async def work() -> None:
        async with keeper(LeasedBlob(id_="mine"), fence).keeping():
            await asyncio.sleep(60)

    task = asyncio.create_task(work())
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert fence.lost is None
