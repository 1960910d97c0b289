"""What each run keeps: every alert once, whole lines alone, and nothing that was changed is believed."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from amlmigrate.core.errors import BadInputError
from amlmigrate.figures import record
from amlmigrate.figures.alerts import AlertsRead, Fired
from amlmigrate.ledger import exclusive
from amlmigrate.ledger.files import FileError

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def fired(name: str, **more: object) -> Fired:
    """An alert."""
    return Fired(name, "key-changed", "Sev1", "2026-02-20T00:00:00+00:00", "/v", "keys", **more)  # type: ignore[arg-type] # of a test


def read(*names: str, unread: dict[str, str] | None = None) -> AlertsRead:
    """What a run read."""
    return AlertsRead(tuple(map(fired, names)), unread or {})


def test_an_alert_that_several_runs_saw_is_kept_once(tmp_path: Path) -> None:
    record.add(tmp_path, NOW, {"run": 1}, read("a", "b"), {})
    record.add(tmp_path, NOW + timedelta(days=1), {"run": 2}, read("a", "b", "c"), {})
    record.add(tmp_path, NOW + timedelta(days=1), {"run": 2}, read("a", "b", "c"), {})
    kept = record.read(tmp_path)
    assert sorted(kept.fired) == ["a", "b", "c"]
    assert [[one["id"] for one in line["alerts"]["new"]] for line in kept.lines] == [["a", "b"], ["c"], []]
    assert [line["figures"]["run"] for line in kept.lines] == [1, 2, 2]


def test_a_run_without_alerts_says_nothing_of_them(tmp_path: Path) -> None:
    record.add(tmp_path, NOW, {}, None, {})
    record.add(tmp_path, NOW, {}, read("a", unread={"sub": "refused"}), {})
    kept = record.read(tmp_path)
    assert (list(kept.fired), kept.looked) == (["a"], [])


def test_a_run_that_is_killed_while_it_writes_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = record.add(tmp_path, NOW, {"run": 1}, read("a"), {})
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    for of, step in ((Path, "rename"), (os, "fsync")):
        with monkeypatch.context() as patched:
            patched.setattr(of, step, full)
            with pytest.raises(FileError, match="No space left"):
                record.add(tmp_path, NOW, {"run": 2}, read("b"), {})
        assert path.read_bytes() == before
    # What a kill leaves of the file that was to replace it is no line of it.
    (tmp_path / f".{path.name}.unfinished").write_bytes(b'{"record":"fig')
    record.add(tmp_path, NOW, {"run": 2}, read("a", "b"), {})
    assert [one["figures"]["run"] for one in record.read(tmp_path).lines] == [1, 2]


def test_a_file_that_is_not_what_was_written_is_refused(tmp_path: Path) -> None:
    for run in range(3):
        path = record.add(tmp_path, NOW, {"run": run}, read(str(run)), {})
    whole = path.read_bytes()
    first, second, third = whole.splitlines(keepends=True)
    for spoiled, why in (
        (whole[:-1], "cut short"),
        (whole[:-20], "cut short"),
        (b"", "empty"),
        (first + third, "taken out"),
        (second + third, "taken out"),
        (first.replace(b'"run":0', b'"run":9') + second + third, "changed"),
        (first + second.replace(b'"id"', b'"it"') + third, "holds no figures"),
        (b"[]\n", "holds no figures"),
        (b'{"record":"figures"}\n', "holds no figures"),
        (first.replace(b'"format":1', b'"format":2'), "format 2"),
    ):
        path.write_bytes(spoiled)
        with pytest.raises(BadInputError, match=why):
            record.read(tmp_path)
        with pytest.raises(BadInputError, match=why):
            record.add(tmp_path, NOW, {}, None, {})
        assert path.read_bytes() == spoiled
    path.write_bytes(whole)
    assert len(record.read(tmp_path).lines) == 3


def test_what_nobody_read_in_time_is_told() -> None:
    days = [NOW, NOW + timedelta(days=20), NOW + timedelta(days=60), NOW + timedelta(days=61)]
    begin, gaps = record.since(days)
    assert begin == NOW - timedelta(days=30)
    assert gaps == [(NOW + timedelta(days=20), NOW + timedelta(days=30))]
    assert record.unlooked(gaps) == [
        "From 2026-03-21 to 2026-03-31 nobody read the alerts, and Azure has forgotten them: those of that time are"
        " not counted."
    ]
    assert record.since([]) == (None, [])


def test_a_line_is_plain_json(tmp_path: Path) -> None:
    path = record.add(tmp_path, NOW, {"name": "a\u2028b\r\n"}, None, {})
    [line] = path.read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["figures"]["name"] == "a\u2028b\r\n"
    assert record.read(tmp_path).lines[0]["figures"]["name"] == "a\u2028b\r\n"


def test_a_scan_is_kept_once(tmp_path: Path) -> None:
    record.add(tmp_path, NOW, {}, None, {"a1": "SCAN-1"})
    record.add(tmp_path, NOW, {}, None, {"a1": "SCAN-1", "b2": "SCAN-2"})
    kept = record.read(tmp_path)
    assert kept.scans == {"a1": "SCAN-1", "b2": "SCAN-2"}
    assert [len(line["scans"]) for line in kept.lines] == [1, 1]


def test_a_folder_that_cannot_be_locked_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_locks(*_: object) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(exclusive.fcntl, "flock", no_locks)
    with pytest.raises(FileError, match="No locks"):
        record.add(tmp_path, NOW, {}, None, {})
