"""Whether the blobs of the source are what they were when the plan was made."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from amlmigrate.bytes.listings import Listing, ListingDigest, listing_digest
from amlmigrate.bytes.prefixes import PrefixSet
from amlmigrate.bytes.storage_containers import Key
from amlmigrate.core.asset import Blob
from amlmigrate.core.plan import Action, Bytes, Plan, Step
from amlmigrate.core.state import UNSELECTED_REASON
from amlmigrate.core.workspace import Location, address_of

Listings = dict[Key, Listing]
# The digest as it was planned, and as it is; None where there was nothing, or is.
Change = tuple[str | None, str | None]


def drifted(plan: Plan, listings: Listings, wanted: Callable[[Step], bool]) -> dict[str, Change]:
    """By address, the prefixes of wanted steps and the rests of containers that are not what they were."""
    # Selection leaves what is left of a folder when part of it moves for another asset's sake.
    moving = PrefixSet(step.bytes.source for step in plan.steps if step.bytes and not _unselected(step))
    found: dict[str, Change] = {}
    for step in plan.steps:
        # What is deleted is held to its source by the copy that it comes after.
        deletes = step.action is Action.DELETE
        if step.bytes is None or deletes or not wanted(step) or shared(step.bytes):
            continue
        now = _now(step, step.bytes.source, listings, moving)
        if now != step.source_sha256:
            found[str(step.address)] = (step.source_sha256, now)
    return found | _rests(plan, listings)


def _now(step: Step, place: Location, listings: Listings, moving: PrefixSet) -> str | None:
    listing = listings.get(place.key)
    if listing is None:
        return None
    if step.blob:
        blob = listing.blobs.get(place.path)
        return listing_digest([blob] if blob else [])
    blobs: Iterable[Blob] = listing.below(place.path)
    if _unselected(step):
        moves = moving.within(listing.place)
        return ListingDigest.of(blob for blob in blobs if moves(blob.path) is None).hexdigest()
    return listing_digest(blobs)


def _rests(plan: Plan, listings: Listings) -> dict[str, Change]:
    """Blobs that came into the source's containers, below no prefix of the plan, since it was made."""
    known = {step.address: step for step in plan.steps if step.is_bytes and step.bytes is None}
    cover = PrefixSet(step.bytes.source for step in plan.steps if step.bytes)
    found: dict[str, Change] = {}
    for listing in listings.values():
        covering = cover.within(listing.place)
        rest = ListingDigest.of(blob for blob in listing.sorted if covering(blob.path) is None)
        address = address_of(listing.place.at(""))
        step = known.get(address)
        now = rest.hexdigest() if rest.blobs else None
        # One that was empty has no digest.
        then = (step.source_sha256 or None) if step else None
        if now != then:
            found[str(address)] = (then, now)
    return found


def shared(amount: Bytes) -> bool:
    """Whether both workspaces have this container, so that what lies there is not the plan's."""
    source, target = amount.source, amount.target
    return source.key == target.key


def _unselected(step: Step) -> bool:
    return step.action is Action.SKIP and step.reason == UNSELECTED_REASON
