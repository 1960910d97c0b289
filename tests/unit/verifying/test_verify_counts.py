"""What a verification counts as it goes: each path of the target once, and the bytes that it has to read."""

from __future__ import annotations

import pytest
from tests.builders.world import MAPPING, NEW_BLOBS, OLD_BLOBS, blob, containers, plan, step
from tests.unit.bytes.executed import executor, stores

from amlmigrate.bytes.listings import listing_digest
from amlmigrate.core.events import Emit, TypedEvent, ignore
from amlmigrate.core.metering import Amount
from amlmigrate.core.places import Places
from amlmigrate.core.plan import Action, Bytes
from amlmigrate.core.run_progress import PrefixCompared
from amlmigrate.core.workspace import Location
from amlmigrate.verifying import blobs
from amlmigrate.verifying.blobs import BlobVerifier

AMOUNT = Bytes(Location("acct", OLD_BLOBS, "d"), Location("cmkacct", NEW_BLOBS, "d"), 2, 6)
TWO = [blob("d/1", 3, '"s"'), blob("d/2", 3, '"s"')]


def verifier(*, hashing: bool, emit: Emit = ignore) -> BlobVerifier:
    return BlobVerifier(
        stores(None, None),
        executor(None, None),
        containers({OLD_BLOBS: TWO}, {NEW_BLOBS: [TWO[0], blob("d/more", 1)]}),
        mapping=MAPPING,
        places=Places(MAPPING),
        hashing=hashing,
        emit=emit,
    )


async def test_each_path_counts_once_whichever_side_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[int] = []
    monkeypatch.setattr(blobs, "moved", lambda *, blobs: counted.append(blobs))
    copy = step(f"blobs/{OLD_BLOBS}/d", action=Action.COPY, source_sha256=listing_digest(TWO), bytes=AMOUNT)
    told: list[TypedEvent] = []
    verdict = await verifier(hashing=False, emit=told.append).verify(plan(copy))
    assert told == [PrefixCompared(str(copy.address), 2)]
    assert counted == [1, 1, 1]
    assert (verdict.blobs, verdict.same, verdict.bytes, verdict.let_go) == (2, 1, 6, 0)
    assert [one.actual for one in verdict.differences] == ["missing", "extra"]


def test_with_hashing_the_bytes_of_both_sides_are_to_be_read_and_else_none() -> None:
    assert verifier(hashing=True)._amount(AMOUNT) == Amount(2, 12)
    assert verifier(hashing=False)._amount(AMOUNT) == Amount(2, 0)
