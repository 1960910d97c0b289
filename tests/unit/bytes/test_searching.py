"""The search for addresses of the source in bytes that go by: each once, however it is written and cut."""

from __future__ import annotations

import json
import os
import time
import tracemalloc
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.builders.world import MAPPING, NEW, NEW_BLOBS, OLD, OLD_BLOBS, OLD_ID, SOURCE

from amlmigrate.bytes import searching
from amlmigrate.bytes.searching import Search, SearchResult, is_text
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.places import Places
from amlmigrate.core.workspace import WORKING_SHARE

PLACES = Places(MAPPING)
GROUP = f"subscriptions/{OLD.subscription}/resourcegroups/{OLD.group}"
STORAGE = SOURCE.storage_account_id
OURS = [
    f"azureml://{GROUP}/workspaces/{OLD.name}/datastores/workspaceblobstore/paths/a b/c.jpg",
    f"azureml:/{GROUP}/workspaces/{OLD.name}/data/d/versions/1",
    OLD.id,
    OLD.id.upper(),
    f"https://ml.azure.com/data?wsid={OLD.id}&tid=1",
    f"azureml://northeurope.api.azureml.ms/mlflow/v1.0{OLD.id}",
    f"azureml://locations/westeurope/workspaces/{OLD_ID}/data/d/versions/1",
    f"https://{OLD_ID}.workspace.westeurope.api.azureml.ms/x",
    f"https://acct.blob.core.windows.net/{OLD_BLOBS}/a.csv",
    f"HTTPS://ACCT.BLOB.CORE.WINDOWS.NET:443/{OLD_BLOBS}",
    f"http://acct.dfs.core.windows.net/{OLD_BLOBS}/a?sv=1&sig=x",
    "https://acct.blob.core.windows.net/azureml/ExperimentRun/dcid.x/a",
    "https://acct.blob.core.windows.net/",
    "https://acct.blob.core.windows.net",
    f"wasbs://{OLD_BLOBS}@acct.blob.core.windows.net/a",
    f"abfss://{OLD_BLOBS}@acct.dfs.core.windows.net/",
    f"https://acct.blob.core.windows.net/{OLD_ID}-75avxbx6p6qzhd8i/train.py",
    f"https://acct-secondary.blob.core.windows.net/{OLD_BLOBS}/a.csv",
    f"https://acct.blob.core.windows.net//{OLD_BLOBS}/a.csv",
    f"https://acct.z07.dfs.storage.azure.net/{OLD_BLOBS}/a.csv",
    f"https://acct.privatelink.blob.core.windows.net/{OLD_BLOBS}/a.csv",
    f"abfss://{OLD_BLOBS}@acct.dfs.core.windows.net:443/a",
    f"wasbs://{OLD_BLOBS}@acct-secondary.blob.core.windows.net/a",
    f"https://acct.file.core.windows.net/azureml-filestore-{OLD_ID}/a",
    f"https://acct-secondary.file.core.windows.net:443/{WORKING_SHARE}/Users/a",
    f"//acct.file.core.windows.net/{WORKING_SHARE}",
    "https://acct.file.core.windows.net/",
    STORAGE,
    f"{STORAGE}/blobServices/default/containers/{OLD_BLOBS}",
]
NOT_OURS = [
    OLD.name,
    "acct",
    OLD_BLOBS,
    OLD_ID,
    "acct.blob.core.windows.net",
    f"{OLD.id}2",
    f"{OLD.id}-b",
    f"azureml://{GROUP}x/workspaces/{OLD.name}/datastores/d/paths/",
    "azureml://datastores/workspaceblobstore/paths/a",
    "azureml:d:1",
    "runs:/1/model",
    "https://acct.blob.core.windows.net/customers-own/a.csv",
    "https://notacct.blob.core.windows.net/azureml/a",
    "https://acct2.blob.core.windows.net/azureml/a",
    "https://acct.file.core.windows.net/customers-own/a",
    f"https://acct-second.blob.core.windows.net/{OLD_BLOBS}/a",
    f"https://acct.privatelinks.blob.core.windows.net/{OLD_BLOBS}/a",
    f"https://cmkacct.blob.core.windows.net/{NEW_BLOBS}/a",
    "abfss://raw@customerlake.dfs.core.windows.net/a",
    f"{STORAGE}2",
    f"{STORAGE}/blobServices/default/containers/customers-own",
    f"azureml://locations/westeurope/workspaces/{OLD_ID}0",
    "azureml://jobs/somebodys/outputs/model",
]


def _found(data: bytes, cut: int = 2**16) -> SearchResult:
    search = Search(PLACES)
    feed = search.begin()
    for at in range(0, len(data), cut):
        feed(data[at : at + cut])
    return search.end()


def _wrapped(address: str) -> list[str]:
    return [address, f"a,{address}\n1", f"see <{address}> there", f'{{"a": "{address}"}}', f"('{address}')"]


@pytest.mark.parametrize("address", OURS)
@pytest.mark.parametrize("code", ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"])
def test_an_address_of_the_source_is_seen(address: str, code: str) -> None:
    for text in _wrapped(address):
        assert _found(text.encode(code)).count == 1, text


@pytest.mark.parametrize("address", NOT_OURS)
def test_names_and_addresses_of_others_are_none(address: str) -> None:
    for text in _wrapped(address):
        assert _found(text.encode()) == SearchResult(True), text


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (json.dumps({"subscription_id": "s", "workspace_name": OLD.name}, indent=4), 1),
        (json.dumps({"source": [f'ml = MLClient(c, workspace_name="{OLD.name}", resource_group_name=g)\n']}), 1),
        (json.dumps(json.dumps({"workspace_name": OLD.name})), 1),
        (f"workspace_name: {OLD.name.upper()}\nother: 1", 1),
        (f"export WORKSPACE_NAME={OLD.name}\n", 1),
        (f"ws = Workspace.get( name = '{OLD.name}', subscription_id=s)", 1),
        (f"ws = Workspace.get('{OLD.name}')", 1),
        (f'workspace_name="{OLD.name}2"', 0),
        (f'workspace_name="my-{OLD.name}"', 0),
        (f'{{"name": "{OLD.name}", "workspace_name": "{NEW.name}"}}', 0),
        (f"Workspace.get_details('{OLD.name}')", 0),
    ],
)
def test_a_workspace_is_seen_as_its_clients_name_it(text: str, count: int) -> None:
    assert _found(text.encode()).count == _found(text.encode("utf-16")).count == count


def test_a_name_that_both_workspaces_have_tells_nothing() -> None:
    alike = replace(MAPPING.target, ref=replace(MAPPING.target.ref, name=OLD.name))
    assert Places(Mapping(SOURCE, alike)).count(f'workspace_name="{OLD.name}" '.encode()) == 0


def _hex(address: str, form: str) -> str:
    return "".join(sign if sign.isalnum() else form % ord(sign) for sign in address)


@pytest.mark.parametrize("address", OURS)
def test_an_escaped_address_is_seen(address: str) -> None:
    slashes = address.replace("/", r"\/")
    quoted = json.dumps(json.dumps({"a": slashes}))
    twice = _hex(address, "%%25%02X"), _hex(address, "%%2525%02x")
    for text in (
        *twice,
        slashes,
        quoted,
        _hex(address, r"\u%04x"),
        _hex(address, r"\x%02X"),
        _hex(address, "%%%02X"),
    ):
        assert _found(f'"{text}"\n'.encode()).count == 1, text
    letters = "".join(rf"\u00{ord(sign):02X}" for sign in address)
    assert _found(f'"{letters}"\n'.encode()).count == 1


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from([*OURS, *NOT_OURS, "é", "\\", "%", "x" * 900]), max_size=40),
    st.integers(1, 700),
    st.integers(50, 3000),
    st.sampled_from(["utf-8", "utf-16-le", "utf-16-be"]),
)
@example([f"https://acct.blob.core.windows.net/{'c' * 60}"] * 20, 1, 64, "utf-8")
def test_how_a_file_is_cut_changes_nothing(words: list[str], cut: int, block: int, code: str) -> None:
    data = (" ".join(words) + " ").encode(code)
    wanted = sum(1 for word in words if word in OURS)
    before = searching._BLOCK
    searching._BLOCK = block
    try:
        assert _found(data, cut).count == (wanted if is_text(data[:block]) else 0)
    finally:
        searching._BLOCK = before


@pytest.mark.parametrize("end", range(-260, 20))
def test_an_address_across_the_border_of_two_blocks_is_seen_once(end: int) -> None:
    address = f"https://acct.blob.core.windows.net/{OLD_BLOBS}/a.csv"
    data = b"x" * (searching._BLOCK + end) + f" {address} ".encode() + b"y" * searching._BLOCK
    assert _found(data, searching._BLOCK).count == 1


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", True),
        (b"a\0b" + b"text " * 100, True),
        (b"\x1b[31mred\x1b[0m\n", True),
        ("naïve".encode("latin-1"), True),
        (os.urandom(4096) + b"\0", False),
        (b"PK\x03\x04" + bytes(26) + b"notes.txt", False),
        (b"PAR1\x15\x04\x15\x00\x00\x00", False),
        ("中文\n".encode("utf-16"), True),
        ("中文 a\n".encode("utf-16-le"), True),
        ("a\n".encode("utf-32"), True),
    ],
)
def test_what_is_text(data: bytes, text: bool) -> None:
    assert is_text(data) is text


def test_what_is_no_text_is_not_searched() -> None:
    assert _found(b"\x00\x01\x02\x00" * 50 + OURS[0].encode()) == SearchResult(False)


def test_what_an_attempt_saw_that_broke_off_does_not_count() -> None:
    search = Search(PLACES)
    search.begin()(OURS[0].encode())
    feed = search.begin()
    feed(OURS[0].encode()[:20])
    feed(OURS[0].encode()[20:])
    assert search.end() == SearchResult(True, 1)


def test_outputs_of_the_sources_jobs_are_places_of_it() -> None:
    source = replace(
        SOURCE, job_outputs={("train_1", "model"): "azureml://datastores/workspaceblobstore/paths/m/"}
    )
    places = Places(Mapping(source, MAPPING.target))
    assert places.count(b"azureml://jobs/train_1/outputs/model/paths/a azureml://jobs/other/outputs/model/a") == 1


def test_so_are_those_of_jobs_that_name_no_place_and_what_mlflow_calls_them() -> None:
    places = Places(Mapping(replace(SOURCE, jobs=frozenset({"Train_1"})), MAPPING.target))
    text = b"azureml://jobs/Train_1/outputs/artifacts/paths/a 'runs:/train_1/model' runs:/other/model xruns:/train_1/m "
    assert places.count(text) == 2


def test_an_account_that_both_have_is_not_the_sources_alone() -> None:
    document = MAPPING.target.document
    shared = {**document, "properties": {**document["properties"], "storageAccount": STORAGE}}
    places = Places(Mapping(SOURCE, replace(MAPPING.target, document=shared)))
    assert places.count(f"https://acct.blob.core.windows.net {STORAGE} ".encode()) == 0
    assert places.count(f"https://acct.blob.core.windows.net/{OLD_BLOBS}/ ".encode()) == 1


@pytest.mark.parametrize("times", [1, 500])
def test_memory_does_not_grow_with_the_file(times: int) -> None:
    piece = (f"https://acct.blob.core.windows.net/{OLD_BLOBS}/a.csv," * 40).encode() * times
    search = Search(PLACES)
    feed = search.begin()
    tracemalloc.start()
    try:
        for _ in range(3000 // times):
            feed(piece)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert search.end().count == 40 * 3000
    assert peak < 12 * searching._BLOCK


@pytest.mark.parametrize("end", [b"/", b" \\/", b" \\u002f", b"\\u002f", b" \\x2f", b"%2f"])
@pytest.mark.parametrize("run", [b"\\", b"%25", b"\\u005c", b"\\\\/"])
def test_a_long_run_of_escapes_is_looked_at_once(run: bytes, end: bytes) -> None:
    data = run * (200_000 // len(run)) + end + OURS[0].encode() + b" "
    begun = time.process_time()
    assert _found(data).count == 1
    assert time.process_time() - begun < 2


def test_what_has_no_place_in_the_target_is_the_sources_all_the_same() -> None:
    places = Places(Mapping(SOURCE, replace(MAPPING.target, datastores=())))
    for container in (OLD_BLOBS, "azureml", f"{OLD_ID}-75avxbx6p6qzhd8i"):
        assert places.count(f"https://acct.blob.core.windows.net/{container}/a ".encode()) == 1
        assert places.count(f"https://notacct.blob.core.windows.net/{container}/a ".encode()) == 0
    assert places.count(b"https://acct.blob.core.windows.net/customers-own/a ") == 0
