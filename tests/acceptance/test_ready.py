"""A command that the tests run in a process that has imported it says and does what the installed one does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.world import Result, World

_TIME = re.compile(r'"time":"[^"]+"')


@pytest.fixture
def nowhere(sandbox: Any, tmp_path: Path) -> World:
    """A folder, and names of workspaces that are not there."""
    return World(sandbox.env, tmp_path, "rg", "old", "new")


def _alike(result: Result) -> Result:
    return Result(result.code, _TIME.sub("", result.out), result.err)


@pytest.mark.parametrize(
    "arguments",
    [
        ("fly",),
        ("show", "plans/it", "--json"),
        ("plan", "--source", "rg/old", "--target", "rg/new"),
    ],
    ids=" ".join,
)
def test_it_says_what_the_installed_command_says(nowhere: World, arguments: tuple[str, ...]) -> None:
    assert _alike(nowhere.migrate(*arguments)) == _alike(nowhere.installed(*arguments))


def test_it_sees_the_environment_that_it_is_given(nowhere: World) -> None:
    wrong = {"AZURE_CLIENT_SECRET": "another"}
    ran = nowhere.migrate("plan", *nowhere.names, **wrong)
    assert ran.code == nowhere.installed("plan", *nowhere.names, **wrong).code == 6
    assert "Invalid client secret" in ran.err


def test_what_takes_too_long_is_killed(nowhere: World) -> None:
    with pytest.raises(TimeoutError):
        nowhere.migrate("plan", *nowhere.names, timeout=0.05)
