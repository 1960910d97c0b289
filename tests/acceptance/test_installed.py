"""The wheel as a user installs it: by pipx, and by uvx for one call; it needs nothing of this repository.

Both resolve the dependencies from the package index; uv keeps what it has downloaded, so that only the first call
takes long.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
# Of the shell that runs the tests: the tool that is installed must not find its code here.
_OURS = ("PYTHONPATH", "VIRTUAL_ENV")
# What is read from files of the package: the shipped profiles, the schema of the file, and a plan.
PROVISION = """
subscription: 00000000-0000-0000-0000-000000000001
location: eastus2
resourceGroup: ml-risk
tags: {owner: risk, contact: risk@contoso.com}
keyVault: {name: kv-risk-keys}
key: {name: ml-risk, profile: NONE}
identity: {name: id-ml-risk}
storage: {name: stmlrisk}
workspace:
  name: ml-risk
  keyVault: {name: kv-risk-secrets}
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of the product, built as docs/how-to/install.md says."""
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, text=True)
    [found] = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A user's environment: pipx keeps all that it installs in a folder of its own, and takes packages by uv."""
    home = tmp_path_factory.mktemp("pipx")
    kept = {name: value for name, value in os.environ.items() if name not in _OURS}
    own = {"PIPX_HOME": home, "PIPX_BIN_DIR": home / "bin", "PIPX_MAN_DIR": home / "man"}
    return kept | {name: str(path) for name, path in own.items()} | {"PIPX_DEFAULT_BACKEND": "uv"}


def _call(env: dict[str, str], folder: Path, *command: str | Path) -> subprocess.CompletedProcess[str]:
    named = env | {"PATH": f"{BIN}{os.pathsep}{env['PATH']}"}
    return subprocess.run(
        [str(part) for part in command], env=named, cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def installed(wheel: Path, env: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command as pipx installs it."""
    done = _call(env, tmp_path_factory.mktemp("cwd"), BIN / "pipx", "install", wheel)
    assert done.returncode == 0, done.stderr
    return Path(env["PIPX_BIN_DIR"]) / "migrate"


def test_pipx_installs_a_command_that_finds_all_its_files(
    installed: Path, env: dict[str, str], tmp_path: Path
) -> None:
    assert "aml-cmk-migrate 0." in _call(env, tmp_path, installed, "--version").stdout
    shown = _call(env, tmp_path, installed, "show", ROOT / "plans" / "example", "--open")
    assert shown.returncode == 0 and "blobs/azureml" in shown.stdout, shown.stderr
    (tmp_path / "wrong.yaml").write_text(PROVISION)
    wrong = _call(env, tmp_path, installed, "provision", "wrong.yaml", "--dry-run")
    assert wrong.returncode == 2 and "HIPAA" in wrong.stderr, wrong.stderr


def test_uvx_runs_it_once_without_installing_it(wheel: Path, env: dict[str, str], tmp_path: Path) -> None:
    done = _call(env, tmp_path, BIN / "uvx", "--from", wheel, "migrate", "--help")
    assert done.returncode == 0, done.stderr
    assert "accounts for every item" in " ".join(done.stdout.split())
