"""The lease's id is in the ledger before it is taken, with where it was asked for and by whom."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

from tests.unit.world import plan, step

from amlmigrate.core.workspace import Location
from amlmigrate.ledger import Ledger, leased

PLAN = plan(step("models/m/1"))
PLACE = Location("acct", "one", ".aml-cmk-migrate/lease")


def test_a_ledger_of_version_4_gets_a_place_for_its_lease(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        ledger.bind(PLAN)
    db = sqlite3.connect(tmp_path / "ledger.db")
    db.executescript(
        "DROP TABLE deletions; DROP TABLE left_alone; ALTER TABLE blobs DROP COLUMN labels;"
        "DROP TABLE lease; DROP TABLE decisions; DROP TABLE approvals;"
        "ALTER TABLE steps DROP COLUMN sequence; ALTER TABLE blobs DROP COLUMN sequence;"
        "CREATE TABLE approvals (plan_sha256 TEXT NOT NULL, object_id TEXT NOT NULL, by TEXT NOT NULL,"
        " comment TEXT NOT NULL, at TEXT NOT NULL, report INTEGER NOT NULL,"
        " PRIMARY KEY (plan_sha256, object_id)) STRICT;"
        "CREATE TABLE waivers (address TEXT PRIMARY KEY, reason TEXT NOT NULL, by TEXT NOT NULL, at TEXT NOT NULL,"
        " object_id TEXT NOT NULL DEFAULT '', report INTEGER NOT NULL DEFAULT 0) STRICT;"
        "PRAGMA user_version = 4; PRAGMA journal_mode = DELETE;"
    )
    db.close()
    mine = leased.Asked("id", "acct", "one", "host", str(tmp_path))
    with Ledger(tmp_path) as ledger:
        assert leased.asked(ledger) is None
        leased.note(ledger, mine)
        assert leased.asked(ledger) == mine
        leased.note(ledger, replace(mine, id="other"))
        assert leased.asked(ledger) == replace(mine, id="other"), "one at the most"
        leased.forget(ledger)
        assert leased.asked(ledger) is None
    assert (tmp_path / "ledger.db.v4").exists()


def test_an_id_is_that_of_one_folder_on_one_host_for_one_container() -> None:
    mine = leased.Asked("id", "acct", "one", "host", "/plans/a")
    assert mine.on(PLACE, "host", "/plans/a")
    assert not mine.on(PLACE, "other", "/plans/a")
    assert not mine.on(PLACE, "host", "/plans/a-copy")
    assert not mine.on(replace(PLACE, container="two"), "host", "/plans/a")
    assert not mine.on(replace(PLACE, account="moved"), "host", "/plans/a")
