"""What a removal left is looked at again: what was put under a key since is told so, and what is unread as before."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import pytest
from tests.builders.arm import FakeArm, side
from tests.builders.errors import refusal
from tests.builders.world import SOURCE, blob

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.sortedblobs import SortedBlobs
from amlmigrate.core.workspace import Location
from amlmigrate.decommissioning import remaining_again
from amlmigrate.decommissioning.remaining_resources import Remaining
from amlmigrate.evidence.decommission import RemainingRecord

ACCOUNT = SOURCE.storage_account_id
CONTAINER = f"{ACCOUNT}/blobServices/default/containers/data"
KEY = "https://v.vault.azure.net/keys/k/1"
MICROSOFTS = {"properties": {"encryption": {"keySource": "Microsoft.Storage"}}}
CUSTOMERS = {"properties": {"encryption": {"keySource": "Microsoft.Keyvault", "keyvaultproperties": {
    "keyvaulturi": "https://v.vault.azure.net/", "keyname": "k", "keyversion": "1"}}}}  # fmt: skip
PLAIN: dict[str, Any] = {"properties": {}}


def _record(kind: str, id_: str, **more: Any) -> RemainingRecord:
    told = Remaining(kind, {"account": "storage account", "share": "file share"}.get(kind, kind), id_, True, None,
                     "It is under Microsoft's key.", {"keySource": "Microsoft.Storage"})  # fmt: skip
    return replace(RemainingRecord(**asdict(told)), **more)


BEFORE = (
    _record("account", ACCOUNT),
    _record("share", "acct/code"),
    _record("container", "acct/data", blobs=2, bytes=2),
    _record("deleted", "acct/old"),
)


@dataclass
class Blobs:
    """Storage that lists the same blobs of every container and share, or refuses."""

    scopes: tuple[str | None, ...] = (None, None)
    refused: ServiceError | None = None
    asked: list[str] = field(default_factory=list)

    async def listing(self, place: Location) -> tuple[SortedBlobs, bool]:
        self.asked.append(place.container)
        if self.refused:
            raise self.refused
        return SortedBlobs.of([blob(f"b{n}", encryption=one) for n, one in enumerate(self.scopes)]), True


def again(
    blobs: Blobs | None = None, before: tuple[RemainingRecord, ...] = BEFORE, **answers: Any
) -> dict[str, Any]:
    """Kind to what is told of it now; what is not named answers as an account under a customer's key does."""
    known: dict[str, Any] = {"account": CUSTOMERS, "container": PLAIN, **answers}
    paths = {"account": ACCOUNT, "container": CONTAINER}
    found = side(FakeArm({paths.get(name, name): answer for name, answer in known.items()}))
    storage = blobs or Blobs()
    found.store = lambda service: storage
    return {one.kind: one for one in asyncio.run(remaining_again.again(found, before))}


def test_an_account_that_was_put_under_a_key_takes_what_is_in_it_along() -> None:
    found = again()
    assert {kind: (one.key, one.residual) for kind, one in found.items()} == {
        "account": (KEY, False),
        "share": (KEY, False),
        "container": (KEY, False),
        "deleted": (None, True),
    }
    assert (found["container"].blobs, found["container"].bytes) == (2, 2)
    # A tombstone takes them as they are.
    assert all(type(one) is RemainingRecord for one in found.values())


def test_what_nobody_touched_is_told_as_before() -> None:
    assert again(account=MICROSOFTS) == {one.kind: one for one in BEFORE}


def test_a_container_with_a_scope_under_microsofts_key_is_left_as_it_is() -> None:
    scope = {"properties": {"source": "Microsoft.Storage"}}
    found = again(Blobs((None, "own")), **{f"{ACCOUNT}/encryptionScopes/own": scope})
    assert found["account"].key == KEY and found["container"].residual and "scope 'own'" in found["container"].why


@pytest.mark.parametrize("refused", [refusal(403), refusal(401, "ExpiredToken")])
def test_what_cannot_be_read_again_is_told_as_it_was(refused: ServiceError) -> None:
    assert again(account=refused) == {one.kind: one for one in BEFORE}
    assert again(Blobs(refused=refused))["container"] == BEFORE[2]
    under = _record("account", ACCOUNT, key=KEY, why=f"Azure reports it under key {KEY}.")
    assert again(before=(under,), account=refused) == {"account": under}
    assert again(container=refused)["container"] == BEFORE[2]


def test_a_share_that_may_not_be_listed_is_known_by_its_account() -> None:
    found = again(Blobs(refused=refusal(403)), before=BEFORE[:2])
    assert (found["share"].there, found["share"].key) == (True, KEY)


def test_what_is_out_of_order_is_an_error() -> None:
    busy = refusal(503, "ServerBusy")
    for answers in ({"account": busy}, {"blobs": Blobs(refused=busy)}):
        with pytest.raises(ServiceError):
            again(**answers)


def test_what_has_gone_is_no_residual() -> None:
    for kind, code in (("container", "ContainerNotFound"), ("share", "ShareNotFound")):
        found = again(
            Blobs(refused=refusal(404, code)), before=tuple(one for one in BEFORE if one.kind in ("account", kind))
        )
        assert (found[kind].there, found[kind].residual) == (False, False)
    blobs = Blobs()
    assert {one.there for kind, one in again(blobs, account=None).items() if kind != "deleted"} == {False}
    assert blobs.asked == []


def test_what_lies_in_another_account_stays_as_it_was_told() -> None:
    elsewhere = _record("container", "other/data")
    assert again(before=(BEFORE[0], elsewhere))["container"] == elsewhere
    assert again(before=(elsewhere,))["container"] == elsewhere


def test_an_account_that_was_moved_has_not_gone() -> None:
    moved = ACCOUNT.replace("/resourceGroups/", "/resourceGroups/elsewhere-")
    lists = f"/subscriptions/{SOURCE.ref.subscription}/providers/Microsoft.Storage/storageAccounts"
    found = again(account=None, **{moved: MICROSOFTS, lists: [{"name": "acct", "id": moved}]})
    assert {kind: one.residual for kind, one in found.items()} == dict.fromkeys(found, True)
    assert found["account"].id == moved
