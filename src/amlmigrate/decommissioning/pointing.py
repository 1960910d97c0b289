"""What in the target would break without the source."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass

from amlmigrate.core.asset import Inventory, Leftover
from amlmigrate.core.documents import Document
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.plan import Action, Plan
from amlmigrate.core.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Seen:
    """The target as it is now: its assets, and its endpoints, deployments, connections and schedules."""

    inventory: Inventory
    leftovers: tuple[Leftover, ...]

    @property
    def workspace(self) -> Workspace:
        """The workspace itself."""
        return self.inventory.workspace

    def documents(self) -> Iterator[tuple[str, Document]]:
        """Address and properties of each of them."""
        for asset in self.inventory.assets.values():
            yield str(asset.address), asset.properties
        for left in self.leftovers:
            yield str(left.address), (left.document or {}).get("properties") or {}


def dangling(source: Workspace, target: Seen, accepted: Container[str] = ()) -> list[str]:
    """What in the target names the source workspace itself: none of it works once that is gone.

    `accepted` are the addresses of which somebody has said that it may be so.
    """
    mapping = Mapping(source, target.workspace)
    named = ((address, mapping.naming_source(document)) for address, document in target.documents())
    return [
        f"{address} in the target refers to the source: {text}"
        for address, text in named
        if text and address not in accepted
    ]


def accepted(plan: Plan, waivers: Container[str]) -> set[str]:
    """What the plan moves or leaves in conflict, and is waived: its document in the target may be past changing.

    What was made anew by hand is waived for that, and can be set right by hand.
    """
    steps = (step for step in plan.steps if step.action is not Action.MANUAL)
    return {str(step.address) for step in steps if str(step.address) in waivers}
