"""What verify finds: each way in which a target can fail to be its source."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from azure.storage.blob import ContainerClient, ContentSettings
from tests.acceptance.world import World
from tests.builders import fault

Spoil = Callable[[ContainerClient], None]


def _settings(blob: Any, **changed: Any) -> ContentSettings:
    old = blob.content_settings
    return ContentSettings(**{"content_type": old.content_type, "content_md5": old.content_md5, **changed})


def _altered(client: ContainerClient) -> None:
    blob = client.get_blob_client("m/1/a")
    properties = blob.get_blob_properties()
    data = bytearray(blob.download_blob().readall())
    data[0] ^= 1
    blob.upload_blob(bytes(data), overwrite=True)
    # The label of the old bytes, so that nothing but reading them shows it.
    blob.set_http_headers(_settings(properties))


SPOILS: dict[str, tuple[Spoil, str, str]] = {
    "altered, with the label of the old bytes": (_altered, "m/1/a:sha256", "m/1/a"),
    "cut short": (lambda c: c.upload_blob("d/1", b"x", overwrite=True) and None, "d/1:length", "d/1"),
    "missing": (lambda c: c.delete_blob("d/x/3"), "d/x/3", "d/x/3"),
    "one too many": (lambda c: c.upload_blob("d/extra", b"x") and None, "d/extra", "d/extra"),
    "other metadata": (
        lambda c: c.get_blob_client("m/2/a").set_blob_metadata({"k": "v"}) and None,
        "m/2/a:metadata",
        "m/2/a",
    ),
    "other tags": (lambda c: c.get_blob_client("m/2/a").set_blob_tags({"k": "v"}) and None, "m/2/a:tags", "m/2/a"),
    "other content type": (
        lambda c: (
            c.get_blob_client("d/2").set_http_headers(
                _settings(c.get_blob_client("d/2").get_blob_properties(), content_type="text/x")
            )
            and None
        ),
        "d/2:headers",
        "d/2",
    ),
    "other tier": (lambda c: c.get_blob_client("d/2").set_standard_blob_tier("Cool"), "d/2:tier", "d/2"),
    "a false MD5 label": (
        lambda c: (
            c.get_blob_client("m/1/b").set_http_headers(
                _settings(c.get_blob_client("m/1/b").get_blob_properties(), content_md5=bytearray(16))
            )
            and None
        ),
        "m/1/b:md5",
        "m/1/b",
    ),
}


def _put_back(world: World) -> None:
    """What a plan copied is put back by deleting it and copying it anew."""
    with world.container_client("source") as source, world.container_client("target") as target:
        there = {blob.name for blob in source.list_blobs()}
        for path in {path for *_, path in SPOILS.values()}:
            target.get_blob_client(path).delete_blob() if target.get_blob_client(path).exists() else None
            if path in there:
                old = source.get_blob_client(path)
                settings = _settings(old.get_blob_properties())
                target.upload_blob(path, old.download_blob().readall(), content_settings=settings)


def _trees(world: World) -> dict[str, bool]:
    """Which trees are the same on both sides, as the newest report says."""
    newest = max((world.folder / "plans" / world.source / "evidence").glob("*-verify.json"))
    found = json.loads(newest.read_text())["trees"]
    return {
        address.partition("/")[2].partition("/")[2]: tree["source"] == tree["target"]
        for address, tree in found.items()
    }


def test_each_spoiled_blob_and_document_is_found_with_both_values(moved_world: World) -> None:
    """That each alone is told: tests/unit/verifying/test_manifest_entries.py."""
    world = moved_world
    before = world.get("models/m/versions/1")["properties"]
    world.ok("verify")
    assert _trees(world) == dict.fromkeys(("d", "m/1", "m/2"), True)
    with world.container_client("target") as client:
        for spoil, *_ in SPOILS.values():
            spoil(client)
    world.put("models/m/versions/1", {"properties": {**before, "tags": {"team": "fraud"}}}, into="target")
    result = world.migrate("verify", "--json")
    _put_back(world)
    world.put("models/m/versions/1", {"properties": before}, into="target")
    assert result.code == 3
    document, *blobs = sorted(
        result.event("verify.end")["differences"], key=lambda one: one["address"] != "models/m/1"
    )
    assert document == {
        "address": "models/m/1",
        "field": "/properties/tags/team",
        "expected": "risk",
        "actual": "fraud",
    }
    assert {field for _, field, _ in SPOILS.values()} <= {one["field"] for one in blobs}
    assert all(one["address"].startswith("blobs/") and one["expected"] != one["actual"] for one in blobs)
    assert _trees(world) == {"d": False, "m/1": False, "m/2": True}
    world.ok("verify")


def test_false_labels_are_told_apart(small_world: World) -> None:
    """One of the source's is kept and said; one that only the copy has is a difference."""
    world = small_world
    with world.container_client("source") as client:
        blob = client.get_blob_client("m/1/a")
        blob.set_http_headers(_settings(blob.get_blob_properties(), content_md5=bytearray(16)))
        blob = client.get_blob_client("m/1/b")
        blob.set_http_headers(ContentSettings(content_type="text/plain"))
        assert blob.get_blob_properties().content_settings.content_md5 is None
    world.ok("plan", *world.names)
    world.ok("run")
    end = world.ok("verify", "--json").event("verify.end")
    assert end["green"] is True
    # The key's rotation policy and the version that the workspace stands on do not deceive together.
    [pinned] = [one for one in end["posture"] if one["code"] == "key.pinned"]
    assert pinned["severity"] == "warning" and "expires on 20" in pinned["summary"]
    evidence = json.loads((world.folder / "plans" / world.source / "evidence" / "0002-verify.json").read_text())
    assert evidence["false_md5_labels"] == [f"{world.container('source')}/m/1/a"]
    with world.container_client("target") as client:
        copy = client.get_blob_client("m/1/b")
        copy.set_http_headers(_settings(copy.get_blob_properties(), content_md5=bytearray(16)))
    [difference] = world.migrate("verify", "--json").event("verify.end")["differences"]
    assert difference["field"] == "m/1/b:md5 label"
    assert difference["actual"] == base64.b64encode(bytes(16)).decode() != difference["expected"]


def test_evidence_is_a_chain(small_world: World) -> None:
    world = small_world
    world.ok("plan", *world.names)
    world.ok("run")
    world.ok("verify")
    world.ok("verify", "--depth", "metadata")
    folder = world.folder / "plans" / world.source / "evidence"
    world.ok("evidence", "check")
    reports = sorted(folder.glob("*-verify.json"))
    first, second = (json.loads(path.read_text()) for path in reports)
    assert second["previous"] == hashlib.sha256(reports[0].read_bytes()).hexdigest()
    assert second["not_checked"] and not any("bytes themselves" in what for what in first["not_checked"])
    manifests = {path.name: path.read_text().splitlines() for path in folder.glob("*manifest*")}
    assert len(manifests["0002-manifest-source.jsonl"]) == len(manifests["0002-manifest-target.jsonl"]) == 6
    for side in ("source", "target"):
        for text in manifests[f"0002-manifest-{side}.jsonl"]:
            line = json.loads(text)
            assert (line["account"], line["container"]) == (world.account(side), world.container(side))
    assert {"path", "length", "sha256", "md5", "headers", "metadata", "tags", "tier"} <= line.keys()
    for path in sorted(folder.iterdir()):
        _spoiled(world, path)
    reports[-1].unlink()
    assert world.migrate("evidence", "check").code == 4


def _spoiled(world: World, path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data.replace(b"1", b"2", 1))
    result = world.migrate("evidence", "check")
    assert result.code == 4 and "cannot be trusted" in result.err, path
    path.write_bytes(data)


def test_a_blob_that_cannot_be_read_is_a_difference_and_evidence(moved_world: World) -> None:
    """Archived, or written anew since it was listed: never green, and not the end of the comparison."""
    world = moved_world
    rules = [
        fault("GET", f"/{path}$", host=world.account(side), times=0, status=status, code=code, headers={"x-ms-error-code": code})
        for path, side, status, code in (
            ("m/1/a", "source", 409, "BlobArchived"), ("m/1/b", "target", 409, "BlobArchived"),
            ("d/1", "source", 412, "ConditionNotMet"), ("d/2", "target", 404, "BlobNotFound"),
        )
    ]  # fmt: skip
    denied = {"x-ms-error-code": "AuthorizationPermissionMismatch"}
    tags = fault("GET", host=r"\.blob\.", query="include=.*tags", times=0, status=403, headers=denied)
    result = world.with_faults([*rules, tags], "verify", "--json")
    end = result.event("verify.end")
    assert result.code == 3 and end["green"] is False, result.out[-2000:]
    found = {d["field"]: (d["expected"], d["actual"]) for d in end["differences"]}
    assert found.keys() == {"m/1/a:bytes", "m/1/b:bytes", "d/1:bytes", "d/2:bytes"}
    assert found["m/1/a:bytes"] == ("not read: 409 BlobArchived", "read")
    assert found["m/1/b:bytes"] == ("read", "not read: 409 BlobArchived")
    # Tags that may not be read are said to be unproven.
    assert any("index tags" in what for what in end["not_checked"])
    assert Path(world.folder / end["files"]["Evidence"]).exists()
    metadata = world.with_faults(rules, "verify", "--depth", "metadata", "--json").event("verify.end")
    assert metadata["green"] is True and not any("index tags" in what for what in metadata["not_checked"])
