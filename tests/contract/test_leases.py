"""The lease through the client: what the service does with one blob's lease, and what the tool makes of that."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobClient, BlobLeaseClient
from tests.acceptance.world import LEASE, World, make_world
from tests.builders import fault
from tests.builders.world import header, plan, step

from amlmigrate.cloud import fence as fences
from amlmigrate.cloud import retrying
from amlmigrate.cloud.credentials import Login
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.session import Logins, Session
from amlmigrate.core.errors import (
    BadInputError,
    DeniedError,
    ExitCode,
    LeaseLostError,
    MigrateError,
    PlanLockedError,
    RefusedError,
)
from amlmigrate.core.events import TypedEvent
from amlmigrate.core.plan import Plan
from amlmigrate.core.workspace import Location
from amlmigrate.leasing import keeping, looking, record
from amlmigrate.leasing.hold import Lease, held
from amlmigrate.ledger import Ledger, leased
from amlmigrate.ledger.lock import Lock

TAKING = {"method": "PUT", "path": LEASE, "query": "comp=lease"}
NAMING = {"method": "PUT", "path": LEASE, "query": "comp=metadata"}


@pytest.fixture(scope="module")
def made(sandbox: Any, tmp_path_factory: pytest.TempPathFactory) -> World:
    """One pair for a module; each test finds no lease on it."""
    return make_world(sandbox, tmp_path_factory.mktemp("leases"))


@pytest.fixture
def world(made: World, azure_env: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(retrying, "_wait", lambda _: 0.0)
    yield made
    made.set_faults()
    client = blob(made)
    if client.exists():
        if client.get_blob_properties().lease.status == "locked":
            BlobLeaseClient(client).break_lease(0)
        client.delete_blob()


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """A twentieth of the times."""
    monkeypatch.setattr(fences, "KEPT_SECONDS", 2.0)
    monkeypatch.setattr(keeping, "RENEW_SECONDS", 0.2)
    monkeypatch.setattr(keeping, "AGAIN_SECONDS", 0.1)


def blob(world: World) -> BlobClient:
    """The lease's blob, with the account's key."""
    return world.container_client("target").get_blob_client(LEASE)


def pair(world: World) -> Plan:
    """A plan of the pair."""
    sides = {
        which: {
            "id": world.documents[which]["id"],
            "workspaceId": world.documents[which]["properties"]["workspaceId"],
        }
        for which in ("source", "target")
    }
    found = plan(step("models/m/1"))
    return Plan(header(**sides), found.steps, found.sha256)


class Told(list[TypedEvent]):
    """The events that were told."""

    def __call__(self, event: TypedEvent) -> None:
        self.append(event)


Work = Callable[[Session, Lease], Awaitable[Any]]


@asynccontextmanager
async def connected() -> AsyncIterator[Session]:
    """A session whose connections have closed when the loop does."""
    async with Session(Logins(Login(), Login())) as clouds:
        yield clouds
    await asyncio.sleep(0.1)


async def _nothing(_: Session, __: Lease) -> None:
    """Work that changes nothing."""


def _ledger(folder: Path) -> Ledger:
    folder.mkdir(exist_ok=True)
    return Ledger(folder)


@asynccontextmanager
async def holding(
    world: World, folder: Path, *, force: bool = False, told: Told | None = None
) -> AsyncIterator[tuple[Session, Lease]]:
    """Holds the lease as a command does."""
    emit = Told() if told is None else told
    with _ledger(folder) as ledger:
        ledger.bind(pair(world))
        with Lock(ledger, force=force) as lock:
            async with connected() as clouds, held(clouds, pair(world), ledger, lock, "run", emit) as lease:
                yield clouds, lease


async def hold(world: World, folder: Path, work: Work = _nothing, **more: Any) -> None:
    """Does some work with the lease."""
    async with holding(world, folder, **more) as (clouds, lease):
        await work(clouds, lease)


def asked(folder: Path) -> leased.LeaseRequest | None:
    """What the ledger of a folder says."""
    with Ledger(folder) as ledger:
        return leased.asked(ledger)


def status(world: World) -> str:
    """`locked` or `unlocked`."""
    return str(blob(world).get_blob_properties().lease.status)


# The service: the outcomes that learn.microsoft.com/rest/api/storageservices/lease-blob has for its operations.


def _code(call: Callable[[], Any]) -> str:
    with pytest.raises(HttpResponseError) as raised:
        call()
    return f"{raised.value.status_code} {getattr(raised.value.error_code, 'value', raised.value.error_code)}"


def test_the_local_service_answers_as_azure_does(world: World) -> None:
    client, mine, theirs = blob(world), str(uuid.uuid4()), str(uuid.uuid4())
    assert _code(lambda: BlobLeaseClient(client, mine).acquire(60)) == "404 BlobNotFound"
    client.upload_blob(b"")
    before = client.get_blob_properties()
    lease, other = BlobLeaseClient(client, mine), BlobLeaseClient(client, theirs)
    assert _code(lease.renew) == "409 LeaseIdMismatchWithLeaseOperation"
    lease.acquire(60)
    lease.acquire(60)
    lease.renew()
    assert _code(lambda: BlobLeaseClient(client, theirs).acquire(60)) == "409 LeaseAlreadyPresent"
    assert _code(other.renew) == "409 LeaseIdMismatchWithLeaseOperation"
    assert _code(other.release) == "409 LeaseIdMismatchWithLeaseOperation"
    after = client.get_blob_properties()
    assert (after.etag, after.last_modified) == (before.etag, before.last_modified)
    assert (after.lease.status, after.lease.state, after.lease.duration) == ("locked", "leased", "fixed")
    assert _code(lambda: client.set_blob_metadata({"a": "b"})) == "412 LeaseIdMissing"
    assert _code(client.delete_blob) == "412 LeaseIdMissing"
    mismatch = "412 LeaseIdMismatchWithBlobOperation"
    assert _code(lambda: client.set_blob_metadata({"a": "b"}, lease=theirs)) == mismatch
    assert lease.break_lease(20) > 0
    assert _code(lambda: BlobLeaseClient(client, mine).acquire(60)) == "409 LeaseIsBreakingAndCannotBeAcquired"
    assert _code(lambda: BlobLeaseClient(client, theirs).acquire(60)) == "409 LeaseAlreadyPresent"
    assert _code(lease.renew) == "409 LeaseIsBrokenAndCannotBeRenewed"
    lease.break_lease(0)
    assert client.get_blob_properties().lease.state == "broken"
    other.acquire(60)
    other.change(mine)
    lease.renew()
    lease.release()
    assert client.get_blob_properties().lease.state == "available"


# Holding it.


async def test_who_has_it_stands_in_the_ledger_before_and_in_the_blob_while(world: World, tmp_path: Path) -> None:
    async with holding(world, tmp_path / "one") as (clouds, lease):
        known = asked(tmp_path / "one")
        assert known and known.id == lease.id and known.folder == str((tmp_path / "one").resolve())
        assert await asyncio.to_thread(status, world) == "locked"
        found = await clouds.target.leases.state(lease.place)
        assert found.held and found.holder == lease.holder and not found.endless
        listed, tagged = await clouds.target.blobs.listing(Location(lease.place.account, lease.place.container))
        assert (list(listed), tagged) == ([], True)
    assert asked(tmp_path / "one") is None and status(world) == "unlocked"


async def test_a_folder_with_signs_of_every_kind_in_its_name_is_told_as_it_is(
    world: World, tmp_path: Path
) -> None:
    folder = tmp_path / "ümläut 日本 %20 & co"

    async with holding(world, folder) as (clouds, lease):
        found = await clouds.target.leases.state(lease.place)
        assert found.holder and found.holder.folder == str(folder.resolve())
        with pytest.raises(PlanLockedError, match="ümläut 日本 %20 & co"):
            await hold(world, tmp_path / "two")


async def test_of_two_folders_only_one_has_it(world: World, tmp_path: Path) -> None:
    async with holding(world, tmp_path / "one"):
        with pytest.raises(PlanLockedError) as raised:
            await hold(world, tmp_path / "two")
        assert raised.value.exit_code is ExitCode.LOCKED and str(tmp_path / "one") in str(raised.value)
        assert "runs out by" in raised.value.remedy
    await hold(world, tmp_path / "two")


async def test_work_that_fails_gives_it_up_and_is_what_is_told(world: World, tmp_path: Path) -> None:
    async def work(_: Session, __: Lease) -> None:
        raise RefusedError("the real one")

    with pytest.raises(RefusedError, match="the real one"):
        await hold(world, tmp_path / "one", work)
    assert status(world) == "unlocked"
    world.set_faults(fault(**TAKING, nth=2, times=0, status=503))
    told = Told()
    with pytest.raises(RefusedError, match="the real one"):
        await hold(world, tmp_path / "one", work, told=told)
    assert [event.name for event in told] == ["lease.kept"] and "503" in told[0].data["reason"]
    known = asked(tmp_path / "one")
    assert known and status(world) == "locked"
    # The next command of this folder goes on under that id; a copy of it, or another host's, does not.
    world.set_faults()
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy/ledger.db").write_bytes((tmp_path / "one/ledger.db").read_bytes())
    with pytest.raises(PlanLockedError):
        await hold(world, tmp_path / "copy")

    async with holding(world, tmp_path / "one") as (_, lease):
        assert known and lease.id == known.id


async def test_a_lock_taken_by_force_takes_no_lease(world: World, tmp_path: Path) -> None:
    """Whose lock was taken by force may live where nobody sees it: it keeps its lease."""
    folder = tmp_path / "one"
    async with holding(world, folder):
        with Ledger(folder) as ledger, ledger.transaction() as db:
            db.execute("UPDATE lock SET host = 'another'")
        with pytest.raises(PlanLockedError, match="being run by process"):
            await hold(world, folder)
        with pytest.raises(PlanLockedError, match="target is being changed"):
            await hold(world, folder, force=True)


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_connection_that_breaks_while_it_is_taken_is_no_loss(
    world: World, tmp_path: Path, when: str
) -> None:
    """One that was served unanswered is asked for again under the same id."""
    world.set_faults(
        fault(**TAKING, nth=2, drop=when),
        fault(**TAKING, nth=3, status=429),
        fault("PUT", f"{LEASE}$", query="^$", drop=when),
        fault(**NAMING, drop=when),
    )
    await hold(world, tmp_path / "one")
    assert status(world) == "unlocked"


@pytest.mark.parametrize(
    ("match", "fault", "error", "code", "said"),
    [
        (TAKING, {"status": 403, "code": "AuthorizationPermissionMismatch"}, DeniedError, 6, "blobs/write'"),
        (TAKING, {"status": 403, "code": "AuthorizationFailure"}, DeniedError, 6, "firewall"),
        (NAMING, {"status": 403, "code": "AuthorizationPermissionMismatch"}, DeniedError, 6, "blobs/write'"),
        (TAKING, {"status": 403, "code": "KeyVaultEncryptionKeyNotFound"}, ServiceError, 6, ""),
        (TAKING, {"status": 404, "code": "ContainerNotFound"}, RefusedError, 4, "workspaceblobstore"),
        (NAMING, {"status": 409, "code": "BlobImmutableDueToPolicy"}, RefusedError, 4, "immutability policy"),
        (NAMING, {"status": 412, "code": "LeaseIdMissing"}, LeaseLostError, 5, "status"),
        (TAKING, {"status": 409, "code": "LeaseIdMismatchWithLeaseOperation"}, PlanLockedError, 5, "runs out"),
        (TAKING, {"status": 500, "code": "InternalError"}, ServiceError, 1, ""),
    ],
)
async def test_what_keeps_it_away_is_told(
    world: World, tmp_path: Path, match: Any, fault: Any, error: type[MigrateError], code: int, said: str
) -> None:
    world.set_faults({"match": match | {"times": 0}, "action": "status", **fault})
    with pytest.raises(error) as raised:
        await hold(world, tmp_path / "one")
    assert raised.value.exit_code == code and said in raised.value.remedy
    assert LEASE in raised.value.address
    world.set_faults()
    # Nothing is left behind that would keep this folder away.
    await hold(world, tmp_path / "one")


async def test_an_endless_lease_is_told_as_one(world: World, tmp_path: Path) -> None:
    client = blob(world)
    client.upload_blob(
        b"", metadata={"holder_host": "vm%20two", "holder_folder": "/p", "Holder_Command": "cutover"}
    )
    BlobLeaseClient(client, str(uuid.uuid4())).acquire(-1)
    with pytest.raises(PlanLockedError, match="`migrate cutover` of the plan /p on vm two") as raised:
        await hold(world, tmp_path / "one")
    assert "does not run out by itself" in raised.value.remedy


async def test_one_whose_holder_cannot_be_read_is_held_all_the_same(world: World, tmp_path: Path) -> None:
    client = blob(world)
    client.upload_blob(b"")
    BlobLeaseClient(client, str(uuid.uuid4())).acquire(60)
    with pytest.raises(PlanLockedError, match="does not say by whom"):
        await hold(world, tmp_path / "one")
    world.set_faults(fault("HEAD", LEASE, times=0, status=403))
    with pytest.raises(PlanLockedError, match="does not say by whom"):
        await hold(world, tmp_path / "two")


# Keeping it.


async def _change(clouds: Session, lease: Lease) -> int:
    """A changing call: a blob beside the lease's."""
    place = Location(lease.place.account, lease.place.container, f"x/{uuid.uuid4()}")
    client = clouds.target.blobs._blob(place)
    await client.upload_blob(b"x")
    return 1


@pytest.mark.usefixtures("hasty")
async def test_it_is_renewed_as_long_as_the_work_goes_on(world: World, tmp_path: Path) -> None:
    """Through a busy service and a connection that breaks."""
    world.set_faults(
        fault(**TAKING, nth=3, status=503),
        fault(**TAKING, nth=5, drop="after"),
        fault(**TAKING, nth=7, status=429),
    )

    async with holding(world, tmp_path / "one") as (clouds, lease):
        await asyncio.sleep(3)
        await _change(clouds, lease)


def _stolen(world: World) -> None:
    BlobLeaseClient(blob(world)).break_lease(0)
    BlobLeaseClient(blob(world), str(uuid.uuid4())).acquire(60)


def _deleted(world: World) -> None:
    BlobLeaseClient(blob(world)).break_lease(0)
    blob(world).delete_blob()


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("spoil", [lambda w: BlobLeaseClient(blob(w)).break_lease(0), _stolen, _deleted])
async def test_one_that_somebody_takes_away_ends_the_work(
    world: World, tmp_path: Path, spoil: Callable[[World], Any]
) -> None:
    with pytest.raises(LeaseLostError, match="somebody broke it, took it or deleted its blob") as raised:
        async with holding(world, tmp_path / "one"):
            await asyncio.to_thread(spoil, world)
            await asyncio.sleep(20)
            raise AssertionError("it went on")
    assert raised.value.exit_code is ExitCode.LOCKED and LEASE in raised.value.address


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("fault", [{"status": 503}, {"status": 403, "code": "KeyVaultEncryptionKeyNotFound"}])
async def test_one_that_cannot_be_renewed_ends_the_work_in_time(world: World, tmp_path: Path, fault: Any) -> None:
    begun = time.monotonic()
    with pytest.raises(LeaseLostError, match=r"could not be renewed for 2 s .*(503|403)"):
        async with holding(world, tmp_path / "one") as (clouds, lease):
            world.set_faults({"match": TAKING | {"times": 0}, "action": "status", **fault})
            changed = 0
            while True:
                # Each on its own: what raises in one is no reason for the next not to try.
                try:
                    changed += await _change(clouds, lease)
                except LeaseLostError:
                    assert changed
                await asyncio.sleep(0.05)
    assert time.monotonic() - begun < 8
    world.set_faults()


def test_a_signal_goes_before_a_loss(world: World, tmp_path: Path) -> None:
    async def work(_: Session, __: Lease) -> None:
        task = asyncio.current_task()
        assert task
        task.cancel()
        await asyncio.sleep(1)

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(hold(world, tmp_path / "one", work))
    assert status(world) == "unlocked"


# What stands in it.


async def test_what_is_recorded_stays_and_unknown_members_with_it(world: World, tmp_path: Path) -> None:
    async with holding(world, tmp_path / "one") as (_, lease):
        assert await lease.record() == {}
        await lease.change({"cutover": {"schedules/s": "enabled"}, "newer": [1]})
    async with holding(world, tmp_path / "two") as (clouds, lease):
        assert (await clouds.target.leases.state(lease.place)).holder == lease.holder
        await lease.change({"cutover": {"schedules/s": "ünabled"}})
        expected = {"format": 1, "cutover": {"schedules/s": "ünabled"}, "newer": [1]}
        assert await lease.record() == expected
        assert (await clouds.target.leases.state(lease.place)).holder == lease.holder
        await lease.change({"cutover": None})
        assert await record.read(clouds.target.leases, lease.place) == {"format": 1, "newer": [1]}


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_record_whose_answer_is_lost_is_written_once(world: World, tmp_path: Path, when: str) -> None:
    async with holding(world, tmp_path / "one") as (_, lease):
        world.set_faults(fault("PUT", f"{LEASE}$", query="^$", drop=when))
        await lease.change({"cutover": 1})
        assert await lease.record() == {"format": 1, "cutover": 1}


async def test_nobody_writes_into_it_whose_lease_is_gone(world: World, tmp_path: Path) -> None:
    async with holding(world, tmp_path / "one") as (_, lease):
        await asyncio.to_thread(_stolen, world)
        with pytest.raises(LeaseLostError):
            await lease.change({"cutover": 1})
        assert await lease.record() == {}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"format": 2}', "format 2"),
        (b"{", "no document"),
        (b"[]", "no document"),
        (b'{"format": "x"}', "no document"),
    ],
)
async def test_what_cannot_be_read_is_refused_and_left(
    world: World, tmp_path: Path, content: bytes, said: str
) -> None:
    blob(world).upload_blob(content)

    async with holding(world, tmp_path / "one") as (_, lease):
        for call in (lease.record(), lease.change({"cutover": 1})):
            with pytest.raises(BadInputError, match=said):
                await call
    assert blob(world).download_blob().readall() == content


async def test_a_lease_may_end_with_its_blob(world: World, tmp_path: Path) -> None:
    async def work(_: Session, lease: Lease) -> None:
        lease.remove()

    await hold(world, tmp_path / "one", work)
    assert not blob(world).exists()
    world.set_faults(fault("DELETE", LEASE, times=0, status=403))
    told = Told()
    await hold(world, tmp_path / "one", work, told=told)
    assert [event.name for event in told] == ["lease.kept"] and "403" in told[0].data["reason"]


# Looking at it.


async def test_who_only_looks_sees_who_has_it_and_takes_nothing(world: World, tmp_path: Path) -> None:
    target = pair(world).header.target_ref

    async def seen() -> looking.LeaseLook:
        async with connected() as clouds:
            return await looking.look(clouds.target, target)

    assert not (await seen()).state.held
    assert not blob(world).exists()
    async with holding(world, tmp_path / "one") as (_, lease):
        found = await seen()
        assert found.state.held and found.state.holder == lease.holder
        with Ledger(tmp_path / "one") as ledger:
            for folder in ("one", "two"):
                with pytest.raises(PlanLockedError):
                    looking.refuse_living(found, Lock(ledger), tmp_path / folder)
        # With its process gone it is this folder's own affair, and nobody else's.
        with Ledger(tmp_path / "one") as ledger, ledger.transaction() as db:
            db.execute("UPDATE lock SET pid = 999999999")
        with Ledger(tmp_path / "one") as ledger:
            looking.refuse_living(found, Lock(ledger), tmp_path / "one")
            with pytest.raises(PlanLockedError):
                looking.refuse_living(found, Lock(ledger), tmp_path / "two")
    found = await seen()
    assert not found.state.held and found.text() == "" and found.finding() is None
    world.set_faults(fault("HEAD", LEASE, times=0, status=403))
    unknown = await seen()
    assert "could not be read (403" in unknown.text() and unknown.as_dict()["lease"]["held"] is None
    # A 404 that is not the service's word about the blob is no knowledge: a proxy may have given it.
    world.set_faults(fault(path=LEASE, times=0, status=404, code="NotFound"))
    with pytest.raises(ServiceError, match="404 NotFound"):
        await seen()
    world.set_faults(fault("HEAD", LEASE, times=0, status=403))
    finding = unknown.finding()
    assert finding and finding.code == "not-checked"
    with Ledger(tmp_path / "one") as ledger:
        looking.refuse_living(unknown, Lock(ledger), tmp_path / "one")
