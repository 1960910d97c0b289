"""Both wheels, each in an environment that has nothing else, and the one used with the other."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from azsandbox import nodepackages

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
# Of the shell that runs the tests: what is installed must not find its code here.
_OURS = ("PYTHONPATH", "VIRTUAL_ENV", "PYTEST_ADDOPTS")
PLUGIN = """
import os

async def names(azure):
    async with azure.client() as client:
        found = await client.arm("GET", f"{client.subscription}/resourceGroups", "2022-09-01")
    return [one["name"] for one in found["value"]]

def test_it_answers(sandbox):
    import asyncio
    assert asyncio.run(names(sandbox)) == []

def test_its_variables_are_set(azure_env):
    assert os.environ["AZSANDBOX_STATE"] == str(azure_env.state)
"""
MOVE = """
set -e
azsandbox seed demo
migrate plan --source demo-rg/demo-source --target demo-rg/demo-target --out plans/moved
migrate run plans/moved || test $? -eq 3
"""


@dataclass(frozen=True)
class Homes:
    """The wheels of both distributions, and the `bin` of an environment with each."""

    wheels: dict[str, Path]
    bins: dict[str, Path]

    def run(self, folder: Path, *command: str | Path) -> subprocess.CompletedProcess[str]:
        """Runs a command of these environments; the npm packages are those of this one."""
        kept = {name: value for name, value in os.environ.items() if name not in _OURS}
        path = os.pathsep.join((*map(str, self.bins.values()), os.defpath))
        env = kept | {"PATH": path, "AZSANDBOX_NODE_MODULES": str(nodepackages.node_modules())}
        return subprocess.run(
            [str(part) for part in command], cwd=folder, env=env, capture_output=True, text=True, check=False
        )


def _checked(*command: str | Path, cwd: Path) -> None:
    env = {name: value for name, value in os.environ.items() if name not in _OURS}
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Homes:
    """Built by the project's own tools, installed from the package index in the versions of the lock file."""
    folder = tmp_path_factory.mktemp("homes")
    constraints = folder / "constraints.txt"
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    constraints.write_text("\n".join(line.removesuffix("\\") for line in lines if line[:1].isalpha()))
    wheels, bins = {}, {}
    for name, project, extra in (("amlmigrate", ROOT, ""), ("azsandbox", ROOT / "sandbox", "[pytest]")):
        _checked(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder / name, cwd=project)
        [wheels[name]] = (folder / name).glob("*.whl")
        home = folder / f"env-{name}"
        _checked(BIN / "uv", "venv", "--quiet", "--python", sys.executable, home, cwd=folder)
        install = [BIN / "uv", "pip", "install", "--quiet", "--python", home / "bin" / "python"]
        _checked(*install, "--constraints", constraints, f"{wheels[name]}{extra}", cwd=folder)
        bins[name] = home / "bin"
    return Homes(wheels, bins)


def test_neither_holds_a_line_of_the_other(homes: Homes) -> None:
    for own, other in (("amlmigrate", "azsandbox"), ("azsandbox", "amlmigrate")):
        with zipfile.ZipFile(homes.wheels[own]) as wheel:
            code = [name for name in wheel.namelist() if not name.endswith("/METADATA")]
            assert {name.split("/")[0] for name in code if ".dist-info/" not in name} == {own}
            assert not [name for name in code if other.encode() in wheel.read(name)]


def test_each_runs_without_the_other(homes: Homes, tmp_path: Path) -> None:
    commands = {"amlmigrate": "migrate", "azsandbox": "azsandbox"}
    for own, command in commands.items():
        helped = homes.run(tmp_path, homes.bins[own] / command, "--help")
        assert helped.returncode == 0 and "Usage" in helped.stdout.replace("usage", "Usage"), helped.stderr
        [other] = set(commands) - {own}
        missing = homes.run(tmp_path, homes.bins[own] / "python", "-c", f"import {other}")
        assert "ModuleNotFoundError" in missing.stderr
        assert not (homes.bins[own] / commands[other]).exists()


def test_the_one_moves_a_workspace_inside_the_other(homes: Homes, tmp_path: Path) -> None:
    (tmp_path / "move.sh").write_text(MOVE)
    done = homes.run(tmp_path, "azsandbox", "exec", "--arm-limits", "off", "--", "sh", "move.sh")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert (tmp_path / "plans" / "moved" / "ledger.db").exists()


def test_pytest_finds_the_plugin_by_itself(homes: Homes, tmp_path: Path) -> None:
    (tmp_path / "test_of_a_stranger.py").write_text(PLUGIN)
    done = homes.run(tmp_path, homes.bins["azsandbox"] / "python", "-m", "pytest", "-q", "-W", "error")
    assert done.returncode == 0 and "2 passed" in done.stdout, done.stdout[-3000:]


def test_what_node_runs_is_told_to_be_missing(homes: Homes, tmp_path: Path) -> None:
    python = homes.bins["azsandbox"] / "python"
    program = (
        "import os; os.environ.pop('AZSANDBOX_NODE_MODULES'); from azsandbox import Sandbox\nwith Sandbox(): pass"
    )
    done = homes.run(tmp_path, python, "-c", program)
    assert "run: azsandbox setup" in done.stderr
