"""Evidence: a chain in which any file that was changed, removed or put in between is found."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from amlmigrate.core.errors import ExitCode, RefusedError
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.evidence import Evidence, last

KINDS = ("verify", "verify", "verify", "decommission")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(tmp_path) as opened:
        yield opened


@pytest.fixture
def evidence(tmp_path: Path, ledger: Ledger) -> Evidence:
    """Three verifications with two manifests each, and a decommission."""
    made = Evidence(tmp_path, ledger)
    for number, kind in enumerate(KINDS):
        manifests = []
        if kind == "verify":
            manifests = [made.add_file(f"manifest-{side}.jsonl", f"{side} {number}\n".encode()) for side in "ab"]
        made.add(kind, {"green": number > 0, "text": "é", "manifests": manifests})
    return made


def _files(evidence: Evidence) -> list[Path]:
    return sorted(evidence.folder.iterdir())


def test_reports_are_numbered_and_name_the_one_before(evidence: Evidence) -> None:
    reports = evidence.reports()
    assert [report.path.name for report in reports] == [
        f"{number:04d}-{kind}.json" for number, kind in enumerate(KINDS, 1)
    ]
    assert [report.content["number"] for report in reports] == [1, 2, 3, 4]
    assert [report.content["previous"] for report in reports] == [None, *(r.sha256 for r in reports[:-1])]
    for report in reports:
        assert report.sha256 == hashlib.sha256(report.path.read_bytes()).hexdigest()


def test_a_report_is_returned_as_it_stands_on_disk(tmp_path: Path, ledger: Ledger) -> None:
    evidence = Evidence(tmp_path, ledger)
    report = evidence.add("verify", {"green": True})
    assert evidence.reports() == [report]
    assert json.loads(report.path.read_text()) == report.content
    assert report.content["record"] == "verify"


def test_no_evidence_is_an_empty_chain(tmp_path: Path, ledger: Ledger) -> None:
    assert Evidence(tmp_path, ledger).reports() == []
    assert not (tmp_path / "evidence").exists()


def test_a_manifest_has_the_number_of_its_report(evidence: Evidence) -> None:
    [*_, third, _] = evidence.reports()
    assert [manifest["file"] for manifest in third.content["manifests"]] == [
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
    for place in range(len(data)):
        changed = data.copy()
        changed[place] ^= 0x01
        path.write_bytes(changed)
        with pytest.raises(RefusedError, match="cannot be trusted") as caught:
            evidence.reports()
        assert caught.value.exit_code is ExitCode.REFUSED
    path.write_bytes(data)
    assert len(evidence.reports()) == len(KINDS)


@pytest.mark.parametrize("name", BOUND)
def test_a_removed_file_is_found(evidence: Evidence, name: str) -> None:
    (evidence.folder / name).unlink()
    with pytest.raises(RefusedError, match="cannot be trusted"):
        evidence.reports()


@pytest.mark.parametrize("name", BOUND)
def test_a_file_that_was_cut_short_is_found(evidence: Evidence, name: str) -> None:
    path = evidence.folder / name
    path.write_bytes(path.read_bytes()[:-1])
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
    with pytest.raises(RefusedError, match="it is no JSON"):
        evidence.reports()


def test_a_report_that_follows_the_last_but_was_not_added_is_found(evidence: Evidence) -> None:
    [*_, newest] = evidence.reports()
    forged = newest.content | {"number": 5, "green": True, "previous": newest.sha256}
    (evidence.folder / "0005-verify.json").write_text(json.dumps(forged))
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
        Evidence(other, ledger).add("verify", {"green": True})
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

    write = evidence.write

    def crash(path: Path, data: bytes) -> None:
        if written:
            write(path, data)
        raise Crash

    monkeypatch.setattr(evidence, "write", crash)
    with pytest.raises(Crash):
        evidence.add("verify", {"green": True})
    monkeypatch.undo()
    assert len(evidence.reports()) == len(KINDS) + written
    evidence.add("verify", {"green": True})
    assert len(evidence.reports()) == len(KINDS) + written + 1
    (evidence.folder / f"{len(KINDS) + written + 1:04d}-verify.json").unlink()
    with pytest.raises(RefusedError):
        evidence.reports()


def test_nothing_is_added_to_a_broken_chain(evidence: Evidence) -> None:
    (evidence.folder / "0002-verify.json").unlink()
    before = _files(evidence)
    with pytest.raises(RefusedError):
        evidence.add("verify", {"green": True})
    with pytest.raises(RefusedError):
        evidence.add_file("manifest-a.jsonl", b"")
    assert _files(evidence) == before


def test_the_last_report_of_a_kind_is_the_newest(evidence: Evidence) -> None:
    reports = evidence.reports()
    assert last(reports, "verify") is reports[2]
    assert last(reports, "decommission") is reports[3]
    assert last(reports, "doctor") is None
    assert last([], "verify") is None
