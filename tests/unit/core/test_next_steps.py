"""Every error that a command can end with says what to do next: where it is made, or by its class."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from amlmigrate.core.errors import MigrateError

PACKAGE = Path(__file__).parents[3] / "src" / "amlmigrate"
MADE = re.compile(r"\b\w+Error\(")
TEXTS = {path: path.read_text() for path in sorted(PACKAGE.rglob("*.py"))}
# Parsing takes its time, and most modules make none.
TREES = {path: ast.parse(text) for path, text in TEXTS.items() if MADE.search(text)}


def _named(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def classes() -> dict[str, type[MigrateError]]:
    """Every error of the product by its name."""
    names = {"MigrateError"}
    found: dict[str, type[MigrateError]] = {"MigrateError": MigrateError}
    defined = [
        (path, node) for path, tree in TREES.items() for node in tree.body if isinstance(node, ast.ClassDef)
    ]
    while more := [
        (path, node) for path, node in defined if node.name not in names and names & set(map(_named, node.bases))
    ]:
        for path, node in more:
            names.add(node.name)
            module = ".".join(("amlmigrate", *path.relative_to(PACKAGE).with_suffix("").parts))
            found[node.name] = getattr(import_module(module), node.name)
    return found


CLASSES = classes()


def takes_one(kind: type[MigrateError]) -> bool:
    """Whether it has no next step but the one that it is given: others make their own, or have one by default."""
    return "remedy" in inspect.signature(kind.__init__).parameters and not kind.remedy_otherwise


def without(tree: ast.Module) -> Iterator[int]:
    """The lines on which an error is made without a next step."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (kind := CLASSES.get(_named(node.func))) and takes_one(kind):
            given = {one.arg: one.value for one in node.keywords}
            remedy = given.get("remedy")
            if None not in given and (remedy is None or (isinstance(remedy, ast.Constant) and not remedy.value)):
                yield node.lineno


def test_each_error_is_made_with_what_to_do_next() -> None:
    assert len(CLASSES) > 20
    assert takes_one(CLASSES["BadInputError"]) and takes_one(CLASSES["RefusedError"])
    found = [f"{path.relative_to(PACKAGE)}:{line}" for path, tree in TREES.items() for line in without(tree)]
    assert not found


def test_an_error_without_one_would_be_found() -> None:
    for text in ('RefusedError("No.")', 'errors.DeniedError("No.", remedy="")'):
        assert list(without(ast.parse(text))) == [1]
    for text in ('RefusedError("No.", remedy=told)', "RefusedError(**told)", 'InterruptedRunError("Stopped.")'):
        assert not list(without(ast.parse(text)))


def test_a_class_has_its_own_next_step_where_none_is_given() -> None:
    stopped = CLASSES["InterruptedRunError"]("Stopped.")
    assert "--resume" in stopped.remedy
    assert CLASSES["ConflictError"]("No.", remedy="Look.").remedy == "Look."
