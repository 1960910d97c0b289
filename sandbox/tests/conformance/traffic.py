"""Every operation that Microsoft's description of 2023-04-01 has for a workspace, once, against the local Azure."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from typing import Any

import aiohttp

from azsandbox import provision
from azsandbox.client import Client, Refused

VERSION = "2023-04-01"
GROUP, SOURCE, TARGET = "conformance-rg", "conformance", "conformance-2"
_TRACKED: dict[str, Any] = {"location": "eastus2"}
_STORE = "azureml://datastores/workspaceblobstore/paths"
# Method, path below the workspace (`//` before one below the provider in the subscription), body.
Ask = tuple[str, str, Any]


def _versioned(collection: str, version: dict[str, Any], container: dict[str, Any] | None = None) -> Iterator[Ask]:
    """A container, a version, both read, listed."""
    yield (
        "PUT",
        f"{collection}/one",
        {"properties": {"description": "of all", "tags": {"a": "b"}, **(container or {})}},
    )
    yield (
        "PUT",
        f"{collection}/one/versions/1",
        {"properties": {"description": "d", "tags": {"a": "b"}, **version}},
    )
    for path in ("one/versions/1", "one/versions", "one", ""):
        yield "GET", f"{collection}/{path}".rstrip("/"), None


def _assets(workspace: str) -> Iterator[Ask]:
    yield from _versioned(
        "codes", {"codeUri": "https://conformance.blob.core.windows.net/c/code", "isAnonymous": False}
    )
    yield "POST", "codes/one/versions/2/startPendingUpload", {"pendingUploadType": "TemporaryBlobReference"}
    yield from _versioned(
        "environments", {"image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04", "osType": "Linux"}
    )
    yield "PUT", "environments/built/versions/1", {
        "properties": {"build": {"contextUri": "https://conformance.blob.core.windows.net/c/context", "dockerfilePath": "Dockerfile"}}}  # fmt: skip
    for number, (type_, path) in enumerate({"uri_file": "m/a", "uri_folder": "m/"}.items()):
        yield from (
            _versioned("data", {"dataType": type_, "dataUri": f"{_STORE}/{path}"}, {"dataType": type_})
            if not number
            else ()
        )
    yield from _versioned("models", {"modelType": "custom_model", "modelUri": f"{_STORE}/m", "flavors": {}})
    spec = {
        "type": "command",
        "command": "echo 1",
        "environment": f"azureml:{workspace}/environments/one/versions/1",
        "name": "one",
        "version": "1",
    }
    yield from _versioned("components", {"componentSpec": spec, "isAnonymous": False})


def _stores() -> Iterator[Ask]:
    for name, credentials in {
        "key": {"credentialsType": "AccountKey", "secrets": {"secretsType": "AccountKey", "key": "a2V5"}},
        "none": {"credentialsType": "None"},
        "sas": {"credentialsType": "Sas", "secrets": {"secretsType": "Sas", "sasToken": "?sv=1&sig=x"}},
    }.items():
        body = {
            "datastoreType": "AzureBlob",
            "accountName": "conformance",
            "containerName": "c",
            "credentials": credentials,
        }
        yield "PUT", f"datastores/{name}?skipValidation=true", {"properties": body}
    lake = {
        "datastoreType": "AzureDataLakeGen2",
        "accountName": "conformance",
        "filesystem": "lake",
        "credentials": {"credentialsType": "None"},
    }
    yield "PUT", "datastores/lake?skipValidation=true", {"properties": lake}
    yield "GET", "datastores/key", None
    yield "GET", "datastores", None
    yield "POST", "datastores/key/listSecrets", None


def _computes() -> Iterator[Ask]:
    cluster = {
        "computeType": "AmlCompute",
        "properties": {"vmSize": "STANDARD_DS3_V2", "scaleSettings": {"maxNodeCount": 1, "minNodeCount": 0}},
    }
    instance = {"computeType": "ComputeInstance", "properties": {"vmSize": "STANDARD_DS3_V2"}}
    yield "PUT", "computes/cluster", {**_TRACKED, "properties": cluster}
    yield "PUT", "computes/instance", {**_TRACKED, "properties": instance}
    yield "GET", "computes/cluster", None
    yield "GET", "computes/instance", None
    yield "GET", "computes", None
    yield "PATCH", "computes/cluster", {"properties": {"properties": {"scaleSettings": {"maxNodeCount": 2}}}}
    yield "POST", "computes/cluster/listNodes", None
    for action in ("stop", "start", "restart"):
        yield "POST", f"computes/instance/{action}", None


def _jobs(workspace: str) -> Iterator[Ask]:
    environment = f"{workspace}/environments/one/versions/1"
    command = {
        "jobType": "Command",
        "command": "echo 1",
        "environmentId": environment,
        "experimentName": "first",
        "displayName": "d",
    }
    yield "PUT", "jobs/command", {"properties": command}
    yield (
        "PUT",
        "jobs/pipeline",
        {"properties": {"jobType": "Pipeline", "jobs": {}, "settings": {}, "experimentName": "first"}},
    )
    sweep = {"jobType": "Sweep", "objective": {"goal": "Maximize", "primaryMetric": "auc"}, "samplingAlgorithm": {"samplingAlgorithmType": "Random"}, "searchSpace": {"rate": ["uniform", [0, 1]]}, "trial": {"command": "echo 1", "environmentId": environment}}  # fmt: skip
    yield "PUT", "jobs/sweep", {"properties": sweep}
    for path in ("jobs/command", "jobs/pipeline", "jobs/sweep", "jobs"):
        yield "GET", path, None
    yield "POST", "jobs/sweep/cancel", None
    trigger = {"triggerType": "Cron", "expression": "0 0 * * *", "timeZone": "UTC"}
    action = {"actionType": "CreateJob", "jobDefinition": command}
    yield (
        "PUT",
        "schedules/daily",
        {"properties": {"trigger": trigger, "action": action, "displayName": "d", "isEnabled": False}},
    )
    yield "GET", "schedules/daily", None
    yield "GET", "schedules", None


def _endpoints(workspace: str) -> Iterator[Ask]:
    model = f"{workspace}/models/one/versions/1"
    identity = {"identity": {"type": "SystemAssigned"}}
    yield (
        "PUT",
        "onlineEndpoints/conf-online",
        {**_TRACKED, **identity, "properties": {"authMode": "Key"}, "tags": {"a": "b"}},
    )
    blue = {"endpointComputeType": "Managed", "instanceType": "Standard_DS3_v2", "model": model, "environmentId": f"{workspace}/environments/one/versions/1", "codeConfiguration": {"codeId": f"{workspace}/codes/one/versions/1", "scoringScript": "score.py"}}  # fmt: skip
    sku = {"sku": {"name": "Default", "capacity": 1}}
    yield "PUT", "onlineEndpoints/conf-online/deployments/blue", {**_TRACKED, **sku, "properties": blue}
    yield (
        "PUT",
        "onlineEndpoints/conf-online",
        {**_TRACKED, **identity, "properties": {"authMode": "Key", "traffic": {"blue": 100}}},
    )
    yield "PATCH", "onlineEndpoints/conf-online", {"tags": {"c": "d"}}
    yield "PATCH", "onlineEndpoints/conf-online/deployments/blue", {"sku": {"capacity": 2}, "tags": {"c": "d"}}
    for path in (
        "",
        "/conf-online",
        "/conf-online/deployments",
        "/conf-online/deployments/blue",
        "/conf-online/deployments/blue/skus",
    ):
        yield "GET", f"onlineEndpoints{path}", None
    yield "POST", "onlineEndpoints/conf-online/listKeys", None
    yield "POST", "onlineEndpoints/conf-online/regenerateKeys", {"keyType": "Primary"}
    yield (
        "POST",
        "onlineEndpoints/conf-online/deployments/blue/getLogs",
        {"containerType": "InferenceServer", "tail": 10},
    )
    yield "PUT", "onlineEndpoints/conf-token", {**_TRACKED, **identity, "properties": {"authMode": "AMLToken"}}
    yield "POST", "onlineEndpoints/conf-token/token", None
    yield "PUT", "batchEndpoints/conf-batch", {**_TRACKED, "properties": {"authMode": "AADToken"}}
    first = {"compute": f"{workspace}/computes/cluster", "model": {"referenceType": "Id", "assetId": model}}
    yield "PUT", "batchEndpoints/conf-batch/deployments/first", {**_TRACKED, "properties": first}
    yield "PATCH", "batchEndpoints/conf-batch", {"tags": {"c": "d"}}
    yield "PATCH", "batchEndpoints/conf-batch/deployments/first", {"properties": {"description": "d"}}
    for path in ("", "/conf-batch", "/conf-batch/deployments", "/conf-batch/deployments/first"):
        yield "GET", f"batchEndpoints{path}", None
    yield "POST", "batchEndpoints/conf-batch/listkeys", None


def _rest() -> Iterator[Ask]:
    pat = {"authType": "PAT", "category": "Git", "target": "https://example.com/repo", "credentials": {"pat": "s"}}
    yield "PUT", "connections/git", {"properties": pat}
    yield "GET", "connections/git", None
    yield "GET", "connections", None
    for path in (
        "privateEndpointConnections",
        "privateLinkResources",
        "outboundNetworkDependenciesEndpoints",
        "features",
    ):
        yield "GET", path, None
    for action in (
        "listKeys",
        "resyncKeys",
        "listNotebookAccessToken",
        "listStorageAccountKeys",
        "listNotebookKeys",
        "prepareNotebook",
    ):
        yield "POST", action, None
    yield "POST", "diagnose", {"value": {"udr": {}, "nsg": {}}}
    yield "PATCH", "", {"tags": {"a": "b"}, "properties": {"description": "d", "friendlyName": "f"}}
    yield "GET", "", None
    for path in ("usages", "vmSizes", "quotas"):
        yield "GET", f"//locations/eastus2/{path}", None
    yield "GET", "//workspaces", None
    yield "GET", "///workspaces", None
    yield "GET", "////operations", None


def _deletions() -> Iterator[Ask]:
    for path in ("schedules/daily", "jobs/command", "connections/git", "datastores/key"):
        yield "DELETE", path, None
    # A deployment with traffic is not deleted.
    body = {
        **_TRACKED,
        "identity": {"type": "SystemAssigned"},
        "properties": {"authMode": "Key", "traffic": {"blue": 0}},
    }
    yield "PUT", "onlineEndpoints/conf-online", body
    for path in ("onlineEndpoints/conf-online/deployments/blue", "onlineEndpoints/conf-online", "onlineEndpoints/conf-token", "batchEndpoints/conf-batch/deployments/first", "batchEndpoints/conf-batch"):  # fmt: skip
        yield "DELETE", path, None
    for collection in ("models", "data", "environments", "components", "codes"):
        yield "DELETE", f"{collection}/one/versions/1", None
        yield "DELETE", f"{collection}/one", None
    yield "DELETE", "computes/cluster?underlyingResourceAction=Delete", None


def asked(workspace: str) -> Iterator[Ask]:
    """All of them, in an order in which each finds what it needs."""
    for part in (
        _assets(workspace),
        _stores(),
        _computes(),
        _jobs(workspace),
        _endpoints(workspace),
        _rest(),
        _deletions(),
    ):
        yield from part


def path_of(client: Client, workspace: str, path: str) -> str:
    """The whole path: slashes before one say how far above the workspace it stands."""
    provider = "/providers/Microsoft.MachineLearningServices"
    above = (
        "",
        "",
        client.subscription + provider,
        f"{client.subscription}/resourceGroups/{GROUP}{provider}",
        provider,
    )
    depth = len(path) - len(path.lstrip("/"))
    return f"{above[depth]}/{path.lstrip('/')}" if depth else f"{workspace}/{path}".rstrip("/")


async def run() -> list[str]:
    """Sends them all, and returns what was refused: method, path and the service's words."""
    refused = []
    async with Client(os.environ) as client:
        pair = await provision.pair(client, GROUP, SOURCE, TARGET, suffix="conf")
        workspace = str(pair.source["id"])
        body = {name: pair.source[name] for name in ("location", "tags") if name in pair.source}
        names = ("storageAccount", "keyVault", "applicationInsights")
        body |= {
            "identity": {"type": "SystemAssigned"},
            "properties": {name: pair.source["properties"][name] for name in names},
        }
        account = str(pair.source["properties"]["storageAccount"]).rpartition("/")[2]
        # A model without bytes is refused.
        await client.upload(account, f"azureml-blobstore-{pair.source['properties']['workspaceId']}/m/a", b"bytes")
        for method, path, sent in [("PUT", "", body), *asked(workspace)]:
            try:
                await client.arm(method, path_of(client, workspace, path), VERSION, sent)
            except (Refused, aiohttp.ClientError) as error:
                refused.append(f"{method} {path}: {type(error).__name__}: {error}"[:600])
    return refused


if __name__ == "__main__":
    found = asyncio.run(run())
    for one in found:
        print(f"FAILED  {one}")
    sys.exit(min(len(found), 1))
