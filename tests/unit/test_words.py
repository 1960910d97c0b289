"""The words of the code: a name has one meaning."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

SRC = Path(__file__).parents[2] / "src" / "amlmigrate"


def trees() -> Iterator[tuple[Path, ast.Module]]:
    """Every module of the product, parsed."""
    for path in sorted(SRC.rglob("*.py")):
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def test_no_two_classes_have_one_name() -> None:
    names = Counter(one.name for _, tree in trees() for one in ast.walk(tree) if isinstance(one, ast.ClassDef))
    assert len(names) > 300
    assert [name for name, times in names.items() if times > 1] == []
