"""One workspace in detail: what surrounds it is read, and what cannot be read is said."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import replace
from datetime import datetime
from typing import Any

from amlmigrate.cloud.session import Side
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.errors import MigrateError
from amlmigrate.core.workspace import Workspace, WorkspaceRef
from amlmigrate.posture import tagging
from amlmigrate.posture.facts import key_of
from amlmigrate.scanning import counting, facts
from amlmigrate.scanning.barriers import barriers
from amlmigrate.scanning.decisions import OwnersDecisions
from amlmigrate.scanning.otheraccounts import other_accounts
from amlmigrate.scanning.resources import LOCKS, REGISTRIES, STORAGE, VAULTS, SurroundingResources
from amlmigrate.scanning.risk import risk
from amlmigrate.scanning.values import Cause, NotKnown, Scanned

_PLAIN = "default"


class Details:
    """Reads what the list of workspaces does not say; never raises for what Azure refuses."""

    def __init__(
        self, side: Side, standard: tagging.Standard, now: datetime, *, decided: OwnersDecisions, sizes: bool
    ) -> None:
        self._side = side
        self._standard = standard
        self._decided = decided
        self._now = now
        self._sizes = sizes
        self._resources = SurroundingResources(side.arm)

    async def read(self, document: Document) -> Scanned:
        """A workspace by its document, with all that surrounds it."""
        found = facts.of_document(document)
        found = await self._vault(found)
        found = await self._key(found, document)
        found = await self._storage(found)
        found = await self._registry(found)
        found = await self._contents(found)
        found, locks = await self._locks(found)
        properties = properties_of(document)
        found = replace(found, **self._levels(found, properties))
        found = replace(found, barriers=barriers(found, properties, locks))
        levels = [self._standard.facts[fact].levels for fact in (tagging.SENSITIVITY, tagging.ENVIRONMENT)]
        return replace(found, risk=risk(found, *levels))

    async def _vault(self, found: Scanned) -> Scanned:
        if found.vault is None:
            return found
        document = await self._around(found, "vault", found.vault.id, VAULTS)
        if isinstance(document, NotKnown):
            return found.unknown(document)
        return replace(found, vault=facts.vault_facts(found.vault, document, found.location))

    async def _storage(self, found: Scanned) -> Scanned:
        if found.storage is None:
            return found
        document = await self._around(found, "storage", found.storage.id, STORAGE)
        if isinstance(document, NotKnown):
            return found.unknown(document)
        return replace(found, storage=facts.storage_facts(document))

    async def _registry(self, found: Scanned) -> Scanned:
        if found.registry is None:
            return found
        document = await self._around(found, "registry", found.registry.id, REGISTRIES)
        if isinstance(document, NotKnown):
            return found.unknown(document)
        return replace(found, registry=facts.registry_facts(document))

    async def _around(self, found: Scanned, fact: str, id_: str, type_: str) -> Document | NotKnown:
        reading = self._resources.find(id_, type_, near=found.subscription)
        return await _read(fact, f"{type_}/read", id_, reading)

    async def _key(self, found: Scanned, workspace: Document) -> Scanned:
        """The key's age by ARM, which a reader of the vault may ask and no firewall of the vault stops."""
        if found.vault is None or not found.encryption.by_customer:
            return found
        fact, action = "encryption.key_created", "Microsoft.KeyVault/vaults/keys/versions/read"
        key = key_of(Workspace(WorkspaceRef.parse(found.id), workspace))
        if key is None or not key.version:
            told = f"The key identifier '{found.encryption.key_id}' names no version."
            return found.unknown(NotKnown(fact, action, told, Cause.MISSING))
        path = f"{key.vault_id}/keys/{key.name}/versions/{key.version}"
        document = await _read(fact, action, path, self._resources.single(path))
        if isinstance(document, NotKnown):
            return found.unknown(document)
        created, days = facts.key_age(document, self._now)
        return replace(found, encryption=replace(found.encryption, key_created=created, key_age_days=days))

    async def _contents(self, found: Scanned) -> Scanned:
        """Counts and sizes of plain workspaces; other kinds have collections of their own and cannot be moved."""
        if found.kind.lower() != _PLAIN:
            return found
        counted, missing = await counting.counts(self._side.arm, found.id)
        found = replace(found, counts=counted).unknown(*missing)
        others = await other_accounts(self._side.arm, self._resources, found)
        found = found.unknown(others) if isinstance(others, NotKnown) else replace(found, other_accounts=others)
        if not self._sizes:
            return found
        size = await counting.size(self._side.arm, self._side.blobs, found.id)
        if isinstance(size, NotKnown):
            return found.unknown(size)
        return replace(found, blobs=size[0], bytes=size[1])

    async def _locks(self, found: Scanned) -> tuple[Scanned, list[Document]]:
        try:
            return found, await self._resources.locks(found.subscription)
        except MigrateError as error:
            return found.unknown(NotKnown.of("locks", f"{LOCKS}/read", error)), []

    def _levels(self, found: Scanned, properties: Document) -> dict[str, Any]:
        subject = tagging.TaggingSubject(
            found.name, found.group, found.subscription, found.tags, bool(properties.get("hbiWorkspace"))
        )
        told = {
            fact: self._decided.over(found.id, found.created, fact, self._standard.told(fact, subject))
            for fact in (tagging.SENSITIVITY, tagging.ENVIRONMENT)
        }
        levels: dict[str, Any] = {fact: one.level if one else None for fact, one in told.items()}
        return {**levels, "told_by": {fact: one for fact, one in told.items() if one}}


async def _read(fact: str, action: str, id_: str, reading: Awaitable[Document | None]) -> Document | NotKnown:
    """What was read, or why it is not known."""
    try:
        document = await reading
    except MigrateError as error:
        return NotKnown.of(fact, action, error)
    return document or NotKnown(fact, action, f"There is no {id_}.", Cause.MISSING)
