"""What a person says to have done about a blob that was another one in the target is looked at: it was there before."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import pytest
from tests.builders.world import blob, step
from tests.unit.bytes.executed import One

from amlmigrate.bytes.listings import listing_digest
from amlmigrate.core.asset import Blob
from amlmigrate.core.plan import Action, Bytes
from amlmigrate.core.workspace import Location
from amlmigrate.inventory.arrived import prefix_arrived

OURS = blob("d/1", 3, '"s"', md5="bWQ1")
THEIRS = replace(OURS, etag='"t"')


@dataclass
class Account:
    """One that lists a blob, or none."""

    listed: Blob | None

    async def listing(self, place: Location) -> tuple[list[Blob], bool]:
        return [self.listed] if self.listed else [], True


async def _arrived(then: Blob, now: Blob | None, ours: Blob = OURS) -> bool | None:
    amount = Bytes(Location("acct", "c", "d/1"), Location("cmkacct", "t", "d/1"), 1, 3)
    one = step(
        "blobs/c/d/1", action=Action.CONFLICT, target_sha256=listing_digest([then]), bytes=amount, blob=True
    )
    sides: Any = SimpleNamespace(source=One(Account(ours)), target=One(Account(now)))
    return await prefix_arrived(sides, one)


@pytest.mark.parametrize(
    "theirs",
    [
        replace(THEIRS, length=9),
        replace(THEIRS, md5="b3RoZXI="),
        replace(THEIRS, md5=None),
        replace(THEIRS, metadata=(("k", "v"),)),
        replace(THEIRS, tier="Cool"),
    ],
    ids=["length", "md5", "bytes that a run saw", "metadata", "tier"],
)
async def test_one_that_is_as_it_was_in_conflict_is_not_done(theirs: Blob) -> None:
    assert await _arrived(theirs, theirs) is False
    assert await _arrived(theirs, replace(theirs, etag='"u"')) is (None if theirs.md5 is None else False)
    assert await _arrived(theirs, replace(THEIRS, etag='"u"')) is True
    assert await _arrived(theirs, None) is False


async def test_where_no_md5_tells_nobody_has_seen_it() -> None:
    now = replace(THEIRS, etag='"u"')
    assert await _arrived(replace(THEIRS, length=9), now, replace(OURS, md5=None)) is None
    assert await _arrived(replace(THEIRS, length=9), replace(now, length=0), replace(OURS, length=0)) is True
