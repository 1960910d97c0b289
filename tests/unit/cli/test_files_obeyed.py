"""Every file that a command acts upon is held to the others: edited, older or foreign, it is refused where it counts."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.builders.reports import report as made_report
from tests.builders.world import LAKE, MAPPING, NEW_BLOBS, OLD_BLOBS, SOURCE, TARGET, header, plan, step
from typer.testing import CliRunner

from amlmigrate.cli.main import app
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Blob
from amlmigrate.core.authorship import By
from amlmigrate.core.errors import BadInputError, RefusedError
from amlmigrate.core.identity import Identity
from amlmigrate.core.ondisk import FullDiskError
from amlmigrate.core.ownership_record import Copied, OwnershipRecord
from amlmigrate.core.plan import Action, Bytes, Step
from amlmigrate.core.state import State
from amlmigrate.core.workspace import Location
from amlmigrate.ledger import Ledger, corroboration, decisions
from amlmigrate.ledger.evidence import Evidence
from amlmigrate.ledger.known_copies import KnownCopies
from amlmigrate.planning import earlier_plans, planfile
from amlmigrate.running import report
from amlmigrate.running.drift import check_places

BY = By("ann", "host", "1", Identity("oid"))
MODEL, BLOBS = Address.parse("models/m/1"), Address.parse(f"blobs/{OLD_BLOBS}/data")
TO = Location("cmkacct", NEW_BLOBS, "data")
STEPS = [
    Step(BLOBS, Action.COPY, bytes=Bytes(Location("acct", OLD_BLOBS, "data"), TO, 2, 2)),
    step("models/m/1", body={}),
]


def _made(folder: Path, **more: Any) -> Path:
    """A plan that was run: one document made, two blobs copied."""
    folder.mkdir(parents=True)
    planfile.write(folder, header(**more), STEPS)
    with Ledger(folder) as ledger:
        ledger.bind(planfile.read(folder))
        _run(ledger)
        _tell(folder, ledger)
    return folder


def _run(ledger: Ledger) -> None:
    ledger.note("begun", "yes")
    ledger.run_begins()
    ledger.begin_copy(BLOBS, Location("cmkacct", NEW_BLOBS), [Blob("data/a", 1, '"1"'), Blob("data/b", 1, '"1"')])
    ledger.copied(Location("cmkacct", NEW_BLOBS), [(path, Copied('"1"', '"t1"')) for path in ("data/a", "data/b")])
    ledger.move(BLOBS, State.DONE)
    for state in (State.DOING, State.CREATED, State.DONE):
        ledger.move(MODEL, state, target_id="/m", target_sha256="ab")


def _again(ledger: Ledger) -> None:
    """A later run of the same plan, which has not been told of."""
    ledger.run_begins()
    ledger.copied(Location("cmkacct", NEW_BLOBS), [("data/a", Copied('"2"', '"t2"'))])


def _tell(folder: Path, ledger: Ledger) -> None:
    report.tell(planfile.read(folder), folder, ledger, None, BY)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return _made(tmp_path / "plans" / "ws1")


def _edit(folder: Path, statement: str) -> None:
    with sqlite3.connect(folder / "ledger.db") as db:
        db.execute(statement)
    db.close()


CONTAINER = f"'cmkacct', '{NEW_BLOBS}'"
# Each makes the ledger say another thing of what is the tool's own.
EDITS = {
    "another blob": f"INSERT INTO blobs (account, container, path, source_etag) VALUES ({CONTAINER}, 'data/c', '')",
    "as it is now": "UPDATE blobs SET target_etag = '\"now\"' WHERE path = 'data/a'",
    "a blob less": "DELETE FROM blobs WHERE path = 'data/a'",
    "another document": "INSERT INTO history (address, state, at) VALUES ('data/d/1', 'created', '9')",
    "a document less": "DELETE FROM history WHERE state = 'created'",
    "left otherwise": "UPDATE steps SET target_sha256 = 'cd' WHERE address = 'models/m/1'",
}  # fmt: skip
# With which the own plan is carried on, proven, cut over or its source removed.
COMMANDS = (("run", "--resume"), ("verify",))


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda one: one[0])
@pytest.mark.parametrize("edit", EDITS)
def test_a_ledger_that_claims_otherwise_than_the_last_run_told_is_refused(
    folder: Path, edit: str, arguments: tuple[str, ...]
) -> None:
    _edit(folder, EDITS[edit])
    done = CliRunner().invoke(app, [arguments[0], str(folder), *arguments[1:], "--json"])
    said = json.loads(done.stdout.splitlines()[-1])
    assert done.exit_code == 4, said
    assert said["reasons"] == ["What the ledger says was made in the target is not what 0001-run.json tells."]


@pytest.mark.parametrize("edit", EDITS)
def test_the_check_of_evidence_and_every_gate_tell_it_too(folder: Path, edit: str) -> None:
    _edit(folder, EDITS[edit])
    assert CliRunner().invoke(app, ["evidence", "check", str(folder)]).exit_code == 4
    with Ledger(folder) as ledger:
        # Of `cutover` and of `decommission` it is a reason.
        assert decisions.problems(ledger, Evidence(folder, ledger).reports())


def test_what_was_not_touched_is_borne_out(folder: Path) -> None:
    assert CliRunner().invoke(app, ["evidence", "check", str(folder)]).exit_code == 0
    with Ledger(folder) as ledger:
        assert decisions.trusted(folder, ledger)
        corroboration.refuse_outside(STEPS, ledger)
    assert CliRunner().invoke(app, ["run", str(folder), "--resume"]).exit_code == 0


def test_after_a_run_that_was_killed_the_ledger_knows_more_and_the_next_one_tells(folder: Path) -> None:
    with Ledger(folder) as ledger:
        _again(ledger)
        assert decisions.trusted(folder, ledger)
        _tell(folder, ledger)
        assert decisions.trusted(folder, ledger)
    _edit(folder, EDITS["as it is now"])
    with Ledger(folder) as ledger, pytest.raises(RefusedError):
        decisions.trusted(folder, ledger)


@pytest.mark.parametrize(
    "statement",
    [
        f"INSERT INTO blobs (account, container, path, source_etag) VALUES ({CONTAINER}, 'elsewhere/a', '')",
        f"INSERT INTO blobs (account, container, path, source_etag) VALUES ({CONTAINER}, 'data2', '')",
        f"INSERT INTO blobs (account, container, path, source_etag) VALUES ('lake', '{NEW_BLOBS}', 'data/a', '')",
        "INSERT INTO blobs (account, container, path, source_etag) VALUES ('cmkacct', 'raw', 'data/a', '')",
        "INSERT INTO history (address, state, at) VALUES ('data/theirs/1', 'created', '9')",
    ],
)
def test_not_even_after_a_killed_run_it_may_claim_what_its_plan_does_not_make(
    folder: Path, statement: str
) -> None:
    with Ledger(folder) as ledger:
        ledger.run_begins()
        corroboration.refuse_outside(STEPS, ledger)
    _edit(folder, statement)
    with Ledger(folder) as ledger, pytest.raises(RefusedError, match="which its plan does not make"):
        corroboration.refuse_outside(STEPS, ledger)
    done = CliRunner().invoke(app, ["run", str(folder), "--resume"])
    assert done.exit_code == 4


def test_claims_without_any_run_are_nobodys(tmp_path: Path) -> None:
    folder = tmp_path / "ws1"
    folder.mkdir()
    planfile.write(folder, header(), STEPS)
    with Ledger(folder) as ledger:
        ledger.bind(planfile.read(folder))
        assert decisions.trusted(folder, ledger) == []
    _edit(folder, EDITS["another blob"])
    done = CliRunner().invoke(app, ["run", str(folder), "--json"])
    assert done.exit_code == 4 and "of no run that made it" in done.stdout


def _older(folder: Path, copy: Path) -> None:
    shutil.copy(copy, folder / "ledger.db")


def _of_another(folder: Path, copy: Path) -> None:
    other = _made(folder.parent / "other", name="other")
    shutil.copy(other / "ledger.db", folder / "ledger.db")


def _lost(folder: Path, copy: Path) -> None:
    (folder / "ledger.db").unlink()


@pytest.mark.parametrize(("change", "code"), [(_older, 4), (_of_another, 2), (_lost, 2)])
@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda one: one[0])
def test_an_older_ledger_another_plans_and_none_are_refused(
    folder: Path, tmp_path: Path, change: Callable[[Path, Path], None], code: int, arguments: tuple[str, ...]
) -> None:
    copy = tmp_path / "yesterday.db"
    with Ledger(folder) as ledger:
        ledger._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copy(ledger.path, copy)
        _again(ledger)
        _tell(folder, ledger)
    for file in folder.glob("ledger.db-*"):
        file.unlink()
    change(folder, copy)
    assert CliRunner().invoke(app, [arguments[0], str(folder), *arguments[1:]]).exit_code == code


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda one: one[0])
def test_an_edited_plan_whose_digest_was_made_anew_is_not_the_ledgers(
    folder: Path, arguments: tuple[str, ...]
) -> None:
    file = folder / "plan.jsonl"
    lines = file.read_bytes().replace(b'"models/m/1"', b'"models/m/2"').splitlines(keepends=True)[:-1]
    end = {"record": "end", "count": len(lines), "sha256": hashlib.sha256(b"".join(lines)).hexdigest()}
    file.write_bytes(b"".join(lines) + json.dumps(end, separators=(",", ":")).encode() + b"\n")
    planfile.read(folder)
    assert CliRunner().invoke(app, [arguments[0], str(folder), *arguments[1:]]).exit_code == 2


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("plan", {"name": "other", "sha256": "0" * 64}),
        ("source", {**SOURCE.header(), "workspaceId": "other"}),
        ("target", {**SOURCE.header(), "workspaceId": "other"}),
    ],
)
def test_evidence_of_another_plan_or_other_workspaces_is_refused_by_whoever_reads_it(
    folder: Path, member: str, value: dict[str, str]
) -> None:
    with Ledger(folder) as ledger:
        Evidence(folder, ledger).add(
            made_report("verify", **{"plan": {"sha256": ledger.plan_sha256}, member: value})
        )
        with pytest.raises(RefusedError, match="of another"):
            Evidence(folder, ledger).reports()
    assert CliRunner().invoke(app, ["evidence", "check", str(folder)]).exit_code == 4


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (Location("acct", OLD_BLOBS, "d"), Location("customerlake", "raw", "d")),
        (Location("acct", OLD_BLOBS, "d"), Location("cmkacct", "somebody-elses", "d")),
        (Location("acct", OLD_BLOBS, "d"), Location("acct", OLD_BLOBS, "d2")),
        (Location("customerlake", "raw", "d"), Location("cmkacct", NEW_BLOBS, "d")),
    ],
)
def test_a_plan_whose_bytes_go_anywhere_else_is_refused(source: Location, target: Location) -> None:
    assert LAKE.root
    check_places(plan(*STEPS), MAPPING)
    edited = Step(BLOBS, Action.COPY, bytes=Bytes(source, target, 1, 1))
    with pytest.raises(BadInputError, match="no place of the source's, or none of the target's own"):
        check_places(plan(*STEPS, edited), MAPPING)


IDS = (SOURCE.workspace_id, TARGET.workspace_id)
PLACE = Location("cmkacct", NEW_BLOBS, "data/a")


def _prior(folder: Path, own: Path | None = None) -> OwnershipRecord:
    return earlier_plans.ownership(folder.parent, *IDS, own=own)


def test_what_a_plan_beside_made_is_the_tools_own_where_its_evidence_bears_it_out(folder: Path) -> None:
    found = _prior(folder)
    assert found.copied(PLACE) == Copied('"1"', '"t1"') and found.owns(MODEL) and not found.unread


def _killed(folder: Path) -> None:
    with Ledger(folder) as ledger:
        _again(ledger)


def _without_evidence(folder: Path) -> None:
    shutil.rmtree(folder / "evidence")


def _with_a_report_less(folder: Path) -> None:
    with Ledger(folder) as ledger:
        _again(ledger)
        _tell(folder, ledger)
    (folder / "evidence" / "0002-run.json").unlink()


def _with_a_report_edited(folder: Path) -> None:
    file = folder / "evidence" / "0001-run.json"
    file.write_text(file.read_text().replace("ann", "ben"))


def _with_the_evidence_of_another(folder: Path) -> None:
    other = _made(folder.parent.parent / "elsewhere" / "other", name="other")
    shutil.rmtree(folder / "evidence")
    shutil.copytree(other / "evidence", folder / "evidence")


def _with_the_plan_of_another(folder: Path) -> None:
    other = _made(folder.parent.parent / "elsewhere" / "other", name="other")
    shutil.copy(other / "plan.jsonl", folder / "plan.jsonl")


def _with_ledger_and_evidence_of_another(folder: Path) -> None:
    _with_the_evidence_of_another(folder)
    shutil.copy(folder.parent.parent / "elsewhere" / "other" / "ledger.db", folder / "ledger.db")


def _bound_to_the_pair_by_hand(folder: Path) -> None:
    """All of another pair's plan, with the ids of this pair written into its ledger."""
    shutil.rmtree(folder)
    _made(folder, source={**SOURCE.header(), "workspaceId": "another"})
    _edit(folder, f"UPDATE meta SET value = '{IDS[0]}' WHERE key = 'source_workspace_id'")


BESIDE: dict[str, Callable[[Path], None]] = {
    **{name: partial(_edit, statement=statement) for name, statement in EDITS.items()},
    "killed": _killed,
    "no evidence": _without_evidence,
    "a report less": _with_a_report_less,
    "a report edited": _with_a_report_edited,
    "evidence of another": _with_the_evidence_of_another,
    "plan of another": _with_the_plan_of_another,
    "ledger and evidence of another": _with_ledger_and_evidence_of_another,
    "another pair": _bound_to_the_pair_by_hand,
}


@pytest.mark.parametrize("change", BESIDE)
def test_of_a_ledger_beside_that_nothing_bears_out_nothing_counts_and_that_is_told(
    folder: Path, change: str
) -> None:
    BESIDE[change](folder)
    found = _prior(folder)
    assert found.copied(PLACE) is None and not found.owns(MODEL) and not found.left
    if change == "another pair":
        # By its plan it is of others, so that it is none of this pair's business, whatever its ledger says.
        assert len(found.unread) <= 1
        return
    [(where, why)] = found.unread
    assert where == str(folder) and why
    [finding] = earlier_plans.unread(SOURCE, found)
    assert finding.code == "ledger-beside-unread" and str(folder) in finding.summary
    assert "a conflict where it differs, and is never changed" in finding.summary


def test_after_the_killed_run_was_gone_on_with_it_counts_again(folder: Path) -> None:
    _killed(folder)
    [(_, why)] = _prior(folder).unread
    assert f"`migrate run {folder} --resume`" in why
    with Ledger(folder) as ledger:
        _tell(folder, ledger)
    assert _prior(folder).copied(PLACE) == Copied('"2"', '"t2"')


def test_a_run_goes_by_its_own_ledger_after_it_was_killed(folder: Path) -> None:
    _killed(folder)
    assert _prior(folder, own=folder).copied(PLACE) == Copied('"2"', '"t2"')


@pytest.mark.parametrize("own", [False, True])
def test_a_disk_on_which_it_has_no_room_ends_the_command(
    folder: Path, monkeypatch: pytest.MonkeyPatch, own: bool
) -> None:
    """It is no ledger that cannot be read: what all of them know would be missing, or older than it is."""

    def full() -> KnownCopies:
        known = KnownCopies()
        known._db.execute("PRAGMA query_only = ON")
        return known

    monkeypatch.setattr(earlier_plans, "KnownCopies", full)
    with pytest.raises(FullDiskError) as told:
        _prior(folder, folder if own else None)
    assert "SQLITE_TMPDIR" in told.value.remedy


def test_a_report_of_a_run_that_does_not_tell_what_it_made_bears_nothing_out(tmp_path: Path) -> None:
    folder = tmp_path / "plans" / "old"
    folder.mkdir(parents=True)
    planfile.write(folder, header(), STEPS)
    with Ledger(folder) as ledger:
        ledger.bind(planfile.read(folder))
        _run(ledger)
        Evidence(folder, ledger).add(made_report("run", **{"plan": {"sha256": ledger.plan_sha256}}))
        ledger.runs_told()
    assert _prior(folder).copied(PLACE) is None
