"""Blobs that nobody reads: those of a writer's own key, archived ones. They fail what needs them, and nothing else."""

from __future__ import annotations

import base64
import hashlib

from azure.storage.blob import CustomerProvidedEncryptionKey
from tests.acceptance.world import World
from tests.builders.rows import data

KEY = b"k" * 32
SENT = CustomerProvidedEncryptionKey(
    base64.b64encode(KEY).decode(), base64.b64encode(hashlib.sha256(KEY).digest()).decode()
)
LOCKED = {"blobs-customer-key", "file-unreadable", "blobs-archived", "file-archived"}


def _seed(world: World) -> None:
    world.seed([data("keyed", "keyed", "mltable"), data("cold", "cold", "mltable"), data("folder", "folder")], [])
    with world.container_client("source") as client:
        client.upload_blob("keyed/MLTable", b"paths: []\n", cpk=SENT, metadata={"a": "b"})
        client.upload_blob("keyed/a.csv", b"1")
        client.upload_blob("cold/MLTable", b"paths: []\n")
        client.get_blob_client("cold/MLTable").set_standard_blob_tier("Archive")
        client.upload_blob("folder/a.csv", b"2")


def _told(world: World, name: str) -> dict[str, str]:
    header = world.plan_lines(name)[0]
    return {one["address"]: one["severity"] for one in header["findings"] if one["code"] in LOCKED}


def test_they_fail_their_asset_and_all_others_are_moved(world: World) -> None:
    _seed(world)
    world.ok("plan", *world.names, "--out", "plans/all")
    at = f"blobs/{world.container('source')}"
    assert _told(world, "all") == dict.fromkeys(
        (
            *(f"{at}/keyed!blobs-customer-key", "data/keyed/1!file-unreadable"),
            *(f"{at}/cold!blobs-archived", "data/cold/1!file-archived"),
        ),
        "error",
    )
    # Left out, nothing of them is told, and nothing stands in the way.
    world.ok("plan", *world.names, "--out", "plans/without", "--exclude", "data/keyed*", "--exclude", "data/cold*")
    assert _told(world, "without") == {}
    refused = world.migrate("run", "plans/all")
    assert refused.code == 4, refused.err
    world.ok("waive", *_told(world, "all"), "--reason", "let them fail", "plans/all")
    result = world.migrate("run", "plans/all", "--json")
    assert result.code == 3, result.out[-2000:] + result.err
    failed = {one["address"]: one for one in result.events if one["event"] == "step.failed"}
    assert failed.keys() == {f"{at}/keyed", f"{at}/cold"}
    assert all("cannot be read" in one["reason"] and "--exclude" in one["remedy"] for one in failed.values())
    blocked = {one["address"] for one in result.events if one["event"] == "step.blocked"}
    assert {"data/keyed/1", "data/cold/1"} <= blocked
    # What lies beside such a blob is copied around it.
    assert {"folder/a.csv", "keyed/a.csv"} <= world.blobs("target").keys() and world.get("data/folder/versions/1")
    verified = world.migrate("verify", "plans/all", "--json")
    assert verified.code == 3 and verified.event("verify.end")["green"] is False
    fields = {(one["address"], one["field"]) for one in verified.event("verify.end")["differences"]}
    assert not any(address == f"{at}/folder" for address, _ in fields)
    assert not any(field.startswith("keyed/a.csv") for _, field in fields)
    assert (f"{at}/keyed", "keyed/MLTable") in fields and (f"{at}/cold", "cold/MLTable") in fields
