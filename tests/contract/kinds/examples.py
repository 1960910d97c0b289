"""Assets of every kind in a source workspace: each kind's own example, and more forms that were recorded."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from tests.builders.world import MAPPING, NEW, OLD, OLD_BLOBS, OLD_ID, SOURCE

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import mapped
from amlmigrate.kinds import Kind, all_kinds, moving_kinds

__all__ = [
    "ASSETS",
    "KINDS",
    "MAPPING",
    "NEW",
    "OLD",
    "every_asset",
    "every_kind",
    "every_listed",
    "filled",
    "kind_of",
]

ALL = list(all_kinds().values())
# Those that move.
EVERY = list(moving_kinds().values())
# Those that the tool makes in a target: what every workspace has by itself is never written.
KINDS = [kind for kind in EVERY if not kind.inherent]
PLACEHOLDERS = {
    "{subscription}": OLD.subscription,
    "{group}": OLD.group,
    "{workspace}": OLD.name,
    "{workspace_id}": OLD_ID,
    "{account}": SOURCE.storage_account,
}
LONG = f"azureml://subscriptions/{OLD.subscription}/resourceGroups/{OLD.group}/workspaces/{OLD.name}"
TIMES = {
    "createdAt": "2026-03-26T19:14:58.1234567+00:00",
    "createdBy": "User Name",
    "lastModifiedAt": "2026-03-27T01:00:00.7654321+00:00",
}


def kind_of(asset: Asset) -> Kind:
    """The kind of an asset."""
    return moving_kinds()[asset.address.kind]


def filled(asset: Asset) -> Asset:
    """An example with its placeholders replaced by what the source workspace has, as the service would answer it."""

    def replaced(_: str, text: str) -> str:
        for name, value in PLACEHOLDERS.items():
            text = text.replace(name, value)
        return text

    document = mapped(asset.document, replaced)
    path = all_kinds()[asset.address.kind].path(asset.address)
    return Asset(
        asset.address, {"id": f"{OLD.id}/{path}", **document, "systemData": TIMES | document["systemData"]}
    )


def _asset(address: str, **properties: Any) -> Asset:
    where = Address.parse(address)
    document = {"name": where.version or where.name, "properties": properties, "systemData": TIMES}
    return filled(Asset(where, document))


def _container(kind: Kind) -> Asset:
    """A container with something of its own: the description that its versions do not have."""
    properties = {"description": "About it", "tags": {"a": "b"}, "properties": {}, "isArchived": True}
    computed = {
        "latestVersion": "2",
        "nextVersion": "2026-03-27-04-08-37-9797176",
        "provisioningState": "Succeeded",
    }
    # What a container of this kind cannot be without is the same in its versions.
    kept = {name: value for name, value in kind.example().properties.items() if name == "dataType"}
    return _asset(f"{kind.name}/{kind.example().address.name}", **kept, **properties, **computed)


_PIPELINE = {
    "type": "pipeline",
    "display_name": "All of it",
    "inputs": {"rate": {"type": "number", "default": "0.1"}, "raw": {"type": "uri_folder", "optional": "True"}},
    "jobs": {
        "first": {
            "component": f"azureml:{OLD.id}/components/train/versions/1",
            "resources": {"instance_count": "2"},
        },
        "second": {
            "component": "azureml://registries/azureml/components/eval/versions/3",
            "inputs": {"model": {"type": "mlflow_model", "path": f"azureml:{OLD.id}/models/m/versions/3"}},
        },
    },
}
_GUID = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"
_CREDENTIALS = ("None", "AccountKey", "Sas", "ServicePrincipal", "Certificate")
_IDS = {"authorityUrl": "https://login.microsoftonline.com", "clientId": "c", "resourceUrl": "r", "tenantId": "t"}
MORE = [
    *(_container(kind) for kind in KINDS if kind.versioned),
    _asset(
        "models/plain/1", modelType="custom_model", flavors={}, modelUri=f"{LONG}/datastores/lake/paths/a b (1)"
    ),
    _asset(
        "models/old/2", modelType="custom_model", isArchived=True, stage="Archived", modelUri="runs:/j_1/model"
    ),
    _asset("models/job/1", modelUri="azureml://jobs/j_1/outputs/artifacts/paths/model/", jobName="j_1"),
    _asset("data/table/1", dataType="mltable", dataUri=f"{LONG}/datastores/workspaceblobstore/paths/t/".lower()),
    _asset(
        "data/lake/2024-01-01",
        dataType="uri_folder",
        dataUri=f"abfss://{OLD_BLOBS}@acct.dfs.core.windows.net/x",
        referencedUris=None,
    ),
    _asset(
        "data/web/1",
        dataType="uri_file",
        dataUri="https://example.com/titanic.csv",
        tags=None,
        description=None,
        properties=None,
    ),
    _asset(
        "computes/aks",
        computeType="Kubernetes",
        isAttachedCompute=True,
        resourceId=f"/subscriptions/{_GUID}/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/k",
        properties={"namespace": "ml", "relayConnectionString": None, "defaultInstanceType": "small"},
    ),
    _asset(
        "computes/ssh",
        computeType="AmlCompute",
        computeLocation="westus2",
        properties={
            "vmSize": "STANDARD_NC6",
            "scaleSettings": {"minNodeCount": 0, "maxNodeCount": 1},
            "userAccountCredentials": {"adminUserName": "me", "adminUserSshPublicKey": "ssh-rsa AAAA me"},
        },
    ),
    _asset(
        "computes/ci",
        computeType="ComputeInstance",
        isAttachedCompute=False,
        properties={
            "vmSize": "STANDARD_DS3_V2",
            "computeInstanceAuthorizationType": "personal",
            "personalComputeInstanceSettings": {"assignedUser": {"objectId": _GUID, "tenantId": _GUID}},
            "applicationSharingPolicy": "Personal",
        },
    ),
    _asset(
        "computes/dbx",
        computeType="Databricks",
        isAttachedCompute=True,
        properties={"workspaceUrl": "https://adb-1.azuredatabricks.net", "databricksAccessToken": None},
    ),
    _asset(
        f"roleAssignments/{_GUID}/computes/cpu",
        roleDefinitionId=f"/providers/Microsoft.Authorization/roleDefinitions/{_GUID}",
        principalId=_GUID.upper(),
        principalType="ServicePrincipal",
        scope=f"{OLD.id}/computes/cpu",
        condition="@Request[Microsoft.Authorization/roleAssignments:PrincipalType] StringEquals 'User'",
        conditionVersion="2.0",
    ),
    _asset("locks/few/computes/cpu", level="CanNotDelete", owners=[{"applicationId": _GUID}]),
    _asset("environments/image/1", image="mcr.microsoft.com/azureml/a:latest", condaFile="", osType="Windows"),
    _asset(
        "environments/build/7",
        build={
            "contextUri": f"https://acct.blob.core.windows.net/{OLD_BLOBS}/LocalUpload/0/ctx/",
            "dockerfilePath": "Dockerfile",
        },
        inferenceConfig={"livenessRoute": {"path": "/live", "port": 8080}},
        autoRebuild="OnBaseImageUpdate",
        properties={"azureml.labels": "", "kept": "1"},
    ),
    _asset("codes/old/1", codeUri=f"https://acct.blob.core.windows.net/{OLD_ID[:10]}-{_GUID}"),
    _asset(
        "components/nulls/1",
        componentSpec={
            "type": "pipeline",
            "inputs": {"rate": None, "empty": {}},
            "outputs": {"model": None, "None": "${{parent.jobs.a.outputs.b}}"},
            "jobs": {"a": {"type": "command", "inputs": {"inputs": None}, "outputs": {"b": None}, "limits": None}},
            "tags": {"a": None},
        },
        tags={"kept": None},
        properties={"kept": None},
    ),
    _asset(
        "models/nulls/1", modelUri="runs:/j_1/model", flavors={"python_function": {"data": None}}, tags={"a": None}
    ),
    _asset("components/pipe/2", componentSpec=_PIPELINE, description=None, isAnonymous=False, stage="Development"),
    *(
        _asset(
            f"datastores/key{number}",
            accountName="customers",
            containerName="raw",
            credentials={
                "credentialsType": name,
                **(_IDS if number > 2 else {}),
                **({"thumbprint": "ab" * 20} if name == "Certificate" else {}),
            },
            datastoreType="AzureBlob",
            isDefault=False,
            properties=None,
            serviceDataAccessAuthIdentity="WorkspaceSystemAssignedIdentity",
            tags=None,
        )
        for number, name in enumerate(_CREDENTIALS)
    ),
    _asset(
        "datastores/files",
        accountName="customers",
        fileShareName="share",
        datastoreType="AzureFile",
        credentials={"credentialsType": "AccountKey"},
    ),
    _asset(
        "datastores/lake1",
        datastoreType="AzureDataLakeGen1",
        storeName="customers",
        credentials={"credentialsType": "None"},
    ),
    _asset(
        "datastores/onelake",
        datastoreType="OneLake",
        oneLakeWorkspaceName="w",
        artifact={"artifactType": "LakeHouse", "artifactName": "a"},
        credentials={"credentialsType": "None"},
    ),
]
ASSETS = [*(filled(kind.example()) for kind in KINDS), *MORE]

every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
every_listed = pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.name)
every_asset = pytest.mark.parametrize("asset", ASSETS, ids=lambda asset: str(asset.address))


def changed(asset: Asset, properties: dict[str, Any]) -> Asset:
    """The asset with members of its properties replaced."""
    document = copy.deepcopy(asset.document)
    document["properties"] |= properties
    return Asset(asset.address, document)
