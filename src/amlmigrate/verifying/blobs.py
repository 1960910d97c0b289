"""Manifests of both sides' bytes, made independently, and where they differ."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Container, Iterable, Iterator
from collections.abc import Mapping as Map
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import NamedTuple

from amlmigrate.bytes import jsonfiles
from amlmigrate.bytes.contents import LARGEST, as_written, files, left_in, written_anew
from amlmigrate.bytes.drift import shared
from amlmigrate.bytes.executing import Executor
from amlmigrate.bytes.listings import Listing, ListingDigest, goal_path
from amlmigrate.bytes.merging import PathPair, merged
from amlmigrate.bytes.searching import SearchResult
from amlmigrate.bytes.storage_containers import Containers
from amlmigrate.bytes.tables import is_table
from amlmigrate.bytes.tasks import DigestTask
from amlmigrate.cloud import unreadable
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.ranges import RANGE
from amlmigrate.cloud.store import StorePair
from amlmigrate.core import log_context
from amlmigrate.core.asset import Blob
from amlmigrate.core.events import Emit
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.metering import Amount, moved, working_on
from amlmigrate.core.parallel import ahead, in_order, one_by_one
from amlmigrate.core.places import Places
from amlmigrate.core.plan import Bytes, Plan, Step
from amlmigrate.core.run_progress import PrefixCompared
from amlmigrate.core.translation import Difference
from amlmigrate.core.workspace import Location, Service
from amlmigrate.ledger.files import Scratch
from amlmigrate.verifying.entries import ManifestEntry, Prefix, label
from amlmigrate.verifying.exclusions import compared, let_go, not_compared

_PARALLEL = 16
# So many blobs of a prefix wait for their turn, or for a long one that was begun before them.
_AHEAD = 256
_PREFIXES = 8
_LARGE_AT_ONCE = 2
# So many of a prefix's long blobs, the longest first, are read beside the others before their turn, one at a time.
# Else one whose name comes late is read when there is nothing more to do meanwhile.
_LONGEST = 64


@dataclass(slots=True)
class ByteVerdict:
    """What comparing the bytes came to."""

    differences: list[Difference] = field(default_factory=list)
    trees: dict[str, dict[str, str]] = field(default_factory=dict)
    # Lines by side, in files of their own.
    manifests: dict[str, Scratch] = field(default_factory=lambda: {"source": Scratch(), "target": Scratch()})
    false_labels: list[str] = field(default_factory=list)
    rewritten: list[str] = field(default_factory=list)
    not_checked: set[str] = field(default_factory=set)
    # By the address of a prefix: the files of the target that name places of the source, and how often.
    naming: dict[str, dict[Location, int]] = field(default_factory=dict)
    # How many files of the target were not searched for that, by why.
    unsearched: Counter[str] = field(default_factory=Counter)
    # How many blobs of the source lie under what somebody let go, and were not compared.
    let_go: int = 0
    # How many were compared, and how many of those are the same, as far as this went.
    blobs: int = 0
    same: int = 0
    bytes: int = 0


class _Side(NamedTuple):
    """A blob of one side whose turn it is; `path` is the target's, `last` says that its pair is then whole.

    `md5`: whether its MD5 is worked out; else it is that of its source, if both are the same bytes by SHA-256.
    """

    path: str
    blob: Blob
    of_source: bool
    last: bool
    md5: bool = True


class BlobVerifier:
    """Compares each prefix of a plan on both sides; with `hashing` every byte of both is read."""

    def __init__(
        self,
        stores: StorePair,
        executor: Executor,
        containers: Containers,
        *,
        mapping: Mapping,
        places: Places,
        hashing: bool,
        emit: Emit,
    ) -> None:
        self._stores = stores
        self._executor = executor
        self._containers = containers
        self._mapping = mapping
        self._places = places
        self._hashing = hashing
        # Each takes several times its length while it is read as JSON.
        self._large = asyncio.Semaphore(_LARGE_AT_ONCE)
        self._emit = emit
        self._let_go: dict[Location, str] = {}
        # Accounts of which a blob was refused, with the first refusal; and those of which one could be read.
        self._refused: dict[str, ServiceError] = {}
        self._open: set[str] = set()

    async def verify(
        self,
        plan: Plan,
        waived: frozenset[str] = frozenset(),
        left_alone: Map[str, frozenset[str]] = MappingProxyType({}),
    ) -> ByteVerdict:
        """All prefixes of the plan, but for what is waived of them.

        Of a waived prefix that is nothing but the blobs that `run` had left alone by then, where it says which: by
        address.
        """
        verdict = ByteVerdict()
        verdict.not_checked |= _unread_in_both(plan) | _of_shares(plan, hashing=self._hashing)
        self._let_go = let_go(plan, waived, left_alone)
        steps = [(step, step.prefix) for step in compared(plan, waived, left_alone) if step.prefix]
        verdict.let_go = not_compared(plan, waived, [amount.source for _, amount in steps])
        # A prefix may hold a blob or two: several are read at a time, and told in the plan's order.
        async for read in in_order(steps, self._read, parallel=_PREFIXES):
            self._add(read, verdict)
        # Where no blob of an account could be read for want of a right, it is the account's: nothing is known.
        for account, error in self._refused.items():
            if account not in self._open:
                raise error
        return verdict

    async def _read(self, planned: tuple[Step, Bytes]) -> Prefix:
        """Both sides of a prefix, blob by blob: as many are under way as `_AHEAD`, and no more are held."""
        step, amount = planned
        address = str(step.address)
        with log_context.bound(step=address), working_on(address, self._amount(amount)) as done:
            prefix = await self._read_prefix(step, amount)
            done()
        return prefix

    def _amount(self, amount: Bytes) -> Amount:
        """What comparing a prefix takes: every byte of both sides is read, or none."""
        return Amount(amount.blobs, 2 * amount.bytes if self._hashing else 0)

    async def _read_prefix(self, step: Step, amount: Bytes) -> Prefix:
        prefix = Prefix(step, amount)
        anew = frozenset((*files(step.rewrites), *(file.path for file in step.files)))
        rooms = (asyncio.Semaphore(_PARALLEL), asyncio.Semaphore(_PARALLEL))

        async def read(side: _Side) -> ManifestEntry:
            async with rooms[side.of_source]:
                return await self._entry(side, amount.source if side.of_source else amount.target)

        async def entry(side: _Side) -> tuple[_Side, ManifestEntry, ManifestEntry | None]:
            found = await (long((side.of_source, side.path)) or read(side))
            if not side.of_source or side.blob.path not in anew or found.unread:
                return side, found, None
            async with self._large:
                return side, found, await self._rewritten(amount.source, found)

        left: tuple[ManifestEntry | None, ManifestEntry | None] = (None, None)
        # Without a byte to be read there is nothing to wait for, and no need of tasks.
        turns = in_order if self._hashing else one_by_one
        async with (
            ahead(self._long(amount, anew), read, parallel=1) as long,
            aclosing(turns(self._sides(prefix, anew), entry, parallel=_AHEAD)) as entries,
        ):
            async for side, found, made in entries:
                if side.of_source:
                    left = (found, made)
                if side.last:
                    moved(blobs=1)
                    twin = None if side.of_source else _with_md5(found, left[0])
                    prefix.take(side.path, *left, twin)
                    left = (None, None)
        return prefix

    def _sides(self, prefix: Prefix, anew: Container[str]) -> Iterator[_Side]:
        """The blobs that are compared, of each pair the source's first; `anew` are those that are to be others."""
        amount = prefix.amount
        listed = self._listed(self._containers.source, amount.source).below(amount.source.path)
        there = self._listed(self._containers.target, amount.target)
        for pair in merged(amount.source, amount.target, _told(prefix.listed, listed), there):
            prefix.let_go += pair.blob is not None and self._is_let_go(amount, pair.path)
            yield from self._of_pair(amount, pair, anew)

    def _of_pair(self, amount: Bytes, pair: PathPair, anew: Container[str]) -> Iterator[_Side]:
        path, blob, twin = pair
        # What is let go whatever its ETag is that with this one too: then neither side is read.
        counts = twin is not None and not self._is_let_go(amount, path, twin.etag)
        if blob and not self._is_let_go(amount, path):
            yield _Side(path, blob, of_source=True, last=not counts)
        if twin and counts:
            yield _Side(path, twin, of_source=False, last=True, md5=blob is None or blob.path in anew)

    def _long(self, amount: Bytes, anew: Container[str]) -> dict[tuple[bool, str], _Side]:
        """The longest blobs of the source below a prefix, and what the target has of them; by side and path."""
        if not self._hashing:
            return {}
        listed = self._listed(self._containers.source, amount.source)
        there = self._listed(self._containers.target, amount.target)
        found = {}
        for blob in listed.below(amount.source.path).longest(_LONGEST, above=RANGE):
            path = goal_path(amount.source, amount.target, blob.path)
            for side in self._of_pair(amount, PathPair(path, blob, there.sorted.get(path)), anew):
                found[side.of_source, path] = side
        return found

    def _is_let_go(self, amount: Bytes, path: str, etag: str = "") -> bool:
        """Whether nothing is expected of a path of the target; of some only while its blob has that ETag."""
        if not self._let_go:
            return False
        known = self._let_go.get(amount.target.at(path))
        return known in ("", etag)

    def _add(self, prefix: Prefix, verdict: ByteVerdict) -> None:
        """What a prefix comes to."""
        step, amount = prefix.step, prefix.amount
        address, container = str(step.address), amount.source.container
        for listings, place in (
            (self._containers.source, amount.source),
            (self._containers.target, amount.target),
        ):
            if not self._listed(listings, place).tagged:
                verdict.not_checked.add(
                    f"index tags in '{place.container}' of '{place.account}': no right to read them"
                )
        if (now := prefix.listed.hexdigest()) != step.source_sha256:
            verdict.differences.append(Difference(address, "source", step.source_sha256, now))
        verdict.differences += [*prefix.differences, *prefix.extra]
        for side, lines in prefix.lines.items():
            for piece in lines.pieces():
                verdict.manifests[side].write(piece)
        anew = (*files(step.rewrites), *(file.path for file in step.files))
        verdict.rewritten += [f"{container}/{path}" for path in anew if path in prefix.rewritten]
        verdict.false_labels += [f"{container}/{path}" for path in prefix.false_labels]
        verdict.trees[address] = {side: tree.hexdigest() for side, tree in prefix.trees.items()}
        verdict.unsearched += prefix.unsearched
        if prefix.named:
            verdict.naming[address] = prefix.named
        verdict.same += prefix.same
        verdict.blobs += prefix.blobs
        verdict.let_go += prefix.let_go
        verdict.bytes += prefix.bytes
        self._emit(PrefixCompared(address, prefix.blobs))

    @staticmethod
    def _listed(listings: dict[tuple[str, str], Listing], place: Location) -> Listing:
        return listings.get(place.key) or Listing(place)

    async def _entry(self, side: _Side, place: Location) -> ManifestEntry:
        """A blob as it was read; of the target's what is read is searched for the source's places."""
        reads = self._hashing and not side.blob.folder
        entry = await self._hash(side, place) if reads else ManifestEntry(side.blob)
        if entry.found and entry.found.count and is_table(side.blob.path):
            return await self._in_table(place.at(side.blob.path), entry)
        return entry

    async def _in_table(self, file: Location, entry: ManifestEntry) -> ManifestEntry:
        """Of a table only what it reads counts; the plan has told of its comments and literals."""
        try:
            data = await self._stores.target(file).read(file, LARGEST, entry.blob.etag)
            left = left_in(file.path, (data or b"").decode(), self._mapping)
        except ServiceError as error:
            return _unread(entry.blob, error)
        except ValueError:
            return entry
        return replace(entry, found=SearchResult(True, len(left.values))) if data else entry

    async def _rewritten(self, place: Location, entry: ManifestEntry) -> ManifestEntry:
        """What a file that names places must be in the target, worked out anew from the source as it is now."""
        file = place.at(entry.blob.path)
        try:
            largest = LARGEST if is_table(file.path) else jsonfiles.LARGEST
            found = await self._stores.source(file).read(file, largest, entry.blob.etag)
        except ServiceError as error:
            return _unread(entry.blob, error)
        write = written_anew if is_table(file.path) else jsonfiles.written_anew
        try:
            data = await asyncio.to_thread(write, entry.blob.path, found or b"", self._mapping)
        except ValueError as error:
            return ManifestEntry(entry.blob, unread=f"not rewritten: {error}")
        # What is written gets the MD5 of these very bytes as its label, which cannot be false.
        return ManifestEntry(as_written(entry.blob, data), entry.sha256 and hashlib.sha256(data).hexdigest())

    async def _hash(self, side: _Side, place: Location) -> ManifestEntry:
        """A blob whose every byte was read; of the target's all text is searched."""
        blob = side.blob
        places = None if side.of_source or label(blob) else self._places
        result = await self._executor.perform(
            DigestTask(place.at(blob.path), blob, side.of_source, places, side.md5)
        )
        if result.refused:
            self._refused.setdefault(place.account, result.refused)
        if (read := result.digested) is None:
            return ManifestEntry(blob, unread=result.why)
        self._open |= {place.account} if blob.length else set()
        if shown := read.shown:
            # With what no list of a share shows.
            blob = replace(blob, md5=shown.md5, headers=shown.headers, metadata=shown.metadata)
        return ManifestEntry(blob, read.sha256, read.md5, found=read.found)


def _unread_in_both(plan: Plan) -> set[str]:
    """What is not known of the files that no side's are, since both workspaces have their container."""
    return {
        f"whether files in '{step.bytes.source.container}' of '{step.bytes.source.account}', which both workspaces"
        " have, name places of the source: they are not read"
        for step in plan.steps
        if step.bytes and shared(step.bytes)
    }


def _of_shares(plan: Plan, *, hashing: bool) -> set[str]:
    """What is compared of no file, since it is not copied either, and what no list shows of one."""
    steps = [step for step in plan.steps if step.prefix and step.prefix.source.service is Service.FILE]
    told = "permissions (ACLs) in shares, which are not copied, and what directories there have of their own"
    unseen = "metadata, content headers and MD5 labels of files in shares: no list shows them"
    return {told, *(() if hashing else (unseen,))} if steps else set()


def _with_md5(entry: ManifestEntry, source: ManifestEntry | None) -> ManifestEntry:
    """A target's entry with the MD5 of its source's where both are the same bytes by SHA-256."""
    same = source and entry.sha256 and source.sha256 == entry.sha256
    return replace(entry, md5=source.md5) if source and same and entry.md5 is None else entry


def _told(digest: ListingDigest, blobs: Iterable[Blob]) -> Iterator[Blob]:
    """The same, each added to the digest of the list as it goes by."""
    for blob in blobs:
        digest.add(blob)
        yield blob


def _unread(blob: Blob, error: ServiceError) -> ManifestEntry:
    """A blob whose bytes cannot be had, so that nobody compares them. Raises what is not about this one blob."""
    if not unreadable.why(error):
        raise error
    return ManifestEntry(blob, unread=f"not read: {error.status} {error.code}")
