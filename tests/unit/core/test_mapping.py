"""Where things of the source are in the target, and where the bytes lie that a reference names."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.builders.world import MAPPING, NEW, NEW_BLOBS, OLD, OLD_BLOBS, OLD_ID, SOURCE, TARGET

from amlmigrate.core.mapping import Mapping
from amlmigrate.core.reference import WorkspaceScope, references
from amlmigrate.core.workspace import Location

NEW_CODE = f"{OLD_ID}-75avca01seto0cmc7jp5v00x53"
OLD_CODE = f"{OLD_ID[:10]}-0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"
LONG = f"azureml://subscriptions/{OLD.subscription}/resourcegroups/{OLD.group}/workspaces/{OLD.name}"


def test_a_reference_without_a_workspace_is_the_sources() -> None:
    assert MAPPING.in_source(WorkspaceScope())


@pytest.mark.parametrize("change", [str, str.upper, str.lower, str.title])
def test_the_source_is_known_in_any_case(change: type[str]) -> None:
    assert MAPPING.in_source(WorkspaceScope(change(OLD.subscription), change(OLD.group), change(OLD.name)))
    assert MAPPING.in_source(WorkspaceScope(workspace_id=change(OLD_ID)))


@pytest.mark.parametrize(
    "scope",
    [
        WorkspaceScope(OLD.subscription, OLD.group, f"{OLD.name}0"),
        WorkspaceScope(OLD.subscription, OLD.group, OLD.name[:-1]),
        WorkspaceScope(OLD.subscription, f"{OLD.group}2", OLD.name),
        WorkspaceScope(TARGET.ref.subscription, OLD.group, OLD.name),
        WorkspaceScope(workspace_id=TARGET.workspace_id),
        WorkspaceScope(workspace_id=OLD_ID[:-1]),
    ],
)
def test_another_workspace_is_not_the_source(scope: WorkspaceScope) -> None:
    assert not MAPPING.in_source(scope)


@pytest.mark.parametrize(
    ("place", "goal"),
    [
        (
            Location("acct", OLD_BLOBS, "LocalUpload/00/model"),
            Location("cmkacct", NEW_BLOBS, "LocalUpload/00/model"),
        ),
        (Location("acct", OLD_BLOBS), Location("cmkacct", NEW_BLOBS)),
        (Location("ACCT", OLD_BLOBS, "a"), Location("cmkacct", NEW_BLOBS, "a")),
        (
            Location("acct", "azureml", "ExperimentRun/dcid.j"),
            Location("cmkacct", "azureml", "ExperimentRun/dcid.j"),
        ),
    ],
)
def test_bytes_of_the_default_containers_keep_their_path(place: Location, goal: Location) -> None:
    assert MAPPING.place(place) == goal


@pytest.mark.parametrize(
    ("container", "folder"),
    [(NEW_CODE, "75avca01seto0cmc7jp5v00x53"), (OLD_CODE, "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9")],
)
def test_a_container_of_code_uploads_becomes_a_folder_of_its_own(container: str, folder: str) -> None:
    goal = Location("cmkacct", NEW_BLOBS, f"migrated-code/{folder}")
    assert MAPPING.place(Location("acct", container)) == goal
    assert MAPPING.place(Location("acct", container, "src/train.py")) == goal.below("src/train.py")


def test_a_container_that_a_code_lies_in_becomes_a_folder_whatever_its_name() -> None:
    uploads = replace(SOURCE, upload_containers=frozenset({"snapshots"}))
    mapping = Mapping(uploads, TARGET)
    assert mapping.place(Location("acct", "snapshots", "a")) == Location(
        "cmkacct", NEW_BLOBS, "migrated-code/snapshots/a"
    )
    assert mapping.place(Location("acct", "snapshots2", "a")) is None
    assert mapping.place(Location("acct2", "snapshots", "a")) is None


@pytest.mark.parametrize(
    "place",
    [
        Location("acct2", OLD_BLOBS, "a"),
        Location("acc", OLD_BLOBS, "a"),
        Location("acct", f"{OLD_BLOBS}x", "a"),
        Location("acct", OLD_BLOBS[:-1], "a"),
        Location("acct", "azureml-logs", "a"),
        Location("customerlake", "raw", "a"),
        Location("acct2", NEW_CODE, "src"),
        Location("acct", f"{TARGET.workspace_id}-75avca01seto0cmc7jp5v00x53", "src"),
    ],
)
def test_bytes_of_anybody_else_have_no_place(place: Location) -> None:
    assert MAPPING.place(place) is None


def test_a_source_without_a_workspace_id_has_no_code_containers() -> None:
    nameless = replace(SOURCE, document={"properties": SOURCE.properties | {"workspaceId": ""}})
    assert Mapping(nameless, TARGET).place(Location("acct", "-anything", "a")) is None


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (f"{LONG}/datastores/workspaceblobstore/paths/a/b", Location("acct", OLD_BLOBS, "a/b")),
        (f"{LONG.upper()}/datastores/workspaceblobstore/paths/a", Location("acct", OLD_BLOBS, "a")),
        (f"{LONG}/datastores/lake/paths/x y (1),2.csv", Location("customerlake", "raw", "x y (1),2.csv")),
        ("azureml://datastores/workspaceblobstore/paths/a/", Location("acct", OLD_BLOBS, "a/")),
        (
            "azureml://datastores/workspaceartifactstore/ExperimentRun/dcid.j/m",
            Location("acct", "azureml", "ExperimentRun/dcid.j/m"),
        ),
        (
            "azureml://jobs/j/outputs/artifacts/paths/model",
            Location("acct", "azureml", "ExperimentRun/dcid.j/model"),
        ),
        ("runs:/j/model", Location("acct", "azureml", "ExperimentRun/dcid.j/model")),
        ("azureml://jobs/j/outputs/default", Location("acct", "azureml", "ExperimentRun/dcid.j")),
        ("azureml://jobs/j/outputs/trained/paths/a", Location("acct", OLD_BLOBS, "azureml/j/trained/a")),
        (f"https://acct.blob.core.windows.net:443/{NEW_CODE}/a b", Location("acct", NEW_CODE, "a b")),
        (f"https://acct.blob.core.windows.net/{NEW_CODE}/a%20b", Location("acct", NEW_CODE, "a b")),
        ("wasbs://c@other.blob.core.windows.net/p", Location("other", "c", "p")),
    ],
)
def test_bytes_are_located_through_datastores_jobs_and_urls(text: str, place: Location) -> None:
    [reference] = references({"uri": text})
    assert MAPPING.locate(reference) == place


@pytest.mark.parametrize(
    "text",
    [
        "azureml://datastores/unknown/paths/a",
        "azureml://datastores/workspacefilestore/paths/a",
        f"{LONG.replace('/ws1', '/ws10')}/datastores/workspaceblobstore/paths/a",
        f"azureml:{OLD.id}/models/m/versions/1",
    ],
)
def test_bytes_whose_place_cannot_be_known_are_not_located(text: str) -> None:
    [reference] = references({"uri": text})
    assert MAPPING.locate(reference) is None


def test_a_named_output_lies_where_its_job_says() -> None:
    outputs = {
        ("j", "trained"): "azureml://datastores/lake/paths/results",
        ("k", "trained"): "azureml://jobs/j/outputs/x",
    }
    mapping = Mapping(replace(SOURCE, job_outputs=outputs), TARGET)
    for job, place in (
        ("j", Location("customerlake", "raw", "results/a")),
        ("k", Location("acct", OLD_BLOBS, "azureml/k/trained/a")),
    ):
        [reference] = references({"uri": f"azureml://jobs/{job}/outputs/trained/paths/a"})
        assert mapping.locate(reference) == place


CUSTOMERS = {
    ("j", "trained"): "azureml://datastores/lake/paths/results",
    ("j", "long"): f"azureml://subscriptions/{OLD.subscription}/resourcegroups/{OLD.group}/workspaces/{OLD.name}"
    "/datastores/lake/paths/results/",
    ("j", "url"): "https://customerlake.blob.core.windows.net/raw/results",
    ("j", "own"): f"https://acct.blob.core.windows.net/{OLD_BLOBS}/results",
    ("j", "gone"): "azureml://datastores/gone/paths/results",
    ("j", "share"): "azureml://datastores/workspacefilestore/paths/results",
    ("j", "elsewhere"): "azureml://subscriptions/s/resourcegroups/g/workspaces/w/datastores/lake/paths/results",
}
_TO = f"azureml://subscriptions/{NEW.subscription}/resourcegroups/{NEW.group}/workspaces/{NEW.name}/datastores"


@pytest.mark.parametrize(
    ("output", "after"),
    [
        ("trained", f"{_TO}/lake/paths/results/a"),
        ("long", f"{_TO}/lake/paths/results/a"),
        ("url", "https://customerlake.blob.core.windows.net/raw/results/a"),
        ("own", f"{_TO}/workspaceblobstore/paths/results/a"),
        ("share", f"{_TO}/workspacefilestore/paths/results/a"),
        ("gone", None),
        ("elsewhere", None),
    ],
)
def test_an_output_is_named_by_where_its_job_put_it(output: str, after: str | None) -> None:
    text = f"azureml://jobs/j/outputs/{output}/paths/a"
    assert Mapping(replace(SOURCE, job_outputs=CUSTOMERS), TARGET).rewrite(text) == (after or text)
