"""`make demo` moves a whole team's workspace, cuts over, goes back, cuts over again and removes the source."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

from tests.acceptance.world import MIGRATE

from amlmigrate.controls import facts
from amlmigrate.controls.facts import FolderEvidence
from amlmigrate.ledger.checking import check
from amlmigrate.planning import planfile
from azsandbox import Sandbox, demoteam
from azsandbox.client import Client

ROOT = Path(__file__).parents[2]
VERSION = "2025-12-01"
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


def _held(folder: Path) -> dict[str, str]:
    """How each claim and fact stands by the evidence of a plan that is whole."""
    found = check(planfile.read(folder), folder)
    assert found.altered == found.unchecked == []
    return {name: one.state.value for name, one in sorted(facts.held(FolderEvidence(found.reports)).items())}


def test_the_demo_goes_its_whole_way(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    with Sandbox(tmp_path / "state") as azure:
        path = f"{MIGRATE.parent}{os.pathsep}{os.environ['PATH']}"
        way = ["make", "-f", ROOT / "Makefile", "demo-way", "DEMO=demo", f"NOTEBOOKS={NOTEBOOKS}"]
        done = subprocess.run(
            way,
            cwd=folder,
            env={**os.environ, **azure.env, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        said = done.stdout + done.stderr
        assert done.returncode == 0, said[-6000:]
        gone, enabled, connections = _left(azure)
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
    secret = demoteam.SECRET.encode()
    assert demoteam.SECRET not in said
    assert [path for path in folder.rglob("*") if path.is_file() and secret in path.read_bytes()] == []
