"""The end of a command: its last event has its exit code and its duration, and an interruption says what is so."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from typing import Any

import pytest
import typer
from click.testing import CliRunner

from amlmigrate.cli import cutover, decommission, execute, freeze, provision, run, scan
from amlmigrate.cli.execute import CHANGES, READS, CommonOptions
from amlmigrate.cli.views.base import View
from amlmigrate.cli.views.page import Page
from amlmigrate.core.errors import ExitCode, MigrateError, RefusedError
from amlmigrate.core.events import Event
from amlmigrate.core.run_progress import LeaseKept

JSON = CommonOptions(json=True)


class Said(Event):
    """A view of one event."""

    def human(self, page: Page) -> None:
        pass

    def as_json(self) -> list[Event]:
        return [self]


def _done(capsys: pytest.CaptureFixture[str], work: Any, **more: Any) -> tuple[int, list[dict[str, Any]]]:
    with pytest.raises(typer.Exit) as ended:
        execute.execute(JSON, work, **more)
    return ended.value.exit_code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize("code", list(ExitCode))
def test_an_end_has_the_exit_code_and_the_duration(capsys: pytest.CaptureFixture[str], code: ExitCode) -> None:
    async def work(view: View) -> ExitCode:
        view.show(Said("run.end", {"text": "x"}))
        # What is told on the way out comes before the last line.
        view.event(LeaseKept("https://x/lease", "no answer", "y"))
        await asyncio.sleep(0.05)
        return code

    exit_code, lines = _done(capsys, work)
    assert exit_code == code and [one["event"] for one in lines] == ["lease.kept", "run.end"]
    assert lines[-1]["exit_code"] == code and 0.05 <= lines[-1]["duration"] < 60 and lines[-1]["text"] == "x"


@pytest.mark.parametrize(
    ("error", "code"), [(RefusedError("No."), 4), (MigrateError("Bad."), 1), (ValueError("bug"), 1)], ids=str
)
def test_an_error_after_the_end_is_told_after_it_with_one_exit_code(
    capsys: pytest.CaptureFixture[str], error: Exception, code: int
) -> None:
    async def work(view: View) -> ExitCode:
        view.show(Said("verify.end", {}))
        raise error

    exit_code, lines = _done(capsys, work)
    assert exit_code == code and [one["event"] for one in lines] == ["verify.end", "error"]
    assert {one["exit_code"] for one in lines} == {code}


def test_what_is_no_end_is_told_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    async def work(view: View) -> ExitCode:
        view.show(Said("status", {"text": "x"}))
        assert "status" in capsys.readouterr().out
        return ExitCode.DONE

    assert _done(capsys, work) == (0, [])


@pytest.mark.parametrize("said", [READS, CHANGES, run.INTERRUPTED], ids=["reads", "changes", "run"])
def test_an_interruption_says_what_the_command_gave(
    capsys: pytest.CaptureFixture[str], said: MigrateError
) -> None:
    async def work(_: View) -> ExitCode:
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.sleep(5)
        return ExitCode.DONE

    exit_code, [line] = _done(capsys, work, interrupted=said)
    assert exit_code == 130 and (line["summary"], line["remedy"]) == (said.summary, said.remedy)


_TYPED = {cutover: ["x"], decommission: ["x", "--confirm", "g/n"], provision: ["x"], scan: ["--write-tags"]}


@pytest.mark.parametrize("command", [cutover, decommission, freeze, provision, run, scan])
@pytest.mark.parametrize("dry", [False, True])
def test_an_interruption_says_that_no_workspace_is_changed_just_where_that_is_so(
    monkeypatch: pytest.MonkeyPatch, command: Any, dry: bool
) -> None:
    said: list[Any] = []
    monkeypatch.setattr(command, "execute", lambda *_, interrupted=READS, **__: said.append(interrupted))
    app = typer.Typer()
    app.command()(command.command)
    typed = [*_TYPED.get(command, []), *["--dry-run"] * dry]
    CliRunner().invoke(typer.main.get_command(app), typed)
    [one] = said
    assert (one is READS) is dry and ("may have been carried out" in one.summary) is not dry
