"""Which of a source workspace's containers may be deleted with it, and why any of them must not be."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace

from amlmigrate.bytes.listings import Listing, beside, list_container, listing_digest
from amlmigrate.bytes.prefixes import PrefixSet
from amlmigrate.cloud.blobs import Blobs
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.session import Session, Side
from amlmigrate.core.armid import ArmId, key_of
from amlmigrate.core.documents import Document
from amlmigrate.core.errors import RefusedError
from amlmigrate.core.events import Emit
from amlmigrate.core.few import agreed, many
from amlmigrate.core.reference_targets import leads_into
from amlmigrate.core.workspace import COMMON_CONTAINER, Location, Service, Workspace
from amlmigrate.decommissioning.copy_proof import CopyProof
from amlmigrate.decommissioning.gate import locked
from amlmigrate.decommissioning.neighbours import Neighbours, Unseen, neighbours
from amlmigrate.decommissioning.progress import Removing
from amlmigrate.decommissioning.protection import Protection, protection
from amlmigrate.decommissioning.references import SeenTarget
from amlmigrate.decommissioning.removal import locks
from amlmigrate.posture.sharing import foreign, sharing

First = Callable[[], Awaitable[object]]
# What may be deleted comes from the ledger, which is a file.
_NOT_OWN = "It has no name that only the service gives, for this workspace."
_CONTRADICTED = "It was answered that it is not there, and its account lists it."


@dataclass(frozen=True, slots=True)
class KeptContainer:
    """A container that was not deleted, and why."""

    id: str
    reasons: tuple[str, ...]

    def as_dict(self) -> Document:
        """Its form in a tombstone."""
        return {"id": self.id, "reasons": list(self.reasons)}


@dataclass(frozen=True, slots=True)
class Deleted:
    """What came of it: `account/container` of each that is gone, those kept, and what was accepted as not seen.

    `guard` says for how long those that are gone can come back; None where none is.
    """

    deleted: list[str]
    kept: list[KeptContainer]
    unseen: list[Unseen]
    guard: Protection | None = None


def deletable(workspace: Workspace, places: Iterable[Location]) -> list[Location]:
    """Those with a name that only the service gives, for this workspace: a customer's own is never among them."""
    account = workspace.storage_account.lower()
    containers = (place for place in places if place.service is Service.BLOB)
    return [place for place in containers if place.account == account and workspace.names(place.container)]


@dataclass(frozen=True, slots=True)
class Deletion:
    """What is asked before containers of the source are deleted: who else may need them, what is lost with them.

    `accepted` are the scopes of which somebody said that they need not be seen.
    """

    clouds: Session
    source: Workspace
    target: SeenTarget
    copies: CopyProof
    accepted: frozenset[str] = frozenset()

    async def reasons(self, listings: Iterable[Listing]) -> list[str]:
        """Why they must stay: another workspace has the account, something leads into them, or is lost."""
        listings = list(listings)
        places = [one.place for one in listings]
        shared, around = await self._shared(), await self.around()
        found = [*shared, *self._pointing(places), *around.reasons(places, self.accepted)]
        for listing in listings:
            found += _lost(listing, self.copies)
        return found

    async def around(self) -> Neighbours:
        """The datastores of every other workspace that can be seen; the target's are looked at with all of it."""
        account = ArmId.of(self.source.storage_account_id)
        return await neighbours(
            (self.clouds.source, self.clouds.target),
            {self.source.workspace_id, self.target.workspace.workspace_id},
            {self.source.ref.subscription, account.subscription} - {""},
        )

    async def delete(self, wanted: dict[str, str], emit: Emit, first: First) -> Deleted:
        """Deletes those that are still what they were, each looked at afresh.

        `wanted` is `account/container` to the digest of its listing when the gate was open. `first` is awaited
        right before each attempt to delete one, and raises RefusedError where it must stay.
        """
        blobs = self.clouds.source.blobs
        split = {text: text.partition("/") for text in wanted}
        places = {text: Location(account, container) for text, (account, _, container) in split.items()}
        own = deletable(self.source, places.values())
        shared, around = await self._shared(), await self.around()
        done = Deleted([], [], around.accepted(self.accepted))
        # The common one last: what another workspace begins in the meantime shows by then.
        for text in sorted(wanted, key=lambda name: (places[name].container == COMMON_CONTAINER, name)):
            listing, shown = await _listed(blobs, places[text])
            why = [
                *([] if places[text] in own else [_NOT_OWN]),
                *shared,
                *self._pointing([places[text]]),
                *around.reasons([places[text]], self.accepted),
                *self.copies.against(places[text]),
                *await self._now(listing, wanted[text]),
                *([_CONTRADICTED] if shown and not listing.exists else ()),
            ]
            if listing.exists and not why:
                emit(Removing(text))
                why = await _delete(blobs, places[text], first)
            if (listing.exists or shown) and why:
                done.kept.append(KeptContainer(text, tuple(why)))
            else:
                done.deleted.append(text)
        guard = await protection(self.clouds.source, self.source.storage_account_id) if done.deleted else None
        return replace(done, guard=guard)

    def _pointing(self, places: list[Location]) -> list[str]:
        return [
            f"{address} in the target points into the source's containers."
            for address, document in self.target.documents()
            if leads_into(document, places)
        ]

    async def _shared(self) -> list[str]:
        side, source = self.clouds.source, self.source
        found = await sharing(side, source)
        others = dict.fromkeys(found.workspaces)
        if key_of(self.target.workspace.storage_account_id) == key_of(source.storage_account_id):
            others |= {self.target.workspace.id: None}
        unlisted = [f"Whether the storage account serves another workspace is not known: {found.unlisted}."]
        # Which subscriptions could not be looked at whole is told with the datastores of their workspaces.
        return [
            *await _locked(side, source.storage_account_id),
            *(f"The storage account serves another workspace: {other}." for other in others),
            *(f"The storage account has '{name}' of another workspace." for name in found.containers),
            *(unlisted if found.unlisted else ()),
        ]

    async def _now(self, listing: Listing, digest: str) -> list[str]:
        """What has become of a container since the gate was open."""
        if not listing.exists:
            return []
        found = _lost(listing, self.copies)
        if listing_digest(listing.blobs.values()) != digest:
            name = listing.place.container
            found.append(f"The blobs in '{name}' are not what they were when they were verified.")
        if listing.place.container == COMMON_CONTAINER:
            containers = await self.clouds.source.blobs.containers(listing.place.account)
            others = foreign(containers, self.source.workspace_id)
            found += [f"'{name}' of another workspace is in the account." for name in others]
        return found


async def _delete(blobs: Blobs, place: Location, first: First) -> list[str]:
    try:
        await blobs.delete_container(place, first)
    except RefusedError as error:
        return list(error.reasons)
    except ServiceError as error:
        if error.status not in (403, 409, 412):
            raise
        return [f"The storage service refuses to delete it: {error.code}: {error.message}"]
    return []


async def _listed(blobs: Blobs, place: Location) -> tuple[Listing, bool]:
    """A container as it is now, with all that keeps it, and whether its account's list has it."""
    listing, all_ = await list_container(blobs, place, past=True), await blobs.containers(place.account)
    listing.holds = all_.get(place.container, ())
    return listing, place.container in all_


async def _locked(side: Side, account: str) -> list[str]:
    """Locks on the account: the service heeds them on the control plane alone, and would delete its containers."""
    try:
        return [locked(lock) for lock in await locks(side.arm, account)]
    except ServiceError as error:
        if error.transient:
            raise
        return [
            f"Whether a lock is on the storage account is not known: its locks could not be read ({error.code})."
        ]


def _lost(listing: Listing, copies: CopyProof) -> list[str]:
    """What a container holds that is nowhere else, and what keeps it from being deleted."""
    place = listing.place
    cover = PrefixSet(copies.sources)
    blobs = (place.at(path) for path in listing.blobs)
    loose = sum(1 for blob in blobs if blob in copies.apart or cover.prefix(blob) is None)
    found = (
        [f"{many(loose, 'blob')} in '{place.container}' {agreed(loose, 'is', 'are')} in no manifest."]
        if loose
        else []
    )
    if listing.exists and not (listing.past and listing.past.known):
        found.append(f"Whether '{place.container}' holds snapshots, versions or legal holds is not known.")
    if listing.past and (told := beside(listing.past)):
        found.append(f"'{place.container}' holds what no copy has: {', '.join(told)}.")
    if listing.past and listing.past.deleted:
        kept = many(listing.past.deleted, "deleted blob")
        found.append(
            f"'{place.container}' has {kept} that its account still keeps and that would go with it: wait until"
            " that is over, or delete the container yourself."
        )
    if listing.holds:
        found.append(f"'{place.container}' is under {' and '.join(listing.holds)}.")
    return found
