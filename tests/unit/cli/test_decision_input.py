"""What people give to `done`, `waive` and `reopen`: files of spreadsheets, dates, plans among addresses."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from amlmigrate.cli import plans
from amlmigrate.core import waiver_end
from amlmigrate.core.errors import BadInputError
from amlmigrate.deciding import decisionfile

HEAD = "address,decision,reason\n"


def _read(folder: Path, data: bytes | str) -> list[tuple[str, str]]:
    path = folder / "decisions.csv"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return [(row.address, row.reason) for row in decisionfile.read(path, "waive")]


@pytest.mark.parametrize(
    ("data", "rows"),
    [
        (HEAD + "jobs,waive,kept\n", [("jobs", "kept")]),
        ("jobs,waive,kept\n", [("jobs", "kept")]),
        (b"\xef\xbb\xbf" + (HEAD + "jobs,waive,kept\n").replace("\n", "\r\n").encode(), [("jobs", "kept")]),
        (
            HEAD + '"blobs/c/a, b!x",WAIVE ,"he said ""no""\nthen yes"\n',
            [("blobs/c/a, b!x", 'he said "no"\nthen yes')],
        ),
        ("Reason,Address,Decision,more\nkept,jobs,waive,x\n", None),
        ("Address,Reason,Decision\njobs,kept,waive\n", [("jobs", "kept")]),
        ("Address,,Reason,Decision,\njobs,,kept,waive, \n", [("jobs", "kept")]),
        (HEAD + "jobs,waive,\n", [("jobs", "")]),
        (HEAD + "jobs,waive\n\n , , \n", [("jobs", "")]),
        (HEAD + "blobs/c/é,waive,größer\n", [("blobs/c/é", "größer")]),
        (HEAD + "jobs,waive,'=1+1\n", [("jobs", "=1+1")]),
        (HEAD + "jobs,waive,=1+1\n", [("jobs", "=1+1")]),
        (HEAD + "jobs,waive,'t is kept\n", [("jobs", "'t is kept")]),
    ],
)
def test_a_file_of_a_spreadsheet_reads(
    tmp_path: Path, data: bytes | str, rows: list[tuple[str, str]] | None
) -> None:
    if rows is None:
        # The names of columns are known by the first.
        with pytest.raises(BadInputError):
            _read(tmp_path, data)
    else:
        assert _read(tmp_path, data) == rows


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("", "holds no decision"),
        (HEAD, "holds no decision"),
        (HEAD + "jobs,waive,a\njobs,waive,a\n", "Rows 2 and 3"),
        (HEAD + "jobs,waive,a\ndata/d/1,done,a\n", "Row 3 says 'done'"),
        (HEAD + "jobs,,a\n", "Row 2 has no decision"),
        (HEAD + "jobs\n", "too few cells"),
        ("address,reason\njobs,a\n", "no column 'decision'"),
        (HEAD.encode() + "jobs,waive,größer\n".encode("latin-1"), "not a CSV file in UTF-8"),
        ((HEAD + "jobs,waive,a\n").encode("utf-16"), "not a CSV file in UTF-8"),
        (HEAD + 'jobs,waive,"never closed\n', "not a CSV file in UTF-8"),
        ("Address,More,Reason,Decision\njobs,x,kept,waive\n", "a column 'more'"),
        ("address,decision,reason,until\njobs,waive,kept,2027-01-31\n", "a column 'until'"),
        ("address,decision,reason,address\njobs,waive,kept,data/d/1\n", "a column 'address'"),
        ("address,decision,reason,\njobs,waive,kept,but not these\n", "more cells"),
        (HEAD + "jobs,waive,kept, but only until May\n", "Row 2 has more cells"),
        ("jobs,waive,kept, but only until May\n", "Row 1 has more cells"),
        ("address;decision;reason\njobs;waive;a\n", "too few cells"),
    ],
)
def test_a_file_that_is_not_wholly_meant_is_refused_whole(tmp_path: Path, data: bytes | str, says: str) -> None:
    with pytest.raises(BadInputError, match=says):
        _read(tmp_path, data)


@pytest.mark.parametrize(("shown", "names"), [
    ("sha256:" + "ab" * 8, True), ("ab" * 8, True), (" SHA256:ABAB ", True), ("", True), ("sha256:cd", False), ("x", False),
])  # fmt: skip
def test_a_row_is_about_what_its_reader_was_shown(tmp_path: Path, shown: str, names: bool) -> None:
    path = tmp_path / "decisions.csv"
    path.write_text(f"address,shown,decision,reason\njobs,{shown},waive,kept\n", encoding="utf-8")
    [row] = decisionfile.read(path, "waive")
    assert (row.address, row.reason) == ("jobs", "kept") and row.names("ab" * 32) is names
    assert decisionfile.mark("ab" * 32) == "sha256:" + "ab" * 8


def test_a_signed_address_for_a_file_is_not_repeated() -> None:
    with pytest.raises(BadInputError) as raised:
        decisionfile.read(Path("https://a.blob.core.windows.net/c/x.csv?sv=1&sig=SIGNED"), "waive")
    assert "SIGNED" not in f"{raised.value.address}{raised.value.summary}{raised.value.remedy}"
    assert "a.blob.core.windows.net/c/x.csv" in raised.value.address


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(BadInputError, match="cannot be read"):
            decisionfile.read(path, "waive")


@pytest.mark.parametrize("cell", ["=cmd", "+1", "-1", "@x", "\tx", "plain", "'quoted", 'a,"b"\nc'])
def test_no_cell_that_is_written_is_a_formula_and_each_reads_back(tmp_path: Path, cell: str) -> None:
    text = decisionfile.written([(cell, "waive", cell)])
    for row in csv.reader(io.StringIO(text, newline="")):
        assert not any(one.startswith(("=", "+", "-", "@", "\t")) for one in row)
    assert _read(tmp_path, text) == [(cell, cell)]


def test_a_day_ends_at_its_midnight_in_utc() -> None:
    today = datetime.now(UTC).date()
    assert waiver_end.end(today.isoformat()) == f"{today + timedelta(days=1)}T00:00:00+00:00"
    assert waiver_end.end("2099-01-31T12:00+02:00") == "2099-01-31T10:00:00+00:00"
    assert waiver_end.end("2099-01-31T12:00Z") == "2099-01-31T12:00:00+00:00"
    assert waiver_end.end("") == ""


YESTERDAY = (datetime.now(UTC).date() - timedelta(days=1)).isoformat()


@pytest.mark.parametrize(
    "text",
    [YESTERDAY, "2020-01-01T00:00Z", "2099-01-31T12:00", "tomorrow", "31.01.2099", "9999-12-31", "2099-02-30"],
)
def test_a_date_that_is_past_or_none_is_refused(text: str) -> None:
    with pytest.raises(BadInputError, match="--until"):
        waiver_end.end(text)


def test_a_folder_with_a_plan_is_the_plan_and_all_else_an_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("one", "two", "empty"):
        (tmp_path / name).mkdir()
    for name in ("one", "two"):
        (tmp_path / name / "plan.jsonl").write_text("")
    assert plans.divided(["jobs", "one", "data/d/1"]) == ("one", ["jobs", "data/d/1"])
    assert plans.divided(["empty", str(tmp_path / "two")]) == (str(tmp_path / "two"), ["empty"])
    assert plans.divided([]) == (None, [])
    with pytest.raises(BadInputError, match="two plans"):
        plans.divided(["one", "two"])
