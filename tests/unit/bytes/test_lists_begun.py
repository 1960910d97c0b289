"""Lists that are begun before it is known which are needed: each is made once, and only a needed one can fail."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.builders.world import MAPPING, NEW_BLOBS, OLD_BLOBS, blob, plan, step
from tests.unit.bytes.executed import One

from amlmigrate.bytes.storage_containers import Containers, begun, list_both
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.sortedblobs import SortedBlobs
from amlmigrate.core.plan import Action, Bytes
from amlmigrate.core.workspace import Location

AT = datetime(2026, 1, 2, tzinfo=UTC)
OTHER = "not-the-workspaces"


class _Lists:
    """The lists of one side, and how often each was asked for."""

    def __init__(self, *, refuses: Collection[str] = ()) -> None:
        self.asked: Counter[str] = Counter()
        self._refuses = refuses

    async def listing(self, place: Location) -> tuple[SortedBlobs, bool]:
        self.asked[place.container] += 1
        await asyncio.sleep(0)
        if place.container in self._refuses:
            raise ServiceError(403, "AuthorizationFailure", "no", method="GET", url="https://x")
        return SortedBlobs([blob("a")]), True


def _plan(*names: str) -> Any:
    """A plan that copies from each of these containers."""
    return plan(
        *(
            step(
                f"blobs/{name}/m",
                action=Action.COPY,
                bytes=Bytes(Location("acct", name, "m"), Location("cmkacct", NEW_BLOBS, "m"), 1, 1),
            )
            for name in names
        )
    )


async def _own(*_: Any) -> dict[Location, tuple[str, ...]]:
    """That the source has two containers."""
    return {Location("acct", OLD_BLOBS): ("held",), Location("acct", "azureml"): ()}


async def _listed(source: Any, target: Any, *named: str) -> Containers:
    """Both sides, of which the lists that a plan of these names were begun and are under way, or have ended."""
    async with begun(_plan(*named), One(source), One(target), AT) as lists:
        for _ in range(9):
            await asyncio.sleep(0)
        assert lists.at is AT and source.asked and target.asked
        return await list_both(MAPPING, One(source), One(target), _own, begun=lists)


async def test_what_was_begun_is_not_asked_for_again_and_the_rest_is_listed_all_the_same() -> None:
    source, target = _Lists(), _Lists()
    found = await _listed(source, target, OLD_BLOBS)
    assert source.asked == {OLD_BLOBS: 1, "azureml": 1}
    assert set(found.source) == {("acct", OLD_BLOBS), ("acct", "azureml")}
    assert found.source["acct", OLD_BLOBS].holds == ("held",)
    assert all(len(one.blobs) == 1 for one in (*found.source.values(), *found.target.values()))
    assert set(target.asked.values()) == {1}


async def test_a_list_that_nobody_needs_may_fail_and_is_none_of_the_workspace() -> None:
    source = _Lists(refuses=[OTHER])
    found = await _listed(source, _Lists(), OLD_BLOBS, OTHER)
    assert source.asked[OTHER] == 1 and ("acct", OTHER) not in found.source


async def test_one_that_is_needed_and_cannot_be_had_ends_the_work() -> None:
    with pytest.raises(ServiceError, match="403"):
        await _listed(_Lists(refuses=[OLD_BLOBS]), _Lists(), OLD_BLOBS)
