"""The collector of cycles: off until a command is loaded, and on while it works."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
import typer

from amlmigrate.cli import main as script
from amlmigrate.cli.execute import CommonOptions, execute
from amlmigrate.cli.views.base import View
from amlmigrate.core.errors import ExitCode


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    threshold = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.enable()
    gc.set_threshold(*threshold)


def _seen() -> tuple[bool, int]:
    found: list[tuple[bool, int]] = []

    async def work(_: View) -> ExitCode:
        found.append((gc.isenabled(), gc.get_freeze_count()))
        return ExitCode.DONE

    with pytest.raises(typer.Exit):
        execute(CommonOptions(json=True), work)
    return found[0]


def test_it_is_off_while_a_command_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []
    monkeypatch.setattr(script, "app", lambda **_: seen.append(gc.isenabled()))
    script.main()
    assert seen == [False]


def test_it_is_on_while_a_command_works_and_leaves_out_what_was_loaded() -> None:
    gc.disable()
    enabled, frozen = _seen()
    assert enabled and frozen > 1_000


def test_a_process_that_runs_several_commands_keeps_nothing_alive_for_ever() -> None:
    enabled, frozen = _seen()
    assert enabled and frozen == 0
