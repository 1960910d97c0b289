"""The listings of both sides: of the containers that are a workspace's own, and of those that they go to."""

from __future__ import annotations

import asyncio
import heapq
import logging
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from collections.abc import Mapping as Map
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from itertools import starmap
from operator import itemgetter

from amlmigrate.bytes.listings import Listing, ListingDigest, list_container, listing_line, not_sorted
from amlmigrate.bytes.prefixes import PrefixSet
from amlmigrate.cloud.session import Side
from amlmigrate.cloud.store import Accounts
from amlmigrate.core.asset import Blob
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.parallel import ahead, together
from amlmigrate.core.plan import Plan
from amlmigrate.core.workspace import Location, Service, address_of

_log = logging.getLogger(__name__)
# So many lists of a side are begun before it is known which are needed.
_BEGUN = 4
Key = tuple[str, str]
# Which containers are the source workspace's, each with what keeps its blobs from being changed: no list says so.
Own = Callable[[Mapping, Side], Awaitable[dict[Location, tuple[str, ...]]]]


@dataclass(frozen=True, slots=True)
class Containers:
    """Listings by (account, container): the source's own, and those of the target that they go to."""

    source: dict[Key, Listing]
    target: dict[Key, Listing]


# Of a container the list that was begun before its turn; None where none was.
Taken = Callable[[Location], asyncio.Future[Listing] | None]


@dataclass(frozen=True, slots=True)
class Begun:
    """Lists of both sides that are under way before it is known which are needed, and since when."""

    at: datetime
    source: Taken
    target: Taken


@dataclass(frozen=True, slots=True)
class ListDigests:
    """The digests of listings: of each whole one by `account/container`, and of each of its parts by address."""

    whole: dict[str, str]
    parts: dict[str, str]


def digested(listings: dict[Key, Listing], named: Map[Location, str]) -> ListDigests:
    """Of listings and, so that a change can be named, of each place in `named` and of a container's rest."""
    cover = PrefixSet(named)
    covering = {key: cover.within(Location.of_key(*key)) for key in listings}
    whole = {key: ListingDigest() for key in listings}
    parts: defaultdict[str, ListingDigest] = defaultdict(ListingDigest)

    @cache
    def address(key: Key, prefix: str | None) -> str:
        return str(address_of(Location.of_key(*key))) if prefix is None else named[Location.of_key(*key, prefix)]

    # Two accounts may have a container of one name, and the rests of both have one address: all come by path.
    for path, key, blob in heapq.merge(*starmap(_keyed, listings.items()), key=itemgetter(0)):
        line = listing_line(blob)
        whole[key].add(blob, line)
        parts[address(key, covering[key](path))].add(blob, line)
    return ListDigests(
        {"/".join(key): digest.hexdigest() for key, digest in whole.items()},
        {address: digest.hexdigest() for address, digest in parts.items()},
    )


def _keyed(key: Key, listing: Listing) -> Iterator[tuple[str, Key, Blob]]:
    return ((blob.path, key, blob) for blob in listing.sorted)


def encryption_counts(listings: dict[Key, Listing], named: Map[Location, str]) -> dict[Location, Counter[str]]:
    """How many blobs below the places in `named` each container lists with each encryption of their own.

    A container in which all have its own is there too, with none.
    """
    cover = PrefixSet(named)
    return {
        Location.of_key(*key): Counter(
            blob.encryption
            for blob in listing.sorted.encrypted()
            if blob.encryption and cover.prefix(Location.of_key(*key, blob.path)) is not None
        )
        for key, listing in listings.items()
    }


async def list_source(mapping: Mapping, source: Side, own: Own) -> dict[Key, Listing]:
    """Lists every container of the source workspace."""
    return await list_places(source, await own(mapping, source), tolerant=True)


@asynccontextmanager
async def begun(plan: Plan, source: Side, target: Side, at: datetime) -> AsyncIterator[Begun]:
    """Begins to list every container that a plan names, beside all else that is read; `at` is now.

    Which containers are the workspace's only its documents say: a list that is not asked for then is given up, and
    what went wrong with it is nobody's concern.
    """

    def named(*, source: bool) -> dict[Location, Location]:
        found = {place.at("") for place in plan.places(source=source)}
        return {place: place for place in sorted(found, key=str)}

    async with (
        ahead(named(source=True), partial(_listed, source, tolerant=True), parallel=_BEGUN) as of_source,
        ahead(named(source=False), partial(_listed, target), parallel=_BEGUN) as of_target,
    ):
        yield Begun(at, of_source, of_target)


async def list_both(
    mapping: Mapping,
    source: Side,
    target: Side,
    own: Own,
    *,
    past: bool = False,
    begun: Begun | None = None,
) -> Containers:
    """Lists every container of the source workspace, and every one of the target that they go to.

    With `past` what there is beside the source's blobs is counted too. Those that were begun are awaited.
    """
    places = await own(mapping, source)
    containers = {place for place in places if place.service is Service.BLOB}
    of_source, of_target = (begun.source, begun.target) if begun else (_none, _none)
    left, right = await asyncio.gather(
        list_places(source, places, past=past, tolerant=True, begun=of_source),
        list_places(target, _goals(mapping, containers), begun=of_target),
    )
    # Whoever has no files needs no right to those of the target; who has it is shown what lies there. What was
    # begun of them would not bear to be refused.
    shares = places.keys() - containers
    filled = {place for place in shares if left[place.key].blobs}
    right |= await list_places(target, _goals(mapping, filled), begun=of_target)
    empty = _goals(mapping, shares - filled)
    right |= await list_places(target, empty, tolerant=True)
    for place, holds in places.items():
        left[place.key].holds = holds
    return Containers(left, right)


def _goals(mapping: Mapping, places: Iterable[Location]) -> set[Location]:
    return {goal.at("") for place in places if (goal := mapping.place(place))}


async def _listed(side: Accounts, place: Location, *, past: bool = False, tolerant: bool = False) -> Listing:
    return await list_container(side.store(place.service), place, past=past, tolerant=tolerant)


def _none(_: Location) -> None:
    """No list was begun."""


async def list_places(
    side: Accounts,
    places: Iterable[Location],
    *,
    past: bool = False,
    tolerant: bool = False,
    begun: Taken = _none,
) -> dict[Key, Listing]:
    """Lists each of some containers and shares; with `past` what there is beside their blobs is counted too.

    `tolerant`: a share that may not be read is a listing that says so.
    """
    async with together() as group:
        tasks = {
            place: begun(place) or group.create_task(_listed(side, place, past=past, tolerant=tolerant))
            for place in sorted(places, key=str)
        }
    listed = {place.key: await task for place, task in tasks.items()}
    for finding in not_sorted(listed.values()):
        _log.warning("%s", finding.summary)
    return listed
