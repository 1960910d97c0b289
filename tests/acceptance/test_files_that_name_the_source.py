"""Files among the bytes that name the source: found by `verify` however large, told with their count, let go by name."""

from __future__ import annotations

import gzip
import json
import os
from typing import Any

import pytest
from azure.storage.blob import ContentSettings
from tests.acceptance.world import World
from tests.builders.rows import data, model


def _evidence(world: World) -> dict[str, Any]:
    newest = sorted((world.folder / "plans" / world.source / "evidence").glob("*-verify.json"))[-1]
    found: dict[str, Any] = json.loads(newest.read_text())
    return found


def _seed(world: World) -> None:
    url = f"https://{world.account('source')}.blob.core.windows.net/{world.container('source')}/d/a.csv"
    document = world.documents["source"]["id"]
    encoded = ContentSettings(content_encoding="gzip")
    with world.container_client("source") as client:
        for name in ("notes", "plain", "packed", "model"):
            client.upload_blob(
                f"{name}/readme.md", f"see {world.source} and {world.container('source')}\n".encode()
            )
        client.upload_blob("notes/a b.txt", f"one {url} and {document}/data/d\n".encode())
        client.upload_blob("notes/wide.txt", f"{url}\n".encode("utf-16"))
        client.upload_blob("notes/escaped.json", json.dumps({"a": url}).replace("/", "\\/").encode())
        # Larger than what is read in one piece, with an address across the border of two.
        row = b"1,2,3\n" * 1_398_096
        client.upload_blob("notes/large.csv", row + url.encode() + b"\n" + row)
        client.upload_blob("packed/t.csv", gzip.compress(url.encode()), content_settings=encoded)
        client.upload_blob("packed/large", gzip.compress(os.urandom(9 * 2**20), 1), content_settings=encoded)
        client.upload_blob("packed/x.parquet", b"PAR1\x00\x01\x02\x00\x00" + url.encode())
    folders = [data(name, name) for name in ("notes", "plain", "packed")]
    world.seed([*folders, data("large", "notes/large.csv", "uri_file"), model("m", "model")], [])


@pytest.fixture
def named(world: World) -> World:
    """Moved, with files below two assets that name the source."""
    _seed(world)
    world.ok("plan", *world.names)
    world.ok("run")
    return world


def test_text_that_names_the_source_is_found_however_large_and_let_go_by_name(named: World) -> None:
    world, container = named, named.container("target")
    result = world.migrate("verify", "--json")
    assert result.code == 3, result.out
    found = {one["address"]: one["summary"] for one in result.event("verify.end")["found"]}
    assert set(found) == {"data/notes/1!names-source", "data/large/1!names-source"}
    assert f"'{container}/notes/a b.txt' (2 times)" in found["data/notes/1!names-source"]
    assert "4 files" in found["data/notes/1!names-source"]
    assert f"'{container}/notes/large.csv' (1 time)" in found["data/large/1!names-source"]
    content = _evidence(world)
    assert (content["green"], content["differences"]) == (False, [])
    assert {(one["file"], one["count"]) for one in content["naming_files"]} == {
        (f"{container}/notes/{name}", count)
        for name, count in (("a b.txt", 2), ("wide.txt", 1), ("escaped.json", 1), ("large.csv", 1))
    }
    told = " ".join(content["not_checked"])
    assert "of 2 that are stored under a Content-Encoding" in told
    assert "of 1 that are not text" in told
    assert "data/notes/1!names-source" in world.ok("show", "--open").out
    assert world.migrate("run", "--resume").code == 3

    # What was not read anew is no better known.
    metadata = world.migrate("verify", "--depth", "metadata", "--json").event("verify.end")
    assert [one["address"] for one in metadata["found"]] == sorted(found)
    assert any("that were not read at this depth" in one for one in metadata["not_checked"])

    world.ok("waive", *found, "--reason", "archives, read by nobody")
    end = world.ok("verify", "--json").event("verify.end")
    assert end["green"]
    assert {one["address"] for one in end["found"]} == set(found)
    assert world.ok("show", "--open").out.strip() == "Nothing is open."
