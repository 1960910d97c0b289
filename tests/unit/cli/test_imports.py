"""What a command loads: nothing of Azure to show its help."""

from __future__ import annotations

import resource
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from amlmigrate import cli

MIGRATE = Path(sys.executable).with_name("migrate")
COMMANDS = [
    path.stem
    for path in sorted(Path(cli.__file__).parent.glob("*.py"))
    if "\ndef command(" in path.read_text(encoding="utf-8")
]
# Of the processor, since others run on the machine that tests do; `make bench` holds the clock to a fifth of one.
SECONDS = 0.4
SHOWN = "import sys; print(*sorted(name for name in sys.modules if name.startswith(('azure', 'aiohttp', 'asyncio', 'rich'))))"


def _loaded(code: str) -> set[str]:
    done = subprocess.run([sys.executable, "-c", f"{code}\n{SHOWN}"], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


def test_help_loads_nothing_of_azure() -> None:
    code = "import sys\nsys.argv = ['migrate', '--help']\nfrom amlmigrate.cli.main import main\ntry:\n    main()\nexcept SystemExit:\n    pass"
    assert _loaded(code) == set()


def test_help_is_there_at_once() -> None:
    took = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([MIGRATE, "--help"], capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        took.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(took) < SECONDS, took


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_loads_azure_before_it_runs(command: str) -> None:
    assert _loaded(f"import amlmigrate.cli.{command}") == set()


def test_the_version_is_that_of_the_distribution() -> None:
    done = subprocess.run([MIGRATE, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"aml-cmk-migrate {version('aml-cmk-migrate')}\n"
