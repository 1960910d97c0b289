"""Documents kept packed: read as they were set, each time anew, and not to be changed in place."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.core.plan import Action, Step

ADDRESS = Address.of("models", "m", "1")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), JSON, max_size=4))
def test_a_document_is_read_as_it_was_set(document: dict[str, object]) -> None:
    assert Asset(ADDRESS, document).document == document
    assert Step(ADDRESS, Action.CREATE, body=document).body == document


def test_what_is_read_is_a_copy() -> None:
    document = {"properties": {"tags": {"a": "b"}}}
    asset = Asset(ADDRESS, document)
    asset.document["properties"]["tags"]["a"] = "c"
    document["properties"] = {}
    assert asset.properties == {"tags": {"a": "b"}}


def test_two_of_one_document_are_equal_and_one_can_be_made_of_another() -> None:
    step = Step(ADDRESS, Action.CREATE, body={"a": 1, "b": 2})
    assert step == Step(ADDRESS, Action.CREATE, body={"b": 2, "a": 1})
    assert replace(step, reason="why").body == {"a": 1, "b": 2}
    assert replace(step, body=None).body is None
    assert Step(ADDRESS, Action.SKIP).body is None


def test_neither_can_be_set_anew_nor_left_out() -> None:
    with pytest.raises(FrozenInstanceError):
        Asset(ADDRESS, {}).document = {}  # type: ignore[misc]  # what is tried: it cannot be set
    with pytest.raises(TypeError):
        Asset(ADDRESS)
