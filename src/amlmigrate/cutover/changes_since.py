"""What has become of the target since the cutover: what its users make is information, what is lost is decided."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import aclosing
from dataclasses import asdict, dataclass, field, replace
from itertools import groupby

from amlmigrate.bytes.listings import Listing
from amlmigrate.bytes.storage_containers import Key
from amlmigrate.cloud import unreadable
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.sortedblobs import SortedBlobs
from amlmigrate.cloud.store import Accounts
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Blob
from amlmigrate.core.decision import Decision
from amlmigrate.core.finding import Finding
from amlmigrate.core.metering import Amount, moved, working_on
from amlmigrate.core.parallel import in_order
from amlmigrate.core.seal import PARTS, comparable
from amlmigrate.core.workspace import address_of
from amlmigrate.cutover.evidence_checks import seen_by
from amlmigrate.cutover.record import HeldBlob, held
from amlmigrate.evidence import Cutover, CutoverBack, Verify
from amlmigrate.evidence.members import Change
from amlmigrate.evidence.verify import SinceCutover
from amlmigrate.ledger.evidence import EvidenceFile, only

ADDED, CHANGED, DELETED, OVERWRITTEN, UNREAD = "added", "changed", "deleted", "overwritten", "unread"
# Of what went live and submits jobs: whose name the newest has. None is seen yet, they cannot be listed, or it
# has none.
NOT_RUN, RAN, RAN_AS_OPERATOR, NOT_LISTED = "no run seen", "ran", "ran as operator", "runs not listed"
NOT_NAMED = "ran, as nobody who is named"
UNSEEN = (NOT_RUN, NOT_LISTED, NOT_NAMED)
# What was proven and is not there any more as it was.
_LOST = {
    DELETED: "it was deleted since the cutover",
    OVERWRITTEN: "its bytes were overwritten since the cutover",
    UNREAD: "its bytes cannot be read, so that it is not known to be what it was at the cutover",
}
_REMEDY = "Put it back; or waive it: run `migrate verify`, then `migrate waive` this address with a reason."
_PARALLEL = 16
# What is worked on, as people are told.
_WORK = "what was proven in the target"
# In the archive tier, and on the way out of it: neither writes a blob, so that its ETag stays.
_AWAY = ("BlobArchived", "BlobBeingRehydrated")


@dataclass(frozen=True, slots=True, order=True)
class ChangedSince:
    """One document or blob of the target that is not as it was at the cutover.

    `now` says what it is now: the digest of a document, the ETag of a blob, '' where it is gone. `item` is what
    the plan calls that to which it belongs, '' where it is none of what was proven. `seen`: when first (UTC).
    """

    address: str
    what: str
    now: str = ""
    item: str = ""
    seen: str = ""

    @property
    def finding(self) -> Finding | None:
        """What somebody has to decide; None where it is information."""
        if self.what == RAN_AS_OPERATOR:
            return self._of_operator()
        if not self.lost:
            return None
        says = f"In the target {_LOST[self.what]}, seen at {self.seen}."
        return Finding(
            "blocks",
            self.address,
            says,
            _REMEDY,
            code={
                DELETED: "deleted-since-cutover",
                OVERWRITTEN: "overwritten-since-cutover",
                UNREAD: "unread-since-cutover",
            }[self.what],
        )

    @property
    def lost(self) -> bool:
        """Whether something that was proven is not there any more as it was."""
        return bool(self.item) and self.what in _LOST

    def _of_operator(self) -> Finding:
        return Finding(
            "blocks",
            self.address,
            f"In the target it runs as '{self.now}', who moved it or cut it over, and not as its owner;"
            f" seen at {self.seen}.",
            "Its owner has to save it in the target; once it has run after that, run `migrate verify`. Or waive"
            " this address with a reason.",
            code="runs-as-operator",
        )

    def told(self) -> Change:
        """Its form in reports: `finding` is the address under which it is decided, '' where it is information."""
        return Change(**asdict(self), finding=self.finding.address if self.finding else "")


@dataclass(frozen=True, slots=True)
class Since:
    """All changes since a cutover, and how many of the proven blobs, and bytes, are as they were."""

    changes: tuple[ChangedSince, ...] = ()
    blobs: int = 0
    bytes: int = 0

    def undecided(self, decided: Container[tuple[str, str]]) -> list[Finding]:
        """What was lost, and nobody has decided as it is now: `decided` are addresses with what was shown."""
        lost = ((one.finding, one.now) for one in self.changes)
        return [finding for finding, now in lost if finding and (finding.address, now) not in decided]

    def lost_items(self) -> frozenset[str]:
        """The items of the plan of which something was lost, whoever has decided it."""
        return frozenset(one.item for one in self.changes if one.lost)

    def told(self, cutover: EvidenceFile[Cutover], undecided: Iterable[Finding]) -> SinceCutover:
        """Its form in reports."""
        changes = tuple(one.told() for one in self.changes)
        return SinceCutover(
            cutover=cutover.number, open=tuple(undecided), blobs=self.blobs, bytes=self.bytes, changes=changes
        )

    def with_documents(self, changes: list[ChangedSince]) -> Since:
        """These too."""
        return replace(self, changes=tuple(sorted((*self.changes, *changes))))

    def first_seen(self, reports: list[EvidenceFile], now: str) -> Since:
        """The same, each change with the time at which reports first told of it, else `now`."""
        known: dict[tuple[str, str, str], str] = {}
        for report in only(reports, Verify):
            if told := report.content.since_cutover:
                known = {(one.address, one.what, one.now): one.seen for one in told.changes}
        return replace(
            self,
            changes=tuple(
                replace(one, seen=known.get((one.address, one.what, one.now), now)) for one in self.changes
            ),
        )


def decided(waivers: Iterable[Decision], reports: list[EvidenceFile]) -> frozenset[tuple[str, str]]:
    """What was let go: its address, and what it was in the last report before the decision that tells of it.

    So a decision is about what was shown since this cutover, and does not hold for what became of it later.
    """
    shown: dict[int, dict[str, str]] = {}
    now: dict[str, str] = {}
    for report in reports:
        if isinstance(report.content, Cutover | CutoverBack):
            shown, now = {}, {}
        shown[report.number] = now
        if isinstance(report.content, Verify) and report.content.since_cutover:
            now = {one.finding: one.now for one in report.content.since_cutover.changes if one.finding}
    found = ((one.address, shown.get(one.report, {}).get(one.address)) for one in waivers)
    return frozenset((address, was) for address, was in found if was is not None)


def documents(
    cutover: EvidenceFile[Cutover], now: Mapping[str, str], proven: Mapping[Address, str]
) -> list[ChangedSince]:
    """What was added, changed and deleted in the target.

    `proven` are the documents that it must keep, by its addresses, with what the plan calls each.
    """
    then, now = comparable(seen_by(cutover)[PARTS[1]], now)
    found = [
        *((address, ADDED) for address in now.keys() - then.keys()),
        *((address, DELETED) for address in then.keys() - now.keys()),
        *((address, CHANGED) for address in now.keys() & then.keys() if now[address] != then[address]),
    ]
    return sorted(
        # The target may spell a name in another case than the plan.
        ChangedSince(address, what, now.get(address, ""), proven.get(Address.parse(address), ""))
        for address, what in found
    )


async def blobs(
    cutover: EvidenceFile[Cutover], listed: Mapping[Key, Listing], target: Accounts, *, hashing: bool
) -> Since:
    """What was added, changed, deleted and overwritten among the target's blobs, by their own addresses.

    A proven blob that has another ETag is read, since only its bytes say whether they are others; with `hashing`
    each proven one is. Raises ServiceError.
    """
    look = _Look(target)
    with working_on(_WORK, proven(cutover, hashing=hashing)) as done:
        unsettled = look.unsettled(cutover, listed, hashing)
        async with aclosing(in_order(unsettled, look.read, parallel=_PARALLEL)) as read:
            async for _ in read:
                moved(blobs=1)
        done()
    known = _known(cutover)
    for key, listing in listed.items():
        look.changes += [
            ChangedSince(str(address_of(listing.place.at(path))), ADDED, blob.etag)
            for path, blob in listing.blobs.items()
            if not blob.folder and (key not in known or known[key].get(path) is None)
        ]
    return Since(tuple(sorted(look.changes)), look.blobs, look.bytes)


def proven(cutover: EvidenceFile[Cutover], *, hashing: bool) -> Amount:
    """What of the target was proven before the cutover; its bytes, where they are read."""
    blobs = length = 0
    for one in held(cutover):
        if one.sha256:
            blobs, length = blobs + 1, length + one.length
    return Amount(blobs, length if hashing else 0)


def _known(cutover: EvidenceFile[Cutover]) -> dict[Key, SortedBlobs]:
    """What the target had at the cutover; there may be more than memory should hold."""
    found: dict[Key, SortedBlobs] = {}
    for key, lines in groupby(held(cutover), key=lambda one: (one.account, one.container)):
        found.setdefault(key, SortedBlobs()).add(Blob(one.path, one.length, one.etag) for one in lines)
    return found


@dataclass(slots=True)
class _Look:
    """What was found so far."""

    target: Accounts
    changes: list[ChangedSince] = field(default_factory=list)
    blobs: int = 0
    bytes: int = 0

    def unsettled(
        self, cutover: EvidenceFile[Cutover], listed: Mapping[Key, Listing], hashing: bool
    ) -> Iterator[tuple[HeldBlob, Blob]]:
        """Those that are settled by their bytes alone; all others are settled as they come by."""
        for one in held(cutover):
            listing = listed.get((one.account, one.container))
            blob = listing.blobs.get(one.path) if listing else None
            if blob and one.sha256 and (hashing or blob.etag != one.etag):
                yield one, blob
            else:
                self._at(one, blob)
                moved(blobs=bool(one.sha256))

    def _at(self, one: HeldBlob, blob: Blob | None) -> None:
        """One blob of then, and what there is now."""
        if blob is None:
            self._changed(one, DELETED, "")
        elif blob.etag != one.etag:
            self._changed(one, CHANGED, blob.etag)
        elif one.sha256:
            self._same(one)

    async def read(self, pair: tuple[HeldBlob, Blob]) -> None:
        """Settles one by its bytes."""
        one, blob = pair
        try:
            sha256, _, _ = await self.target.store(one.place.service).digest(one.place, blob, md5=False)
        except ServiceError as error:
            if not unreadable.why(error):
                raise
            if error.code in _AWAY and blob.etag == one.etag:
                self._same(one)
            else:
                self._changed(one, UNREAD, blob.etag)
            return
        if sha256 != one.sha256:
            self._changed(one, OVERWRITTEN, blob.etag)
            return
        self._same(one)
        if blob.etag != one.etag:
            self._changed(one, CHANGED, blob.etag)

    def _same(self, one: HeldBlob) -> None:
        self.blobs += 1
        self.bytes += one.length

    def _changed(self, one: HeldBlob, what: str, now: str) -> None:
        self.changes.append(ChangedSince(str(address_of(one.place)), what, now, one.item))
