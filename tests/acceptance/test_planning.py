"""What a plan makes of a workspace that holds a bit of everything, and of what changes after it was moved."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.acceptance.world import World
from tests.builders import fault

KEY, SAS, SECRET = "a2V5LW9mLXRoZS1jdXN0b21lcg==", "?sv=2022&sig=c2lnbmF0dXJl", "client-secret-of-the-lake"
CLIENT, TENANT = "cccccccc-1111-4222-8333-444444444444", "dddddddd-1111-4222-8333-444444444444"


def _path(world: World) -> str:
    return f"subscriptions/{world.env['AZURE_SUBSCRIPTION_ID']}/resourcegroups/{world.group}/workspaces/{world.source}"


def _store(name: str, path: str) -> str:
    return f"azureml://datastores/{name}/paths/{path}"


def _row(kind: str, name: str, version: str | None, **properties: Any) -> dict[str, Any]:
    return {"kind": kind, "name": name, "version": version, "properties": properties}


def _model(name: str, version: str, uri: str, **properties: Any) -> dict[str, Any]:
    return _row("models", name, version, modelType="custom_model", modelUri=uri, **properties)


def _data(name: str, version: str, kind: str, uri: str, **properties: Any) -> dict[str, Any]:
    return _row("data", name, version, dataType=kind, dataUri=uri, **properties)


def _secret(kind: str, **secrets: str) -> dict[str, Any]:
    return {"credentialsType": kind, "secrets": {"secretsType": kind, **secrets}}


def _datastores(world: World) -> list[dict[str, Any]]:
    lake = _secret("ServicePrincipal", clientSecret=SECRET) | {"clientId": CLIENT, "tenantId": TENANT}
    blob = {"datastoreType": "AzureBlob", "endpoint": "core.windows.net", "protocol": "https"}
    return [
        _row("datastores", "bank", None, **blob, accountName="bankdata", containerName="raw",
             credentials=_secret("AccountKey", key=KEY), tags={"owner": "risk"}),
        _row("datastores", "lake", None, datastoreType="AzureDataLakeGen2", accountName="banklake", filesystem="raw",
             credentials=lake),
        _row("datastores", "files", None, datastoreType="AzureFile", accountName="bankfiles", fileShareName="share",
             credentials=_secret("Sas", sasToken=SAS)),
        _row("datastores", "onelake", None, datastoreType="OneLake", oneLakeWorkspaceName="w",
             artifact={"artifactType": "LakeHouse", "artifactName": "a"}, credentials={"credentialsType": "None"}),
        _row("datastores", "mine", None, **blob, accountName=world.account("source"),
             containerName=world.container("source"), credentials=_secret("AccountKey", key=KEY)),
    ]  # fmt: skip


def _assets(world: World) -> list[dict[str, Any]]:
    base, account = world.documents["source"]["id"], world.account("source")
    container = world.container("source")
    return [
        _model("risk", "10", _store("workspaceblobstore", "models/risk/10"), tags={"gen": "1"}),
        _model("risk", "2", _store("workspaceblobstore", "models/risk/2"), stage="Production"),
        _model("from-job", "1", "azureml://jobs/brave_job/outputs/artifacts/paths/model", jobName="brave_job"),
        _model("from-run", "1", "runs:/brave_job/model2"),
        _model("from-output", "1", "azureml://jobs/brave_job/outputs/trained/paths/m.pkl"),
        _data("https", "v1.0-beta", "uri_file", f"https://{account}.blob.core.windows.net/{container}/d/https.csv"),
        _data("wasbs", "1", "uri_file", f"wasbs://{container}@{account}.blob.core.windows.net/d/wasbs.csv"),
        _data("abfss", "1", "uri_folder", f"abfss://{container}@{account}.dfs.core.windows.net/d/abfss/"),
        _data("lake", "1", "uri_folder", _store("lake", "tables/")),
        _data("mine", "1", "uri_folder", _store("mine", "d/mine")),
        _data("table", "1", "mltable", _store("workspaceblobstore", "d/table")),
        _data("gone", "1", "uri_file", _store("workspaceblobstore", "d/gone.csv")),
        _row("environments", "py", "1", image="mcr.microsoft.com/x:1", condaFile="dependencies: [python=3.10]\n"),
        _row("environments", "CliV2AnonymousEnvironment", "0" * 32, image="python", isAnonymous=True),
        _row("environments", "CliV2AnonymousEnvironment", "1" * 32, image="python:3", isAnonymous=True),
        _row("components", "train", "1", componentSpec={
            "type": "command", "name": "train", "version": "1", "command": f"cat azureml://{_path(world)}/datastores/"
            "workspaceblobstore/paths/d/inline.txt", "environment": f"{base}/environments/CliV2AnonymousEnvironment/"
            f"versions/{'1' * 32}", "inputs": {"m": {"type": "custom_model", "path": "azureml:risk:2"}},
        }),
        _row("components", "curated", "1", componentSpec={
            "type": "command", "name": "curated", "version": "1", "command": "true",
            "environment": "azureml://registries/azureml/environments/sklearn-1.5/labels/latest",
        }),
    ]  # fmt: skip


def _blobs(world: World) -> list[dict[str, Any]]:
    table = (
        f"paths:\n  - folder: azureml://{_path(world)}/datastores/workspaceblobstore/paths/d/parquet\n"
        "transformations:\n  - read_parquet\n"
    )
    names = ["models/risk/10/a.bin", "models/risk/2/a.bin", "d/https.csv", "d/wasbs.csv", "d/abfss/1.csv", "d/mine/1",
             "d/parquet/1.parquet", "d/parquet/2.parquet", "d/inline.txt", "azureml/brave_job/trained/m.pkl",
             "loose/1"]  # fmt: skip
    rows = [{"container": "azureml-blobstore", "path": name, "bytes": 100 + n} for n, name in enumerate(names)]
    rows.append({"container": "azureml-blobstore", "path": "d/table/MLTable", "text": table})
    for name in ("model/a", "model2/a"):
        rows.append({"container": "azureml", "path": f"ExperimentRun/dcid.brave_job/{name}", "bytes": 7})
    return rows


@pytest.fixture
def full(world: World) -> World:
    world.put("jobs/brave_job", {"properties": {"jobType": "Command", "command": "true", "environmentId": "x",
              "computeId": "", "experimentName": "e"}})  # fmt: skip
    world.put("models/risk", {"properties": {"description": "credit risk", "tags": {"team": "bank"}}})
    for row in _datastores(world):
        world.put(f"datastores/{row['name']}?skipValidation=true", {"properties": row["properties"]})
    world.seed(_assets(world), _blobs(world))
    old = {"properties": {"modelType": "custom_model", "modelUri": _store("workspaceblobstore", "models/risk/2"),
           "isArchived": True}}  # fmt: skip
    world.put("models/risk/versions/2", old)
    world.put("data/wasbs", {"properties": {"dataType": "uri_file", "isArchived": True}})
    world.has_run("brave_job")
    return world


def _steps(world: World, name: str | None = None) -> dict[str, dict[str, Any]]:
    return {line["address"]: line for line in world.plan_lines(name) if line["record"] == "step"}


def test_a_bit_of_everything(full: World) -> None:
    world = full
    world.ok("plan", *world.names)
    steps = _steps(world)
    actions = {address: step["action"] for address, step in steps.items()}
    unreferenced = f"blobs/{world.container('source')}"
    assert actions["jobs"] == "manual" and actions[unreferenced] == "manual"
    assert "1 blob with" in steps[unreferenced]["reason"]
    assert actions[f"environments/CliV2AnonymousEnvironment/{'0' * 32}"] == "skip"
    assert actions[f"environments/CliV2AnonymousEnvironment/{'1' * 32}"] == "create"
    assert actions["datastores/workspaceblobstore"] == "skip"
    assert actions["models/risk"] == "create" and actions["models/risk/2#archive"] == "update"
    jobs = [json.loads(x) for x in (world.folder / "plans" / world.source / "jobs.jsonl").read_text().splitlines()]
    assert [job["name"] for job in jobs] == ["brave_job"]
    # Bytes of a job are copied like any other, below the artifact store and the default datastore.
    assert "blobs/azureml/ExperimentRun/dcid.brave_job/model" in steps
    assert f"blobs/{world.container('source')}/azureml/brave_job/trained/m.pkl" in steps
    assert "jobName" not in steps["models/from-job/1"]["body"]["properties"]
    assert steps["models/from-job/1"]["body"]["properties"]["properties"]["migratedFrom.jobName"] == "brave_job"
    # 10 was created first, so it comes first and 2 stays the latest.
    assert "models/risk/10" in steps["models/risk/2"]["after"]
    findings = world.asset_findings()
    assert [f["address"] for f in findings] == ["data/gone/1!bytes-absent"]
    assert "datastores/lake" in steps["data/lake/1"]["after"]

    run = world.migrate("run", "--json")
    assert run.code == 3
    left = {item["address"]: item["outcome"] for item in run.event("run.end")["left"]}
    assert left == {"jobs": "left to do by hand", unreferenced: "left to do by hand"}
    assert world.migrate("verify").code == 3
    for address in left:
        world.ok("waive", address, "--reason", "kept in the old account")
    end = world.ok("verify", "--depth", "sdk", "--json").event("verify.end")
    assert end["green"] is True
    _check_target(world)
    _check_no_secrets(world)


def _check_target(world: World) -> None:
    def secret(name: str) -> dict[str, Any]:
        base = world.documents["target"]["id"]
        found: dict[str, Any] = world.arm("POST", f"{base}/datastores/{name}/listSecrets", "2025-12-01")
        return found

    assert secret("bank")["key"] == KEY
    assert secret("lake")["clientSecret"] == SECRET
    assert secret("files")["sasToken"] == SAS
    # Over a container of its own, the datastore goes where the bytes go, with the key of the new account.
    mine = world.get("datastores/mine")["properties"]
    assert (mine["accountName"], mine["containerName"]) == (world.account("target"), world.container("target"))
    assert secret("mine")["key"] == secret("workspaceblobstore")["key"] != KEY
    assert world.get("datastores/bank")["properties"]["accountName"] == "bankdata"
    model = world.get("models/risk/versions/2")
    assert model["properties"]["isArchived"] is True
    assert world.get("models/risk")["properties"]["tags"] == {"team": "bank"}
    assert world.get("models/risk")["properties"]["latestVersion"] == "2"
    assert world.get("data/wasbs")["properties"]["isArchived"] is True
    with world.container_client("target") as client:
        text = client.download_blob("d/table/MLTable").readall().decode()
    assert f"/workspaces/{world.target}/" in text and world.source not in text
    command = world.get("components/train/versions/1")["properties"]["componentSpec"]["command"]
    assert f"/workspaces/{world.target}/" in command


def _check_no_secrets(world: World) -> None:
    keys = world.arm("POST", f"{world.storage_id('target')}/listKeys", "2023-05-01")["keys"]
    secrets = [KEY, SECRET, SAS, world.env["AZURE_CLIENT_SECRET"], *(key["value"] for key in keys)]
    for path in (world.folder / "plans").rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert not [secret for secret in secrets if secret.encode() in data], path


def test_a_list_that_the_service_does_not_give_is_an_item_and_all_else_moves(small_world: World) -> None:
    """A proxy's page, a region that has not heard of it, a service in trouble: none of them is an empty list."""
    world = small_world
    base = rf"/workspaces/{world.source}"
    rules = [
        fault("GET", f"{base}/{path}$", times=0, status=status, code=code)
        for path, status, code in (
            ("capabilityHosts", 404, "NotFound"),
            ("schedules", 400, "UserError"),
            ("models/m/versions", 404, "ResourceNotFound"),
        )
    ]
    assert world.with_faults(rules, "plan", *world.names).code == 0
    steps = {line["address"]: line for line in world.plan_lines() if line["record"] == "step"}
    for address, quoted in (
        ("capabilityHosts", "404 NotFound"),
        ("schedules", "400 UserError"),
        ("models", "models/m/versions could not be listed"),
    ):
        assert steps[address]["action"] == "manual" and quoted in steps[address]["reason"]
    assert {"environments/py/1", "components/c/1", "data/d/1"} <= steps.keys() and "models/m/1" not in steps
    # What can be listed by now was not planned.
    result = world.migrate("run", "--json")
    assert result.code == 4 and "models/m/1 was added" in result.out
