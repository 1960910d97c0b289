"""What a plan makes of names: datastores in any case, names that Azure refuses, versions of blobs, text that tells."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.builders.world import NEW_BLOBS
from tests.unit.planning.planned import OLD, OLD_BLOBS, Planned, asset, leftover, model, plan, uploaded

from amlmigrate.core.address import Address
from amlmigrate.core.plan import Action

LONG = f"azureml://subscriptions/{OLD.subscription}/resourcegroups/{OLD.group}/workspaces/{OLD.name}/datastores"
URL = f"https://acct.blob.core.windows.net/{OLD_BLOBS}/a/x.csv"


def _codes(found: Planned, about: str) -> list[tuple[str, str]]:
    return [(one.severity, one.code) for one in found.findings if one.about == about]


def _lake(name: str) -> Any:
    none = {"credentialsType": "None"}
    return asset(
        f"datastores/{name}",
        accountName="customerlake",
        containerName="raw",
        datastoreType="AzureBlob",
        credentials=none,
    )


@pytest.mark.parametrize("name", ["WorkspaceBlobStore", "WORKSPACEBLOBSTORE", "workspaceBlobstore"])
@pytest.mark.parametrize("start", ["azureml://datastores/{}/paths/", f"{LONG}/{{}}/paths/"])
def test_the_bytes_of_a_datastore_in_any_case_are_copied(name: str, start: str) -> None:
    found = plan(asset("data/d/1", dataUri=f"{start.format(name)}a b/"), listed=uploaded("a b/x.csv"))
    assert found[f"blobs/{OLD_BLOBS}/a b"].action is Action.COPY
    assert found.after("data/d/1") == [f"blobs/{OLD_BLOBS}/a b", "datastores/workspaceblobstore"][:1]
    assert _codes(found, "data/d/1") == []


@pytest.mark.parametrize(
    "reference", ["azureml://datastores/LAKE/paths/x", f"{LONG}/lAke/paths/x", f"{OLD.id}/datastores/lake"]
)
def test_an_asset_comes_after_its_datastore_in_any_case(reference: str) -> None:
    component = asset("components/c/1", componentSpec={"inputs": {"a": {"default": reference}}})
    found = plan(component, _lake("Lake"))
    assert found.after("components/c/1") == ["datastores/Lake"]
    assert _codes(found, "components/c/1") == []


@pytest.mark.parametrize(
    ("there", "action"), [("lake", Action.ADOPT), ("LAKE", Action.ADOPT), ("lakes", Action.CREATE)]
)
def test_a_datastore_that_the_target_has_in_another_case_is_there(there: str, action: Action) -> None:
    assert plan(_lake("Lake"), there=(_lake(there),))["datastores/Lake"].action is action


def test_names_of_assets_are_told_apart_by_case() -> None:
    found = plan(asset("components/c/1", componentSpec={"model": "azureml:M:1"}), model("1"))
    assert ("warning", "reference-missing") in _codes(found, "components/c/1")
    assert Address.parse("models/M/1") != Address.parse("models/m/1")
    assert Address.parse("datastores/M") == Address.parse("datastores/m")
    assert len({Address.parse("datastores/M"), Address.parse("datastores/m")}) == 1


@pytest.mark.parametrize(
    "query", ["versionid=2024-01-01T00:00:00.0000000Z", "x=1&VersionId=a", "snapshot=2024-01-01T00:00:00Z"]
)
@pytest.mark.parametrize("url", [URL, URL.replace("x.csv", "x y.csv"), URL.replace("https", "HTTPS")])
@pytest.mark.parametrize("member", ["dataUri", "referencedUris"])
def test_what_names_one_version_is_made_and_told(member: str, url: str, query: str) -> None:
    value = [f"{url}?{query}"] if member == "referencedUris" else f"{url}?{query}"
    found = plan(
        asset("data/d/1", **{"dataUri": f"{LONG}/workspaceblobstore/paths/a", member: value}),
        listed=uploaded("a/x.csv", "a/x y.csv"),
    )
    assert _codes(found, "data/d/1") == [("blocks", "one-version")]
    assert found["data/d/1"].action is Action.CREATE
    body = (found["data/d/1"].body or {})["properties"][member]
    text = str(body[0] if isinstance(body, list) else body)
    assert f"https://cmkacct.blob.core.windows.net/{NEW_BLOBS}/a/x" in text.replace("HTTPS", "https")
    assert query.split("&")[-1] in text


@pytest.mark.parametrize(
    "url",
    [
        f"{URL}?download=1",
        URL,
        URL.replace("x.csv", "versionid=1"),
        "https://other.blob.core.windows.net/c/x?snapshot=1",
    ],
)
def test_other_queries_are_none(url: str) -> None:
    found = plan(asset("data/d/1", dataUri=url), listed=uploaded("a/x.csv"))
    assert "one-version" not in {code for _, code in _codes(found, "data/d/1")}


REFUSED = ["transformers-torch-1.9", "_x", "-x", "a b", "ü", "x" * 256, "a+b", "a~"]
TAKEN = ["transformers_torch-19", "0", "x" * 255, "A"]


def _named(kind: str, name: str) -> Any:
    values = {
        "models": {"modelUri": "https://example.com/m"},
        "data": {"dataUri": "https://example.com/m"},
        "environments": {"image": "x"},
        "components": {"componentSpec": {"type": "command"}},
        "codes": {"codeUri": "https://example.com/m"},
    }
    if kind == "datastores":
        return asset(f"datastores/{name}", accountName="a", containerName="c", datastoreType="AzureBlob")
    return asset(f"{kind}/{name}/1.0", **values[kind])


@pytest.mark.parametrize("kind", ["models", "data", "environments", "components", "codes", "datastores"])
@pytest.mark.parametrize(
    ("name", "told"), [*((name, True) for name in REFUSED), *((name, False) for name in TAKEN)]
)
def test_a_name_that_azure_refuses_is_foreseen(kind: str, name: str, told: bool) -> None:
    found = plan(_named(kind, name))
    errors = [one.code for one in found.findings if one.severity == "error"]
    assert errors == ["name-refused"] * told
    # What is there already has its name.
    there = plan(_named(kind, name), there=(_named(kind, name),))
    assert "name-refused" not in {one.code for one in there.findings}


@pytest.mark.parametrize(("name", "told"), [("AzureML-own", True), ("AzureMLown", True), ("own-AzureML", False)])
def test_a_name_that_is_the_services_own_is_foreseen(name: str, told: bool) -> None:
    found = plan(asset(f"environments/{name}/1", image="x", environmentType="UserCreated"))
    assert [one.code for one in found.findings] == ["name-refused"] * told
    assert plan(asset(f"models/{name}/1", modelUri="https://example.com/m")).findings[0].code != "name-refused"


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("description", f"made from {LONG}/workspaceblobstore/paths/a"),
        ("description", f"{LONG}/workspaceblobstore/paths/a"),
        ("tags", {"from": f"{OLD.id}/models/m/versions/1", "x": None}),
        ("properties", {"note": f"see {URL}, once"}),
    ],
)
def test_text_that_tells_of_the_source_is_moved_as_it_is_and_told(member: str, value: Any) -> None:
    found = plan(model("1", path="a", **{member: value}), listed=uploaded("a/x"))
    assert _codes(found, "models/m/1") == [("warning", "text-names-source")]
    body = (found["models/m/1"].body or {})["properties"][member]
    assert body if isinstance(value, str) else value.items() <= body.items()
    assert (
        found["models/m/1"].rewrites[0].where == "/properties/modelUri" if found["models/m/1"].rewrites else True
    )


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        ({"command": f"python x.py --in {URL}"}, None),
        ({"command": f"cat {LONG}/workspaceblobstore/paths/raw\\ data"}, "names-source"),
        ({"inputs": {"a": {"default": f"from {LONG}/workspaceblobstore/paths/a on"}}}, "names-source"),
        ({"inputs": {"a": {"description": f"from {LONG}/workspaceblobstore/paths/a on"}}}, "text-names-source"),
    ],
)
def test_what_of_a_component_names_the_source_is_moved_or_told(spec: dict[str, Any], code: str | None) -> None:
    found = plan(asset("components/c/1", componentSpec=spec), listed=uploaded("a/x.csv"))
    assert [told for _, told in _codes(found, "components/c/1")] == ([code] if code else [])
    assert any(step.startswith(f"blobs/{OLD_BLOBS}/a") for step in found.moving()) is (code is None)


def test_what_is_left_by_hand_names_its_bytes_as_a_whole_too() -> None:
    named = {"inputs": {"description": {"uri": f"{LONG}/workspaceblobstore/paths/raw data/x"}}}
    job = replace(leftover("schedules/s"), document={"properties": named})
    found = plan(by_hand=(job,), listed=uploaded("raw data/x", "raw/y"))
    assert found[f"blobs/{OLD_BLOBS}/raw data/x"].action is Action.COPY
