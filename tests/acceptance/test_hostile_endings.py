"""The later commands of a move of hostile words, for real: what is decided, frozen, cut over and removed is harmless."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

from tests.acceptance.test_hostile_text import WORDS, _seed, harmless
from tests.acceptance.world import Result, World, make_world, seed_small

from amlmigrate.core.escapes import visible


def _writer(world: World) -> None:
    """Somebody who may write to the source, of whom the assignment says hostile words."""
    source = world.documents["source"]["id"]
    name, role = uuid.uuid4(), "b24988ac-6180-42a0-ab88-20f7382dd24c"
    path = f"{source}/providers/Microsoft.Authorization/roleAssignments/{name}"
    definition = f"/subscriptions/{source.split('/')[2]}/providers/Microsoft.Authorization/roleDefinitions/{role}"
    said = {
        "roleDefinitionId": definition,
        "principalId": str(uuid.uuid4()),
        "principalType": "User",
        "description": WORDS,
    }
    world.azure(lambda client: client.arm("PUT", path, "2022-04-01", {"properties": said}))


def test_the_later_commands_are_harmless(sandbox: Any, tmp_path: Path) -> None:
    world = seed_small(make_world(sandbox, tmp_path))
    _seed(world)
    _writer(world)
    plan = f"plans/{world.source}"

    def did(*arguments: str, code: int = 0) -> Result:
        found = harmless(world.migrate(*arguments))
        assert found.code == code, (arguments, found.code, found.out[-800:], found.err[-1500:])
        return found

    did("plan", *world.names)
    did("run", code=3)
    manual = [line["address"] for line in world.plan_lines() if line.get("action") == "manual"]
    did("waive", manual[0], "--reason", WORDS)
    did("reopen", manual[0], "--reason", WORDS)
    did("done", f"computes/c{world.group}", "--reason", WORDS, code=3)
    did("waive", *manual, "--reason", WORDS)
    did("verify")
    did("freeze", plan)
    did("freeze", plan, "--back")
    did("cutover", plan, "--unfrozen", WORDS)
    did("decommission", plan, "--confirm", f"{world.group}/{world.source}", "--soak", "0")
    for file in (world.folder / plan).rglob("*"):
        if file.suffix in (".md", ".csv", ".yaml", ".json", ".html", ".jsonl"):
            text = file.read_bytes().decode().replace("\r\n", "\n")
            assert all(map(visible, text.split("\n"))), file
