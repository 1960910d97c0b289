"""A small workspace that has every kind of asset, a connection and a schedule, and what a target is seen to be with it.

Computes, role assignments, diagnostic settings, locks, secrets of the vault and file shares are not in it.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

from tests.acceptance.world import LEASE, World

KINDS = ("datastores", "codes", "environments", "data", "models", "components", "connections", "schedules")
# Without versions.
FLAT = ("datastores", "connections", "schedules")
KEY = "a2V5LW9mLXRoZS1jdXN0b21lcg=="
ANONYMOUS = "1" * 32
_TIME = re.compile(r"20\d\d-\d\d-\d\d[T-][-+:.\dZ]+")
Snapshot = dict[str, Any]


def seed_everything(world: World) -> World:
    """Fills the source: each kind, versions in order, archived ones, a file with lines to rewrite, a secret."""
    base = world.documents["source"]["id"]
    paths = "azureml://datastores/workspaceblobstore/paths"
    old = "azureml:/" + base.replace("/providers/Microsoft.MachineLearningServices/", "/").removeprefix("/")
    table = f"paths:\n  - folder: {old.replace('azureml:/', 'azureml://')}/datastores/workspaceblobstore/paths/d/files\n"
    world.put(
        "datastores/bank?skipValidation=true",
        {"properties": {"datastoreType": "AzureBlob", "accountName": "bankdata", "containerName": "raw",
                        "credentials": {"credentialsType": "AccountKey",
                                        "secrets": {"secretsType": "AccountKey", "key": KEY}}}},
    )  # fmt: skip
    rows: list[tuple[str, str, str | None, dict[str, Any]]] = [
        ("codes", "c0de", "1", {"codeUri": "https://{account}.blob.core.windows.net/azureml-blobstore/code/src"}),
        ("environments", "py", "1", {"image": "mcr.microsoft.com/x:1"}),
        ("environments", "CliV2AnonymousEnvironment", ANONYMOUS, {"image": "python", "isAnonymous": True}),
        ("data", "table", "1", {"dataType": "mltable", "dataUri": f"{paths}/d/table"}),
        ("models", "m", None, {"description": "credit risk", "tags": {"team": "bank"}}),
        ("models", "m", "2", {"modelType": "custom_model", "modelUri": f"{paths}/m/2"}),
        ("models", "m", "1", {"modelType": "custom_model", "modelUri": f"{paths}/m/1", "tags": {"k": "v"}}),
        ("components", "train", "1", {"componentSpec": {
            "type": "command", "name": "train", "version": "1", "command": "true", "code": f"{base}/codes/c0de/versions/1",
            "environment": f"{base}/environments/CliV2AnonymousEnvironment/versions/{ANONYMOUS}"}}),
        ("components", "all", "1", {"componentSpec": {
            "type": "pipeline", "name": "all", "version": "1",
            "jobs": {"one": {"type": "command", "component": f"{base}/components/train/versions/1"}}}}),
    ]  # fmt: skip
    blobs: list[dict[str, Any]] = [
        {"container": "azureml-blobstore", "path": path, "bytes": 100 + number}
        for number, path in enumerate(("code/src/train.py", "d/files/1", "m/1/a", "m/1/b", "m/2/a"))
    ]
    blobs.append({"container": "azureml-blobstore", "path": "d/table/MLTable", "text": table})
    world.seed([{"kind": k, "name": n, "version": v, "properties": p} for k, n, v, p in rows], blobs)
    archived = {"modelType": "custom_model", "modelUri": f"{paths}/m/2", "isArchived": True}
    world.put("models/m/versions/2", {"properties": archived})
    token = {
        "authType": "PAT",
        "credentials": {"pat": KEY},
        "category": "Git",
        "target": "https://example.com/x.git",
    }
    world.put("connections/git", {"properties": token})
    job = {"jobType": "Command", "command": "true", "environmentId": f"{base}/environments/py/versions/1"}
    cron = {"triggerType": "Cron", "expression": "0 3 * * *", "startTime": "2026-01-01T03:00:00"}
    action = {"actionType": "CreateJob", "jobDefinition": job}
    world.put("schedules/weekly", {"properties": {"isEnabled": False, "trigger": cron, "action": action}})
    while world.get("schedules/weekly", of="source")["properties"]["provisioningState"] != "Succeeded":
        pass
    return world


def change_everything(world: World) -> None:
    """Changes a source that was moved, so that a second plan has each thing to do that a first cannot have."""
    paths = "azureml://datastores/workspaceblobstore/paths"
    table = {"dataType": "mltable", "dataUri": f"{paths}/d/table", "isArchived": True}
    world.put("data/table/versions/1", {"properties": table})
    for version, more in (("1", {"tags": {"k": "changed"}}), ("3", {}), ("3", {"isArchived": True})):
        model = {"modelType": "custom_model", "modelUri": f"{paths}/m/1", **more}
        world.put(f"models/m/versions/{version}", {"properties": model})
    world.put("models/m", {"properties": {"description": "told anew", "tags": {"team": "bank"}}})
    with world.container_client("source") as client:
        client.upload_blob("m/1/a", b"written anew", overwrite=True)
        client.upload_blob("m/1/c", b"new")
        client.delete_blob("m/1/b")
        client.get_blob_client("m/2/a").set_standard_blob_tier("Cool")
        client.get_blob_client("d/files/1").set_blob_tags({"team": "bank"})


def snapshot(world: World, plan: str) -> Snapshot:
    """Documents, blobs, the report and the map of ids, with all names of this pair of workspaces made the same."""
    documents: dict[str, Any] = {}
    for kind in KINDS:
        view = "" if kind in ("codes", "datastores", "connections") else "?listViewType=All"
        for item in world.items(f"{kind}{view}"):
            documents[f"{kind}/{item['name']}"] = item["properties"]
        names = {path.split("/")[1] for path in documents if path.startswith(f"{kind}/")}
        names |= {"CliV2AnonymousEnvironment"} if kind == "environments" else set()
        for name in names if kind not in FLAT else ():
            for item in world.items(f"{kind}/{name}/versions{view}"):
                documents[f"{kind}/{name}/{item['name']}"] = item["properties"]
    blobs = {
        path: [blob.size, blob.metadata, blob.tags, None if blob.blob_tier_inferred else blob.blob_tier]
        for path, blob in world.blobs("target").items()
    }
    with world.container_client("target") as client:
        for path, shown in blobs.items():
            shown.append(client.download_blob(path).readall().decode("latin-1"))
    folder = world.folder / "plans" / plan
    status = world.migrate("status", f"plans/{plan}", "--json").event("status")
    found = {
        "documents": documents,
        "blobs": blobs,
        "report": {key: status[key] for key in ("items", "left")},
        "ids": sorted((folder / "idmap.csv").read_text().splitlines()),
    }
    normal: Snapshot = json.loads(_normal(world, json.dumps(found, sort_keys=True)))
    return normal


def _normal(world: World, text: str) -> str:
    for which in ("source", "target"):
        document = world.documents[which]
        for name, word in (
            ("ws", document["properties"]["workspaceId"]),
            ("account", world.account(which)),
            ("name", f"{which[:3]}-{world.source if which == 'source' else world.target}"),
        ):
            text = text.replace(word, f"<{which} {name}>")
        text = text.replace(world.source if which == "source" else world.target, f"<{which}>")
    # Times differ from one pair to the next, in what says where a document came from, and in `nextVersion`.
    return _TIME.sub("<time>", text.replace(world.group, "<group>"))


def changes(world: World, since: str) -> Counter[tuple[str, str]]:
    """How often each change of the target was asked for, by method and path, names made the same."""
    target, account = f"/workspaces/{world.target}/".lower(), f"{world.account('target')}."
    return Counter(
        (
            row["method"],
            _normal(world, f"{row['path']}?{query if 'comp=' in (query := row.get('query', '')) else ''}"),
        )
        for row in world.log(since)
        if row["method"] in ("PUT", "PATCH", "DELETE")
        and (target in row["path"].lower() or row["host"].startswith(account))
        # The lease is taken by each run, and renewed by the clock: how often says nothing of what is changed.
        and not row["path"].endswith(f"/{LEASE}")
    )
