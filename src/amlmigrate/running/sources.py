"""Whether the source is still the plan's, before a step acts upon it: by a list where many are of one name."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.core.errors import DriftError
from amlmigrate.core.plan import Step, read_in_lists
from amlmigrate.core.switched import as_left
from amlmigrate.kinds import Context, Kind
from amlmigrate.kinds._base import WorkspacePort

# How long a list counts as what the source is now, which it is not to the second by itself (AZ-LIST-19), and how
# much longer one of many versions does, which takes a call for each page: so it costs less than a call for every
# third step.
_SECONDS, _SECONDS_EACH = 30.0, 0.06


@dataclass(slots=True)
class _Listing:
    """The digests of all versions of a name, and when they were asked for."""

    at: float
    digests: dict[Address, str]

    def counts(self, now: float) -> bool:
        return now - self.at <= _SECONDS + _SECONDS_EACH * len(self.digests)


@dataclass(slots=True)
class Sources:
    """The source of one run. `open_steps` is what the run has to carry out."""

    port: WorkspacePort
    open_steps: Iterable[Step]
    context: Context
    clock: Callable[[], float] = time.monotonic
    _many: Counter[Address] = field(init=False)
    _listed: dict[Address, _Listing] = field(default_factory=dict)
    _locks: dict[Address, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))

    def __post_init__(self) -> None:
        self._many = read_in_lists(self.open_steps)

    async def refuse_changed(self, kind: Kind, step: Step) -> None:
        """Raises DriftError where the item is not what it was when the plan was made.

        A list may only show that it is: what it shows otherwise, or does not show, is read by itself.
        """
        address = step.address.item
        if await self._shown(kind, address) == step.source_sha256:
            return
        document = await kind.read(self.port, address)
        if document is None or not self._as_planned(kind, step, Asset(address, document)):
            raise DriftError(
                "The source asset is not what it was when the plan was made.",
                address=str(step.address),
                remedy="Make a new plan: it will contain only the difference.",
            )
        if why := await kind.lessened(self.port, Asset(address, document)):
            raise DriftError(
                f"The source's is not to be made anew as the plan says any more: {why}.",
                address=str(step.address),
                remedy="Make a new plan: it leaves this one to do by hand, and says how.",
            )

    def _as_planned(self, kind: Kind, step: Step, asset: Asset) -> bool:
        """By its digest; of what may come and go, which has none, by what would be written of it now."""
        if step.source_sha256:
            return step.source_sha256 == kind.digest(as_left(asset, self.context.switched))
        now = kind.desired(self.context.wished(asset), self.context).of(step.address.phase)
        return now is not None and not kind.differences(step.address, step.body or {}, now.body)

    async def _shown(self, kind: Kind, address: Address) -> str | None:
        """The digest of a version as a list shows it; None where none is asked, or it is not in it."""
        name = address.container
        if address.version is None or not self._many[name]:
            return None
        async with self._locks[name]:
            known = self._listed.get(name)
            if known is None or not known.counts(self.clock()):
                known = self._listed[name] = await self._list(kind, name)
        return known.digests.get(address)

    async def _list(self, kind: Kind, name: Address) -> _Listing:
        """A list that the service does not give shows nothing."""
        at = self.clock()
        try:
            listed = await kind.versions(self.port, name)
        except ServiceError:
            listed = {}
        return _Listing(at, {address: kind.digest(Asset(address, found)) for address, found in listed.items()})
