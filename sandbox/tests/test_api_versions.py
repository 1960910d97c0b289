"""Api-versions: each type has those that a source names, and all others are refused in ARM's words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from arm_harness import GROUP, SUBSCRIPTION, WORKSPACE, ArmClient, with_group

from azsandbox.arm import apiversions

arm = with_group  # the fixture

PROVIDERS = f"{GROUP}/providers"


def test_every_version_has_its_source() -> None:
    document = json.loads((Path(apiversions.__file__).parent / "data" / "apiversions.json").read_text())
    assert all(document["sources"])
    for versions in document["types"].values():
        for sources in versions.values():
            assert sources
            assert all(document["sources"][number] for number in sources)


async def test_every_kind_has_versions(arm: ArmClient) -> None:
    kinds = arm.arm._context.kinds
    assert [name for name in kinds if not apiversions.versions(name)] == []


@pytest.mark.parametrize(
    ("path", "version", "status", "code", "text"),
    [
        (WORKSPACE, "2021-12-31", 400, "NoRegisteredProviderFound", "for type 'workspaces'. The supported api-versions"),
        (f"{WORKSPACE}/models/m/versions/1", "2019-06-01", 400, "NoRegisteredProviderFound",
         "API version '2019-06-01' for type 'workspaces/models/versions'"),
        (f"{PROVIDERS}/Microsoft.Storage/storageAccounts/acct", "2025-12-01", 400, "NoRegisteredProviderFound",
         "No registered resource provider found for location 'eastus2' and API version '2025-12-01'"),
        (f"{PROVIDERS}/Microsoft.KeyVault/vaults/kv", "latest", 400, "NoRegisteredProviderFound", "'latest'"),
        (GROUP, "2025-12-01", 400, "InvalidApiVersionParameter",
         "The api-version '2025-12-01' is invalid. The supported versions are '"),
        (f"/subscriptions/{SUBSCRIPTION}", "2014-01-02", 400, "InvalidApiVersionParameter", "2022-12-01,"),
        (f"{GROUP}/providers/Microsoft.Authorization/locks", "2025-12-01", 404, "InvalidResourceType",
         "The resource type 'locks' could not be found in the namespace 'Microsoft.Authorization' for api version"),
    ],
)  # fmt: skip
async def test_another_version_is_refused_as_arm_does(
    arm: ArmClient, path: str, version: str, status: int, code: str, text: str
) -> None:
    for method, body in (("GET", None), ("PUT", {"location": "eastus2", "properties": {}}), ("DELETE", None)):
        await arm.error(status, method, path, body, version=version, code=code, says=text)


async def test_providers_tell_the_versions_that_are_taken(arm: ArmClient) -> None:
    shown = await arm.ok("GET", f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Storage")
    types = {one["resourceType"]: one["apiVersions"] for one in shown["resourceTypes"]}
    for version in types["storageAccounts"]:
        await arm.ok("GET", f"{PROVIDERS}/Microsoft.Storage/storageAccounts", version=version)
