"""The ledger's file: whose it is, what is refused, and what else it keeps."""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.builders.world import blob, plan, step

from amlmigrate.core.address import Address
from amlmigrate.core.decision import Decision, DecisionVerb
from amlmigrate.core.errors import BadInputError, ExitCode, MigrateError
from amlmigrate.core.ownership_record import Copied
from amlmigrate.core.plan import Action
from amlmigrate.core.state import State
from amlmigrate.core.workspace import Location
from amlmigrate.ledger import Ledger, schema
from amlmigrate.ledger.exclusive import alone
from amlmigrate.ledger.lock import Lock
from amlmigrate.ledger.read_only_copy import copied
from amlmigrate.ledger.schema import VERSION

PLAN = plan(*(step(f"models/m/{number}") for number in range(50)))
FIRST = PLAN.steps[0].address


def _bound(folder: Path) -> Ledger:
    ledger = Ledger(folder)
    ledger.bind(PLAN)
    return ledger


def test_a_ledger_is_bound_once_to_its_plan(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        assert ledger.meta() == {}
        assert ledger.bind(PLAN)
        assert not ledger.bind(PLAN)
        assert ledger.meta()["plan_sha256"] == PLAN.sha256
        assert ledger.meta()["source_workspace_id"] == PLAN.header.source["workspaceId"]
        assert ledger.meta()["target_workspace_id"] == PLAN.header.target["workspaceId"]
        assert {row.state for row in ledger.steps().values()} == {State.PENDING}


def test_what_a_plan_skips_is_skipped_from_the_start(tmp_path: Path) -> None:
    actions = {str(action): State.SKIPPED if action is Action.SKIP else State.PENDING for action in Action}
    with Ledger(tmp_path) as ledger:
        ledger.bind(plan(*(step(f"models/{action}", action=action) for action in Action)))
        assert {address.name: row.state for address, row in ledger.steps().items()} == actions


def test_a_ledger_of_another_plan_is_refused(tmp_path: Path) -> None:
    with _bound(tmp_path) as ledger, pytest.raises(BadInputError, match="another plan"):
        ledger.bind(plan(*PLAN.steps, sha256="00" * 32))


def test_a_ledger_that_is_not_there_is_not_made_where_one_is_needed(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="nothing was run yet"):
        Ledger(tmp_path, fresh=False)
    assert list(tmp_path.iterdir()) == []


def test_a_ledger_of_a_newer_version_is_refused_unchanged(tmp_path: Path) -> None:
    _bound(tmp_path).close()
    with sqlite3.connect(tmp_path / "ledger.db") as db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")
    db.close()
    before = (tmp_path / "ledger.db").read_bytes()
    with pytest.raises(BadInputError, match=f"version {VERSION + 1}"):
        Ledger(tmp_path)
    assert (tmp_path / "ledger.db").read_bytes() == before


@pytest.fixture
def older(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a ledger whose tables are a version behind: the next one knows a colour of each step."""
    with _bound(tmp_path) as ledger:
        ledger.move(FIRST, State.DOING)
    db = sqlite3.connect(tmp_path / "ledger.db")
    db.execute("PRAGMA journal_mode = DELETE")
    db.close()
    monkeypatch.setattr(schema, "VERSION", VERSION + 1)
    more = "ALTER TABLE steps ADD COLUMN colour TEXT NOT NULL DEFAULT 'blue';"
    monkeypatch.setattr(schema, "_UPGRADES", {VERSION: more})
    return tmp_path


KEPT = f"ledger.db.v{VERSION}"


def _content(file: Path) -> list[str]:
    db = sqlite3.connect(file)
    try:
        return list(db.iterdump())
    finally:
        db.close()


def test_a_ledger_of_an_older_version_is_upgraded_and_a_copy_kept(older: Path) -> None:
    before = _content(older / "ledger.db")
    for _ in range(2):
        with Ledger(older) as ledger:
            assert ledger.step(FIRST).state is State.DOING
            assert ledger._rows("SELECT DISTINCT colour FROM steps") == [("blue",)]
            with Lock(ledger):
                pass
    assert _content(older / KEPT) == before


def test_a_ledger_of_an_older_version_that_is_only_read_stays_as_it_is(older: Path) -> None:
    before = (older / "ledger.db").read_bytes()
    with copied(older) as ledger:
        assert ledger.step(FIRST).state is State.DOING and ledger.home == older
    assert [path.name for path in older.iterdir()] == ["ledger.db"]
    assert (older / "ledger.db").read_bytes() == before


def test_an_upgrade_waits_for_whoever_is_in_the_folder(older: Path) -> None:
    before = sorted(older.iterdir())
    opened = threading.Thread(target=lambda: Ledger(older).close())
    with alone(older):
        opened.start()
        time.sleep(0.2)
        assert sorted(older.iterdir()) == before
    opened.join(20)
    assert (older / KEPT).exists()


def test_what_is_taken_up_again_is_one_change_and_reads_no_history_twice(ledger: Ledger) -> None:
    """A failure may have blocked tens of thousands of steps, and each change of its own waits for the disk."""
    told: list[str] = []
    ledger.move(FIRST, State.FAILED)
    for one in PLAN.steps[1:]:
        ledger.move(one.address, State.BLOCKED)
    ledger._db.set_trace_callback(told.append)
    ledger.reopen()
    assert {row.state for row in ledger.steps().values()} == {State.PENDING}
    assert told.count("COMMIT") == 1
    [read] = [query for query in told if query.startswith("SELECT") and "FROM history" in query]
    [how] = ledger._rows(f"EXPLAIN QUERY PLAN {read}")
    assert "history_of" in how[-1]


@pytest.mark.parametrize("before", [State.DOING, State.CREATED])
def test_what_failed_on_its_way_is_under_way_again(ledger: Ledger, before: State) -> None:
    for state in dict.fromkeys((State.DOING, before, State.FAILED)):
        ledger.move(FIRST, state)
    ledger.reopen()
    assert ledger.step(FIRST).state is State.DOING


def test_an_upgrade_that_was_cut_off_is_done_again(older: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, more = _content(older / "ledger.db"), schema._UPGRADES[VERSION]
    with monkeypatch.context() as patched:
        patched.setitem(schema._UPGRADES, VERSION, f"{more} INSERT INTO nowhere VALUES (1);")
        with pytest.raises(MigrateError, match="nowhere"):
            Ledger(older)
    assert _content(older / "ledger.db") == before
    with Ledger(older) as ledger:
        assert ledger.step(FIRST).state is State.DOING
    assert _content(older / KEPT) == before


def _cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _overwritten(data: bytes) -> bytes:
    return data[:4096] + b"\xff" * (len(data) - 4096)


@pytest.mark.parametrize(
    "damage",
    [_cut, _overwritten, lambda data: data[:50], lambda data: os.urandom(len(data)), lambda data: b"no" + data],
)
def test_a_damaged_ledger_is_bad_input_and_left_as_it_is(tmp_path: Path, damage: object) -> None:
    _bound(tmp_path).close()
    file = tmp_path / "ledger.db"
    file.write_bytes(damage(file.read_bytes()))  # type: ignore[operator]  # one of the functions above
    before = file.read_bytes()
    with pytest.raises(BadInputError, match="damaged") as caught, Ledger(tmp_path) as ledger:
        ledger.bind(PLAN)
        ledger.steps()
    assert caught.value.address == str(file)
    assert file.read_bytes() == before


def test_what_was_committed_is_there_after_a_crash(tmp_path: Path) -> None:
    with _bound(tmp_path) as ledger:
        ledger.move(FIRST, State.DOING)
        ledger.move(FIRST, State.CREATED, target_id="/new")
        crashed = tmp_path / "crashed"
        crashed.mkdir()
        for name in ("ledger.db", "ledger.db-wal"):
            shutil.copy(tmp_path / name, crashed)
        ledger.move(FIRST, State.DONE)
    with Ledger(crashed, fresh=False) as ledger:
        assert ledger.step(FIRST).state is State.CREATED
        assert ledger.step(FIRST).target_id == "/new"


def test_a_transaction_that_was_cut_off_counts_for_nothing(tmp_path: Path) -> None:
    with _bound(tmp_path) as ledger:
        ledger.move(FIRST, State.DOING)
        wal = tmp_path / "ledger.db-wal"
        known = wal.stat().st_size
        ledger.move(FIRST, State.CREATED)
        crashed = tmp_path / "crashed"
        crashed.mkdir()
        shutil.copy(tmp_path / "ledger.db", crashed)
        (crashed / "ledger.db-wal").write_bytes(wal.read_bytes()[: known + 1000])
    with Ledger(crashed, fresh=False) as ledger:
        assert ledger.step(FIRST).state is State.DOING
        assert [state for state, _, _ in ledger.history(FIRST)] == ["doing"]


def test_a_change_that_fails_leaves_nothing_behind(ledger: Ledger) -> None:
    def half(ledger: Ledger) -> None:
        with ledger.transaction() as db:
            db.execute("DELETE FROM steps")
            raise KeyError

    with pytest.raises(KeyError):
        half(ledger)
    assert len(ledger.steps()) == len(PLAN.steps)


def test_a_full_disk_is_named_and_the_ledger_goes_on_when_there_is_room(ledger: Ledger) -> None:
    with ledger.transaction() as db:
        [(pages,)] = db.execute("PRAGMA page_count").fetchall()
        db.execute(f"PRAGMA max_page_count = {pages}")
    before = list(ledger.ids())
    with pytest.raises(MigrateError, match="full") as caught:
        ledger.copied(Location("a", "c"), ((f"{number:0200}", Copied("e", "f")) for number in range(1000)))
    assert caught.value.exit_code is ExitCode.UNEXPECTED
    assert list(ledger.ids()) == before
    assert list(ledger.blobs()) == []
    with ledger.transaction() as db:
        db.execute(f"PRAGMA max_page_count = {pages * 10}")
    ledger.move(FIRST, State.DOING)
    assert ledger.step(FIRST).state is State.DOING


def test_waivers_keep_who_and_why_and_survive(tmp_path: Path) -> None:
    with _bound(tmp_path) as ledger:
        ledger.decide([Decision("jobs", DecisionVerb.WAIVE, "", "exported", "ann@host", "t1")])
        ledger.decide([Decision("jobs", DecisionVerb.WAIVE, "", "exported, ticket 1", "ben@host", "t2")])
    with Ledger(tmp_path) as ledger:
        [(address, waiver)] = ledger.decisions().items()
    assert address == waiver.address == "jobs"
    assert (waiver.reason, waiver.by, waiver.at) == ("exported, ticket 1", "ben@host", "t2")


def test_ids_are_kept_by_the_old_one(ledger: Ledger) -> None:
    ledger.move(Address.parse("models/m/2"), State.DONE, target_id="/new/2", source_id="/old/2")
    ledger.move(FIRST, State.DONE, target_id="/new/1", source_id="/old/1")
    ledger.move(FIRST, State.DONE, target_id="/newer/1", source_id="/old/1")
    assert list(ledger.ids()) == [("/old/1", "/newer/1"), ("/old/2", "/new/2")]


def _blobs(ledger: Ledger) -> dict[str, Copied]:
    return {"/".join(place): copied for place, _, copied in ledger.blobs()}


def test_copies_are_kept_by_place_with_what_they_were_and_when(ledger: Ledger) -> None:
    ledger.copied(Location("acct", "one", "ignored"), [("a/b", Copied('"1"', '"2"')), ("c", Copied('"3"', '"4"'))])
    ledger.copied(Location("acct", "two"), [("a/b", Copied('"5"', '"6"'))])
    ledger.copied(Location("acct", "one"), [("c", Copied('"7"', '"8"'))])
    assert _blobs(ledger) == {
        "acct/one/a/b": Copied('"1"', '"2"'),
        "acct/one/c": Copied('"7"', '"8"'),
        "acct/two/a/b": Copied('"5"', '"6"'),
    }
    times = {place[1:]: at for place, at, _ in ledger.blobs()}
    assert times["one", "a/b"] <= times["two", "a/b"] <= times["one", "c"]


def test_what_is_asked_for_is_known_and_takes_the_place_of_no_copy(ledger: Ledger) -> None:
    ledger.copied(Location("acct", "one"), [("a", Copied('"1"', '"2"'))])
    ledger.begin_copy(FIRST, Location("acct", "one"), [blob("a", 1, '"3"'), blob("b", 1, '"4"')])
    assert ledger.step(FIRST).state is State.DOING
    assert _blobs(ledger) == {"acct/one/a": Copied('"1"', '"2"'), "acct/one/b": Copied('"4"')}
    assert not Copied('"4"').untouched("")


def test_how_a_document_was_left_is_that_of_its_last_step(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    with Ledger(folder) as ledger:
        ledger.bind(plan(step("models/m/1"), step("models/m/1#archive"), step("models/m/2")))
        first = Address.parse("models/m/1")
        ledger.move(first, State.DONE, target_sha256="one")
        assert ledger.left()["models/m/1"][1] == "one"
        time.sleep(0.002)
        ledger.move(first.archived(), State.DONE, target_sha256="two")
        assert {address: sha256 for address, (_, sha256) in ledger.left().items()} == {"models/m/1": "two"}


def test_a_run_that_was_begun_stays_begun(tmp_path: Path) -> None:
    with _bound(tmp_path) as ledger:
        assert not ledger.begun
        ledger.note("begun", "yes")
    with Ledger(tmp_path) as ledger:
        assert ledger.begun


def test_several_that_begin_at_once_make_one_ledger(tmp_path: Path) -> None:
    rounds, others = 25, 3
    start = threading.Barrier(others, timeout=20)
    fresh: list[bool] = []

    def begin() -> None:
        for number in range(rounds):
            start.wait()
            with Ledger(tmp_path / str(number)) as ledger:
                fresh.append(ledger.bind(PLAN))

    for number in range(rounds):
        (tmp_path / str(number)).mkdir()
    with ThreadPoolExecutor(others) as threads:
        for ended in [threads.submit(begin) for _ in range(others)]:
            ended.result()
    assert len(fresh) == rounds * others and sum(fresh) == rounds
