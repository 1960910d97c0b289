"""What a command loads: the overview of all commands loads none of them."""

from __future__ import annotations

import ast
import os
import resource
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import amlmigrate.cloud

MIGRATE = Path(sys.executable).with_name("migrate")

# Of the processor, since others run on the machine that tests do; `make bench` holds the clock to a fifth of one.
SECONDS = 0.4
# Typer itself loads pydantic to read what is typed.
HEAVY = ("azure", "aiohttp", "asyncio", "rich", "structlog")
# What is read before a command is known: the table of commands, and the way out.
LIGHT = {
    "amlmigrate",
    "amlmigrate.cli",
    "amlmigrate.cli.commands",
    "amlmigrate.cli.main",
    "amlmigrate.cli.views",
    "amlmigrate.cli.views.terminal",
    "amlmigrate.core",
    "amlmigrate.core.escapes",
    "amlmigrate.core.held_secrets",
    "amlmigrate.core.redaction",
    "amlmigrate.core.secretforms",
    "amlmigrate.core.tool",
}
WITHOUT_A_COMMAND = {
    "help": (["--help"], {}),
    "nothing": ([], {}),
    "no-such-command": (["decomission"], {}),
    "completion": ([], {"_MIGRATE_COMPLETE": "complete_bash", "COMP_WORDS": "migrate ", "COMP_CWORD": "1"}),
}


# Told after whatever the command says, on a line of its own.
LOADED = """
import atexit, sys
atexit.register(lambda: sys.__stderr__.write("\\n" + " ".join(sorted(sys.modules))))
sys.argv = ["migrate", *sys.argv[1:]]
from amlmigrate.cli.main import main
main()
"""


def _loaded(arguments: list[str], **environment: str) -> set[str]:
    """The modules that a command line has loaded when the process ends."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )
    found = set(done.stderr.splitlines()[-1].split())
    assert "amlmigrate.cli.main" in found, done.stderr
    return found


@pytest.mark.parametrize(("arguments", "environment"), WITHOUT_A_COMMAND.values(), ids=WITHOUT_A_COMMAND)
def test_no_module_of_a_command_is_loaded_without_one(arguments: list[str], environment: dict[str, str]) -> None:
    found = _loaded(arguments, **environment)
    assert {name for name in found if name.partition(".")[0] in HEAVY} == set()
    assert {name for name in found if name.startswith("amlmigrate")} <= LIGHT


def test_a_command_loads_itself_and_no_other() -> None:
    found = _loaded(["waive", "--help"])
    assert "amlmigrate.cli.waive" in found
    assert not found & {f"amlmigrate.cli.{name}" for name in ("scan", "provision", "decommission", "freeze")}


def test_what_draws_and_what_makes_detailed_logs_is_loaded_by_who_asks_for_it(tmp_path: Path) -> None:
    nowhere = str(tmp_path / "none")
    drawn, told = _loaded(["show", nowhere]), _loaded(["show", nowhere, "--json"])
    detailed = _loaded(["show", nowhere, "--json", "--log-file", str(tmp_path / "log")])
    assert "rich" in drawn and "structlog" not in drawn
    assert not told & {"rich", "structlog"}
    assert "structlog" in detailed


def test_who_does_not_sign_in_loads_no_client_of_azures(tmp_path: Path) -> None:
    assert not _loaded(["show", str(tmp_path / "none")]) & {"azure.identity", "azure.storage.blob", "aiohttp"}


def test_the_client_of_file_shares_is_loaded_by_the_first_call_that_needs_it() -> None:
    """Each workspace has shares, and whoever only lists them or reads their files asks no client."""
    asking = {
        path.name
        for path in Path(amlmigrate.cloud.__path__[0]).glob("*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ImportFrom)
        and (node.module or "").startswith(("azure.storage.fileshare", "amlmigrate.cloud.fileclients"))
    }
    assert asking == {"fileclients.py"}


def test_help_is_there_at_once() -> None:
    took = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([MIGRATE, "--help"], capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        took.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(took) < SECONDS, took


def test_the_version_is_that_of_the_distribution() -> None:
    done = subprocess.run([MIGRATE, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"aml-cmk-migrate {version('aml-cmk-migrate')}\n"
