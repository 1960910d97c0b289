"""The tables of `docs/reference/controls.md`: each control, what supports it, and what the demo holds of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path

from amlmigrate.controls import catalogue, judging
from amlmigrate.controls.catalogue import Control
from amlmigrate.controls.facts import FACTS, SourceStanding, Support
from amlmigrate.controls.judging import ControlRow, Verdict

# What the evidence of `make demo` holds, as tests/acceptance/test_demo.py finds it.
DEMO = Path(__file__).parent / "reference" / "controls-demo.json"
_HEAD = ("control", "demand", "claims", "files", "what they cannot show", "in the demo")
Table = Callable[[Iterable[str], Iterable[Iterable[str]]], str]


def blocks(table: Table) -> dict[str, str]:
    """A block for each standard, by its name, and one for the facts."""
    found = {f"controls:{id_}": table(_HEAD, map(_cells, _rows(id_))) for id_ in catalogue.standards()}
    facts = table(("fact", "what the reports show"), ([f"`{one.name}`", one.says] for one in FACTS))
    return found | {"controls:facts": facts, "controls:sentence": catalogue.SENTENCE}


def _rows(standard: str) -> Iterable[ControlRow]:
    told = json.loads(DEMO.read_text(encoding="utf-8"))
    held = {name: SourceStanding(Support(state), "") for name, state in told.items()}
    return judging.rows(catalogue.controls(standard), held)


def _cells(row: ControlRow) -> tuple[str, ...]:
    told = row.control
    return (
        told.control,
        told.demand,
        _code(told.claims),
        _code(told.files),
        f"{told.cannot}{_look(told)}",
        _in_the_demo(row),
    )


def _look(told: Control) -> str:
    return f" Look at {_code(f'migrate {one}' for one in told.look)}." if told.look else ""


def _in_the_demo(row: ControlRow) -> str:
    """The verdict, and why it is no better."""
    if row.verdict is Verdict.AGAINST:
        return f"*{row.verdict}* by {_code(row.of(Support.REFUTED))}"
    missing = [name for name, one in row.sources.items() if one.state is not Support.HOLDS]
    return f"*{row.verdict}*, without {_code(missing)}" if row.verdict is Verdict.IN_PART else f"*{row.verdict}*"


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{one}`" for one in names)
