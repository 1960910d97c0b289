"""A target full of what others made: what is equal is adopted, the rest is in conflict, and nothing of it changes."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from tests.acceptance.world import World, items

STORE = "azureml://datastores/workspaceblobstore/paths"
MODEL = {"modelType": "custom_model", "tags": {"team": "risk"}}
KINDS = ("environments", "models", "data", "components", "datastores", "codes")
# Of a container these follow from its versions, of which new ones may come beside the foreign ones.
COUNTED = ("latestVersion", "nextVersion")


def _foreign(world: World) -> None:
    """Equal ones, ones that differ under the same address, and ones that the source has never heard of."""
    puts: dict[str, dict[str, Any]] = {
        "environments/py/versions/1": {"image": "mcr.microsoft.com/x:1"},
        "models/m/versions/1": {**MODEL, "modelUri": f"{STORE}/m/1", "tags": {"team": "fraud"}},
        "data/d/versions/1": {"dataType": "uri_folder", "dataUri": f"{STORE}/elsewhere"},
        "data/theirs/versions/1": {"dataType": "uri_folder", "dataUri": f"{STORE}/theirs"},
        "models/theirs/versions/7": {**MODEL, "modelUri": f"{STORE}/theirs"},
        "models/theirs": {"description": "not yours"},
        "environments/theirs/versions/1": {"image": "mcr.microsoft.com/y:1"},
    }
    with world.container_client("source") as source, world.container_client("target") as target:
        for path in ("m/1/a", "d/1"):
            old = source.get_blob_client(path)
            target.upload_blob(
                path, old.download_blob().readall(), content_settings=old.get_blob_properties().content_settings
            )
        target.upload_blob("m/2/a", b"something else", metadata={"owner": "them"})
        target.upload_blob("theirs/1", b"theirs", metadata={"owner": "them"}, tags={"kept": "yes"})
    for path, properties in puts.items():
        world.put(path, {"properties": properties}, into="target")


def _state(world: World) -> dict[str, str]:
    """A digest of every document and every blob of the target: content, metadata, ETag, time of the last change."""
    found = {item["id"]: _digest(item) for item in world.azure(_documents, world)}
    with world.container_client("target") as client:
        for blob in client.list_blobs(include=["metadata", "tags"]):
            data = client.download_blob(blob.name).readall()
            rest = [str(blob.etag), str(blob.last_modified), blob.metadata, blob.tags, dict(blob.content_settings)]
            found[blob.name] = _digest([hashlib.sha256(data).hexdigest(), *rest])
    return found


async def _documents(client: Any, world: World) -> list[dict[str, Any]]:
    base = world.documents["target"]["id"]
    found = []
    for kind in KINDS:
        view = "" if kind in ("codes", "datastores") else "?listViewType=All"
        async for item in items(client, f"{base}/{kind}{view}"):
            kept = {key: value for key, value in item["properties"].items() if key not in COUNTED}
            found.append({**item, "properties": kept})
            if kind != "datastores":
                found += [one async for one in items(client, f"{base}/{kind}/{item['name']}/versions{view}")]
    return found


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


def _changed(before: dict[str, str], after: dict[str, str]) -> list[str]:
    return [key for key in before if after.get(key) != before[key]]


def test_nothing_foreign_is_changed_or_deleted(small_world: World) -> None:
    world = small_world
    _foreign(world)
    before = _state(world)
    assert len(before) > 15
    world.ok("plan", *world.names)
    actions = {line["address"]: line["action"] for line in world.plan_lines() if line["record"] == "step"}
    store = f"blobs/{world.container('source')}"
    assert actions["environments/py/1"] == "adopt"
    conflicts = {"models/m/1", "data/d/1", f"{store}/m/2/a"}
    assert {address for address, action in actions.items() if action == "conflict"} == conflicts
    # Equal blobs among those of a prefix are adopted, and only what is missing beside them is copied.
    assert actions[f"{store}/m/1"] == actions[f"{store}/d"] == "copy"

    refused = world.migrate("run", "--json")
    assert refused.code == 4
    assert {reason.split(": ")[0] for reason in refused.event("error")["reasons"]} == conflicts
    assert _state(world) == before

    for address in (*conflicts, "models/m/2!foreign-bytes"):
        world.ok("waive", address, "--reason", "theirs stays")
    since = world.now()
    world.ok("run")
    after = _state(world)
    assert _changed(before, after) == []
    assert {"m/1/b", "d/2", "d/x/3"} <= after.keys() - before.keys()
    # Not even the same again was written to what was there.
    account = world.account("target")
    written = {row["path"] for row in world.log(since) if row["method"] in ("PUT", "DELETE", "PATCH")
               and (account in row["host"] or f"/workspaces/{world.target}/" in row["path"])}  # fmt: skip
    assert written and not [path for path in written for name in before if path.lower().endswith(name.lower())]
    # A plan with nothing of the target's own in the way of the tool changes nothing of theirs either.
    world.ok("plan", *world.names)
    assert _changed(before, _state(world)) == []
