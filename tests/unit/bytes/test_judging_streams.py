"""What becomes of blobs that stream by is what two dicts of all of them come to."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from tests.builders.world import blob

from amlmigrate.bytes.comparing import Comparison, judged
from amlmigrate.bytes.listings import Listing, unlike
from amlmigrate.bytes.ownership import Doing, overwritten, removable, settled, verdict
from amlmigrate.core.asset import Blob
from amlmigrate.core.ownership_record import Copied
from amlmigrate.core.workspace import Location

SOURCE, GOAL = Location("acct", "c"), Location("cmkacct", "t")
_ETAGS = st.sampled_from(['"1"', '"2"'])
_BLOBS = st.dictionaries(
    st.text("ab/\uff01\U0001f600", min_size=1, max_size=3),
    st.builds(
        lambda length, etag, md5, tier: blob("", length, etag, md5=md5, tier=tier),
        st.integers(0, 1),
        _ETAGS,
        st.none() | st.just("AAAA"),
        st.none() | st.just("Cool"),
    ),
    max_size=8,
)
_KNOWN = st.dictionaries(
    st.text("ab/\uff01\U0001f600", min_size=1, max_size=3),
    st.builds(Copied, _ETAGS, _ETAGS | st.just("")),
    max_size=8,
)


def _by_dict(path: str, one: Blob | None, twin: Blob | None, copied: Copied | None, other: str) -> Comparison:
    if one is None:
        assert twin
        return Comparison.GONE if removable(copied, twin) else Comparison.EXTRA
    if twin is None:
        return Comparison.MISSING
    if unlike(one, twin):
        doing = {Doing.REPLACE: Comparison.CHANGED, Doing.RELABEL: Comparison.RELABELLED}
        return doing.get(verdict(copied, one, twin).doing, Comparison.FOREIGN)
    if overwritten(copied, one, twin):
        return Comparison.CHANGED
    return Comparison.FOREIGN if other == twin.etag and not settled(copied, one, twin) else Comparison.SAME


@given(_BLOBS, _BLOBS, _KNOWN, st.dictionaries(st.text("ab/", min_size=1, max_size=2), _ETAGS))
def test_each_path_is_judged_as_by_two_dicts(
    left: dict[str, Blob], right: dict[str, Blob], known: dict[str, Copied], others: dict[str, str]
) -> None:
    ours = {path: replace(one, path=path) for path, one in left.items()}
    theirs = {path: replace(one, path=path) for path, one in right.items()}
    there = Listing(GOAL, theirs)
    listed = Listing(SOURCE, ours).below("")
    found = list(judged(SOURCE, GOAL, listed, there, known.get, lambda path: others.get(path, "")))
    assert [one.pair.path for one in found] == sorted({*ours, *theirs})
    for one in found:
        path, mine, twin = one.pair
        assert (mine, twin) == (ours.get(path), theirs.get(path))
        assert one.what is _by_dict(path, mine, twin, known.get(path), others.get(path, ""))
        assert one.settled == bool(mine and twin and settled(known.get(path), mine, twin))
