"""The cover: the fewest prefixes over everything that is referred to."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlmigrate.bytes.prefixes import PrefixSet, prefix_of
from amlmigrate.core.workspace import Location

# Few letters, so that folders, names that begin with another, and equal ones come up often.
_PARTS = st.sampled_from(["a", "b", "ab", "bc", "a b", "a.b", "a-b", "a0"])
_PATHS = st.lists(_PARTS, max_size=4).map("/".join)
PLACES = st.builds(
    Location, st.sampled_from(["acct", "acct2"]), st.sampled_from(["azureml", "azureml-x"]), st.just("") | _PATHS
)


def _inside(place: Location, prefix: Location) -> bool:
    """Whether a place lies in a prefix: itself, or below the folder of that name."""
    if (place.account, place.container) != (prefix.account, prefix.container):
        return False
    return prefix.path in ("", place.path) or place.path.startswith(f"{prefix.path}/")


@given(st.lists(PLACES, max_size=12))
def test_every_place_lies_in_the_prefix_that_the_cover_says(places: list[Location]) -> None:
    cover = PrefixSet(places)
    for place in places:
        prefix = cover.prefix(place)
        assert prefix is not None
        assert prefix in list(cover)
        assert _inside(place, prefix)


@given(st.lists(PLACES, max_size=12))
def test_a_cover_has_only_places_and_none_inside_another(places: list[Location]) -> None:
    prefixes = list(PrefixSet(places))
    assert set(prefixes) <= set(places)
    assert len(set(prefixes)) == len(prefixes)
    for one in prefixes:
        assert [other for other in prefixes if _inside(one, other)] == [one]


@given(st.lists(PLACES, max_size=12), PLACES)
def test_a_place_is_covered_when_it_lies_in_one_of_the_places_and_only_then(
    places: list[Location], asked: Location
) -> None:
    assert (PrefixSet(places).prefix(asked) is not None) == any(_inside(asked, place) for place in places)


@given(st.lists(PLACES, max_size=12), st.randoms())
def test_a_cover_does_not_depend_on_the_order(places: list[Location], random: Random) -> None:
    shuffled = places.copy()
    random.shuffle(shuffled)
    assert list(PrefixSet(shuffled)) == list(PrefixSet(places)) == list(PrefixSet(PrefixSet(places)))


@pytest.mark.parametrize(
    ("prefix", "path", "covered"),
    [
        ("a/b", "a/b", True),
        ("a/b", "a/b/c/d", True),
        ("a/b", "a/bc", False),
        ("a/b", "a/b.txt", False),
        ("a/b", "a/b-2/c", False),
        ("a/b", "a", False),
        ("a/b", "x/a/b", False),
        ("a/b", "A/b", False),
        ("a/b", "a//b", False),
        ("", "a/b", True),
        ("", "", True),
        ("a", "a//b", True),
    ],
)
def test_a_prefix_ends_at_a_slash(prefix: str, path: str, covered: bool) -> None:
    cover = PrefixSet([Location("acct", "azureml", prefix)])
    assert (cover.prefix(Location("acct", "azureml", path)) is not None) is covered


def test_a_folder_and_a_blob_of_a_longer_name_stay_two() -> None:
    places = [Location("acct", "c", path) for path in ("a/b", "a/bc", "a/b/c", "a/b c")]
    assert [place.path for place in PrefixSet(places)] == ["a/b", "a/b c", "a/bc"]


def test_a_whole_container_covers_only_itself() -> None:
    cover = PrefixSet([Location("acct", "one"), Location("acct", "two", "a")])
    assert cover.prefix(Location("acct", "one", "anything")) == Location("acct", "one")
    assert cover.prefix(Location("acct", "two", "anything")) is None
    assert cover.prefix(Location("other", "one", "anything")) is None


@pytest.mark.parametrize(
    ("path", "prefix"),
    [
        ("a/b", "a/b"),
        ("a/b/", "a/b"),
        ("/a/b", "/a/b"),
        ("", ""),
        ("/", ""),
        ("a/*.csv", "a"),
        ("a/**/b.csv", "a"),
        ("a/b*/c", "a"),
        ("a/b?/c", "a"),
        ("a/b[0-9]/c", "a"),
        ("*.csv", ""),
        ("a/b c/é", "a/b c/é"),
    ],
)
def test_a_reference_covers_its_path_up_to_a_wildcard(path: str, prefix: str) -> None:
    assert prefix_of(Location("ACCT", "azureml", path)) == Location("acct", "azureml", prefix)
