"""Logs: lines for people, JSON lines in a file of one's own; each says what it is about, and none has a secret."""

from __future__ import annotations

import json
import logging
import os
import resource
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from amlmigrate.cli.execute import CommonOptions, execute
from amlmigrate.cli.logs import logging_to
from amlmigrate.cli.main import app
from amlmigrate.cli.views.base import View
from amlmigrate.core import held_secrets
from amlmigrate.core.errors import BadInputError, ExitCode
from amlmigrate.core.escapes import visible
from amlmigrate.core.log_context import bound

SIGNED = "https://a.blob.core.windows.net/c/b?sv=2023&sig=S1GNED%2Fx"
KEY = "DefaultEndpointsProtocol=https;AccountKey=S3CR3TKEY/abcdefgh==;EndpointSuffix=x"
TOKEN = "eyJhbGciOiJub25l.eyJvaWQiOiIxIn0xxxx.S1GNATURE"
# As a connection's: nothing in its form tells.
PASSED_ON = 'qu1et "words"'
HIDDEN = ("S1GNED", "S3CR3TKEY", "S1GNATURE", "hunter22", "qu1et")
_log = logging.getLogger("amlmigrate.cloud.curl")


def _lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def _plain() -> None:
    _log.warning("%s and %s", SIGNED, KEY)


def _of_azure() -> None:
    logging.getLogger("azure.identity").info("Authorization: Bearer %s", TOKEN)


def _beside() -> None:
    _log.info(
        "signed in", extra={"password": "hunter22", "url": SIGNED, "headers": {"Authorization": f"Bearer {TOKEN}"}}
    )


def _nested() -> None:
    _log.info("tried", extra={"seen": [{"connection": KEY}, (TOKEN,), {SIGNED: 1}]})


def _raised() -> None:
    try:
        try:
            raise OSError(f"refused: {SIGNED}")  # noqa: TRY301
        except OSError as error:
            raise ValueError(KEY) from error
    except ValueError:
        _log.exception("no way to %s", TOKEN)


def _passed_on() -> None:
    error = ValueError(f"not taken: {PASSED_ON}")
    _log.error("sent %s", json.dumps(PASSED_ON), exc_info=error, extra={"body": {"keys": [PASSED_ON]}})


def _bound() -> None:
    with bound(step=f"data/{SIGNED}"):
        _log.warning("here")


@pytest.mark.parametrize(
    "log", [_plain, _of_azure, _beside, _nested, _raised, _bound, _passed_on], ids=lambda one: one.__name__[1:]
)
@pytest.mark.parametrize("verbose", [True, False])
def test_no_secret_reaches_a_log(
    log: Callable[[], None],
    verbose: bool,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(held_secrets, "_held", {})
    held_secrets.hold(PASSED_ON)
    with logging_to(tmp_path / "log", verbose=verbose):
        log()
    written, said = (tmp_path / "log").read_text(), capsys.readouterr().err
    assert len(_lines(tmp_path / "log")) == 1 and "<secret>" in written
    assert not [one for one in HIDDEN if one in written + said]


def test_each_line_says_what_it_is_about(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (
        logging_to(tmp_path / "log", verbose=True),
        bound(plan="plans/old-ws"),
        bound(step="models/risk/3"),
    ):
        _log.info("GET %s was answered %s", "https://x", 200, extra={"request_id": "4227cdc5"})
        logging.getLogger("azure.core").error("broken")
    ours, theirs = _lines(tmp_path / "log")
    assert list(ours)[:4] == ["time", "level", "logger", "message"] and ours.pop("time").endswith("Z")
    assert ours == {
        "level": "info", "logger": "amlmigrate.cloud.curl", "message": "GET https://x was answered 200",
        "plan": "plans/old-ws", "step": "models/risk/3", "request_id": "4227cdc5",
    }  # fmt: skip
    assert (theirs["logger"], theirs["plan"], theirs["step"]) == ("azure.core", "plans/old-ws", "models/risk/3")
    first, second = capsys.readouterr().err.splitlines()
    about = "plan=plans/old-ws step=models/risk/3"
    assert first.endswith(f"amlmigrate.cloud.curl GET https://x was answered 200 ({about} request_id=4227cdc5)")
    assert second.endswith(f"azure.core broken ({about})")


def test_without_verbose_a_person_is_told_of_warnings_and_the_file_has_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with logging_to(tmp_path / "log", verbose=False), bound(plan="plans/x"):
        _log.info("a call")
        _log.warning("look here")
        logging.getLogger("azure.core").warning("retrying")
        logging.getLogger("azureless").warning("no client of Azure's")
    assert [one["message"] for one in _lines(tmp_path / "log")] == [
        "a call",
        "look here",
        "retrying",
        "no client of Azure's",
    ]
    assert capsys.readouterr().err.splitlines() == [
        "look here (plan=plans/x)",
        "no client of Azure's (plan=plans/x)",
    ]


def test_what_is_logged_is_one_line_and_does_not_act(tmp_path: Path) -> None:
    with logging_to(tmp_path / "log", verbose=False):
        _log.info("a\nb\x1b[2J\u202e %s", "\ud800", extra={"step": "x\ny\u2028"})
    [line] = (tmp_path / "log").read_text().splitlines()
    assert visible(line) and json.loads(line)["message"].startswith("a\nb\x1b[2J")


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_the_file_is_its_owners_alone_and_goes_on_where_it_ended(tmp_path: Path, umask: int) -> None:
    file = tmp_path / "log"
    before = os.umask(umask)
    try:
        for _ in range(2):
            with logging_to(file, verbose=False):
                _log.info("again")
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
            file.chmod(0o644)
    finally:
        os.umask(before)
    assert len(_lines(file)) == 2


def _folder(path: Path) -> None:
    path.mkdir()


def _link(path: Path) -> None:
    path.with_name("elsewhere").touch()
    path.symlink_to("elsewhere")


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _missing(path: Path) -> None:
    path.parent.rmdir()


def _plan(path: Path) -> None:
    path.write_text('{"record":"header"}\n')


def _ledger(path: Path) -> None:
    sqlite3.connect(path).execute("CREATE TABLE steps (address TEXT)").connection.close()


@pytest.mark.parametrize(
    "make", [_folder, _link, _pipe, _missing, _plan, _ledger], ids=lambda one: one.__name__[1:]
)
def test_what_is_no_file_of_ones_own_is_refused(make: Callable[[Path], None], tmp_path: Path) -> None:
    path = tmp_path / "below" / "log"
    path.parent.mkdir()
    make(path)
    before = path.is_file() and (path.read_bytes(), path.stat().st_mode)
    with pytest.raises(BadInputError, match="cannot be written"), logging_to(path, verbose=False):
        raise AssertionError("it went on")
    done = CliRunner().invoke(app, ["status", "--all", "--log-file", str(path)])
    assert done.exit_code == 2 and str(path) in done.stderr
    assert (path.is_file() and (path.read_bytes(), path.stat().st_mode)) == before


def test_that_no_more_is_written_is_said_once_and_ends_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "log"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with logging_to(file, verbose=False):
        _log.info("first")
        resource.setrlimit(resource.RLIMIT_FSIZE, (file.stat().st_size, before[1]))
        try:
            _log.info("second")
            _log.info("third")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert capsys.readouterr().err.count("Nothing more is written to the log file") == 1
    assert [one["message"] for one in _lines(file)] == ["first"]


def test_a_command_leaves_the_logs_as_they_were(tmp_path: Path) -> None:
    async def work(view: View) -> ExitCode:
        raise ValueError(SIGNED)

    before = logging.root.handlers[:], logging.root.level
    with pytest.raises(typer.Exit):
        execute(CommonOptions(log_file=tmp_path / "log"), work)
    assert (logging.root.handlers[:], logging.root.level) == before
    [line] = _lines(tmp_path / "log")
    assert (
        "Traceback" in line["exception"] and "ValueError" in line["exception"] and "S1GNED" not in json.dumps(line)
    )


# What is logged once the command is over: when a task that failed unheard of is thrown away, and by a library.
_AFTER = f"""
import asyncio, gc, logging, typer
from amlmigrate.core.errors import ExitCode
from amlmigrate.cli.execute import CommonOptions, execute
kept = []
async def work(view):
    async def fails():
        raise RuntimeError({SIGNED!r})
    kept.append(asyncio.create_task(fails()))
    await asyncio.sleep(0.01)
    return ExitCode.DONE
try:
    execute(CommonOptions(), work)
except typer.Exit:
    kept.clear()
    gc.collect()
    logging.getLogger("late").warning("%s", {KEY!r})
"""


def test_what_is_logged_after_the_command_has_no_secret_either() -> None:
    done = subprocess.run([sys.executable, "-c", _AFTER], capture_output=True, text=True, check=True)
    assert done.stderr.count("AccountKey=<secret>") == 1 and "never retrieved" not in done.stderr
    assert not any(one in done.stderr for one in HIDDEN)


class _Unspeakable:
    def __str__(self) -> str:
        raise ValueError(TOKEN)


def test_a_line_that_cannot_be_written_is_told_without_what_it_was_made_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # pytest's own handlers raise.
    monkeypatch.setattr(logging.root, "handlers", [])
    with logging_to(tmp_path / "log", verbose=True):
        _log.warning("%d", SIGNED)
        _log.warning("no way to %s", KEY, extra={"what": _Unspeakable()})
    told = capsys.readouterr().err
    assert told.count("could not be written: amlmigrate.cloud.curl, test_logs.py:") == 4
    assert not any(one in told for one in HIDDEN) and "Traceback" not in told
