"""What the logs of a Delta table name that does not lie in its own folder."""

from __future__ import annotations

import json

import pytest

from amlmigrate.bytes.deltalogs import is_log, outside, table_root, without_beginning
from amlmigrate.bytes.jsonfiles import is_json


def _log(*actions: object) -> str:
    return "\n".join(json.dumps(action) for action in actions)


def test_what_lies_below_the_table_is_not_told() -> None:
    text = _log(
        {"commitInfo": {"path": "abfss://x@y/z"}},
        {"metaData": {"location": "/x"}},
        {"add": {"path": "part-0%20a.parquet"}},
        {
            "add": {
                "path": "year=2026/part.parquet",
                "deletionVector": {"storageType": "u", "pathOrInlineDv": "/b85:"},
            }
        },
        {"remove": None},
    )
    assert outside(text + "\n\n") == []


@pytest.mark.parametrize("sign", ["\u2028", "\x85", "\u2029"])
def test_lines_end_where_those_of_json_do(sign: str) -> None:
    line = json.dumps({"add": {"path": "/mnt/x", "stats": f"a{sign}b"}}, ensure_ascii=False)
    assert outside(f"{line}\r\n \n") == ["/mnt/x"]


def test_absolute_addresses_and_paths_out_of_the_table_are() -> None:
    vector = {"storageType": "p", "pathOrInlineDv": "abfss://c@a.dfs.core.windows.net/v.bin"}
    text = _log(
        {"add": {"path": "abfss://c@a.dfs.core.windows.net/a%20b.parquet", "deletionVector": vector}},
        {"remove": {"path": "../other/x%20y.parquet"}},
        {"cdc": {"path": "/mnt/x"}},
        {"add": {"path": "%2e%2e/other/z"}},
    )
    assert outside(text) == [
        "abfss://c@a.dfs.core.windows.net/a%20b.parquet",
        "abfss://c@a.dfs.core.windows.net/v.bin",
        "../other/x y.parquet",
        "/mnt/x",
        "../other/z",
    ]


@pytest.mark.parametrize("text", ["{", "[]", "x", '{"add": {"path": "a"}}\n3', "[" * 100_000])
def test_what_is_no_log_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        outside(text)


@pytest.mark.parametrize(
    ("path", "root"),
    [
        ("d/_delta_log/00.json", "d"),
        ("_delta_log", ""),
        ("a/b/_delta_log/", "a/b"),
        ("d/x", None),
        ("d_delta_log/x", None),
    ],
)
def test_a_path_into_a_log_tells_its_table(path: str, root: str | None) -> None:
    assert table_root(path) == root


def test_logs_are_known_by_their_folder() -> None:
    assert is_json("d/0.json") and not is_json("d/_delta_log/0.json")
    assert is_log("d/_delta_log/00000000000000000001.json") and is_log("_delta_log/0.json")
    assert not any(map(is_log, ("d/_delta_log/0.checkpoint.parquet", "d/0.json", "d/x_delta_log/0.json")))


@pytest.mark.parametrize(
    ("names", "cut"),
    [
        (["00000000000000000000.json", "00000000000000000010.checkpoint.parquet"], False),
        (["00000000000000000000.00000000000000000009.compacted.json"], False),
        (["_staged_commits/00000000000000000000.3a0d65cd-4056-49b8-937b-95f9e3ee90e5.json"], False),
        (["_last_checkpoint", "00000000000000000010.checkpoint.parquet", "00000000000000000011.json"], True),
        (["00000000000000000010.checkpoint.parquet"], True),
        (["00000000000000000000.checkpoint.parquet", "00000000000000000001.json"], True),
        (["00000000000000000010.00000000000000000012.compacted.json"], True),
        ([], False),
    ],
)
def test_a_log_without_its_beginning_is_seen(names: list[str], cut: bool) -> None:
    paths = ["d/p.parquet", "d/_delta_log", *(f"d/_delta_log/{name}" for name in names)]
    assert bool(without_beginning([*paths, "e/_delta_log/0.json"])) is cut


def test_commits_in_folders_of_their_own_are_logs() -> None:
    assert is_log("d/_delta_log/_commits/1.x.json") and is_log("d/_delta_log/_staged_commits/1.x.json")
    assert not is_log("d/_delta_log/_sidecars/1.json")
