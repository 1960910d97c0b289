"""A small workspace that has every kind of asset, a connection and a schedule, and what a target is seen to be with it.

Computes, role assignments, diagnostic settings, locks, secrets of the vault and file shares are not in it.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

from amlmigrate.kinds import moving_kinds
from amlmigrate.ledger import Ledger
from tests.acceptance.world import LEASE, World

KINDS = ("datastores", "codes", "environments", "data", "models", "components", "connections", "schedules")
# Without versions.
FLAT = ("datastores", "connections", "schedules", "computes")
# Environments that the service keeps for components, and that no list names.
UNLISTED = ("CliV2AnonymousEnvironment",)
NAMELESS = {name for name, kind in moving_kinds().items() if not kind.fields.provenance}
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


def documents(
    world: World, kinds: tuple[str, ...] = KINDS, *, unlisted: tuple[str, ...] = UNLISTED
) -> dict[str, Any]:
    """The properties of all that the target holds of these kinds, by kind, name and version."""
    found: dict[str, Any] = {}
    for kind in kinds:
        view = "" if kind in ("codes", "datastores", "connections", "computes") else "?listViewType=All"
        for item in world.items(f"{kind}{view}"):
            found[f"{kind}/{item['name']}"] = item["properties"]
        names = {path.split("/")[1] for path in found if path.startswith(f"{kind}/")}
        names |= set(unlisted) if kind == "environments" else set()
        for name in names if kind not in FLAT else ():
            for item in world.items(f"{kind}/{name}/versions{view}"):
                found[f"{kind}/{name}/{item['name']}"] = item["properties"]
    return found


def snapshot(world: World, plan: str) -> Snapshot:
    """Documents, blobs, the report and the map of ids, with all names of this pair of workspaces made the same."""
    blobs = {
        path: [blob.size, blob.metadata, blob.tags, None if blob.blob_tier_inferred else blob.blob_tier]
        for path, blob in world.blobs("target").items()
    }
    with world.container_client("target") as client:
        for path, shown in blobs.items():
            shown.append(client.download_blob(path).readall().decode("latin-1"))
    found = {
        "documents": documents(world),
        "blobs": blobs,
        **told(world, plan),
    }
    same: Snapshot = json.loads(normal(world, json.dumps(found, sort_keys=True)))
    return same


def told(world: World, plan: str) -> Snapshot:
    """What is said of a plan: its report and its map of ids."""
    status = world.migrate("status", f"plans/{plan}", "--json").event("status")
    ids = (world.folder / "plans" / plan / "idmap.csv").read_text().splitlines()
    left = {one["address"]: [one["outcome"], one["detail"]] for one in status["left"]}
    return {"report": {"items": status["items"], "left": left}, "ids": sorted(ids)}


def normal(world: World, text: str) -> str:
    """With the names of this pair of workspaces, and all times, made the same."""
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


def changes(
    world: World, since: str, methods: tuple[str, ...] = ("PUT", "PATCH", "DELETE"), *, vault: str = ""
) -> Counter[tuple[str, str]]:
    """How often each change of the target was asked for, by method and path, names made the same.

    Also of its vault, where its host is given.
    """
    target, hosts = f"/workspaces/{world.target}/".lower(), (f"{world.account('target')}.", vault or "/")
    return Counter(
        (
            row["method"],
            normal(world, f"{row['path']}?{query if 'comp=' in (query := row.get('query', '')) else ''}"),
        )
        for row in world.log(since)
        if row["method"] in methods
        and (target in row["path"].lower() or row["host"].startswith(hosts))
        # The lease is taken by each run, and renewed by the clock: how often says nothing of what is changed.
        and not row["path"].endswith(f"/{LEASE}")
    )


def unless_unknown(world: World, plan: str, found: Snapshot) -> Snapshot:
    """What was found, with what a kill left without a record and that names no origin counted as moved.

    A connection whose answer came and was not recorded is there, and nothing shows who made it: it is taken as it is.
    """
    items = Counter(found["report"]["items"])
    number = len(unknown(world, plan))
    items.update({"migrated": number, "adopted": -number})
    return found | {"report": found["report"] | {"items": dict(items)}}


def unknown(world: World, plan: str) -> set[str]:
    """What a plan was to make and is there, of kinds that name no origin, without a record of who made it."""
    with Ledger(world.folder / "plans" / plan, fresh=False) as ledger:
        owned = ledger.owned()
    created = {line["address"] for line in world.plan_lines(plan) if line.get("action") == "create"}
    left = {one["address"] for one in world.migrate("status", f"plans/{plan}", "--json").event("status")["left"]}
    return {one for one in created - owned - left if one.split("/")[0] in NAMELESS}
