"""What several ledgers say of the blobs that the tool copied, the latest of it: on disk, asked by path.

SQLite keeps it in a database without a name for the time of a command, as it keeps lists of blobs.
"""

from __future__ import annotations

import sqlite3
import weakref
from collections.abc import Iterator, Mapping

from amlmigrate.core.ondisk import on_disk
from amlmigrate.core.ownership_record import Copied
from amlmigrate.ledger.ledger import Ledger
from amlmigrate.ledger.ownership import labels_of, text_of

Place = tuple[str, str, str]
_TABLES = """
CREATE TABLE blobs (
    account TEXT, container TEXT, path TEXT, source_etag TEXT, target_etag TEXT, labels TEXT, sequence INTEGER,
    at TEXT, PRIMARY KEY (account, container, path)
) STRICT, WITHOUT ROWID;
CREATE TABLE others (
    account TEXT, container TEXT, path TEXT, etag TEXT, PRIMARY KEY (account, container, path)
) STRICT, WITHOUT ROWID;
"""
_NEWER = """
INSERT INTO blobs VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
    source_etag = excluded.source_etag, target_etag = excluded.target_etag, labels = excluded.labels,
    sequence = excluded.sequence, at = excluded.at
    WHERE (excluded.sequence, excluded.at) >= (sequence, at)
"""
_WHAT = "What was copied before"
_AT = "account = ? AND container = ? AND path = ?"


class KnownCopies:
    """What is known so far."""

    def __init__(self) -> None:
        # Another thread may write what a run's own asks for.
        self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        weakref.finalize(self, self._db.close)
        self._db.executescript(f"PRAGMA synchronous = OFF; {_TABLES}")

    def add(self, ledger: Ledger) -> None:
        """All that a ledger says, or nothing. Raises what reading it raises; FullDiskError."""
        with on_disk(_WHAT):
            self._db.execute("BEGIN")
            try:
                self._db.executemany(
                    _NEWER,
                    ((*place, *copy[:2], text_of(copy.labels), *when) for place, when, copy in ledger.blobs()),
                )
                others = ((*place, etag) for place, etag in ledger.not_ours())
                self._db.executemany("INSERT OR REPLACE INTO others VALUES (?, ?, ?, ?)", others)
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    @property
    def blobs(self) -> Mapping[Place, Copied]:
        """What was copied to a place."""
        return _Copies(self, self._db)

    @property
    def others(self) -> Mapping[Place, str]:
        """The ETags of blobs that a run saw to be another's."""
        return _Others(self, self._db)


class _Copies(Mapping[Place, Copied]):
    def __init__(self, known: KnownCopies, db: sqlite3.Connection) -> None:
        self._known, self._db = known, db

    def __getitem__(self, place: Place) -> Copied:
        query = f"SELECT source_etag, target_etag, labels FROM blobs WHERE {_AT}"  # noqa: S608 - no input of anybody's
        with on_disk(_WHAT):
            row = self._db.execute(query, place).fetchone()
        if row is None:
            raise KeyError(place)
        return Copied(row[0], row[1], labels_of(row[2]))

    def __iter__(self) -> Iterator[Place]:
        return self._db.execute("SELECT account, container, path FROM blobs ORDER BY account, container, path")

    def __len__(self) -> int:
        [count] = self._db.execute("SELECT count(*) FROM blobs").fetchone()
        return int(count)


class _Others(Mapping[Place, str]):
    def __init__(self, known: KnownCopies, db: sqlite3.Connection) -> None:
        self._known, self._db = known, db

    def __getitem__(self, place: Place) -> str:
        with on_disk(_WHAT):
            row = self._db.execute(f"SELECT etag FROM others WHERE {_AT}", place).fetchone()  # noqa: S608 - as above
        if row is None:
            raise KeyError(place)
        return str(row[0])

    def __iter__(self) -> Iterator[Place]:
        return self._db.execute("SELECT account, container, path FROM others ORDER BY account, container, path")

    def __len__(self) -> int:
        [count] = self._db.execute("SELECT count(*) FROM others").fetchone()
        return int(count)
