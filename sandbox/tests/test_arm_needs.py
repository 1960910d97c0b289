"""What has to be there: the bytes of a model, the assets of a deployment, the label that a job names."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from arm_harness import WORKSPACE, ArmClient

_TRACKED = {"location": "eastus2"}
_OTHER = WORKSPACE.replace("/source", "/elsewhere")
_LONG = WORKSPACE.strip("/").replace("resourceGroups", "resourcegroups").split("/")
_STORE = f"azureml://{'/'.join((*_LONG[:4], *_LONG[6:]))}/datastores/"
_IMAGE = {"properties": {"image": "mcr.microsoft.com/i"}}


def _model(uri: str) -> dict[str, Any]:
    return {"properties": {"modelType": "custom_model", "modelUri": uri}}


@pytest.mark.parametrize("path", ["gone/", "gone", "gone/model.pkl"])
@pytest.mark.parametrize(
    "start", ["azureml://datastores/workspaceblobstore/paths/", f"{_STORE}WorkspaceBlobStore/paths/"]
)
async def test_a_model_without_bytes_is_refused(arm: ArmClient, start: str, path: str) -> None:
    arm.accounts.empty = {path.rstrip("/")}
    response = await arm.send("PUT", f"{WORKSPACE}/models/m/versions/1", _model(start + path))
    error = json.loads(response.body)["error"]
    assert (response.status, error["code"], error["message"]) == (400, "UserError", "The request is invalid.")
    container = (await arm.ok("GET", f"{WORKSPACE}/datastores/workspaceblobstore"))["properties"]["containerName"]
    assert [(each["code"], each["message"]) for each in error["details"]] == [
        ("ModelAssetPathNotFoundInStorage", f"No blobs found in storage at model asset path: {container}/{path}")
    ]
    await arm.error(404, "GET", f"{WORKSPACE}/models/m")


async def test_names_that_only_begin_so_are_no_bytes_of_a_model(arm: ArmClient) -> None:
    async def blobs(account: str, container: str, prefix: str) -> AsyncIterator[tuple[str, int]]:
        for name in ("m-more", "m.txt", "mm/a"):
            yield name, 1

    arm.accounts.blobs = blobs  # type: ignore[method-assign] # a stand-in of the test
    start = "azureml://datastores/workspaceblobstore/paths/"
    await arm.error(400, "PUT", f"{WORKSPACE}/models/m/versions/1", _model(f"{start}m"))
    await arm.ok("PUT", f"{WORKSPACE}/models/m/versions/1", _model(f"{start}m.txt"))
    await arm.ok("PUT", f"{WORKSPACE}/models/m/versions/2", _model(f"{start}mm/"))


async def test_of_a_model_that_is_there_no_bytes_are_asked_for(arm: ArmClient) -> None:
    body = _model("azureml://datastores/workspaceblobstore/paths/m")
    path = f"{WORKSPACE}/models/m/versions/1"
    await arm.ok("PUT", path, body)
    arm.accounts.empty = {"m"}
    archived = await arm.ok("PUT", path, {"properties": {**body["properties"], "isArchived": True}})
    assert archived["properties"]["isArchived"] is True


async def test_a_model_in_a_missing_datastore_is_refused(arm: ArmClient) -> None:
    error = await arm.error(400, "PUT", f"{WORKSPACE}/models/m/versions/1", _model(f"{_STORE}none/paths/m"))
    assert error["message"] == "Could not find datastore: none."


@pytest.mark.parametrize(
    "uri",
    [
        "azureml://jobs/j/outputs/artifacts/paths/model/",
        "runs:/j/model",
        "azureml://registries/r/models/m/versions/1",
        f"{_STORE}workspacefilestore/paths/m",
    ],
)
async def test_what_cannot_be_looked_at_passes(arm: ArmClient, uri: str) -> None:
    arm.accounts.empty = {"m", "model", ""}
    await arm.ok("PUT", f"{WORKSPACE}/models/m/versions/1", _model(uri))


async def _filled(arm: ArmClient) -> None:
    await arm.ok("PUT", f"{WORKSPACE}/environments/env/versions/1", _IMAGE)
    await arm.ok(
        "PUT", f"{WORKSPACE}/models/m/versions/3", _model("azureml://datastores/workspaceblobstore/paths/m")
    )
    code = {"properties": {"codeUri": "https://acct.blob.core.windows.net/c/code"}}
    await arm.ok("PUT", f"{WORKSPACE}/codes/code/versions/1", code)
    spec = {"properties": {"componentSpec": {"type": "pipeline", "jobs": {}}}}
    await arm.ok("PUT", f"{WORKSPACE}/components/pipe/versions/1", spec)
    for kind, mode in (("online", "Key"), ("batch", "AADToken")):
        body = {**_TRACKED, "properties": {"authMode": mode}}
        await arm.done("PUT", f"{WORKSPACE}/{kind}Endpoints/{kind}-e", body)


_WHOLE = {
    "endpointComputeType": "Managed",
    "model": f"{WORKSPACE}/models/m/versions/3",
    "environmentId": f"{WORKSPACE}/environments/env/versions/1",
    "codeConfiguration": {"codeId": f"{WORKSPACE}/codes/code/versions/1", "scoringScript": "score.py"},
}
_PIPELINE = {"deploymentConfigurationType": "PipelineComponent"}


def _pipeline(version: str) -> dict[str, Any]:
    asset = {"referenceType": "Id", "assetId": f"{WORKSPACE}/components/pipe/versions/{version}"}
    return {"deploymentConfiguration": {**_PIPELINE, "componentId": asset}}


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("online", {}),
        ("online", {"model": "azureml:m:3"}),
        ("online", {"model": "azureml:m@latest"}),
        ("online", {"model": f"{WORKSPACE.replace('/rg/', '/RG/')}/models/m/labels/latest"}),
        ("online", {"model": f"azureml:{WORKSPACE}/models/m/versions/3"}),
        ("online", {"model": None}),
        ("online", {"model": "azureml://registries/azureml/models/m/versions/9"}),
        ("online", {"environmentId": "azureml://registries/azureml/environments/none/versions/1"}),
        ("batch", {"model": {"referenceType": "Id", "assetId": f"{WORKSPACE}/models/m/versions/3"}}),
        ("batch", {"model": {"referenceType": "DataPath", "path": "m", "datastoreId": "d"}}),
        ("batch", {"model": None, **_pipeline("1")}),
    ],
)
async def test_a_deployment_of_what_is_there_succeeds(arm: ArmClient, kind: str, change: dict[str, Any]) -> None:
    await _filled(arm)
    state, deployment = await _deployed(arm, kind, change)
    assert (state["status"], deployment["properties"]["provisioningState"]) == ("Succeeded", "Succeeded")
    assert "error" not in state


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("online", {"model": "azureml:m:4"}),
        ("online", {"model": "azureml:M:3"}),
        ("online", {"model": "azureml:none@latest"}),
        ("online", {"model": "azureml:m@production"}),
        ("online", {"model": f"{_OTHER}/models/m/versions/3"}),
        ("online", {"model": f"{WORKSPACE}/models/m/labels/other"}),
        ("online", {"environmentId": f"{WORKSPACE}/environments/env/versions/2"}),
        ("online", {"environmentId": "azureml:none:1"}),
        ("online", {"codeConfiguration": {"codeId": f"{WORKSPACE}/codes/gone/versions/1", "scoringScript": "s"}}),
        ("batch", {"model": {"referenceType": "Id", "assetId": f"{WORKSPACE}/models/m/versions/1"}}),
        ("batch", {"model": None, **_pipeline("7")}),
    ],
)
async def test_a_deployment_of_what_is_missing_fails(arm: ArmClient, kind: str, change: dict[str, Any]) -> None:
    await _filled(arm)
    state, deployment = await _deployed(arm, kind, change)
    assert (state["status"], deployment["properties"]["provisioningState"]) == ("Failed", "Failed")
    assert state["error"]["code"] == "ResourceNotFound"
    assert not any(deployment["properties"].get(name) for name in ("scoringUri", "swaggerUri"))
    # It can be put right, or deleted.
    state, deployment = await _deployed(
        arm, kind, {"model": None, "environmentId": None, "codeConfiguration": None}
    )
    assert (state["status"], deployment["properties"]["provisioningState"]) == ("Succeeded", "Succeeded")


async def _deployed(arm: ArmClient, kind: str, change: dict[str, Any]) -> tuple[Any, Any]:
    path = f"{WORKSPACE}/{kind}Endpoints/{kind}-e/deployments/blue"
    given = dict(_WHOLE) if kind == "online" else {}
    response = await arm.send("PUT", path, {**_TRACKED, "properties": {**given, **change}})
    assert response.status == 201, response.body.decode()
    return await arm.finish(response), await arm.ok("GET", path)


_COMMAND = {"jobType": "Command", "command": "echo"}


@pytest.mark.parametrize("reference", ["azureml:env@latest", f"{WORKSPACE}/environments/env/labels/latest"])
async def test_a_job_is_read_back_with_versions_for_labels(arm: ArmClient, reference: str) -> None:
    for version in ("1", "10", "9"):
        body = {"properties": {"image": f"i{version}"}}
        await arm.ok("PUT", f"{WORKSPACE}/environments/env/versions/{version}", body)
    made = await arm.ok("PUT", f"{WORKSPACE}/jobs/j", {"properties": {**_COMMAND, "environmentId": reference}})
    newest = f"{WORKSPACE}/environments/env/versions/9"
    assert made["properties"]["environmentId"] == newest
    await arm.ok("PUT", f"{WORKSPACE}/environments/env/versions/11", {"properties": {"image": "i11"}})
    assert (await arm.ok("GET", f"{WORKSPACE}/jobs/j"))["properties"]["environmentId"] == newest


async def test_labels_in_the_steps_of_a_pipeline_are_resolved(arm: ArmClient) -> None:
    await _filled(arm)
    steps = {
        "one": {"componentId": "azureml:pipe@latest", "type": "pipeline"},
        "two": {"componentId": f"{WORKSPACE}/components/pipe/versions/1", "note": "azureml:pipe@latest"},
    }
    body = {"properties": {"jobType": "Pipeline", "jobs": steps, "settings": {}}}
    jobs = (await arm.ok("PUT", f"{WORKSPACE}/jobs/p", body))["properties"]["jobs"]
    assert {each["componentId"] for each in jobs.values()} == {f"{WORKSPACE}/components/pipe/versions/1"}
    assert jobs["two"]["note"] == "azureml:pipe@latest"


async def test_a_label_of_nothing_is_refused(arm: ArmClient) -> None:
    body = {"properties": {**_COMMAND, "environmentId": "azureml:none@latest"}}
    error = await arm.error(404, "PUT", f"{WORKSPACE}/jobs/j", body)
    assert error["message"] == "No environment exists for name: none, version: , label: latest"
    assert await arm.every(f"{WORKSPACE}/jobs?listViewType=All") == []


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("featurestoreEntities", {"indexColumns": [{"columnName": "id", "dataType": "String"}]}),
        ("featuresets", {"entities": ["e"], "stage": "Development"}),
    ],
)
async def test_a_version_of_features_makes_its_container(
    arm: ArmClient, kind: str, properties: dict[str, Any]
) -> None:
    path = f"{WORKSPACE}/{kind}/Made"
    for version in ("1", "2"):
        response = await arm.send("PUT", f"{path}/versions/{version}", {"properties": properties})
        assert (await arm.finish(response))["status"] == "Succeeded"
    made = await arm.ok("GET", path)
    assert (made["id"], made["name"], made["properties"]["isArchived"]) == (path, "Made", False)
    assert await arm.names(f"{WORKSPACE}/{kind}") == ["Made"]
    assert await arm.names(f"{path}/versions") == ["1", "2"]
    await arm.error(404, "GET", f"{WORKSPACE}/{kind}/made")
    await arm.error(404, "GET", f"{WORKSPACE}/{kind}/Other/versions/1")
