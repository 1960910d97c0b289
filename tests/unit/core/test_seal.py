"""What changed between two looks, as far as both could see."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlmigrate.core.documents import source_digest
from amlmigrate.core.seal import PLAIN_SHA, UNLISTED, changes, comparable

HIDDEN = source_digest(UNLISTED)


@pytest.mark.parametrize("side", [0, 1])
def test_what_could_not_be_listed_hides_what_lies_below_it(side: int) -> None:
    looks = [{"jobs": "1"}, {"jobs": "1"}]
    looks[side]["diagnosticSettings"] = HIDDEN
    looks[1 - side] |= {"diagnosticSettings/logs": "1", "diagnosticSettings": "1"}
    assert changes(*looks) == []
    assert comparable(*looks) == ({"jobs": "1"}, {"jobs": "1"})


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize(
    ("hidden", "name"),
    [
        ("locks", "locksmiths/x"),
        ("locks", "locks-2"),
        ("locks", "locks 2/x"),
        ("locks", "lock"),
        ("locks", "x/locks"),
        ("locks", "Locks/x"),
        ("blobs/azureml", "blobs/azureml-x"),
        ("blobs/c/a", "blobs/c/a b"),
        ("blobs/c/a", "blobs/c/a0/1"),
    ],
)
def test_nothing_is_hidden_that_only_begins_alike(side: int, hidden: str, name: str) -> None:
    looks: list[dict[str, str]] = [{}, {}]
    looks[side] = {hidden: HIDDEN}
    looks[1 - side] = {name: "1"}
    assert changes(*looks) == [f"{name} was {('added', 'deleted')[side]}"]
    looks[side][name] = "2"
    assert changes(*looks) == [f"{name} changed"]


_NAMES = st.lists(st.sampled_from(["a", "a b", "a-x", "ab"]), min_size=1, max_size=3).map("/".join)
_LOOKS = st.dictionaries(_NAMES, st.sampled_from(["1", "2", HIDDEN]), max_size=6)


@given(_LOOKS, _LOOKS)
def test_each_name_is_compared_unless_a_folder_above_it_is_hidden(
    then: dict[str, str], now: dict[str, str]
) -> None:
    def hidden(name: str) -> bool:
        parts = name.split("/")
        above = ["/".join(parts[:end]) for end in range(1, len(parts) + 1)]
        return any(look.get(one) == HIDDEN for look in (then, now) for one in above)

    left, right = comparable(then, now)
    assert left == {name: sha for name, sha in then.items() if not hidden(name)}
    assert right == {name: sha for name, sha in now.items() if not hidden(name)}


def test_a_new_name_of_which_nothing_is_said_is_told_by_its_versions() -> None:
    then = {"models/m/1": "1", "models/said": "2"}
    now = then | {"models/m": PLAIN_SHA}
    assert changes(then, now) == []
    # One that was there counts, as does one that has no versions, and one of which something is said.
    assert changes(now, then) == ["models/m was deleted"]
    assert changes(then, then | {"models/empty": PLAIN_SHA}) == ["models/empty was added"]
    assert changes(then, now | {"models/m": "3"}) == ["models/m was added"]
    assert changes(now, now | {"models/m": "3"}) == ["models/m changed"]
    assert changes(then, now | {"models/said": PLAIN_SHA}) == ["models/said changed"]
    # Of a name that is new its versions are.
    new = now | {"models/n": PLAIN_SHA, "models/n/1": "4"}
    assert changes(then, new) == ["models/n/1 was added"]
    assert changes(now, new) == ["models/n/1 was added"]


@pytest.mark.parametrize(("count", "more"), [(20, []), (21, ["and 1 more"]), (25, ["and 5 more"])])
def test_twenty_changes_are_named_and_the_others_counted(count: int, more: list[str]) -> None:
    now = {f"data/{number:02}/1": "1" for number in range(count)}
    assert changes({}, now) == [*(f"data/{number:02}/1 was added" for number in range(20)), *more]
