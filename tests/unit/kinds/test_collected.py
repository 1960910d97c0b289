"""Which bytes the service may collect in the target, and whether they are all there when a source is removed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.builders.world import NEW_BLOBS, blob, containers, header, step

from amlmigrate.core.plan import Action, Bytes, Plan, Step
from amlmigrate.core.workspace import Location
from amlmigrate.decommissioning.collected import collected
from amlmigrate.kinds import collectable, settling

UPLOAD = "1b3d9c2f-0-upload"
CODE, DATA = f"blobs/{UPLOAD}/src", "blobs/other/d"
NOW = datetime(2026, 3, 3, tzinfo=UTC)


def _bytes(address: str, container: str, path: str, goal: str, action: Action = Action.COPY) -> Step:
    amount = Bytes(Location("acct", container, path), Location("cmkacct", NEW_BLOBS, goal), 2, 20)
    return step(address, action=action, bytes=amount)


def _plan(action: Action = Action.COPY) -> Plan:
    steps = (
        _bytes(CODE, UPLOAD, "src", f"migrated-code/{UPLOAD}/src", action),
        _bytes(DATA, "other", "d", "d"),
        step("codes/c/1", CODE),
        step("data/d/1", DATA),
    )
    return Plan(header(), steps, "")


def test_they_are_the_bytes_of_codes_and_of_nothing_else() -> None:
    assert [str(one.address) for one in collectable(_plan())] == [CODE]
    assert [str(one.address) for one in collectable(_plan(Action.ADOPT))] == [CODE]
    assert collectable(_plan(), {CODE}) == [], "it was let go"
    assert collectable(_plan(Action.SKIP)) == []


def test_the_time_counts_from_the_last_that_was_copied() -> None:
    copied = {CODE: (NOW - timedelta(hours=5)).isoformat(), DATA: NOW.isoformat()}
    look = settling(_plan(), copied, NOW)
    assert look and (look.prefixes, look.settled) == (1, False)
    late = settling(_plan(), copied, NOW + timedelta(hours=43))
    assert late and late.settled
    assert settling(_plan(), {}, NOW) is None, "nothing was copied yet"
    assert settling(_plan(), copied, NOW, {CODE}) is None


def test_a_listing_says_what_is_gone_whatever_the_evidence_says() -> None:
    source = {UPLOAD: [blob("src/a.py"), blob("src/b.py"), blob("srcx")]}
    folder = f"migrated-code/{UPLOAD}/src"
    whole = containers(source, {NEW_BLOBS: [blob(f"{folder}/a.py"), blob(f"{folder}/b.py")]})
    assert collected(_plan(), whole) == ()
    half = containers(source, {NEW_BLOBS: [blob(f"{folder}/a.py")]})
    [why] = collected(_plan(), half)
    assert CODE in why and "1 of its 2" in why and f"{folder}/b.py" in why
    [why] = collected(_plan(), containers(source))
    assert "2 of its 2" in why
    assert collected(_plan(), containers(source), {CODE}) == ()


def test_three_of_what_is_gone_are_named() -> None:
    source = {UPLOAD: [blob(f"src/{name}.py") for name in "abcd"]}
    [why] = collected(_plan(), containers(source))
    assert "4 of its 4" in why
    assert [f"{name}.py" in why for name in "abcd"] == [True, True, True, False]
