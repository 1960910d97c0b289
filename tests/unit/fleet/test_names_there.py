"""What the workspaces of a fleet have in their regions is known before the first is planned."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from tests.builders.world import NEW, OLD
from tests.contract.kinds.workspace_of import InMemory

from amlmigrate.core.namescope import NameScope
from amlmigrate.core.workspace import WorkspaceRef
from amlmigrate.fleet import names_there
from amlmigrate.fleet.fleetfile import FleetEntry
from amlmigrate.planning.new_names import NamesAlongside

WEST = NameScope("computes", "westeurope")
OTHER = (WorkspaceRef(OLD.subscription, "g", "one"), WorkspaceRef(OLD.subscription, "g", "two"))


def having(*names: str) -> InMemory:
    document = {"location": "West Europe", "properties": {"computeType": "AmlCompute"}}
    return InMemory({f"computes/{name}": {"name": name, **document} for name in names})


async def test_each_plan_knows_what_all_other_pairs_have_and_not_its_own() -> None:
    held = {OLD: having("cpu"), NEW: having("CPU-cmk"), OTHER[0]: having("gpu"), OTHER[1]: InMemory(refusing=403)}
    side = SimpleNamespace(workspace=held.__getitem__)
    clouds: Any = SimpleNamespace(source=side, target=side)
    entries = [FleetEntry(1, old.id, new.id, "w", None, 0, old.name) for old, new in ((OLD, NEW), OTHER)]
    alongside = NamesAlongside()
    await names_there.note(clouds, entries, alongside)
    assert alongside.of_others(OTHER) == {(WEST, "cpu"), (WEST, "cpu-cmk")}
    # One of the other two shows nothing: what the first one has is known.
    assert alongside.of_others((OLD, NEW)) == {(WEST, "gpu")}
