"""A workspace that holds something of every collection: each is an item of its plan, and nothing secret is in it."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from typing import Any

import pytest
from tests.acceptance.removing import removal
from tests.acceptance.world import World

SIGNATURE = "c2lnbmF0dXJlLW9mLXRoZS1vdXRzaWRl"
PASSWORD = "p4ssw0rd-of-the-index"
TOKEN = "d0wnl0ad-t0ken"
CERTIFICATE = "Y2VydGlmaWNhdGU="
HASH = "ab" * 16
IMAGE = {"image": "python", "isAnonymous": True}
STORE = "azureml://datastores/workspaceblobstore/paths"
_LOGS = "Microsoft.Insights/diagnosticSettings"
_AUTHORIZATION = "Microsoft.Authorization"


def _rows(world: World) -> dict[str, dict[str, Any]]:
    """A document for each collection, by path below the workspace."""
    base, name = world.documents["source"]["id"], f"e{world.group}"
    anonymous = f"{base}/environments/CliV2AnonymousEnvironment/versions/{HASH}"
    deployment = {"endpointComputeType": "Managed", "instanceType": "Standard_DS3_v2", "environmentId": anonymous,
                  "model": f"{base}/models/m/versions/1"}  # fmt: skip
    job = {"jobType": "Command", "command": "x", "environmentId": anonymous,
           "inputs": {"in": {"jobInputType": "uri_folder", "uri": f"{STORE}/nightly"}}}  # fmt: skip
    compute = {"computeType": "ComputeInstance", "properties": {"vmSize": "Standard_DS3_v2"}}
    guid = "cccccccc-1111-4222-8333-444444444444"
    secret = {"credentialsType": "Certificate", "clientId": guid, "tenantId": guid, "thumbprint": "f"}
    secret |= {"secrets": {"secretsType": "Certificate", "certificate": CERTIFICATE}}
    located: dict[str, dict[str, Any]] = {
        f"onlineEndpoints/{name}": {"authMode": "Key"},
        f"onlineEndpoints/{name}/deployments/blue": deployment,
        f"batchEndpoints/b{world.group}": {"authMode": "AADToken"},
        f"batchEndpoints/b{world.group}/deployments/one": {
            "model": {"referenceType": "Id", "assetId": f"{base}/models/m/versions/1"}
        },
        f"computes/c{world.group}": compute,
        "serverlessEndpoints/s": {
            "authMode": "Key",
            "modelSettings": {"modelId": "azureml://registries/r/models/m"},
        },
    }
    plain: dict[str, dict[str, Any]] = {
        "schedules/off": {"displayName": "n", "isEnabled": False, "trigger": {"triggerType": "Cron", "expression": "0 0 * * *"},
                          "action": {"actionType": "CreateJob", "jobDefinition": job}},
        "connections/git": {"authType": "None", "category": "Git", "target": "https://example.com"},
        "outboundRules/out": {"type": "FQDN", "destination": "example.com", "category": "UserDefined"},
        "featuresets/fs": {"description": "x"},
        "featuresets/fs/versions/1": {"description": "x"},
        "featurestoreEntities/fe": {"description": "x"},
        "featurestoreEntities/fe/versions/2": {"description": "x"},
        "marketplaceSubscriptions/ms": {"modelId": "azureml://registries/r/models/m"},
        "capabilityHosts/ch": {"description": "x"},
        "privateEndpointConnections/pe": {"privateLinkServiceConnectionState": {"status": "Approved"}},
        "datastores/gen1?skipValidation=true": {"datastoreType": "AzureDataLakeGen1", "storeName": "g",
                                                "credentials": {"credentialsType": "None"}},
        "datastores/lake?skipValidation=true": {"datastoreType": "AzureDataLakeGen2", "accountName": "banklake",
                                                "filesystem": "raw", "credentials": secret},
        "jobs/brave": {"jobType": "Command", "command": "true", "environmentId": "x", "experimentName": "e"},
    }  # fmt: skip
    found = {path: {"location": "eastus2", "properties": one} for path, one in located.items()}
    for path in found:
        if path.endswith(("blue", "one")):
            found[path]["sku"] = {"name": "Default", "capacity": 1}
    return found | {path: {"properties": one} for path, one in plain.items()}


def _around(world: World) -> dict[str, str]:
    """What lies at the workspace; the ids of what belongs to other providers."""
    base, role = world.documents["source"]["id"], f"roleAssignments/{uuid.uuid4()}"
    ids = {
        "diagnosticSettings/logs": f"{base}/providers/{_LOGS}/logs",
        "locks/keep": f"{base}/providers/{_AUTHORIZATION}/locks/keep",
        role: f"{base}/providers/{_AUTHORIZATION}/{role}",
    }
    scientist = f"/providers/{_AUTHORIZATION}/roleDefinitions/f6c7c914-8db3-469d-8ca1-694a8f32e121"
    bodies: dict[str, tuple[str, dict[str, Any]]] = {
        "diagnosticSettings/logs": (
            "2021-05-01-preview",
            {"storageAccountId": world.storage_id("target"), "logs": []},
        ),
        "locks/keep": ("2020-05-01", {"level": "CanNotDelete"}),
        # Nothing in the directory has this id.
        role: ("2022-04-01", {"roleDefinitionId": scientist, "principalId": str(uuid.uuid4())}),
    }
    for address, (version, properties) in bodies.items():
        world.arm("PUT", ids[address], version, {"properties": properties})
    return ids


@pytest.fixture
def full(world: World) -> World:
    """Something of everything, secrets in URLs and a snapshot among it."""
    assets: list[tuple[str, str, str, dict[str, Any]]] = [
        ("environments", "CliV2AnonymousEnvironment", HASH, IMAGE),
        ("environments", "CliV2AnonymousEnvironment", "cd" * 16, IMAGE | {"image": "python:3"}),
        ("environments", "pip", "1", {"image": "x", "condaFile": json.dumps({"dependencies": [
            "python=3.11", {"pip": [f"--extra-index-url https://me:{PASSWORD}@example.com/simple", "pandas"]}]})}),
        ("models", "m", "1", {"modelType": "custom_model", "modelUri": f"{STORE}/m"}),
        ("data", "signed", "1", {"dataType": "uri_file", "dataUri": f"https://x.example.com/a.csv?sv=1&sig={SIGNATURE}"}),
        ("components", "get", "1", {"componentSpec": {"type": "command", "name": "get", "version": "1",
            "command": f"curl 'https://example.com/f?token={TOKEN}' -o f"}}),
    ]  # fmt: skip
    # So many that a view folds them.
    assets += [("environments", "many", str(number), {"image": "x"}) for number in range(4)]
    rows = [{"kind": k, "name": n, "version": v, "properties": p} for k, n, v, p in assets]
    blobs = [
        {"container": "azureml-blobstore", "path": path, "bytes": 9} for path in ("m/a", "nightly/1", "loose")
    ]
    world.seed(rows, blobs)
    world.put("data/signed/versions/1", {"properties": assets[4][3] | {"isArchived": True}})
    for path, body in _rows(world).items():
        world.put(path, body)
    with world.container_client("source") as client:
        client.get_blob_client("m/a").create_snapshot()
    world.has_run("brave")
    return world


def _steps(world: World, name: str | None = None) -> dict[str, dict[str, Any]]:
    return {line["address"]: line for line in world.plan_lines(name) if line["record"] == "step"}


def test_everything_is_an_item_and_no_file_holds_a_secret(full: World) -> None:
    world = full
    around = {address for address in _around(world) if address.startswith("roleAssignments/")}
    world.ok("plan", *world.names)
    steps = _steps(world)
    manual = {address for address, step in steps.items() if step["action"] == "manual"}
    named = {path.partition("?")[0] for path in _rows(world)} - {
        "datastores/gen1",
        "datastores/lake",
        "jobs/brave",
        "connections/git",
        "schedules/off",
    }
    assert manual == named | around | {"jobs", f"blobs/{world.container('source')}"}
    [role] = (step for step in steps.values() if step["address"].startswith("roleAssignments/"))
    assert "it was deleted" in role["reason"]
    assert steps["locks/keep"]["action"] == steps["diagnosticSettings/logs"]["action"] == "create"
    # What only a deployment and a schedule need goes along; what nothing needs does not.
    actions = {address: step["action"] for address, step in steps.items()}
    assert actions[f"environments/CliV2AnonymousEnvironment/{HASH}"] == "create"
    assert actions[f"environments/CliV2AnonymousEnvironment/{'cd' * 16}"] == "skip"
    assert actions[f"blobs/{world.container('source')}/nightly"] == "copy"
    header = world.plan_lines()[0]
    _check_header(world, header, steps)
    _check_manual(world)

    run = world.migrate("run", "--json")
    assert run.code == 3
    assert {one["address"] for one in run.event("run.end")["left"]} == manual
    assert all(any(warning["summary"] in line for line in run.event("run.end")["lines"])
               for warning in header["findings"])  # fmt: skip
    # Not all that stays behind is an item: the container's snapshot is a finding of its own.
    [history] = [one["address"] for one in header["findings"] if one["severity"] == "blocks"]
    assert history == f"blobs/{world.container('source')}!blob-history-left"
    world.ok("waive", *manual, history, "--reason", "by hand")
    end = world.ok("verify", "--json").event("verify.end")
    assert end["differences"] == [] and end["green"]
    _check_target(world)
    secrets = (SIGNATURE, PASSWORD, TOKEN, CERTIFICATE)
    for path in (world.folder / "plans").rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert not [secret for secret in secrets if secret.encode() in data], path
    again = world.ok("plan", *world.names, "--json")
    counts = again.event("plan.header")["counts"]
    assert {action for one in counts.values() for action in one} <= {"adopt", "skip", "manual"}
    assert not [secret for secret in secrets if secret in again.out + run.out]


def _check_header(world: World, header: dict[str, Any], steps: dict[str, dict[str, Any]]) -> None:
    told = {finding["summary"]: finding for finding in header["findings"]}
    [unlisted] = [finding for text, finding in told.items() if "data plane" in text]
    assert (unlisted["severity"], unlisted["address"]) == (
        "warning",
        f"{world.documents['source']['id']}!not-listed-by-arm",
    )
    assert any("1 snapshot" in text for text in told)
    assert any(text.startswith("Its bytes are outside") and "sig=<secret>" in text for text in told)
    documents = [s for a, s in steps.items() if not a.startswith("blobs/")]
    # Names come with their first versions, and are looked at in one list.
    brought = [s for s in documents if s["reason"] == "is created with its first version"]
    written = [s for s in documents if s["action"] in ("create", "update") and s not in brought]
    adopted = [s for s in documents if s["action"] == "adopt"]
    assert [s["address"] for s in adopted] == ["workspace"]
    names = {tuple(a.split("/")[:2]) for a, s in steps.items() if s["source_id"] and s["action"] != "manual"}
    estimate = header["estimate"]
    assert estimate["arm_writes"] == len(written)
    # What a PUT would replace whole, or says nothing of, is looked at before it is written as well.
    looked = [
        step
        for step in written
        if step["action"] == "update"
        or step["address"].startswith(
            ("connections/", "datastores/", "diagnosticSettings/", "environments/", "locks/", "schedules/")
        )
    ]
    assert brought
    # Three versions of a name or more are looked at in the source by one list.
    named = Counter(step["address"].rpartition("/")[0] for step in written)
    spared = sum(count - 1 for count in named.values() if count >= 3)
    assert spared
    assert estimate["arm_reads"] == len(names) + 2 * len(written) + 2 * len(adopted) + len(looked) + 1 - spared
    # A full bucket of 200 writes is free, and 250 reads are.
    assert estimate["floor_seconds"] == 0


def _check_manual(world: World) -> None:
    text = (world.folder / "plans" / world.source / "manual.md").read_text()
    assert "everything that the workspace holds" not in text
    assert "labeling projects" in text
    shown = world.ok("show").out
    assert all(
        str(step["address"]) in shown for step in _steps(world).values() if step["action"] in ("create", "update")
    )
    events = world.ok("show", "--json").events
    assert sum(event["event"] == "plan.step" for event in events) == len(_steps(world))


def _check_target(world: World) -> None:
    """Secrets arrived whole, and the rest as it was."""
    assert world.get("data/signed/versions/1")["properties"]["dataUri"].endswith(f"?sv=1&sig={SIGNATURE}")
    assert world.get("data/signed/versions/1")["properties"]["isArchived"] is True
    assert f"me:{PASSWORD}@example.com" in world.get("environments/pip/versions/1")["properties"]["condaFile"]
    assert TOKEN in world.get("components/get/versions/1")["properties"]["componentSpec"]["command"]
    base = world.documents["target"]["id"]
    lake = world.arm("POST", f"{base}/datastores/lake/listSecrets", "2025-12-01")
    assert lake["certificate"] == CERTIFICATE
    assert world.get("datastores/gen1")["properties"]["storeName"] == "g"
    assert f"environments/CliV2AnonymousEnvironment/versions/{HASH}" in world.get(
        f"environments/CliV2AnonymousEnvironment/versions/{HASH}")["id"]  # fmt: skip


def test_locks_and_rights_that_go_before_the_workspace_are_no_drift(small_world: World) -> None:
    world = small_world
    around = _around(world)
    lock = around["locks/keep"]
    world.ok("plan", *world.names)
    # Rights given for the time of the move are none either, before the run, and taken back, before the removal.
    given = world.assign(
        world.documents["source"]["id"], "acdd72a7-3385-48ef-bd42-f606fba81ae7", principalType="User"
    )
    assert world.migrate("run").code == 3
    [role] = (address for address in around if address.startswith("roleAssignments/"))
    world.ok("waive", role, "--reason", "set at the target")
    # But a verification tells of them: whoever has them for good has to have them in the target too.
    told = world.migrate("verify", "--json")
    came = f"roleAssignments/{given.rpartition('/')[2]}!came-since-plan"
    assert told.code == 3 and came in {one["address"] for one in told.event("verify.end")["open_findings"]}
    world.ok("waive", came, "--reason", "for the move")
    world.ok("verify")
    refused = world.migrate(*removal(world))
    assert refused.code == 4 and "A lock is in the way" in refused.err
    world.arm("DELETE", lock, "2020-05-01")
    world.arm("DELETE", given, "2022-04-01")
    ended = world.ok(*removal(world), "--json").event("decommission.end")
    assert any("data plane" in one["summary"] for one in ended["warnings"])


def test_a_path_that_begins_with_a_slash_goes_to_the_blob_of_that_name(world: World) -> None:
    container = world.container("source")
    with world.container_client("source") as client:
        client.upload_blob("/odd/a.csv", b"1")
        client.upload_blob("odd/a.csv", b"22")
    url = f"https://{world.account('source')}.blob.core.windows.net/{container}//odd/a.csv"
    world.put("data/odd/versions/1", {"properties": {"dataType": "uri_file", "dataUri": url}})
    world.ok("plan", *world.names)
    [copy] = [step for step in _steps(world).values() if step["action"] == "copy"]
    assert copy["from"][2] == "/odd/a.csv"
    assert world.migrate("run").code == 3
    assert {path: blob.size for path, blob in world.blobs("target").items()} == {"/odd/a.csv": 1}
    assert f"{world.container('target')}//odd/a.csv" in world.get("data/odd/versions/1")["properties"]["dataUri"]
