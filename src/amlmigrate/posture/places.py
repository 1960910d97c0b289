"""Where a target keeps its bytes: what has to be under the customer's key, and what else its datastores lead to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import InitVar, dataclass

from amlmigrate.cloud.session import Side
from amlmigrate.core.documents import Document
from amlmigrate.core.plan import Plan
from amlmigrate.core.workspace import SYSTEM_DATASTORES, Location, Workspace
from amlmigrate.posture.reading import Read, tried_list

_MADE_HERE = object()
# Blobs by container, and by what Azure says each is encrypted with of its own: see `core.asset.Blob.encryption`.
Held = Mapping[Location, Mapping[str, int]]


@dataclass(frozen=True)
class Places:
    """Made from a plan or from the target's own datastores, and in no other way: no posture without places.

    `planned` are the containers that a plan's bytes go to, each with an address that says so; `defaults` those
    that the target's default datastores lead to now. `held` is None where no blobs were listed. `sensitive`:
    the workspace has the highest sensitivity that the tagging standard knows.
    """

    datastores: Read[list[Document]]
    defaults: frozenset[Location]
    planned: Mapping[Location, str]
    held: Held | None
    sensitive: bool
    made_by: InitVar[object]

    def __post_init__(self, made_by: object) -> None:
        if made_by is not _MADE_HERE:
            raise TypeError("Places are made by Places.of_plan or Places.of_target.")

    @classmethod
    async def of_target(cls, side: Side, target: Workspace, *, sensitive: bool) -> Places:
        """Where the default datastores of a target lead, for want of a plan."""
        datastores = await tried_list(side.arm, f"{target.id}/datastores")
        return cls(datastores, _defaults(datastores.value or ()), {}, None, sensitive, _MADE_HERE)

    @classmethod
    async def of_plan(
        cls, side: Side, target: Workspace, plan: Plan, *, sensitive: bool, held: Held | None = None
    ) -> Places:
        """Where a plan's bytes go, and where the target's default datastores lead now."""
        datastores = await tried_list(side.arm, f"{target.id}/datastores")
        planned = {
            container_of(place): address
            for place, address in sorted(plan.places(source=False).items(), key=str, reverse=True)
        }
        return cls(datastores, _defaults(datastores.value or ()), planned, held, sensitive, _MADE_HERE)

    @property
    def containers(self) -> list[Location]:
        """Every container that receives bytes."""
        return sorted(self.defaults | self.planned.keys(), key=str)


def container_of(place: Location) -> Location:
    """The container around a place; names of accounts have no upper case."""
    return Location(place.account.lower(), place.container)


def _defaults(datastores: Iterable[Document]) -> frozenset[Location]:
    found = set()
    for one in datastores:
        properties: Document = one.get("properties") or {}
        account, container = (str(properties.get(name) or "") for name in ("accountName", "containerName"))
        if one.get("name") in SYSTEM_DATASTORES and account and container:
            found.add(Location(account.lower(), container))
    return frozenset(found)
