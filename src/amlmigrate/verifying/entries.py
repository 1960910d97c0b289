"""One blob of a manifest, and a prefix of both sides as it is read, blob by blob, in the order of names. Pure."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from amlmigrate.bytes.contents import encoded
from amlmigrate.bytes.listings import ListingDigest, unlike
from amlmigrate.bytes.searching import SearchResult
from amlmigrate.core.asset import Blob
from amlmigrate.core.escapes import as_json
from amlmigrate.core.plan import Bytes, Step
from amlmigrate.core.translation import Difference
from amlmigrate.core.workspace import Location
from amlmigrate.ledger.files import Scratch


@dataclass(frozen=True, slots=True)
class ManifestEntry:
    """One blob of a manifest; `sha256` and `md5` are of the bytes as they were read, None where none were.

    A target's MD5 is the source's where SHA-256 says that the bytes are, and None where they are others; of a file
    that is to be another than the source's, and of a blob that only the target has, it is of its own bytes.

    `unread` says why they could not be read. `found` is what searching them for the source's places came to,
    where they were searched.
    """

    blob: Blob
    sha256: str | None = None
    md5: str | None = None
    unread: str = ""
    found: SearchResult | None = None

    @property
    def false_label(self) -> bool:
        """Whether the stored MD5 is not that of the bytes."""
        return self.md5 is not None and self.blob.md5 is not None and self.md5 != self.blob.md5

    @property
    def unsearched(self) -> str:
        """Why a file was not searched, in the words of a report; empty where it was."""
        if self.blob.folder:
            return ""
        if self.unread:
            return "could not be read"
        if label(self.blob):
            return "are stored under a Content-Encoding"
        if self.found is None:
            return "were not read at this depth"
        return "" if self.found.text else "are not text"

    def line(self, place: Location) -> bytes:
        """Its line in a manifest; the account and container are those of `place`."""
        blob = self.blob
        record = {
            "account": place.key[0],
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


def label(blob: Blob) -> str:
    """The `Content-Encoding` of a blob that is not stored as the text that it is."""
    found = dict(blob.headers).get("content_encoding", "")
    return found if encoded(found) else ""


class Tree:
    """SHA-256 over path below the prefix, length and content hash, in the order of paths: equal on both sides."""

    def __init__(self, place: Location) -> None:
        self._place = place
        self._sha = hashlib.sha256()

    def add(self, entry: ManifestEntry) -> None:
        """The next one."""
        rest = entry.blob.path.removeprefix(self._place.path).lstrip("/")
        content = entry.sha256 or entry.blob.md5 or ""
        self._sha.update(f"{rest}\0{entry.blob.length}\0{content}\n".encode())

    def hexdigest(self) -> str:
        """Of all so far."""
        return self._sha.hexdigest()


@dataclass(slots=True)
class Prefix:
    """What reading both sides of a prefix comes to; its blobs are taken one after the other, and none is held."""

    step: Step
    amount: Bytes
    listed: ListingDigest = field(default_factory=ListingDigest)
    # The lines of the manifests.
    lines: dict[str, Scratch] = field(default_factory=lambda: {"source": Scratch(), "target": Scratch()})
    differences: list[Difference] = field(default_factory=list)
    # What only the target has.
    extra: list[Difference] = field(default_factory=list)
    rewritten: set[str] = field(default_factory=set)
    false_labels: list[str] = field(default_factory=list)
    named: dict[Location, int] = field(default_factory=dict)
    unsearched: Counter[str] = field(default_factory=Counter)
    # How many of the source's blobs were not read, since somebody let them go.
    let_go: int = 0
    blobs: int = 0
    same: int = 0
    bytes: int = 0
    trees: dict[str, Tree] = field(init=False)

    def __post_init__(self) -> None:
        self.trees = {"source": Tree(self.amount.source), "target": Tree(self.amount.target)}

    def take(
        self, path: str, entry: ManifestEntry | None, anew: ManifestEntry | None, twin: ManifestEntry | None
    ) -> None:
        """One path of the target: the source's entry, as what it has to be written anew, and the target's."""
        if twin:
            self._there(path, twin)
        if entry:
            self.lines["source"].write(entry.line(self.amount.source))
            if anew:
                self.rewritten.add(entry.blob.path)
            self._compared(path, anew or entry, twin)
        elif twin:
            self.extra.append(Difference(str(self.step.address), path, "absent", "extra"))

    def _compared(self, path: str, entry: ManifestEntry, twin: ManifestEntry | None) -> None:
        self.trees["source"].add(entry)
        self.blobs += 1
        self.bytes += entry.blob.length
        if entry.false_label:
            self.false_labels.append(entry.blob.path)
        before = len(self.differences)
        self.differences += _unlike(str(self.step.address), path, entry, twin)
        self.same += len(self.differences) == before

    def _there(self, path: str, twin: ManifestEntry) -> None:
        """What the files of the target name, and which of them were not looked into."""
        place = self.amount.target
        self.lines["target"].write(twin.line(place))
        self.trees["target"].add(twin)
        if why := twin.unsearched:
            self.unsearched[why] += 1
        elif twin.found and twin.found.count:
            self.named[place.at(path)] = twin.found.count


def _unlike(address: str, goal: str, entry: ManifestEntry, twin: ManifestEntry | None) -> Iterator[Difference]:
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
