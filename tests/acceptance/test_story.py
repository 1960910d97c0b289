"""The tutorials as they are told: each command is run, and each line of output that they show is there."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.acceptance.world import MIGRATE

DOCS = Path(__file__).parents[2] / "docs"
# A page, and which part of it: the heading begins a story that starts from an empty sandbox again.
STORIES = (("first-move", 0), ("from-scan-to-evidence", 0), ("from-scan-to-evidence", 1))
_ANEW = "\n## Once more"
# What differs from run to run, made the same.
_SAME = (
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "<guid>"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "<sha256>"),
    (re.compile(r"\b[0-9a-f]{16}\b"), "<digest>"),
    (re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(\.\d+)?\+00:00"), "<time>"),
    (re.compile(r"\b\d+\.\d hours after"), "<hours> after"),
    (re.compile(r"/\S+(?=/first-move/)"), "<home>"),
    (re.compile(r"\s+"), " "),
)
# What a test of its own does, in a clone of its own.
_INSTALLED = ("make venv", "export CLONE=")
_ENDS = re.compile(r"\s+# ends with (\d+)$")


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """A reader's shell in a home of its own, and a local Azure for as long as the story goes."""
    found = Shell(tmp_path)
    yield found
    found.end()


class Shell:
    """What a reader types into: one bash, from the first line of a story to its last."""

    def __init__(self, home: Path) -> None:
        self._out, scripts = home / "out", MIGRATE.parent
        env = {**os.environ, "HOME": str(home), "CLONE": str(DOCS.parent)}
        self._bash = subprocess.Popen(
            ["bash", "--norc"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=home,
            env=env | {"PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"},
        )

    def run(self, command: str, code: int) -> str:
        """Runs a command that has to end with the code; what it printed."""
        assert self._bash.stdin and self._bash.stdout
        # What a command leaves running must not hold the pipe that tells of its end.
        self._bash.stdin.write(f"{{ {command}\n}} > {self._out} 2>&1 < /dev/null; echo $?\n")
        self._bash.stdin.flush()
        ended = self._bash.stdout.readline().strip()
        printed = self._out.read_text(encoding="utf-8")
        assert ended == str(code), (command, ended, printed[-4000:])
        return printed

    def end(self) -> None:
        """Stops the local Azure that a story left running."""
        self._bash.communicate("azsandbox down > /dev/null 2>&1\n", timeout=60)


def _told(page: str, part: int) -> Iterator[tuple[str, int, list[str]]]:
    """Each command of a part of the page, its exit code, and the lines that are shown of its output."""
    text = (DOCS / "tutorial" / f"{page}.md").read_text(encoding="utf-8").split(_ANEW)[part]
    for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
        for shown_of in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *shown = shown_of.splitlines()
            ends = _ENDS.search(command)
            lines = [line for line in shown if line.strip() and line != "…"]
            yield _ENDS.sub("", command), int(ends[1]) if ends else 0, lines


def _same(line: str) -> str:
    for pattern, word in _SAME:
        line = pattern.sub(word, line)
    return line.strip()


@pytest.mark.parametrize(("page", "part"), STORIES)
def test_the_story(shell: Shell, page: str, part: int) -> None:
    followed(shell, page, part)


def followed(shell: Shell, page: str, part: int = 0) -> None:
    """Types each command of a part of a page, and finds each line that is shown of its output."""
    digest = ""
    for told, code, shown in _told(page, part):
        if told.startswith(_INSTALLED):
            continue
        # Of all that is typed, only a digest is the reader's own.
        command = f"DIGEST={digest}" if told.startswith("DIGEST=") else told
        printed = shell.run(command, code)
        output = {_same(line) for line in printed.splitlines()}
        assert [line for line in shown if _same(line) not in output] == [], (command, printed)
        if found := re.search(r"--digest ([0-9a-f]{16})", printed):
            digest = found[1]
