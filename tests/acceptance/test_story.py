"""The tutorials as they are told: each command is run, and each line of output that they show is there."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.acceptance.world import MIGRATE

from azsandbox import Sandbox

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
    (re.compile(r"\s+"), " "),
)
_ENDS = re.compile(r"\s+# ends with (\d+)$")


@pytest.fixture
def env(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A sandbox of each story's own, with the demo's two workspaces in it."""
    with Sandbox(tmp_path_factory.mktemp("story")) as azure:
        found = {**os.environ, **azure.env}
        subprocess.run([_sandbox(), "seed", "demo"], env=found, check=True, capture_output=True)
        yield found


def _sandbox() -> str:
    return str(MIGRATE.with_name("azsandbox"))


class Shell:
    """What a reader types into: commands of both scripts are run, with the sign-in that was set last."""

    def __init__(self, env: dict[str, str], folder: Path) -> None:
        self._owner, self._env, self._folder = env, env, folder
        self._added: dict[str, dict[str, str]] = {}

    def run(self, command: str, code: int) -> str:
        """Runs a command that has to end with the code; what it printed."""
        if command.startswith("export AZURE_CLIENT_ID="):
            self._env = self._owner | self._added[command.rpartition("# the ")[2].removesuffix("'s")]
        elif command.startswith('eval "$(azsandbox env'):
            self._env = self._owner
        elif command.startswith("azsandbox principal add"):
            told = self._done(f"{command} --state {self._owner['AZSANDBOX_STATE']}", 0, self._owner).stdout
            made = dict(re.findall(r"^(client id|client secret) +(\S+)", told, re.MULTILINE))
            signed_in = {"AZURE_CLIENT_ID": made["client id"], "AZURE_CLIENT_SECRET": made["client secret"]}
            self._added[shlex.split(command)[3]] = signed_in
        elif command.startswith("migrate "):
            done = self._done(command, code, self._env)
            return done.stdout + done.stderr
        return ""

    def _done(self, command: str, code: int, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
        command, _, into = command.partition(" > ")
        words = shlex.split(command)
        done = subprocess.run(
            [MIGRATE.with_name(words[0]), *words[1:]],
            cwd=self._folder,
            env=env,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert done.returncode == code, (command, done.stdout[-2000:], done.stderr[-2000:])
        if into:
            (self._folder / into).write_text(done.stdout)
        return done


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
def test_the_story(env: dict[str, str], tmp_path: Path, page: str, part: int) -> None:
    shutil.copy(DOCS / "how-to" / "provision-example.yaml", tmp_path / "risk.yaml")
    shell, source, digest = Shell(env, tmp_path), "", ""
    for told, code, shown in _told(page, part):
        command = re.sub(r"blobs/azureml-blobstore-\S+", source, told) if source else told
        # Somebody else approves what was printed last.
        command = re.sub(r"(?<=--digest )\S+", digest, command) if digest else command
        printed = shell.run(command, code)
        if command.startswith("migrate "):
            output = {_same(line) for line in printed.splitlines()}
            assert [line for line in shown if _same(line) not in output] == [], (command, printed)
        if found := re.search(r"blobs/azureml-blobstore-\S+?(?=[ :])", printed):
            source = source or found[0]
        if found := re.search(r"--digest ([0-9a-f]{16})", printed):
            digest = found[1]
