"""What an address keeps of itself once it was asked for changes nothing of what it is."""

from __future__ import annotations

import copy
import pickle
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from amlmigrate.core.address import ARCHIVE, Address

_NAMES = st.text("abAB-1é", min_size=1, max_size=4)
_ADDRESSES = st.builds(
    Address,
    st.sampled_from(["models", "data", "onlineEndpoints/deployments", "blobs"]),
    st.lists(_NAMES, min_size=1, max_size=3).map(tuple),
    st.sampled_from(["", ARCHIVE]),
)


@given(_ADDRESSES, _ADDRESSES)
def test_one_that_was_asked_for_its_text_is_the_same_as_one_that_was_not(one: Address, other: Address) -> None:
    fresh = replace(one)
    text, number = str(one), hash(one)
    assert (str(fresh), hash(fresh), fresh) == (text, number, one)
    assert (one == other) == (fresh == other) == (other == one)
    assert one != other or hash(one) == hash(other)
    for copied in (pickle.loads(pickle.dumps(one)), copy.deepcopy(one)):
        assert copied == one and str(copied) == text and hash(copied) == number
    assert str(replace(one, path=("other",))) == str(Address(one.kind, ("other",), one.phase))
    assert "_text" not in repr(one)
