"""What the product does in one place only: reading the properties of a document, and JSON pointers."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import amlmigrate
from amlmigrate.core.documents import properties_of, shown_properties

_PRODUCT = Path(amlmigrate.__file__).parent


@cache
def _modules() -> dict[str, ast.Module]:
    found = {str(path.relative_to(_PRODUCT)): ast.parse(path.read_text()) for path in _PRODUCT.rglob("*.py")}
    assert len(found) > 300
    return found


def _reads_properties(tree: ast.AST) -> Iterator[int]:
    """The lines that look `properties` up as something that may be missing."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="get" | "pop" | "setdefault"), args=[first, *_]):
                if isinstance(first, ast.Constant) and first.value == "properties":
                    yield node.lineno


def test_only_one_module_reads_the_properties_of_a_document() -> None:
    found = {name: lines for name, tree in _modules().items() if (lines := list(_reads_properties(tree)))}
    assert set(found) == {"core/documents.py"}


@pytest.mark.parametrize("code", ['(one.get("properties") or {}).get("x")', 'one.get("properties", {})'])
def test_whoever_reads_them_by_hand_would_be_found(code: str) -> None:
    assert list(_reads_properties(ast.parse(code))) == [1]


@pytest.mark.parametrize("document", [None, {}, {"properties": None}])
def test_a_document_without_properties_has_none(document: dict[str, object] | None) -> None:
    assert properties_of(document) == {}
    assert shown_properties(document) is None


@pytest.mark.parametrize("properties", ["text", 7, ["a"], [], False])
def test_properties_that_are_no_map_show_nothing(properties: object) -> None:
    assert shown_properties({"properties": properties}) is None


def test_the_properties_are_those_of_the_document_itself() -> None:
    document = {"properties": {"a": 1}}
    assert properties_of(document) is document["properties"]
    assert shown_properties(document) is document["properties"]


def test_only_one_module_escapes_names_in_pointers() -> None:
    texts = {str(path.relative_to(_PRODUCT)): path.read_text() for path in _PRODUCT.rglob("*.py")}
    marks = ("~0", "~1", 'split("|")', '"|".join')
    found = {name for name, text in texts.items() if any(mark in text for mark in marks) or "jsonpointer" in text}
    # Alternatives of a regular expression, and of a sentence, are joined by a bar too.
    assert found - {"core/places.py", "planning/byhand/items.py"} == {"core/pointers.py"}
