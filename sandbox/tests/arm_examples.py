"""One accepted request for each kind of a workspace, the more telling the better."""

from __future__ import annotations

from typing import Any

from arm_harness import GROUP, WORKSPACE

_TRACKED = {"location": "eastus2"}
_JOB = {
    "jobType": "Command",
    "command": "echo 1",
    "environmentId": f"{WORKSPACE}/environments/env/versions/1",
    "experimentName": "first",
}

_SECRETS: dict[str, dict[str, Any]] = {
    "AccountKey": {"key": "a2V5"},
    "Sas": {"sasToken": "?sv=1&sig=x"},
    "ServicePrincipal": {"clientSecret": "secret"},
    "Certificate": {"certificate": "pem"},
}
_IDENTITY = {
    "authorityUrl": "https://login.microsoftonline.com",
    "clientId": "aaaaaaaa-1111-4222-8333-444444444444",
    "resourceUrl": "r",
    "tenantId": "bbbbbbbb-1111-4222-8333-444444444444",
}


def _store(type_: str, credentials: str, **where: Any) -> dict[str, Any]:
    """A datastore with credentials of a sort."""
    given: dict[str, Any] = {"credentialsType": credentials}
    if credentials in _SECRETS:
        given["secrets"] = {"secretsType": credentials, **_SECRETS[credentials]}
    if credentials in ("ServicePrincipal", "Certificate"):
        given |= _IDENTITY
    if credentials == "Certificate":
        given["thumbprint"] = "ab" * 20
    return {"properties": {"datastoreType": type_, "credentials": given, **where}}


# Path below the workspace -> body; in an order in which they can be created.
EXAMPLES: dict[str, dict[str, Any]] = {
    "codes/code": {"properties": {"isArchived": False}},
    "codes/code/versions/1": {
        "properties": {
            "codeUri": "https://acct.blob.core.windows.net:443/container/folder",
            "properties": {"hash_sha256": "ab" * 32, "hash_version": "202208"},
            "isAnonymous": True,
        }
    },
    "environments/env": {"properties": {"description": "of all", "tags": {"a": "b"}}},
    "environments/env/versions/1": {
        "properties": {
            "image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04",
            "condaFile": "name: first\nchannels: [conda-forge]\ndependencies:\n- python=3.10\n- pip:\n  - numpy\n",
            "inferenceConfig": {"livenessRoute": {"path": "/live", "port": 80}},
        }
    },
    "environments/built/versions/1": {
        "properties": {
            "build": {"contextUri": "https://acct.blob.core.windows.net/c/context", "dockerfilePath": "Dockerfile"}
        }
    },
    "data/table": {"properties": {"dataType": "mltable"}},
    "data/table/versions/1": {
        "properties": {
            "dataType": "mltable",
            "dataUri": "azureml://datastores/workspaceblobstore/paths/table/",
            "referencedUris": ["azureml://datastores/workspaceblobstore/paths/table/a.csv"],
        }
    },
    "data/file/versions/first": {
        "properties": {"dataType": "uri_file", "dataUri": "https://example.com/a", "description": "d", "tags": {}}
    },
    "models/model": {"properties": {"description": "a model", "tags": {"a": "b"}}},
    "models/model/versions/1": {
        "properties": {
            "modelType": "mlflow_model",
            "modelUri": "azureml://datastores/workspaceblobstore/paths/model",
            "flavors": {"python_function": {"data": {"loader_module": "mlflow.sklearn"}}},
        }
    },
    "components/step": {"properties": {"description": "a step"}},
    "components/pipeline/versions/1": {
        "properties": {
            "componentSpec": {
                "type": "pipeline",
                "inputs": {"raw": {"type": "uri_folder"}},
                "jobs": {"first": {"component": f"azureml:{WORKSPACE}/components/step/versions/1"}},
            }
        }
    },
    "components/step/versions/1": {
        "properties": {
            "componentSpec": {"type": "command", "command": "echo 1", "environment": "azureml:env:1"},
            "description": "never seen again",
        }
    },
    "datastores/blobs?skipValidation=true": {
        "properties": {
            "datastoreType": "AzureBlob",
            "accountName": "acct",
            "containerName": "blobs",
            "credentials": {"credentialsType": "AccountKey", "secrets": {"secretsType": "AccountKey", "key": "a"}},
        }
    },
    "datastores/lake": {
        "properties": {
            "datastoreType": "AzureDataLakeGen2",
            "accountName": "acct",
            "filesystem": "lake",
            "credentials": {"credentialsType": "None"},
        }
    },
    "datastores/files?skipValidation=true": _store(
        "AzureFile", "AccountKey", accountName="acct", fileShareName="share"
    ),
    "datastores/lake1": _store("AzureDataLakeGen1", "None", storeName="lake"),
    "datastores/one": _store(
        "OneLake",
        "None",
        oneLakeWorkspaceName="w",
        artifact={"artifactType": "LakeHouse", "artifactName": "a"},
    ),
    "datastores/sas": _store("AzureBlob", "Sas", accountName="acct", containerName="c"),
    "datastores/principal": _store("AzureBlob", "ServicePrincipal", accountName="acct", containerName="c"),
    "datastores/certificate": _store("AzureBlob", "Certificate", accountName="acct", containerName="c"),
    "onlineEndpoints/scoring": {**_TRACKED, "properties": {"authMode": "Key"}, "tags": {"a": "b"}},
    "onlineEndpoints/scoring/deployments/blue": {
        **_TRACKED,
        "properties": {
            "endpointComputeType": "Managed",
            "instanceType": "Standard_DS3_v2",
            "model": "azureml:m:1",
        },
    },
    "batchEndpoints/scores": {**_TRACKED, "properties": {"authMode": "AADToken"}},
    "batchEndpoints/scores/deployments/first": {
        **_TRACKED,
        "properties": {"compute": "cluster", "model": {"referenceType": "Id", "assetId": "azureml:m:1"}},
    },
    "schedules/daily": {
        "properties": {
            "trigger": {"triggerType": "Cron", "expression": "0 0 * * *"},
            "action": {"actionType": "CreateJob", "jobDefinition": _JOB},
        }
    },
    "computes/cluster": {
        **_TRACKED,
        "properties": {
            "computeType": "AmlCompute",
            "properties": {"vmSize": "Standard_DS3_v2", "scaleSettings": {"maxNodeCount": 1}},
        },
    },
    "connections/git": {
        "properties": {
            "authType": "PAT",
            "category": "Git",
            "target": "https://example.com/repo",
            "credentials": {"pat": "secret"},
        }
    },
    "jobs/first": {"properties": _JOB},
    "jobs/pipeline": {"properties": {"jobType": "Pipeline", "jobs": {}, "settings": {}}},
    "jobs/sweep": {
        "properties": {
            "jobType": "Sweep",
            "objective": {"goal": "Maximize", "primaryMetric": "auc"},
            "samplingAlgorithm": {"samplingAlgorithmType": "Random"},
            "searchSpace": {"rate": ["uniform", [0, 1]]},
            "trial": {"command": "echo 1", "environmentId": f"{WORKSPACE}/environments/env/versions/1"},
        }
    },
    "jobs/spark": {
        "properties": {
            "jobType": "Spark",
            "codeId": f"{WORKSPACE}/codes/code/versions/1",
            "entry": {"sparkJobEntryType": "SparkJobPythonEntry", "file": "run.py"},
        }
    },
    "jobs/automl": {
        "properties": {
            "jobType": "AutoML",
            "taskDetails": {
                "taskType": "Classification",
                "trainingData": {"jobInputType": "mltable", "uri": "azureml:table:1"},
            },
        }
    },
    "featuresets/set": {"properties": {}},
    "featuresets/set/versions/1": {"properties": {"entities": ["e"], "stage": "Development"}},
    "featurestoreEntities/entity": {"properties": {}},
    "featurestoreEntities/entity/versions/1": {
        "properties": {"indexColumns": [{"columnName": "id", "dataType": "String"}]}
    },
    "serverlessEndpoints/serverless": {**_TRACKED, "properties": {"authMode": "Key"}},
    "marketplaceSubscriptions/market": {"properties": {"modelId": "azureml://registries/r/models/m"}},
    "capabilityHosts/host": {"properties": {"description": "h"}},
    "outboundRules/rule": {
        "properties": {"type": "FQDN", "destination": "example.com", "category": "UserDefined"}
    },
    "privateEndpointConnections/private": {
        "properties": {"privateLinkServiceConnectionState": {"status": "Approved"}}
    },
}

# Resources of a group -> body.
TRACKED: dict[str, dict[str, Any]] = {
    "Microsoft.Storage/storageAccounts/second": {
        **_TRACKED,
        "sku": {"name": "Standard_LRS"},
        "kind": "StorageV2",
        "properties": {"minimumTlsVersion": "TLS1_2"},
    },
    "Microsoft.KeyVault/vaults/second": {
        **_TRACKED,
        "properties": {
            "tenantId": "99999999-8888-7777-6666-555555555555",
            "sku": {"family": "A", "name": "standard"},
            "accessPolicies": [],
        },
    },
    "Microsoft.ManagedIdentity/userAssignedIdentities/user": dict(_TRACKED),
    "Microsoft.Insights/components/second": {**_TRACKED, "kind": "web", "properties": {"Application_Type": "web"}},
    "Microsoft.ContainerRegistry/registries/second": {**_TRACKED, "sku": {"name": "Premium"}, "properties": {}},
}
SCOPE = GROUP
