"""JSON files that tables and file assets name, as AutoML's lines of images: written anew, shown, compared afresh."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.acceptance.world import World
from tests.builders.rows import data


def _address(world: World, path: str, which: str = "source") -> str:
    _, subscription, _, group, *_, name = world.documents[which]["id"].strip("/").split("/")
    place = f"azureml://subscriptions/{subscription}/resourcegroups/{group}/workspaces/{name}"
    return f"{place}/datastores/workspaceblobstore/paths/{path}"


def _rows(world: World, which: str = "source") -> bytes:
    """With escaped slashes, CRLF and no line end at the end, as some writers have it."""
    rows = [{"image_url": _address(world, f"pics/ä {n}.jpg", which), "label": n} for n in range(9)]
    return "\r\n".join(json.dumps(row).replace("/", "\\/") for row in rows).encode()


@pytest.fixture
def seeded(world: World) -> World:
    with world.container_client("source") as client:
        client.upload_blob(
            "train/MLTable", b"paths:\n- pattern: ./*.jsonl\ntransformations:\n- read_json_lines:\n"
        )
        client.upload_blob("train/rows.jsonl", _rows(world))
        client.upload_blob("train/other.jsonl", b'{"image_url": "https://example.org/1.jpg"}')
        for n in range(3):
            client.upload_blob(f"pics/ä {n}.jpg", b"\xff\xd8" + bytes([n]))
        # More than is written in one piece.
        many = [_address(world, f"pics/ä {n}.jpg") for n in range(12_000)]
        client.upload_blob("list/all.json", json.dumps({"all": many}, ensure_ascii=False, indent=1).encode())
    world.seed([data("train", "train/", "mltable"), data("all", "list/all.json", "uri_file")], [])
    return world


def _steps(world: World) -> dict[str, dict[str, Any]]:
    return {line["address"]: line for line in world.plan_lines() if line.get("record") == "step"}


def test_they_are_written_anew_shown_and_compared_afresh(seeded: World) -> None:
    world, container = seeded, seeded.container("source")
    world.ok("plan", *world.names)
    steps = _steps(world)
    # What the lines name comes along, though no asset does.
    assert steps[f"blobs/{container}/pics"]["action"] == "copy"
    assert f"blobs/{container}/pics" in steps["data/train/1"]["after"]
    [file] = steps[f"blobs/{container}/train"]["files"]
    assert (file["path"], file["count"], len(file["lines"])) == ("train/rows.jsonl", 9, 5)
    shown = world.ok("show", f"blobs/{container}/train").out
    assert file["sha256"] in shown and file["to_sha256"] in shown and "9 addresses" in shown
    assert shown.count("@@ train/rows.jsonl:") == 5

    world.ok("run")
    verified = world.ok("verify", "--json").event("verify.end")
    assert verified["green"], verified
    blobs = world.blobs("target")
    with world.container_client("target") as client:
        assert client.download_blob("train/rows.jsonl").readall() == _rows(world, "target")
        large = json.loads(client.download_blob("list/all.json").readall())
        assert large == {"all": [_address(world, f"pics/ä {n}.jpg", "target") for n in range(12_000)]}
        assert blobs["list/all.json"].size > 2**20
        assert blobs["list/all.json"].content_settings.content_md5

        # A second plan has nothing to do, and one byte more is seen, whatever is said of it.
        world.ok("plan", *world.names, "--out", "again")
        again = json.loads((world.folder / "again" / "plan.jsonl").read_text().splitlines()[0])["counts"]["blobs"]
        assert again == {"adopt": 3}
        client.upload_blob("train/rows.jsonl", _rows(world), overwrite=True)
    fields = {one["field"] for one in world.migrate("verify", "--json").event("verify.end")["differences"]}
    assert "train/rows.jsonl:sha256" in fields
