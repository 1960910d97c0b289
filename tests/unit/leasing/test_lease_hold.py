"""The lease around the work of a command: under which id it is asked for, and how it is given up."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import pytest
from tests.builders.world import plan, step
from tests.unit.leasing.leased import CONTAINER, OTHER, PLACE, URL, LeasedBlob, said

from amlmigrate.cloud.errors import OutOfReachError
from amlmigrate.cloud.fence import Fence
from amlmigrate.core.errors import DeniedError, LeaseLostError, PlanLockedError, RefusedError
from amlmigrate.core.events import TypedEvent
from amlmigrate.core.lease import Holder
from amlmigrate.core.workspace import Location
from amlmigrate.leasing import hold
from amlmigrate.ledger import Ledger, leased

PLAN = plan(step("models/m/1"))
OUT = OutOfReachError("no answer", method="PUT", url=URL)


@dataclass
class World:
    """A plan's folder, and the blob of its target's lease."""

    ledger: Ledger
    blob: LeasedBlob = field(default_factory=LeasedBlob)
    fence: Fence = field(default_factory=Fence)
    container: Location | None = CONTAINER
    forced: bool = False
    events: list[TypedEvent] = field(default_factory=list)

    @asynccontextmanager
    async def held(self) -> Any:
        async def default_container() -> Location | None:
            return self.container

        target = SimpleNamespace(
            leases=self.blob, workspace=lambda _: SimpleNamespace(default_container=default_container)
        )
        clouds: Any = SimpleNamespace(target=target, fence=self.fence)
        lock: Any = SimpleNamespace(forced=self.forced)
        async with hold.held(clouds, PLAN, self.ledger, lock, "run", self.events.append) as lease:
            yield lease

    async def refused(self, error: type[Exception]) -> Exception:
        """The work never begins."""
        with pytest.raises(error) as raised:
            async with self.held():
                raise AssertionError("the work began")
        return raised.value

    def ask(self, **other: str) -> str:
        """An earlier process of this folder has asked for the lease."""
        here = {"host": socket.gethostname(), "folder": str(self.ledger.path.parent.resolve())}
        asked = leased.LeaseRequest("before", PLACE.account, PLACE.container, **here)
        leased.note(self.ledger, replace(asked, **other))
        return asked.id


@pytest.fixture
def world(ledger: Ledger) -> World:
    return World(ledger)


async def test_it_is_held_for_the_work_and_given_up_after_it(world: World) -> None:
    async with world.held() as lease:
        asked = leased.asked(world.ledger)
        assert asked is not None and asked.on(PLACE, socket.gethostname(), str(world.ledger.path.parent.resolve()))
        assert world.blob.id == lease.id == asked.id
        holder = Holder.of(world.blob.metadata)
        assert holder == lease.holder and holder is not None
        assert (holder.command, holder.plan, holder.host) == ("run", PLAN.header.name, socket.gethostname())
        assert world.fence._until is not None
    assert world.blob.id == "" and world.blob.data == b""
    assert leased.asked(world.ledger) is None and world.fence._until is None
    assert world.events == []


async def test_the_id_is_recorded_before_azure_hears_of_it(world: World) -> None:
    seen: list[str] = []
    served = world.blob.acquire

    async def acquire(place: Location, id_: str, sent: Any) -> None:
        asked = leased.asked(world.ledger)
        seen.append(asked.id if asked else "")
        await served(place, id_, sent)

    world.blob.acquire = acquire  # type: ignore[method-assign]  # looks at the ledger when it is called
    async with world.held() as lease:
        assert seen == [lease.id]


async def test_an_id_is_used_once(world: World) -> None:
    async with world.held() as first:
        pass
    async with world.held() as second:
        assert second.id != first.id


@pytest.mark.parametrize(
    ("other", "forced", "same"),
    [
        ({}, False, True),
        ({}, True, False),
        ({"host": "other"}, False, False),
        ({"folder": "/other"}, False, False),
        ({"account": "other"}, False, False),
        ({"container": "other"}, False, False),
    ],
    ids=["gone", "forced", "other host", "other folder", "other account", "other container"],
)
async def test_the_id_of_a_dead_process_of_this_folder_alone_is_gone_on_with(
    other: dict[str, str], forced: bool, same: bool, world: World
) -> None:
    before = world.ask(**other)
    world.forced = forced
    world.blob.id = before if same else ""
    async with world.held() as lease:
        assert (lease.id == before) is same
        asked = leased.asked(world.ledger)
        assert asked is not None and asked.id == lease.id


async def test_somebody_elses_is_left_alone(world: World) -> None:
    """Nothing is released: the ledger keeps the id, under which this folder may ask again."""
    world.blob.id, world.blob.metadata = "theirs", OTHER.metadata()
    await world.refused(PlanLockedError)
    assert world.blob.id == "theirs" and "release" not in world.blob.calls
    assert leased.asked(world.ledger) is not None


async def test_what_may_have_been_taken_is_given_up_without_a_word(world: World) -> None:
    """It was taken, and who has it could not be written down."""
    world.blob.errors["describe"] = [said(403, "AuthorizationPermissionMismatch")]
    world.blob.errors["release"] = [said(500, "InternalError")]
    await world.refused(DeniedError)
    assert world.blob.calls[-1] == "release" and world.events == []
    assert leased.asked(world.ledger) is not None
    world.blob.errors["describe"] = [said(403, "AuthorizationPermissionMismatch")]
    await world.refused(DeniedError)
    assert world.blob.id == "" and leased.asked(world.ledger) is None


async def test_without_a_default_container_there_is_no_lease(world: World) -> None:
    world.container = None
    refused: Any = await world.refused(RefusedError)
    assert (
        "no default container" in refused.summary
        and refused.address == PLAN.header.target_ref.id
        and world.blob.calls == []
    )


async def test_a_failure_of_the_work_gives_it_up_and_is_told(world: World) -> None:
    with pytest.raises(ValueError, match="mine"):
        async with world.held():
            raise ValueError("mine")
    assert world.blob.id == "" and leased.asked(world.ledger) is None


@pytest.mark.parametrize(
    "error", [said(500, "InternalError"), said(403, "AuthorizationFailure"), OUT, TimeoutError()]
)
async def test_that_it_could_not_be_given_up_is_told_and_hides_nothing(error: Exception, world: World) -> None:
    world.blob.errors["release"] = [error]
    with pytest.raises(ValueError, match="mine"):
        async with world.held():
            raise ValueError("mine")
    (event,) = world.events
    assert event.name == "lease.kept" and event.data["address"] == URL
    assert event.data["reason"] == (str(error) or "no answer") and event.data["until"]
    assert leased.asked(world.ledger) is not None, "the same folder goes on under that id"
    assert world.fence._until is None


@pytest.mark.parametrize("status", [404, 409])
async def test_what_is_nobodys_or_anothers_by_now_is_not_told_as_kept(status: int, world: World) -> None:
    async with world.held():
        world.blob.errors["release"] = [said(status, "LeaseNotPresentWithLeaseOperation")]
    assert world.events == [] and world.fence._until is None


async def test_a_lost_lease_is_not_told_as_kept(world: World) -> None:
    world.blob.errors["release"] = [said(500, "InternalError")]
    with pytest.raises(LeaseLostError):
        async with world.held():
            world.fence.lose("somebody broke it")
    assert world.events == []


async def test_what_does_not_answer_does_not_hold_up_the_end(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hold, "_RELEASE_SECONDS", 0.02)

    async def never(*_: Any) -> None:
        await asyncio.sleep(60)

    world.blob.release = never  # type: ignore[method-assign]  # a service that does not answer
    async with asyncio.timeout(5), world.held():
        pass
    assert [event.data["reason"] for event in world.events] == ["no answer"]


async def test_a_blob_that_nobody_needs_any_more_is_deleted(world: World) -> None:
    async with world.held() as lease:
        assert await lease.record() == {}
        await lease.change({"cutover": {"x": 1}})
        assert (await lease.record())["cutover"] == {"x": 1}
        lease.remove()
    assert world.blob.data is None and "release" not in world.blob.calls
    assert leased.asked(world.ledger) is None


async def test_one_that_was_lost_is_not_deleted(world: World) -> None:
    """It is somebody else's by now, with what they wrote there."""
    with pytest.raises(LeaseLostError):
        async with world.held() as lease:
            lease.remove()
            world.fence.lose("somebody broke it")
    assert "remove" not in world.blob.calls


async def test_an_unexpected_failure_of_the_end_is_one(world: World) -> None:
    world.blob.errors["release"] = [ValueError("a bug")]
    with pytest.raises(ValueError, match="a bug"):
        async with world.held():
            pass
    assert world.fence._until is None
