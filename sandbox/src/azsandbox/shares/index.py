"""What lies in the shares of a sandbox, in SQLite: names in any letter case, in order, page by page."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict, dataclass, field
from pathlib import Path

from azsandbox.shares.places import Place

_SCHEMA = """
create table if not exists share (
    account text not null, name text not null, document text not null, primary key (account, name)
) without rowid;
create table if not exists entry (
    id integer primary key autoincrement, account text not null, share text not null,
    parent text not null, name text not null, document text not null, unique (account, share, parent, name)
);
create table if not exists permission (
    account text not null, share text not null, key text not null, text text not null,
    primary key (account, share, key)
) without rowid;
"""


@dataclass(slots=True)
class Share:
    """One share; `quota` in GiB, `changed` in ticks."""

    account: str
    name: str
    changed: int
    quota: int = 5120
    tier: str = "TransactionOptimized"
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Entry:
    """A file or a directory. `path` has the letter case it was made with; times are ISO texts, `changed` ticks.

    `spans` are the bytes of a file that were written; None of one that was kept before they were counted.
    """

    account: str
    share: str
    path: str
    directory: bool
    parent_id: int
    changed: int
    created: str
    written: str
    attributes: str
    size: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    spans: list[list[int]] | None = None
    permission: str = ""  # its key; '' is what a file inherits
    id: int = 0
    # The id of the lease on it; '' where nobody has one. Leases of files are infinite.
    lease: str = ""


class Index:
    """Reads and writes single rows; every change is in the file when the call returns."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, isolation_level=None)
        # As for ARM's resources: a killed process loses nothing, only a power cut could.
        self._database.execute("pragma journal_mode=wal")
        self._database.execute("pragma synchronous=off")
        self._database.executescript(_SCHEMA)

    def close(self) -> None:
        """Closes the database."""
        self._database.close()

    def share(self, account: str, name: str) -> Share | None:
        """The share of that name."""
        found = self._database.execute(
            "select document from share where account = ? and name = ?", (account, name)
        ).fetchone()
        return Share(**json.loads(found[0])) if found else None

    def shares(self, account: str, prefix: str, start: str, limit: int) -> list[Share]:
        """At most `limit` shares from the name `start` on."""
        rows = self._database.execute(
            "select document from share where account = ? and name >= ? and substr(name, 1, ?) = ? "
            "order by name limit ?",
            (account, max(start, prefix), len(prefix), prefix, limit),
        )
        return [Share(**json.loads(row[0])) for row in rows]

    def put_share(self, share: Share) -> None:
        """Stores a new or changed share."""
        row = (share.account, share.name, json.dumps(asdict(share)))
        self._database.execute("insert or replace into share values (?, ?, ?)", row)

    def remove_share(self, account: str, name: str) -> None:
        """Forgets a share with all that lies in it."""
        for table, column in (("entry", "share"), ("permission", "share"), ("share", "name")):
            self._database.execute(
                f"delete from {table} where account = ? and {column} = ?",  # noqa: S608 - two constants
                (account, name),
            )

    def put_permission(self, account: str, share: str, key: str, text: str) -> None:
        """Keeps the text of a permission under its key."""
        row = (account, share, key, text)
        self._database.execute("insert or replace into permission values (?, ?, ?, ?)", row)

    def permission(self, account: str, share: str, key: str) -> str | None:
        """The text of a permission of a share."""
        found = self._database.execute(
            "select text from permission where account = ? and share = ? and key = ?", (account, share, key)
        ).fetchone()
        return str(found[0]) if found else None

    def entry(self, place: Place) -> Entry | None:
        """The file or directory at a place, letter case ignored as SMB does."""
        found = self._database.execute(
            "select id, document from entry where account = ? and share = ? and parent = ? and name = ?",
            (place.account, place.share, place.parent.lower(), place.name.lower()),
        ).fetchone()
        return _entry(found) if found else None

    def children(self, place: Place, prefix: str, start: str, limit: int) -> list[Entry]:
        """At most `limit` entries of a directory from the name `start` on, files and directories together."""
        prefix = prefix.lower()
        rows = self._database.execute(
            "select id, document from entry where account = ? and share = ? and parent = ? and name >= ? "
            "and substr(name, 1, ?) = ? order by name limit ?",
            (
                place.account,
                place.share,
                place.path.lower(),
                max(start.lower(), prefix),
                len(prefix),
                prefix,
                limit,
            ),
        )
        return [_entry(row) for row in rows]

    def put(self, entry: Entry) -> None:
        """Stores a new or changed entry; a new one gets its `id`."""
        folder, _, name = entry.path.lower().rpartition("/")
        document = json.dumps({key: value for key, value in asdict(entry).items() if key != "id"})
        if entry.id:
            self._database.execute("update entry set document = ? where id = ?", (document, entry.id))
            return
        row = (entry.account, entry.share, folder, name, document)
        cursor = self._database.execute(
            "insert into entry (account, share, parent, name, document) values (?, ?, ?, ?, ?)", row
        )
        entry.id = cursor.lastrowid or 0

    def rename(self, entry: Entry, path: str) -> None:
        """Gives an entry another path, nothing being there."""
        entry.path = path
        folder, _, name = path.lower().rpartition("/")
        self._database.execute("update entry set parent = ?, name = ? where id = ?", (folder, name, entry.id))
        self.put(entry)

    def remove(self, entry: Entry) -> None:
        """Forgets an entry."""
        self._database.execute("delete from entry where id = ?", (entry.id,))


def _entry(row: tuple[int, str]) -> Entry:
    return Entry(**json.loads(row[1]), id=row[0])
