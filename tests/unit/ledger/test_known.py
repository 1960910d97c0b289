"""What several ledgers say of copies: the latest of each, as a dict of them all would have it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlmigrate.core.errors import BadInputError
from amlmigrate.core.ownership_record import Copied, Labels, OwnershipRecord
from amlmigrate.core.workspace import Location
from amlmigrate.ledger.known_copies import KnownCopies, Place
from amlmigrate.ledger.ownership import When

_PLACES = st.tuples(st.just("acct"), st.sampled_from("cd"), st.text("ab/\U0001f600", min_size=1, max_size=2))
_TAGS = st.none() | st.lists(st.tuples(st.text("k'", max_size=1), st.text("v", max_size=1)), max_size=2).map(tuple)
_LABELS = st.none() | st.builds(Labels, st.none() | st.just("Cool"), _TAGS)
_COPIES = st.builds(Copied, st.text("s", max_size=2), st.text("t", max_size=2), _LABELS)
_WHEN = st.builds(When, st.integers(0, 2), st.sampled_from(["", "2026-01-01", "2026-01-02"]))


class Ledger:
    """Says what it is given; at its end it may break."""

    def __init__(self, blobs: dict[Place, tuple[When, Copied]], others: dict[Place, str], *, broken: bool = False):
        self._blobs, self._others, self._broken = blobs, others, broken

    def blobs(self) -> Iterator[tuple[Place, When, Copied]]:
        yield from ((place, *what) for place, what in self._blobs.items())

    def not_ours(self) -> Iterator[tuple[Place, str]]:
        yield from self._others.items()
        if self._broken:
            raise BadInputError("The ledger is damaged.")


@given(
    st.lists(
        st.tuples(
            st.dictionaries(_PLACES, st.tuples(_WHEN, _COPIES)), st.dictionaries(_PLACES, st.text("e", max_size=2))
        ),
        max_size=4,
    )
)
def test_the_latest_of_each_place_counts(ledgers: list[tuple[dict[Place, Any], dict[Place, str]]]) -> None:
    known = KnownCopies()
    blobs: dict[Place, tuple[When, Copied]] = {}
    others: dict[Place, str] = {}
    for copies, theirs in ledgers:
        ledger: Any = Ledger(copies, theirs)
        known.add(ledger)
        for place, (when, copied) in copies.items():
            blobs[place] = max((when, copied), blobs.get(place, (when, copied)), key=lambda one: one[0])
        others |= theirs
    wanted = {place: copied for place, (_, copied) in blobs.items()}
    assert dict(known.blobs) == wanted and dict(known.others) == others
    assert (len(known.blobs), len(known.others)) == (len(wanted), len(others))
    assert list(known.blobs) == sorted(wanted) and list(known.others) == sorted(others)
    prior = OwnershipRecord(blobs=known.blobs, not_ours=known.others)
    assert dict(prior.copies()) == {Location(*place): copied for place, copied in wanted.items()}
    for place in (*wanted, ("acct", "e", "x")):
        assert prior.copied(Location(*place)) == wanted.get(place)
        assert prior.others(Location(*place)) == others.get(place, "")


def test_of_a_ledger_that_cannot_be_read_to_its_end_nothing_counts() -> None:
    known = KnownCopies()
    place, when = ("acct", "c", "a"), When(1, "2026-01-01")
    whole: Any = Ledger({place: (when, Copied("1", "2"))}, {place: "e"})
    known.add(whole)
    broken: Any = Ledger(
        {place: (When(2, ""), Copied("3", "4")), ("acct", "c", "b"): (when, Copied("1"))}, {}, broken=True
    )
    with pytest.raises(BadInputError):
        known.add(broken)
    assert dict(known.blobs) == {place: Copied("1", "2")} and dict(known.others) == {place: "e"}
    known.add(whole)


def test_it_can_be_asked_when_nothing_else_knows_of_it() -> None:
    blobs = KnownCopies().blobs
    assert len(blobs) == 0 and ("acct", "c", "a") not in blobs
