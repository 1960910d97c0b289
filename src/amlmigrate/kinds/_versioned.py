"""The generic base of kinds with containers and versions."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from amlmigrate.cloud.lists import ListError
from amlmigrate.core.address import ARCHIVE, Address
from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.parallel import together
from amlmigrate.core.seal import PLAIN_SHA
from amlmigrate.core.writes import Desired, PlanContext, Write
from amlmigrate.kinds._base import Kind, WorkspacePort
from amlmigrate.kinds._fields import COMMON
from amlmigrate.kinds._listed import EVERY_STATE
from amlmigrate.kinds._permissions import ML

_log = logging.getLogger(__name__)

# What the service shows of a stage nobody set (AZ-ASSET-2). Sending Development together
# with isArchived keeps the asset from being archived.
_UNSET_STAGES = (None, "", "Development", "Logged", "Archived")
_ARCHIVED = "/properties/isArchived"
# Archiving takes the stage away.
_ARCHIVING = (_ARCHIVED, "/properties/stage")
# Between the looks at a list that lacks what is there: 63 s, twice what Microsoft's own tests wait (AZ-LIST-19).
_BEHIND_SECONDS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)


class VersionedKind(Kind):
    """Containers hold versions; both have a description, tags and an archived state."""

    fields = COMMON.but(
        computed={
            "latestVersion": "a counter of the service's",
            "nextVersion": "a counter of the service's",
            "autoDeleteSetting": "only reported for data",
            "intellectualProperty": "a registry's",
        },
        mutable={"stage": "the customer moves it on", "isArchived": "it is archived and restored"},
    )
    versioned = True
    volatile: ClassVar[tuple[str, ...]] = ("latestVersion", "nextVersion")  # AZ-LIST-9
    # Containers that a listing may leave out. Inferred (AZ-LIST-4): it leaves out no others.
    anonymous_names: ClassVar[tuple[str, ...]] = ()
    query = EVERY_STATE

    @classmethod
    def arm_types(cls) -> tuple[str, ...]:
        return f"{ML}/{cls.name}", f"{ML}/{cls.name}/versions"

    def path(self, address: Address) -> str:
        base = str(address.container)
        return base if address.version is None else f"{base}/versions/{address.version}"

    async def scan(self, source: WorkspacePort, parents: Sequence[Asset] = ()) -> list[Asset]:
        view = self.query
        containers = {item["name"]: item async for item in source.pages(self.collection, view)}
        names = [*containers, *(name for name in self.anonymous_names if name not in containers)]
        async with together() as group:
            tasks = {
                name: group.create_task(self._versions(source, name, view, containers.get(name))) for name in names
            }
        found: list[Asset] = []
        for name, task in tasks.items():
            # Those of an anonymous name have nothing in common that anybody could say of it.
            if name in containers and name not in self.anonymous_names:
                found.append(Asset(Address.of(self.name, name), containers[name]))
            found += task.result()
        return found

    async def containers(self, port: WorkspacePort) -> dict[Address, Document]:
        items = port.pages(self.collection, self.query)
        return {Address.of(self.name, item["name"]): item async for item in items}

    async def versions(self, port: WorkspacePort, name: Address) -> dict[Address, Document]:
        # Each line is a whole document (AZ-LIST-18), as it was a moment ago (AZ-LIST-19).
        items = port.pages(f"{self.collection}/{name.name}/versions", self.query, absent_is_empty=True)
        return {Address.of(self.name, name.name, item["name"]): item async for item in items}

    async def _versions(
        self, source: WorkspacePort, name: str, view: Mapping[str, str], container: Document | None
    ) -> list[Asset]:
        """All versions of a name. Raises ListError where the one that its container calls the latest stays away.

        A list is behind for some seconds (AZ-LIST-19), so one without the latest is read again for a minute.
        """
        path = f"{self.collection}/{name}/versions"
        # Nobody says whether the anonymous containers are listed, so they are asked for by name.
        absent_is_empty = name in self.anonymous_names
        latest = properties_of(container).get("latestVersion")
        for seconds in (*_BEHIND_SECONDS, None):
            items = source.pages(path, view, absent_is_empty=absent_is_empty)
            found = [Asset(Address.of(self.name, name, item["name"]), item) async for item in items]
            whole = latest in (None, "", *(one.address.version for one in found))
            # A list that the service did not give at all is noted as that.
            if whole or name in self.anonymous_names or not source.gave(path):
                break
            # A counter outlives what it counts. Inferred (AZ-LIST-7): `latestVersion` is such a counter.
            if await source.get(f"{path}/{latest}") is None:
                break
            if seconds is None:
                told = f"the list is not whole: it has no '{latest}', which is the latest and is there"
                raise ListError(200, "ListCutShort", told, method="GET", url=path)
            _log.info("%s lacks the latest version, %s: it is read again in %s s.", path, latest, seconds)
            await asyncio.sleep(seconds)
        return found

    def is_placeholder(self, address: Address, document: Document) -> bool:
        # As the first version makes a container (AZ-LIST-8).
        properties = properties_of(document)
        told = any(properties.get(key) for key in ("description", "tags", "properties", "isArchived"))
        return address.version is None and not told

    def digest(self, asset: Asset) -> str:
        return PLAIN_SHA if self.is_placeholder(asset.address, asset.document) else super().digest(asset)

    def only_if_referred(self, asset: Asset) -> bool:
        return asset.address.name in self.anonymous_names

    def writable(self, properties: Document) -> Document:
        kept = dict(properties)
        if kept.get("stage") in _UNSET_STAGES:
            kept.pop("stage", None)
        return kept

    def desired(self, asset: Asset, plan: PlanContext) -> Desired:
        """The service archives what is there, and makes nothing that is archived (ADR 2)."""
        found = super().desired(asset, plan)
        properties = found.first.body["properties"] | {"isArchived": False}
        made = replace(found.first, body=found.first.body | {"properties": properties})
        return replace(found, writes=(made, self._archiving(made.body)) if asset.archived else (made,))

    def _archiving(self, body: Document) -> Write:
        properties = {key: value for key, value in body["properties"].items() if key != "stage"}
        archived = body | {"properties": {**properties, "isArchived": True}}
        return Write(archived, ARCHIVE, changes=_ARCHIVING, reason="archived in the source")

    def sequence(self, asset: Asset) -> str | None:
        # The versions of an anonymous name have nothing to do with each other, and may refer to each other.
        return None if asset.address.version is None or self.only_if_referred(asset) else asset.address.name
