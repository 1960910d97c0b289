"""The guards before what cannot be undone, what remains as a residual, and how long an account keeps containers."""

from __future__ import annotations

from dataclasses import asdict
from types import SimpleNamespace
from typing import Any

import pytest
from tests.builders.arm import FakeArm, side
from tests.builders.errors import refusal, silence
from tests.builders.reports import filed
from tests.builders.world import by_hand

from amlmigrate.core.address import Address
from amlmigrate.core.workspace import Location
from amlmigrate.decommissioning import guards
from amlmigrate.decommissioning.copy_proof import CopyProof
from amlmigrate.decommissioning.gone import GoneLook, Sight
from amlmigrate.decommissioning.protection import Protection, protection
from amlmigrate.decommissioning.remaining_resources import Remaining
from amlmigrate.decommissioning.residuals import newest, residuals
from amlmigrate.evidence.decommission import Residual
from amlmigrate.ledger.evidence import EvidenceFile

ACCOUNT = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/acct"


@pytest.mark.parametrize(
    ("sight", "after", "before"),
    [
        (Sight.ABSENT, "", ""),
        (Sight.LIVING, "is not absent in 4 looks over 120 seconds", ""),
        (Sight.GOING, "is not absent in 4 looks over 120 seconds", ""),
        (Sight.UNKNOWN, "is not absent in 4 looks over 120 seconds", "is not shown to be the workspace"),
        (Sight.ANOTHER, "Another workspace has the name now (other)", "is not shown to be the workspace"),
    ],
)
def test_each_sight_keeps_what_it_must(sight: Sight, after: str, before: str) -> None:
    look = GoneLook(sight, "other")
    for told, words in ((list(guards.of_look(look)), after), (list(guards.of_source(look)), before)):
        assert len(told) == bool(words) and words in "".join(told)


def test_a_purge_is_kept_back_by_each_reason_at_once() -> None:
    copied = CopyProof({}, frozenset({"changed"}), ("unproven",), ("blobs/a",))
    told = list(guards.of_purge(copied, ["locked"]))
    assert told == ["locked", "unproven", "blobs/a was copied, and the last verification did not see it."]
    assert list(guards.of_purge(CopyProof({}, frozenset({"changed"})), [])) == []


@pytest.mark.parametrize(
    ("until", "over"),
    [(None, False), ("", False), ("2026-01-01T00:00:00+00:00", True), ("2026-01-02T00:00:00+00:00", False),
     ("2026-01-03T00:00:00+00:00", False)],
)  # fmt: skip
def test_what_went_by_itself_is_not_purged(until: str | None, over: bool) -> None:
    assert bool(list(guards.of_time(until, "2026-01-02T00:00:00+00:00"))) is over


def test_what_the_target_did_not_list_may_lead_into_the_containers() -> None:
    listed = by_hand(Address.of("schedules", "s"), "by hand")
    hidden = by_hand(Address("schedules", ()), "403", document={"not_listed": True})
    target: Any = SimpleNamespace(by_hand=(listed, hidden))
    assert [("schedules" in one and "403" in one) for one in guards.of_target(target)] == [hidden.not_listed]
    assert hidden.not_listed and not listed.not_listed


def remaining(kind: str, id_: str, key: str | None = None, there: bool | None = True) -> Remaining:
    return Remaining(kind, kind, id_, there, key, "Microsoft's key")


REGISTRY = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/acct"


def test_what_stays_under_microsofts_key_has_an_address_of_its_own() -> None:
    found = residuals(
        [
            remaining("account", ACCOUNT),
            remaining("registry", REGISTRY),
            remaining("container", "acct/one"),
            remaining("deleted", "acct/ONE"),
            remaining("share", "acct/files", there=None),
        ]
    )
    assert [one.address for one in found] == [
        "residual/acct",
        "residual/acct:registry",
        "residual/acct/one",
        "residual/acct/ONE:deleted",
        "residual/acct/files",
    ]


def test_what_is_under_a_key_or_gone_or_a_vault_is_none_and_still_has_its_name() -> None:
    keyed, gone = remaining("account", ACCOUNT, key="k"), remaining("account", f"{ACCOUNT}2", there=False)
    vault = remaining("vault", f"{ACCOUNT}3")
    [left] = residuals([keyed, gone, vault, remaining("registry", REGISTRY)])
    assert left.address == "residual/acct:registry"
    assert keyed.residual is gone.residual is vault.residual is False


def test_the_newest_tombstone_tells_of_them() -> None:
    one, two = (residuals([remaining("container", f"acct/{name}")]) for name in ("one", "two"))

    def tombstone(number: int, found: list[Residual]) -> EvidenceFile:
        return filed("decommission", number, residuals=[asdict(each) for each in found])

    assert newest([]) == newest([filed("verify")]) == newest([tombstone(1, [])]) == []
    assert newest([tombstone(1, one), tombstone(2, two), filed("run", 3)]) == two


def service(**properties: Any) -> Any:
    return side(FakeArm({f"{ACCOUNT}/blobServices/default": {"properties": properties}}))


ON = {"enabled": True, "days": 7}


@pytest.mark.parametrize(
    ("properties", "expected", "keeps", "words"),
    [
        ({"containerDeleteRetentionPolicy": ON}, (7, None, None), True, "keeps deleted containers for 7 days"),
        ({"containerDeleteRetentionPolicy": {"enabled": True}}, (0, None, None), True, "for a time that it does not tell"),
        ({"containerDeleteRetentionPolicy": {"days": 7}}, (None, None, None), False, "does not keep deleted containers."),
        ({"isVersioningEnabled": True, "deleteRetentionPolicy": ON}, (None, 7, True), False, "deleted blobs for 7 days and versions"),
        ({"isVersioningEnabled": False}, (None, None, False), False, "does not keep deleted containers."),
        ({"isVersioningEnabled": "yes", "deleteRetentionPolicy": {"enabled": True}}, (None, 0, None), False, "a time that it does not tell"),
    ],
)  # fmt: skip
async def test_how_long_an_account_keeps_containers_is_what_its_settings_say(
    properties: dict[str, Any], expected: tuple[Any, ...], keeps: bool, words: str
) -> None:
    found = await protection(service(**properties), ACCOUNT)
    assert (found.container_days, found.blob_days, found.versions) == expected
    # The containers are gone by our own hand: nothing is called recoverable.
    assert "recover" not in found.told and "restored" not in found.told
    assert found.keeps is keeps and found.told.endswith(words) is words.endswith(".") and words in found.told
    assert (
        found.as_dict() | {"documented": found.told} == found.as_dict() and found.as_dict()["account"] == ACCOUNT
    )
    assert ("documented for blobs of a container that stays" in found.told) is (
        (expected[0] is None and "keeps deleted blobs" in found.told) or expected[2] is True
    )


async def test_settings_that_could_not_be_read_may_keep_everything() -> None:
    for broken in (refusal(), refusal(500, "X"), silence(), {"properties": None}):
        found = await protection(side(FakeArm({f"{ACCOUNT}/blobServices/default": broken})), ACCOUNT)
        assert found.keeps and found.unread and "is not known" in found.told
    absent = await protection(side(FakeArm()), ACCOUNT)
    assert absent.keeps and absent.unread and Protection(ACCOUNT, unread="x").keeps


def test_a_container_is_held_by_its_own_copies_alone() -> None:
    here, there = Location("acct", "one", "m"), Location("acct", "two", "m")
    copied = CopyProof({here: "blobs/one/m", there: "blobs/two/m"}, frozenset({"blobs/one/m"}), ("unproven",))
    assert copied.against(Location("acct", "one")) == [
        "unproven",
        "blobs/one/m in the target is not what it was when it was verified.",
    ]
    assert copied.against(Location("acct", "two")) == copied.against(Location("other", "one")) == ["unproven"]
