"""`evidence controls` as it is typed: what it tells, its exit codes, and that altered evidence supports nothing."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from tests.builders.reports import CLAIM, report
from tests.builders.world import header, step
from typer.testing import CliRunner, Result

from amlmigrate.cli.main import app
from amlmigrate.controls.catalogue import SENTENCE
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.evidence import Evidence
from amlmigrate.planning import planfile

HOLDING = [{**CLAIM, "name": name} for name in ("key.type", "key.size", "key.policy")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A plan that was verified once."""
    found = tmp_path / "ws1"
    planfile.write(found, header(), [step("models/m/1")])
    plan = planfile.read(found)
    with Ledger(found) as ledger:
        ledger.bind(plan)
        told = report("verify", plan={"sha256": plan.sha256}, claims=HOLDING, since_cutover=None)
        Evidence(found, ledger).add(told)
    return found


def controls(folder: Path, *more: str) -> Result:
    return CliRunner().invoke(app, ["evidence", "controls", str(folder), *more])


def test_it_tells_each_control_and_ends_with_3_where_one_is_not_supported(folder: Path) -> None:
    done = controls(folder, "--standard", "pci")
    assert done.exit_code == 3, done.output
    told = " ".join(done.output.split())
    assert "3.7.1 supported: Strong keys are generated." in told
    assert "holds: key.type (0001-verify.json), key.size (0001-verify.json)" in told
    assert "3.5.1 not shown:" in told and "HIPAA" not in told and told.endswith(SENTENCE)


def test_as_json_it_is_one_event_with_every_row(folder: Path) -> None:
    done = controls(folder, "--json")
    [event] = [json.loads(line) for line in done.output.splitlines()]
    assert event["event"] == "evidence.controls" and event["sentence"] == SENTENCE and event["not_checked"] == []
    verdicts = {(one["standard"], one["control"]): one["verdict"] for one in event["rows"]}
    assert verdicts["pci", "3.7.1"] == "supported" and verdicts["nist", "SC-12(3)"] == "not shown"


def test_as_csv_it_opens_in_a_spreadsheet(folder: Path) -> None:
    done = controls(folder, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(done.output)))
    assert done.exit_code == 3 and rows[-1]["cannot show"] == SENTENCE
    assert {one["control"]: one["verdict"] for one in rows}["3.7.1"] == "supported"


def test_what_could_not_be_checked_is_told(folder: Path) -> None:
    (folder / "ledger.db").unlink()
    assert "not checked: ledger.db is missing" in controls(folder).output


def test_altered_evidence_supports_nothing(folder: Path) -> None:
    file = folder / "evidence" / "0001-verify.json"
    file.write_bytes(file.read_bytes().replace(b'"green": true', b'"green": false'))
    done = controls(folder)
    assert done.exit_code == 4 and "supported" not in done.output


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("--standard", "cobit"), "There is no standard 'cobit'."),
        (("--json", "--format", "csv"), "exclude each other"),
        (("--keys", "nowhere"), "There is no evidence."),
    ],
)
def test_bad_input(folder: Path, more: tuple[str, ...], told: str) -> None:
    done = controls(folder, *more)
    assert done.exit_code == 2 and told in done.output


def test_a_plan_without_evidence(tmp_path: Path) -> None:
    planfile.write(tmp_path / "ws1", header(), [step("models/m/1")])
    assert controls(tmp_path / "ws1").exit_code == 2
