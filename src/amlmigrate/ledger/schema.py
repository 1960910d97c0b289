"""The ledger's tables and their upgrades."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

VERSION = 8
# Who approved which plan or decisions; `report` is the number of the evidence that says so, as with decisions.
_APPROVALS = """
CREATE TABLE approvals (
    sha256 TEXT NOT NULL, object_id TEXT NOT NULL, by TEXT NOT NULL, comment TEXT NOT NULL, at TEXT NOT NULL,
    report INTEGER NOT NULL, decisions TEXT NOT NULL DEFAULT '[]', tenant_id TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (sha256, tenant_id, object_id)
) STRICT;
"""
_APPROVALS_OF_2 = """
CREATE TABLE approvals (
    plan_sha256 TEXT NOT NULL, object_id TEXT NOT NULL, by TEXT NOT NULL, comment TEXT NOT NULL, at TEXT NOT NULL,
    report INTEGER NOT NULL, PRIMARY KEY (plan_sha256, object_id)
) STRICT;
"""
# From version 1, whose approvals no command wrote. Waivers made before then have no report.
_FROM_1 = """
ALTER TABLE lock ADD COLUMN started TEXT NOT NULL DEFAULT '';
ALTER TABLE waivers ADD COLUMN object_id TEXT NOT NULL DEFAULT '';
ALTER TABLE waivers ADD COLUMN report INTEGER NOT NULL DEFAULT 0;
DROP TABLE approvals;
INSERT OR REPLACE INTO meta VALUES ('upgraded', strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now'));
"""
# From version 2, which knew of no copy and of no document what the tool had left in the target: what changed
# since cannot be told from it.
_FROM_2 = """
ALTER TABLE steps ADD COLUMN target_sha256 TEXT NOT NULL DEFAULT '';
ALTER TABLE blobs ADD COLUMN at TEXT NOT NULL DEFAULT '';
UPDATE blobs SET at = coalesce((SELECT value FROM meta WHERE key = 'created'), '');
"""
# From version 3, which had to read all of history to find what one step went through.
_HISTORY = """
CREATE INDEX history_of ON history (address, number);
"""
# From version 4, before there was a lease on the target: its id, and who asked for it, before it is asked for.
_LEASE = """
CREATE TABLE lease (
    one INTEGER PRIMARY KEY CHECK (one = 1), id TEXT NOT NULL, account TEXT NOT NULL, container TEXT NOT NULL,
    host TEXT NOT NULL, folder TEXT NOT NULL, at TEXT NOT NULL
) STRICT;
"""
# What people decided about an address, and the digest of what it then was; versions before knew waivers only.
_DECISIONS = """
CREATE TABLE decisions (
    address TEXT PRIMARY KEY, verb TEXT NOT NULL, sha256 TEXT NOT NULL, reason TEXT NOT NULL, by TEXT NOT NULL,
    at TEXT NOT NULL, object_id TEXT NOT NULL, until TEXT NOT NULL, seen INTEGER NOT NULL, report INTEGER NOT NULL
) STRICT;
"""
# Of which tenant who decided is: a column that comes last, as an upgrade adds it.
_TENANT = """
ALTER TABLE decisions ADD COLUMN tenant_id TEXT NOT NULL DEFAULT '';
"""
_FROM_5 = """
INSERT INTO decisions SELECT address, 'waive', '', reason, by, at, object_id, '', 0, report FROM waivers;
DROP TABLE waivers;
ALTER TABLE approvals RENAME COLUMN plan_sha256 TO sha256;
ALTER TABLE approvals ADD COLUMN decisions TEXT NOT NULL DEFAULT '[]';
"""
# From version 6, which did not keep the tier and the index tags that a copy was left with (JSON); of a single
# blob it knew neither that it is to be deleted nor that a step left it alone.
_APART = """
CREATE TABLE deletions (
    address TEXT NOT NULL, path TEXT NOT NULL, etag TEXT NOT NULL, asked TEXT NOT NULL,
    deleted TEXT NOT NULL DEFAULT '', PRIMARY KEY (address, path)
) STRICT, WITHOUT ROWID;
CREATE TABLE left_alone (
    address TEXT NOT NULL, account TEXT NOT NULL, container TEXT NOT NULL, path TEXT NOT NULL, etag TEXT NOT NULL,
    decided INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (address, path)
) STRICT, WITHOUT ROWID;
"""
_FROM_6 = """
ALTER TABLE blobs ADD COLUMN labels TEXT NOT NULL DEFAULT '';
"""
# From version 7, which knew neither the tenant of who approved and decided, nor the order of the pair's runs.
_APPROVALS_ANEW = """
INSERT INTO approvals (sha256, object_id, by, comment, at, report, decisions)
    SELECT sha256, object_id, by, comment, at, report, decisions FROM approvals_of_7;
DROP TABLE approvals_of_7;
"""
_SEQUENCE = """
ALTER TABLE steps ADD COLUMN sequence INTEGER NOT NULL DEFAULT 0;
ALTER TABLE blobs ADD COLUMN sequence INTEGER NOT NULL DEFAULT 0;
"""
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
"""
# By the version that they start from.
_UPGRADES = {
    1: " ".join((_FROM_1, _APPROVALS_OF_2)),
    2: _FROM_2,
    3: _HISTORY,
    4: _LEASE,
    5: " ".join((_DECISIONS, _FROM_5)),
    6: " ".join((_FROM_6, _APART)),
    7: " ".join(
        ("ALTER TABLE approvals RENAME TO approvals_of_7;", _APPROVALS, _APPROVALS_ANEW, _TENANT, _SEQUENCE)
    ),
}


def create(connection: sqlite3.Connection) -> None:
    """Makes the tables of a fresh ledger, all or none, unless another process has just done it."""
    with _alone(connection):
        if version(connection) == 0:
            tables = f"{_TABLES} {_HISTORY} {_DECISIONS} {_TENANT} {_APPROVALS} {_LEASE} {_APART}"
            _run(connection, f"{tables} PRAGMA user_version = {VERSION}")


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
