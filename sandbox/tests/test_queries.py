"""Query parameters that nobody has are refused, those of the descriptions and clients are not."""

from __future__ import annotations

import pytest
from arm_harness import GROUP, SUBSCRIPTION, WORKSPACE, ArmClient

ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/acct"


@pytest.fixture
async def arm(arm: ArmClient) -> ArmClient:
    body = {"properties": {"modelUri": "azureml://datastores/workspaceblobstore/paths/m"}}
    await arm.ok("PUT", f"{WORKSPACE}/models/m/versions/1", body)
    return arm


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
        await arm.error(400, method, url, code="UnsupportedQueryParameter")
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


_ACCESS = "providers/Microsoft.Authorization"


@pytest.mark.parametrize(
    ("url", "good", "bad"),
    [
        (f"{WORKSPACE}/models/m/versions?$top=", "1", ("x", "0", "-1", "1.5", "\u00b2", "\u0663")),
        (f"{WORKSPACE}/models/m/versions?listViewType=", "archivedonly", ("Archived", "true")),
        (f"{WORKSPACE}/models/m/versions?$orderBy=", "createdtime asc", ("asc", "name asc", "createdtime up")),
        (f"{WORKSPACE}/models/m/versions?$skip=", "1", ("x", "-1")),
        (f"{WORKSPACE}/schedules?listViewType=", "All", ("ActiveOnly",)),
        (f"{WORKSPACE}/datastores?count=", "1", ("x", "0")),
        (f"{WORKSPACE}/datastores?orderByAsc=", "True", ("1", "asc")),
        (f"{WORKSPACE}/datastores?isDefault=", "true", ("yes",)),
        (f"{WORKSPACE}/connections?includeAll=", "true", ("1",)),
        (f"{WORKSPACE}/featuresets?pageSize=", "2", ("x",)),
        (f"{ACCOUNT}/blobServices/default/containers?$maxpagesize=", "1", ("x", "0")),
        (f"{ACCOUNT}/encryptionScopes?$include=", "Disabled", ("fly",)),
        (f"{GROUP}/resources?$top=", "1", ("x", "0")),
        (f"{GROUP}/resources?$filter=", "resourceType eq 'x' and name eq 'y'", ("name ne 'x'", "fly")),
        (f"{GROUP}/{_ACCESS}/roleDefinitions?$filter=", "type eq 'CustomRole'", ("roleName ne 'x'", "fly eq 'x'")),
        (f"{GROUP}/{_ACCESS}/policyAssignments?$filter=", "atExactScope()", ("atSomeScope()",)),
        (
            f"/subscriptions/{SUBSCRIPTION}/{_ACCESS}/policyDefinitions?$filter=",
            "policyType eq 'Custom'",
            ("policyType ne 'Custom'",),
        ),
    ],
)
async def test_a_value_that_cannot_be_read_is_refused_and_not_taken_for_none(
    arm: ArmClient, url: str, good: str, bad: tuple[str, ...]
) -> None:
    await arm.ok("GET", f"{url}{good}")
    for value in bad:
        await arm.error(400, "GET", f"{url}{value}")


async def test_a_change_with_a_value_that_cannot_be_read_is_not_made(arm: ArmClient) -> None:
    await arm.error(400, "DELETE", f"{WORKSPACE}?forceToPurge=1")
    await arm.ok("GET", WORKSPACE)
    body = {"properties": {"datastoreType": "AzureBlob", "accountName": "a", "containerName": "c"}}
    body["properties"]["credentials"] = {"credentialsType": "None"}
    await arm.error(
        400, "PUT", f"{WORKSPACE}/datastores/new?skipValidation=yes", body, code="InvalidQueryParameterValue"
    )
    await arm.error(404, "GET", f"{WORKSPACE}/datastores/new")
