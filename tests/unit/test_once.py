"""Tests say everything once: what two of them need is a builder or a fixture that both take."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# The two suites are of two distributions, and share nothing.
SUITES = ("tests", "sandbox/tests")
# In lines: what is shorter is as long as its import.
SHORTEST = 5


def _codes(text: str) -> Iterator[tuple[str, str]]:
    """Each function and class: its code but for its name and docstring, and its name. All code is formatted alike."""
    lines = [line.strip() for line in text.splitlines()]
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ClassDef):
            head: list[ast.AST] = [*node.bases, *node.decorator_list]
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            head = [node.args, *node.decorator_list]
        else:
            continue
        end = node.end_lineno or 0
        if end - node.lineno + 1 >= SHORTEST:
            body = node.body[ast.get_docstring(node) is not None :]
            code = lines[body[0].lineno - 1 : end] if body else []
            yield "\n".join([*map(ast.dump, head), *code]), f"{node.name}, line {node.lineno}"


def _twice(files: dict[str, str]) -> list[list[str]]:
    """What stands more than once in files by their names: where each is."""
    found = defaultdict(list)
    for name, text in files.items():
        for code, place in _codes(text):
            found[code].append(f"{name}: {place}")
    return [places for places in found.values() if len(places) > 1]


@pytest.mark.parametrize("suite", SUITES)
def test_no_helper_stands_twice(suite: str) -> None:
    files = {str(path.relative_to(ROOT)): path.read_text("utf-8") for path in sorted((ROOT / suite).rglob("*.py"))}
    assert len(files) > 50 and _twice(files) == []


ONE = """
def one(x: int) -> int:
    '''One more, but of none.'''
    if x:
        x += 1
    return x
"""


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (ONE.replace("one", "another").replace("One more", "Other words"), True),
        (ONE.replace("    '''One more, but of none.'''\n", "    print(x)\n    print(x)\n"), False),
        (ONE.replace("1", "2"), False),
        (ONE.replace("x: int", "x: str"), False),
        (ONE.replace("def one", "@cache\ndef one"), False),
    ],
    ids=["another name", "other code", "another number", "other parameters", "decorated"],
)
def test_what_is_the_same_but_for_its_name_and_docstring_stands_twice(other: str, same: bool) -> None:
    assert _twice({"a": ONE, "b": other}) == ([["a: one, line 2", "b: another, line 2"]] if same else [])


def test_what_is_as_short_as_its_import_may_stand_twice() -> None:
    short = "def one(x):\n    if x:\n        x += 1\n    return x\n"
    assert _twice({"a": short, "b": short}) == []
