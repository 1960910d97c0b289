"""Names made of old ones: within the rule of their kind, taken by nobody, and always the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlmigrate.core.newname import SUFFIX, NameRule
from amlmigrate.kinds import all_kinds

COMPUTES = all_kinds()["computes"]
CLUSTER = COMPUTES.new_names(COMPUTES.example())
ENDPOINT = all_kinds()["onlineEndpoints"].new_names(all_kinds()["onlineEndpoints"].example())


@st.composite
def named(draw: st.DrawFn) -> tuple[NameRule, str]:
    """A rule, and a name that it takes."""
    rule = draw(st.sampled_from((CLUSTER, ENDPOINT)))
    letters = st.text("aZ09-", min_size=1, max_size=rule.longest - 1)
    return rule, draw(st.builds(lambda rest: f"b{rest}", letters).filter(rule.takes))


@given(named(), st.integers(0, 12))
def test_it_is_a_name_that_nobody_has_and_the_same_each_time(found: tuple[NameRule, str], count: int) -> None:
    rule, old = found
    taken = {old.lower()}
    for _ in range(count):
        taken.add(rule.beside(old, taken).lower())
    made = rule.beside(old, taken)
    assert len(taken) == count + 1
    assert rule.takes(made) and made.lower() not in taken and made == rule.beside(old, taken)
    assert made[0] == old[0] and SUFFIX in made


@pytest.mark.parametrize(
    ("old", "taken", "made"),
    [
        ("cpu", (), "cpu-cmk"),
        ("cpu", ("cpu-cmk", "cpu-cmk2"), "cpu-cmk3"),
        ("CPU", ("cpu-cmk",), "CPU-cmk2"),
        # Nothing more is added to what an earlier move added.
        ("cpu-cmk", ("cpu-cmk",), "cpu-cmk2"),
        ("cpu-cmk2", ("cpu-cmk2",), "cpu-cmk"),
        ("a" * 24, (), f"{'a' * 20}-cmk"),
        # Cut right before a hyphen.
        (f"{'a' * 19}-bcde", (), f"{'a' * 19}-cmk"),
        (f"{'a' * 24}", (f"{'a' * 20}-cmk",), f"{'a' * 19}-cmk2"),
    ],
)
def test_it_begins_as_the_old_one(old: str, taken: tuple[str, ...], made: str) -> None:
    assert CLUSTER.beside(old, frozenset(taken)) == made


@pytest.mark.parametrize(
    ("name", "good"),
    [("abc", True), ("cpu-cluster", True), ("a1-b2", True), ("x" * 24, True), ("ab", False), ("1abc", False),
     ("cpu-cluster-1", False), ("cpu-", False), ("x" * 25, False), ("a_bc", False), ("abc\n", False)],
)  # fmt: skip
def test_what_a_compute_may_be_called(name: str, good: bool) -> None:
    assert CLUSTER.takes(name) is good
