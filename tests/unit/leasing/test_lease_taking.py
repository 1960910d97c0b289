"""Taking the lease: who gets it, whose blob is made, and what is said to everybody else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.builders.clocks import Clock
from tests.unit.leasing.leased import ME, OTHER, PLACE, URL, LeasedBlob, said

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.fence import KEPT_SECONDS, Fence
from amlmigrate.core.errors import DeniedError, LeaseLostError, PlanLockedError, RefusedError
from amlmigrate.core.lease import Holder, LeaseState
from amlmigrate.leasing import taking


async def take(blob: Any, fence: Fence | None = None, id_: str = "mine") -> None:
    await taking.take(blob, PLACE, id_, ME, fence or Fence())


@pytest.mark.parametrize(
    ("blob", "calls"),
    [
        (LeasedBlob(), ["acquire", "describe"]),
        (LeasedBlob(None), ["acquire", "create", "acquire", "describe"]),
        # An earlier process of this folder asks again with its id.
        (LeasedBlob(id_="mine"), ["acquire", "describe"]),
    ],
    ids=["free", "no blob", "ours"],
)
async def test_what_is_free_or_ours_is_taken_and_described(blob: LeasedBlob, calls: list[str]) -> None:
    await take(blob)
    assert (blob.id, Holder.of(blob.metadata), blob.calls) == ("mine", ME, calls)


async def test_the_fence_opens_from_when_the_last_attempt_was_sent() -> None:
    clock = Clock(100.0, step=1.0)
    fence = Fence(clock)
    await take(LeasedBlob(None), fence)
    # The second attempt was sent at 103; `kept` and this look moved the clock on.
    clock.at = 103 + KEPT_SECONDS - 2
    fence.check("PUT")
    clock.at = 103 + KEPT_SECONDS - 1
    with pytest.raises(LeaseLostError) as raised:
        fence.check("PUT")
    assert raised.value.address == URL


@pytest.mark.parametrize(
    "code", ["LeaseAlreadyPresent", "LeaseIsBreakingAndCannotBeAcquired", "LeaseIdMismatchWithLeaseOperation"]
)
async def test_who_has_it_is_named(code: str) -> None:
    blob = LeasedBlob(id_="theirs", holder=OTHER)
    blob.errors["acquire"] = [said(409, code)]
    with pytest.raises(PlanLockedError) as raised:
        await take(blob)
    error = raised.value
    assert not isinstance(error, LeaseLostError)
    assert error.address == URL
    assert error.summary == f"The target is being changed: its lease is held by {OTHER}."
    assert error.remedy.startswith("Wait for its end") and error.remedy.endswith("Then run it again.")
    assert blob.id == "theirs" and blob.calls == ["acquire", "state"]


async def test_that_somebody_has_it_is_said_though_who_is_not_known() -> None:
    blob = LeasedBlob(id_="theirs")
    blob.errors["state"] = [said(403, "AuthorizationFailure")]
    with pytest.raises(PlanLockedError, match="does not say by whom"):
        await take(blob)


@pytest.mark.parametrize("call", ["acquire", "describe"])
@pytest.mark.parametrize(
    ("status", "code", "expected", "words"),
    [
        (409, "LeaseIdMissing", LeaseLostError, "no longer ours"),
        (412, "LeaseIdMismatchWithBlobOperation", LeaseLostError, "no longer ours"),
        (412, "LeaseLost", LeaseLostError, "no longer ours"),
        (412, "LeaseNotPresentWithBlobOperation", LeaseLostError, "no longer ours"),
        (404, "ContainerNotFound", RefusedError, "its default container is not there"),
        (401, "InvalidAuthenticationInfo", DeniedError, "refused the lease"),
        (403, "AuthorizationPermissionMismatch", DeniedError, "refused the lease"),
        (409, "BlobImmutableDueToPolicy", RefusedError, "a hold or policy"),
        # Each is what the service says, where it is not one of these.
        (400, "BlobImmutableDueToPolicy", ServiceError, ""),
        (409, "Conflict", ServiceError, ""),
        (403, "KeyVaultEncryptionKeyNotFound", ServiceError, ""),
        (500, "InternalError", ServiceError, ""),
    ],
)
async def test_a_refusal_says_what_stands_in_the_way(
    call: str, status: int, code: str, expected: type[Exception], words: str
) -> None:
    blob = LeasedBlob()
    blob.errors[call] = [said(status, code)]
    with pytest.raises(expected, match=words or None) as raised:
        await take(blob)
    assert type(raised.value) is expected
    assert getattr(raised.value, "address", "") == URL and "create" not in blob.calls


async def test_a_404_of_the_container_makes_no_blob() -> None:
    """Only the service's word that there is no blob does: any other 404 is no knowledge."""
    for error in (said(404, "ContainerNotFound"), said(409, "BlobNotFound")):
        blob = LeasedBlob(None)
        blob.errors["acquire"] = [error]
        with pytest.raises((RefusedError, ServiceError)):
            await take(blob)
        assert blob.calls == ["acquire"] and blob.data is None


async def test_a_fence_stays_shut_where_it_was_not_taken() -> None:
    """Without a lease nothing was opened, so nothing has run out either."""
    blob, clock = LeasedBlob(id_="theirs"), Clock(100.0, step=1.0)
    fence = Fence(clock)
    with pytest.raises(PlanLockedError):
        await take(blob, fence)
    clock.at += 1000
    fence.look()
    assert fence.lost is None


def test_how_long_it_lasts_is_said_for_each_sort() -> None:
    until = taking.until(LeaseState(True, OTHER))
    assert taking.end() in until
    left = datetime.fromisoformat(taking.end()) - datetime.now(UTC)
    assert timedelta(seconds=50) < left <= timedelta(seconds=60)
    assert "does not run out by itself" in taking.until(LeaseState(True, OTHER, endless=True))
    assert str(OTHER) in taking.who(LeaseState(True, OTHER))
