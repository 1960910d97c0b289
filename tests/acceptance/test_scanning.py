"""`migrate scan` and `migrate plan --fleet` over workspaces of several subscriptions, as their users run them."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.world import MIGRATE, Result, World, make_world, seed_small
from tests.builders import fault

from azsandbox import provision
from azsandbox.client import Client

READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
VERSION = "2025-12-01"
TAGS = {"data-classification": "Restricted", "env": "PRD", "owner": "risk"}


@dataclass
class Estate:
    """Three subscriptions: `one` with a pair, `two` with closed workspaces and a hub, `three` with one more."""

    world: World
    one: str
    two: str
    three: str
    reader: dict[str, str]

    def scan(self, *arguments: str, **env: str) -> Result:
        """A scan of `one` and `two`, with JSON events unless told otherwise."""
        named = [part for sub in (self.one, self.two) for part in ("--subscription", sub)]
        return self.world.migrate("scan", *named, *arguments, **env)

    def in_subscription(self, subscription: str, work: Any) -> Any:
        """Runs `work(client)` with another subscription as its own."""

        async def inside() -> Any:
            async with Client({**self.world.env, "AZURE_SUBSCRIPTION_ID": subscription}) as client:
                return await work(client)

        return asyncio.run(inside())

    def tags(self, name: str) -> dict[str, str]:
        """The tags of a workspace of `two`."""
        path = f"/subscriptions/{self.two}/resourceGroups/fleet/{provision.WORKSPACES}/{name}"
        document = self.in_subscription(self.two, lambda client: client.arm("GET", path, VERSION))
        found: dict[str, str] = document["tags"]
        return found


@pytest.fixture(scope="module")
def estate(sandbox: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    """Made once for the module; tests that change tags put nothing else out of order."""
    world = make_world(sandbox, tmp_path_factory.mktemp("estate"))
    one = str(uuid.uuid4())
    # A subscription of its own, so that workspaces of other tests are not in the lists.
    world.env = {**world.env, "AZURE_SUBSCRIPTION_ID": one}
    number = world.group.removeprefix("rg")
    pair = world.azure(provision.pair, world.group, "old-dev", "new-dev", suffix=f"e{number}")
    world.source, world.target = "old-dev", "new-dev"
    world.documents = {"source": pair.source, "target": pair.target}
    seed_small(world)
    made, reader = world.principal("scanner")
    found = Estate(world, one, str(uuid.uuid4()), str(uuid.uuid4()), reader)
    found.in_subscription(found.two, lambda client: _closed(client, number))
    found.in_subscription(found.three, lambda client: _open(client, "late", f"e{number}late"))
    for subscription in (found.one, found.two):
        work = lambda client: provision.assign(client, client.subscription, READER, made.object_id)  # noqa: E731
        found.in_subscription(subscription, work)
    yield found


async def _closed(client: Client, number: str) -> None:
    """A restricted workspace in production that is closed, with an endpoint and a lock; a hub; an untagged one."""
    group, storage_id, vault_id = await _surroundings(client, f"e{number}two")
    closed = {
        "publicNetworkAccess": "Disabled",
        "networkAcls": {"defaultAction": "Deny"},
        "allowSharedKeyAccess": False,
    }
    await client.arm("PATCH", storage_id, "2023-05-01", {"properties": closed})
    registry = f"{group}/providers/Microsoft.ContainerRegistry/registries/e{number}acr"
    await client.arm("PUT", registry, "2023-07-01", {"location": "eastus2", "sku": {"name": "Premium"}})
    parts = {"storage_id": storage_id, "vault_id": vault_id}
    ledger = await provision.workspace(
        client, group, "ledger", **parts, publicNetworkAccess="Disabled", containerRegistry=registry
    )
    await client.arm("PATCH", ledger["id"], VERSION, {"tags": TAGS})
    state = {"properties": {"privateLinkServiceConnectionState": {"status": "Approved"}}}
    await client.arm("PUT", f"{ledger['id']}/privateEndpointConnections/pe", VERSION, state)
    endpoint = {"location": "eastus2", "identity": {"type": "SystemAssigned"}, "properties": {"authMode": "Key"}}
    await client.arm("PUT", f"{ledger['id']}/onlineEndpoints/score{number}", VERSION, endpoint)
    lock = f"{ledger['id']}/providers/Microsoft.Authorization/locks/keep"
    await client.arm("PUT", lock, "2020-05-01", {"properties": {"level": "CanNotDelete"}})
    roomy = await provision.storage_account(client, group, f"e{number}open")
    for name in ("plain", "spare"):
        await provision.workspace(client, group, name, storage_id=roomy, vault_id=vault_id)
    hub = {
        "location": "eastus2",
        "kind": "Hub",
        "properties": {"storageAccount": storage_id, "keyVault": vault_id},
    }
    await client.arm("PUT", f"{group}/{provision.WORKSPACES}/hub", VERSION, hub)


async def _open(client: Client, name: str, account: str) -> None:
    group, storage_id, vault_id = await _surroundings(client, account)
    await provision.workspace(client, group, name, storage_id=storage_id, vault_id=vault_id)


async def _surroundings(client: Client, account: str) -> tuple[str, str, str]:
    group = await provision.group(client, "fleet")
    storage_id = await provision.storage_account(client, group, account)
    return group, storage_id, await provision.vault(client, group, f"{account}-kv", purge_protection=False)


def found(result: Result) -> dict[str, dict[str, Any]]:
    """The workspaces of a scan by name."""
    return {event["name"]: event for event in result.events if event["event"] == "scan.workspace"}


def test_a_scan_tells_how_each_workspace_stands(estate: Estate) -> None:
    result = estate.scan("--json", "--sizes")
    assert result.code == 0, result.out
    ones = found(result)
    assert set(ones) == {"old-dev", "new-dev", "ledger", "plain", "spare", "hub"}
    scores = [event["risk"]["score"] for event in result.events if event["event"] == "scan.workspace"]
    assert scores == sorted(scores, reverse=True)

    old, new, ledger = ones["old-dev"], ones["new-dev"], ones["ledger"]
    assert old["encryption"] == {"kind": "microsoft", "key_id": None, "key_created": None, "key_age_days": None}
    assert (old["storage"]["encryption"], old["environment"], old["movable"]) == ("microsoft", "dev", True)
    # Counted are names: the model of two versions is one. The service has made four datastores.
    assert [old["counts"][kind] for kind in ("models", "data", "environments", "components", "datastores")] == [
        1,
        1,
        1,
        1,
        4,
    ]
    assert (old["blobs"], old["bytes"]) == (6, sum(1000 + n for n in range(6)))

    key = estate.world.documents["target"]["properties"]["encryption"]["keyVaultProperties"]["keyIdentifier"]
    assert (new["encryption"]["kind"], new["encryption"]["key_id"]) == ("service-side", key)
    assert new["encryption"]["key_age_days"] == 0 and new["encryption"]["key_created"]
    assert new["vault"] | {"id": ""} == {
        "id": "", "holds": "key", "same_subscription": True, "same_region": True, "soft_delete": True, "purge_protection": True
    }  # fmt: skip
    assert (new["storage"]["encryption"], new["identity"]) == ("customer", "SystemAssigned,UserAssigned")
    assert [barrier["code"] for barrier in new["barriers"]] == ["customer-key"]

    assert (ledger["sensitivity"], ledger["environment"]) == ("restricted", "prod")
    assert (
        ledger["exposure"]["public_network_access"] == "Disabled" and ledger["exposure"]["private_endpoints"] == 1
    )
    assert (ledger["vault"]["purge_protection"], ledger["registry"]["encryption"]) == (False, "microsoft")
    assert {barrier["code"] for barrier in ledger["barriers"]} == {"online-endpoints", "private-storage", "lock"}
    assert (ones["hub"]["kind"], ones["hub"]["movable"]) == ("Hub", False)


def test_what_may_not_be_read_is_said_and_stops_nothing(estate: Estate) -> None:
    third = ("--subscription", estate.three)
    result = estate.scan("--json", *third, **estate.reader)
    assert result.code == 3
    assert set(found(result)) == {"old-dev", "new-dev", "ledger", "plain", "spare", "hub"}
    refused = result.event("scan.unreadable")
    assert refused["address"] == f"/subscriptions/{estate.three}"
    assert refused["action"] == "Microsoft.MachineLearningServices/workspaces/read"

    alone = estate.world.migrate("scan", "--json", *third, **estate.reader)
    assert alone.code == 6
    assert "Microsoft.MachineLearningServices/workspaces/read" in alone.event("error")["remedy"]


def test_management_groups_are_expanded_to_any_depth(estate: Estate) -> None:
    outer, inner = f"outer-{estate.world.group}", f"inner-{estate.world.group}"
    estate.world.azure(_management_groups, outer, inner, estate)
    named = ("scan", "--json", "--management-group", outer)
    result = estate.world.migrate(*named)
    assert result.code == 0, result.out
    assert set(found(result)) == {"late", "ledger", "plain", "spare", "hub"}

    # Who may not read the group is told so; what else was named is scanned all the same.
    result = estate.world.migrate(*named, "--subscription", estate.one, **estate.reader)
    assert result.code == 3
    assert set(found(result)) == {"old-dev", "new-dev"}
    assert result.event("scan.unreadable")["address"].endswith(f"/managementGroups/{outer}")


async def _management_groups(client: Client, outer: str, inner: str, estate: Estate) -> None:
    root = "/providers/Microsoft.Management/managementGroups"
    await client.arm("PUT", f"{root}/{outer}", "2020-05-01", {"properties": {}})
    parent = {"details": {"parent": {"id": f"{root}/{outer}"}}}
    await client.arm("PUT", f"{root}/{inner}", "2020-05-01", {"properties": parent})
    await client.arm("PUT", f"{root}/{outer}/subscriptions/{estate.three}", "2020-05-01", {})
    await client.arm("PUT", f"{root}/{inner}/subscriptions/{estate.two}", "2020-05-01", {})


def test_a_broken_answer_leaves_the_scan_incomplete_and_no_provider_is_registered(estate: Estate) -> None:
    provider = f"/subscriptions/{estate.one}/providers/Microsoft.MachineLearningServices$"
    rules = [
        fault(path="workspaces/plain/models$", times=0, status=400),
        fault(path=provider, times=0, status=200, body={"registrationState": "NotRegistered"}),
    ]
    since = datetime.now(UTC).isoformat()
    with estate.world.faults(*rules):
        result = estate.scan("--json")
    assert result.code == 3
    assert found(result)["plain"]["counts"]["models"] is None
    assert result.event("scan.end")["complete"] is False
    asked = [row["path"].lower() for row in estate.world.log(since) if estate.one in row.get("path", "")]
    assert asked == [provider.rstrip("$").lower()], "a list would have registered the provider"


def test_tags_are_shown_then_written_and_nothing_else_changes(estate: Estate) -> None:
    owners = estate.world.folder / "owners.csv"
    owners.write_text(f"workspace,level,owner,date\n{estate.two}/fleet/plain,test,ana,2026-01-01\n")
    dry = estate.scan("--write-tags", "--dry-run", "--guesses", "--decisions", "owners.csv")
    assert dry.code == 3 and "decision not followed: line 2" in dry.out, "it was made before the workspace was"
    for name in ("old-dev", "ledger", "hub"):
        assert f"/{name} " in dry.out, "the table lacks a workspace"
    told = [line for line in dry.err.splitlines() if line.startswith("tags of ")]
    assert [line.partition(":")[0].rsplit("/", 1)[-1] for line in told] == ["ledger", "old-dev", "new-dev"]
    assert "environment: none -> prod, data-classification: Restricted stays, not restricted" in told[0]
    assert estate.tags("ledger") == TAGS

    since = datetime.now(UTC).isoformat()
    today = datetime.now(UTC).date()
    owners.write_text(f"workspace,level,owner,date\n{estate.two}/fleet/spare,test,ana,{today}\n")
    unguessed = estate.scan("--json", "--write-tags", "--dry-run", "--decisions", "owners.csv")
    assert unguessed.code == 0
    due = [event["address"] for event in unguessed.events if event["event"] == "scan.tag"]
    assert {id_.rpartition("/")[2] for id_ in due} == {"ledger", "spare"}
    spare = found(unguessed)["spare"]
    assert (spare["environment"], spare["told_by"]["environment"]["owner"]) == ("test", "ana")
    assert found(unguessed)["old-dev"]["told_by"]["environment"]["by"] == "rule"
    written = estate.scan("--json", "--write-tags", "--guesses")
    assert written.code == 0
    assert estate.tags("ledger") == {**TAGS, "environment": "prod"}
    assert estate.tags("plain") == {}
    changing = [
        row
        for row in estate.world.log(since)
        if row["method"] not in ("GET", "HEAD") and row["host"] == "management.azure.com"
    ]
    assert {(row["method"], row["path"].rsplit("/", 1)[-1]) for row in changing} == {("PATCH", "default")}
    assert len(changing) == written.event("scan.tags")["written"] == 3

    again = estate.scan("--json", "--write-tags", "--overwrite")
    assert again.event("scan.tags") | {"time": ""} == {
        "event": "scan.tags", "time": "", "wanted": 1, "written": 1, "failed": 0, "added": 0, "changed": 1, "kept": 0
    }  # fmt: skip
    assert estate.tags("ledger") == {**TAGS, "data-classification": "restricted", "environment": "prod"}


def test_a_fleet_is_planned_in_waves_and_one_failure_stops_nobody(estate: Estate) -> None:
    world = replace(estate.world, folder=estate.world.folder / "fleet")
    world.folder.mkdir()
    named = ("--subscription", estate.one, "--subscription", estate.two)
    scanned = world.ok("scan", "--json", *named, "--out", "estate.jsonl").event("scan.kept")
    short = f"{estate.two}/fleet"
    targets = world.folder / "targets.csv"
    targets.write_text(
        f"source,target\n{world.group}/old-dev,{world.group}/new-dev\n{short}/plain,{short}/nowhere\n"
    )
    arguments = ("plan", "--fleet", scanned["path"], "--targets", "targets.csv", "--json", "--out", "moves")
    result = world.migrate(*arguments)
    assert result.code == 3, result.err
    assert result.event("fleet.planned")["address"].endswith("/old-dev")
    failed = result.event("fleet.failed")
    assert failed["address"].endswith("/plain") and "There is no workspace" in failed["reason"]
    written = result.event("fleet.written")
    assert {(one["id"] if "id" in one else one["address"]).rsplit("/", 1)[-1]: one["state"] for one in written["left"]} == {
        "ledger": "no-target", "spare": "no-target", "hub": "not-movable", "new-dev": "customer-key"
    }  # fmt: skip

    header, *lines, _ = [
        json.loads(line) for line in (world.folder / "moves" / "fleet.jsonl").read_text().splitlines()
    ]
    assert header["plans"] == {"pending": 0, "planned": 1, "failed": 1}
    plans = {line["folder"]: line for line in lines if line["record"] == "plan"}
    assert [(plans[name]["wave"], plans[name]["state"]) for name in ("old-dev", "plain")] == [
        (1, "planned"),
        (2, "failed"),
    ]

    # What is made is a plan as any other.
    first, *_ = (world.folder / "moves" / "old-dev" / "plan.jsonl").read_text().splitlines()
    assert json.loads(first)["counts"] == plans["old-dev"]["told"]["counts"]
    assert (world.folder / "moves" / "old-dev" / "manual.md").exists()
    assert world.ok("show", "moves/old-dev", "--json").event("plan.header")["name"] == "old-dev"

    # The second time only what failed is tried again, now with a target.
    targets.write_text(targets.read_text().replace(f"{short}/nowhere", f"{short}/spare"))
    before = (world.folder / "moves" / "old-dev" / "plan.jsonl").read_bytes()
    again = world.migrate(*arguments)
    assert again.event("fleet.start") | {"time": ""} == {"event": "fleet.start", "time": "", "plans": 2, "done": 1}
    assert again.event("fleet.planned")["address"].endswith("/plain")
    assert (world.folder / "moves" / "old-dev" / "plan.jsonl").read_bytes() == before


def test_what_was_asked_for_and_is_not_planned_is_exit_code_3_and_the_recipe_verifies(estate: Estate) -> None:
    world = replace(estate.world, folder=estate.world.folder / "recipe")
    world.folder.mkdir()
    # Something that nothing refers to: `run` ends with 3, and `verify` is to come all the same.
    world.seed([], [{"container": "azureml-blobstore", "path": "scratch/1", "bytes": 10}])
    named = ("--subscription", estate.one, "--subscription", estate.two)
    scanned = world.ok("scan", "--json", *named, "--out", "estate.jsonl").event("scan.kept")
    short = f"{estate.two}/fleet"
    (world.folder / "targets.yaml").write_text(
        f"{world.group}/old-dev: {world.group}/new-dev\n{short}/hub: {short}/elsewhere\n"
        f"{short}/ledger: {short}/a\n{short}/spare: {short}/b\n{short}/plain: {short}/c\n"
    )
    options = ("--targets", "targets.yaml", "--out", "moves", "--json")
    result = world.migrate("plan", "--fleet", scanned["path"], *options)
    assert result.code == 3
    [hub] = [one for one in result.events if one["event"] == "fleet.left" and one["named"]]
    assert hub["address"].endswith("/hub") and hub["state"] == "not-movable"
    wave = next(one["wave"] for one in result.events if one["event"] == "fleet.planned")

    done = _recipe(world, "fleet.md", "## Carry it out", {"fleet.jsonl 1": f"fleet.jsonl {wave}"})
    evidence = list((world.folder / "moves" / "old-dev" / "evidence").glob("*-verify.json"))
    assert len(evidence) == 1, done.stdout + done.stderr

    # What that costs, by prices that the recipe of the page saves, and as it was billed.
    done = _recipe(world, "figures.md", "saved answer of Azure's price API", {"migrate figures": "true"})
    assert done.returncode == 0, done.stderr
    asked = ("--scans", ".", "--plans", "moves", "--prices", "prices.json", "--actual", "--format", "json")
    cost = json.loads(world.migrate("figures", *asked).out)["cost"]
    assert (cost["currency"], cost["prices_partial"]) == ("USD", False)
    twice = {line["what"].partition(" of ")[0]: line for line in cost["double"]["lines"]}
    assert twice["storage"]["list_price"] == 0.0184 and twice["storage"]["monthly"] is not None
    assert cost["double"]["not_known"] == 1, "only what its computes and logs do is not known"
    assert [line["list_price"] for line in cost["added"]["lines"] if line["what"].startswith("operations")] == [
        0.03
    ]
    assert cost["actual"]["sums"]["USD"] > 0
    since = world.now()
    again = json.loads(world.migrate("figures", *asked).out)["cost"]["actual"]
    assert again == cost["actual"]
    assert not [row for row in world.log(since) if "costmanagement" in row.get("path", "").lower()]


def _recipe(world: World, name: str, below: str, changes: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Runs the first commands below some words of a page, in a shell of their own."""
    page = (Path(__file__).parents[2] / "docs" / "how-to" / name).read_text()
    recipe = page.partition(below)[2].partition("```console\n")[2].partition("```")[0]
    recipe = recipe.replace("\n$ ", "\n").removeprefix("$ ")
    for before, after in changes.items():
        recipe = recipe.replace(before, after)
    path = f"{MIGRATE.parent}:{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-c", recipe], cwd=world.folder, env={**os.environ, **world.env, "PATH": path}, capture_output=True,
        text=True, check=False, timeout=120,
    )  # fmt: skip
