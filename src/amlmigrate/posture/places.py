"""Where a target keeps its bytes, which have to be under the customer's key, and where its datastores lead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import InitVar, dataclass

from amlmigrate.cloud.session import Side
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.plan import Plan
from amlmigrate.core.workspace import DATASTORES, SYSTEM_DATASTORES, Location, Service, Workspace
from amlmigrate.posture.reading import Read, tried_list

_MADE_HERE = object()
# Blobs by container, and by what Azure says each is encrypted with of its own: see `core.asset.Blob.encryption`.
Held = Mapping[Location, Mapping[str, int]]


@dataclass(frozen=True)
class BytePlaces:
    """Made from a plan or from the target's own datastores, and in no other way: no posture without places.

    `suffix` is that of storage in this cloud: a datastore of another leads to none of the accounts that are here.
    `planned` are the containers that a plan's bytes go to, each with an address that says so; `defaults` those
    that the target's default datastores lead to now. `held` is None where no blobs were listed. `sensitive`:
    the workspace has the highest sensitivity that the tagging standard knows.
    """

    datastores: Read[list[Document]]
    suffix: str
    defaults: frozenset[Location]
    planned: Mapping[Location, str]
    held: Held | None
    sensitive: bool
    made_by: InitVar[object]

    def __post_init__(self, made_by: object) -> None:
        if made_by is not _MADE_HERE:
            raise TypeError("Places are made by Places.of_plan or Places.of_target.")

    @classmethod
    async def of_target(cls, side: Side, target: Workspace, *, sensitive: bool) -> BytePlaces:
        """Where the default datastores of a target lead, for want of a plan."""
        datastores = await tried_list(side.arm, f"{target.id}/{DATASTORES}")
        suffix = side.login.endpoints.storage_suffix
        defaults = _defaults(datastores.value or (), suffix)
        return cls(datastores, suffix, defaults, {}, None, sensitive, _MADE_HERE)

    @classmethod
    async def of_plan(
        cls, side: Side, target: Workspace, plan: Plan, *, sensitive: bool, held: Held | None = None
    ) -> BytePlaces:
        """Where a plan's bytes go, and where the target's default datastores lead now."""
        datastores = await tried_list(side.arm, f"{target.id}/{DATASTORES}")
        planned = {
            container_of(place): address
            for place, address in sorted(plan.places(source=False).items(), key=str, reverse=True)
        }
        suffix = side.login.endpoints.storage_suffix
        defaults = _defaults(datastores.value or (), suffix)
        return cls(datastores, suffix, defaults, planned, held, sensitive, _MADE_HERE)

    @property
    def containers(self) -> list[Location]:
        """Every container that receives bytes."""
        return [place for place in self.all if place.service is Service.BLOB]

    @property
    def all(self) -> list[Location]:
        """And every share, which has no key but its account's."""
        return sorted(self.defaults | self.planned.keys(), key=str)


def container_of(place: Location) -> Location:
    """The container around a place; names of accounts have no upper case."""
    return place.at("")


def account_of(datastore: Document, suffix: str) -> str:
    """The account that a datastore leads to; empty where it leads to none of this cloud."""
    properties = properties_of(datastore)
    found = Location(str(properties.get("accountName") or ""), "", suffix=str(properties.get("endpoint") or ""))
    return "" if found.elsewhere(suffix) else found.account


def _defaults(datastores: Iterable[Document], suffix: str) -> frozenset[Location]:
    found = set()
    for one in datastores:
        properties = properties_of(one)
        account = account_of(one, suffix)
        share = properties.get("fileShareName")
        container = properties.get("containerName") or properties.get("filesystem") or share
        # Any may be made the default (`Workspace.set_default_datastore` of SDK v1), and jobs write there then.
        default = one.get("name") in SYSTEM_DATASTORES or properties.get("isDefault") is True
        if default and account and container:
            service = Service.FILE if container == share else Service.BLOB
            found.add(Location(account, str(container), service=service))
    return frozenset(found)
