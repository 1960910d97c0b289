"""The import rules name every package of the product: a new one must not escape them."""

from __future__ import annotations

from configparser import ConfigParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("contract", "free"), [("azure", "cloud"), ("printing", "cli")])
def test_all_packages_but_one_are_kept_from_a_library(contract: str, free: str) -> None:
    """Of the layers import-linter itself asks this (`exhaustive`)."""
    rules = ConfigParser()
    rules.read(ROOT / ".importlinter", encoding="utf-8")
    named = rules[f"importlinter:contract:{contract}"]["source_modules"].split()
    there = {f"amlmigrate.{path.parent.name}" for path in (ROOT / "src" / "amlmigrate").glob("*/__init__.py")}
    assert len(there) > 20
    assert sorted(named) == sorted(there - {f"amlmigrate.{free}"})
