"""The steps of what lies below a prefix: the copy, the blobs apart from it, and what is deleted after it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from amlmigrate.bytes.areas import Containers
from amlmigrate.bytes.comparing import Compared, Foreign, compare
from amlmigrate.bytes.listings import Listing, listing_digest, source_path
from amlmigrate.bytes.ownership import removable
from amlmigrate.bytes.prefixes import Cover
from amlmigrate.core.address import Address, blob_address
from amlmigrate.core.asset import Blob
from amlmigrate.core.few import few, many
from amlmigrate.core.finding import Finding
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.plan import Action, Bytes, Gone, Step
from amlmigrate.core.prior import Copied, Prior
from amlmigrate.core.workspace import Location
from amlmigrate.planning.filesanew import FilesAnew

# Marks of steps about bytes: behind the prefix, or the path, that they are about. A blob may be called so too, and
# nothing is read out of an address: what a step is about stands in it.
DELETE, BLOB = "#delete", "#blob"
_NAMED = 3


def nobody(_: Location) -> str:
    """Nobody refers to a place."""
    return ""


@dataclass(frozen=True, slots=True)
class Planned:
    """What becomes of a prefix. `apart` are in conflict; `read` is what its copy reads of the source."""

    step: Step
    apart: tuple[Step, ...] = ()
    delete: Step | None = None
    findings: tuple[Finding, ...] = ()
    read: tuple[Blob, ...] = ()


@dataclass(frozen=True, slots=True)
class ByteSteps:
    """Makes them. `needed` names who of the target refers to a place, or ''; asked only with `delete`."""

    mapping: Mapping
    prior: Prior
    files: FilesAnew
    delete: bool = False
    needed: Callable[[Location], str] = nobody

    def of(self, prefix: Location, blobs: list[Blob], containers: Containers) -> Planned | None:
        """The steps of a prefix; None where neither side has anything that this tool brings or has brought."""
        goal = target_place(self.mapping, prefix)
        if not self.mapping.moves(prefix):
            return Planned(_both(prefix, goal, blobs)) if blobs else None
        there = containers.target.get((goal.account, goal.container)) or Listing(goal)
        _, expected = self.files.below(prefix, blobs)
        found = compare(prefix, goal, expected, there, self._own(goal), self._others(goal))
        if not blobs and not found.gone:
            return None
        apart = [*self._foreign(prefix, blobs, found, goal), *self._extra(prefix, found.extra, goal)]
        listed = containers.source.get((prefix.account, prefix.container))
        # A container that is not there is no folder that was cleaned up: nobody knows why it is not.
        delete = self.delete and listed is not None and listed.exists
        kept, going = self._divided(found.gone, goal) if delete else ([], found.gone)
        apart += [_needed(prefix, goal, blob, who) for blob, who in kept]
        step = self._step(prefix, goal, blobs, found)
        unsettled = (blob for blob in found.same if blob.path not in found.settled)
        read = (*found.missing, *found.changed, *unsettled)
        if [blob.path for blob in blobs] == [prefix.path] and found.foreign and not found.gone:
            # The prefix is that blob: its item is the prefix's.
            return Planned(apart[0], tuple(apart[1:]))
        if going and not delete:
            step = replace(step, gone=_gone(going))
            return Planned(step, tuple(apart), None, (_stays(step.address, going),), read)
        deletes = _delete(step, going) if going else None
        return Planned(step, tuple(apart), deletes, (), read)

    def _own(self, goal: Location) -> Callable[[str], Copied | None]:
        return lambda path: self.prior.copied(Location(goal.account, goal.container, path))

    def _others(self, goal: Location) -> Callable[[str], str]:
        return lambda path: self.prior.others(Location(goal.account, goal.container, path))

    def _divided(self, gone: list[Blob], goal: Location) -> tuple[list[tuple[Blob, str]], list[Blob]]:
        """Of copies without a source, those that somebody of the target needs, and the rest."""
        asked = [(blob, self.needed(Location(goal.account, goal.container, blob.path))) for blob in gone]
        return [(blob, who) for blob, who in asked if who], [blob for blob, who in asked if not who]

    def _step(self, prefix: Location, goal: Location, blobs: list[Blob], found: Compared) -> Step:
        """The copy around whatever is apart; its digest is of all that the source has there."""
        moving = {blob.path for blob in found.kept}
        kept = [blob for blob in blobs if blob.path in moving]
        action, reason = _verdict(found)
        rewrites, _ = self.files.below(prefix, kept)
        return Step(
            blob_address(prefix.container, prefix.path),
            action,
            reason,
            source_sha256=listing_digest(blobs),
            bytes=Bytes(prefix, goal, len(kept), sum(blob.length for blob in kept)),
            rewrites=tuple(rewrites),
            files=self.files.whole(prefix, kept),
        )

    @staticmethod
    def _foreign(prefix: Location, blobs: list[Blob], found: Compared, goal: Location) -> Iterable[Step]:
        listed = {blob.path: blob for blob in blobs} if found.foreign else {}
        for one in found.foreign:
            yield _conflict(prefix, goal, one.blob.path, one.path, listed[one.blob.path], one.there, _differs(one))

    @staticmethod
    def _extra(prefix: Location, extra: list[Blob], goal: Location) -> Iterable[Step]:
        for blob in extra:
            path = source_path(prefix, goal, blob.path)
            yield _conflict(
                prefix, goal, path, blob.path, None, blob,
                "too many: in the target, not in the source, and not as this tool left it",
            )  # fmt: skip


def of_nothing_here(mapping: Mapping, prior: Prior, cover: Cover, containers: Containers) -> Iterable[Finding]:
    """Copies whose source is gone, with all that referred to it: no step of a plan is about their place."""
    goals = Cover(goal for prefix in cover if (goal := mapping.place(prefix)))
    found: dict[Location, Blob] = {}
    for (account, container, path), copied in prior.blobs.items():
        place, listing = Location(account, container, path), containers.target.get((account, container))
        there = listing.blobs.get(path) if listing else None
        if there and removable(copied, there) and goals.prefix(place) is None:
            found[place] = there
    for key, listing in containers.source.items() if found else ():
        for path in listing.blobs:
            if goal := mapping.place(Location(*key, path)):
                found.pop(goal, None)
    if found:
        named = sorted(f"{place.container}/{place.path}" for place in found)
        yield Finding(
            "warning",
            mapping.target.id,
            f"The target holds {len(found)} copies of this tool with {sum(blob.length for blob in found.values())}"
            f" bytes, whose source is gone and to which nothing of this plan refers: {few(named, _NAMED)}.",
            "No plan deletes them: delete by hand in the target those that nothing there needs.",
            code="copies-left-over",
        )


def target_place(mapping: Mapping, prefix: Location) -> Location:
    """The target's place for a prefix of the cover, which only has places that have one."""
    goal = mapping.place(prefix)
    if goal is None:
        raise ValueError(f"{prefix} is not the workspace's own")
    return goal


def _both(prefix: Location, goal: Location, blobs: list[Blob]) -> Step:
    amount = Bytes(prefix, goal, len(blobs), sum(blob.length for blob in blobs))
    address = blob_address(prefix.container, prefix.path)
    reason = "both workspaces have this container"
    return Step(address, Action.SKIP, reason, source_sha256=listing_digest(blobs), bytes=amount)


def _verdict(found: Compared) -> tuple[Action, str]:
    """What the copy does, and all that it comes to, in numbers."""
    counts = (
        (len(found.missing), "not in the target"),
        (len(found.changed), "changed"),
        (len(found.relabelled), "of another tier or other index tags"),
    )
    told = [f"{count} {what}" for count, what in counts if count]
    around = (
        (len(found.foreign), "another in the target"),
        (len(found.extra), "too many"),
        (len(found.gone), "without a source any more"),
    )
    beside = [f"{count} {what}" for count, what in around if count]
    rest = f"; apart from it {', '.join(beside)}" if beside else ""
    if not told:
        return Action.ADOPT, (
            "all in the target already" if not beside else f"{len(found.same)} in the target already"
        ) + rest
    only = not found.missing and not found.changed
    return Action.UPDATE if only else Action.COPY, ", ".join(told) + rest


def _differs(one: Foreign) -> str:
    told = {name: (getattr(one.blob, name), getattr(one.there, name)) for name in ("length", "md5", "tier")}
    shown = [
        f"{name} {left} in the source, {right} in the target"
        for name, (left, right) in told.items()
        if left != right
    ]
    return f"the target has another one, {one.why}" + (f": {'; '.join(shown)}" if shown else "")


def _conflict(
    prefix: Location, goal: Location, path: str, there: str, blob: Blob | None, twin: Blob, reason: str
) -> Step:
    """One blob that nobody touches, with what both sides had."""
    found = [blob] if blob else []
    return Step(
        blob_address(prefix.container, path),
        Action.CONFLICT,
        reason,
        source_sha256=listing_digest(found),
        target_sha256=listing_digest([twin]),
        bytes=Bytes(
            Location(prefix.account, prefix.container, path),
            Location(goal.account, goal.container, there),
            len(found),
            blob.length if blob else 0,
        ),
        blob=True,
    )


def _needed(prefix: Location, goal: Location, blob: Blob, who: str) -> Step:
    path = source_path(prefix, goal, blob.path)
    reason = f"to be deleted, since its source is gone, and {who} of the target refers to it: waived, it stays"
    return _conflict(prefix, goal, path, blob.path, None, blob, reason)


def _gone(blobs: Iterable[Blob]) -> tuple[Gone, ...]:
    return tuple(Gone(blob.path, blob.etag, blob.length) for blob in blobs)


def _copies(going: list[Blob]) -> str:
    return f"{many(len(going), 'copy', 'copies')} of this tool with {sum(blob.length for blob in going)} bytes"


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
