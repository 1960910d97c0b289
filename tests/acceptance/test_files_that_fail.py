"""A disk that is full, a folder that cannot be written, a file in the way: a sentence, and what to do."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.acceptance.world import MIGRATE, Result, World

# Root may write everywhere, unless it gives that up.
_AS = ["setpriv", "--bounding-set", "-dac_override", "--inh-caps", "-dac_override"] if os.geteuid() == 0 else []
COMMANDS = {
    "run": ("run", "--resume"),
    "verify": ("verify", "--depth", "metadata"),
    "waive": ("waive", "--from", "waive.csv"),
}


needs_less = pytest.mark.skipif(bool(_AS) and not shutil.which("setpriv"), reason="root, and no way to be less")


@pytest.fixture
def copy(moved_world: World, tmp_path: Path) -> World:
    """A plan that was run, in a folder of the test's own."""
    world = moved_world
    shutil.copytree(world.folder / "plans", tmp_path / "plans")
    finding = f"{world.documents['source']['id']}!not-listed-by-arm"
    (tmp_path / "waive.csv").write_text(f"address,decision,reason\n{finding},waive,looked into the studio\n")
    return World(world.env, tmp_path, world.group, world.source, world.target, world.documents)


def _folder(world: World) -> Path:
    return world.folder / "plans" / world.source


def _told(result: Result, *says: str) -> None:
    assert result.code == 1, (result.code, result.out, result.err)
    assert "Traceback" not in result.err and "unexpected" not in result.err, result.err
    for words in says:
        assert words in result.err, result.err


def _without_write_bits(world: World, *arguments: str) -> Result:
    """Runs the installed command, as somebody whom write bits stop, on a plan folder that has none."""
    folder = _folder(world)
    paths = [folder, *folder.rglob("*")]
    for path in paths:
        path.chmod(path.stat().st_mode & ~0o222)
    done = subprocess.run(
        [*_AS, str(MIGRATE), *arguments],
        cwd=world.folder,
        env={**os.environ, **world.env},
        capture_output=True,
        text=True,
        check=False,
    )
    for path in paths:
        path.chmod(path.stat().st_mode | 0o200)
    return Result(done.returncode, done.stdout, done.stderr)


@needs_less
@pytest.mark.parametrize("command", ["run", "waive"])
def test_a_folder_that_may_not_be_written(copy: World, command: str) -> None:
    _told(_without_write_bits(copy, *COMMANDS[command]), "cannot be written", "permissions of the folder")
    copy.ok(*COMMANDS[command])


@needs_less
@pytest.mark.parametrize("command", ["status", "show"])
def test_what_only_reads_needs_no_folder_that_may_be_written(copy: World, command: str) -> None:
    result = _without_write_bits(copy, command)
    assert result.code == 0, result.err
    assert result.out == copy.ok(command).out


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("command", ["verify"])
def test_a_full_disk_under_the_evidence(copy: World, command: str) -> None:
    evidence = _folder(copy) / "evidence"
    name = {"verify": "0002-manifest-target.jsonl", "waive": "0002-decision.json"}[command]
    (evidence / f".{name}.unfinished").symlink_to("/dev/full")
    _told(copy.migrate(*COMMANDS[command]), "No space left on device", name, "same command again")
    copy.ok(*COMMANDS[command])
    copy.ok("evidence", "check")


def _file(path: Path) -> None:
    path.write_text("")


def _directory(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize(
    ("command", "name", "spoil"),
    [("waive", "evidence", _file), ("run", "idmap.csv", _directory)],
)
def test_what_lies_in_the_way_is_named(
    copy: World, command: str, name: str, spoil: Callable[[Path], None]
) -> None:
    path = _folder(copy) / name
    kept = path.rename(path.with_name("kept"))
    spoil(path)
    _told(copy.migrate(*COMMANDS[command]), "cannot be written", name, "same command again")
    path.rmdir() if path.is_dir() else path.unlink()
    kept.rename(path)
    copy.ok(*COMMANDS[command])


def test_what_goes_with_a_plan_is_written_before_it(copy: World) -> None:
    out = copy.folder / "plans" / "second"
    (out / "manual.md").mkdir(parents=True)
    result = copy.migrate("plan", *copy.names, "--out", str(out))
    assert result.code == 2 and "cannot be written" in result.err and "--out" in result.err, result.err
    assert not (out / "plan.jsonl").exists()
    (out / "manual.md").rmdir()
    copy.ok("plan", *copy.names, "--out", str(out))
