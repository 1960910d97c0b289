"""The later commands of a move of hostile words, for real: what is decided, frozen, cut over and removed is harmless."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import yaml
from tests.acceptance.provisioning import Place, make_place
from tests.acceptance.test_approving import second
from tests.acceptance.test_hostile_text import ARM, REFUSED, TAGS, WORDS, _seed, harmless
from tests.acceptance.world import Result, World, make_world, seed_small
from tests.builders import fault

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
    world.arm("PUT", path, "2022-04-01", {"properties": said})


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
    _files_are_harmless(world.folder / plan)


def test_an_approval_is_harmless(sandbox: Any, tmp_path: Path) -> None:
    world = seed_small(make_world(sandbox, tmp_path))
    _seed(world)
    _, env = second(world)
    plan = f"plans/{world.source}"
    assert harmless(world.migrate("plan", *world.names, "--require-approval")).code == 0
    digest = world.ok("show", plan, "--json").event("show.approval")["sha256"]
    refused = harmless(world.migrate("approve", plan, "--digest", WORDS, "--comment", WORDS, **env))
    assert refused.code == 2
    assert harmless(world.migrate("approve", plan, "--digest", digest, "--comment", WORDS, **env)).code == 0
    for command in (("show", plan), ("status",), ("evidence", "check", plan)):
        assert harmless(world.migrate(*command)).code == 0
    [report] = (world.folder / plan / "evidence").glob("*approval.json")
    assert "FORGED line" in report.read_text()
    _files_are_harmless(world.folder / plan)


def _provision(place: Place, *options: str) -> Result:
    place.path.write_text(yaml.safe_dump(place.file))
    return harmless(place.world.migrate("provision", str(place.path), "--yes", *options))


def test_provisioning_is_harmless(sandbox: Any, tmp_path: Path) -> None:
    place = make_place(sandbox, tmp_path)
    for method in ("GET", "PUT"):
        with place.world.faults(fault(method, host=ARM, times=0, status=400, body=REFUSED)):
            told = _provision(place)
        assert told.code != 0 and "FORGED line" in told.err
    place.file[WORDS] = WORDS
    assert _provision(place).code == 2
    del place.file[WORDS]
    place.put(place.group, "2022-09-01", {"location": "eastus2", "tags": TAGS})
    place.vault(place.file["keyVault"]["name"])
    place.file["tags"] = TAGS
    assert _provision(place, "--dry-run").code == 4  # the vault is others'
    assert _provision(place, "--dry-run", "--adopt", WORDS).code == 2
    # A workspace that is there and differs: each difference is told, hostile values among them.
    account = place.id("Microsoft.Storage/storageAccounts", f"sth{place.number}")
    plain = {"location": "eastus2", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2", "properties": {}}
    place.put(account, "2023-05-01", plain)
    vault = place.id("Microsoft.KeyVault/vaults", place.file["keyVault"]["name"])
    own = {"keyVault": vault, "storageAccount": account, "description": WORDS}
    body = {"location": "eastus2", "identity": {"type": "SystemAssigned"}, "tags": TAGS, "properties": own}
    place.put(place.workspace, "2025-12-01", body)
    assert _provision(place).code == 4


def _files_are_harmless(folder: Path) -> None:
    files = [
        one for one in folder.rglob("*") if one.suffix in (".md", ".csv", ".yaml", ".json", ".html", ".jsonl")
    ]
    assert files
    for file in files:
        text = file.read_bytes().decode().replace("\r\n", "\n")
        assert all(map(visible, text.split("\n"))), file
