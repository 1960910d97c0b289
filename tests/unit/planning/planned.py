"""Plans made of values: what the tests of the planner ask of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from tests.builders.world import NEW, OLD, OLD_BLOBS, TARGET, asset, blob, containers, inventory
from tests.builders.world import by_hand as left_by_hand

from amlmigrate.bytes.storage_containers import Containers
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset, Blob
from amlmigrate.core.finding import Finding
from amlmigrate.core.ownership_record import OwnershipRecord
from amlmigrate.core.plan import Step
from amlmigrate.core.select import Selection
from amlmigrate.core.switched import Switched
from amlmigrate.planning.planner import Planner

__all__ = ["NEW", "OLD", "OLD_BLOBS", "Planned", "asset", "blob", "containers", "model", "plan"]


@dataclass
class Planned:
    """The steps of a plan in their order, and its findings."""

    steps: list[Step]
    findings: list[Finding]

    def __getitem__(self, address: str) -> Step:
        [found] = [step for step in self.steps if str(step.address) == address]
        return found

    def __contains__(self, address: str) -> bool:
        return any(str(step.address) == address for step in self.steps)

    @property
    def addresses(self) -> list[str]:
        """All addresses in execution order."""
        return [str(step.address) for step in self.steps]

    def moving(self) -> list[str]:
        """The addresses that a run carries out, in order."""
        return [str(step.address) for step in self.steps if step.action.carried_out]

    def after(self, address: str) -> list[str]:
        """What a step comes after."""
        return [str(found) for found in self[address].after]


def plan(
    *assets: Asset,
    there: tuple[Asset, ...] = (),
    listed: Containers | None = None,
    select: tuple[str, ...] = (),
    exclude: tuple[str, ...] = (),
    prior: OwnershipRecord | None = None,
    copy_unreferenced: bool = False,
    delete: bool = False,
    by_hand: tuple[Asset, ...] = (),
    switched: tuple[Switched, ...] = (),
) -> Planned:
    """A plan of the source's assets, given what the target has."""
    source = replace(inventory(*assets), by_hand=list(by_hand))
    planner = Planner(
        source,
        inventory(*there, of=TARGET),
        selection=Selection(select, exclude),
        prior=prior or OwnershipRecord(),
        copy_unreferenced=copy_unreferenced,
        delete=delete,
        switched=switched,
    )
    return Planned(*planner.steps(listed or containers()))


def model(version: str, created: str = "2026-01-01T00:00:00+00:00", path: str = "", **more: Any) -> Asset:
    """A version of one model; `path` is where its bytes lie in the default datastore."""
    uri = f"azureml://datastores/workspaceblobstore/paths/{path}" if path else "https://example.com/model"
    return asset(f"models/m/{version}", created, modelUri=uri, **more)


def leftover(address: str) -> Asset:
    """Something that cannot be moved."""
    return left_by_hand(
        Address.parse(address), "this version cannot move it", "Create it by hand", {"id": f"/{address}"}
    )


def uploaded(*paths: str) -> Containers:
    """Blobs in the source's default container."""
    found: list[Blob] = [blob(path, 10) for path in paths]
    return containers(source={OLD_BLOBS: found})
