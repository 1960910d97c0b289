"""A service that does not sort its lists: both sides are compared all the same, and it is told."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest
from tests.builders.world import NEW_BLOBS, OLD_BLOBS, blob
from tests.unit.bytes.executed import One

from amlmigrate.bytes.comparing import Comparison, judged
from amlmigrate.bytes.listings import Listing, list_container, listing_digest, not_sorted
from amlmigrate.bytes.storage_containers import list_places
from amlmigrate.cloud.sortedblobs import SortedBlobs
from amlmigrate.core.workspace import Location

SOURCE, TARGET = Location("acct", OLD_BLOBS), Location("cmkacct", NEW_BLOBS)
PATHS = ("A", "a-b/1", "a/1", "a/2", "b", "\uff01", "\U0001f600")
# As a hierarchical namespace lists them, by code units, and by nothing.
BY_FOLDER = ("A", "a/1", "a/2", "a-b/1", "b", "\uff01", "\U0001f600")
BY_UNIT = ("A", "a-b/1", "a/1", "a/2", "b", "\U0001f600", "\uff01")
ORDERS = (BY_FOLDER, BY_UNIT, PATHS[::-1], ("b", *PATHS), (*PATHS, "A"))


@dataclass
class Service:
    """Lists some paths, in pages of two."""

    paths: Iterable[str]

    async def listing(self, _: Location) -> tuple[SortedBlobs, bool]:
        found, blobs = SortedBlobs(), [blob(path, 3, md5="AAAA") for path in self.paths]
        for start in range(0, len(blobs), 2):
            found.add(blobs[start : start + 2])
        return found, True


async def _listing(paths: Iterable[str], place: Location = SOURCE) -> Listing:
    service: Any = Service(paths)
    return await list_container(service, place)


@pytest.mark.parametrize("paths", ORDERS, ids=range(len(ORDERS)))
async def test_its_lists_compare_as_those_of_one_that_does(paths: tuple[str, ...]) -> None:
    odd, even = await _listing(paths), await _listing(PATHS, TARGET)
    assert listing_digest(odd.blobs.values()) == listing_digest(even.blobs.values())
    assert [one.path for one in odd.below("a")] == ["a/1", "a/2"]
    for left, right in ((odd, even), (even, odd)):
        found = list(judged(left.place, right.place, left.below(""), right, lambda _: None))
        assert [one.pair.path for one in found] == list(PATHS)
        assert {one.what for one in found} == {Comparison.SAME}


@pytest.mark.parametrize("paths", ORDERS, ids=range(len(ORDERS)))
async def test_it_is_told_and_of_no_other(paths: tuple[str, ...], caplog: pytest.LogCaptureFixture) -> None:
    [finding] = not_sorted([await _listing(PATHS), await _listing(paths)])
    assert (finding.code, finding.severity, finding.about) == ("list-not-sorted", "warning", f"blobs/{OLD_BLOBS}")
    assert f"'{OLD_BLOBS}' in 'acct'" in finding.summary
    service: Any = Service(paths)
    with caplog.at_level(logging.WARNING):
        await list_places(One(service), [SOURCE])
    assert caplog.messages == [finding.summary]
    caplog.clear()
    service.paths = PATHS
    await list_places(One(service), [SOURCE])
    assert caplog.messages == [] and not list(not_sorted([await _listing(())]))
