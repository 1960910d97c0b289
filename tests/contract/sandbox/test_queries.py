"""Query parameters that nobody has are refused, those of the descriptions and clients are not."""

from __future__ import annotations

from pathlib import Path

import pytest
from arm_harness import GROUP, WORKSPACE, ArmClient, client

ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/acct"


@pytest.fixture
async def arm(tmp_path: Path) -> ArmClient:
    made = client(tmp_path)
    await made.workspace()
    body = {"properties": {"modelUri": "azureml://datastores/workspaceblobstore/paths/m"}}
    await made.ok("PUT", f"{WORKSPACE}/models/m/versions/1", body)
    return made


@pytest.mark.parametrize(
    "url",
    [
        f"{WORKSPACE}?forceToPurg=true",
        f"{WORKSPACE}/models?listViewTypes=All",
        f"{WORKSPACE}/datastores?$maxpagesize=1",
        f"{ACCOUNT}?force=true",
        f"{ACCOUNT}/blobServices/default/containers?prefix=a",
        f"{GROUP}?listViewType=All",
        f"{GROUP}/providers/Microsoft.Authorization/roleAssignments?principalId=x",
    ],
)
async def test_an_unknown_one_is_refused(arm: ArmClient, url: str) -> None:
    for method in ("GET", "DELETE"):
        error = await arm.error(400, method, url)
        assert error["code"] == "UnsupportedQueryParameter"
    await arm.ok("GET", WORKSPACE)
    await arm.ok("GET", ACCOUNT)


@pytest.mark.parametrize(
    "url",
    [
        f"{WORKSPACE}/models/m/versions?listViewType=All&$top=1&$skip=0",
        f"{WORKSPACE}/datastores?COUNT=1&names=a",
        f"{ACCOUNT}/blobServices/default/containers?$maxpagesize=1&$filter=a&$include=deleted",
        f"{GROUP}/resources?$filter=resourceType eq 'x'&$top=5&$expand=provisioningState",
        f"{GROUP}/providers/Microsoft.Authorization/roleAssignments?$filter=atScope()",
    ],
)
async def test_a_known_one_is_not(arm: ArmClient, url: str) -> None:
    await arm.ok("GET", url)
