"""Models: registered files with their flavors and stage."""

from __future__ import annotations

from amlmigrate.cloud.declared import Absent
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.kinds._versioned import VersionedKind


class Models(VersionedKind):
    """`jobName` is not sent: the job stays behind, and the service may refuse a job that it does not know
    (AZ-ASSET-13)."""

    name = "models"
    absent = (
        Absent.of(
            "ModelNotFound",
            r"Model container with name: (\S+) not found",
            "AZ-ABSENT-2, recorded for the list of its versions",
        ),
    )
    worked_on = True
    counted = 1
    sdk_operations = "models"
    after = ("datastores",)
    fields = VersionedKind.fields.but(computed={"jobName": "the job stays behind"}, uris=("/modelUri",))

    def example(self) -> Asset:
        return Asset(
            Address.of("models", "credit-risk", "3"),
            {
                "name": "3",
                "properties": {
                    "description": "Scores an application",
                    "flavors": {"sklearn": {"data": {"sklearn_version": "1.1.2"}}},
                    "isAnonymous": False,
                    "isArchived": False,
                    "jobName": "brave_job_1",
                    "modelType": "mlflow_model",
                    "modelUri": "azureml://subscriptions/{subscription}/resourceGroups/{group}/workspaces/{workspace}"
                    "/datastores/workspaceblobstore/paths/LocalUpload/00/model",
                    "properties": {},
                    "provisioningState": "Succeeded",
                    "stage": "Production",
                    "tags": {"owner": "risk"},
                },
                "systemData": {"createdAt": "2026-03-26T19:14:58.1234567+00:00"},
            },
        )


KIND = Models()
