"""Evidence: a chain in which any file that was changed, removed or put in between is found."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.builders.reports import report as made_report

from amlmigrate.core.errors import ExitCode, PlanLockedError, RefusedError
from amlmigrate.evidence import Decommission, Run, Verify
from amlmigrate.ledger import Ledger, files
from amlmigrate.ledger import exclusive as module
from amlmigrate.ledger.evidence import Evidence, last
from amlmigrate.ledger.files import FileError

KINDS = ("verify", "verify", "verify", "decommission")


@pytest.fixture
def evidence(tmp_path: Path, ledger: Ledger) -> Evidence:
    """Three verifications with two manifests each, and a decommission."""
    made = Evidence(tmp_path, ledger)
    for number, kind in enumerate(KINDS):
        manifests = []
        if kind == "verify":
            manifests = [made.add_file(f"manifest-{side}.jsonl", f"{side} {number}\n".encode()) for side in "ab"]
        told = {"green": number > 0, "headline": "é", "manifests": manifests} if kind == "verify" else {}
        made.add(made_report(kind, **told))
    return made


def _cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def _files(evidence: Evidence) -> list[Path]:
    return sorted(evidence.folder.iterdir())


def test_reports_are_numbered_and_name_the_one_before(evidence: Evidence) -> None:
    reports = evidence.reports()
    assert [report.path.name for report in reports] == [
        f"{number:04d}-{kind}.json" for number, kind in enumerate(KINDS, 1)
    ]
    assert [report.number for report in reports] == [1, 2, 3, 4]
    assert [json.loads(report.path.read_bytes())["previous"] for report in reports] == [
        None,
        *(r.sha256 for r in reports[:-1]),
    ]
    for report in reports:
        assert report.sha256 == hashlib.sha256(report.path.read_bytes()).hexdigest()


def test_a_report_is_returned_as_it_stands_on_disk(tmp_path: Path, ledger: Ledger) -> None:
    evidence = Evidence(tmp_path, ledger)
    report = evidence.add(made_report("verify", **{"green": True}))
    assert evidence.reports() == [report]
    told = json.loads(report.path.read_text())
    assert (told.pop("record"), told.pop("number"), told.pop("previous")) == ("verify", report.number, None)
    assert type(report.content).of_dict(told) == report.content


def test_no_evidence_is_an_empty_chain(tmp_path: Path, ledger: Ledger) -> None:
    assert Evidence(tmp_path, ledger).reports() == []
    assert not (tmp_path / "evidence").exists()


def test_a_manifest_has_the_number_of_its_report(evidence: Evidence) -> None:
    [*_, third, _] = evidence.reports()
    assert [manifest.file for manifest in third.content.files] == [
        "0003-manifest-a.jsonl",
        "0003-manifest-b.jsonl",
    ]


def test_no_unfinished_file_is_left(evidence: Evidence) -> None:
    assert not [path for path in _files(evidence) if "unfinished" in path.name]


# Each report is bound by the next, the last by the ledger, and manifests by their report.
BOUND = [
    *(f"{number:04d}-{kind}.json" for number, kind in enumerate(KINDS, 1)),
    *(f"{number:04d}-manifest-{side}.jsonl" for number in (1, 2, 3) for side in "ab"),
]


@pytest.mark.parametrize("name", BOUND)
def test_a_changed_file_is_found(evidence: Evidence, name: str) -> None:
    path = evidence.folder / name
    data = bytearray(path.read_bytes())
    for place in range(0, len(data), 11 if name.endswith(".json") else 1):
        changed = data.copy()
        changed[place] ^= 0x01
        path.write_bytes(changed)
        with pytest.raises(RefusedError, match="cannot be trusted") as caught:
            evidence.reports()
        assert caught.value.exit_code is ExitCode.REFUSED
    path.write_bytes(data)
    assert len(evidence.reports()) == len(KINDS)


@pytest.mark.parametrize("name", BOUND)
@pytest.mark.parametrize("how", [Path.unlink, _cut_short], ids=["removed", "cut short"])
def test_a_file_that_was_removed_or_cut_short_is_found(
    evidence: Evidence, name: str, how: Callable[[Path], None]
) -> None:
    how(evidence.folder / name)
    with pytest.raises(RefusedError, match="cannot be trusted"):
        evidence.reports()


@pytest.mark.parametrize(
    "name", ["0000-verify.json", "0001-a.json", "0002-x.json", "0003-zzz.json", "0005-verify.json"]
)
@pytest.mark.parametrize("like", [1, 4])
def test_an_inserted_report_is_found(evidence: Evidence, name: str, like: int) -> None:
    (evidence.folder / name).write_bytes(evidence.reports()[like - 1].path.read_bytes())
    with pytest.raises(RefusedError, match="cannot be trusted"):
        evidence.reports()


def test_reports_that_changed_places_are_found(evidence: Evidence) -> None:
    first, second = (evidence.folder / f"{number:04d}-verify.json" for number in (1, 2))
    kept = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(kept)
    with pytest.raises(RefusedError):
        evidence.reports()


def test_a_report_that_is_no_json_is_found_also_at_the_end(evidence: Evidence) -> None:
    (evidence.folder / "0004-decommission.json").write_bytes(b'{"record":')
    with pytest.raises(RefusedError, match="it is not valid JSON"):
        evidence.reports()


def test_a_report_that_follows_the_last_but_was_not_added_is_found(evidence: Evidence) -> None:
    [*_, newest] = evidence.reports()
    forged = json.loads(newest.path.read_bytes()) | {"number": 5, "previous": newest.sha256}
    (evidence.folder / "0005-decommission.json").write_text(json.dumps(forged))
    with pytest.raises(RefusedError, match="not the one that the ledger knows"):
        evidence.reports()


def test_evidence_that_is_gone_altogether_is_found(evidence: Evidence) -> None:
    for path in _files(evidence):
        path.unlink()
    with pytest.raises(RefusedError, match="not the one that the ledger knows"):
        evidence.reports()


def test_the_evidence_of_another_ledger_is_found(evidence: Evidence, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    with Ledger(other) as ledger:
        Evidence(other, ledger).add(made_report("verify", **{"green": True}))
        for path in _files(evidence):
            (other / "evidence" / path.name).write_bytes(path.read_bytes())
        with pytest.raises(RefusedError, match="not the one that the ledger knows"):
            Evidence(other, ledger).reports()


@pytest.mark.parametrize("written", [False, True])
def test_a_report_that_a_crash_cut_off_is_there_or_not_and_the_chain_goes_on(
    evidence: Evidence, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, written: bool
) -> None:
    class Crash(BaseException):
        pass

    write = files.write

    def crash(path: Path, data: bytes) -> None:
        if written:
            write(path, data)
        raise Crash

    monkeypatch.setattr(files, "write", crash)
    with pytest.raises(Crash):
        evidence.add(made_report("verify", **{"green": True}))
    monkeypatch.undo()
    assert len(evidence.reports()) == len(KINDS) + written
    evidence.add(made_report("verify", **{"green": True}))
    assert len(evidence.reports()) == len(KINDS) + written + 1
    (evidence.folder / f"{len(KINDS) + written + 1:04d}-verify.json").unlink()
    with pytest.raises(RefusedError):
        evidence.reports()


def test_nothing_is_added_to_a_broken_chain(evidence: Evidence) -> None:
    (evidence.folder / "0002-verify.json").unlink()
    before = _files(evidence)
    with pytest.raises(RefusedError):
        evidence.add(made_report("verify", **{"green": True}))
    with pytest.raises(RefusedError):
        evidence.add_file("manifest-a.jsonl", b"")
    assert _files(evidence) == before


def test_the_chain_is_read_once_while_others_are_kept_from_it(evidence: Evidence) -> None:
    with evidence.alone():
        evidence.add_file("manifest-a.jsonl", b"")
        # A command that keeps others out does so for a moment, and each report has gigabytes of manifests beside it.
        gone = (evidence.folder / "0002-verify.json").rename(evidence.folder.parent / "aside")
        assert len(evidence.reports()) == len(KINDS)
        gone.rename(evidence.folder / "0002-verify.json")
        added = evidence.add(made_report("verify", **{"green": True}))
        assert evidence.reports()[-1].sha256 == added.sha256
    (evidence.folder / "0002-verify.json").unlink()
    with pytest.raises(RefusedError):
        evidence.reports()


def test_the_last_report_of_a_kind_is_the_newest(evidence: Evidence) -> None:
    reports = evidence.reports()
    assert last(reports, Verify) is reports[2]
    assert last(reports, Decommission) is reports[3]
    assert last(reports, Run) is None
    assert last([], Verify) is None


def test_processes_that_add_at_once_make_one_chain(tmp_path: Path, ledger: Ledger) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from amlmigrate.ledger import Ledger\n"
        "from amlmigrate.ledger.evidence import Evidence\n"
        "from tests.builders.reports import report\n"
        f"folder = Path({str(tmp_path)!r})\n"
        "with Ledger(folder) as ledger:\n"
        "    evidence = Evidence(folder, ledger)\n"
        "    print(flush=True); sys.stdin.readline()\n"
        "    for number in range(6):\n"
        "        with evidence.alone():\n"
        "            files = [evidence.add_file(f'{name}.jsonl', name.encode()) for name in 'ab']\n"
        "            evidence.add(report('verify', manifests=files))\n"
        "        evidence.reports()\n"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(3)
    ]  # fmt: skip
    for process in started:
        assert process.stdout and process.stdout.readline()
    ended = []
    for process in started:
        assert process.stdin
        process.stdin.write(b"\n")
        process.stdin.flush()
    for process in started:
        _, err = process.communicate(timeout=60)
        ended.append((process.returncode, err.decode()[-500:]))
    assert ended == [(0, "")] * 3
    assert len(Evidence(tmp_path, ledger).reports()) == 18


def test_a_chain_that_is_held_by_one_who_hangs_is_locked(
    tmp_path: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PATIENCE_SECONDS", 0.1)
    with Evidence(tmp_path, ledger).alone(), pytest.raises(PlanLockedError, match="writing to the folder"):
        Evidence(tmp_path, ledger).add(made_report("verify"))
    Evidence(tmp_path, ledger).add(made_report("verify"))


def test_a_file_in_the_way_of_evidence_is_said(tmp_path: Path, ledger: Ledger) -> None:
    (tmp_path / "evidence").write_text("")
    with pytest.raises(FileError, match="cannot be written or read: Not a directory") as caught:
        Evidence(tmp_path, ledger).add(made_report("verify"))
    assert caught.value.address == str(tmp_path / "evidence") and "same command again" in caught.value.remedy


def test_one_thing_that_was_altered_is_told_once_and_more_are_listed(evidence: Evidence) -> None:
    first, second = sorted(evidence.folder.glob("*manifest-a.jsonl"))[:2]
    _cut_short(first)
    with pytest.raises(RefusedError) as refused:
        evidence.reports()
    assert refused.value.reasons == () and refused.value.address == str(first)
    _cut_short(second)
    with pytest.raises(RefusedError) as refused:
        evidence.reports()
    assert len(refused.value.reasons) == 2
