"""`make demo` moves a whole team's workspace, cuts over, goes back, cuts over again and removes the source.

None of its secrets is then in any form in a file below the folder, HOME and the folder for temporary ones, in what was
printed, or, while it went on, in the words and variables of a process.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.acceptance.world import MIGRATE
from tests.builders.canaries import Canaries

from amlmigrate.controls import facts
from amlmigrate.controls.facts import FolderEvidence
from amlmigrate.ledger.checking import check
from amlmigrate.planning import planfile
from azsandbox import Sandbox, demoteam
from azsandbox.client import Client

ROOT = Path(__file__).parents[2]
VERSION = "2025-12-01"
STORAGE = "2023-05-01"
# The variable with which the commands sign in.
GIVEN = "AZURE_CLIENT_SECRET"
# The secrets of the team's connections.
CREDENTIALS = 13
# Two for each account: that of each workspace, and the lake.
KEYS = 6
# Two thousand are for who measures it.
NOTEBOOKS = 60
# What the reference of the controls says that the demo's evidence holds.
SHOWN = ROOT / "docs" / "reference" / "controls-demo.json"


def _left(azure: Sandbox) -> tuple[Any, dict[str, bool], set[str]]:
    """The source, which of the target's schedules are enabled, and its connections."""

    async def look() -> tuple[Any, dict[str, bool], set[str]]:
        async with Client(azure.env) as client:
            group = f"{client.subscription}/resourceGroups/demo-rg/providers/Microsoft.MachineLearningServices"
            source, target = (f"{group}/workspaces/demo-{which}" for which in ("source", "target"))
            gone = await client.arm("GET", source, VERSION, accept=(404,))
            schedules = await client.arm("GET", f"{target}/schedules?listViewType=All", VERSION)
            connections = await client.arm("GET", f"{target}/connections?includeAll=true", VERSION)
            enabled = {one["name"]: one["properties"]["isEnabled"] for one in schedules["value"]}
            return gone, enabled, {one["name"] for one in connections["value"]}

    return asyncio.run(look())


def _secrets(value: Any, at: str) -> Iterator[tuple[str, str]]:
    """Where each secret of the team stands in what it makes, and the secret."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _secrets(inner, f"{at}/{name}")
    elif isinstance(value, str) and value.startswith(demoteam.SECRET):
        yield at, value


def _canaries(azure: Sandbox) -> Canaries:
    """All secrets of the team's, and what the commands sign in with."""
    found = Canaries()
    for path, body in demoteam.made():
        for at, secret in _secrets(body, path):
            found.known(at, secret)
    assert len(found.texts) == CREDENTIALS
    found.known("what the commands sign in with", azure.env[GIVEN])
    return found


def _add_keys(azure: Sandbox, canaries: Canaries) -> None:
    """The keys of both accounts, which are there only once the demo has made them."""

    async def look() -> None:
        async with Client(azure.env) as client:
            accounts = f"{client.subscription}/resourceGroups/demo-rg/providers/Microsoft.Storage/storageAccounts"
            for account in (await client.arm("GET", accounts, STORAGE))["value"]:
                for key in (await client.arm("POST", f"{account['id']}/listKeys", STORAGE))["keys"]:
                    canaries.known(f"{key['keyName']} of {account['name']}", key["value"])

    asyncio.run(look())
    assert len(canaries.texts) == CREDENTIALS + 1 + KEYS


def _held(folder: Path) -> dict[str, str]:
    """How each claim and fact stands by the evidence of a plan that is whole."""
    found = check(planfile.read(folder), folder)
    assert found.altered == found.unchecked == []
    return {name: one.state.value for name, one in sorted(facts.held(FolderEvidence(found.reports)).items())}


def test_the_demo_goes_its_whole_way(tmp_path: Path) -> None:
    folder, home, temporary = (tmp_path / name for name in ("work", "home", "temporary"))
    for path in (folder, home, temporary):
        path.mkdir()
    with Sandbox(tmp_path / "state") as azure:
        canaries = _canaries(azure)
        own = {
            "HOME": str(home),
            "TMPDIR": str(temporary),
            "PATH": f"{MIGRATE.parent}{os.pathsep}{os.environ['PATH']}",
        }
        way = ["make", "-f", ROOT / "Makefile", "demo-way", "DEMO=demo", f"NOTEBOOKS={NOTEBOOKS}"]
        # Each command takes longer than that to start.
        with canaries.watched([GIVEN], every=0.2) as seen:
            done = subprocess.run(
                way,
                cwd=folder,
                env={**os.environ, **azure.env, **own},
                capture_output=True,
                text=True,
                check=False,
            )
        said = done.stdout + done.stderr
        assert done.returncode == 0, said[-6000:]
        gone, enabled, connections = _left(azure)
        _add_keys(azure, canaries)
    steps = re.findall(r"^== (\d+)\.", done.stdout, re.MULTILINE)
    assert steps == [str(number) for number in range(1, 11)]
    assert gone is None and "Removed demo-rg/demo-source" in said
    assert enabled == {
        "nightly-training": True,
        "weekly-scoring": True,
        "monthly-report": False,
        # Its jobs run as a person, who has to save it.
        "anns-experiment": False,
        "loans-drift": True,
    }
    assert connections >= {
        path.partition("/")[2] for path, _ in demoteam.made() if path.startswith("connections/")
    }
    for name in ("demo/plan.jsonl", "demo/decisions.csv", "demo/evidence"):
        assert (folder / name).exists(), name
    held = _held(folder / "demo")
    assert held == json.loads(SHOWN.read_text("utf-8")), f"write this into {SHOWN}: {json.dumps(held, indent=2)}"
    seen += [*canaries.in_files(folder, home, temporary), *canaries.seen(said.encode(), "what was printed")]
    assert [(one.what, one.form, one.where) for one in seen] == []
