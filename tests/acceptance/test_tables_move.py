"""Tables: what they read arrives where the rewritten file looks, and what is not so is told."""

from __future__ import annotations

import json
from typing import Any

import yaml
from tests.acceptance.world import World

SHORT = "azureml://datastores/workspaceblobstore/paths"


def _data(name: str, kind: str, path: str) -> dict[str, Any]:
    properties = {"dataType": kind, "dataUri": f"{SHORT}/{path}"}
    return {"kind": "data", "name": name, "version": "1", "properties": properties}


def _store(world: World, side: str) -> str:
    path = world.documents[side]["id"].replace("/providers/Microsoft.MachineLearningServices", "")
    path = path.replace("/resourceGroups/", "/resourcegroups/")
    return f"azureml:/{path}/datastores/workspaceblobstore/paths"


def _seed(world: World) -> None:
    long = _store(world, "source")
    host = f"{world.container('source')}@{world.account('source')}.dfs.core.windows.net"
    action = {"add": {"path": f"abfss://{host}/base%20of/p1.parquet"}}
    saved = yaml.safe_dump(
        {"paths": [{"file": f"{long}/raw data/of the year \u00fc/2023 q1.csv"}], "type": "mltable"}
    )
    files = {
        # Below a folder, with paths that leave it and a comment that names the old place.
        "folder/sub/MLTable": f"paths:\r\n- folder: ../../beside it/x/\r\n- pattern: '{long}/glob/**/*.csv' # was {long}/x\r\n",
        "beside it/x/1.csv": "1",
        "glob/a/1.csv": "2",
        "saved/MLTable": saved,
        "raw data/of the year \u00fc/2023 q1.csv": "3",
        "json/MLTable": json.dumps({"paths": [{"file": f"{long}/by json.csv"}]}).replace("/", "\\/"),
        "by json.csv": "4",
        "delta/MLTable": "paths:\n- folder: ./\ntransformations:\n- read_delta_lake\n",
        "delta/_delta_log/00000000000000000000.json": json.dumps(action),
        "base of/p1.parquet": "5",
        "broken/MLTable": "paths: [",
        "v1/a.csv": "6",
        # What an address that ends at its first blank would name.
        "raw": "another",
        "raw/x.csv": "another",
        "beside": "another",
        "by": "another",
    }
    tables = [_data(name, "mltable", f"{name}/") for name in ("saved", "json", "delta", "broken", "v1")]
    world.seed([_data("folder", "uri_folder", "folder"), *tables], [])
    with world.container_client("source") as client:
        for path, text in files.items():
            client.upload_blob(path, text.encode())


def test_what_tables_read_arrives_where_they_look_and_the_rest_is_told(world: World) -> None:
    _seed(world)
    world.ok("plan", *world.names)
    told = {
        (one["severity"], one["address"]) for one in world.asset_findings() if one["address"].startswith("data/")
    }
    blocking = ["data/broken/1!file-not-yaml", "data/delta/1!delta-log-names-source", "data/v1/1!table-absent"]
    assert told == {("warning", "data/folder/1!file-text-names-source"), *(("blocks", one) for one in blocking)}
    step = f"blobs/{world.container('source')}/folder"
    shown = world.ok("show", step).out
    assert "@@ folder/sub/MLTable:3 @@" in shown
    left = [
        line["address"]
        for line in world.plan_lines()
        if line.get("action") == "manual" and line["address"].startswith("blobs/")
    ]
    world.migrate("run")

    long = _store(world, "target")
    with world.container_client("target") as client:
        there = {path: client.download_blob(path).readall() for path in client.list_blob_names()}
    assert there["folder/sub/MLTable"].decode().splitlines(keepends=True)[2] == (
        f"- pattern: '{long}/glob/**/*.csv' # was {_store(world, 'source')}/x\r\n"
    )
    assert yaml.safe_load(there["saved/MLTable"])["paths"] == [
        {"file": f"{long}/raw data/of the year \u00fc/2023 q1.csv"}
    ]
    assert json.loads(there["json/MLTable"]) == {"paths": [{"file": f"{long}/by json.csv"}]}
    arrived = {"beside it/x/1.csv": b"1", "glob/a/1.csv": b"2", "raw data/of the year \u00fc/2023 q1.csv": b"3"}
    arrived |= {"by json.csv": b"4", "base of/p1.parquet": b"5", "v1/a.csv": b"6", "broken/MLTable": b"paths: ["}
    assert {path: there.get(path) for path in arrived} == arrived
    assert not {"raw", "raw/x.csv", "beside", "by"} & there.keys()

    result = world.migrate("verify", "--json")
    assert result.code == 3
    end = result.event("verify.end")
    # A comment in a table is no file that names the source; a log of a Delta table is.
    assert [one["address"] for one in end["found"]] == ["data/delta/1!names-source"]
    world.ok("waive", *blocking, "data/delta/1!names-source", *left, "--reason", "known")
    assert world.ok("verify", "--json").event("verify.end")["green"]
