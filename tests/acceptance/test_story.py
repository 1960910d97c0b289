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

from azsandbox import lifetime
from azsandbox.settings import Options, environment
from azsandbox.state import StateFolder

DOCS = Path(__file__).parents[2] / "docs"
STORIES = ("first-move", "from-scan-to-evidence")
# What differs from run to run, made the same.
_SAME = (
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "<guid>"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "<sha256>"),
    (re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(\.\d+)?\+00:00"), "<time>"),
    (re.compile(r"\s+"), " "),
)
_ENDS = re.compile(r"\s+# ends with (\d+)$")


@pytest.fixture
def env(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A sandbox of each story's own, with the demo's two workspaces in it."""
    state = StateFolder(tmp_path_factory.mktemp("story"))
    process = lifetime.detach(state, Options(arm_limits="off"))
    found = {**os.environ, **environment(state, state.announced()["port"])}
    subprocess.run(
        [_sandbox(), "seed", "demo", "--state", str(state.root)], env=found, check=True, capture_output=True
    )
    yield found
    lifetime.stop(state)
    process.wait()


def _sandbox() -> str:
    return str(MIGRATE.with_name("azsandbox"))


def _approver(env: dict[str, str]) -> dict[str, str]:
    done = subprocess.run(
        [_sandbox(), "principal", "add", "approver", "--state", env["AZSANDBOX_STATE"]],
        env=env, check=True, capture_output=True, text=True,
    )  # fmt: skip
    made = dict(re.findall(r"^(client id|client secret) +(\S+)", done.stdout, re.MULTILINE))
    return env | {"AZURE_CLIENT_ID": made["client id"], "AZURE_CLIENT_SECRET": made["client secret"]}


def _told(story: str) -> Iterator[tuple[str, int, list[str]]]:
    """Each `migrate` of the story, its exit code, and the lines that are shown of its output."""
    text = (DOCS / "tutorial" / f"{story}.md").read_text(encoding="utf-8")
    for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *shown = part.splitlines()
            if not command.startswith("migrate "):
                continue
            ends = _ENDS.search(command)
            lines = [line for line in shown if line.strip() and line != "…"]
            yield _ENDS.sub("", command), int(ends[1]) if ends else 0, lines


def _same(line: str) -> str:
    for pattern, word in _SAME:
        line = pattern.sub(word, line)
    return line.strip()


@pytest.mark.parametrize("story", STORIES)
def test_the_story(env: dict[str, str], tmp_path: Path, story: str) -> None:
    shutil.copy(DOCS / "how-to" / "provision-example.yaml", tmp_path / "risk.yaml")
    approver = _approver(env)
    source = ""
    for command, code, shown in _told(story):
        words = [source if "blobstore-" in word else word for word in shlex.split(command)[1:]]
        done = subprocess.run(
            [MIGRATE, *words],
            cwd=tmp_path,
            env=approver if words[0] == "approve" else env,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert done.returncode == code, (command, done.stdout[-2000:], done.stderr[-2000:])
        output = {_same(line) for line in (done.stdout + done.stderr).splitlines()}
        assert [line for line in shown if _same(line) not in output] == [], (command, done.stdout, done.stderr)
        if found := re.search(r"blobs/azureml-blobstore-\S+?(?=[ :])", done.stdout):
            source = source or found[0]
