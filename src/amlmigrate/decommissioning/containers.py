"""Which of a source workspace's containers may be deleted with it, and why any of them must not be."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from amlmigrate.bytes.listings import Listing, beside, list_container, listing_digest
from amlmigrate.bytes.prefixes import Cover
from amlmigrate.cloud.blobs import Blobs
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.session import Side
from amlmigrate.core.documents import Document, strings
from amlmigrate.core.events import Emit, Event
from amlmigrate.core.workspace import COMMON_CONTAINER, Location, Workspace
from amlmigrate.decommissioning.copies import Copies
from amlmigrate.decommissioning.gate import locked
from amlmigrate.decommissioning.pointing import Seen
from amlmigrate.decommissioning.removal import locks
from amlmigrate.posture.sharing import foreign, sharing


@dataclass(frozen=True, slots=True)
class Kept:
    """A container that was not deleted, and why."""

    id: str
    reasons: tuple[str, ...]

    def as_dict(self) -> Document:
        """Its form in a tombstone."""
        return {"id": self.id, "reasons": list(self.reasons)}


def deletable(workspace: Workspace, places: Iterable[Location]) -> list[Location]:
    """Those with a name that only the service gives, for this workspace: a customer's own is never among them."""
    account = workspace.storage_account.lower()
    return [place for place in places if place.account.lower() == account and workspace.names(place.container)]


async def reasons(
    side: Side, source: Workspace, target: Seen, listings: Iterable[Listing], copies: Copies
) -> list[str]:
    """Why they must stay: another workspace has the account, the target points into them, or something is lost."""
    listings = list(listings)
    found = [*await _shared(side, source, target.workspace), *_pointing(target, [one.place for one in listings])]
    for listing in listings:
        found += _lost(listing, copies)
    return found


async def delete(
    side: Side, source: Workspace, target: Seen, wanted: dict[str, str], copies: Copies, emit: Emit
) -> tuple[list[str], list[Kept]]:
    """Deletes those that are still what they were, each looked at afresh: the deleted, and the kept with reasons.

    `wanted` is `account/container` to the digest of its listing when the gate was open.
    """
    places = {text: Location(*text.split("/")) for text in wanted}
    shared = await _shared(side, source, target.workspace)
    deleted: list[str] = []
    kept: list[Kept] = []
    # The common one last: what another workspace begins in the meantime shows by then.
    for text in sorted(wanted, key=lambda name: (places[name].container == COMMON_CONTAINER, name)):
        listing = await _listed(side.blobs, places[text])
        why = [
            *shared,
            *_pointing(target, [places[text]]),
            *copies.against(places[text]),
            *await _now(side, listing, wanted[text], copies, source),
        ]
        if listing.exists and not why:
            emit(Event("decommission.removing", {"address": text}))
            why = await _delete(side.blobs, places[text])
        if listing.exists and why:
            kept.append(Kept(text, tuple(why)))
        else:
            deleted.append(text)
    return deleted, kept


async def _delete(blobs: Blobs, place: Location) -> list[str]:
    try:
        await blobs.delete_container(place)
    except ServiceError as error:
        if error.status not in (403, 409, 412):
            raise
        return [f"The storage service refuses to delete it: {error.code}: {error.message}"]
    return []


async def _listed(blobs: Blobs, place: Location) -> Listing:
    """A container as it is now, with all that keeps it."""
    listing = await list_container(blobs, place, past=True)
    listing.holds = (await blobs.containers(place.account)).get(place.container, ())
    return listing


async def _now(side: Side, listing: Listing, digest: str, copies: Copies, source: Workspace) -> list[str]:
    """What has become of a container since the gate was open."""
    if not listing.exists:
        return []
    found = _lost(listing, copies)
    if listing_digest(listing.blobs.values()) != digest:
        found.append(f"The blobs in '{listing.place.container}' are not what they were when they were verified.")
    if listing.place.container == COMMON_CONTAINER:
        others = foreign(await side.blobs.containers(listing.place.account), source.workspace_id)
        found += [f"'{name}' of another workspace is in the account." for name in others]
    return found


async def _shared(side: Side, source: Workspace, target: Workspace) -> list[str]:
    found = await sharing(side, source)
    others = dict.fromkeys(found.workspaces)
    if target.storage_account_id.lower() == source.storage_account_id.lower():
        others |= {target.id: None}
    return [
        *await _locked(side, source.storage_account_id),
        *(f"The storage account serves another workspace: {other}." for other in others),
        *(f"The storage account has '{name}' of another workspace." for name in found.containers),
        *(
            [f"Whether the storage account serves another workspace is not known: {found.unknown}."]
            * bool(found.unknown)
        ),
    ]


async def _locked(side: Side, account: str) -> list[str]:
    """Locks on the account: the service heeds them on the control plane alone, and would delete its containers."""
    try:
        return [locked(lock) for lock in await locks(side.arm, account)]
    except ServiceError as error:
        if error.status != 403:
            raise
        return ["Whether a lock lies on the storage account is not known: no right to read its locks."]


def _pointing(target: Seen, places: list[Location]) -> list[str]:
    urls = [_urls(place) for place in places]
    containers = {place.container.lower() for place in places}
    accounts = {place.account.lower() for place in places}
    found = []
    for address, document in target.documents():
        texts = [text for _, text in strings(document)]
        # A host's name is the same in capitals.
        words = {text.lower() for text in texts}
        named = words & containers and words & accounts
        inside = any(url.search(text) for url in urls for text in texts)
        if named or inside:
            found.append(f"{address} in the target points into the source's containers.")
    return found


def _urls(place: Location) -> re.Pattern[str]:
    """What names a container inside a text: a URL of any service and cloud, or an ARM id.

    At its bounds, since the account may be called as the workspace begins, and `azureml` is a scheme too.
    """
    account, container = re.escape(place.account), re.escape(place.container)
    return re.compile(
        rf"//{account}(?:-secondary)?\.[^/\s]+/{container}(?![a-z0-9-])"
        rf"|//{container}@{account}(?:-secondary)?\."
        rf"|/storageAccounts/{account}/\S*/{container}(?![a-z0-9-])",
        re.IGNORECASE,
    )


def _lost(listing: Listing, copies: Copies) -> list[str]:
    """What a container holds that is nowhere else, and what keeps it from being deleted."""
    place = listing.place
    cover = Cover(copies.sources)
    loose = sum(
        1 for path in listing.blobs if cover.prefix(Location(place.account, place.container, path)) is None
    )
    found = [f"{loose} blobs in '{place.container}' are in no manifest."] if loose else []
    if listing.exists and not (listing.past and listing.past.known):
        found.append(f"Whether '{place.container}' holds snapshots, versions or legal holds is not known.")
    if listing.past and (told := beside(listing.past)):
        found.append(f"'{place.container}' holds what no copy has: {', '.join(told)}.")
    if listing.holds:
        found.append(f"'{place.container}' is under {' and '.join(listing.holds)}.")
    return found
