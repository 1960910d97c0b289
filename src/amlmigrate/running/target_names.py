"""Names in the target: what came by itself with a first version, and what archiving one would hide from others."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from amlmigrate.core.address import Address
from amlmigrate.core.documents import Document
from amlmigrate.core.errors import ConflictError
from amlmigrate.core.few import few
from amlmigrate.core.ownership_record import OwnershipRecord
from amlmigrate.kinds import Kind
from amlmigrate.kinds._base import WorkspacePort
from amlmigrate.ledger.asynchronous import AsyncLedger

_NAMED = 20


@dataclass(slots=True)
class TargetNames:
    """The names of one target. `present`: all addresses that it had when the run began."""

    target: WorkspacePort
    ledger: AsyncLedger
    prior: OwnershipRecord
    present: Iterable[Address]
    _listed: dict[str, dict[Address, Document]] = field(default_factory=dict)
    _locks: dict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))
    _theirs: frozenset[Address] | None = None
    _telling: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def find(self, kind: Kind, name: Address) -> Document | None:
        """What a list of all names of the kind, taken once a run, shows of one; None for all that is not in it."""
        if not kind.versioned or name.version is not None:
            return None
        async with self._locks[kind.name]:
            if kind.name not in self._listed:
                self._listed[kind.name] = await kind.containers(self.target)
        return self._listed[kind.name].get(name)

    async def ours(self, name: Address) -> bool:
        """Whether a name came with the tool's versions: when the run began, the target had nobody else's of it."""
        # Once for all steps under way: what the ledger shows is a text for each document.
        async with self._telling:
            if self._theirs is None:
                foreign = await self._foreign(self.present)
                self._theirs = frozenset(address.container for address in foreign)
        return name not in self._theirs

    async def refuse_hiding(self, kind: Kind, step: Address) -> None:
        """Raises ConflictError where the target has versions now that the tool did not make.

        Archiving a name archives all of its versions (Learn, `az ml model archive`).
        """
        if foreign := await self._foreign(await kind.versions(self.target, step.item)):
            raise ConflictError(
                "Archiving the name would hide versions that this tool did not create:"
                f" {few(sorted(map(str, foreign)), _NAMED)}.",
                address=str(step),
                remedy="Agree with whoever created them whether the name should be archived; if not, waive this"
                f" step: migrate waive '{step}' --reason ...",
            )

    async def _foreign(self, addresses: Iterable[Address]) -> list[Address]:
        made = await self.ledger.owned()
        versions = (address for address in addresses if address.version is not None)
        return [one for one in versions if not self.prior.owns(one) and str(one) not in made]
