"""Documents: their digest, the walk over their strings, and where two of them differ."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlmigrate.core.documents import ABSENT, differences, digest, mapped, source_digest, strings, without_nulls

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        # RFC 8785, sections 3.2.2.2, 3.2.2.3 and 3.2.3.
        ({"b": 1, "a": [True, None, "x"]}, '{"a":[true,null,"x"],"b":1}'),
        ({"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4}, '{"\\r":2,"1":4,"\u20ac":1,"\ufb33":3}'),
        ([333333333.33333329, 1e30, 4.50, 2e-3], "[333333333.3333333,1e+30,4.5,0.002]"),
        ('\u20ac$\u000f\nA\'B"\\\\"/', '"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'),
        (1.0, "1"),
    ],
)
def test_a_digest_is_sha256_of_the_rfc_8785_form(value: Any, text: str) -> None:
    assert digest(value) == hashlib.sha256(text.encode()).hexdigest()


def test_a_digest_knows_integers_that_json_cannot_hold_exactly() -> None:
    assert digest(2**63) != digest(2**63 + 1)
    assert digest({"a": [-(2**60)]}) != digest({"a": [2**60]})


@given(st.dictionaries(st.text(max_size=4), JSON, min_size=2, max_size=5))
def test_a_digest_is_the_same_in_any_order_of_members(value: dict[str, Any]) -> None:
    assert digest(dict(reversed(value.items()))) == digest(value)


@given(JSON, JSON)
def test_documents_without_a_difference_have_one_digest_and_only_those(left: Any, right: Any) -> None:
    if digest(left) == digest(right):
        assert differences(left, right) == []
    else:
        assert differences([left], [right])


@given(JSON)
def test_nothing_differs_from_itself(value: Any) -> None:
    assert differences(value, value) == []


@pytest.mark.parametrize(
    ("expected", "actual", "found"),
    [
        ({"a": 1}, {"a": 2}, [("/a", 1, 2)]),
        ({"a": {"b": [1, 2]}}, {"a": {"b": [1, 3]}}, [("/a/b/1", 2, 3)]),
        ({"a": 1}, {}, [("/a", 1, None)]),
        ({}, {"a": 1}, [("/a", None, 1)]),
        ({"a": None}, {}, [("/a", None, ABSENT)]),
        ({}, {"a": None}, [("/a", ABSENT, None)]),
        ({"a": {"b": None}}, {"a": {}}, [("/a/b", None, ABSENT)]),
        ({"a": None}, {"a": None}, []),
        ({"a": None}, {"a": "None"}, [("/a", None, "None")]),
        ({"a": [1]}, {"a": [1, 2]}, [("/a", [1], [1, 2])]),
        ({"a": {}}, {"a": []}, [("/a", {}, [])]),
        ({"x/y": 1, "t~": 1}, {"x/y": 2, "t~": 2}, [("/t~0", 1, 2), ("/x~1y", 1, 2)]),
        ({"a": True}, {"a": 1}, [("/a", True, 1)]),
        ({"a": 0}, {"a": False}, [("/a", 0, False)]),
        ({"a": [1]}, {"a": [True]}, [("/a/0", 1, True)]),
        ({"a": "1"}, {"a": 1}, [("/a", "1", 1)]),
        ({"a": 1}, {"a": 1.0}, []),
    ],
)
def test_differences_name_the_pointer_and_both_values(expected: Any, actual: Any, found: list[Any]) -> None:
    assert [(where, repr(a), repr(b)) for where, a, b in differences(expected, actual)] == [
        (where, repr(a), repr(b)) for where, a, b in found
    ]


def _followed(value: Any, pointer: str) -> Any:
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        value = value[int(key)] if isinstance(value, list) else value[key]
    return value


@given(JSON)
def test_each_string_is_found_at_its_pointer(value: Any) -> None:
    for pointer, text in strings(value):
        assert _followed(value, pointer) == text


@given(JSON)
def test_a_mapped_document_is_a_copy_with_its_strings_changed(value: Any) -> None:
    before = digest(value)
    seen: list[tuple[str, str]] = []

    def change(where: str, text: str) -> str:
        seen.append((where, text))
        return f"{text}!"

    changed = mapped(value, change)
    assert digest(value) == before
    assert seen == list(strings(value))
    assert list(strings(changed)) == [(where, f"{text}!") for where, text in strings(value)]


def test_nulls_are_left_out_at_any_depth_but_not_from_lists() -> None:
    assert without_nulls({"a": None, "b": {"c": None, "d": [None, {"e": None}]}}) == {"b": {"d": [None, {}]}}


def test_the_source_digest_leaves_out_what_changes_by_itself() -> None:
    document = {
        "id": "/a",
        "name": "1",
        "type": "t",
        "etag": "x",
        "systemData": {"lastModifiedAt": "now"},
        "properties": {"provisioningState": "Updating", "nextVersion": "2", "properties": {"l": "", "kept": "1"}},
    }
    later = {"properties": {"properties": {"kept": "1"}}}
    assert source_digest(document, ("nextVersion", "properties|l")) == source_digest(later)
    assert source_digest(document) != source_digest(later)


@pytest.mark.parametrize(
    "changed",
    [
        {"tags": {"a": "1"}, "properties": {"description": "x"}},
        {"tags": {}, "properties": {"description": "y"}},
        {"tags": {}, "properties": {"description": None}},
        {"tags": {}, "properties": {"description": "x", "isArchived": True}},
        {"tags": {}, "properties": {"description": "x"}, "kind": "k"},
    ],
)
def test_the_source_digest_changes_with_all_else(changed: dict[str, Any]) -> None:
    assert source_digest(changed) != source_digest({"tags": {}, "properties": {"description": "x"}})


def test_a_volatile_path_that_is_not_there_changes_nothing() -> None:
    document = {"properties": {"a": "text", "b": 1}}
    assert source_digest(document, ("a|b", "c|d", "e")) == source_digest(document)
