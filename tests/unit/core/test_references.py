"""References: every syntax of Azure ML, wherever in a document it stands."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders.world import OLD, OLD_ID

from amlmigrate.core.reference import Reference, WorkspaceScope, references
from amlmigrate.core.workspace import Location

SCOPE = WorkspaceScope(OLD.subscription, OLD.group, OLD.name)
LONG = f"azureml://subscriptions/{OLD.subscription}/resourcegroups/{OLD.group}/workspaces/{OLD.name}"
MIXED = f"azureml://subscriptions/{OLD.subscription}/resourceGroups/{OLD.group}/workspaces/{OLD.name}"
REGION = f"azureml://locations/westeurope/workspaces/{OLD_ID}"
CODE = f"https://acct.blob.core.windows.net:443/{OLD_ID}-75avca01seto0cmc7jp5v00x53"


def _one(text: str, member: str = "uri", **beside: Any) -> dict[str, Any]:
    [found] = references({member: text, **beside})
    return {
        name: value
        for name in Reference.__dataclass_fields__
        if name not in ("text", "where", "exact")
        and (value := getattr(found, name)) not in (None, (), WorkspaceScope())
    }


@pytest.mark.parametrize("workspace", [LONG, MIXED])
@pytest.mark.parametrize("prefix", ["", "file:", "folder:"])
def test_the_long_form_of_a_datastore_path(workspace: str, prefix: str) -> None:
    found = _one(f"{prefix}{workspace}/datastores/lake/paths/a/b.csv")
    assert found == {"scope": SCOPE, "datastore": "lake", "path": "a/b.csv"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("azureml://datastores/lake/paths/a/b.csv", {"datastore": "lake", "path": "a/b.csv"}),
        ("AzureML://Datastores/lake/Paths/A", {"datastore": "lake", "path": "A"}),
        ("azureml://datastores/lake/paths/", {"datastore": "lake", "path": ""}),
        (
            "azureml://datastores/workspaceartifactstore/ExperimentRun/dcid.j/model",
            {"datastore": "workspaceartifactstore", "path": "ExperimentRun/dcid.j/model"},
        ),
        ("file:azureml://datastores/lake/paths/a", {"datastore": "lake", "path": "a"}),
        ("folder:azureml://datastores/lake/paths/a b", {"datastore": "lake", "path": "a b"}),
        (
            "azureml://jobs/j_1/outputs/artifacts/paths/model/",
            {"job": "j_1", "output": "artifacts", "path": "model/"},
        ),
        ("azureml://jobs/j_1/outputs/trained", {"job": "j_1", "output": "trained", "path": ""}),
        ("runs:/j_1/model", {"job": "j_1", "output": "artifacts", "path": "model"}),
    ],
)
def test_short_forms_of_bytes_mean_the_workspace_that_holds_the_document(text: str, found: dict[str, Any]) -> None:
    assert _one(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"azureml:{OLD.id}/models/M-1/versions/3", {"kind": "models", "names": ("M-1",), "version": "3"}),
        (f"{OLD.id}/environments/e/versions/1.0", {"kind": "environments", "names": ("e",), "version": "1.0"}),
        (f"{OLD.id.lower()}/codes/c/versions/1", {"kind": "codes", "names": ("c",), "version": "1"}),
        (f"{OLD.id}/environments/e/labels/latest", {"kind": "environments", "names": ("e",), "label": "latest"}),
        (f"{LONG}/data/d/versions/2", {"kind": "data", "names": ("d",), "version": "2"}),
        (f"{MIXED}/components/c/labels/default", {"kind": "components", "names": ("c",), "label": "default"}),
        (f"{OLD.id}/datastores/lake", {"kind": "datastores", "names": ("lake",)}),
        (f"{OLD.id}/onlineEndpoints/e", {"kind": "onlineEndpoints", "names": ("e",)}),
        (f"{OLD.id}/DATASTORES/lake", {"kind": "datastores", "names": ("lake",)}),
        (f"{OLD.id}/computes/cpu", {"kind": "computes", "names": ("cpu",)}),
        (f"{OLD.id}/Environments/E-1/Versions/1", {"kind": "environments", "names": ("E-1",), "version": "1"}),
        (f"{OLD.id}/ENVIRONMENTS/e/LABELS/Latest", {"kind": "environments", "names": ("e",), "label": "Latest"}),
        (
            f"{LONG}/datastores/lake/ExperimentRun/dcid.j/m",
            {"datastore": "lake", "path": "ExperimentRun/dcid.j/m"},
        ),
        (f"{LONG}/DataStores/Lake/Paths/A", {"datastore": "Lake", "path": "A"}),
        (f"{LONG}/datastores/lake/paths", {"datastore": "lake", "path": ""}),
        (f"{LONG}/jobs/j_1/outputs/o/paths/a", {"job": "j_1", "output": "o", "path": "a"}),
        (f"{OLD.id}/Jobs/j_1/Outputs/o", {"job": "j_1", "output": "o", "path": ""}),
    ],
)
def test_full_forms_of_assets_name_their_workspace(text: str, found: dict[str, Any]) -> None:
    scope = {
        "scope": WorkspaceScope(OLD.subscription, *text.split("/")[4:9:4]) if OLD.id.lower() in text else SCOPE
    }
    assert _one(text) == scope | found


@pytest.mark.parametrize(
    ("tail", "found"),
    [
        ("models/m/versions/3", {"kind": "models", "names": ("m",), "version": "3"}),
        ("environments/e/labels/latest", {"kind": "environments", "names": ("e",), "label": "latest"}),
    ],
)
def test_the_region_form_names_the_workspace_by_its_guid(tail: str, found: dict[str, Any]) -> None:
    assert _one(f"{REGION}/{tail}") == {"scope": WorkspaceScope(workspace_id=OLD_ID)} | found


@pytest.mark.parametrize(
    ("member", "kind"),
    [
        ("environment", "environments"),
        ("environmentId", "environments"),
        ("code", "codes"),
        ("codeId", "codes"),
        ("component", "components"),
        ("componentId", "components"),
        ("trial", "components"),
        ("model", "models"),
        ("modelId", "models"),
    ],
)
def test_name_and_version_mean_the_kind_of_their_member(member: str, kind: str) -> None:
    assert _one("azureml:a.b-c_1:2024-01-01", member) == {
        "kind": kind,
        "names": ("a.b-c_1",),
        "version": "2024-01-01",
    }
    assert _one("a.b-c_1@latest", member) == {"kind": kind, "names": ("a.b-c_1",), "label": "latest"}
    assert _one("AzureML:a:1", member) == {"kind": kind, "names": ("a",), "version": "1"}
    assert _one("azureml:a@prod", member) == {"kind": kind, "names": ("a",), "label": "prod"}


@pytest.mark.parametrize("member", ["uri", "path", "value"])
@pytest.mark.parametrize("of", ["type", "job_input_type", "jobInputType"])
@pytest.mark.parametrize(("kind", "types"), [("models", ("mlflow_model", "custom_model")), ("data", ("mltable",))])
def test_name_and_version_of_an_input_mean_its_type(member: str, of: str, kind: str, types: tuple[str]) -> None:
    for type_ in types:
        assert _one("azureml:m:1", member, **{of: type_}) == {"kind": kind, "names": ("m",), "version": "1"}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (f"{CODE}/src", Location("acct", f"{OLD_ID}-75avca01seto0cmc7jp5v00x53", "src")),
        ("https://acct.blob.core.windows.net/c", Location("acct", "c")),
        ("https://ACCT.blob.core.windows.net/c/A%20b/%C3%A9", Location("acct", "c", "A b/é")),
        ("https://acct.blob.core.windows.net/c/a.csv?sv=1&sig=x", Location("acct", "c", "a.csv")),
        ("https://acct.dfs.core.usgovcloudapi.net/fs/a/", Location("acct", "fs", "a/")),
        ("wasbs://c@acct.blob.core.windows.net/a/b", Location("acct", "c", "a/b")),
        ("wasb://c@acct.blob.core.windows.net/a", Location("acct", "c", "a")),
        ("abfss://fs@acct.dfs.core.windows.net/a", Location("acct", "fs", "a")),
        ("abfs://fs@acct.dfs.core.chinacloudapi.cn", Location("acct", "fs")),
        ("https://acct.blob.core.windows.net/$root/a", Location("acct", "$root", "a")),
        ("https://acct.blob.core.windows.net/c//b", Location("acct", "c", "/b")),
    ],
)
def test_urls_of_storage_are_places(text: str, place: Location) -> None:
    assert _one(text) == {"location": place}


@pytest.mark.parametrize(
    "text",
    [
        "azureml://registries/azureml/environments/sklearn-1.5/versions/3",
        "azureml://registries/azureml/environments/sklearn-1.5/labels/latest",
        "azureml://feeds/f/components/c/versions/1",
        "/subscriptions/s/resourceGroups/rg/providers/Microsoft.MachineLearningServices/registries/r/models/m/versions/1",
        "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/acct",
        "https://example.com/data/titanic.csv",
        "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:latest",
        "someone@example.com",
        "azureml",
        "./local/path",
    ],
)
def test_what_belongs_to_no_workspace_is_no_reference(text: str) -> None:
    assert list(references({"uri": text, "command": f"python x.py {text}", "default": [text]})) == []


def test_references_are_found_at_any_depth_with_their_pointer() -> None:
    found = references(
        {
            "componentSpec": {"jobs": {"a/b": {"component": f"azureml:{OLD.id}/components/c/versions/1"}}},
            "list": [{"uri": "azureml://datastores/lake/paths/x"}, ["https://acct.blob.core.windows.net/c/p"]],
        },
        "/properties",
    )
    assert [reference.where for reference in found] == [
        "/properties/componentSpec/jobs/a~1b/component",
        "/properties/list/0/uri",
        "/properties/list/1/0",
    ]


@pytest.mark.parametrize("member", ["description", "display_name", "displayName", "tags", "$schema"])
def test_text_for_people_moves_nothing(member: str) -> None:
    assert list(references({member: f"see {LONG}/datastores/lake/paths/a"})) == []


@pytest.mark.parametrize(
    ("left", "right"), [(" ", " "), ("'", "'"), ('"', '"'), ("(", ")"), ("[", ",x]"), ("=", ";")]
)
@pytest.mark.parametrize(
    "text",
    [
        f"{LONG}/datastores/lake/paths/a/b",
        f"azureml:{OLD.id}/models/m/versions/3",
        f"{REGION}/models/m/versions/3",
        f"{CODE}/src",
        "abfss://fs@acct.dfs.core.windows.net/a",
        "wasbs://c@acct.blob.core.windows.net/a/b",
        "azureml://datastores/lake/paths/a/b",
        "azureml://jobs/j/outputs/artifacts/paths/model",
        "runs:/j/model",
    ],
)
def test_references_are_found_inside_longer_texts(text: str, left: str, right: str) -> None:
    [inside] = references({"command": f"python x.py --in{left}{text}{right} && echo done"})
    [alone] = references({"command": text})
    assert inside == alone


# Every syntax of AZ-ASSET-34, with what it comes to.
SYNTAXES = {
    f"{LONG}/datastores/d/paths/p": ("datastore", "d"),
    f"{LONG}/datastores/d/ExperimentRun/p": ("datastore", "d"),
    "azureml://datastores/d/paths/p": ("datastore", "d"),
    "azureml://datastores/d/ExperimentRun/p": ("datastore", "d"),
    "azureml://jobs/j/outputs/o/paths/p": ("job", "j"),
    f"{LONG}/jobs/j/outputs/o/paths/p": ("job", "j"),
    "runs:/j/p": ("job", "j"),
    f"azureml:{OLD.id}/models/m/versions/1": ("names", ("m",)),
    f"{OLD.id}/models/m/versions/1": ("names", ("m",)),
    f"{OLD.id}/models/m/labels/latest": ("names", ("m",)),
    f"{REGION}/models/m/versions/1": ("names", ("m",)),
    "file:azureml://datastores/d/paths/p": ("datastore", "d"),
    "folder:azureml://datastores/d/paths/p": ("datastore", "d"),
    f"{CODE}/src": ("location", Location("acct", f"{OLD_ID}-75avca01seto0cmc7jp5v00x53", "src")),
    "wasbs://c@acct.blob.core.windows.net/a": ("location", Location("acct", "c", "a")),
    "abfss://c@acct.dfs.core.windows.net/a": ("location", Location("acct", "c", "a")),
}
_KEYS = st.sampled_from(["spec", "jobs", "uri", "a/b", "value", "inputs", "x~y"])


def _cased(text: str, upper: bool) -> str:
    """Letter case changed in all that Azure does not mind it in: the segments that are not names."""
    words = (
        "datastores",
        "paths",
        "jobs",
        "outputs",
        "models",
        "versions",
        "labels",
        "resourcegroups",
        "workspaces",
    )
    for word in words:
        text = text.replace(f"/{word}/", f"/{word.upper() if upper else word.title()}/")
    return text


@given(
    st.sampled_from(list(SYNTAXES)), st.lists(_KEYS | st.none(), max_size=5), st.sampled_from([None, False, True])
)
def test_every_syntax_is_found_at_any_depth_in_any_letter_case(
    text: str, path: list[str | None], upper: bool | None
) -> None:
    member, value = SYNTAXES[text]
    written = text if upper is None or text.startswith(("https", "wasb", "abfs")) else _cased(text, upper)
    document: Any = {"uri": written}
    for key in path:
        document = [document] if key is None else {key: document}
    [found] = references(document)
    assert getattr(found, member) == value
    assert found.kind in (None, "models")
