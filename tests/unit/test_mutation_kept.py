"""An interrupted run of the mutation tests goes on where it was, and only for the very same code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.mutation.kept import Found, Kept, code, seconds


def found(mutant: str, *, killed: bool = True, control: bool = False) -> Found:
    return Found(mutant, line=3, control=control, killed=killed, how="exit 1", tests=7, seconds=1.5)


def test_what_was_tried_is_known_to_the_next_run(tmp_path: Path) -> None:
    first = Kept(tmp_path, "code")
    added = [first.add(found("a"), 2.0), first.add(found("b", killed=False), 3.0)]
    later = Kept(tmp_path, "code")
    assert [later.get(name, control=False) for name in "abc"] == [*added, None]
    assert later.get("a", control=True) is None, "a trial without the change is another"


def test_what_was_tried_with_other_code_is_forgotten(tmp_path: Path) -> None:
    first = Kept(tmp_path, "code")
    first.reach.write_text("{}")
    first.add(found("a"), 2.0)
    later = Kept(tmp_path, "other")
    assert later.get("a", control=False) is None and not later.reach.exists()
    assert Kept(tmp_path, "code").get("a", control=False) is None, "nor does it come back"


def test_a_line_that_a_kill_cut_short_is_tried_again(tmp_path: Path) -> None:
    first = Kept(tmp_path, "code")
    whole = first.add(found("a"), 2.0)
    with (tmp_path / "trials.jsonl").open("a") as file:
        file.write('{"mutant": "b", "li')
    second = Kept(tmp_path, "code")
    assert second.get("a", control=False) == whole and second.get("b", control=False) is None
    again = second.add(found("b"), 4.0)
    assert Kept(tmp_path, "code").get("b", control=False) == again


def test_the_time_of_all_runs_is_told_together(tmp_path: Path) -> None:
    first = Kept(tmp_path, "code")
    one, two = first.add(found("a"), 20.0), first.add(found("b"), 31.5)
    later = Kept(tmp_path, "code").add(found("c"), 4.0)
    assert seconds([two, one, later]) == 35.5
    assert seconds([]) == 0.0


@pytest.mark.parametrize(
    ("change", "same"),
    [
        (lambda root: (root / "src/m.py").write_text("x = 2\n"), False),
        (lambda root: (root / "src/m.py").rename(root / "src/n.py"), False),
        (lambda root: (root / "tests/unit/data.json").write_text("{}"), False),
        (lambda root: (root / "tests/builders.py").write_text(""), False),
        (lambda root: (root / "tests/mutation/excuses.toml").write_text("# one more"), True),
        (lambda root: (root / "docs.md").write_text("a text"), True),
    ],
    ids=["the code", "its name", "what a test reads", "what tests share", "an excuse", "a text"],
)
def test_the_same_code_is_told_from_other_code(
    tmp_path: Path, change: Callable[[Path], object], same: bool
) -> None:
    for folder in ("src", "tests/unit", "tests/mutation"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "src/m.py").write_text("x = 1\n")
    before = code(tmp_path)
    change(tmp_path)
    assert (code(tmp_path) == before) is same
