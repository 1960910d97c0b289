"""What `evidence check` finds: each way in which a folder is not as it was written, and what it cannot tell."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.builders.reports import report as made_report
from tests.builders.world import plan, step

from amlmigrate.core.authorship import By
from amlmigrate.core.decision import DecisionVerb
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.plan import Action
from amlmigrate.core.state import State
from amlmigrate.ledger import Ledger, deciding, files
from amlmigrate.ledger.checking import Check, check
from amlmigrate.ledger.deciding import NewDecision
from amlmigrate.ledger.decision_subjects import Subjects
from amlmigrate.ledger.evidence import Evidence
from amlmigrate.ledger.items import write_idmap
from amlmigrate.running import report
from amlmigrate.running.walker import WalkResult

PLAN = plan(step("models/m/1"), step("jobs", action=Action.MANUAL))
OTHER = plan(*PLAN.steps, sha256="cd" * 32)
RUN, WAIVER, VERIFY = "0001-run.json", "0002-decision.json", "0003-verify.json"


def _waive(of: Any, ledger: Ledger, reason: str) -> None:
    deciding.decide(
        of,
        ledger,
        DecisionVerb.WAIVE,
        [NewDecision(Subjects(of, []).find("jobs"), reason)],
        By("ann", "host", "1"),
    )


def _make(folder: Path, of: Any = PLAN) -> Path:
    """A plan that was run, with a waiver and a verification."""
    folder.mkdir(parents=True)
    with Ledger(folder) as ledger:
        ledger.bind(of)
        ledger.note("begun", "yes")
        ledger.run_begins()
        ledger.move(of.steps[0].address, State.DOING)
        ledger.move(of.steps[0].address, State.CREATED, target_id="/new/m/1", source_id="/old/m/1")
        ledger.move(of.steps[0].address, State.DONE)
        write_idmap(folder, ledger)
        report.tell(of, folder, ledger, WalkResult(), By("ann", "host", "1"))
        _waive(of, ledger, "history")
        evidence = Evidence(folder, ledger)
        manifests = [evidence.add_file(f"manifest-{side}.jsonl", f"{side}\n".encode()) for side in ("a", "b")]
        evidence.add(
            made_report("verify", **{"plan": {"sha256": of.sha256}, "green": True, "manifests": manifests})
        )
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return _make(tmp_path / "plans" / "ws1")


def _found(folder: Path) -> Check:
    before = _state(folder)
    found = check(PLAN, folder)
    assert _state(folder) == before, "a check writes nothing"
    return found


def _state(folder: Path) -> dict[str, tuple[int, int]]:
    paths = (path for path in folder.rglob("*") if not path.is_symlink() or path.exists())
    return {str(path): (path.stat().st_mtime_ns, path.stat().st_size) for path in (folder, *paths)}


def _whole(folder: Path) -> None:
    found = _found(folder)
    assert (found.altered, found.unchecked, len(found.reports)) == ([], [], 3)


def test_what_is_as_it_was_written_is_whole(folder: Path) -> None:
    _whole(folder)


def test_a_copy_elsewhere_is_as_whole(folder: Path, tmp_path: Path) -> None:
    _whole(Path(shutil.copytree(folder, tmp_path / "far" / "away")))


def test_a_folder_without_write_bits_is_checked(folder: Path) -> None:
    paths = [folder, *folder.rglob("*")]
    for path in paths:
        path.chmod(path.stat().st_mode & ~0o222)
    try:
        _whole(folder)
    finally:
        for path in paths:
            path.chmod(path.stat().st_mode | 0o200)


def test_what_is_only_in_the_log_of_the_ledger_counts(folder: Path) -> None:
    """As after a kill: the last writes are not in the file itself, and the folder cannot be written to."""
    ledger = Ledger(folder)
    _waive(PLAN, ledger, "later")
    copy = Path(shutil.copytree(folder, folder.parent / "killed"))
    ledger.close()
    assert (copy / "ledger.db-wal").stat().st_size > 0
    found = _found(copy)
    assert (found.altered, found.unchecked, len(found.reports)) == ([], [], 4)
    (copy / "ledger.db-wal").unlink()
    assert any("0003-verify.json" in why for why in _found(copy).altered), "the ledger is older than the evidence"


# Altered.


def _edit(path: Path, old: bytes, new: bytes) -> None:
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new, 1))


def _insert(folder: Path) -> None:
    evidence = folder / "evidence"
    shutil.copy(evidence / WAIVER, evidence / "0002-x.json")


def _append(folder: Path) -> None:
    last = folder / "evidence" / VERIFY
    forged = json.loads(last.read_text()) | {
        "number": 4,
        "previous": hashlib.sha256(last.read_bytes()).hexdigest(),
    }
    (folder / "evidence" / "0004-verify.json").write_text(json.dumps(forged))


def _renumber(folder: Path) -> None:
    (folder / "evidence" / WAIVER).rename(folder / "evidence" / "0009-decision.json")


def _duplicate(folder: Path) -> None:
    """One reader takes the first member of a name, another the last; the ledger was made to agree."""
    last = folder / "evidence" / VERIFY
    _edit(last, b'"green": true', b'"green": false,\n "green": true')
    _sql(
        folder,
        "UPDATE meta SET value = ? WHERE key = 'evidence_head'",
        hashlib.sha256(last.read_bytes()).hexdigest(),
    )


def _link(folder: Path) -> None:
    path = folder / "evidence" / VERIFY
    path.rename(folder / "kept.json")
    path.symlink_to("../kept.json")


def _fifo(folder: Path) -> None:
    path = folder / "evidence" / "0003-manifest-a.jsonl"
    path.unlink()
    os.mkfifo(path)


def _sql(folder: Path, statement: str, *values: str) -> None:
    with sqlite3.connect(folder / "ledger.db") as db:
        db.execute(statement, values)
    db.close()


def _swap_ledger(folder: Path) -> None:
    """With that of another plan of the same name, which has as many reports."""
    other = _make(folder.parents[1] / "others" / "ws1", OTHER)
    shutil.copy(other / "ledger.db", folder / "ledger.db")


def _swap_all(folder: Path) -> None:
    other = _make(folder.parents[1] / "others" / "ws1", OTHER)
    shutil.rmtree(folder)
    shutil.copytree(other, folder)


def _older_ledger(folder: Path) -> None:
    kept = (folder / "ledger.db").read_bytes()
    with Ledger(folder) as ledger:
        Evidence(folder, ledger).add(made_report("verify", **{"green": True}))
    (folder / "ledger.db").write_bytes(kept)


def _outside(folder: Path) -> None:
    last = folder / "evidence" / VERIFY
    content = json.loads(last.read_text())
    content["manifests"][0]["file"] = "../idmap.csv"
    last.write_text(json.dumps(content))


ALTERED: dict[str, tuple[Callable[[Path], Any], str]] = {
    "an edited report": (lambda f: _edit(f / "evidence" / WAIVER, b"history", b"History"), VERIFY),
    "the last report edited": (lambda f: _edit(f / "evidence" / VERIFY, b'"green": true', b'"green": false'), "the ledger knows"),
    "a report taken out": (lambda f: (f / "evidence" / WAIVER).unlink(), VERIFY),
    "a report put in": (_insert, "0002-x.json"),
    "a report put behind": (_append, "the ledger knows"),
    "a report renumbered": (_renumber, "0009-decision.json"),
    "a report under another name": (
        lambda f: (f / "evidence" / VERIFY).rename(f / "evidence" / "0003-decommission.json"), "0003-decommission"),
    "the last report cut off": (lambda f: (f / "evidence" / VERIFY).unlink(), "the ledger knows"),
    "the last report cut short": (lambda f: _edit(f / "evidence" / VERIFY, b"\"\n}\n", b""), ("it is not"
                                                                                              " valid JSON")),
    "a changed manifest": (lambda f: _edit(f / "evidence" / "0003-manifest-a.jsonl", b"a", b"b"), "0003-manifest-a"),
    "a manifest taken out": (lambda f: (f / "evidence" / "0003-manifest-b.jsonl").unlink(), "0003-manifest-b"),
    "a manifest that is no file": (_fifo, "0003-manifest-a"),
    "a manifest outside": (_outside, "outside the evidence"),
    "all reports gone": (lambda f: [path.unlink() for path in (f / "evidence").iterdir()], "the ledger knows"),
    "a report with a member twice": (_duplicate, "the member 'green' twice"),
    "a link for a report": (_link, "a link"),
    "the ledger of another plan": (_swap_ledger, "ledger.db: it belongs to another plan"),
    "all of another plan but the plan": (_swap_all, "another plan"),
    "an older ledger": (_older_ledger, "the ledger is older than the evidence, it ends with 0003-verify.json"),
    "an empty ledger": (lambda f: (f / "ledger.db").write_bytes(b""), "ledger.db"),
    "a damaged ledger": (lambda f: (f / "ledger.db").write_bytes(b"no database" * 99), "damaged"),
    "a waiver in the ledger alone": (
        lambda f: _sql(f, "INSERT INTO decisions VALUES ('models/m/1', 'waive', '', 'x', 'me', '9', '', '', 0, 0, '')"),
        "models/m/1"),
    "another map of ids": (lambda f: _edit(f / "idmap.csv", b"/new/", b"/bad/"), "idmap.csv: it is not the one"),
    "no map of ids": (lambda f: (f / "idmap.csv").unlink(), "idmap.csv: it is not there"),
}  # fmt: skip


@pytest.mark.parametrize("name", ALTERED)
def test_what_is_altered_is_found(folder: Path, name: str) -> None:
    alter, says = ALTERED[name]
    alter(folder)
    found = _found(folder)
    assert any(says in why for why in found.altered), found


def test_any_byte_of_any_file_of_the_evidence_counts(folder: Path) -> None:
    for path in sorted((folder / "evidence").iterdir()):
        data = bytearray(path.read_bytes())
        for place in range(0, len(data), 7):
            changed = data.copy()
            changed[place] ^= 0x01
            path.write_bytes(changed)
            assert check(PLAN, folder).altered, (path, place)
        path.write_bytes(data)
    _whole(folder)


def test_all_that_is_altered_is_told_at_once(folder: Path) -> None:
    (folder / "idmap.csv").unlink()
    (folder / "evidence" / "0003-manifest-a.jsonl").unlink()
    _edit(folder / "evidence" / WAIVER, b"history", b"History")
    told = " ".join(check(PLAN, folder).altered)
    assert "idmap.csv" in told and "0003-manifest-a" in told and VERIFY in told


def _freeze(folder: Path, data: bytes = b"{}") -> None:
    """As `freeze` leaves it: the record, which the ledger knows, and a report of it."""
    with Ledger(folder) as ledger:
        files.write(folder / "freeze.json", data)
        sha256 = hashlib.sha256(data).hexdigest()
        ledger.note("freeze_head", sha256)
        file = {"name": "freeze.json", "sha256": sha256}
        Evidence(folder, ledger).add(made_report("freeze", **{"plan": {"sha256": PLAN.sha256}, "file": file}))


@pytest.mark.parametrize("with_ledger", [True, False])
@pytest.mark.parametrize("how", ["edited", "deleted"])
def test_an_altered_record_of_a_freeze_is_found(folder: Path, how: str, with_ledger: bool) -> None:
    _freeze(folder)
    if not with_ledger:
        for path in folder.glob("ledger.db*"):
            path.unlink()
    assert _found(folder).altered == []
    path = folder / "freeze.json"
    path.write_bytes(b"[]") if how == "edited" else path.unlink()
    assert _found(folder).altered == ["freeze.json is not the one that was recorded."]


def test_a_record_of_a_freeze_that_nothing_tells_of_is_none(folder: Path) -> None:
    (folder / "freeze.json").write_bytes(b"{}")
    assert _found(folder).altered == ["freeze.json is not the one that was recorded."]
    for path in folder.glob("ledger.db*"):
        path.unlink()
    found = _found(folder)
    assert found.altered == [] and found.unchecked[-1] == "freeze.json: no report tells of it"


def test_a_report_of_another_plan_is_found_by_itself(folder: Path) -> None:
    with Ledger(folder) as ledger:
        Evidence(folder, ledger).add(made_report("verify", **{"plan": {"sha256": "ef" * 32}}))
    assert _found(folder).altered == ["0004-verify.json: it is of another plan than plan.jsonl"]


# Not checked.


def test_without_its_ledger_it_is_whole_as_far_as_can_be_told(folder: Path) -> None:
    for path in folder.glob("ledger.db*"):
        path.unlink()
    found = _found(folder)
    assert found.altered == [] and len(found.unchecked) == 1 and "ledger.db is missing" in found.unchecked[0]
    _edit(folder / "idmap.csv", b"/new/", b"/bad/")
    assert _found(folder).altered == ["idmap.csv: it is not the one that was written"]


def test_a_ledger_of_a_later_version_is_not_checked(folder: Path) -> None:
    _sql(folder, "PRAGMA user_version = 99")
    found = _found(folder)
    assert found.altered == [] and ["version 99" in what for what in found.unchecked] == [True]


def test_a_file_that_no_report_names_is_told(folder: Path) -> None:
    (folder / "evidence" / "0004-manifest-source.jsonl").write_text("{}\n")
    found = _found(folder)
    assert found.altered == [] and found.unchecked == ["0004-manifest-source.jsonl: no report names it"]


def test_of_a_file_that_an_altered_report_may_name_it_is_not_said_that_none_does(folder: Path) -> None:
    [report] = (folder / "evidence").glob("*-verify.json")
    _edit(report, b'"green"', b'"greens"')
    told = [what for what in _found(folder).unchecked if "names it" in what]
    assert told and all(what.endswith(": no report that can be read names it") for what in told)


def test_a_run_that_was_killed_after_the_map_of_ids_leaves_it_whole(folder: Path) -> None:
    with Ledger(folder) as ledger:
        ledger.run_begins()
        with ledger.transaction() as db:
            db.execute("INSERT INTO ids VALUES ('/old/x', '/new/x', 'models/x/1')")
        _whole(folder)
        write_idmap(folder, ledger)
    _whole(folder)


# A folder that has lost its ledger.


@pytest.mark.parametrize("left", ["evidence", "idmap.csv", "both"])
@pytest.mark.parametrize("empty", [True, False])
def test_a_lost_ledger_is_never_made_anew(folder: Path, left: str, empty: bool) -> None:
    for path in folder.glob("ledger.db*"):
        path.unlink()
    if left == "evidence":
        (folder / "idmap.csv").unlink()
    if left == "idmap.csv":
        shutil.rmtree(folder / "evidence")
    if empty:
        (folder / "ledger.db").touch()
    for fresh in (True, False):
        with pytest.raises(BadInputError, match="The ledger is missing"), Ledger(folder, fresh=fresh) as ledger:
            ledger.bind(PLAN)
    assert (folder / "ledger.db").exists() is empty


def test_a_map_of_ids_of_which_nothing_tells_is_not_called_whole(folder: Path) -> None:
    for path in (folder / "evidence").iterdir():
        path.unlink()
    for path in folder.glob("ledger.db*"):
        path.unlink()
    assert "idmap.csv: no report of a run tells of it" in check(PLAN, folder).unchecked
