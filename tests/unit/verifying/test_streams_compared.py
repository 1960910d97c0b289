"""Bytes that are compared as they stream by come to what two dicts of all entries come to."""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders.world import NEW_BLOBS, OLD_BLOBS, blob, containers, plan, step
from tests.unit.verifying.compared import verifier

from amlmigrate.bytes.listings import goal_path, listing_digest, unlike
from amlmigrate.cloud.digests import Watch
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.ranges import RANGE
from amlmigrate.core.asset import Blob
from amlmigrate.core.plan import Action, Bytes
from amlmigrate.core.translation import Difference
from amlmigrate.core.workspace import Location, Service
from amlmigrate.verifying.blobs import ByteVerdict

_PATHS = st.lists(st.text("ab/.\U0001f600\uff01", min_size=1, max_size=5), max_size=10, unique=True)
WHOLE = Bytes(Location("acct", OLD_BLOBS), Location("cmkacct", NEW_BLOBS), 0, 0)
_PLACES = st.sampled_from([("", ""), ("a", "a"), ("a/b", "a/b"), ("", "migrated-code/x")])


class Account:
    """Each blob's digest is by its length; what is long takes its time, so that others overtake it."""

    service = Service.BLOB

    async def digest(
        self, place: Location, one: Blob, watch: Watch | None = None, **_: Any
    ) -> tuple[str, str, int]:
        for _ in range(one.length % 3):
            await asyncio.sleep(0)
        return f"sha-{one.length}", "AAAA", one.length


def _verified(places: tuple[str, str], left: list[Blob], right: list[Blob], *, hashing: bool) -> ByteVerdict:
    source, target = Location("acct", OLD_BLOBS, places[0]), Location("cmkacct", NEW_BLOBS, places[1])
    listed = containers({OLD_BLOBS: left}, {NEW_BLOBS: right})
    below = listed.source["acct", OLD_BLOBS].below(places[0])
    one = step(
        "blobs/c", action=Action.COPY, source_sha256=listing_digest(below), bytes=Bytes(source, target, 0, 0)
    )
    account: Any = Account()
    return asyncio.run(verifier(listed, account, account, hashing=hashing).verify(plan(one)))


def _tree(place: str, blobs: list[Blob], *, hashing: bool) -> str:
    found = hashlib.sha256()
    for one in sorted(blobs, key=lambda found: found.path):
        content = f"sha-{one.length}" if hashing else one.md5 or ""
        found.update(f"{one.path.removeprefix(place).lstrip('/')}\0{one.length}\0{content}\n".encode())
    return found.hexdigest()


@given(_PATHS, _PATHS, _PLACES, st.booleans(), st.data())
def test_what_streams_by_is_compared_as_all_at_once(
    lefts: list[str], rights: list[str], places: tuple[str, str], hashing: bool, data: st.DataObject
) -> None:
    # The long ones are read before their turn.
    lengths = st.sampled_from([0, 1, 2, RANGE + 1, RANGE + 2])
    left = [blob(path, data.draw(lengths), md5="AAAA") for path in lefts]
    source, target = Location("acct", OLD_BLOBS, places[0]), Location("cmkacct", NEW_BLOBS, places[1])

    def below(path: str, prefix: str) -> bool:
        return not prefix or path == prefix or path.startswith(f"{prefix}/")

    ours = {goal_path(source, target, one.path): one for one in left if below(one.path, places[0])}
    copies = [
        replace(one, path=path, length=data.draw(lengths))
        for path, one in ours.items()
        if data.draw(st.booleans())
    ]
    there = {one.path: one for one in (*(blob(path, 1) for path in rights), *copies)}
    verdict = _verified(places, left, list(there.values()), hashing=hashing)
    twins = {
        path: one
        for path, one in there.items()
        if below(path, places[1]) and (places[1] or path in ours or not path.startswith("migrated-code/"))
    }
    wanted: list[Difference] = []
    for path, one in sorted(ours.items()):
        twin = twins.get(path)
        if twin is None:
            wanted.append(Difference("blobs/c", path, "present", "missing"))
            continue
        names = unlike(one, twin)
        wanted += [
            Difference("blobs/c", f"{path}:{name}", getattr(one, name), getattr(twin, name)) for name in names
        ]
        if hashing and one.length != twin.length:
            wanted.append(Difference("blobs/c", f"{path}:sha256", f"sha-{one.length}", f"sha-{twin.length}"))
    told = {difference.field.partition(":")[0] for difference in wanted}
    wanted += [Difference("blobs/c", path, "absent", "extra") for path in sorted(twins.keys() - ours.keys())]
    assert verdict.differences == wanted
    assert (verdict.blobs, verdict.same) == (len(ours), len(ours.keys() - told))
    assert verdict.bytes == sum(one.length for one in ours.values())
    mine = [one for one in left if below(one.path, places[0])]
    assert verdict.trees["blobs/c"] == {
        "source": _tree(places[0], mine, hashing=hashing),
        "target": _tree(places[1], list(twins.values()), hashing=hashing),
    }
    lines = {side: b"".join(found.pieces()).splitlines() for side, found in verdict.manifests.items()}
    paths = {side: [json.loads(line)["path"] for line in found] for side, found in lines.items()}
    assert paths == {"source": sorted(one.path for one in mine), "target": sorted(twins)}


class Noting(Account):
    """Notes what is read, in the order in which it is begun."""

    def __init__(self) -> None:
        self.begun: list[str] = []

    async def digest(
        self, place: Location, one: Blob, watch: Watch | None = None, **named: Any
    ) -> tuple[str, str, int]:
        self.begun.append(place.path)
        return await super().digest(place, one, watch, **named)


def test_the_longest_are_read_beside_the_others_and_each_once() -> None:
    long = {"x": RANGE + 1, "y": RANGE + 3, "z": RANGE + 2}
    blobs = [blob(f"{number:04}", 2) for number in range(1_000)] + [blob(*one) for one in long.items()]
    listed = containers({OLD_BLOBS: blobs}, {NEW_BLOBS: blobs[:-1]})
    one = step("blobs/c", action=Action.COPY, source_sha256=listing_digest(blobs), bytes=WHOLE)
    left, right = Noting(), Noting()
    verdict = asyncio.run(verifier(listed, left, right, hashing=True).verify(plan(one)))
    for side, read in ((left, blobs), (right, blobs[:-1])):
        assert sorted(side.begun) == [found.path for found in read]
    assert left.begun.index("y") < left.begun.index("z") < left.begun.index("x") < left.begun.index("0600")
    assert right.begun.index("y") < right.begun.index("0600")
    assert [(found.field, found.actual) for found in verdict.differences] == [("z", "missing")]


async def test_a_refusal_of_a_long_one_is_told_and_leaves_nothing_running() -> None:
    before = asyncio.all_tasks()

    class Refusing(Noting):
        async def digest(
            self, place: Location, one: Blob, watch: Watch | None = None, **named: Any
        ) -> tuple[str, str, int]:
            found = await super().digest(place, one, watch, **named)
            if place.path == "z":
                raise ServiceError(500, "InternalError", "no", method="GET", url="https://acct")
            return found

    blobs = [blob(f"{number:04}", 2) for number in range(1_000)] + [blob("z", RANGE + 2)]
    listed = containers({OLD_BLOBS: blobs}, {NEW_BLOBS: blobs})
    one = step("blobs/c", action=Action.COPY, source_sha256=listing_digest(blobs), bytes=WHOLE)
    with pytest.raises(ServiceError, match="InternalError"):
        await verifier(listed, Refusing(), Noting(), hashing=True).verify(plan(one))
    assert asyncio.all_tasks() == before
