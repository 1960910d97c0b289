"""Everything is said once: what two modules need, in the product, the local Azure or the tests, both take from one."""

from __future__ import annotations

import ast
import gc
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# The two distributions and their tests: they share nothing.
ROOTS = ("src", "sandbox/src", "tests", "sandbox/tests")
# In lines: what is shorter is as long as its import.
SHORTEST = 5
# In signs, of a value: what is shorter may well mean two things.
SHORTEST_VALUE = 15


@contextmanager
def _no_collector() -> Iterator[None]:
    """Without the collector, which would look through all trees again and again: that takes most of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _codes(text: str, tree: ast.Module) -> Iterator[tuple[str, str, list[ast.AST]]]:
    """Each function and class: its code, its name, and what is ahead of the code, but for name and docstring.

    All code is formatted alike, so that its lines tell whether it is the same.
    """
    lines = [line.strip() for line in text.splitlines()]
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            head: list[ast.AST] = [*node.bases, *node.decorator_list]
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            head = [node.args, *node.decorator_list]
        else:
            continue
        end = node.end_lineno or 0
        if end - node.lineno + 1 >= SHORTEST:
            first = node.body[0]
            told = (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and first.value.value is not ...
            )
            body = node.body[told:]
            code = "\n".join(lines[body[0].lineno - 1 : end]) if body else ""
            # What a protocol only declares says nothing twice.
            if code != "...":
                yield code, f"{node.name}, line {node.lineno}", head


def _plain(node: ast.expr) -> bool:
    """Whether a value is written out: members of enumerations and texts, in any collection."""
    match node:
        case ast.Constant() | ast.Attribute(value=ast.Name()):
            return True
        case ast.Tuple(elts=inside) | ast.List(elts=inside) | ast.Set(elts=inside):
            return all(map(_plain, inside))
        case ast.Dict(keys=keys, values=values):
            return all(one is not None and _plain(one) for one in (*keys, *values))
    return False


def _values(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Each constant of a module that is a collection, written out: its code, and its name."""
    for node in tree.body:
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ):
                inside = value.args[0] if isinstance(value, ast.Call) and len(value.args) == 1 else value
                if not isinstance(inside, ast.Constant | ast.Attribute) and _plain(inside):
                    code = ast.unparse(inside)
                    if len(code) >= SHORTEST_VALUE:
                        yield code, f"{name}, line {node.lineno}"


def _twice(files: dict[str, str], *, values: bool = True) -> list[list[str]]:
    """What stands more than once in files by their names: where each is."""
    found: defaultdict[str, list[tuple[str, list[ast.AST]]]] = defaultdict(list)
    for name, text in files.items():
        tree = ast.parse(text)
        for code, place, head in _codes(text, tree):
            found[code].append((f"{name}: {place}", head))
        for code, place in _values(tree) if values else ():
            found[code].append((f"{name}: {place}", []))
    alike: defaultdict[str, list[str]] = defaultdict(list)
    for code, places in found.items():
        # What is ahead of it takes long to compare, and few have the same code.
        for place, head in places if len(places) > 1 else ():
            alike["\n".join([*map(ast.dump, head), code])].append(place)
    return [places for places in alike.values() if len(places) > 1]


@pytest.mark.parametrize("root", ROOTS)
def test_nothing_stands_twice(root: str) -> None:
    """A test may well expect what another one gives: of tests only what they do counts."""
    files = {str(path.relative_to(ROOT)): path.read_text("utf-8") for path in sorted((ROOT / root).rglob("*.py"))}
    with _no_collector():
        assert len(files) > 50 and _twice(files, values=root.endswith("src")) == []


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


VALUE = '_ONE = ("container", "share")\n'


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (VALUE.replace("_ONE", "OTHER: Kinds"), True),
        ('OTHER = frozenset({"a", "bcdefghij"})\n', False),
        (VALUE.replace("share", "other"), False),
        ('OTHER = frozenset(("container", "share"))\n', True),
        ('OTHER = ("container", name("share"))\n', False),
    ],
    ids=["another name", "another collection", "another member", "frozen", "made"],
)
def test_a_collection_that_is_written_out_stands_once(other: str, same: bool) -> None:
    places = [["a: _ONE, line 1", "b: OTHER, line 1"]]
    assert _twice({"a": VALUE, "b": other}) == (places if same else [])
    assert _twice({"a": VALUE, "b": other}, values=False) == []


def test_a_short_value_may_stand_twice() -> None:
    assert _twice({"a": "_ONE = (409, 412)\n", "b": "_TWO = (409, 412)\n"}) == []


def test_what_is_only_declared_may_stand_twice() -> None:
    declared = "def one(\n    x: int,\n    y: int,\n) -> int:\n    '''Docs.'''\n    ...\n"
    assert _twice({"a": declared, "b": declared.replace("Docs", "Other")}) == []
