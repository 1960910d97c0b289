"""The tables among an inventory's bytes: found wherever they lie, and followed to all that they read."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Any, cast

import pytest
from tests.builders.world import OLD_BLOBS, SOURCE, asset, blob, inventory
from tests.unit.core.test_rewriting import FROM

from amlmigrate.bytes.listings import Listing
from amlmigrate.cloud.blobs import Blobs
from amlmigrate.cloud.blobshapes import StoredBytes
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Inventory
from amlmigrate.core.workspace import Location
from amlmigrate.inventory import read_contents

STORE = "azureml://datastores/workspaceblobstore/paths"
LONG = f"azureml://{FROM}/datastores/workspaceblobstore/paths"
KEY = ("acct", OLD_BLOBS)


class Files:
    """Some files of the workspace's own container, and how often each was asked for."""

    def __init__(self, texts: dict[str, str]) -> None:
        self.texts = texts
        self.asked: Counter[str] = Counter()

    async def fetch(self, place: Location, largest: int) -> StoredBytes | None:
        self.asked[place.path] += 1
        data = self.texts[place.path].encode()
        return StoredBytes(data if len(data) <= largest else None, "", len(data))

    def listing(self) -> Listing:
        return Listing(Location(*KEY), {path: blob(path) for path in self.texts})


def _read(texts: dict[str, str], *assets: Any) -> tuple[Inventory, Files]:
    files = Files(texts)
    found = inventory(*assets, of=SOURCE)
    asyncio.run(read_contents(found, cast(Blobs, files), {KEY: files.listing()}))
    return found, files


def _data(path: str, kind: str = "uri_folder", name: str = "t/1") -> Any:
    return asset(f"data/{name}", dataType=kind, dataUri=f"{STORE}/{path}")


def _tables(found: Inventory, name: str = "t/1") -> list[str]:
    return [content.place.path for content in found.assets[Address.parse(f"data/{name}")].contents]


def _names(found: Inventory, name: str = "t/1") -> list[tuple[str, bool]]:
    contents = found.assets[Address.parse(f"data/{name}")].contents
    return [(one.text, one.exact) for content in contents for one in content.names]


PLAIN = "paths:\n- file: ./a.csv\n"


def test_those_in_folders_and_below_are_read_and_no_others() -> None:
    texts = {"d/MLTable": PLAIN, "d/x/y/MLTable": PLAIN, "d2/MLTable": PLAIN, "d/MLTable.txt": "x", "d/a.csv": "x"}
    found, files = _read(texts, _data("d/"), asset("models/m/1", modelUri=f"{STORE}/d2"))
    assert _tables(found) == ["d/MLTable", "d/x/y/MLTable"]
    assert set(files.asked) == {"d/MLTable", "d/x/y/MLTable"}
    assert found.findings == []


BLANK, CODED = "../out/r s.csv", "../out/r%20s.csv"


@pytest.mark.parametrize(
    ("there", "read"),
    [
        (["out/r s.csv"], [BLANK]),
        (["out/r%20s.csv"], [CODED]),
        (["out/r s.csv", "out/r%20s.csv"], [CODED, BLANK]),
        ([], [CODED]),
    ],
)
def test_a_path_that_may_be_encoded_is_followed_to_what_is_there(there: list[str], read: list[str]) -> None:
    """Over storage the library reads the blank, in folders the sign; a warning of absent bytes copied neither."""
    texts = {"d/MLTable": f"paths:\n- file: {CODED}\n"} | dict.fromkeys(there, "x")
    assert [text for text, _ in _names(_read(texts, _data("d/"))[0])] == read


@pytest.mark.parametrize("uri", ["", "d/MLTable", "d/MLTable/", "d"])
def test_a_place_may_be_the_container_or_the_file(uri: str) -> None:
    found, _ = _read({"d/MLTable": PLAIN}, _data(uri, "mltable" if uri else "uri_folder"))
    assert _tables(found) == ["d/MLTable"]
    assert found.findings == []


def test_what_a_table_reads_is_looked_through_for_tables_too_and_each_is_read_once() -> None:
    texts = {
        "a/MLTable": f"paths:\n- folder: {LONG}/b\n- folder: ../c/\n",
        "b/x/MLTable": "paths:\n- folder: ../../a\n- file: azureml:t:1\n",
        "c/MLTable": f"paths:\n- pattern: {STORE}/e/**/*.csv\n",
        "e/MLTable": "paths:\n- folder: .\n",
    }
    found, files = _read(texts, _data("a", "mltable"), _data("a", "mltable", "t/2"))
    assert sorted(_tables(found)) == sorted(texts) == sorted(_tables(found, "t/2"))
    assert max(files.asked.values()) == 1
    assert found.findings == []


def test_wildcards_are_signs_where_something_of_that_name_is_there() -> None:
    text = "paths:\n- file: br[0]/d.csv\n- file: br[1]/d.csv\n- folder: 'st*r/'\n- pattern: br[0]/d.csv\n- file: plain\n"
    found, _ = _read({"t/MLTable": text, "t/br[0]/d.csv": "x", "t/st*r/x": "y"}, _data("t", "mltable"))
    assert _names(found) == [
        ("br[0]/d.csv", True),
        ("br[1]/d.csv", False),
        ("st*r/", True),
        ("br[0]/d.csv", False),
        ("plain", False),
    ]


def test_one_that_is_no_yaml_blocks_and_is_no_silence() -> None:
    found, _ = _read({"d/sub/MLTable": "paths: [x\n- y: {"}, _data("d"))
    [finding] = found.findings
    assert (finding.severity, finding.address) == ("blocks", "data/t/1!file-not-yaml")
    assert "d/sub/MLTable" in finding.summary and "(line " in finding.summary


def test_what_leads_out_of_the_container_blocks_and_what_is_elsewhere_is_told() -> None:
    text = "paths:\n- file: ../../x.csv\n- file: /mnt/y.csv\n- file: https://example.org/z.csv\n"
    found, _ = _read({"d/MLTable": text}, _data("d", "mltable"))
    assert [(one.severity, one.code) for one in found.findings] == [
        ("blocks", "table-reads-unknown"),
        ("warning", "bytes-outside"),
    ]
    assert "'/mnt/y.csv', 'https://example.org/z.csv'" in found.findings[1].summary


def test_only_the_asset_that_is_a_table_needs_its_file() -> None:
    found, _ = _read(
        {"d/a.csv": "x"}, _data("d"), _data("d", "mltable", "t/2"), _data("d/a.csv", "uri_file", "t/3")
    )
    assert [one.address for one in found.findings] == ["data/t/2!table-absent"]


def test_what_the_service_made_of_a_table_needs_no_file_of_its_own() -> None:
    table = asset("data/t/1", dataType="mltable", dataUri=f"{STORE}/d/", referencedUris=[f"{STORE}/d/a.csv"])
    found, _ = _read({"d/MLTable": PLAIN, "d/a.csv": "x"}, table)
    assert found.findings == []


DELTA = "paths:\n- folder: ./\ntransformations:\n- read_delta_lake: {version_as_of: 1}\n"


def _log(*paths: str) -> str:
    return "\n".join(json.dumps({"add": {"path": path}}) for path in paths)


def test_what_the_log_of_a_delta_table_names_elsewhere_is_followed_and_told() -> None:
    there = f"abfss://{OLD_BLOBS}@acct.dfs.core.windows.net/base%20x/p1.parquet"
    texts = {
        "d/MLTable": DELTA,
        "d/_delta_log/00.json": _log("p0.parquet", there),
        "d/_delta_log/01.json": _log("../beside/p2%20y.parquet"),
        "d/_delta_log/00.checkpoint.parquet": "\x00",
    }
    found, files = _read(texts, _data("d", "mltable"))
    contents = found.assets[Address.parse("data/t/1")].contents
    places = {one.location.path for content in contents for one in content.names if one.location}
    assert places == {"d", "base x/p1.parquet", "beside/p2 y.parquet"}
    [finding] = found.findings
    assert (finding.severity, finding.code) == ("blocks", "delta-log-names-source")
    assert "1 in all" in finding.summary and "/d/_delta_log/00.json'" in finding.summary
    assert "d/_delta_log/00.checkpoint.parquet" not in files.asked


def test_a_path_into_the_log_reads_the_whole_table() -> None:
    texts = {
        "t/MLTable": "paths:\n- file: ../d/_delta_log/00.json\n",
        "d/_delta_log/00.json": _log("p"),
        "d/p": "",
    }
    found, _ = _read(texts, _data("t", "mltable"))
    contents = found.assets[Address.parse("data/t/1")].contents
    assert "d" in {one.location.path for content in contents for one in content.names if one.location}
    assert found.findings == []


@pytest.mark.parametrize("log", ["{", "no log"])
def test_a_log_that_cannot_be_read_blocks(log: str) -> None:
    found, _ = _read({"d/MLTable": DELTA, "d/_delta_log/0.json": log}, _data("d", "mltable"))
    assert [(one.severity, one.code) for one in found.findings] == [("blocks", "delta-log-unread")]


def test_logs_are_read_only_where_a_table_is_read_by_them() -> None:
    texts = {"d/MLTable": "paths:\n- folder: ./\ntransformations:\n- read_parquet\n", "d/_delta_log/0.json": "{"}
    found, files = _read(texts, _data("d", "mltable"))
    assert found.findings == [] and set(files.asked) == {"d/MLTable"}


def test_a_log_that_lost_its_beginning_to_a_checkpoint_blocks() -> None:
    texts = {
        "d/MLTable": DELTA,
        "d/_delta_log/00000000000000000010.checkpoint.parquet": "\x00",
        "d/_delta_log/00000000000000000011.json": _log("p"),
    }
    found, _ = _read(texts, _data("d", "mltable"))
    assert [(one.severity, one.code) for one in found.findings] == [("blocks", "delta-log-unread")]
    assert "000010.checkpoint.parquet" in found.findings[0].summary


def test_what_is_said_of_a_file_is_said_once_however_often_its_folder_is_read() -> None:
    texts = {"d/MLTable": "paths:\n- folder: ./x\n- folder: ./x/y\n", "d/x/y/MLTable": "paths: [", "d/x/y/a": "x"}
    found, _ = _read(texts, _data("d/"))
    assert [one.address for one in found.findings] == ["data/t/1!file-not-yaml"]
