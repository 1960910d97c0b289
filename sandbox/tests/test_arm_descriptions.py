"""Every answer is as Microsoft's own description of the API has it, but for what is named here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import beliefs
import pytest
from arm_examples import EXAMPLES, TRACKED
from arm_harness import GROUP, WORKSPACE, ArmClient
from bicep_types import Types

from azsandbox.knownqueries import arm_shape, known

ML = "Microsoft.MachineLearningServices/workspaces"

# What only recorded answers of the service have (AZ-WS-15, AZ-LIVE-18, and the recordings themselves).
RECORDED_ONLY = {
    "etag: unknown",
    "properties.softDeleteEnabled: unknown",
    "properties.creationTime: unknown",
    "properties.linkedModelInventoryArmId: unknown",
    "properties.ipAllowlist: unknown",
    "properties.EnableSoftwareBillOfMaterials: unknown",
    "properties.sdkTelemetryAppInsightsKey: unknown",
    "properties.managedNetwork.changeableIsolationModes: unknown",
    "properties.managedNetwork.enableFirewallLog: unknown",
}
_CONNECTION_ONLY = {"tags: unknown", "location: unknown"}


@pytest.fixture(scope="session")
def types(shared: Path) -> Types:
    return Types(shared / "specs" / "bicep-types" / "ml-2025-12-01.types.json")


def _type_of(path: str) -> str:
    return "/".join((ML, *path.partition("?")[0].split("/")[::2]))


async def _create(arm: ArmClient, path: str) -> Any:
    """The answer to the PUT, which is a resource itself."""
    response = await arm.send("PUT", f"{WORKSPACE}/{path}", EXAMPLES[path])
    assert response.status in (200, 201), (path, response.status, response.body.decode())
    if "Azure-AsyncOperation" in response.headers:
        await arm.finish(response)
    return json.loads(response.body)


def test_what_only_recordings_have_is_in_a_recording(shared: Path) -> None:
    """In the recorded answers, or in what is said of others (the managed network, a connection)."""
    workspaces = (shared / "real" / "recorded" / "workspaces-list-by-subscription-2024-04-01.json").read_text()
    network, connection = (beliefs.read()[id_] for id_ in ("AZ-WS-15", "AZ-LIVE-18"))
    assert {network.status, connection.status} == {beliefs.Status.RECORDED}
    for problem in RECORDED_ONLY:
        *outer, name = problem.partition(":")[0].split(".")
        assert f"`{name}`" in network.text if "managedNetwork" in outer else f'"{name}":' in workspaces
    for problem in _CONNECTION_ONLY:
        assert f"`{problem.partition(':')[0]}`" in connection.text


def test_there_is_an_example_of_each_form(types: Types) -> None:
    def given(start: str, *way: str) -> set[str]:
        found = set()
        for path, body in EXAMPLES.items():
            value: Any = body["properties"]
            for name in way:
                value = value.get(name, {}) if isinstance(value, dict) else {}
            found |= {value} if path.startswith(start) and isinstance(value, str) else set()
        return found

    for kind, *way in (
        ("datastores", "datastoreType"),
        ("datastores", "credentials", "credentialsType"),
        ("jobs", "jobType"),
    ):
        assert given(f"{kind}/", *way) == set(types.choices(f"{ML}/{kind}", *way))


def test_the_checker_sees_what_is_wrong(types: Types) -> None:
    def problems(path: str, **properties: Any) -> list[str]:
        body = {"properties": {**EXAMPLES[path]["properties"], **properties}}
        return types.problems_of_request(_type_of(path), body)

    assert problems("data/file/versions/first", dataUri=None) == ["properties.dataUri: missing"]
    assert problems("data/table/versions/1", referencedUris="one") == [
        "properties.referencedUris: 'one' is no list"
    ]
    assert problems("models/model", latestVersion="1") == ["properties.latestVersion: read-only"]
    deep = {"computeType": "AmlCompute", "properties": {"currentNodeCount": 1}}
    assert problems("computes/cluster", **deep) == ["properties.properties.currentNodeCount: read-only"]


def test_there_is_an_example_of_every_type(types: Types) -> None:
    ours = {_type_of(path).lower() for path in EXAMPLES}
    theirs = {name for name in types.names() if name.startswith(ML.lower() + "/")}
    assert theirs - ours == {f"{ML.lower()}/featuresets/versions/features"}  # read-only, of a running store


@pytest.mark.parametrize("path", EXAMPLES)
def test_examples_are_what_the_description_allows(types: Types, path: str) -> None:
    assert types.problems_of_request(_type_of(path), EXAMPLES[path]) == []


async def test_answers_of_a_workspace(arm: ArmClient, types: Types) -> None:
    listed = await arm.every(f"{GROUP}/providers/{ML}")
    for document in (await arm.ok("GET", WORKSPACE), listed[0]):
        assert set(types.problems_of_answer(ML, document)) - RECORDED_ONLY == set()
    keys = await arm.ok("POST", f"{WORKSPACE}/listKeys")
    assert types.problems_of_action(ML, "listKeys", keys) == []
    keys = await arm.ok("POST", f"{WORKSPACE}/listStorageAccountKeys")
    assert types.problems_of_action(ML, "listStorageAccountKeys", keys) == []


async def test_answers_of_everything_in_a_workspace(arm: ArmClient, types: Types) -> None:
    for path in EXAMPLES:
        allowed = _CONNECTION_ONLY if path.startswith("connections") else set()
        assert set(types.problems_of_answer(_type_of(path), await _create(arm, path))) - allowed == set(), path
    for path in EXAMPLES:
        type_, place = _type_of(path), path.partition("?")[0]
        collection = place.rpartition("/")[0]
        one = await arm.ok("GET", f"{WORKSPACE}/{place}")
        url = f"{WORKSPACE}/{collection}"
        has_views = "listviewtype" in known("arm", f"GET {arm_shape(url)}")
        listed = await arm.every(url + ("?listViewType=All" if has_views else ""))
        allowed = _CONNECTION_ONLY if collection == "connections" else set()
        for document in (one, *listed):
            assert set(types.problems_of_answer(type_, document)) - allowed == set(), place


async def test_answers_of_actions(arm: ArmClient, types: Types) -> None:
    for path in EXAMPLES:
        await _create(arm, path)
    for path, name, body in (
        ("codes/code/versions/1", "startPendingUpload", {"pendingUploadType": "TemporaryBlobReference"}),
        ("datastores/blobs", "listSecrets", None),
        ("datastores/workspaceblobstore", "listSecrets", {"expirableSecret": True, "expireAfterHours": 1}),
        ("onlineEndpoints/scoring", "listKeys", None),
        ("onlineEndpoints/scoring/deployments/blue", "getLogs", {}),
        ("computes/cluster", "listNodes", None),
        ("connections/git", "listsecrets", None),
    ):
        answer = await arm.ok("POST", f"{WORKSPACE}/{path}/{name}", body)
        allowed = _CONNECTION_ONLY if path.startswith("connections") else set()
        assert set(types.problems_of_action(_type_of(path), name, answer)) - allowed == set(), path


@pytest.mark.parametrize(
    ("path", "file"),
    [
        ("Microsoft.Storage/storageAccounts/second", "microsoft.storage-2026-04-01"),
        ("Microsoft.KeyVault/vaults/second", "microsoft.keyvault-2026-02-01"),
        ("Microsoft.ManagedIdentity/userAssignedIdentities/user", "microsoft.managedidentity-2024-11-30"),
        ("Microsoft.ContainerRegistry/registries/second", "microsoft.containerregistry-2025-11-01"),
    ],
)
async def test_answers_of_other_providers(arm: ArmClient, shared: Path, path: str, file: str) -> None:
    types = Types(shared / "specs" / "bicep-types" / f"{file}.types.json")
    type_ = path.rpartition("/")[0]
    assert types.problems_of_request(type_, TRACKED[path]) == []
    answer = await arm.ok("PUT", f"{GROUP}/providers/{path}", TRACKED[path])
    assert types.problems_of_answer(type_, answer) == []
    assert await arm.ok("GET", f"{GROUP}/providers/{path}") == answer
