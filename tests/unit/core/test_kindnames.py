"""How kinds and the names of their items are spelled, as the kinds declare it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
from tests.builders.world import OLD

from amlmigrate.core import kindnames
from amlmigrate.core.address import Address
from amlmigrate.core.reference import references
from amlmigrate.core.select import Selection


@pytest.fixture
def nested() -> Iterator[None]:
    for kind in ("ovens", "ovens/trays", "spices/versions"):
        kindnames.declare(kind)
    yield
    for kind in ("ovens", "ovens/trays", "spices/versions"):
        del kindnames._SPELLED[kind]


@pytest.mark.parametrize(
    ("tail", "address"),
    [
        ("ovens/o/trays/t", "ovens/o/trays/t"),
        ("OVENS/O/Trays/T", "ovens/O/trays/T"),
        ("ovens/o/lids/l", "ovens/o"),
        ("spices/s/versions/1", "spices/s/versions/1"),
        ("models/m/versions/1", "models/m/1"),
        ("MODELS/m/VERSIONS/1", "models/m/1"),
    ],
)
@pytest.mark.usefixtures("nested")
def test_an_arm_id_leads_to_the_item_that_it_names(tail: str, address: str) -> None:
    [found] = references({"x": f"{OLD.id}/{tail}"})
    assert str(Address.of(str(found.kind), *found.names, found.version)) == address


@pytest.mark.usefixtures("nested")
def test_a_glob_takes_what_is_below_what_it_matches() -> None:
    chosen = Selection(select=("ovens/o",))
    assert chosen.takes(Address.parse("ovens/o/trays/t"))
    assert chosen.takes(Address.parse("ovens/o/trays/t#traffic"))
    assert not chosen.takes(Address.parse("ovens/p/trays/t"))


@pytest.mark.parametrize("module", ["amlmigrate.planning.planfile", "amlmigrate.inventory"])
def test_whoever_reads_a_plan_or_a_workspace_knows_how_names_are_spelled(module: str) -> None:
    told = (
        f"import {module}; from amlmigrate.core.address import Address;"
        " print(Address.parse('datastores/Lake') == Address.parse('datastores/lake'))"
    )
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"
