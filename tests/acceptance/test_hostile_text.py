"""A workspace of hostile words, and a service that answers with them: no output, log, error or file of a move acts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.acceptance.provisioning import OWNED, Place, make_place
from tests.acceptance.removing import removal
from tests.acceptance.world import Result, World, make_world, seed_small
from tests.builders import fault

from amlmigrate.core.escapes import visible

# Without what names in a store of blobs may not hold, and with a formula before it.
WORDS = "=1+1\x1b[2J\x9b31m\x1b]8;;http://evil\x07\r\nFORGED line\u2028\x7f\u202e\u2066\u200b\ufeff[red]r[/] :smile: <b>h</b> `c`"
SHOWN = "\\u202e\\u2066\\u200b"
TAGS = {"note": WORDS, "a\u202eb": WORDS}
ARM = r"management\.azure\.com"


def harmless(result: Result) -> Result:
    for text in (result.out, result.err):
        lines = text.replace("\r\n", "\n").split("\n")
        assert all(map(visible, lines)), ascii([line for line in lines if not visible(line)])
        assert not any(line.startswith("FORGED") for line in lines), text
    return result


def _seed(world: World) -> None:
    store = "azureml://datastores/workspaceblobstore/paths"
    said = {"description": WORDS, "tags": TAGS, "properties": {"p": WORDS}}
    job = {
        "jobType": "Command",
        "command": "true",
        "environmentId": f"{world.documents['source']['id']}/environments/py/versions/1",
    }
    world.seed(
        [
            {"kind": "models", "name": "h", "version": "1", "properties": {**said, "modelType": "custom_model", "modelUri": f"{store}/h"}},
            {"kind": "data", "name": "h", "version": "1", "properties": {**said, "dataType": "uri_folder", "dataUri": f"{store}/d"}},
            {"kind": "environments", "name": "h", "version": "1", "properties": {**said, "image": "mcr.microsoft.com/x:1"}},
        ],
        [
            {"container": "azureml-blobstore", "path": "h/\u202ea\u200b", "bytes": 3},
            {"container": "azureml-blobstore", "path": "=left/\u202e<b>\u2028", "bytes": 3},
        ],
    )  # fmt: skip
    compute = {
        "location": "eastus2",
        "tags": TAGS,
        "properties": {"computeType": "ComputeInstance", "description": WORDS},
    }
    compute["properties"]["properties"] = {"vmSize": "Standard_DS3_v2"}
    world.put(f"computes/c{world.group}", compute)
    world.put("jobs/first", {"properties": {**job, "displayName": WORDS, "experimentName": "e", **said}})
    world.put("schedules/daily", {"properties": {
        "displayName": WORDS, "description": WORDS, "tags": TAGS, "trigger": {"triggerType": "Cron", "expression": "0 0 * * *"},
        "action": {"actionType": "CreateJob", "jobDefinition": {**job, **said}}, "isEnabled": False}})  # fmt: skip
    world.has_run("first")


@pytest.fixture(scope="module")
def world(sandbox: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A pair of its own, whose source holds the words wherever it takes them."""
    made = seed_small(make_world(sandbox, tmp_path_factory.mktemp("hostile")))
    _seed(made)
    yield made


REFUSED = {"error": {"code": "Hostile", "message": WORDS, "details": [{"code": WORDS, "message": WORDS}]}}
NAMED = {
    "value": [
        {
            "id": f"/subscriptions/s/{WORDS}",
            "name": WORDS,
            "type": WORDS,
            "properties": {"description": WORDS},
            "systemData": {"createdAt": WORDS},
        }
    ]
}
FAULTS = {
    "refused": fault(host=ARM, times=0, status=400, body=REFUSED),
    "denied": fault(host=ARM, times=0, status=403, body=REFUSED),
    "names": fault("GET", "/(models|datastores|computes)$", host=ARM, times=0, status=200, body=NAMED),
    "half": fault("GET", "/models$", host=ARM, times=0, status=200, body={"value": "\\ud800"}),
}  # fmt: skip


# How a plan ends under each; of a list that is none nothing is repeated.
ENDS = {"refused": 1, "denied": 6, "names": 1, "half": 1}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_the_service_says_is_harmless(world: World, fault: str, tmp_path: Path) -> None:
    pair = ("--source", f"{world.group}/{world.source}", "--target", f"{world.group}/{world.target}")
    more = {"refused": ("scan",), "denied": ("doctor", *pair)}.get(fault)
    with world.faults(FAULTS[fault]):
        told = harmless(world.migrate("plan", *pair, "--out", str(tmp_path / "p"), "--verbose"))
        assert (told.code, SHOWN in told.err) == (ENDS[fault], fault != "half"), told.err
        if more:
            harmless(world.migrate(*more))


def _writer(world: World) -> None:
    """Somebody who may write to the source, of whom the assignment says hostile words."""
    world.assign(
        world.documents["source"]["id"],
        "b24988ac-6180-42a0-ab88-20f7382dd24c",
        principalType="User",
        description=WORDS,
    )


def test_the_whole_way_is_harmless(world: World) -> None:

    def did(*arguments: str, code: int = 0) -> Result:
        found = harmless(world.migrate(*arguments))
        assert found.code == code, (arguments, found.code, found.out[-800:], found.err[-1500:])
        return found

    _writer(world)
    plan, folder = f"plans/{world.source}", world.folder / "plans" / world.source
    did("plan", *world.names, "--verbose")
    did("run", code=3)
    did("doctor", *world.names)
    # It sees the workspaces of other tests too, and how it ends is for what those have.
    assert harmless(world.migrate("scan", "--format", "csv")).code in (0, 3)
    assert [json.loads(line) for line in did("verify", "--json", code=3).out.splitlines()]
    compute = f"computes/c{world.group}"
    did("done", compute, "--reason", WORDS, code=3)
    did("waive", compute, "--reason", WORDS)
    did("reopen", compute, "--reason", WORDS)
    # As it is written so it is read: the blob that nothing refers to is an address of a prefix, or a path of its own.
    path = world.folder / "open.csv"
    path.write_text(did("show", "--open", "--format", "csv").out.replace(",,", f',waive,"{"@x"}"'), newline="")
    did("waive", "--from", str(path))
    did("show", "--all")
    did("status")
    assert SHOWN in did("show", "models/h/1").out
    did("evidence", "check")
    did("verify")
    did("freeze", plan)
    did("freeze", plan, "--back")
    did("cutover", plan, "--unfrozen", WORDS)
    did(*removal(world))
    for file in folder.rglob("*"):
        if file.suffix in (".md", ".csv", ".yaml", ".yml", ".json", ".jsonl", ".html"):
            text = file.read_bytes().decode().replace("\r\n", "\n")
            assert all(map(visible, text.split("\n"))), file
            if file.suffix in (".yaml", ".yml"):
                list(yaml.safe_load_all(text))


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
    place.file["tags"] = {**OWNED, **TAGS}
    assert _provision(place, "--dry-run").code == 4  # the vault is others'
    assert _provision(place, "--dry-run", "--adopt", WORDS).code == 2
    # A workspace that is there and differs: each difference is told, hostile values among them.
    account = place.account(f"sth{place.number}")
    vault = place.id("Microsoft.KeyVault/vaults", place.file["keyVault"]["name"])
    own = {"keyVault": vault, "storageAccount": account, "description": WORDS}
    body = {"location": "eastus2", "identity": {"type": "SystemAssigned"}, "tags": TAGS, "properties": own}
    place.put(place.workspace, "2025-12-01", body)
    assert _provision(place).code == 4
