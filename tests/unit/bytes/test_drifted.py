"""Which prefixes and rests of the source are not what they were planned as; and what becomes of each path of a target."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from tests.builders.world import OLD_BLOBS, blob, containers, listing, plan, step

from amlmigrate.bytes.comparing import Comparison, judged
from amlmigrate.bytes.drift import drifted, shared
from amlmigrate.bytes.listings import listing_digest
from amlmigrate.core.asset import Blob
from amlmigrate.core.ownership_record import Copied, Labels
from amlmigrate.core.plan import Action, Bytes, Step
from amlmigrate.core.state import UNSELECTED_REASON
from amlmigrate.core.workspace import Location

TARGET = Location("cmkacct", "c", "m")
A, B, NEW = blob("m/a", etag='"a"'), blob("m/b", etag='"b"'), blob("m/a", 2, '"new"')
ANY: Callable[[Step], bool] = lambda _: True  # noqa: E731 - what every step is


def copies(path: str, *blobs: Blob, action: Action = Action.COPY, **more: Any) -> Step:
    """A step of the blobs below a path, as they were planned."""
    place = Location("acct", OLD_BLOBS, path)
    address = "/".join(part for part in ("blobs", OLD_BLOBS, path) if part)
    return step(
        address,
        action=action,
        source_sha256=listing_digest(blobs),
        bytes=Bytes(place, TARGET, len(blobs), 1),
        **more,
    )


def found(*steps: Step, now: list[Blob], wanted: Callable[[Step], bool] = ANY) -> dict[str, tuple[bool, bool]]:
    """What drifted: whether there was something, and is."""
    changed = drifted(plan(*steps), containers(source={OLD_BLOBS: now}).source, wanted)
    return {address: (then is not None, is_ is not None) for address, (then, is_) in changed.items()}


M = f"blobs/{OLD_BLOBS}/m"


def test_a_prefix_that_is_as_it_was_did_not_drift() -> None:
    assert found(copies("m", A, B), now=[A, B]) == {}


@pytest.mark.parametrize("now", [[A], [A, B, blob("m/c")], [NEW, B], []])
def test_one_that_lost_gained_or_changed_a_blob_did(now: list[Blob]) -> None:
    assert found(copies("m", A, B), now=now) == {M: (True, True)}


def test_only_what_is_wanted_is_looked_at_and_a_deletion_is_held_by_its_copy() -> None:
    assert found(copies("m", A), now=[B], wanted=lambda _: False) == {}
    assert found(copies("m", A, action=Action.DELETE), now=[B]) == {}


def test_a_container_of_both_sides_is_not_the_plans() -> None:
    place = Location("acct", OLD_BLOBS, "m")
    own = replace(copies("m", A), bytes=Bytes(place, place, 1, 1))
    assert shared(Bytes(place, place, 1, 1)) and found(own, now=[B]) == {}
    for other in (replace(place, account="x"), replace(place, container="x")):
        assert not shared(Bytes(place, other, 1, 1))
        assert found(replace(own, bytes=Bytes(place, other, 1, 1)), now=[B]) == {M: (True, True)}


def test_a_container_that_is_not_listed_any_more_is_told() -> None:
    one = copies("m", A)
    assert drifted(plan(one), {}, ANY) == {M: (one.source_sha256, None)}


def test_what_selection_left_is_compared_without_what_moves_from_there() -> None:
    left = copies("", B, action=Action.SKIP, reason=UNSELECTED_REASON)
    moved = copies("n", blob("n/x"))
    assert found(left, moved, now=[B, blob("n/x")]) == {}
    assert found(left, moved, now=[NEW, B, blob("n/x")]) == {f"blobs/{OLD_BLOBS}": (True, True)}
    # Left for another reason it is all that lies there.
    whole = replace(left, reason="another")
    assert f"blobs/{OLD_BLOBS}" in found(whole, moved, now=[B, blob("n/x")])
    moves = copies("", B, reason=UNSELECTED_REASON)
    assert f"blobs/{OLD_BLOBS}" in found(moves, moved, now=[B, blob("n/x")])


REST = f"blobs/{OLD_BLOBS}"


@pytest.mark.parametrize(
    ("then", "now", "change"),
    [
        ([], [], None),
        ([], [A], (False, True)),
        ([A], [A], None),
        ([A], [NEW], (True, True)),
        ([A], [], (True, False)),
        (None, [], None),
        (None, [A], (False, True)),
    ],
)
def test_the_rest_of_a_container_is_held_to_what_it_was(
    then: list[Blob] | None, now: list[Blob], change: Any
) -> None:
    rest = (
        [step(REST, action=Action.MANUAL, source_sha256=listing_digest(then) if then else "")]
        if then is not None
        else []
    )
    assert found(*rest, copies("n", blob("n/x")), now=[*now, blob("n/x")]) == ({REST: change} if change else {})


SOURCE = Location("acct", OLD_BLOBS, "m")
THERE = replace(A, etag='"t"')
OURS = Copied('"a"', '"t"', Labels.of(THERE))


@pytest.mark.parametrize(
    ("here", "there", "copied", "others", "what", "settled"),
    [
        (A, None, None, "", Comparison.MISSING, False),
        (A, THERE, OURS, "", Comparison.SAME, True),
        (A, THERE, None, "", Comparison.SAME, False),
        # A run saw that it is another's by its bytes: that very blob, and not the tool's own.
        (A, THERE, None, '"t"', Comparison.FOREIGN, False),
        (A, THERE, None, '"older"', Comparison.SAME, False),
        (A, THERE, OURS, '"t"', Comparison.SAME, True),
        (A, replace(THERE, length=9), None, "", Comparison.FOREIGN, False),
        (replace(A, etag='"again"', length=9), THERE, OURS, "", Comparison.CHANGED, False),
        (replace(A, etag='"again"'), THERE, OURS, "", Comparison.CHANGED, False),
        (replace(A, tier="Cool"), THERE, OURS, "", Comparison.RELABELLED, True),
        (None, THERE, OURS, "", Comparison.GONE, False),
        (None, THERE, None, "", Comparison.EXTRA, False),
        (None, replace(THERE, etag='"x"'), OURS, "", Comparison.EXTRA, False),
    ],
)
def test_what_becomes_of_a_path(
    here: Blob | None, there: Blob | None, copied: Copied | None, others: str, what: Comparison, settled: bool
) -> None:
    goal = Location("cmkacct", "c", "m")
    present = listing(Location("cmkacct", "c"), *([there] if there else []))
    asked: list[str] = []

    def own(path: str) -> Copied | None:
        asked.append(path)
        return copied

    [one] = judged(SOURCE, goal, [here] if here else [], present, own, lambda _: others)
    assert (one.what, one.settled, one.pair) == (what, settled, ("m/a", here, there))
    assert bool(one.why) is (what is Comparison.FOREIGN) and asked == ([] if there is None else ["m/a"])


def test_one_blob_of_its_own_is_compared_alone() -> None:
    single = copies("m/a", A, action=Action.CONFLICT, blob=True)
    below = blob("m/a/x")
    address = f"{M}/a"
    assert address not in found(single, now=[A, below])
    assert found(single, now=[NEW])[address] == (True, True)
    assert found(single, now=[below])[address] == (True, True)
    assert address in found(replace(single, blob=False, action=Action.COPY), now=[A, below]), (
        "a folder has what lies in it"
    )
