"""The JSON files that tables and file assets name: which are read, how they are written anew, what they name."""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import replace
from typing import Any, cast

import pytest
from tests.builders.errors import refusal
from tests.builders.world import MAPPING, NEW, NEW_BLOBS, OLD, OLD_BLOBS, SOURCE, TARGET, asset, blob, inventory

from amlmigrate.bytes import jsonfiles
from amlmigrate.bytes.listings import Listing
from amlmigrate.cloud.blobs import Blobs
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.asset import Asset, Blob, Content, Inventory
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.reference import Reference
from amlmigrate.core.workspace import Location
from amlmigrate.inventory import jsonfiles as module
from amlmigrate.inventory import read_json

STORE = "azureml://datastores/workspaceblobstore/paths"
FULL = f"azureml://subscriptions/{OLD.subscription}/resourcegroups/{OLD.group}/workspaces/{OLD.name}/datastores"
MOVED = f"azureml://subscriptions/{NEW.subscription}/resourcegroups/{NEW.group}/workspaces/{NEW.name}/datastores"
LINE = json.dumps({"image_url": f"{FULL}/workspaceblobstore/paths/pics/1.jpg", "label": "can"}).encode()


class Files:
    """The bytes of some files of the default container, and how many were read at once."""

    def __init__(self, files: dict[str, bytes], error: ServiceError | None = None) -> None:
        self.files = files
        self.error = error
        self.read_paths: list[str] = []
        self.at_once = self.most = 0

    async def read(self, place: Location, largest: int) -> bytes | None:
        assert (place.account, place.container) == ("acct", OLD_BLOBS)
        self.read_paths.append(place.path)
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        if self.error:
            raise self.error
        data = self.files.get(place.path)
        return data if data is not None and len(data) <= largest else None


def _read(files: Files, *assets: Asset, blobs: dict[str, Blob] | None = None) -> Inventory:
    listed = {path: blob(path, len(data)) for path, data in files.files.items()} | (blobs or {})
    found = inventory(*assets, of=SOURCE)
    listing = Listing(Location("acct", OLD_BLOBS), listed)
    asyncio.run(read_json(found, cast(Blobs, files), {("acct", OLD_BLOBS): listing}, MAPPING))
    return found


def _file(path: str, name: str = "f", **more: Any) -> Asset:
    return asset(f"data/{name}/1", dataType="uri_file", dataUri=f"{STORE}/{path}", **more)


def _table(*paths: str, exact: bool = False) -> Asset:
    """A table that reads these paths of the default container."""
    names = tuple(
        Reference(path, "t/MLTable", location=Location("acct", OLD_BLOBS, path), exact=exact) for path in paths
    )
    made = asset("data/t/1", dataType="mltable", dataUri=f"{STORE}/t/")
    return replace(made, contents=(Content(Location("acct", OLD_BLOBS, "t/MLTable"), "", names),))


EVERY = dict.fromkeys(("t/a.jsonl", "t/b.json", "t/c.txt", "t/x/d.JSONL", "t/x/y/e.json", "u/a.jsonl"), LINE)


@pytest.mark.parametrize(
    ("named", "read"),
    [
        (_file("t/a.jsonl"), {"t/a.jsonl"}),
        (_file("t/x/d.JSONL"), {"t/x/d.JSONL"}),
        (_file("t/c.txt"), set()),
        (asset("data/f/1", dataType="uri_folder", dataUri=f"{STORE}/t"), set()),
        (asset("models/f/1", modelType="custom_model", modelUri=f"{STORE}/t/b.json"), set()),
        (_table("t/a.jsonl"), {"t/a.jsonl"}),
        (_table("t/"), {"t/a.jsonl", "t/b.json", "t/x/d.JSONL", "t/x/y/e.json"}),
        (_table("t/x"), {"t/x/d.JSONL", "t/x/y/e.json"}),
        (_table("t/*.jsonl"), {"t/a.jsonl"}),
        (_table("t/*"), {"t/a.jsonl", "t/b.json", "t/x/d.JSONL", "t/x/y/e.json"}),
        (_table("t/*/*.json*"), set()),
        (_table("t/*/*.JSON?"), {"t/x/d.JSONL"}),
        (_table("t/**/*.json"), {"t/b.json", "t/x/y/e.json"}),
        (_table("**/[ab].jsonl"), {"t/a.jsonl", "u/a.jsonl"}),
        (_table("t/?.json"), {"t/b.json", "t/x/y/e.json"}),
        (_table("**/[!a].js*"), {"t/b.json", "t/x/y/e.json"}),
        (_table("t/[^a].js*"), {"t/a.jsonl"}),
        (_table("t/[z-a].jsonl"), {"t/a.jsonl"}),
        (_table("t/[!].jsonl"), set()),
        (_table("t/*.jsonl", exact=True), set()),
        (_table("t/a"), set()),
        (_table("nowhere/"), set()),
    ],
)
def test_those_are_read_that_are_named(named: Asset, read: set[str]) -> None:
    files = Files(EVERY)
    found = _read(files, named)
    assert set(files.read_paths) == read
    assert {place.path for place in found.anew} == read
    assert found.findings == []


def test_a_file_is_noted_with_its_digests_and_its_first_lines() -> None:
    rows = [json.dumps({"image_url": f"{FULL}/workspaceblobstore/paths/pics/{n}.jpg"}) for n in range(7)]
    data = "\r\n".join(["{}", *rows]).encode()
    found = _read(Files({"t/a.jsonl": data}), _file("t/a.jsonl"))
    [(place, file)] = found.anew.items()
    wanted = data.replace(FULL.encode(), MOVED.encode())
    assert place == Location("acct", OLD_BLOBS, "t/a.jsonl")
    assert (file.count, file.length) == (7, len(wanted))
    assert [hashlib.sha256(one).hexdigest() for one in (data, wanted)] == [file.sha256, file.to_sha256]
    assert [line.where for line in file.lines] == [f"t/a.jsonl:{n}" for n in range(2, 7)]
    assert (file.lines[0].before, file.lines[0].after) == (rows[0] + "\r", rows[0].replace(FULL, MOVED) + "\r")
    assert jsonfiles.written_anew("t/a.jsonl", data, MAPPING) == wanted


def test_what_a_file_names_is_its_assets_by_folders() -> None:
    urls = [
        *(f"{FULL}/workspaceblobstore/paths/pics/{n}.jpg" for n in range(50)),
        f"{STORE}/short/1.jpg",
        f"https://acct.blob.core.windows.net/{OLD_BLOBS}/by%20url/1.jpg",
        f"{FULL}/workspaceblobstore/paths/root.jpg",
        f"{FULL}/lake/paths/far/1.jpg",
        "https://example.org/1.jpg",
        "azureml://subscriptions/s/resourcegroups/g/workspaces/another/datastores/d/paths/x/1.jpg",
    ]
    found = _read(Files({"t/a.json": json.dumps(urls).encode()}), _file("t/a.json"))
    [content] = found.assets[_file("t/a.json").address].contents
    own = {place.path for one in content.names if (place := MAPPING.locate(one)) and MAPPING.place(place)}
    assert own == {"pics", "short", "by url", "root.jpg"}
    assert {one.datastore for one in content.names if one.datastore} == {"workspaceblobstore", "lake"}
    assert len(content.names) == 5
    assert not any("another" in one.text or "example.org" in one.text for one in content.names)
    assert found.anew[Location("acct", OLD_BLOBS, "t/a.json")].count == 53


@pytest.mark.parametrize(
    ("data", "more", "severity", "code"),
    [
        (LINE, {"headers": (("content_encoding", "gzip"),)}, "blocks", "file-encoded"),
        (LINE, {"length": jsonfiles.LARGEST + 1}, "blocks", "file-too-large"),
        (b"x = " + LINE, {}, "blocks", "file-not-json"),
        (LINE.decode().encode("utf-16-le")[:-1], {}, "blocks", "file-not-json"),
        (json.dumps([f"https://acct.blob.core.windows.net/{OLD_BLOBS}/a?sv=1&sig=abcd"]).encode(), {}, "error",
         "signed-lines"),
    ],
)  # fmt: skip
def test_what_cannot_be_written_anew_is_said(data: bytes, more: dict[str, Any], severity: str, code: str) -> None:
    listed = {"t/a.jsonl": replace(blob("t/a.jsonl", len(data)), **more)}
    found = _read(Files({"t/a.jsonl": data}), _file("t/a.jsonl"), blobs=listed)
    assert [(one.severity, one.code, one.about) for one in found.findings] == [(severity, code, "data/f/1")]
    assert "sig=abcd" not in str(found.anew) + str(found.findings)
    if more:
        assert not found.anew


@pytest.mark.parametrize(("over", "read"), [(0, True), (1, False)])
def test_up_to_the_limit_a_file_is_read(over: int, read: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST", len(LINE))
    found = _read(Files({"t/a.jsonl": LINE + b" " * over}), _file("t/a.jsonl"))
    assert bool(found.anew) is read
    assert [one.code for one in found.findings] == ([] if read else ["file-too-large"])


def test_the_limit_is_64_mib() -> None:
    assert jsonfiles.LARGEST == module.LARGEST == 64 * 1024 * 1024


@pytest.mark.parametrize("status", [403, 500])
def test_one_that_may_not_be_read_ends_the_plan(status: int) -> None:
    with pytest.raises(ServiceError):
        _read(Files({"t/a.jsonl": LINE}, refusal(status, "x")), _file("t/a.jsonl"))


@pytest.mark.parametrize(
    ("answer", "code"),
    [("BlobArchived", "file-archived"), ("BlobUsesCustomerSpecifiedEncryption", "file-unreadable")],
)
def test_one_that_nobody_reads_is_said_of_each_asset(answer: str, code: str) -> None:
    files = Files({"t/a.jsonl": LINE}, refusal(409, answer))
    found = _read(files, _file("t/a.jsonl"), _file("t/a.jsonl", "g"))
    assert [one.address for one in found.findings] == [f"data/f/1!{code}", f"data/g/1!{code}"]
    assert all("--exclude" in one.remedy for one in found.findings)


def test_one_that_has_gone_since_it_was_listed_is_nothing_yet() -> None:
    found = _read(Files({}), _file("t/a.jsonl"), blobs={"t/a.jsonl": blob("t/a.jsonl")})
    assert (found.anew, found.findings) == ({}, [])


def test_large_files_are_read_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SMALL", len(LINE))
    small = Files({f"t/{n}.jsonl": LINE for n in range(20)})
    _read(small, _table("t"))
    large = Files({f"t/{n}.jsonl": LINE + b"\n" for n in range(20)})
    _read(large, _table("t"))
    assert (small.most > 1, large.most) == (True, 1)
    assert len(large.read_paths) == 20


def test_the_target_is_named_and_not_the_source() -> None:
    url = f"https://acct.blob.core.windows.net/{OLD_BLOBS}/a b.jpg"
    data = json.dumps({"u": url, "w": f"abfss://{OLD_BLOBS}@acct.dfs.core.windows.net/x"}).encode()
    written = json.loads(jsonfiles.written_anew("a.json", data, MAPPING))
    assert written == {
        "u": f"https://cmkacct.blob.core.windows.net/{NEW_BLOBS}/a b.jpg",
        "w": f"abfss://{NEW_BLOBS}@cmkacct.dfs.core.windows.net/x",
    }


@pytest.mark.parametrize(
    ("query", "told"),
    [("?versionid=2026-01-01T00:00:00.0Z", 1), ("?sv=1&SnapShot=2026", 1), ("?version=1", 0), ("", 0)],
)
def test_one_version_of_a_blob_is_said_not_to_move(query: str, told: int) -> None:
    url = f"https://acct.blob.core.windows.net/{OLD_BLOBS}/pics/1.jpg{query}"
    other = "https://elsewhere.blob.core.windows.net/c/1.jpg?versionid=1"
    found = _read(Files({"t/a.jsonl": json.dumps([url, url, other]).encode()}), _file("t/a.jsonl"), _table("t"))
    told_of = [one for one in found.findings if one.code == "one-version"]
    assert [(one.severity, one.address) for one in told_of] == [
        ("blocks", f"data/{name}/1!one-version") for name in ("f", "t") if told
    ]
    assert all("in 1 address" in one.summary for one in told_of)
    [anew] = found.anew.values()
    assert anew.count == 2, "its place is rewritten all the same"


@pytest.mark.parametrize("store", ["workspacefilestore", "lake"])
@pytest.mark.parametrize("start", ["azureml://datastores", FULL])
def test_datastores_whose_bytes_do_not_move_are_named(store: str, start: str) -> None:
    data = json.dumps([f"{start}/{store}/paths/a/1.jpg"]).encode()
    found = _read(Files({"t/a.json": data}), _file("t/a.json"))
    [content] = found.assets[_file("t/a.json").address].contents
    assert [(one.datastore, one.path) for one in content.names] == [(store, "a")]


def test_one_in_a_container_of_both_workspaces_is_not_this_moves_to_write() -> None:
    both = tuple(store for store in SOURCE.datastores if store.system)
    files, found = Files({"t/a.jsonl": LINE}), inventory(_file("t/a.jsonl"))
    listing = Listing(Location("acct", OLD_BLOBS), {"t/a.jsonl": blob("t/a.jsonl", len(LINE))})
    mapping = Mapping(SOURCE, replace(TARGET, datastores=both))
    asyncio.run(read_json(found, cast(Blobs, files), {("acct", OLD_BLOBS): listing}, mapping))
    assert (files.read_paths, found.anew) == ([], {})
