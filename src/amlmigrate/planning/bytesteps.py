"""The steps of what lies below a prefix: the copy, the blobs apart from it, and what is deleted after it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import islice

from amlmigrate.bytes.comparing import judged
from amlmigrate.bytes.listings import Listing, ListingDigest, listing_digest, source_path
from amlmigrate.bytes.ownership import removable
from amlmigrate.bytes.prefixes import PrefixSet
from amlmigrate.bytes.storage_containers import Containers, Key
from amlmigrate.cloud.sortedblobs import SortedBlobs
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Blob
from amlmigrate.core.few import few, many
from amlmigrate.core.finding import Finding
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.ownership_record import Copied, OwnershipRecord
from amlmigrate.core.plan import Action, Bytes, Gone, Step
from amlmigrate.core.workspace import Location, Service, address_of
from amlmigrate.planning.blob_findings import OTHER_TYPES, SeenBlobs
from amlmigrate.planning.file_rewrites import FilesAnew
from amlmigrate.planning.tally import PrefixTally, conflict

# Marks of steps about bytes: behind the prefix, or the path, that they are about. A blob may be called so too, and
# nothing is read out of an address: what a step is about stands in it.
DELETE, BLOB = "#delete", "#blob"
_NAMED = 3


def nobody(_: Location) -> str:
    """Nobody refers to a place."""
    return ""


@dataclass(frozen=True, slots=True)
class PrefixSteps:
    """What becomes of a prefix; `apart` are in conflict."""

    step: Step
    apart: tuple[Step, ...] = ()
    delete: Step | None = None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class ByteSteps:
    """Makes them. `needed` names who of the target refers to a place, or ''; asked only with `delete`."""

    mapping: Mapping
    prior: OwnershipRecord
    files: FilesAnew
    delete: bool = False
    needed: Callable[[Location], str] = nobody

    def of(self, prefix: Location, containers: Containers) -> PrefixSteps | None:
        """The steps of a prefix; None where neither side has anything that this tool brings or has brought."""
        goal = target_place(self.mapping, prefix)
        listed = containers.source.get(prefix.key)
        blobs = listed.below(prefix.path) if listed else ()
        if not self.mapping.moves(prefix):
            return _both(prefix, goal, blobs) if blobs else None
        there = containers.target.get(goal.key) or Listing(goal)
        found = self._judged(prefix, goal, blobs, there)
        if not found.listed.blobs and not found.gone:
            return None
        # A container that is not there is no folder that was cleaned up: nobody knows why it is not.
        delete = self.delete and listed is not None and listed.exists
        kept, going = self._divided(found.gone, goal) if delete else ([], found.gone)
        apart = (*found.foreign, *found.extra, *(_needed(prefix, goal, blob, who) for blob, who in kept))
        if found.alone and found.foreign and not found.gone:
            # The prefix is that blob: its item is the prefix's.
            return PrefixSteps(apart[0], apart[1:], None, tuple(found.other_types.findings()))
        step = found.step()
        told = (*found.other_types.findings(), *(found.remarks() if step.action is Action.COPY else ()))
        told += (_permissions(step.address),) if prefix.service is Service.FILE else ()
        if going and not delete:
            step = replace(step, gone=_gone(going))
            return PrefixSteps(step, apart, None, (_stays(step.address, going), *told))
        return PrefixSteps(step, apart, _delete(step, going) if going else None, told)

    def _judged(self, prefix: Location, goal: Location, blobs: Iterable[Blob], there: Listing) -> PrefixTally:
        """All blobs of both sides, each looked at once and let go of."""
        found = PrefixTally(Bytes(prefix, goal, 0, 0), self.files)
        own, others = self._own(goal), self._others(goal)
        for one in judged(prefix, goal, found.expected(blobs), there, own, others):
            found.add(one)
        return found

    def _own(self, goal: Location) -> Callable[[str], Copied | None]:
        return lambda path: self.prior.copied(goal.at(path))

    def _others(self, goal: Location) -> Callable[[str], str]:
        return lambda path: self.prior.others(goal.at(path))

    def _divided(self, gone: list[Blob], goal: Location) -> tuple[list[tuple[Blob, str]], list[Blob]]:
        """Of copies without a source, those that somebody of the target needs, and the rest."""
        asked = [(blob, self.needed(goal.at(blob.path))) for blob in gone]
        return [(blob, who) for blob, who in asked if who], [blob for blob, who in asked if not who]


def _permissions(address: Address) -> Finding:
    return Finding(
        "warning",
        str(address),
        "The permissions (ACLs) of its files and directories are not copied, nor are its snapshots.",
        "Nothing is needed where only computes and the studio use the share, with the account's key."
        " Else set the permissions in the target.",
        code="file-permissions",
    )


def of_nothing_here(
    mapping: Mapping, prior: OwnershipRecord, cover: PrefixSet, containers: Containers
) -> Iterable[Finding]:
    """Copies whose source is gone, with all that referred to it: no step of a plan is about their place."""
    goals = PrefixSet(goal for prefix in cover if (goal := mapping.place(prefix)))
    found: dict[Key, SortedBlobs] = {}
    for place, copied in prior.copies():
        key = place.key
        there = listing.blobs.get(place.path) if (listing := containers.target.get(key)) else None
        if there and removable(copied, there) and goals.prefix(place) is None:
            found.setdefault(key, SortedBlobs()).add([there])
    for key, listing in containers.source.items() if found else ():
        for path in listing.sorted.paths():
            goal = mapping.place(Location.of_key(*key, path))
            if goal and (left := found.get(goal.key)):
                left.discard(goal.path)
    if count := sum(map(len, found.values())):
        size = sum(blob.length for left in found.values() for blob in left)
        first = (f"{key[1]}/{path}" for key, left in found.items() for path in islice(left.paths(), _NAMED))
        named = sorted(first)[:_NAMED]
        yield Finding(
            "warning",
            mapping.target.id,
            f"The target holds {many(count, 'copy', 'copies')} of this tool with {many(size, 'byte')}, whose"
            f" source is gone and to which nothing of this plan refers: {few(named, _NAMED, of=count)}.",
            "No plan deletes them: delete by hand in the target those that nothing there needs.",
            code="copies-left-over",
        )


def target_place(mapping: Mapping, prefix: Location) -> Location:
    """The target's place for a prefix of the cover, which only has places that have one."""
    goal = mapping.place(prefix)
    if goal is None:
        raise ValueError(f"{prefix} is not the workspace's own")
    return goal


def _both(prefix: Location, goal: Location, blobs: Iterable[Blob]) -> PrefixSteps:
    other_types = SeenBlobs(OTHER_TYPES, Bytes(prefix, goal, 0, 0))
    listed = ListingDigest()
    for blob in blobs:
        listed.add(blob)
        other_types.look(blob)
    amount = Bytes(prefix, goal, listed.blobs, listed.bytes)
    address = address_of(prefix)
    reason = "both workspaces have this container"
    step = Step(address, Action.SKIP, reason, source_sha256=listed.hexdigest(), bytes=amount)
    return PrefixSteps(step, findings=tuple(other_types.findings()))


def _needed(prefix: Location, goal: Location, blob: Blob, who: str) -> Step:
    path = source_path(prefix, goal, blob.path)
    reason = f"to be deleted, since its source is gone, and {who} of the target refers to it: waived, it stays"
    return conflict(prefix, goal, path, blob.path, None, blob, reason)


def _gone(blobs: Iterable[Blob]) -> tuple[Gone, ...]:
    return tuple(Gone(blob.path, blob.etag, blob.length) for blob in blobs)


def _copies(going: list[Blob]) -> str:
    size = sum(blob.length for blob in going)
    return f"{many(len(going), 'copy', 'copies')} of this tool with {many(size, 'byte')}"


def _delete(step: Step, going: list[Blob]) -> Step:
    assert step.bytes
    size = sum(blob.length for blob in going)
    return Step(
        Address.parse(f"{step.address}{DELETE}"),
        Action.DELETE,
        f"{_copies(going)}, whose source is gone: {few([blob.path for blob in going], _NAMED)}",
        source_sha256=step.source_sha256,
        after=(step.address,),
        bytes=replace(step.bytes, blobs=len(going), bytes=size),
        gone=_gone(going),
    )


def _stays(address: Address, going: list[Blob]) -> Finding:
    return Finding(
        "blocks",
        str(address),
        f"The target holds {_copies(going)}, SHA-256"
        f" {listing_digest(going)[:16]}, whose source is gone: {few([blob.path for blob in going], _NAMED)}.",
        "Plan with --delete to have them deleted; or let them stay: waive this finding. `migrate show` with the"
        " item's address lists them.",
        code="gone-from-source",
    )
