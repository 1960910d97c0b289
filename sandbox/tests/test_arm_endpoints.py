"""What a workspace holds besides assets: endpoints, computes, schedules, connections, datastores, jobs."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from arm_harness import GROUP, SUBSCRIPTION, WORKSPACE, ArmClient, client

OTHER = WORKSPACE.replace("/source", "/target")
ONLINE = f"{WORKSPACE}/onlineEndpoints/scoring"
BATCH = f"{WORKSPACE}/batchEndpoints/scores"
LOCATION = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.MachineLearningServices/locations/eastus2"
ENDPOINT = {"location": "eastus2", "properties": {"authMode": "Key"}}
DEPLOYMENT = {"location": "eastus2", "properties": {"endpointComputeType": "Managed", "model": "azureml:m:1"}}


_GUID = "aaaaaaaa-1111-4222-8333-444444444444"


@pytest.fixture
async def arm(tmp_path: Path) -> AsyncIterator[ArmClient]:
    made = client(tmp_path, operation_seconds=0.02)
    await made.workspace()
    yield made
    await made.arm.close()


async def make(arm: ArmClient, path: str, body: Any) -> Any:
    await arm.done("PUT", path, body)
    return await arm.ok("GET", path)


async def test_online_endpoint_from_creation_to_deletion(tmp_path: Path) -> None:
    # Long enough to be seen while it goes on.
    arm = client(tmp_path, operation_seconds=0.5)
    await arm.workspace()
    body = {**ENDPOINT, "identity": {"type": "SystemAssigned"}, "properties": {"authMode": "AMLToken"}, "tags": {}}
    response = await arm.send("PUT", ONLINE, body)
    assert response.status == 201
    assert response.headers["Location"] == f"https://management.azure.com{ONLINE}?api-version=2025-12-01"
    workspace_id = (await arm.ok("GET", WORKSPACE))["properties"]["workspaceId"]
    poll = response.headers["Azure-AsyncOperation"]
    assert f"{LOCATION}/mfeOperationsStatus/oeidp:{workspace_id}:" in poll
    assert response.headers["x-ms-async-operation-timeout"] == "PT30M"
    assert "Retry-After" not in response.headers
    made = json.loads(response.body)
    assert list(made["properties"]) == [
        "description",
        "properties",
        "scoringUri",
        "swaggerUri",
        "authMode",
        "provisioningState",
        "compute",
        "traffic",
        "mirrorTraffic",
        "publicNetworkAccess",
    ]
    assert list(made)[3:] == ["properties", "systemData", "tags", "location", "kind", "identity"]
    assert list(made["systemData"]) == ["createdAt", "createdBy", "lastModifiedAt"]
    assert made["properties"]["properties"]["azureml.onlineendpointid"] == ONLINE.lower()
    assert poll.startswith(made["properties"]["properties"]["AzureAsyncOperationUri"])
    running = await arm.ok("GET", poll)
    assert list(running) == ["id", "name", "startTime", "endTime", "percentComplete", "status"]
    assert (running["status"], running["endTime"]) == ("Updating", "0001-01-01T00:00:00+00:00")
    ended = await arm.finish(response)
    assert (ended["status"], ended["percentComplete"]) == ("Succeeded", 0.0)
    found = await arm.ok("GET", ONLINE)
    assert found["properties"]["scoringUri"] == "https://scoring.eastus2.inference.ml.azure.com/score"
    gone = await arm.send("DELETE", ONLINE)
    assert (gone.status, gone.body, gone.headers["Content-Type"]) == (202, b"null", "application/json")
    assert "/mfeOperationResults/oe:" in gone.headers["Location"]
    await arm.finish(gone)
    error = await arm.error(404, "GET", ONLINE)
    assert error["code"] == "NotFound"
    assert error["details"][0]["message"] == "There is no endpoint with name: scoring in source"
    await arm.arm.close()


async def test_keys_are_kept_when_given_and_shown_only_when_asked(arm: ArmClient) -> None:
    keys = {"primaryKey": "one", "secondaryKey": "two"}
    found = await make(arm, ONLINE, {**ENDPOINT, "properties": {"authMode": "Key", "keys": keys}})
    assert "keys" not in found["properties"]
    assert await arm.ok("POST", f"{ONLINE}/listKeys") == keys
    await arm.done("POST", f"{ONLINE}/regenerateKeys", {"keyType": "Primary", "keyValue": "new"})
    assert await arm.ok("POST", f"{ONLINE}/listKeys") == {**keys, "primaryKey": "new"}
    token = {**ENDPOINT, "properties": {"authMode": "AMLToken"}}
    await make(arm, ONLINE.replace("scoring", "tokens"), token)
    path = ONLINE.replace("scoring", "tokens")
    assert await arm.ok("POST", f"{path}/listKeys") == {"primaryKey": None, "secondaryKey": None}
    issued = await arm.ok("POST", f"{path}/token")
    assert issued["expiryTimeUtc"] - issued["refreshAfterTimeUtc"] == 12 * 3600


async def test_a_patch_may_name_a_part_of_a_sku(arm: ArmClient) -> None:
    await make(arm, ONLINE, ENDPOINT)
    path = f"{ONLINE}/deployments/blue"
    await make(arm, path, DEPLOYMENT)
    await arm.done("PATCH", path, {"sku": {"capacity": 2}})
    assert (await arm.ok("GET", path))["sku"] == {"name": "Default", "tier": "Standard", "capacity": 2}


async def test_deployments_have_defaults_and_their_own_rate(arm: ArmClient) -> None:
    await make(arm, ONLINE, ENDPOINT)
    path = f"{ONLINE}/deployments/blue"
    first = await arm.send("PUT", path, DEPLOYMENT)
    assert first.headers["x-ms-ratelimit-remaining-subscription-resource-requests"] == "24"
    assert "x-ms-ratelimit-remaining-subscription-writes" not in first.headers
    await arm.finish(first)
    found = await arm.ok("GET", path)
    assert found["sku"] == {"name": "Default", "tier": "Standard", "capacity": 1}
    assert found["properties"]["requestSettings"]["requestTimeout"] == "PT5S"
    again = await arm.send("PUT", path, DEPLOYMENT)
    assert (again.status, json.loads(again.body)["properties"]["provisioningState"]) == (201, "Updating")
    await arm.finish(again)
    traffic = {**ENDPOINT, "properties": {"authMode": "Key", "traffic": {"blue": 100}}}
    await make(arm, ONLINE, traffic)
    await arm.error(400, "DELETE", path)
    wrong = {**ENDPOINT, "properties": {"authMode": "Key", "traffic": {"green": 100}}}
    await arm.error(400, "PUT", ONLINE, wrong)
    await arm.done("DELETE", ONLINE)
    assert (await arm.send("GET", path)).status == 404


async def test_names_are_unique_in_a_region(arm: ArmClient) -> None:
    await arm.done("PUT", OTHER, arm.workspace_body())
    await make(arm, ONLINE, ENDPOINT)
    await make(arm, BATCH, {**ENDPOINT, "properties": {"authMode": "AADToken"}})
    error = await arm.error(400, "PUT", ONLINE.replace("/source/", "/target/"), ENDPOINT)
    assert "There is already an endpoint with this name" in error["details"][0]["message"]
    error = await arm.error(400, "PUT", BATCH.replace("/source/", "/target/"), ENDPOINT)
    assert error["message"].startswith("The specified endpoint name 'scores' is not available.")
    compute = {
        "location": "eastus2",
        "properties": {"computeType": "AmlCompute", "properties": {"vmSize": "Standard_DS3_v2"}},
    }
    await make(arm, f"{WORKSPACE}/computes/cluster", compute)
    await arm.error(400, "PUT", f"{OTHER}/computes/cluster", compute)
    await arm.done("DELETE", ONLINE)
    await make(arm, ONLINE.replace("/source/", "/target/"), ENDPOINT)


async def test_batch_endpoint(arm: ArmClient) -> None:
    response = await arm.send("PUT", BATCH, ENDPOINT)
    made = json.loads(response.body)
    assert "/mfeOperationsStatus/be:" in response.headers["Azure-AsyncOperation"]
    assert made["properties"]["properties"]["BatchEndpointCreationApiVersion"] == "2025-12-01"
    assert made["identity"]["principalId"] == "00000000-0000-0000-0000-000000000000"
    await arm.finish(response)
    found = await arm.ok("GET", BATCH)
    assert found["properties"]["scoringUri"] == "https://scores.eastus2.inference.ml.azure.com/jobs"
    gone = await arm.send("DELETE", BATCH)
    assert (gone.status, gone.body) == (202, b"")
    assert "/bebes:" in gone.headers["Azure-AsyncOperation"]


async def test_endpoints_block_the_deletion_of_their_workspace(arm: ArmClient) -> None:
    await make(arm, ONLINE, ENDPOINT)
    await arm.error(409, "DELETE", WORKSPACE, code="CannotDeleteResource", says=ONLINE)
    await arm.done("DELETE", ONLINE)
    await arm.done("DELETE", WORKSPACE)


async def test_schedules_show_neither_id_nor_type(arm: ArmClient) -> None:
    path = f"{WORKSPACE}/schedules/daily"
    job = {"jobType": "Command", "command": "echo", "environmentId": "azureml:env:1"}
    happening = {"actionType": "CreateJob", "jobDefinition": job}
    properties = {"trigger": {"triggerType": "Cron", "expression": "0 0 * * *"}, "action": happening}
    response = await arm.send("PUT", path, {"properties": properties})
    made = json.loads(response.body)
    assert (response.status, list(made)) == (201, ["properties"])
    assert made["properties"]["isEnabled"] is True
    assert made["properties"]["action"]["jobDefinition"]["status"] == "NotStarted"
    state = await arm.finish(response)
    assert list(state) == ["id", "name", "status", "startTime", "endTime"]
    assert "/mfeOperationResults/s:" in state["id"]
    found = await arm.ok("GET", path)
    assert list(found) == ["name", "properties", "systemData"]
    assert len(found["properties"]["trigger"]["startTime"]) == 19
    disabled = await arm.send("PUT", path, {"properties": {**properties, "isEnabled": False}})
    assert disabled.status == 201
    assert await arm.every(f"{WORKSPACE}/schedules") == []
    assert len(await arm.every(f"{WORKSPACE}/schedules?listViewType=All")) == 1
    await arm.done("DELETE", path)
    await arm.error(404, "GET", path)


async def test_computes(arm: ArmClient) -> None:
    path = f"{WORKSPACE}/computes/cluster"
    inner = {"vmSize": "standard_ds3_v2", "scaleSettings": {"maxNodeCount": 2, "minNodeCount": 0}}
    body = {"location": "eastus2", "properties": {"computeType": "AmlCompute", "properties": inner}}
    response = await arm.send("PUT", path, body)
    assert response.status == 201
    assert "Location" not in response.headers
    assert "/computeOperationsStatus/" in response.headers["Azure-AsyncOperation"]
    assert "&service=new" in response.headers["Azure-AsyncOperation"]
    made = json.loads(response.body)
    assert "systemData" not in made
    assert made["properties"]["properties"]["vmSize"] == "STANDARD_DS3_V2"
    assert await arm.finish(response) == {"status": "Succeeded", "percentComplete": 100.0}
    found = (await arm.ok("GET", path))["properties"]
    assert (found["provisioningState"], found["resourceId"]) == ("Succeeded", None)
    assert found["properties"]["scaleSettings"]["nodeIdleTimeBeforeScaleDown"] == "PT2M"
    assert (await arm.send("PUT", path, body)).status == 201
    patched = await arm.send("PATCH", path, {"properties": {"properties": {"scaleSettings": {"maxNodeCount": 5}}}})
    assert json.loads(patched.body)["properties"]["provisioningState"] == "Updating"
    await arm.error(400, "DELETE", path)
    gone = await arm.send("DELETE", f"{path}?underlyingResourceAction=Delete")
    assert (gone.status, gone.body) == (202, b"")
    await arm.finish(gone)
    await arm.error(404, "GET", path)


@pytest.mark.parametrize(("how", "stays"), [("Delete", False), ("Detach", True)])
async def test_what_is_behind_an_attached_compute(arm: ArmClient, how: str, stays: bool) -> None:
    group = WORKSPACE.partition("/providers/")[0]
    cluster = f"{group}/providers/Microsoft.ContainerService/managedClusters/theirs"
    await arm.ok("PUT", cluster, {"location": "eastus2", "properties": {}}, version="2024-01-01")
    path = f"{WORKSPACE}/computes/theirs"
    body = {"location": "eastus2", "properties": {"computeType": "AKS", "resourceId": cluster, "properties": {}}}
    await arm.done("PUT", path, body)
    await arm.error(400, "DELETE", f"{path}?underlyingResourceAction=Forget")
    await arm.done("DELETE", f"{path}?underlyingResourceAction={how}")
    await arm.error(404, "GET", path)
    assert (await arm.send("GET", cluster, version="2024-01-01")).status == (200 if stays else 404)


async def test_what_the_service_made_cannot_be_detached(arm: ArmClient) -> None:
    path = f"{WORKSPACE}/computes/made"
    inner = {"vmSize": "standard_ds3_v2", "scaleSettings": {"maxNodeCount": 2}}
    body = {"location": "eastus2", "properties": {"computeType": "AmlCompute", "properties": inner}}
    await arm.done("PUT", path, body)
    await arm.error(400, "DELETE", f"{path}?underlyingResourceAction=Detach")
    assert (await arm.ok("GET", path))["properties"]["provisioningState"] == "Succeeded"


async def test_connections(arm: ArmClient) -> None:
    path = f"{WORKSPACE}/connections/git"
    credentials = {"pat": "secret"}
    properties = {"authType": "PAT", "category": "git", "target": "https://a", "credentials": credentials}
    first = await arm.send("PUT", path, {"properties": properties})
    assert (first.status, "Location" in first.headers) == (200, False)
    made = json.loads(first.body)
    assert list(made) == ["tags", "location", "id", "name", "type", "properties", "systemData"]
    assert (made["properties"]["category"], made["properties"]["credentials"]) == ("Git", None)
    assert (made["properties"]["group"], made["properties"]["sharedUserList"]) == ("ServicesAndApps", [])
    again = await arm.ok("PUT", path, {"properties": properties})
    assert again["systemData"]["createdAt"] > made["systemData"]["createdAt"]
    assert await arm.ok("GET", path) == again
    secrets = await arm.ok("POST", f"{path}/listsecrets")
    assert secrets["properties"]["credentials"] == credentials
    assert (await arm.ok("GET", path, version="2022-05-01"))["systemData"] is None
    assert (await arm.send("DELETE", path)).status == 200
    response = await arm.send("GET", path)
    document = json.loads(response.body)
    assert list(document) == [
        "error",
        "correlation",
        "environment",
        "location",
        "time",
        "componentName",
        "statusCode",
    ]
    assert document["error"]["message"] == "Connection git can't be found in this workspace"
    assert document["error"]["innerError"] == {"code": "NotFoundError", "innerError": None}


async def test_all_connections_have_datastores_among_them(arm: ArmClient) -> None:
    connection = {"authType": "None", "category": "AzureBlob", "target": "https://other.example"}
    await arm.ok("PUT", f"{WORKSPACE}/connections/back", {"properties": connection})
    await arm.ok("PUT", f"{WORKSPACE}/connections/git", {"properties": {**connection, "category": "Git"}})
    assert await arm.names(f"{WORKSPACE}/connections") == ["git"]
    every = {one["name"]: one["properties"] for one in await arm.every(f"{WORKSPACE}/connections?includeAll=true")}
    assert set(every) == {"workspaceblobstore", "workspaceartifactstore", "back", "git"}
    store = (await arm.ok("GET", f"{WORKSPACE}/datastores/workspaceblobstore"))["properties"]
    place = {"AccountName": store["accountName"], "ContainerName": store["containerName"]}
    assert (every["workspaceblobstore"]["category"], every["workspaceblobstore"]["metadata"]) == (
        "AzureBlob",
        place,
    )
    asked = f"{WORKSPACE}/connections?includeAll=true&category="
    assert {one["name"] for one in await arm.every(f"{asked}AzureBlob")} == set(every) - {"git"}
    assert await arm.every(f"{asked}ADLSGen2") == []
    await arm.error(404, "GET", f"{WORKSPACE}/connections/workspaceblobstore")


async def test_datastores_and_their_secrets(arm: ArmClient) -> None:
    path = f"{WORKSPACE}/datastores/blobs"
    secrets = {"secretsType": "AccountKey", "key": "acct-key1"}
    place = {"datastoreType": "AzureBlob", "accountName": "acct", "containerName": "c", "protocol": "https"}
    properties = {**place, "credentials": {"credentialsType": "AccountKey", "secrets": secrets}}
    url = f"{path}?api-version=2024-07-01-preview&skipValidation=true"
    first = await arm.send("PUT", url, {"properties": properties})
    assert (first.status, first.headers["Location"]) == (201, f"https://management.azure.com{url}")
    assert "acct-key1" not in first.body.decode()
    assert (await arm.send("PUT", url, {"properties": properties})).status == 200
    assert "acct-key1" not in json.dumps(await arm.every(f"{WORKSPACE}/datastores"))
    assert await arm.ok("POST", f"{path}/listSecrets") == secrets
    asked = {"expirableSecret": True, "expireAfterHours": 1}
    for name in ("blobs", "workspaceblobstore"):
        expiring = await arm.ok("POST", f"{WORKSPACE}/datastores/{name}/listSecrets", asked)
        assert expiring["secretsType"] == "Sas" and expiring["sasToken"].startswith("?sv=")
    system = await arm.ok("POST", f"{WORKSPACE}/datastores/workspaceartifactstore/listSecrets")
    assert system == {"secretsType": "AccountKey", "key": "acct-key1"}
    await arm.error(400, "PUT", url, {"properties": {**properties, "containerName": "other"}})
    assert (await arm.send("DELETE", path)).status == 200
    await arm.error(404, "GET", path)


async def test_keys_of_datastores_are_tried_unless_told_not_to(arm: ArmClient) -> None:
    wrong = {"credentialsType": "AccountKey", "secrets": {"secretsType": "AccountKey", "key": "wrong"}}
    properties = {"datastoreType": "AzureBlob", "accountName": "acct", "containerName": "c", "credentials": wrong}
    path = f"{WORKSPACE}/datastores/wrong"
    await arm.error(400, "PUT", path, {"properties": properties})
    await arm.ok("PUT", f"{path}?skipValidation=true", {"properties": properties})
    asked = {"expirableSecret": True, "expireAfterHours": 1}
    assert (await arm.ok("POST", f"{path}/listSecrets", asked))["secretsType"] == "Sas"


@pytest.mark.parametrize(
    ("type_", "place", "kind", "shown", "secret"),
    [
        ("AzureBlob", {"accountName": "acct", "containerName": "c"}, "Sas", {}, ("sasToken", "?sig=1")),
        (
            "AzureDataLakeGen2",
            {"accountName": "acct", "filesystem": "f"},
            "ServicePrincipal",
            {"clientId": _GUID, "tenantId": _GUID},
            ("clientSecret", "s"),
        ),
        (
            "AzureDataLakeGen1",
            {"storeName": "s"},
            "Certificate",
            {"clientId": _GUID, "tenantId": _GUID, "thumbprint": "p"},
            ("certificate", "pem"),
        ),
        (
            "OneLake",
            {"artifact": {"artifactType": "LakeHouse", "artifactName": "a"}, "oneLakeWorkspaceName": "w"},
            "None",
            {},
            None,
        ),
    ],
)
async def test_other_datastores_and_credentials(
    arm: ArmClient, type_: str, place: Any, kind: str, shown: Any, secret: Any
) -> None:
    credentials: dict[str, Any] = {"credentialsType": kind, **shown}
    if secret:
        credentials["secrets"] = {"secretsType": kind, secret[0]: secret[1]}
    path = f"{WORKSPACE}/datastores/other"
    await arm.ok("PUT", path, {"properties": {"datastoreType": type_, **place, "credentials": credentials}})
    found = (await arm.ok("GET", path))["properties"]
    assert found["credentials"] == {"credentialsType": kind, **shown}
    assert place.items() <= found.items()
    if secret:
        assert await arm.ok("POST", f"{path}/listSecrets") == {"secretsType": kind, secret[0]: secret[1]}
    else:
        await arm.error(400, "POST", f"{path}/listSecrets")


async def test_system_datastores_are_pointed_elsewhere_and_never_deleted(arm: ArmClient) -> None:
    path = f"{WORKSPACE}/datastores/workspaceblobstore"
    before = await arm.ok("GET", path)
    # Its key is tried like that of any other, and without one there is nothing to try.
    await arm.error(400, "PUT", path, {"properties": before["properties"]})
    await arm.error(400, "DELETE", path)
    assert await arm.ok("GET", path) == before
    await arm.accounts.create("other")
    secrets = {"secretsType": "AccountKey", "key": "other-key1"}
    place = {"accountName": "other", "containerName": "elsewhere"}
    credentials = {"credentialsType": "AccountKey", "secrets": secrets}
    body = {"properties": {**before["properties"], **place, "credentials": credentials}}
    await arm.error(400, "PUT", path, {"properties": {**body["properties"], "isDefault": False}})
    after = await arm.ok("PUT", path, body)
    assert (after["properties"]["accountName"], after["properties"]["containerName"]) == ("other", "elsewhere")
    assert after["properties"]["isDefault"] is True and "other-key1" not in json.dumps(after)
    assert await arm.ok("POST", f"{path}/listSecrets") == secrets
    share = {"datastoreType": "AzureFile", "fileShareName": "s"}
    await arm.error(400, "PUT", path, {"properties": {**body["properties"], **share}})
    await arm.error(400, "DELETE", path)


async def test_jobs_are_kept(arm: ArmClient) -> None:
    path = f"{WORKSPACE}/jobs/first"
    properties = {"jobType": "Command", "command": "echo", "environmentId": "env", "experimentName": "e"}
    response = await arm.send("PUT", path, {"properties": properties})
    made = json.loads(response.body)
    assert (response.status, made["properties"]["status"]) == (201, "Starting")
    assert list(made["systemData"]) == ["createdAt", "createdBy", "createdByType"]
    uri = made["properties"]["outputs"]["default"]["uri"]
    assert uri == "azureml://datastores/workspaceartifactstore/ExperimentRun/dcid.first"
    archived = await arm.ok("PUT", path, {"properties": {**properties, "isArchived": True}})
    assert archived["properties"]["isArchived"] is True
    await arm.error(400, "PUT", path, {"properties": {**properties, "command": "other"}})
    assert await arm.every(f"{WORKSPACE}/jobs") == []
    assert len(await arm.every(f"{WORKSPACE}/jobs?listViewType=All&jobType=command")) == 1


async def test_operations_survive_a_restart(tmp_path: Path) -> None:
    first = client(tmp_path, operation_seconds=0.2)
    await first.group()
    response = await first.send("PUT", WORKSPACE, first.workspace_body())
    await first.arm.close()
    second = client(tmp_path)
    second.accounts.made = first.accounts.made
    await second.finish(response)
    assert len(await second.every(f"{WORKSPACE}/datastores")) == 4
    assert [each["type"] for each in await second.every(f"{GROUP}/resources")][-1].endswith("/workspaces")
    await second.arm.close()
