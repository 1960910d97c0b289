"""Manifests of both sides' bytes, made independently, and where they differ."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Iterator
from collections.abc import Mapping as Map
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType

from amlmigrate.bytes import jsonfiles
from amlmigrate.bytes.areas import Containers
from amlmigrate.bytes.contents import LARGEST, as_written, encoded, files, left_in, written_anew
from amlmigrate.bytes.drift import shared
from amlmigrate.bytes.listings import Listing, at_goal, goal_path, listing_digest, unlike
from amlmigrate.bytes.searching import Found, Search
from amlmigrate.bytes.tables import is_table
from amlmigrate.cloud import unreadable
from amlmigrate.cloud.blobs import Blobs
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.asset import Blob
from amlmigrate.core.escapes import as_json
from amlmigrate.core.events import Emit, Event
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.parallel import each, in_order
from amlmigrate.core.places import Places
from amlmigrate.core.plan import Bytes, Plan, Step
from amlmigrate.core.translation import Difference
from amlmigrate.core.workspace import Location
from amlmigrate.verifying.apart import compared, let_go, not_compared

_PARALLEL = 16
_PREFIXES = 8
_LARGE_AT_ONCE = 2
_REFUSED = 403


@dataclass(frozen=True, slots=True)
class Entry:
    """One blob of a manifest; `sha256` and `md5` are of the bytes as they were read, None where none were.

    `unread` says why they could not be. `found` is what searching them for the source's places came to,
    where they were searched.
    """

    blob: Blob
    sha256: str | None = None
    md5: str | None = None
    unread: str = ""
    found: Found | None = None

    @property
    def false_label(self) -> bool:
        """Whether the stored MD5 is not that of the bytes."""
        return self.md5 is not None and self.blob.md5 is not None and self.md5 != self.blob.md5

    def line(self, place: Location) -> bytes:
        """Its line in a manifest; the account and container are those of `place`."""
        blob = self.blob
        record = {
            "account": place.account,
            "container": place.container,
            "path": blob.path,
            "length": blob.length,
            "sha256": self.sha256,
            "md5": self.md5,
            "md5_label": blob.md5,
            "headers": dict(blob.headers),
            "metadata": dict(blob.metadata),
            "tags": None if blob.tags is None else dict(blob.tags),
            "tier": blob.tier,
            "type": blob.kind,
        }
        return as_json(record, ordered=True).encode() + b"\n"


@dataclass(slots=True)
class Verdict:
    """What comparing the bytes came to."""

    differences: list[Difference] = field(default_factory=list)
    trees: dict[str, dict[str, str]] = field(default_factory=dict)
    manifests: dict[str, bytearray] = field(default_factory=lambda: {"source": bytearray(), "target": bytearray()})
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


@dataclass(frozen=True, slots=True)
class Read:
    """A prefix as it was read: entries by path, with the source's as they must be in the target.

    `lines` are the source's manifest, as it is there.
    """

    step: Step
    amount: Bytes
    listing_sha256: str
    left: dict[str, Entry]
    right: dict[str, Entry]
    lines: bytes
    rewritten: list[str]
    # How many of the source's blobs were not read, since somebody let them go.
    let_go: int = 0


class BlobVerifier:
    """Compares each prefix of a plan on both sides; with `hashing` every byte of both is read."""

    def __init__(
        self,
        source: Blobs,
        target: Blobs,
        containers: Containers,
        *,
        mapping: Mapping,
        places: Places,
        hashing: bool,
        emit: Emit,
    ) -> None:
        self._source = source
        self._target = target
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
    ) -> Verdict:
        """All prefixes of the plan, but for what is waived of them.

        Of a waived prefix that is nothing but the blobs that `run` had left alone by then, where it says which: by
        address.
        """
        verdict = Verdict()
        verdict.not_checked |= _unread_in_both(plan)
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

    async def _read(self, planned: tuple[Step, Bytes]) -> Read:
        """Both sides of a prefix."""
        step, amount = planned
        listed = self._listed(self._containers.source, amount.source).below(amount.source.path)
        goal = partial(goal_path, amount.source, amount.target)
        source = [blob for blob in listed if not self._is_let_go(amount, goal(blob.path))]
        expected = {goal_path(amount.source, amount.target, blob.path) for blob in source}
        there = at_goal(self._listed(self._containers.target, amount.target), amount.target, expected)
        twins = {path: blob for path, blob in there.items() if not self._is_let_go(amount, path, blob.etag)}
        left, right = await asyncio.gather(
            self._entries(self._source, amount.source, source),
            self._entries(self._target, amount.target, list(twins.values()), self._places),
        )
        lines = b"".join(entry.line(amount.source) for entry in left.values())
        anew = (*files(step.rewrites), *(file.path for file in step.files))
        rewritten = [path for path in anew if path in left and not left[path].unread]
        for path in rewritten:
            async with self._large:
                left[path] = await self._rewritten(amount.source, left[path])
        let_go = len(listed) - len(source)
        return Read(step, amount, listing_digest(listed), left, right, lines, rewritten, let_go)

    def _is_let_go(self, amount: Bytes, path: str, etag: str = "") -> bool:
        """Whether nothing is expected of a path of the target; of some only while its blob has that ETag."""
        if not self._let_go:
            return False
        known = self._let_go.get(Location(amount.target.account, amount.target.container, path))
        return known in ("", etag)

    def _add(self, read: Read, verdict: Verdict) -> None:
        """What a prefix comes to."""
        step, amount, left, right = read.step, read.amount, read.left, read.right
        address, container = str(step.address), amount.source.container
        for listings, place in (
            (self._containers.source, amount.source),
            (self._containers.target, amount.target),
        ):
            if not self._listed(listings, place).tagged:
                verdict.not_checked.add(
                    f"index tags in '{place.container}' of '{place.account}': no right to read them"
                )
        if read.listing_sha256 != step.source_sha256:
            verdict.differences.append(Difference(address, "source", step.source_sha256, read.listing_sha256))
        compared = _compare(address, amount, left, right)
        verdict.differences += [difference for differing in compared.values() for difference in differing]
        verdict.same += sum(1 for path, differing in compared.items() if not differing and path in left)
        verdict.manifests["source"] += read.lines
        verdict.manifests["target"] += b"".join(entry.line(amount.target) for entry in right.values())
        verdict.rewritten += [f"{container}/{path}" for path in read.rewritten]
        verdict.false_labels += [f"{container}/{path}" for path, entry in left.items() if entry.false_label]
        verdict.trees[address] = {
            "source": tree_digest(amount.source, left),
            "target": tree_digest(amount.target, right),
        }
        self._searched(read, verdict)
        verdict.blobs += len(left)
        verdict.let_go += read.let_go
        verdict.bytes += sum(entry.blob.length for entry in left.values())
        self._emit(Event("verify.prefix", {"address": address, "blobs": len(left)}))

    @staticmethod
    def _listed(listings: dict[tuple[str, str], Listing], place: Location) -> Listing:
        return listings.get((place.account, place.container)) or Listing(place)

    @staticmethod
    def _searched(read: Read, verdict: Verdict) -> None:
        """What the files of the target name, and which of them were not looked into."""
        place = read.amount.target
        named: dict[Location, int] = {}
        for path, entry in read.right.items():
            if why := _unsearched(entry):
                verdict.unsearched[why] += 1
            elif entry.found and entry.found.count:
                named[Location(place.account, place.container, path)] = entry.found.count
        if named:
            verdict.naming[str(read.step.address)] = named

    async def _entries(
        self, blobs: Blobs, place: Location, found: list[Blob], places: Places | None = None
    ) -> dict[str, Entry]:
        """By path; with `places` what is read is searched for them."""
        entries = {blob.path: Entry(blob) for blob in found}
        if self._hashing:
            await each(found, partial(self._hash, blobs, place, entries, places), parallel=_PARALLEL)
        for path, entry in entries.items():
            if entry.found and entry.found.count and is_table(path):
                entries[path] = await self._in_table(blobs, place, entry)
        return entries

    async def _in_table(self, blobs: Blobs, place: Location, entry: Entry) -> Entry:
        """Of a table only what it reads counts; the plan has told of its comments and literals."""
        file = Location(place.account, place.container, entry.blob.path)
        try:
            data = await blobs.read(file, LARGEST, entry.blob.etag)
            left = left_in(file.path, (data or b"").decode(), self._mapping)
        except ServiceError as error:
            return _unread(entry.blob, error)
        except ValueError:
            return entry
        return replace(entry, found=Found(True, len(left.values))) if data else entry

    async def _rewritten(self, place: Location, entry: Entry) -> Entry:
        """What a file that names places must be in the target, worked out anew from the source as it is now."""
        file = Location(place.account, place.container, entry.blob.path)
        try:
            largest = LARGEST if is_table(file.path) else jsonfiles.LARGEST
            found = await self._source.read(file, largest, entry.blob.etag)
        except ServiceError as error:
            return _unread(entry.blob, error)
        write = written_anew if is_table(file.path) else jsonfiles.written_anew
        try:
            data = await asyncio.to_thread(write, entry.blob.path, found or b"", self._mapping)
        except ValueError as error:
            return Entry(entry.blob, unread=f"not written anew: {error}")
        blob = as_written(entry.blob, data)
        return Entry(blob, entry.sha256 and hashlib.sha256(data).hexdigest(), entry.md5 and blob.md5)

    async def _hash(
        self, blobs: Blobs, place: Location, entries: dict[str, Entry], places: Places | None, blob: Blob
    ) -> None:
        search = Search(places) if places and not _label(blob) else None
        try:
            file = Location(place.account, place.container, blob.path)
            sha256, md5, _ = await blobs.digest(file, blob, search.begin if search else None)
        except ServiceError as error:
            entries[blob.path] = _unread(blob, error)
            if error.status == _REFUSED:
                self._refused.setdefault(place.account, error)
        else:
            entries[blob.path] = Entry(blob, sha256, md5, found=search.end() if search else None)
            self._open |= {place.account} if blob.length else set()


def _unread_in_both(plan: Plan) -> set[str]:
    """What is not known of the files that no side's are, since both workspaces have their container."""
    return {
        f"whether files in '{step.bytes.source.container}' of '{step.bytes.source.account}', which both workspaces"
        " have, name places of the source: they are not read"
        for step in plan.steps
        if step.bytes and shared(step.bytes)
    }


def _label(blob: Blob) -> str:
    """The `Content-Encoding` of a blob that is not stored as the text that it is."""
    label = dict(blob.headers).get("content_encoding", "")
    return label if encoded(label) else ""


def _unsearched(entry: Entry) -> str:
    """Why a file was not searched, in the words of a report; empty where it was."""
    if entry.unread:
        return "could not be read"
    if _label(entry.blob):
        return "are stored under a Content-Encoding"
    if entry.found is None:
        return "were not read at this depth"
    return "" if entry.found.text else "are no text"


def _unread(blob: Blob, error: ServiceError) -> Entry:
    """A blob whose bytes cannot be had, so that nobody compares them. Raises what is not about this one blob."""
    if not unreadable.why(error):
        raise error
    return Entry(blob, unread=f"not read: {error.status} {error.code}")


def tree_digest(place: Location, entries: dict[str, Entry]) -> str:
    """SHA-256 over path below the prefix, length and content hash, in the order of paths: equal on both sides."""
    found = hashlib.sha256()
    for path in sorted(entries):
        entry = entries[path]
        rest = path.removeprefix(place.path).lstrip("/")
        content = entry.sha256 or entry.blob.md5 or ""
        found.update(f"{rest}\0{entry.blob.length}\0{content}\n".encode())
    return found.hexdigest()


def _compare(
    address: str, amount: Bytes, left: dict[str, Entry], right: dict[str, Entry]
) -> dict[str, list[Difference]]:
    """The differences by path in the source; of what only the target has, by its path there behind a slash."""
    rest = dict(right)
    found: dict[str, list[Difference]] = {}
    for path, entry in left.items():
        goal = goal_path(amount.source, amount.target, path)
        found[path] = list(_unlike(address, goal, entry, rest.pop(goal, None)))
    extra = [Difference(address, path, "absent", "extra") for path in sorted(rest)]
    return found | {f"/{difference.field}": [difference] for difference in extra}


def _unlike(address: str, goal: str, entry: Entry, twin: Entry | None) -> Iterator[Difference]:
    """What differs between a blob and its twin."""
    if twin is None:
        yield Difference(address, goal, "present", "missing")
        return
    for name in unlike(entry.blob, twin.blob):
        yield Difference(address, f"{goal}:{name}", getattr(entry.blob, name), getattr(twin.blob, name))
    if entry.unread or twin.unread:
        yield Difference(address, f"{goal}:bytes", entry.unread or "read", twin.unread or "read")
    elif entry.sha256 != twin.sha256:
        yield Difference(address, f"{goal}:sha256", entry.sha256, twin.sha256)
    if twin.false_label and not entry.false_label:
        yield Difference(address, f"{goal}:md5 label", twin.md5, twin.blob.md5)
