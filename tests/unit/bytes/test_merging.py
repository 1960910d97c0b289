"""Two sides as one stream: the same pairs as by a dict of each, whatever order the service listed them in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders.world import blob

from amlmigrate.bytes.listings import Listing, ListingDigest, goal_path, listing_digest
from amlmigrate.bytes.merging import OrderError, PathPair, merged, rising
from amlmigrate.bytes.prefixes import PrefixSet
from amlmigrate.core.asset import Blob
from amlmigrate.core.mapping import CODE_FOLDER
from amlmigrate.core.workspace import Location

_PATHS = st.lists(st.text("ab/.0-\ue000\U0001f600", min_size=1, max_size=6).map(str), max_size=14)
_PLACES = [
    ("", ""),
    ("a", "a"),
    ("a/b", "a/b"),
    ("", f"{CODE_FOLDER}/x"),
    ("a", f"{CODE_FOLDER}/x/a"),
    ("", "b"),
    ("b", ""),
]


def _by_dict(source: Location, goal: Location, blobs: list[Blob], there: dict[str, Blob]) -> list[PathPair]:
    """The plain way: both sides in memory."""
    wanted = {goal_path(source, goal, one.path): one for one in blobs}
    inside = {
        path: one
        for path, one in there.items()
        if not goal.path or path == goal.path or path.startswith(f"{goal.path}/")
    }
    if not goal.path:
        folder = f"{CODE_FOLDER}/"
        inside = {path: one for path, one in inside.items() if path in wanted or not path.startswith(folder)}
    return [PathPair(path, wanted.get(path), inside.get(path)) for path in sorted({*wanted, *inside})]


@given(_PATHS, _PATHS, st.sampled_from(_PLACES), st.booleans(), st.data())
def test_it_is_what_two_dicts_show(
    left: list[str], right: list[str], places: tuple[str, str], both: bool, data: st.DataObject
) -> None:
    source, goal = Location("acct", "c", places[0]), Location("cmkacct", "t", places[1])
    listed = Listing(source, {path: blob(path, 1) for path in left})
    blobs = list(listed.below(source.path))
    if both:
        right = data.draw(st.permutations([*right, *(goal_path(source, goal, one.path) for one in blobs)]))
    right += [f"{CODE_FOLDER}/{path}" for path in right[:2]]
    twins = {path: blob(path, 2) for path in right if path}
    there = Listing(goal, twins)
    found = list(merged(source, goal, listed.below(source.path), there))
    assert found == _by_dict(source, goal, blobs, twins)
    assert (
        ListingDigest.of(blobs).hexdigest() == listing_digest(listed.below(source.path)) == listing_digest(blobs)
    )


@given(_PATHS, st.lists(st.text("ab/.", min_size=1, max_size=4), max_size=4))
def test_what_a_prefix_of_a_cover_holds_is_what_lies_below_it(paths: list[str], prefixes: list[str]) -> None:
    place = Location("acct", "c")
    listed = Listing(place, {path: blob(path) for path in paths})
    cover = PrefixSet(Location("acct", "c", path) for path in prefixes)
    by_cover: dict[str, list[str]] = {}
    for one in listed.sorted:
        if (prefix := cover.prefix(Location("acct", "c", one.path))) is not None:
            by_cover.setdefault(prefix.path, []).append(one.path)
    below = {prefix.path: [one.path for one in listed.below(prefix.path)] for prefix in cover}
    assert {prefix: found for prefix, found in below.items() if found} == by_cover


@pytest.mark.parametrize("paths", [("b", "a"), ("a", "a"), ("\U0001f600", "\uff01")])
def test_a_stream_that_does_not_rise_is_never_merged(paths: tuple[str, ...]) -> None:
    blobs = [blob(path) for path in paths]
    with pytest.raises(OrderError):
        list(rising((one.path, one) for one in blobs))
    with pytest.raises(OrderError):
        list(merged(Location("a", "c"), Location("b", "d"), blobs, Listing(Location("b", "d"))))
