"""Options of `scan` and `plan --fleet` that do not go together, and places that a scan cannot have."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from amlmigrate.cli.main import app
from amlmigrate.core.errors import BadInputError
from amlmigrate.scanning import scanfile
from amlmigrate.scanning.subscriptions import checked

NOW = datetime(2026, 11, 24, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "arguments",
    [
        "scan --json --format csv",
        "scan --subscription mine",
        "scan --rules missing.yaml",
        "scan --out scan.csv",
        "scan --overwrite",
        "scan --dry-run",
        "scan --guesses",
        "scan --decisions missing.csv",
        "scan --management-group a/../b",
        "plan",
        "plan --source rg/a",
        "plan --fleet x.jsonl",
        "plan --fleet x.jsonl --targets t.csv --source rg/a",
        "plan --fleet x.jsonl --targets t.csv --waves w.csv --wave-size 3",
        "plan --fleet missing.jsonl --targets t.csv",
        "plan --source rg/a --target rg/b --targets t.csv",
    ],
)
def test_what_does_not_go_together_is_bad_input(
    arguments: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, arguments.split())
    assert result.exit_code == 2, result.output
    assert not list(tmp_path.iterdir()), "refused, but something was written"


def test_subscriptions_are_guids_and_told_once() -> None:
    one = "AAAAAAAA-2222-3333-4444-555555555555"
    assert checked([one, f"/subscriptions/{one.lower()}"]) == [one]
    assert checked([f"/SUBSCRIPTIONS/{one}/"]) == [one]
    narrower = f"/subscriptions/{one}/resourceGroups/rg"
    for other in ("a/b", narrower, f"{narrower}/providers/Microsoft.X/y/z", f"/subscriptions/{one}//", "", "/"):
        with pytest.raises(BadInputError, match=f"'{other}' is not a subscription"):
            checked([other])


def test_a_scan_never_takes_the_place_of_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    first = scanfile.place(None, NOW)
    assert first == Path("scans/SCAN-20261124T030405Z.jsonl")
    first.parent.mkdir()
    first.touch()
    assert scanfile.place(None, NOW) == Path("scans/SCAN-20261124T030405Z-2.jsonl")
    assert scanfile.place(Path("here"), NOW) == Path("here/SCAN-20261124T030405Z.jsonl")
    with pytest.raises(BadInputError, match="never overwritten"):
        scanfile.place(first, NOW)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"record":"header","format":1}\n', "not a scan"),
        ('{"record":"header","format":2,"levels":{}}\n', "format 2"),
        ('{"record":"header","format":1,"levels":{}}\n', "cut short"),
        ("nonsense\n", "cut short or no scan"),
    ],
)
def test_a_file_that_is_no_whole_scan_is_refused(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "s.jsonl"
    path.write_text(text)
    with pytest.raises(BadInputError, match=told):
        scanfile.read(path)
