"""What a reader has to hold in mind at once stays small: a module is one job, and a function fits a screen."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = ("src/amlmigrate", "sandbox/src/azsandbox")
# In lines.
MODULE, FUNCTION = 400, 60


@pytest.mark.parametrize("source", SOURCES)
def test_no_module_and_no_function_outgrows_its_reader(source: str) -> None:
    too_long = []
    files = sorted((ROOT / source).rglob("*.py"))
    for path in files:
        text = path.read_text(encoding="utf-8")
        lines = len(text.splitlines())
        if lines > MODULE:
            too_long.append(f"{path.relative_to(ROOT)}: {lines} lines")
        if lines <= FUNCTION:
            continue
        too_long += [
            f"{path.relative_to(ROOT)}: {node.name}: {length} lines"
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and (length := (node.end_lineno or 0) - node.lineno + 1) > FUNCTION
        ]
    assert len(files) > 100 and too_long == []
