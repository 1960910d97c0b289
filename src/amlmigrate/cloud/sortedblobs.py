"""The blobs of one list in the order of their names, on disk: memory does not grow with how many there are.

SQLite keeps them in a database of its own that has no name (sqlite.org/inmemorydb.html, "Temporary Databases"): a
small one stays in memory, a large one goes to a file that only this user can read and that is gone with the
process, however it ends. The folder is that of `SQLITE_TMPDIR`, else `TMPDIR`, else /var/tmp.
"""

from __future__ import annotations

import json
import sqlite3
import weakref
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import chain
from typing import Any

from amlmigrate.core.asset import Blob
from amlmigrate.core.few import many
from amlmigrate.core.ondisk import on_disk

_TABLE = """
CREATE TABLE blobs (
    path TEXT PRIMARY KEY, length INTEGER, etag TEXT, md5 TEXT, kind TEXT, pairs TEXT, tier TEXT, encryption TEXT
) STRICT, WITHOUT ROWID
"""
# What is lost with the process needs no journal and waits for no disk.
_PRAGMAS = ("journal_mode = OFF", "synchronous = OFF", "locking_mode = EXCLUSIVE", "temp_store = FILE")
_MEMBERS = "path, length, etag, md5, kind, pairs, tier, encryption"
_ALL = f"SELECT {_MEMBERS} FROM blobs"  # noqa: S608 - no input of anybody's
_WHAT = "A list of blobs"
# Many blobs have the same headers, metadata and tags: each is then read once.
_KNOWN = 4_096


class SortedBlobs(Collection[Blob]):
    """The blobs of one list by code point of their paths; of two of one path the last that was added."""

    def __init__(self, blobs: Iterable[Blob] = ()) -> None:
        # Opened by the first blob: a step may well list a prefix in which nothing lies.
        self._db: sqlite3.Connection | None = None
        self._last = ""
        self._count: int | None = 0
        # Whether each path that was added came after the one before, in the order of code points.
        self.rising = True
        self.add(blobs)

    @classmethod
    def of(cls, blobs: Iterable[Blob]) -> SortedBlobs:
        """Such a list of some blobs: the list itself where it is one."""
        return blobs if isinstance(blobs, SortedBlobs) else cls(blobs)

    def add(self, blobs: Iterable[Blob]) -> None:
        """Adds blobs; those that come out of order are sorted in. Raises FullDiskError."""
        known = iter(blobs)
        if (first := next(known, None)) is None:
            return
        with on_disk(_WHAT):
            db = self._opened()
            db.execute("BEGIN")
            rows = map(self._row, chain([first], known))
            db.executemany(f"INSERT OR REPLACE INTO blobs VALUES ({', '.join('?' * 8)})", rows)  # noqa: S608 - as above
            db.execute("COMMIT")
        self._count = None

    def _opened(self) -> sqlite3.Connection:
        if self._db is None:
            self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
            weakref.finalize(self, self._db.close)
            for pragma in _PRAGMAS:
                self._db.execute(f"PRAGMA {pragma}")
            self._db.execute(_TABLE)
        return self._db

    def _row(self, blob: Blob) -> tuple[Any, ...]:
        self.rising = self.rising and blob.path > self._last
        self._last = blob.path
        pairs = _text((blob.headers, blob.metadata, blob.tags, blob.attributes))
        return blob.path, blob.length, blob.etag, blob.md5, blob.kind, pairs, blob.tier, blob.encryption

    def drop_filled(self, paths: Iterable[str]) -> None:
        """Takes out those of some paths, which come in their order, below which something lies."""
        if self._db is None:
            return
        # All that starts with "a/" stands between "a/" and "a0", the sign after the slash.
        filled = "EXISTS (SELECT 1 FROM blobs WHERE path > :path || '/' AND path < :path || '0')"
        # In their order a folder comes before all that lies in it: what fills it is still there.
        with on_disk(_WHAT):
            for path in paths:
                self._db.execute(f"DELETE FROM blobs WHERE path = :path AND {filled}", {"path": path})  # noqa: S608 - as above
        self._count = None

    def discard(self, path: str) -> None:
        """Takes out the blob of a path, if there is one."""
        if self._db is not None:
            with on_disk(_WHAT):
                self._db.execute("DELETE FROM blobs WHERE path = ?", (path,))
            self._count = None

    def get(self, path: str) -> Blob | None:
        """The blob of a path, or None."""
        return next(self._rows(f"{_ALL} WHERE path = ?", path), None)

    def below(self, prefix: str) -> Below:
        """The blobs that are the prefix itself or lie in the folder of that name, by path."""
        return Below(self, prefix)

    def paths(self) -> Iterator[str]:
        """The paths alone, in their order."""
        if self._db is not None:
            with on_disk(_WHAT):
                yield from (path for (path,) in self._db.execute("SELECT path FROM blobs ORDER BY path"))

    def between(self, first: str, last: str) -> Iterator[Blob]:
        """Those from one path on and before another."""
        return self._rows(f"{_ALL} WHERE path >= ? AND path < ? ORDER BY path", first, last)

    def longest(self, most: int, *, above: int, within: str = "") -> Iterator[Blob]:
        """The longest of all, or of those in a folder, that have more bytes than so many; the longest first."""
        folder = " AND path > ? || '/' AND path < ? || '0'" if within else ""
        where = f"WHERE length > {above:d}{folder} ORDER BY length DESC, path LIMIT {most:d}"
        return self._rows(f"{_ALL} {where}", *(within and (within, within)))

    def encrypted(self) -> Iterator[Blob]:
        """Those that the list shows with an encryption of their own, by path."""
        return self._rows(f"{_ALL} WHERE encryption IS NOT NULL ORDER BY path")

    def __iter__(self) -> Iterator[Blob]:
        return self._rows(f"{_ALL} ORDER BY path")

    def __len__(self) -> int:
        if self._count is None:
            assert self._db is not None
            with on_disk(_WHAT):
                [(self._count,)] = self._db.execute("SELECT count(*) FROM blobs")
        return self._count or 0

    def __contains__(self, blob: object) -> bool:
        return isinstance(blob, Blob) and self.get(blob.path) == blob

    def _rows(self, query: str, *values: str) -> Iterator[Blob]:
        if self._db is not None:
            with on_disk(_WHAT):
                yield from map(_blob, self._db.execute(query, values))


class Below(Collection[Blob]):
    """The blobs of a list that are a prefix or lie below it: read anew each time, never held."""

    def __init__(self, blobs: SortedBlobs, prefix: str) -> None:
        self._blobs = blobs
        self._prefix = prefix

    def __iter__(self) -> Iterator[Blob]:
        if not self._prefix:
            yield from self._blobs
            return
        if itself := self._blobs.get(self._prefix):
            yield itself
        yield from self._blobs.between(f"{self._prefix}/", f"{self._prefix}0")

    def longest(self, most: int, *, above: int) -> Iterator[Blob]:
        """The longest of those in the folder that have more bytes than so many; the longest first."""
        return self._blobs.longest(most, above=above, within=self._prefix)

    def __bool__(self) -> bool:
        return any(True for _ in self)

    def __len__(self) -> int:
        return sum(1 for _ in self) if self._prefix else len(self._blobs)

    def __contains__(self, blob: object) -> bool:
        return blob in self._blobs and any(one == blob for one in self)


class ByPath(Mapping[str, Blob]):
    """The blobs of a list by their paths."""

    def __init__(self, blobs: SortedBlobs) -> None:
        self.sorted = blobs

    def __getitem__(self, path: str) -> Blob:
        if (found := self.sorted.get(path)) is None:
            raise KeyError(path)
        return found

    def __iter__(self) -> Iterator[str]:
        return self.sorted.paths()

    def __len__(self) -> int:
        return len(self.sorted)

    def __repr__(self) -> str:
        return f"ByPath({many(len(self), 'blob')})"

    def values(self) -> Collection[Blob]:  # type: ignore[override] # read in one go, not path by path
        """The blobs, in the order of their paths."""
        return self.sorted

    def items(self) -> Iterator[tuple[str, Blob]]:  # type: ignore[override] # as above
        """Path and blob, in the order of the paths."""
        return ((blob.path, blob) for blob in self.sorted)


Pairs = tuple[tuple[str, str], ...]


@lru_cache(_KNOWN)
def _text(pairs: tuple[Pairs, Pairs, Pairs | None, Pairs]) -> str:
    return json.dumps(pairs, separators=(",", ":"))


@lru_cache(_KNOWN)
def _pairs(text: str) -> tuple[Pairs, Pairs, Pairs | None, Pairs]:
    headers, metadata, tags, attributes = (
        None if found is None else tuple((name, value) for name, value in found) for found in json.loads(text)
    )
    return headers or (), metadata or (), tags, attributes or ()


def _blob(row: tuple[Any, ...]) -> Blob:
    path, length, etag, md5, kind, pairs, tier, encryption = row
    headers, metadata, tags, attributes = _pairs(pairs)
    return Blob(path, length, etag, md5, kind, headers, metadata, tags, tier, encryption, attributes)
