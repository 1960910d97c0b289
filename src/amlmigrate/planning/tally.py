"""What the blobs of one prefix come to for a plan: counted one after the other, and none that moves is held."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from amlmigrate.bytes.comparing import Comparison, Judged
from amlmigrate.bytes.listings import ListingDigest, listing_digest, source_path
from amlmigrate.core.asset import Blob
from amlmigrate.core.file_rewrite import AnewFile
from amlmigrate.core.finding import Finding
from amlmigrate.core.mapping import Rewrite
from amlmigrate.core.plan import Action, Bytes, Step
from amlmigrate.core.workspace import Location, Service, address_of
from amlmigrate.planning.blob_findings import OF_COPIES, OTHER_TYPES, SeenBlobs
from amlmigrate.planning.file_rewrites import FilesAnew

_DONE = (Comparison.MISSING, Comparison.CHANGED, Comparison.RELABELLED)
# What a copy reads of the source, in the order in which it is named; of the last what is not known to be its own.
_READ = (Comparison.MISSING, Comparison.CHANGED, Comparison.SAME)
_BESIDE = (Comparison.FOREIGN, Comparison.EXTRA, Comparison.GONE)


class PrefixTally:
    """A prefix: how many blobs of each kind, and those that become steps or are named, which a plan holds."""

    def __init__(self, amount: Bytes, files: FilesAnew) -> None:
        """`amount` says where from and where to."""
        self._amount = amount
        self._files = files
        # The blobs of the source as they are, where the target is to have others.
        self._originals: dict[str, Blob] = {}
        self._counts: Counter[Comparison] = Counter()
        self._blobs = self._bytes = 0
        self._rewrites: list[Rewrite] = []
        self._whole: list[AnewFile] = []
        # What a share holds has names and lengths that the share of the target takes too.
        remarks = OF_COPIES if amount.source.service is Service.BLOB else ()
        self._read = [SeenBlobs(remark, amount) for remark in remarks]
        # All that the source lists there; and whether that is one blob of just this name.
        self.listed = ListingDigest()
        self.alone = False
        self.other_types = SeenBlobs(OTHER_TYPES, amount)
        self.foreign: list[Step] = []
        self.extra: list[Step] = []
        self.gone: list[Blob] = []

    def expected(self, blobs: Iterable[Blob]) -> Iterator[Blob]:
        """The source's blobs as they are in the target; each is counted as it goes by."""
        for blob in blobs:
            self.listed.add(blob)
            self.other_types.look(blob)
            self.alone = self.listed.blobs == 1 and blob.path == self._amount.source.path
            made = self._files.expected(self._place(blob.path), blob)
            if made is not blob:
                self._originals[blob.path] = blob
            yield made

    def add(self, one: Judged) -> None:
        """The next one."""
        self._counts[one.what] += 1
        path, blob, twin = one.pair
        if blob is None:
            assert twin
            self._without_source(one.what, twin)
        elif one.what is Comparison.FOREIGN:
            assert twin
            original = self._originals.get(blob.path, blob)
            reason = _differs(blob, twin, one.why)
            source, target = self._amount.source, self._amount.target
            self.foreign.append(conflict(source, target, blob.path, path, original, twin, reason))
        else:
            self._moves(one, blob)

    def _without_source(self, what: Comparison, twin: Blob) -> None:
        source, target = self._amount.source, self._amount.target
        if what is Comparison.GONE:
            self.gone.append(twin)
            return
        path = source_path(source, target, twin.path)
        reason = "too many: in the target, not in the source, and not as this tool left it"
        self.extra.append(conflict(source, target, path, twin.path, None, twin, reason))

    def _moves(self, one: Judged, blob: Blob) -> None:
        place = self._place(blob.path)
        self._blobs += 1
        self._bytes += self._originals.get(blob.path, blob).length
        self._rewrites += self._files.rewrites(place)
        if whole := self._files.whole(place):
            self._whole.append(whole)
        if one.what in _READ and not (one.what is Comparison.SAME and one.settled):
            for seen in self._read:
                seen.look(blob, _READ.index(one.what))

    def _place(self, path: str) -> Location:
        return self._amount.source.at(path)

    def remarks(self) -> Iterator[Finding]:
        """What is to be told of those that a copy reads."""
        for seen in self._read:
            yield from seen.findings()

    def step(self) -> Step:
        """The copy around whatever is apart; its digest is of all that the source has there."""
        action, reason = self._verdict()
        source, target = self._amount.source, self._amount.target
        return Step(
            address_of(source),
            action,
            reason,
            source_sha256=self.listed.hexdigest(),
            bytes=Bytes(source, target, self._blobs, self._bytes),
            rewrites=tuple(self._rewrites),
            files=tuple(self._whole),
        )

    def _verdict(self) -> tuple[Action, str]:
        """What the copy does, and all that it comes to, in numbers."""
        told = self._told(_DONE)
        beside = self._told(_BESIDE)
        rest = f"; separate items: {', '.join(beside)}" if beside else ""
        if not told:
            same = str(self._counts[Comparison.SAME]) if beside else "all"
            return Action.ADOPT, f"{same} {Comparison.SAME.value}{rest}"
        only = not self._counts[Comparison.MISSING] and not self._counts[Comparison.CHANGED]
        return Action.UPDATE if only else Action.COPY, ", ".join(told) + rest

    def _told(self, which: tuple[Comparison, ...]) -> list[str]:
        return [f"{self._counts[one]} {one.value}" for one in which if self._counts[one]]


def _differs(blob: Blob, there: Blob, why: str) -> str:
    told = {name: (getattr(blob, name), getattr(there, name)) for name in ("length", "md5", "tier")}
    shown = [
        f"{name} {left} in the source, {right} in the target"
        for name, (left, right) in told.items()
        if left != right
    ]
    return f"the target has a different one, {why}" + (f": {'; '.join(shown)}" if shown else "")


def conflict(
    prefix: Location, goal: Location, path: str, there: str, blob: Blob | None, twin: Blob, reason: str
) -> Step:
    """One blob that nobody touches, with what both sides had."""
    found = [blob] if blob else []
    return Step(
        address_of(prefix.at(path)),
        Action.CONFLICT,
        reason,
        source_sha256=listing_digest(found),
        target_sha256=listing_digest([twin]),
        bytes=Bytes(
            prefix.at(path),
            goal.at(there),
            len(found),
            blob.length if blob else 0,
        ),
        blob=True,
    )
