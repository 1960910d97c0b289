"""Places in a JSON value: pointers go there and back, ways lead to members, and nothing is where nothing is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlmigrate.core.documents import mapped, strings
from amlmigrate.core.pointers import EACH, at, below, member, names_of, spelled, way_of, without

NAMES = st.text(alphabet="ab/~01|*-. é", max_size=5)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)


@given(VALUES)
def test_each_string_is_at_its_pointer(value: Any) -> None:
    for pointer, text in strings(value):
        assert at(value, pointer) == text


@given(VALUES)
def test_the_pointers_of_a_copy_are_those_of_the_walk(value: Any) -> None:
    seen: list[tuple[str, str]] = []
    assert mapped(value, lambda where, text: [seen.append((where, text)), text][1]) == value
    assert seen == list(strings(value))


@given(st.lists(NAMES))
def test_a_pointer_is_made_of_its_names(names: list[str]) -> None:
    pointer = ""
    for name in names:
        pointer = below(pointer, name)
    assert names_of(pointer) == tuple(names)


def test_the_signs_of_a_pointer_are_escaped_in_names() -> None:
    assert below("/properties", "a/b~c") == "/properties/a~1b~0c"
    assert below("/list", 3) == "/list/3"
    assert at({"a/b~c": {"~1": [7]}}, "/a~1b~0c/~01/0") == 7
    assert at({"": {"": 1}}, "//") == 1


@pytest.mark.parametrize(
    ("value", "pointer"),
    [
        ({}, "/a"),
        ({"a": None}, "/a/b"),
        ({"a": [1]}, "/a/1"),
        ({"a": [1]}, "/a/-"),
        ({"a": [1]}, "/a/01"),
        ({"a": [1]}, "/a/-1"),
        ({"a": [1]}, "/a/b"),
        ({"a": "text"}, "/a/0"),
        ({"a": 7}, "/a/0"),
        (None, "/a"),
    ],
)
def test_where_nothing_is_nothing_is_made_up(value: Any, pointer: str) -> None:
    with pytest.raises(LookupError):
        at(value, pointer)


@pytest.mark.parametrize("text", ["a", "a/b", "/~", "/~2"])
def test_what_is_no_pointer_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a JSON pointer"):
        names_of(text)
    with pytest.raises(ValueError, match="is not a JSON pointer"):
        at({}, text)


def test_a_way_is_told_with_bars_and_leads_to_members_of_maps() -> None:
    assert way_of("properties|networkAcls") == ("properties", "networkAcls")
    assert spelled(way_of("a|b|c")) == "a|b|c"
    assert member({"a": {"b": 1}}, ("a", "b")) == 1
    assert [member(value, ("a", "b")) for value in ({}, {"a": None}, {"a": [1]}, {"a": "b"}, {"a": {}})] == [
        None
    ] * 5
    assert member({"a": 1}, ()) == {"a": 1}


def test_members_are_left_out_at_the_end_of_a_way_and_nowhere_else() -> None:
    value = {"a": {"x": 1, "y": 2}, "x": 3}
    assert without(value, ("a",), frozenset({"x"})) == {"a": {"y": 2}, "x": 3}
    assert without(value, (), frozenset({"x", "z"})) == {"a": {"x": 1, "y": 2}}
    assert without(value, ("b",), frozenset({"x"})) == value
    assert without(value, ("a", "x"), frozenset({"x"})) == value
    assert value == {"a": {"x": 1, "y": 2}, "x": 3}


def test_each_member_and_each_item_loses_them() -> None:
    value = {"l": [{"x": 1, "y": 2}, 7, {"y": 3}], "m": {"p": {"x": 1}, "q": [{"x": 1}]}}
    assert without(value, ("l", EACH), frozenset({"x"}))["l"] == [{"y": 2}, 7, {"y": 3}]
    assert without(value, ("m", EACH), frozenset({"x"}))["m"] == {"p": {}, "q": [{"x": 1}]}
    # A list is entered item by item only where the way says so.
    assert without(value, ("l", "x"), frozenset({"y"})) == value
