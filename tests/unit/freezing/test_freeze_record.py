"""Rights are given back by the evidence alone: what somebody else wrote, or put back, is refused."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.builders.errors import refusal
from tests.builders.world import OLD, OLD_ID
from tests.unit.evidence.test_records import valid
from tests.unit.freezing.assigned import (
    ACCOUNT,
    BY,
    PLAN,
    Azure,
    Folder,
    Killed,
    document,
    frozen,
    guid,
    id_of,
    one,
)

from amlmigrate.core.errors import RefusedError
from amlmigrate.core.freeze_record import Assignment, FreezeState, strange
from amlmigrate.evidence import Freeze
from amlmigrate.evidence.frozen import of_reports
from amlmigrate.freezing import record
from amlmigrate.freezing.record import Deeds, beside
from amlmigrate.ledger import Ledger, decisions, files
from amlmigrate.ledger.evidence import Evidence


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "plans" / "one")


@pytest.fixture(autouse=True)
def parents(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / "plans" / name).mkdir(parents=True)


def _refused(folder: Folder, azure: Azure) -> str:
    before = azure.names()
    with pytest.raises(RefusedError) as found:
        folder.back(azure)
    assert azure.names() == before, "nobody is given anything"
    return found.value.summary


def _edit_file(path: Path) -> None:
    file = path / record.FILE
    file.write_text(file.read_text().replace(guid("principal a"), guid("attacker")))


def _note_file(path: Path) -> None:
    """The file with the ledger's notes of it."""
    _edit_file(path)
    digest = hashlib.sha256((path / record.FILE).read_bytes()).hexdigest()
    with sqlite3.connect(path / "ledger.db") as db:
        db.execute("UPDATE meta SET value = ? WHERE key LIKE 'freeze_%'", (digest,))


def _edit_report(path: Path) -> None:
    file = sorted((path / "evidence").glob("*-deed.json"))[-1]
    file.write_text(file.read_text().replace(guid("principal a"), guid("attacker")))


def _edit_last_report(path: Path) -> None:
    file = sorted((path / "evidence").glob("*.json"))[-1]
    file.write_text(file.read_text().replace(guid("principal a"), guid("attacker")))


def _remove_last_report(path: Path) -> None:
    sorted((path / "evidence").glob("*.json"))[-1].unlink()


def _drop_notes(path: Path) -> None:
    with sqlite3.connect(path / "ledger.db") as db:
        db.execute("DELETE FROM meta WHERE key LIKE 'evidence_%'")


@pytest.mark.parametrize(
    "how", [_edit_file, _note_file, _edit_report, _edit_last_report, _remove_last_report, _drop_notes]
)
def test_what_was_edited_is_not_obeyed(folder: Folder, how: Callable[[Path], None]) -> None:
    azure = frozen(folder, "a")
    how(folder.path)
    _refused(folder, azure)


def test_a_report_that_sums_up_other_assignments_than_its_deeds_is_not_believed(folder: Folder) -> None:
    frozen(folder, "a", "b")
    *deeds, summed = [report.content for report in folder.reports()]
    assert of_reports([*deeds, summed]) is not None
    assert isinstance(summed, Freeze)
    told = summed.assignments
    other = replace(told[0], id=id_of("somebody else's"))
    for altered in ((), told[:1], (*told, other), (told[0], other)):
        with pytest.raises(RefusedError, match="sums up other assignments"):
            of_reports([*deeds, replace(summed, assignments=altered)])
    with pytest.raises(RefusedError, match="sums up other assignments"):
        of_reports([summed])


def test_a_file_where_nothing_was_frozen_gives_nobody_rights(folder: Folder) -> None:
    (folder.path / record.FILE).write_text(json.dumps({"assignments": [one("a", FreezeState.TAKEN).as_dict()]}))
    assert "not the one" in _refused(folder, Azure())


def test_a_file_that_is_lost_is_written_anew_by_the_evidence(folder: Folder) -> None:
    azure = frozen(folder, "a")
    written = (folder.path / record.FILE).read_bytes()
    (folder.path / record.FILE).unlink()
    with Ledger(folder.path) as ledger:
        reports = Evidence(folder.path, ledger).reports()
        known = record.trusted(ledger, PLAN, reports)
        assert known is not None
        record.show(ledger, reports, known)
        assert (folder.path / record.FILE).read_bytes() == written
    folder.back(azure)
    assert azure.names() == {id_of("a")}


@pytest.mark.parametrize("what", [["freeze.json"], ["ledger.db"], ["freeze.json", "ledger.db"], ["evidence"]])
@pytest.mark.parametrize("then", ["given", "half given", "killed"])
def test_an_older_copy_put_back_gives_nobody_rights_that_were_revoked(
    folder: Folder, tmp_path: Path, what: list[str], then: str
) -> None:
    azure = frozen(folder, "a", "b")
    shutil.copytree(folder.path, tmp_path / "copy")
    if then == "given":
        folder.back(azure)
    else:
        azure.before["assign", id_of("b")] = Killed() if then == "killed" else refusal(400, "PrincipalNotFound")
        with suppress(Killed):
            folder.back(azure)
        azure.before.clear()
    # An administrator takes it, and somebody has the old record back.
    azure.there.pop(id_of("a"))
    for name in what:
        _put_back(tmp_path / "copy" / name, folder.path / name)
    try:
        folder.back(azure)
    except RefusedError:
        refused = True
    else:
        refused = False
    assert refused and id_of("a") not in azure.names()


def _put_back(old: Path, new: Path) -> None:
    if old.is_dir():
        shutil.rmtree(new)
        shutil.copytree(old, new)
        return
    for name in (f"{new.name}-wal", f"{new.name}-shm"):
        (new.parent / name).unlink(missing_ok=True)
    shutil.copy(old, new)


def test_the_whole_folder_as_it_was_is_what_nothing_here_can_tell(folder: Folder, tmp_path: Path) -> None:
    """As the threat model says: then Azure alone shows what is there, and only that is not given again."""
    azure = frozen(folder, "a")
    shutil.copytree(folder.path, tmp_path / "copy")
    folder.back(azure)
    shutil.rmtree(folder.path)
    shutil.copytree(tmp_path / "copy", folder.path)
    azure.log.clear()
    folder.back(azure)
    assert azure.log == [], "what is there stays as it is"


@pytest.mark.parametrize(("changed", "why"), [
    ({"scope": f"/subscriptions/{OLD.subscription}"}, "neither the source"),
    ({"scope": f"/subscriptions/{OLD.subscription}/resourceGroups/{OLD.group}"}, "neither the source"),
    ({"scope": f"{OLD.id}-other"}, "neither the source"),
    ({"scope": f"{OLD.id}/../../x"}, "its id is none"),
    ({"scope": f"{OLD.id}/models/x?y="}, "its id is none"),
    ({"id": id_of("a").replace(guid("a"), "no-guid")}, "its id is none"),
    ({"id": f"{id_of('a')}/x"}, "its id is none"),
    ({"id": f"{id_of('a')}\n"}, "its id is none"),
    ({"id": id_of("a", ACCOUNT)}, "not at its scope"),
    ({"role": "x", "roleDefinitionId": "/x"}, "its role is none"),
    ({"principalId": "everybody"}, "its principal is none"),
    ({"canDelegate": "yes"}, "members"),
    ({"condition": 1}, "members"),
])  # fmt: skip
def test_what_cannot_be_of_this_source_is_known_by_its_form(changed: dict[str, Any], why: str) -> None:
    assert why in str(strange(_changed(changed), OLD.id, ACCOUNT))


@pytest.mark.parametrize("scope", [OLD.id, f"{OLD.id}/onlineEndpoints/x", ACCOUNT, f"{ACCOUNT}/blobServices/default/containers/y"])  # fmt: skip
def test_what_is_at_the_source_or_below_is_its_own(scope: str) -> None:
    assert strange(one("a", scope=scope), OLD.id.upper(), ACCOUNT.upper()) is None
    assert strange(one("a", scope=ACCOUNT), OLD.id, "") is not None, "where no account is known there is none"


@pytest.mark.parametrize("account", [
    f"/subscriptions/{OLD.subscription}", ACCOUNT.rpartition("/providers/")[0], ACCOUNT.rpartition("/")[0],
    f"{ACCOUNT}/blobServices/default", "/", "/subscriptions", OLD.id.replace(OLD.name, "another"),
])  # fmt: skip
def test_nothing_wider_than_an_account_is_taken_for_the_sources(account: str) -> None:
    """Once the workspace is gone only the record names its account."""
    assert "neither the source" in str(strange(one("a", scope=account.rstrip("/") or "/x"), OLD.id, account))


def _changed(changed: dict[str, Any]) -> Assignment:
    found = one("a", FreezeState.TAKEN)
    if scope := changed.get("scope"):
        found = replace(found, scope=scope, id=id_of("a", scope))
    found = replace(found, id=changed.get("id", found.id))
    more = {key: value for key, value in changed.items() if key not in ("scope", "id", "role")}
    return replace(found, properties={**found.properties, **more})


@pytest.mark.parametrize("scope", [f"/subscriptions/{OLD.subscription}", f"{OLD.id}-other"])
def test_even_evidence_gives_no_rights_elsewhere(folder: Folder, scope: str) -> None:
    """Whoever can write all three still gets nothing above the source."""
    with Ledger(folder.path) as ledger:
        Deeds(ledger, PLAN, BY, None, ACCOUNT).add(_changed({"scope": scope}))
    assert "cannot have been taken of this source" in _refused(folder, Azure())


@pytest.mark.parametrize("other", ["plan", "source"])
def test_evidence_of_another_plan_or_source_is_refused(folder: Folder, other: str) -> None:
    with Ledger(folder.path) as ledger:
        book = Deeds(ledger, PLAN, BY, None, ACCOUNT)
        changed = {"sha256": "00" * 32} if other == "plan" else {"workspace_id": "another"}
        book.record = replace(book.record, **{other: replace(getattr(book.record, other), **changed)})
        book.add(one("a", FreezeState.TAKEN))
    assert f"it is of another {other} than" in _refused(folder, Azure())


def test_every_report_is_of_the_shipped_schema(folder: Folder) -> None:
    azure = frozen(folder, "a", "b")
    azure.before["assign", id_of("a")] = refusal(400, "PrincipalNotFound")
    folder.back(azure)
    reports = folder.reports()
    assert {one.content.record for one in reports} == {"deed", "freeze", "back"}
    told = [json.loads(report.path.read_bytes()) for report in reports]
    assert all(valid(one["record"], one) for one in told)
    assert not valid("deed", {**told[0], "assignment": {**told[0]["assignment"], "id": "/x"}})


# Other folders.


def _held(folder: Folder) -> tuple[set[Path], list[str]]:
    found, doubts = beside(folder.path, OLD_ID)
    return {path for path, _ in found}, doubts


def test_what_a_plan_beside_it_holds_is_known(folder: Folder, tmp_path: Path) -> None:
    other = Folder(tmp_path / "plans" / "two")
    azure = frozen(other, "a")
    assert _held(folder) == ({other.path}, [])
    # It takes what that one has not, and gives back no more than that.
    azure.there |= {id_of("b"): document("b")}
    folder.freeze(azure, one("a"), one("b"))
    folder.back(azure)
    assert azure.names() == {id_of("b")}
    other.back(azure)
    assert azure.names() == {id_of("a"), id_of("b")} and _held(folder) == (set(), [])


def _remove_file(path: Path) -> None:
    (path / record.FILE).unlink()


@pytest.mark.parametrize("how", [_edit_file, _note_file, _remove_file, _edit_report, _remove_last_report])
def test_a_foreign_record_beside_it_is_told_and_not_believed(
    folder: Folder, tmp_path: Path, how: Callable[[Path], None]
) -> None:
    other = Folder(tmp_path / "plans" / "two")
    frozen(other, "a")
    how(other.path)
    found, doubts = _held(folder)
    assert found == set() and len(doubts) == 1 and str(other.path) in doubts[0]


def test_a_file_alone_beside_it_is_told_and_not_believed(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "plans" / "two" / record.FILE).write_text("{}")
    found, doubts = _held(folder)
    assert found == set() and len(doubts) == 1


# Earlier versions.


def test_the_evidence_of_a_freeze_that_was_cut_off_is_told_apart_from_an_altered_one(folder: Folder) -> None:
    azure = Azure(document("a"))
    azure.before["remove", id_of("a")] = Killed()
    with pytest.raises(Killed):
        folder.freeze(azure, one("a"))
    with Ledger(folder.path) as ledger:
        [problem] = decisions.problems(ledger, folder.reports())
        assert "has no report yet" in problem and "again" in problem
        _edit_file(folder.path)
        assert decisions.problems(ledger, folder.reports())[0] == "freeze.json is not the one that was recorded."
    (folder.path / record.FILE).unlink()
    folder.freeze(azure, one("a"))
    with Ledger(folder.path) as ledger:
        assert decisions.problems(ledger, folder.reports()) == []


def test_a_file_is_believed_after_two_commands_in_a_row_that_were_cut_off(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    azure = Azure(document("a"), document("b"))
    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "note", _dies_at(Ledger.note, decisions.FREEZE_HEAD))
        with pytest.raises(Killed):
            folder.freeze(azure, one("a"))
    with monkeypatch.context() as patched:
        patched.setattr(files, "write", _dies_at(files.write, folder.path / record.FILE))
        with pytest.raises(Killed):
            folder.freeze(azure, one("a"), one("b"))
    folder.freeze(azure, one("a"), one("b"))
    assert folder.problems() == [] and azure.names() == set()


def _dies_at(call: Callable[..., Any], told: Any) -> Callable[..., Any]:
    """The process ends before this call about that."""

    def dying(*arguments: Any) -> Any:
        if told in arguments:
            raise Killed
        return call(*arguments)

    return dying
