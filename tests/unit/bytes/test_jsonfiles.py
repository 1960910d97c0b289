"""What the strings of a file mean in the target: the same whether or not others of their folder came before."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.builders.world import MAPPING, OLD, OLD_BLOBS, OLD_ID

from amlmigrate.bytes.jsonfiles import planned, written_anew
from amlmigrate.bytes.prefixes import prefix_of
from amlmigrate.core.reference_targets import lead
from amlmigrate.core.workspace import Location

WORKSPACE = f"azureml://subscriptions/{OLD.subscription}/resourcegroups/{OLD.group}/workspaces/"
STARTS = [
    f"{WORKSPACE}{OLD.name}/datastores/workspaceblobstore/paths/",
    f"{WORKSPACE}{OLD.name}/datastores/lake/paths/",
    f"{WORKSPACE}{OLD.name}/datastores/",
    f"{WORKSPACE}{OLD.name}/data/d/versions/",
    f"{WORKSPACE}{OLD.name}/jobs/train/outputs/",
    WORKSPACE,
    OLD.id.rpartition("/")[0] + "/",
    f"azureml://locations/westeurope/workspaces/{OLD_ID}/",
    "azureml://jobs/train/outputs/",
    "azureml://datastores/workspaceblobstore/paths/",
    "runs:/train/",
    f"https://acct.blob.core.windows.net/{OLD_BLOBS}/",
    "https://acct.blob.core.windows.net/",
    f"abfss://{OLD_BLOBS}@acct.dfs.core.windows.net/",
    "https://",
    "https://example.org/",
    "",
]
_texts = st.builds(
    lambda start, parts, end: start + "/".join(parts) + end,
    st.sampled_from(STARTS),
    st.lists(
        st.sampled_from(
            [OLD.name, "other", "a b.jpg", "1.jpg", "ä.jpg", "model", "artifacts", "paths", "..", ".", "", "a%20b",
             "x?sig=abc", OLD_BLOBS, "acct.blob.core.windows.net", "workspaceblobstore", "datastores", "1", "d"]
        ),
        max_size=4,
    ),
    st.sampled_from(["", "", "", "/", " ", "\n"]),
)  # fmt: skip


def _alone(text: str) -> str:
    found = lead(text.strip(), MAPPING)
    return text.replace(found.address, found.after) if found else text


@settings(max_examples=300, deadline=None)
@given(st.lists(_texts, max_size=12))
def test_each_string_means_what_it_means_alone(texts: list[str]) -> None:
    written = json.loads(written_anew("a.json", json.dumps(texts).encode(), MAPPING))
    assert written == [_alone(text) for text in texts]


@settings(max_examples=150, deadline=None)
@example([f"{STARTS[0]}/ws1"])
@given(st.lists(_texts, max_size=8))
def test_all_that_is_the_sources_own_is_among_what_a_file_names(texts: list[str]) -> None:
    names = planned(Location("acct", OLD_BLOBS, "t/a.json"), json.dumps(texts).encode(), MAPPING).names
    covered = [prefix_of(place, exact=name.exact) for name in names if (place := MAPPING.locate(name))]
    for text in texts:
        found = lead(text.strip(), MAPPING)
        place = found.location if found and found.goal else None
        assert place is None or any(
            (place.account, place.container) == (one.account, one.container)
            and (not one.path or f"{place.path}/".startswith(f"{one.path}/"))
            for one in covered
        ), text


def test_outputs_of_a_job_lie_where_each_of_them_does() -> None:
    texts = [f"azureml://jobs/train/outputs/{name}" for name in ("model", "artifacts", "model")]
    written = json.loads(written_anew("a.json", json.dumps(texts).encode(), MAPPING))
    assert [one.rpartition("/datastores/")[2] for one in written] == [
        "workspaceblobstore/paths/azureml/train/model",
        "workspaceartifactstore/paths/ExperimentRun/dcid.train",
        "workspaceblobstore/paths/azureml/train/model",
    ]


def test_each_secret_counts_be_it_in_the_folder_of_another() -> None:
    url = f"https://acct.blob.core.windows.net/{OLD_BLOBS}/x?sig=abcdefgh/"
    found = planned(Location("acct", OLD_BLOBS, "t/a.json"), json.dumps([f"{url}1", f"{url}2"]).encode(), MAPPING)
    assert found.signed == 2


@pytest.mark.parametrize("start", [STARTS[0], f"https://acct.blob.core.windows.net/{OLD_BLOBS}/"])
def test_thousands_of_files_of_a_folder_are_one_name_whatever_they_are_called(start: str) -> None:
    data = json.dumps([f"{start}pics/#{n}.jpg" for n in range(2000)]).encode()
    assert len(planned(Location("acct", OLD_BLOBS, "t/a.json"), data, MAPPING).names) == 1


@pytest.mark.parametrize("start", [STARTS[0], STARTS[9], f"https://acct.blob.core.windows.net/{OLD_BLOBS}/"])
def test_each_file_at_the_root_of_a_container_is_named(start: str) -> None:
    data = json.dumps([f"{start}{n}.jpg" for n in range(3)]).encode()
    names = planned(Location("acct", OLD_BLOBS, "t/a.json"), data, MAPPING).names
    assert {place.path for one in names if (place := MAPPING.locate(one))} == {"0.jpg", "1.jpg", "2.jpg"}


def test_an_asset_by_its_full_address_is_named() -> None:
    data = json.dumps([f"{WORKSPACE}{OLD.name}/data/d/versions/1"]).encode()
    [name] = planned(Location("acct", OLD_BLOBS, "t/a.json"), data, MAPPING).names
    assert (name.kind, name.names, name.version) == ("data", ("d",), "1")
