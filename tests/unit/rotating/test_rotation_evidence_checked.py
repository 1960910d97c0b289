"""`evidence check --keys`: each way in which the chain of rotations is not as it was written, and what it cannot tell."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from rotations import NEW, NOW, OLD, key, version, workspace
from tests.builders.reports import report as made_report
from tests.builders.world import plan as made_plan
from typer.testing import CliRunner

from amlmigrate.cli.main import app
from amlmigrate.core.authorship import By
from amlmigrate.core.errors import BadInputError, RefusedError
from amlmigrate.desired.deciding import PlannedPart
from amlmigrate.desired.steps import DesiredStep, DesiredVerb
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.checking import check_rotations
from amlmigrate.rotating import chain
from amlmigrate.rotating.aim import aim
from amlmigrate.rotating.chain import Carrier
from amlmigrate.rotating.stage import DependantEnd, Ended, Half, RotateRequest, RotationOutcome, RotationPlan


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two rotations: four reports."""
    under = key(version(OLD, 200), under=(workspace(OLD),))
    step = DesiredStep(DesiredVerb.UPDATE, "workspace", "id")
    for rotation in ("r1", "r2"):
        asked = RotateRequest(under, Half.BOTH, NOW, rotation)
        found = RotationPlan(asked, aim(under, rotation, NOW), (PlannedPart(None, None, step),))  # type: ignore[arg-type]  # its part is not read
        ended = Ended(workspace(OLD), DependantEnd.ADOPTED, NEW, None, "")
        with chain.opened(tmp_path / "keys") as evidence:
            first = chain.begun(evidence, found, Carrier(By("u", "h", "0", None), "dev")).content
            chain.ended(evidence, first, RotationOutcome(found, 1, version(NEW, 0, made=rotation), (ended,)))
    return tmp_path / "keys"


def _state(folder: Path) -> dict[str, tuple[int, int]]:
    return {str(one): (one.stat().st_mtime_ns, one.stat().st_size) for one in (folder, *folder.rglob("*"))}


def _run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["evidence", "check", *arguments, "--json"])
    return done.exit_code, done.output


def test_what_is_as_it_was_written_is_whole_also_as_a_copy_without_write_bits(folder: Path) -> None:
    copy = Path(shutil.copytree(folder, folder.parent / "copy"))
    paths = [copy, *copy.rglob("*")]
    for path in paths:
        path.chmod(path.stat().st_mode & ~0o222)
    try:
        before = _state(copy)
        code, told = _run("--keys", str(copy))
        assert _state(copy) == before, "a check writes nothing"
    finally:
        for path in paths:
            path.chmod(path.stat().st_mode | 0o200)
    assert code == 0, told
    event = json.loads(told.splitlines()[-1])
    assert (event["whole"], [one["file"] for one in event["reports"]]) == (
        True,
        [f"000{number}-rotation.json" for number in (1, 2, 3, 4)],
    )


def _edit(evidence: Path) -> None:
    path = evidence / "0002-rotation.json"
    path.write_text(path.read_text().replace('"complete": true', '"complete": false'))


def _edit_last(evidence: Path) -> None:
    path = evidence / "0004-rotation.json"
    path.write_text(path.read_text().replace('"complete": true', '"complete": false'))


def _insert(evidence: Path) -> None:
    last = json.loads((evidence / "0004-rotation.json").read_text())
    (evidence / "0005-rotation.json").write_text(json.dumps({**last, "number": 5}))


def _stranger(evidence: Path) -> None:
    """A report of another record, added by who knows the chain and the ledger."""
    with chain.opened(evidence.parent) as opened:
        opened.add(made_report("verify"))


def _swap(evidence: Path) -> None:
    a, b, aside = evidence / "0002-rotation.json", evidence / "0003-rotation.json", evidence / "aside"
    a.rename(aside)
    b.rename(a)
    aside.rename(b)


def _ledger(evidence: Path, *, plan: bool = False) -> None:
    """A new ledger in the place of the chain's own."""
    for path in evidence.parent.glob("ledger.db*"):
        path.unlink()
    elsewhere = evidence.parent.parent / "elsewhere"
    elsewhere.mkdir()
    with Ledger(elsewhere) as ledger:
        if plan:
            ledger.bind(made_plan())
    (elsewhere / "ledger.db").rename(evidence.parent / "ledger.db")


CHANGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "edited": (_edit, "0003-rotation.json"),
    "last edited": (_edit_last, "not the one that the ledger knows"),
    "first removed": (lambda one: (one / "0001-rotation.json").unlink(), "does not follow"),
    "removed": (lambda one: (one / "0002-rotation.json").unlink(), "does not follow"),
    "last removed": (lambda one: (one / "0004-rotation.json").unlink(), "not the one that the ledger knows"),
    "all removed": (shutil.rmtree, "not the one that the ledger knows"),
    "renamed": (_swap, "does not follow"),
    "inserted": (_insert, "0005-rotation.json"),
    "of another record": (_stranger, "no report of a rotation"),
    "no JSON": (lambda one: (one / "0003-rotation.json").write_text("{"), "not valid JSON"),
    "another ledger": (_ledger, "not the one that the ledger knows"),
    "a plan's ledger": (lambda one: _ledger(one, plan=True), "belongs to a plan"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_was_altered_is_refused_and_named(folder: Path, name: str) -> None:
    change, why = CHANGES[name]
    change(folder / "evidence")
    code, told = _run("--keys", str(folder))
    assert (code, why in told, "migrate key rotate" in told) == (4, True, True), told
    assert "make a new plan" not in told


def test_key_rotate_refuses_the_same_and_speaks_of_no_plan(folder: Path) -> None:
    _edit(folder / "evidence")
    with chain.opened(folder) as evidence, pytest.raises(RefusedError, match="cannot be trusted") as refused:
        evidence.reports()
    assert "plan" not in refused.value.remedy


def test_key_rotate_makes_no_new_ledger_beside_reports_and_says_so(folder: Path) -> None:
    for path in folder.glob("ledger.db*"):
        path.unlink()
    with pytest.raises(BadInputError, match="ledger of the rotations is missing") as refused, chain.opened(folder):
        pass
    assert "plan" not in refused.value.remedy


def test_without_the_ledger_nobody_knows_whether_the_last_report_is_the_last(folder: Path) -> None:
    for path in folder.glob("ledger.db*"):
        path.unlink()
    found = check_rotations(folder)
    assert (found.altered, len(found.unchecked)) == ([], 1)
    assert "decisions" not in found.unchecked[0]
    assert _run("--keys", str(folder))[0] == 3


def test_a_file_that_no_report_names_is_told(folder: Path) -> None:
    (folder / "evidence" / "notes.txt").write_text("x")
    code, told = _run("--keys", str(folder))
    assert (code, "notes.txt: no report names it" in told) == (3, True)


def test_a_folder_without_evidence_a_plan_and_both_at_once_are_bad_input(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for none in ("empty", "nowhere"):
        code, told = _run("--keys", str(tmp_path / none))
        assert (code, "There is no evidence" in told, "key rotate" in told) == (2, True, True), told
    assert not (tmp_path / "nowhere").exists()
    code, told = _run("plans/x", "--keys", str(folder))
    assert (code, "exclude each other" in told) == (2, True)
    (tmp_path / "empty" / "plan.jsonl").write_text("")
    code, told = _run("--keys", str(tmp_path / "empty"))
    assert (code, "a plan's folder" in told) == (2, True)
