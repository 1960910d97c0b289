"""What documents name, and how Azure spells it: one move in which everything is spelled in another way."""

from __future__ import annotations

from typing import Any

from tests.acceptance.world import World
from tests.builders import fault

PREVIEW = "2023-04-01-preview"
DELETING = {"condition": "LastAccessedGreaterThan", "value": "30d"}
PATHS = ("raw data/2023 (1).csv", "raw data/\uffff.csv", "a%20b/ü.csv", "plain/x.csv", "raw")
NULLS = {"model": None, "tags": {"type": "uri_folder", "mode": None}}


def _spelled(world: World) -> list[dict[str, Any]]:
    """Rules by which both workspaces name their account in upper case, as ARM ids may be spelled."""
    rules = []
    for which, name in (("source", world.source), ("target", world.target)):
        document = world.documents[which]
        head, _, account = str(document["properties"]["storageAccount"]).rpartition("/")
        properties = {**document["properties"], "storageAccount": f"{head}/{account.upper()}"}
        body = {**document, "properties": properties}
        rules.append(fault("GET", f"/workspaces/{name}$", times=0, status=200, body=body))
    return rules


def _fill(world: World) -> None:
    source = world.documents["source"]["id"]
    _, _, subscription, _, group, *_, name = source.split("/")
    workspace = f"subscriptions/{subscription.upper()}/resourceGroups/{group.upper()}/workspaces/{name.upper()}"
    store = f"azureml://{workspace}/datastores/WorkspaceBlobStore/paths"
    url = f"https://{world.account('source')}.blob.core.windows.net/{world.container('source')}"
    world.seed(
        [], [{"container": "azureml-blobstore", "path": path, "bytes": 9 + n} for n, path in enumerate(PATHS)]
    )
    spec = {
        "type": "command",
        "command": f"python x.py --in '{store}/a%20b/ü.csv'",
        "inputs": {"description": {"type": "uri_file", "default": f"{store}/raw data/2023 (1).csv"}},
        "outputs": NULLS,
        "environment": "azureml://registries/azureml/environments/e/versions/1",
        "tags": {"from": f"{store}/plain"},
    }
    world.put("components/c/versions/1", {"properties": {"componentSpec": spec}})
    world.put(
        "data/one/versions/1",
        {"properties": {"dataType": "uri_file", "dataUri": f"{url}/plain/x.csv?snapshot=2024-01-01T00:00:00Z"}},
    )
    folder = {"dataType": "uri_folder", "dataUri": f"{store}/raw data", "autoDeleteSetting": DELETING}
    world.arm("PUT", f"{source}/data/d/versions/1", PREVIEW, {"properties": folder})


def _deleting(world: World) -> Any:
    path = f"{world.documents['target']['id']}/data/d/versions/1"
    return world.arm("GET", path, PREVIEW)["properties"]["autoDeleteSetting"]


def test_what_is_spelled_otherwise_is_moved_whole_and_verified(world: World) -> None:
    _fill(world)
    rules = _spelled(world)
    assert world.with_faults(rules, "plan", *world.names).code == 0
    assert {(one["severity"], one["address"]) for one in world.asset_findings()} == {
        ("blocks", "data/one/1!one-version"),
        ("warning", "data/d/1!deletes-itself"),
        ("warning", "components/c/1!text-names-source"),
    }
    # What nothing names stays: an address that were cut at its first space would be that of `raw`.
    manual = [line for line in world.plan_lines() if line.get("action") == "manual"]
    assert [line["reason"].split(" with")[0] for line in manual] == ["1 blob"]
    assert world.with_faults(rules, "run").code == 3
    assert set(world.blobs("target")) == set(PATHS) - {"raw"}
    spec = world.get("components/c/versions/1")["properties"]["componentSpec"]
    assert spec["outputs"] == NULLS
    assert world.source.upper() not in spec["command"] + spec["inputs"]["description"]["default"]
    assert spec["inputs"]["description"]["default"].endswith("/raw data/2023 (1).csv")
    assert world.source.upper() in spec["tags"]["from"]
    assert world.get("data/one/versions/1")["properties"]["dataUri"].endswith(
        "/plain/x.csv?snapshot=2024-01-01T00:00:00Z"
    )
    assert _deleting(world) == DELETING
    world.ok("waive", manual[0]["address"], "--reason", "nothing names it")
    refused = world.with_faults(rules, "verify", "--depth", "checksum")
    assert refused.code == 3 and "0 differences, 0 open" in refused.out
    world.ok("waive", "data/one/1!one-version", "--reason", "nobody reads it")
    assert world.with_faults(rules, "verify", "--depth", "checksum").code == 0
