"""What commands say: by no decision that nobody took, with no secret that somebody typed, on no forged line."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.builders.reports import FINDING, TIME, report, since
from tests.builders.world import blob, header, listing, step
from typer.testing import CliRunner

from amlmigrate.cli.main import app
from amlmigrate.cli.views.verifications import living_headline
from amlmigrate.core.authorship import By
from amlmigrate.core.decision import DecisionVerb
from amlmigrate.core.errors import RefusedError
from amlmigrate.core.finding import Finding
from amlmigrate.core.identity import Identity
from amlmigrate.core.plan import Action
from amlmigrate.core.workspace import Location
from amlmigrate.deciding.decide import _refuse_keys, told_by
from amlmigrate.evidence import Verify
from amlmigrate.inventory.arrived import _all_there
from amlmigrate.ledger import Ledger, decisions
from amlmigrate.ledger.approving import approve_decisions
from amlmigrate.ledger.deciding import NewDecision, decide, reopen
from amlmigrate.ledger.decision_subjects import Subjects, of_findings, of_step
from amlmigrate.ledger.valid_decisions import Standing
from amlmigrate.planning import planfile
from amlmigrate.status.following import following, in_short
from amlmigrate.status.stages import stages

SIGNED = "see https://acct.blob.core.windows.net/c/x?sv=2024&sig=S1GNED"
ANN, BEN = (By(name, "host", "1", Identity(name)) for name in ("ann", "ben"))
FORGED = "INSERT INTO decisions VALUES ('jobs', 'waive', '', 'x', 'me', '9', '', '', 0, 0, '')"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A plan of which nothing was run."""
    made = tmp_path / "ws1"
    made.mkdir()
    planfile.write(made, header(), [step("models/m/1", body={}), step("jobs", action=Action.MANUAL)])
    with Ledger(made) as ledger:
        ledger.bind(planfile.read(made))
    return made


def _said(*arguments: str) -> tuple[int, dict[str, Any]]:
    done = CliRunner().invoke(app, [*arguments, "--json"])
    return done.exit_code, json.loads(done.stdout.splitlines()[-1])


def _forge(folder: Path) -> None:
    with sqlite3.connect(folder / "ledger.db") as db:
        db.execute(FORGED)
    db.close()


def test_no_verification_lets_go_what_only_the_ledger_lets_go(folder: Path) -> None:
    _forge(folder)
    code, said = _said("verify", str(folder))
    assert code == 4 and said["reasons"] == ["The decision about jobs is not the one that was recorded."]


def test_a_status_tells_that_the_ledger_has_a_decision_of_its_own(folder: Path) -> None:
    _forge(folder)
    made = planfile.read(folder)
    with Ledger(folder) as ledger:
        found = stages(made, folder, ledger)
    assert list(found.evidence) == ["The decision about jobs is not the one that was recorded."]
    assert following(found) == f"migrate evidence check {folder}" and in_short(found) == "its evidence was altered"


def test_what_is_open_again_says_what_to_do(folder: Path) -> None:
    assert "next" not in _said("waive", "jobs", str(folder), "--reason", "old")[1]
    assert _said("reopen", "jobs", str(folder))[1]["next"] == f"migrate run {folder}"


def test_a_signature_in_what_somebody_types_is_kept_nowhere(folder: Path) -> None:
    made = replace(planfile.read(folder))
    made = replace(made, header=replace(made.header, extra={"require_approval": True}))
    with Ledger(folder) as ledger:
        [one] = decide(
            made, ledger, DecisionVerb.WAIVE, [NewDecision(Subjects(made, []).find("jobs"), SIGNED)], ANN
        )
        from amlmigrate.core.decision import open_digest

        digest = open_digest(Standing(made, ledger).pending())
        approval, _ = approve_decisions(made, ledger, digest, BEN, SIGNED)
        with pytest.raises(RefusedError):
            decisions.wanted(made, ledger, "cutover", {"--unfrozen": SIGNED}, ANN)
        reopen(made, ledger, [("jobs", SIGNED)], ANN)
        assert "acct.blob.core.windows.net/c/x" in one.reason and "<secret>" in approval.comment
        ledger.note("all", "written")
    for path in folder.rglob("*"):
        assert path.is_dir() or b"S1GNED" not in path.read_bytes(), path


def test_an_error_repeats_no_signature() -> None:
    error = RefusedError("No.", reasons=(SIGNED,), address=SIGNED, remedy=SIGNED)
    assert "S1GNED" not in f"{error.reasons}{error.address}{error.remedy}"


def test_what_is_open_of_a_kind_that_the_plan_lacks_is_refused(folder: Path) -> None:
    code, said = _said("show", str(folder), "--open", "--kind", "jbos")
    assert code == 2 and "jbos" in said["summary"]
    code, said = _said("show", str(folder), "--open", "--kind", "models")
    assert code == 0 and said["text"] == "Nothing of kind models is open."
    assert _said("show", str(folder), "--open", "--kind", "jobs")[1]["text"] == "1 open of kind jobs."


def test_a_verification_after_the_cutover_says_all_that_keeps_it_from_green() -> None:
    grave = {**FINDING, "severity": "error"}
    assert _living(green=False, open_findings=[FINDING], posture=[grave]).endswith(
        "0 differences, 0 open, 1 finding not waived, 1 error about the target's keys and storage."
    )


def test_a_green_one_after_the_cutover_says_what_was_not_checked() -> None:
    look = {
        "prefixes": 1,
        "copied": TIME,
        "looked": TIME,
        "known_from": "2026-03-03T12:30+00:00",
        "settled": False,
    }
    early = _living(not_checked=["the bytes of the source", "whether the code bytes stay"], code_bytes=look)
    assert early.endswith(
        "; 0 other changes there; 2 things were not checked, among them whether the code bytes stay: verify"
        " again from 2026-03-03T12:30+00:00 on."
    )
    assert _living(code_bytes=look).endswith("; 0 other changes there.")


def _living(**content: Any) -> str:
    told = report("verify", since_cutover=since(), **content)
    assert isinstance(told, Verify) and told.since_cutover
    return living_headline(told, told.since_cutover)


@pytest.mark.parametrize(
    ("action", "address", "there", "seen"),
    [
        (Action.MANUAL, "schedules/s", True, True),
        (Action.MANUAL, "schedules/s", None, False),
        (Action.CREATE, "models/m/1", True, True),
        (Action.CONFLICT, "models/m/1", True, False),
        # Of bytes each blob was compared.
        (Action.CONFLICT, "blobs/c/m", True, True),
        (Action.CONFLICT, "blobs/c/m", None, False),
    ],
)
def test_what_was_in_conflict_is_not_seen_to_be_done_by_being_there(
    action: Action, address: str, there: bool | None, seen: bool
) -> None:
    assert told_by(of_step(step(address, action=action)), there) is seen


def test_a_key_that_is_not_the_customers_is_let_go_by_nobody() -> None:
    def choices(code: str, severity: Any) -> list[NewDecision]:
        found = of_findings([Finding(severity, "/a", "under Microsoft's key", "", code)])
        return [NewDecision(one, "known") for one in found.values()]

    with pytest.raises(RefusedError, match="cannot be waived"):
        _refuse_keys(choices("storage.encryption", "error"))
    for code, severity in (
        ("datastores.encryption", "error"),
        ("key.size", "warning"),
        ("blobs-archived", "error"),
    ):
        _refuse_keys(choices(code, severity))


def test_blobs_arrived_only_where_each_has_its_like() -> None:
    source, goal = Location("a", "c", "m"), Location("b", "d", "n")

    def arrived(there: list[Any], *blobs: Any) -> bool:
        return _all_there(list(blobs), source, goal, listing(Location("b", "d"), *there))

    one = blob("m/x", 3, md5="m1")
    assert arrived([blob("n/x", 3, md5="m1")], one) and arrived([blob("n/x", 3)], one)
    assert not arrived([blob("n/x", 4)], one) and not arrived([blob("n/x", 3, md5="m2")], one)
    assert not arrived([blob("n/x", 3)], one, blob("m/y")) and not arrived([]), "nothing shows nothing"
