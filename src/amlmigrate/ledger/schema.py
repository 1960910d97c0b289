"""The ledger's tables and their upgrades."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

VERSION = 1
_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE steps (
    address TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    target_id TEXT NOT NULL DEFAULT '',
    detail TEXT NOT NULL DEFAULT '',
    attempts INTEGER NOT NULL DEFAULT 0,
    at TEXT NOT NULL,
    target_sha256 TEXT NOT NULL DEFAULT '',
    sequence INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE history (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    address TEXT NOT NULL,
    state TEXT NOT NULL,
    detail TEXT NOT NULL DEFAULT '',
    at TEXT NOT NULL
) STRICT;
CREATE TABLE ids (old_id TEXT PRIMARY KEY, new_id TEXT NOT NULL, address TEXT NOT NULL) STRICT;
CREATE TABLE blobs (
    account TEXT NOT NULL,
    container TEXT NOT NULL,
    path TEXT NOT NULL,
    source_etag TEXT NOT NULL,
    target_etag TEXT NOT NULL DEFAULT '',
    at TEXT NOT NULL DEFAULT '',
    labels TEXT NOT NULL DEFAULT '',
    sequence INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (account, container, path)
) STRICT, WITHOUT ROWID;
CREATE TABLE lock (
    one INTEGER PRIMARY KEY CHECK (one = 1), host TEXT NOT NULL, pid INTEGER NOT NULL, heartbeat TEXT NOT NULL,
    started TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX history_of ON history (address, number);
CREATE TABLE decisions (
    address TEXT PRIMARY KEY, verb TEXT NOT NULL, sha256 TEXT NOT NULL, reason TEXT NOT NULL, by TEXT NOT NULL,
    at TEXT NOT NULL, object_id TEXT NOT NULL, until TEXT NOT NULL, seen INTEGER NOT NULL, report INTEGER NOT NULL,
    tenant_id TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE TABLE approvals (
    sha256 TEXT NOT NULL, object_id TEXT NOT NULL, by TEXT NOT NULL, comment TEXT NOT NULL, at TEXT NOT NULL,
    report INTEGER NOT NULL, decisions TEXT NOT NULL DEFAULT '[]', tenant_id TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (sha256, tenant_id, object_id)
) STRICT;
CREATE TABLE lease (
    one INTEGER PRIMARY KEY CHECK (one = 1), id TEXT NOT NULL, account TEXT NOT NULL, container TEXT NOT NULL,
    host TEXT NOT NULL, folder TEXT NOT NULL, at TEXT NOT NULL
) STRICT;
CREATE TABLE deletions (
    address TEXT NOT NULL, path TEXT NOT NULL, etag TEXT NOT NULL, asked TEXT NOT NULL,
    deleted TEXT NOT NULL DEFAULT '', PRIMARY KEY (address, path)
) STRICT, WITHOUT ROWID;
CREATE TABLE left_alone (
    address TEXT NOT NULL, account TEXT NOT NULL, container TEXT NOT NULL, path TEXT NOT NULL, etag TEXT NOT NULL,
    decided INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (address, path)
) STRICT, WITHOUT ROWID;
"""
# Statements by the version that they start from: whoever changes the tables adds those that bring the tables of
# the version before up to the new one.
_UPGRADES: dict[int, str] = {}


def create(connection: sqlite3.Connection) -> None:
    """Makes the tables of a fresh ledger, all or none, unless another process has just done it."""
    with _alone(connection):
        if version(connection) == 0:
            _run(connection, f"{_TABLES} PRAGMA user_version = {VERSION}")


def version(connection: sqlite3.Connection) -> int:
    """The version of the tables; 0 for a fresh file."""
    found: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return found


def upgrade(connection: sqlite3.Connection, file: Path) -> Path:
    """Brings the tables of an older version up to this one, all or none, and returns the copy that is kept.

    The copy is made first, whole, and is named after its version: `ledger.db.v1`. The caller keeps other
    processes out.
    """
    found = version(connection)
    kept = file.with_name(f"{file.name}.v{found}")
    unfinished = kept.with_name(f".{kept.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    copy = sqlite3.connect(unfinished)
    try:
        connection.backup(copy)
    finally:
        copy.close()
    unfinished.rename(kept)
    with _alone(connection):
        for number in range(found, VERSION):
            _run(connection, f"{_UPGRADES[number]} PRAGMA user_version = {number + 1}")
    return kept


@contextmanager
def _alone(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing, with no other process writing from the first look on."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _run(connection: sqlite3.Connection, statements: str) -> None:
    """Several statements within the open transaction, which `executescript` would end."""
    for statement in filter(str.strip, statements.split(";")):
        connection.execute(statement)
