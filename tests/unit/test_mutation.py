"""The lists of the mutation tests name what is there, and a run is judged by all its rules."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.mutation import listed
from tests.mutation.listed import Excuse
from tests.mutation.verdict import Verdict

KILLED = [f"killed {number}" for number in range(98)]
EXCUSES = [Excuse("a", "equal"), Excuse("b", "equal")]


def wrong(
    killed: list[str], survived: list[str], excuses: list[Excuse], known: list[str] | None = None
) -> list[str]:
    return list(Verdict(killed, survived, excuses).wrong([*killed, *survived, *(known or [])]))


def test_every_pattern_names_a_module_and_every_excuse_one_of_them() -> None:
    names = listed.modules()
    assert names and all(listed.path_of(name).is_file() for name in names)
    assert {excuse.mutant.split(":")[0] for excuse in listed.excuses()} <= set(names)


def test_a_run_is_good_where_what_survives_is_excused() -> None:
    assert wrong(KILLED, [], []) == []
    assert wrong(KILLED, ["a", "b"], EXCUSES) == []
    assert wrong(KILLED, ["a"], EXCUSES, ["b"]) == [], "what was not drawn may keep its excuse"


@pytest.mark.parametrize(
    ("killed", "survived", "excuses", "words"),
    [
        (KILLED, ["a"], [], "a survives and is not excused"),
        (KILLED, ["a", "b", "c"], [*EXCUSES, Excuse("c", "equal")], "3 of 101 are excused"),
        (KILLED[:94], ["x"] * 6, [Excuse("x", "equal")], "94 of 100 are killed"),
        (KILLED, ["a"], [Excuse("a", "equal"), Excuse("gone", "equal")], "gone is excused, and there is no such"),
        (KILLED, [], [Excuse("killed 1", "equal")], "killed 1 is excused, and a test kills it"),
    ],
    ids=["not excused", "too many excuses", "too few killed", "no such mutant", "killed after all"],
)
def test_each_fault_of_a_run_is_told(
    killed: list[str], survived: list[str], excuses: list[Excuse], words: str
) -> None:
    assert any(line.startswith(words) for line in wrong(killed, survived, excuses))


def test_an_excuse_without_a_reason_is_none(tmp_path: Path) -> None:
    path = tmp_path / "excuses.toml"
    one = '[[excuse]]\nmodule = "m"\nfunction = "f"\noperator = "o"\ntext = "x"\nreason = "{}"\n'
    path.write_text(one.format("the same"))
    assert listed.excuses(path) == [Excuse("m:f:o:x:0", "the same")]
    path.write_text(one.format(" "))
    with pytest.raises(SystemExit, match="no reason"):
        listed.excuses(path)


def test_where_tests_fail_without_a_change_nothing_is_shown() -> None:
    """What kills every mutant shows as little as what kills none."""
    assert list(Verdict(KILLED, [], [], ["m"]).wrong(KILLED)) == [
        "Nothing is shown of m: its tests fail without any change."
    ]
