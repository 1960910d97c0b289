"""What `show` prints: all that changes, creations first; right on any terminal, and into a reader that goes away."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len
from tests.builders.world import header, step

from amlmigrate.cli.views.plans import _estimate
from amlmigrate.core.finding import Finding
from amlmigrate.core.plan import Action, Bytes, Gone, Plan, Rewrite, Step
from amlmigrate.core.workspace import Location
from amlmigrate.planning import planfile

MIGRATE = Path(sys.executable).with_name("migrate")
ESTIMATE = {"arm_reads": 1, "arm_writes": 1, "floor_seconds": 1, "blob_deletes": 0}
PLACE = Location("acct", "c", "d")
LONG = "a reason of some words that no terminal of forty columns holds on one line, with ümläute and 漢字 in it"
OLD, NEW = "azureml://datastores/old/paths/a/", "azureml://datastores/new/paths/a/"


def _steps() -> list[Step]:
    """One plan with every action; more creations and adoptions than any list folds at."""
    made = [step(f"models/credit-risk/{number}", reason="not in the target", body={}) for number in range(30)]
    made += [
        step(f"data/same/{number}", action=Action.ADOPT, reason="equal in the target") for number in range(20)
    ]
    made += [
        step("datastores/workspaceblobstore", action=Action.SKIP, reason="the service makes it"),
        step("schedules/nightly#enable", reason="goes live", body={}, stage="cutover"),
        step("environments/train/1", action=Action.UPDATE, reason=LONG, body={}),
        step("blobs/c/d", action=Action.COPY, reason="3 not in the target", bytes=Bytes(PLACE, PLACE, 3, 3)),
        step(
            "blobs/c/e#delete",
            action=Action.DELETE,
            bytes=Bytes(PLACE, PLACE, 1, 1),
            gone=(Gone("d/1", '"o"', 1),),
        ),
        step("onlineEndpoints/a-name-that-is-longer-than-the-terminal-is-wide", action=Action.MANUAL, reason=LONG),
        step("components/c/1", action=Action.CONFLICT, reason=LONG, body={}),
    ]
    return made


def _folder(at: Path, *steps: Step) -> Path:
    found = (Finding("warning", "models/credit-risk/3", LONG, LONG, "names-secret"),)
    planfile.write(at / "ws1", header(estimate=ESTIMATE, findings=found), steps or _steps())
    return at / "ws1"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The plan of all actions."""
    return _folder(tmp_path_factory.mktemp("shown"))


def _show(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    plain = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "NO_COLOR")}
    return subprocess.run(
        [MIGRATE, "show", str(folder), *arguments], capture_output=True, env={**plain, **environment}, check=False
    )


def _lines(folder: Path, *arguments: str, **environment: str) -> list[str]:
    done = _show(folder, *arguments, **environment)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode().splitlines()


def _heads(lines: list[str]) -> list[str]:
    return [line for line in lines if re.fullmatch(r"[a-z]+ \(\d+\)", line)]


def test_all_that_changes_is_a_line_creations_first_and_what_stays_is_told_in_short(folder: Path) -> None:
    lines = _lines(folder)
    assert _heads(lines) == ["create (30)", "copy (1)", "update (1)", "delete (1)", "cutover (1)", "conflict (1)",
                             "manual (1)", "adopt (20)", "skip (1)"]  # fmt: skip
    shown = "\n".join(lines)
    for one in _steps():
        folded = one.action in (Action.ADOPT, Action.SKIP)
        assert (f"  {one.address}  " in shown) is not folded, one.address
    assert "  data (20)  equal in the target" in lines and "  datastores (1)  the service makes it" in lines
    assert lines[-1].startswith("Digest of the plan: ")


def test_with_all_what_stays_is_a_line_too(folder: Path) -> None:
    shown = "\n".join(_lines(folder, "--all"))
    assert all(f"  {one.address}  " in shown for one in _steps())


def test_of_one_kind_there_is_all_and_nothing_else(folder: Path) -> None:
    lines = _lines(folder, "--kind", "data")
    assert _heads(lines) == ["adopt (20)"] and sum(line.startswith("  data/same/") for line in lines) == 20


@pytest.mark.parametrize("arguments", [(), ("--all",), ("--open",), ("environments/train/1",)], ids=str)
def test_at_forty_columns_no_line_is_longer_but_for_words_that_are(
    folder: Path, arguments: tuple[str, ...]
) -> None:
    narrow = _lines(folder, *arguments, COLUMNS="40")
    for line in narrow:
        assert cell_len(line) <= 40 or len(line.split()) == 1 or line.lstrip().startswith('"'), line
    assert not any("…" in line for line in narrow)
    whole = "\n".join(_lines(folder, *arguments))
    if not arguments:
        # There the table of kinds and actions is in lines.
        assert "models: 30 create" in narrow and "models: 30 create" not in whole
        return
    assert " ".join("\n".join(narrow).split()) == " ".join(whole.split()) or "--all" in arguments


def test_a_pipe_has_no_width(folder: Path) -> None:
    assert any(LONG in line for line in _lines(folder))


def _on_terminal(folder: Path, columns: int, **environment: str) -> str:
    """What a terminal of that width is written."""
    own, other = pty.openpty()
    plain = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "NO_COLOR")}
    import fcntl
    import struct
    import termios

    fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen(
        [MIGRATE, "show", str(folder)], stdin=other, stdout=other, stderr=other,
        env={**plain, "TERM": "xterm-256color", **environment},
    )  # fmt: skip
    os.close(other)
    found = b""
    while True:
        try:
            piece = os.read(own, 65536)
        except OSError:
            break
        if not piece:
            break
        found += piece
    os.close(own)
    assert process.wait() == 0
    return found.decode().replace("\r\n", "\n")


def test_a_terminal_has_its_width_and_colours_which_say_nothing_by_themselves(folder: Path) -> None:
    coloured, plain = _on_terminal(folder, 40), _on_terminal(folder, 40, NO_COLOR="1")
    assert "\x1b[32m" in coloured and not re.search(r"\x1b\[(3|9)\d", plain)
    without = [re.sub(r"\x1b\[[0-9;]*m", "", text) for text in (coloured, plain)]
    assert without[0] == without[1]
    assert without[0].splitlines() == _lines(folder, COLUMNS="40")


@pytest.mark.parametrize("encoding", ["ascii", "iso-8859-1", "cp437"])
def test_a_terminal_of_another_encoding_gets_escapes_and_no_error(folder: Path, encoding: str) -> None:
    done = _show(folder, PYTHONIOENCODING=encoding, PYTHONUTF8="0")
    assert done.returncode == 0 and not done.stderr
    assert b"\\u6f22\\u5b57" in done.stdout
    assert (b"\\xfc" in done.stdout) is (encoding == "ascii")


@pytest.mark.parametrize("arguments", ["", "--json", "--format csv", "--all"])
def test_a_reader_that_goes_away_is_no_failure(tmp_path: Path, arguments: str) -> None:
    many = [step(f"models/m/{number}", reason=LONG) for number in range(4000)]
    made = _folder(tmp_path, *many)
    shell = f'"{MIGRATE}" show "{made}" {arguments} | head -n 1; echo "${{PIPESTATUS[0]}}"'
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=False)
    first, *_, code = done.stdout.splitlines()
    assert (code, done.stderr) == ("0", "") and first


def test_a_rewrite_is_a_diff_of_the_lines_that_change(tmp_path: Path) -> None:
    before = f"type: mltable\npaths:\n  - pattern: {OLD}*.csv\ntransformations: []\nmore: 1\nand: 2\n"
    rewrites = (
        Rewrite("/properties/dataUri", OLD, NEW),
        Rewrite("t/MLTable", before, before.replace(OLD, NEW)),
    )
    made = _folder(
        tmp_path, step("data/t/1", reason="new", body={"properties": {"dataUri": NEW}}, rewrites=rewrites)
    )
    lines = _lines(made, "data/t/1")
    at = lines.index("@@ /properties/dataUri @@")
    assert lines[at + 1 : at + 3] == [f"-{OLD}", f"+{NEW}"]
    at = lines.index("@@ t/MLTable @@")
    assert lines[at + 1 : at + 5] == [
        " paths:",
        f"-  - pattern: {OLD}*.csv",
        f"+  - pattern: {NEW}*.csv",
        " transformations: []",
    ]
    assert " and: 2" not in lines and f'    "dataUri": "{NEW}"' in lines


def test_a_plan_tells_changes_in_short_and_show_all_of_them(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from amlmigrate.cli.views.human import HumanView
    from amlmigrate.cli.views.plans import PlanWrittenView

    made: Plan = planfile.read(folder)
    HumanView().show(PlanWrittenView(replace(made, header=replace(made.header, findings=())), folder))
    lines = capsys.readouterr().out.splitlines()
    assert sum(line.startswith("  models/credit-risk/") for line in lines) == 8
    assert "  and 22 more; all of them with `migrate show`" in lines
    assert lines[-2:] == [
        f"Written to {folder}.",
        f"Next: {PlanWrittenView(made, folder).next}",
    ]


def test_a_plan_that_does_not_tell_its_calls_is_shown_all_the_same() -> None:
    assert _estimate(header(estimate={})).endswith("; the plan does not tell how many calls of ARM it takes.")
    assert "1 read and 1 write of ARM, which take at least 1 s" in _estimate(header(estimate=ESTIMATE))
