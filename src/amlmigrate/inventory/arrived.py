"""Whether the target shows the blobs that a person says to have copied."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from amlmigrate.bytes.listings import Listing, goal_path, list_container, listing_digest, unlike
from amlmigrate.bytes.prefixes import PrefixSet
from amlmigrate.bytes.storage_containers import list_both
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.session import Session
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Blob
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.plan import Plan, Step
from amlmigrate.core.workspace import Location, address_of
from amlmigrate.kinds import own_places


async def prefix_arrived(clouds: Session, step: Step) -> bool | None:
    """Whether each blob of a step's prefix has one of its length in the target; None where listing is refused.

    Of a blob that is too many there: whether it has gone. Of another one than the source's: whether it is none
    any more; None where no MD5 tells.
    """
    assert step.bytes
    amount = step.bytes
    try:
        source, target = await asyncio.gather(
            list_container(clouds.source.store(amount.source.service), amount.source),
            list_container(clouds.target.store(amount.target.service), amount.target),
        )
    except ServiceError as error:
        if error.status != 403:
            raise
        return None
    if not step.blob:
        return _all_there(source.below(amount.source.path), amount.source, amount.target, target)
    if not amount.blobs:
        return amount.target.path not in target.blobs
    return _replaced(step, source.blobs.get(amount.source.path), target.blobs.get(amount.target.path))


def _replaced(step: Step, blob: Blob | None, twin: Blob | None) -> bool | None:
    """Whether a blob took the place of the one that was in conflict: that one was there all the time."""
    if blob is None or twin is None or listing_digest([twin]) == step.target_sha256 or unlike(blob, twin):
        return False
    return None if blob.length and None in (blob.md5, twin.md5) else True


async def rest_arrived(clouds: Session, plan: Plan, mapping: Mapping, address: Address) -> bool | None:
    """The same for the blobs of a container that no step of the plan copies.

    None also where no datastore of the target says where they would be.
    """
    try:
        listed = await list_both(mapping, clouds.source, clouds.target, own_places)
    except ServiceError as error:
        if error.status != 403:
            raise
        return None
    cover = PrefixSet(plan.places(source=True))
    for listing in listed.source.values():
        place = listing.place
        goal = mapping.place(place)
        if address_of(place) != address or goal is None:
            continue
        rest = (blob for blob in listing.blobs.values() if cover.prefix(place.at(blob.path)) is None)
        # The share of the target is listed where the source's has any files.
        there = listed.target.get(goal.key) or Listing(goal)
        return _all_there(rest, place, goal, there)
    return None


def _all_there(blobs: Iterable[Blob], source: Location, goal: Location, there: Listing) -> bool:
    def like(blob: Blob) -> bool:
        twin = there.blobs.get(goal_path(source, goal, blob.path))
        same = twin is not None and twin.length == blob.length
        return same and (None in (blob.md5, twin and twin.md5) or blob.md5 == (twin and twin.md5))

    alike = map(like, blobs)
    return next(alike, False) and all(alike)
