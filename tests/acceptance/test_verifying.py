"""What verify finds: each way in which a target can fail to be its source."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
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


def test_trees_are_equal_where_the_bytes_are(moved_world: World) -> None:
    world, container = moved_world, f"blobs/{moved_world.container('source')}"
    folder = world.folder / "plans" / world.source / "evidence"

    def trees() -> dict[str, bool]:
        newest = max(folder.glob("*-verify.json"))
        found = json.loads(newest.read_text())["trees"]
        return {address: tree["source"] == tree["target"] for address, tree in found.items()}

    world.ok("verify")
    assert trees() == dict.fromkeys((f"{container}/{path}" for path in ("d", "m/1", "m/2")), True)
    with world.container_client("target") as client:
        _altered(client)
    assert world.migrate("verify").code == 3
    assert trees() == {f"{container}/d": True, f"{container}/m/1": False, f"{container}/m/2": True}
    _restore(world, "m/1/a")


def test_a_false_label_of_the_copy_is_found_where_the_source_has_none(small_world: World) -> None:
    world = small_world
    with world.container_client("source") as client:
        blob = client.get_blob_client("m/1/a")
        blob.set_http_headers(ContentSettings(content_type="text/plain"))
        assert blob.get_blob_properties().content_settings.content_md5 is None
    world.ok("plan", *world.names)
    world.ok("run")
    world.ok("verify")
    with world.container_client("target") as client:
        copy = client.get_blob_client("m/1/a")
        copy.set_http_headers(_settings(copy.get_blob_properties(), content_md5=bytearray(16)))
    [difference] = world.migrate("verify", "--json").event("verify.end")["differences"]
    assert difference["field"] == "m/1/a:md5 label"
    assert difference["actual"] == base64.b64encode(bytes(16)).decode() != difference["expected"]


def test_what_mlclient_cannot_read_in_the_target_is_found(moved_world: World, tmp_path: Path) -> None:
    world = moved_world
    path = f"/workspaces/{world.target}/environments/py/versions/1$"
    rule = fault("GET", path, times=0, status=400, code="UserError", message="unreadable")
    with world.faults(rule):
        result = world.migrate("verify", "--depth", "sdk", "--json")
    assert result.code == 3, result.out
    [difference] = result.event("verify.end")["differences"]
    assert (difference["address"], difference["field"]) == ("environments/py/1", "sdk")
    assert "unreadable" in difference["actual"]


@pytest.mark.parametrize("what", SPOILS)
def test_a_spoiled_blob_is_found(moved_world: World, what: str) -> None:
    world = moved_world
    spoil, field, path = SPOILS[what]
    with world.container_client("target") as client:
        spoil(client)
        result = world.migrate("verify", "--json")
        assert result.code == 3
        differences = result.event("verify.end")["differences"]
        assert field in [difference["field"] for difference in differences]
        assert all(d["address"].startswith("blobs/") for d in differences)
        found = next(d for d in differences if d["field"] == field)
        assert found["expected"] != found["actual"]
        # What a plan copied is put back by deleting it and copying it anew.
        client.delete_blob(path) if path in {b.name for b in client.list_blobs()} else None
    _restore(world, path)


def _restore(world: World, path: str) -> None:
    with world.container_client("source") as source, world.container_client("target") as target:
        if path not in {blob.name for blob in source.list_blobs()}:
            return
        old = source.get_blob_client(path)
        properties = old.get_blob_properties()
        target.upload_blob(
            path, old.download_blob().readall(), overwrite=True, content_settings=_settings(properties)
        )


def test_a_false_label_in_the_source_is_kept_and_said(small_world: World) -> None:
    world = small_world
    with world.container_client("source") as client:
        blob = client.get_blob_client("m/1/a")
        blob.set_http_headers(_settings(blob.get_blob_properties(), content_md5=bytearray(16)))
    world.ok("plan", *world.names)
    world.ok("run")
    report = world.ok("verify", "--json")
    end = report.event("verify.end")
    assert end["green"] is True
    # The key's rotation policy and the version that the workspace stands on do not deceive together.
    [pinned] = [one for one in end["posture"] if one["code"] == "key.pinned"]
    assert pinned["severity"] == "warning" and "expires on 20" in pinned["summary"]
    evidence = json.loads((world.folder / "plans" / world.source / "evidence" / "0002-verify.json").read_text())
    assert evidence["false_md5_labels"] == [f"{world.container('source')}/m/1/a"]


def test_a_changed_document_is_found_with_both_values(moved_world: World) -> None:
    world = moved_world
    before = world.get("models/m/versions/1")["properties"]
    world.put("models/m/versions/1", {"properties": {**before, "tags": {"team": "fraud"}}}, into="target")
    [difference] = world.migrate("verify", "--depth", "metadata", "--json").event("verify.end")["differences"]
    assert difference == {
        "address": "models/m/1",
        "field": "/properties/tags/team",
        "expected": "risk",
        "actual": "fraud",
    }
    world.put("models/m/versions/1", {"properties": before}, into="target")


def test_a_change_of_the_source_is_found(small_world: World) -> None:
    world = small_world
    world.ok("plan", *world.names)
    world.ok("run")
    world.ok("verify", "--depth", "metadata")
    with world.container_client("source") as client:
        client.upload_blob("new/blob", b"1")
        client.upload_blob("d/1", b"2", overwrite=True)
    world.put("environments/late/versions/1", {"properties": {"image": "x"}})
    differences = world.migrate("verify", "--depth", "metadata", "--json").event("verify.end")["differences"]
    addresses = {difference["address"] for difference in differences}
    container = f"blobs/{world.container('source')}"
    assert addresses == {container, f"{container}/d", "environments/late/1"}


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


def test_tags_that_may_not_be_read_are_said_to_be_unproven(moved_world: World, tmp_path: Path) -> None:
    world = moved_world
    rule = fault(
        "GET",
        host=r"\.blob\.",
        query="include=.*tags",
        times=0,
        status=403,
        headers={"x-ms-error-code": "AuthorizationPermissionMismatch"},
    )
    with world.faults(rule):
        end = world.ok("verify", "--json").event("verify.end")
    assert any("index tags" in what for what in end["not_checked"])
    assert not any(
        "index tags" in what for what in world.ok("verify", "--json").event("verify.end")["not_checked"]
    )


@pytest.mark.parametrize("depth", ["checksum", "metadata"])
@pytest.mark.parametrize("side", ["source", "target"])
def test_a_blob_that_cannot_be_read_is_a_difference_and_evidence(
    moved_world: World, side: str, depth: str, tmp_path: Path
) -> None:
    """Archived, or written anew since it was listed: never green, and not the end of the comparison."""
    world = moved_world
    rules = [
        fault("GET", f"/{path}$", host=world.account(side), times=0, status=status, code=code, headers={"x-ms-error-code": code})
        for path, status, code in (("m/1/a", 409, "BlobArchived"), ("d/1", 412, "ConditionNotMet"), ("d/2", 404, "BlobNotFound"))
    ]  # fmt: skip
    result = world.with_faults(rules, "verify", "--depth", depth, "--json")
    end = result.event("verify.end")
    if depth == "metadata":
        assert result.code == 0 and end["green"] is True
        return
    assert result.code == 3 and end["green"] is False, result.out[-2000:]
    found = {d["field"]: (d["expected"], d["actual"]) for d in end["differences"]}
    assert found.keys() == {"m/1/a:bytes", "d/1:bytes", "d/2:bytes"}
    assert found["m/1/a:bytes"][side == "target"] == "not read: 409 BlobArchived"
    assert found["m/1/a:bytes"][side == "source"] == "read"
    assert Path(world.folder / end["files"]["Evidence"]).exists()
    world.ok("verify")
