"""What the tool made in the target, and how it left it: only that may a later plan change or delete."""

from __future__ import annotations

import json
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from amlmigrate.core.address import PHASES, Address
from amlmigrate.core.asset import Blob
from amlmigrate.core.ownership_record import Copied, Labels
from amlmigrate.core.plan import Gone
from amlmigrate.core.state import State
from amlmigrate.core.workspace import Location

# The number of the run that writes, as a value in SQL.
RUN = "coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'sequence'), 0)"

# Many copies have the same labels.
_KNOWN = 4_096
# All that a ledger claims: of each sort, in one order.
_CLAIMS = (
    ("document", "SELECT DISTINCT address FROM history WHERE state = 'created' ORDER BY address"),
    ("left", "SELECT address, target_sha256 FROM steps WHERE target_sha256 <> '' ORDER BY address"),
    (
        "blob",
        "SELECT account, container, path, source_etag, target_etag, labels FROM blobs"
        " ORDER BY account, container, path",
    ),
    (
        "left alone",
        "SELECT address, account, container, path, etag FROM left_alone"
        " ORDER BY address, account, container, path",
    ),
)
# Where the change of a step is polled, by the step.
OPERATION = "operation_of:"
# What the target calls an item that has another name there.
CALLED = "called:"
_BLOB = "account, container, path, source_etag, target_etag, at, labels"


class When(NamedTuple):
    """When something was done, among all ledgers of a pair: the number of the run, 0 in older ones; then the time.

    Only runs of one pair are numbered, one after the other. The times of several machines order nothing, but for
    what older ledgers have.
    """

    sequence: int
    at: str


class Made(ABC):
    """This part of a ledger."""

    @abstractmethod
    def transaction(self) -> AbstractContextManager[sqlite3.Connection]:
        """All of what is done inside, or nothing."""

    @abstractmethod
    def _rows(self, query: str, *values: str | float) -> list[tuple[Any, ...]]: ...

    @abstractmethod
    def _each(self, query: str) -> Iterator[tuple[Any, ...]]: ...

    @abstractmethod
    def move(self, address: Address, state: State, *, detail: str = "") -> None:
        """Moves a step on."""

    def creates(self, address: Address) -> bool:
        """Whether this ledger shows a document as created in the target."""
        query = "SELECT 1 FROM history WHERE address = ? AND state = 'created' LIMIT 1"
        return bool(self._rows(query, str(address)))

    def left_of(self, item: Address) -> str | None:
        """The digest of a document as this plan's last write of it left it; None where this plan made none.

        One that was accepted and not read back yet left nothing that is known: the one before it counts.
        """
        addresses = [str(item), *(str(item.at(phase)) for phase in sorted(PHASES))]
        rows = self._rows(
            f"SELECT target_sha256 FROM steps WHERE address IN ({', '.join('?' * len(addresses))})"  # noqa: S608 - marks
            " AND target_sha256 <> '' AND address IN (SELECT address FROM history WHERE state = 'created')"
            " ORDER BY sequence DESC, at DESC LIMIT 1",
            *addresses,
        )
        return rows[0][0] if rows else None

    def operation(self, address: Address) -> dict[str, Any] | None:
        """Where a change that was accepted is polled; None where none is known, or it has come about."""
        rows = self._rows("SELECT value FROM meta WHERE key = ?", f"{OPERATION}{address}")
        return json.loads(rows[0][0]) if rows else None

    def in_target(self) -> tuple[set[str], dict[str, tuple[When, str]]]:
        """The same as `owned` and `left`, by the addresses that the target has for its documents."""
        called = self.called()
        owned = {called.get(address, address) for address in self.owned()}
        return owned, {called.get(address, address): seen for address, seen in self.left().items()}

    def asked_for(self) -> set[str]:
        """By the addresses that the target has: what a run began to create or change, whatever came of it."""
        called = self.called()
        rows = self._rows("SELECT DISTINCT address FROM history WHERE state = 'doing'")
        return {called.get(address, address) for (address,) in rows}

    def called(self) -> dict[str, str]:
        """What the target calls each item that has another name there."""
        rows = self._rows("SELECT key, value FROM meta WHERE key LIKE ?", f"{CALLED}%")
        return {key.removeprefix(CALLED): text for key, text in rows}

    def owned(self) -> set[str]:
        """The addresses of documents that this ledger shows as created in the target."""
        rows = self._rows("SELECT address FROM history WHERE state = 'created'")
        return {text for (text,) in rows}

    def left(self) -> dict[str, tuple[When, str]]:
        """By the address of an item: when the tool last saw its document in line, and the digest it then had."""
        rows = self._rows(
            "SELECT address, sequence, at, target_sha256 FROM steps WHERE target_sha256 <> ''"
            " ORDER BY sequence, at"
        )
        return {str(Address.parse(address).item): (When(*when), sha256) for address, *when, sha256 in rows}

    def claims(self) -> Iterator[tuple[str, ...]]:
        """All that it says that the tool made in the target, and how it left it, always in the same order."""
        for name, query in _CLAIMS:
            yield from ((name, *map(str, row)) for row in self._each(query))

    def begin_copy(self, address: Address, target: Location, blobs: Iterable[Blob]) -> None:
        """Moves a step on to its copies, and records which are asked for that were not there.

        Of those a later run finds there, it knows by this that they are the tool's own.
        """
        with self.transaction():
            self.move(address, State.DOING)
            self.ask_for(target, blobs)

    def ask_for(self, target: Location, blobs: Iterable[Blob]) -> None:
        """Records blobs that are asked for and were not there."""
        at = now()
        with self.transaction() as db:
            db.executemany(
                "INSERT OR IGNORE INTO blobs (account, container, path, source_etag, at, sequence)"  # noqa: S608 - no input of anybody's
                f" VALUES (?, ?, ?, ?, ?, {RUN})",
                [(*target.key, blob.path, blob.etag, at) for blob in blobs],
            )

    def copied(self, target: Location, copies: Iterable[tuple[str, Copied]]) -> None:
        """Records copies in a container: the path, and the ETags of what was copied and of the copy."""
        at = now()
        with self.transaction() as db:
            db.executemany(
                f"INSERT OR REPLACE INTO blobs ({_BLOB}, sequence) VALUES (?, ?, ?, ?, ?, ?, ?, {RUN})",  # noqa: S608 - as below
                [(*target.key, path, *copy[:2], at, text_of(copy.labels)) for path, copy in copies],
            )

    def blobs(self) -> Iterator[tuple[tuple[str, str, str], When, Copied]]:
        """Account, container and path of every blob that the tool copied; when, and the ETags."""
        rows = self._each(f"SELECT sequence, {_BLOB} FROM blobs")  # noqa: S608 - no input of anybody's
        for sequence, account, container, path, source, target, at, labels in rows:
            yield (account, container, path), When(sequence, at), Copied(source, target, labels_of(labels))

    def begin_deleting(self, address: Address, gone: Iterable[Gone]) -> None:
        """Moves a step on to its deletions, and records which are asked for."""
        at = now()
        with self.transaction() as db:
            self.move(address, State.DOING)
            db.executemany(
                "INSERT OR REPLACE INTO deletions (address, path, etag, asked) VALUES (?, ?, ?, ?)",
                [(str(address), one.path, one.etag, at) for one in gone],
            )

    def deleted(self, address: Address, paths: Iterable[str]) -> None:
        """Records that blobs of a step are deleted."""
        at = now()
        with self.transaction() as db:
            db.executemany(
                "UPDATE deletions SET deleted = ? WHERE address = ? AND path = ?",
                [(at, str(address), path) for path in paths],
            )

    def asked(self, address: Address) -> frozenset[str]:
        """The paths that a step asked to be deleted, and that are not recorded as gone."""
        rows = self._rows("SELECT path FROM deletions WHERE address = ? AND deleted = ''", str(address))
        return frozenset(path for (path,) in rows)

    def deletions(self) -> dict[str, int]:
        """By the address of a step, how many blobs it deleted."""
        query = "SELECT address, count(*) FROM deletions WHERE deleted <> '' GROUP BY address ORDER BY address"
        return dict(self._rows(query))

    def leave(self, address: Address, target: Location, left: Mapping[str, str]) -> None:
        """Records which blobs of the target a step left alone, in place of what was recorded before: path to ETag.

        What was decided of those that are as they were then stays so.
        """
        rows = [(str(address), *target.key, *one) for one in left.items()]
        query = "SELECT path, etag FROM left_alone WHERE address = ? AND decided = 1"
        with self.transaction() as db:
            known = set(db.execute(query, [str(address)]).fetchall())
            db.execute("DELETE FROM left_alone WHERE address = ?", [str(address)])
            db.executemany(
                "INSERT INTO left_alone VALUES (?, ?, ?, ?, ?, ?)", [(*row, int(row[3:] in known)) for row in rows]
            )

    def left_alone(self) -> dict[str, frozenset[str]]:
        """By the address of a step that left any alone when it was last tried, those that somebody let go: paths.

        Whoever decides of a step decides of just what it had left alone by then.
        """
        found: dict[str, set[str]] = {}
        for address, path, decided in self._rows("SELECT address, path, decided FROM left_alone"):
            found.setdefault(address, set()).update([path] if decided else [])
        return {address: frozenset(paths) for address, paths in found.items()}

    def stayed(self) -> dict[str, dict[str, str]]:
        """By the address of a step, those of them that somebody let go and that were there: path to ETag."""
        found: dict[str, dict[str, str]] = {}
        query = "SELECT address, path, etag FROM left_alone WHERE decided = 1 AND etag <> ''"
        for address, path, etag in self._rows(query):
            found.setdefault(address, {})[path] = etag
        return found

    def not_ours(self) -> Iterator[tuple[tuple[str, str, str], str]]:
        """Account, container and path of those blobs, with their ETags, '' of one that was not there."""
        rows = self._each("SELECT account, container, path, etag FROM left_alone")
        return (((account, container, path), etag) for account, container, path, etag in rows)


def text_of(labels: Labels | None) -> str:
    """Labels as a ledger has them."""
    return json.dumps(labels, separators=(",", ":")) if labels else ""


@lru_cache(_KNOWN)
def labels_of(text: str) -> Labels | None:
    """Reads that."""
    if not text:
        return None
    tier, tags = json.loads(text)
    return Labels(tier, None if tags is None else tuple((name, value) for name, value in tags))


def now() -> str:
    """This moment, as ledgers have it: their texts sort as the times do."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
