"""Versioned assets: what the service does to what it is sent, and what it refuses (AZ-ASSET-1 to AZ-ASSET-7)."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from arm_harness import SUBSCRIPTION, WORKSPACE, ArmClient, principal

PATH = f"subscriptions/{SUBSCRIPTION}/{{groups}}/rg/workspaces/source/datastores/workspaceblobstore/paths"
INFO = ["ComponentName", "Correlation", "Environment", "Location", "Time"]
DATA = {"dataType": "uri_file", "dataUri": "https://example.com/a"}
MODEL = {"modelType": "custom_model", "modelUri": "azureml://datastores/workspaceblobstore/paths/a"}
IMAGE = {"image": "mcr.microsoft.com/a"}
CODE = {"codeUri": "https://acct.blob.core.windows.net:443/c/a", "properties": {"hash_sha256": "aa"}}
SPEC = {"type": "command", "command": "echo 1", "environment": f"{WORKSPACE}/environments/e/versions/1"}
COMPONENT = {"componentSpec": SPEC}


def version(kind: str, name: str = "a", number: str = "1") -> str:
    return f"{WORKSPACE}/{kind}/{name}/versions/{number}"


async def put(arm: ArmClient, path: str, properties: dict[str, Any], **more: Any) -> Any:
    return await arm.ok("PUT", path, {"properties": properties}, **more)


def info_of(error: Any) -> list[str]:
    return [each["type"] for each in error["additionalInfo"]]


# Twice the same


@pytest.mark.parametrize(
    ("kind", "properties"), [("models", MODEL), ("data", DATA), ("components", COMPONENT), ("codes", CODE)]
)
async def test_created_once_with_location_then_200_with_new_times(
    arm: ArmClient, kind: str, properties: dict[str, Any]
) -> None:
    first = await arm.send("PUT", version(kind), {"properties": properties})
    assert first.status == 201
    assert first.headers["Location"] == f"https://management.azure.com{version(kind)}?api-version=2025-12-01"
    owner = arm.who
    assert owner is not None
    arm.who = principal("somebody else")
    second = await arm.send("PUT", version(kind), {"properties": properties})
    assert second.status == 200
    assert "Location" not in second.headers
    before, after = (json.loads(each.body)["systemData"] for each in (first, second))
    assert after["createdAt"] == before["createdAt"]
    assert after["createdBy"] == owner.object_id
    assert after["createdByType"] == "Application"
    assert after["lastModifiedAt"] > before["lastModifiedAt"]
    assert after["lastModifiedBy"] == arm.who.object_id


async def test_environments_answer_201_always_and_keep_their_times(arm: ArmClient) -> None:
    first = await arm.send("PUT", version("environments"), {"properties": IMAGE})
    second = await arm.send("PUT", version("environments"), {"properties": {**IMAGE, "isArchived": True}})
    assert (first.status, second.status) == (201, 201)
    assert second.headers["Location"] == first.headers["Location"]
    assert json.loads(first.body)["systemData"] == json.loads(second.body)["systemData"]


@pytest.mark.parametrize(
    ("kind", "properties", "other", "status", "message"),
    [
        ("models", MODEL, {**MODEL, "modelUri": "https://example.com/b"}, 400, "Asset paths cannot be updated."),
        ("codes", CODE, {**CODE, "properties": {"hash_sha256": "bb"}, "codeUri": "https://e.com/b"}, 400, None),
        (
            "data",
            DATA,
            {**DATA, "dataUri": "https://example.com/b"},
            400,
            "Only tags, description, and isArchived",
        ),
        (
            "environments",
            IMAGE,
            {"image": "mcr.microsoft.com/b"},
            409,
            "Environment a with version 1 is already registered and cannot be changed.",
        ),
        (
            "components",
            COMPONENT,
            {"componentSpec": {**SPEC, "command": "echo 2"}},
            400,
            'Failed to update component a since field "command" is immutable, try specifying a new version.',
        ),
    ],
)
async def test_other_content_is_refused_in_the_services_words(
    arm: ArmClient, kind: str, properties: Any, other: Any, status: int, message: str | None
) -> None:
    before = await put(arm, version(kind), properties)
    error = await arm.error(status, "PUT", version(kind), {"properties": other})
    assert error["code"] == "UserError"
    assert (message or "Asset paths cannot be updated.") in error["message"]
    assert info_of(error)[:5] == INFO
    assert await arm.ok("GET", version(kind)) == before


async def test_component_refusal_is_the_recorded_one(arm: ArmClient) -> None:
    await put(arm, version("components"), {"componentSpec": {**SPEC, "code": f"{WORKSPACE}/codes/a/versions/1"}})
    changed = {"componentSpec": {**SPEC, "code": f"{WORKSPACE}/codes/b/versions/1"}}
    response = await arm.send("PUT", version("components"), {"properties": changed})
    assert response.headers["x-ms-response-type"] == "error"
    error = json.loads(response.body)["error"]
    assert list(error) == ["code", "message", "details", "additionalInfo"]
    assert error["details"] == []
    assert info_of(error) == [*INFO, "InnerError"]
    values = [each["info"]["value"] for each in error["additionalInfo"]]
    assert (values[0], values[2], values[3]) == ("managementfrontend", "eastus2", "eastus2")
    assert re.fullmatch("[0-9a-f]{32}", values[1]["operation"]) and re.fullmatch(
        "[0-9a-f]{16}", values[1]["request"]
    )
    deepest = {"code": "UpdateComponentFailed", "innerError": None}
    assert values[5] == {"code": "BadArgument", "innerError": {"code": "ArgumentInvalid", "innerError": deepest}}


async def test_what_may_change_of_a_component(arm: ArmClient) -> None:
    await put(arm, version("components"), COMPONENT)
    spec = {**SPEC, "description": "d", "display_name": "D", "tags": {"a": "b"}, "$schema": "s"}
    found = await put(arm, version("components"), {"componentSpec": spec, "tags": {"c": "d"}})
    assert found["properties"]["componentSpec"]["display_name"] == "D"
    assert found["properties"]["tags"] == {"c": "d"}


# What comes back


async def test_model_always_has_flavors_and_a_long_uri(arm: ArmClient) -> None:
    found = (await put(arm, version("models"), MODEL))["properties"]
    assert found["flavors"] == {}
    assert found["modelUri"] == f"azureml://{PATH.format(groups='resourceGroups')}/a"
    assert (found["stage"], found["jobName"], found["provisioningState"]) == ("Development", None, "Succeeded")
    lower = {**MODEL, "modelUri": f"azureml://{PATH.format(groups='resourcegroups')}/b"}
    found = (await put(arm, version("models", "b"), lower))["properties"]
    assert found["modelUri"] == f"azureml://{PATH.format(groups='resourceGroups')}/b"


async def test_data_has_nulls_and_a_long_uri_in_lower_case(arm: ArmClient) -> None:
    short = {**DATA, "dataUri": "azureml://datastores/workspaceblobstore/paths/a/b"}
    found = await put(arm, version("data"), short)
    assert list(found["properties"].items()) == [
        ("description", None),
        ("tags", None),
        ("properties", None),
        ("isArchived", False),
        ("isAnonymous", False),
        ("dataUri", f"azureml://{PATH.format(groups='resourcegroups')}/a/b"),
        ("dataType", "uri_file"),
    ]
    assert list(found["systemData"]) == ["createdAt", "createdBy", "createdByType", "lastModifiedAt"]
    again = await put(arm, version("data"), short)
    assert "lastModifiedBy" in again["systemData"]


@pytest.mark.parametrize("uri", ["https://bla/", "http://bla/", "wasbs://c@acct.blob.core.windows.net/a"])
async def test_data_uri_is_not_looked_at(arm: ArmClient, uri: str) -> None:
    found = await put(arm, version("data"), {**DATA, "dataUri": uri})
    assert found["properties"]["dataUri"] == uri


async def test_conda_file_comes_back_as_json(arm: ArmClient) -> None:
    yaml = "name: n\nchannels:\n- conda-forge\ndependencies:\n- python=3.8\n- pip:\n  - nbgitpuller\n"
    found = (await put(arm, version("environments"), {**IMAGE, "condaFile": yaml}))["properties"]
    document = {"name": "n", "channels": ["conda-forge"], "dependencies": ["python=3.8", {"pip": ["nbgitpuller"]}]}
    assert found["condaFile"] == json.dumps(document, indent=2)
    again = await put(arm, version("environments"), {**IMAGE, "condaFile": found["condaFile"]})
    assert again["properties"]["condaFile"] == found["condaFile"]
    bare = (await put(arm, version("environments", "b"), IMAGE))["properties"]
    assert (bare["condaFile"], bare["osType"], bare["autoRebuild"]) == ("", "Linux", "Disabled")
    await arm.error(
        400, "PUT", version("environments", "c"), {"properties": {"condaFile": "a: [b"}}, code="UserError"
    )


async def test_label_is_on_the_newest_environment_only(arm: ArmClient) -> None:
    label = {}
    for number in ("1", "2"):
        await put(arm, version("environments", number=number), IMAGE)
    for each in await arm.every(f"{WORKSPACE}/environments/a/versions"):
        label[each["name"]] = each["properties"]["properties"]["azureml.labels"]
    assert label == {"1": "", "2": "latest"}
    echoed = {**IMAGE, "properties": {"azureml.labels": "", "mine": "1"}}
    found = await put(arm, version("environments", number="2"), echoed)
    assert found["properties"]["properties"] == {"mine": "1", "azureml.labels": "latest"}
    anonymous = await put(
        arm, version("environments", "CliV2AnonymousEnvironment", "ab"), IMAGE | {"isAnonymous": True}
    )
    assert anonymous["properties"]["properties"] == {}
    assert anonymous["properties"]["stage"] == "Logged"
    assert (await arm.ok("GET", version("environments"), version="2022-05-01"))["properties"]["properties"] == {}


async def test_component_spec_is_rewritten(arm: ArmClient) -> None:
    spec = {
        "command": "echo Hello",
        "code": f"azureml:{WORKSPACE}/codes/a/versions/1",
        "environment": "azureml:AzureML-sklearn-1.0-ubuntu20.04-py38-cpu:33",
        "name": "other",
        "version": "7",
        "$schema": "https://azuremlschemas.azureedge.net/development/commandComponent.schema.json",
        "is_deterministic": True,
        "inputs": {
            "late": {"type": "integer", "optional": True, "default": 3},
            "early": {"type": "number", "default": 0.5},
        },
        "type": "command",
        "_source": "YAML.COMPONENT",
        "id": "gone",
    }
    found = (await put(arm, version("components"), {"componentSpec": spec, "description": "gone"}))["properties"]
    assert found["description"] is None
    registry = "azureml://registries/azureml/environments/AzureML-sklearn-1.0-ubuntu20.04-py38-cpu/versions/33"
    inputs = {
        "early": {"type": "number", "default": "0.5", "optional": "False"},
        "late": {"type": "integer", "optional": "True", "default": "3"},
    }
    assert list(found["componentSpec"].items()) == [
        ("$schema", spec["$schema"]),
        ("name", "a"),
        ("version", "1"),
        ("is_deterministic", "True"),
        ("type", "command"),
        ("inputs", inputs),
        ("code", spec["code"]),
        ("environment", registry),
        ("resources", {"instance_count": "1"}),
        ("command", "echo Hello"),
    ]
    assert list(found["componentSpec"]["inputs"]) == ["early", "late"]


async def test_arm_ids_of_a_component_are_marked(arm: ArmClient) -> None:
    parallel = {
        "type": "parallel",
        "task": {"code": f"{WORKSPACE}/codes/a/versions/1", "environment": "azureml:e:2"},
    }
    found = (await put(arm, version("components"), {"componentSpec": parallel}))["properties"]["componentSpec"]
    assert found["task"]["code"] == f"azureml:{WORKSPACE}/codes/a/versions/1"
    assert found["task"]["environment"] == f"azureml:{WORKSPACE}/environments/e/versions/2"


async def test_codes_are_never_anonymous_and_found_by_hash(arm: ArmClient) -> None:
    found = await put(arm, version("codes"), {**CODE, "isAnonymous": True})
    assert found["properties"]["isAnonymous"] is False
    assert found["properties"]["codeUri"] == CODE["codeUri"]
    nothing = await arm.send("GET", f"{WORKSPACE}/codes/unknown/versions?hash=cc&hashVersion=202208")
    assert (nothing.status, json.loads(nothing.body)) == (200, {"value": []})
    same = await arm.ok("GET", f"{WORKSPACE}/codes/unknown/versions?hash=aa&hashVersion=202208")
    assert [each["id"] for each in same["value"]] == [found["id"]]
    moved = await arm.send(
        "PUT", version("codes"), {"properties": {**CODE, "codeUri": "https://acct.blob.core.windows.net/c/b"}}
    )
    assert moved.status == 200


async def test_pending_upload_gives_a_container_of_its_own(arm: ArmClient) -> None:
    workspace_id = (await arm.ok("GET", WORKSPACE))["properties"]["workspaceId"]
    path, body = f"{version('codes')}/startPendingUpload", {"pendingUploadType": "TemporaryBlobReference"}
    first, second = [await arm.ok("POST", path, body) for _ in range(2)]
    reference = first["blobReferenceForConsumption"]
    container = reference["blobUri"].removeprefix("https://acct.blob.core.windows.net:443/")
    assert re.fullmatch(f"{workspace_id}-[a-z0-9]{{26}}", container)
    assert len(container) == 63
    assert container in arm.accounts.made["acct"]
    assert reference["credential"]["credentialType"] == "SAS"
    assert reference["credential"]["sasUri"].startswith(f"https://acct.blob.core.windows.net/{container}?")
    assert "sp=rcwl" in reference["credential"]["sasUri"]
    assert first["pendingUploadType"] == "None"
    assert reference["blobUri"] != second["blobReferenceForConsumption"]["blobUri"]


@pytest.mark.parametrize(
    ("kind", "properties"),
    [("models", MODEL), ("data", DATA), ("components", COMPONENT), ("codes", CODE), ("environments", IMAGE)],
)
async def test_unknown_properties_survive(arm: ArmClient, kind: str, properties: dict[str, Any]) -> None:
    found = await put(arm, version(kind), {**properties, "ofTomorrow": {"a": [1, None]}})
    assert found["properties"]["ofTomorrow"] == {"a": [1, None]}
    assert (await arm.ok("GET", version(kind)))["properties"]["ofTomorrow"] == {"a": [1, None]}


@pytest.mark.parametrize(
    ("kind", "properties", "asked", "seen", "unseen"),
    [
        ("models", MODEL, "2023-08-01-preview", ["autoDeleteSetting", "intellectualProperty"], []),
        ("models", MODEL, "2025-12-01", ["stage", "provisioningState"], ["autoDeleteSetting"]),
        ("data", DATA, "2023-04-01-preview", ["autoDeleteSetting", "stage"], ["provisioningState"]),
        ("data", DATA, "2024-04-01", [], ["autoDeleteSetting", "stage", "provisioningState"]),
        ("environments", IMAGE, "2023-04-01-preview", ["autoRebuild", "intellectualProperty"], []),
        ("environments", IMAGE, "2022-05-01", [], ["autoRebuild", "stage", "provisioningState"]),
        ("components", COMPONENT, "2024-01-01-preview", ["stage", "autoDeleteSetting"], ["intellectualProperty"]),
        ("components", COMPONENT, "2024-04-01", ["provisioningState"], ["stage"]),
        ("components", COMPONENT, "2022-10-01", [], ["provisioningState", "stage"]),
        ("codes", CODE, "2022-05-01", [], ["provisioningState"]),
    ],
)
async def test_fields_depend_on_the_api_version(
    arm: ArmClient, kind: str, properties: Any, asked: str, seen: list[str], unseen: list[str]
) -> None:
    await put(arm, version(kind), properties)
    found = (await arm.ok("GET", version(kind), version=asked))["properties"]
    assert set(seen) <= set(found)
    assert not set(unseen) & set(found)


async def test_when_a_data_asset_is_deleted_is_known_to_some_api_versions_only(arm: ArmClient) -> None:
    setting, preview = {"condition": "LastAccessedGreaterThan", "value": "30d"}, "2023-04-01-preview"
    path, sent = version("data"), {"properties": {**DATA, "autoDeleteSetting": setting}}
    made = await arm.ok("PUT", path, sent, version=preview)
    assert made["properties"]["autoDeleteSetting"] == setting
    assert (await arm.ok("GET", path, version=preview))["properties"]["autoDeleteSetting"] == setting
    assert "autoDeleteSetting" not in (await arm.ok("GET", path))["properties"]
    changed = {"properties": {**DATA, "autoDeleteSetting": setting | {"value": "45d"}}}
    assert (await arm.ok("PUT", path, changed, version=preview))["properties"]["autoDeleteSetting"][
        "value"
    ] == "45d"
    await arm.error(
        400, "PUT", path, {"properties": {**DATA, "autoDeleteSetting": {"condition": "x"}}}, version=preview
    )
    await arm.ok("PUT", path, sent)
    assert (await arm.ok("GET", path, version=preview))["properties"]["autoDeleteSetting"] is None


# What is not there


async def test_missing_model_container(arm: ArmClient) -> None:
    for path in (f"{WORKSPACE}/models/a", f"{WORKSPACE}/models/a/versions?$orderBy=createdtime%20desc&$top=1"):
        error = await arm.error(404, "GET", path)
        assert (error["code"], error["message"]) == ("UserError", "The specified resource was not found.")
        message = "Model container with name: a not found."
        assert error["details"] == [
            {"code": "ModelNotFound", "message": message, "details": [], "additionalInfo": []}
        ]
        assert info_of(error) == INFO


async def test_missing_environment_and_component(arm: ArmClient) -> None:
    error = await arm.error(404, "GET", f"{WORKSPACE}/environments/a")
    assert error["message"] == "No environment exists for name: a, version: , label: "
    assert error["additionalInfo"][5]["info"]["value"] == {"code": "NotFoundError", "innerError": None}
    error = await arm.error(404, "GET", version("components", number="azureml_default"))
    assert error["message"] == "Not found component a."
    inner = {"code": "ComponentNotFound", "innerError": None}
    assert error["additionalInfo"][5]["info"]["value"] == {"code": "NotFound", "innerError": inner}


async def test_names_count_their_case(arm: ArmClient) -> None:
    await put(arm, version("data", "Name", "v"), DATA)
    await arm.error(404, "GET", version("data", "name", "v"))
    await arm.error(404, "GET", version("data", "Name", "V"))
    await put(arm, version("data", "name", "v"), {**DATA, "dataUri": "https://example.com/other"})
    assert len(await arm.every(f"{WORKSPACE}/data")) == 2


@pytest.mark.parametrize("name", ["a b", "-a", "a" * 256, "ä", "a:1"])
async def test_names_of_assets_are_checked(arm: ArmClient, name: str) -> None:
    for path in (version("data", name), version("data", "a", name), f"{WORKSPACE}/data/{name}"):
        await arm.error(400, "PUT", path, {"properties": DATA})


# Archive, restore, delete


@pytest.mark.parametrize(("kind", "properties"), [("models", MODEL), ("environments", IMAGE)])
async def test_stage_wins_over_archive(arm: ArmClient, kind: str, properties: dict[str, Any]) -> None:
    await put(arm, version(kind), properties)
    both = {**properties, "isArchived": True, "stage": "Development"}
    assert (await put(arm, version(kind), both))["properties"]["isArchived"] is False
    archived = (await put(arm, version(kind), {**properties, "isArchived": True}))["properties"]
    assert (archived["isArchived"], archived["stage"]) == (True, "Archived")
    restored = (await put(arm, version(kind), {**properties, "isArchived": False}))["properties"]
    assert (restored["isArchived"], restored["stage"]) == (False, "Development")


@pytest.mark.parametrize(
    ("kind", "properties"),
    [("models", MODEL), ("data", DATA), ("components", COMPONENT), ("environments", IMAGE)],
)
async def test_archived_versions_hide_from_lists_only(
    arm: ArmClient, kind: str, properties: dict[str, Any]
) -> None:
    await put(arm, version(kind, number="1"), properties)
    await put(arm, version(kind, number="2"), {**properties, "isArchived": True})

    async def seen(view: str) -> list[str]:
        return await arm.names(f"{WORKSPACE}/{kind}/a/versions{view}")

    assert await seen("") == await seen("?listViewType=ActiveOnly") == ["1"]
    assert await seen("?listViewType=ArchivedOnly") == ["2"]
    assert await seen("?listViewType=All") == ["2", "1"]
    assert (await arm.ok("GET", version(kind, number="2")))["properties"]["isArchived"] is True
    await put(arm, f"{WORKSPACE}/{kind}/a", {"isArchived": True, "dataType": "uri_file"})
    assert await arm.every(f"{WORKSPACE}/{kind}") == []
    assert len(await arm.every(f"{WORKSPACE}/{kind}?listViewType=All")) == 1
    # With their container all versions are archived, and none comes back without it.
    assert await seen("") == [] and await seen("?listViewType=ArchivedOnly") == ["2", "1"]
    await arm.error(400, "PUT", version(kind, number="2"), {"properties": properties})
    await put(arm, f"{WORKSPACE}/{kind}/a", {"isArchived": False, "dataType": "uri_file"})
    assert await seen("") == ["1"]
    await put(arm, version(kind, number="2"), properties)
    assert await seen("") == ["2", "1"]


@pytest.mark.parametrize("kind", ["models", "data", "components", "codes", "environments"])
async def test_a_container_is_what_was_put_last(arm: ArmClient, kind: str) -> None:
    typed, path = {"dataType": "uri_file"}, f"{WORKSPACE}/{kind}/a"
    said = {"description": "d", "tags": {"a": "b"}, "properties": {"c": "d"}, "isArchived": True}
    assert said.items() <= (await put(arm, path, said | typed))["properties"].items()
    none = {"description": "", "tags": {}, "properties": {}, "isArchived": False}
    assert none.items() <= (await put(arm, path, none | typed))["properties"].items()
    assert none.items() <= (await arm.ok("GET", path))["properties"].items()
    await put(arm, path, said | typed)
    left = (await put(arm, path, typed))["properties"]
    assert not any(left[member] for member in said)


@pytest.mark.parametrize(
    ("kind", "properties"),
    [("models", MODEL), ("data", DATA), ("components", COMPONENT), ("codes", CODE), ("environments", IMAGE)],
)
async def test_delete_of_version_and_container(arm: ArmClient, kind: str, properties: dict[str, Any]) -> None:
    for number in ("1", "2"):
        await put(arm, version(kind, number=number), properties)
    gone = await arm.send("DELETE", version(kind, number="2"))
    assert (gone.status, gone.body, gone.headers.get("Content-Type")) == (200, b"", None)
    assert gone.headers["x-ms-ratelimit-remaining-subscription-deletes"] == "199"
    await arm.error(404, "GET", version(kind, number="2"))
    assert (await arm.send("DELETE", version(kind, number="2"))).status == 204
    assert (await arm.send("DELETE", f"{WORKSPACE}/{kind}/a")).status == 200
    await arm.error(404, "GET", version(kind, number="1"))
    assert (await arm.send("PUT", version(kind, number="1"), {"properties": properties})).status == 201
