"""Each query parameter that lists of Azure ML are known to have changes the list, or is refused as not built."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from arm_examples import EXAMPLES
from arm_harness import GROUP, WORKSPACE, ArmClient

from azsandbox import knownqueries

_LISTS = "GET microsoft.machinelearningservices/workspaces"
# Path of a list below the workspace, by its shape.
_PARENTS = {
    "codes/{}/versions": "codes/code/versions",
    "components/{}/versions": "components/step/versions",
    "data/{}/versions": "data/table/versions",
    "environments/{}/versions": "environments/env/versions",
    "models/{}/versions": "models/model/versions",
    "batchendpoints/{}/deployments": "batchEndpoints/scores/deployments",
    "onlineendpoints/{}/deployments": "onlineEndpoints/scoring/deployments",
    "featuresets/{}/versions": "featuresets/set/versions",
    "featurestoreentities/{}/versions": "featurestoreEntities/entity/versions",
    "onlineendpoints/{}/deployments/{}/skus": "onlineEndpoints/scoring/deployments/blue/skus",
}
_NOT_HAD = "featuresets/{}/versions/{}/features"
# What the list of two or more is shortened or turned round by.
_VALUES = {
    "$skip": "1",
    "$top": "1",
    "$orderBy": "createdtime asc",
    "listViewType": "ArchivedOnly",
    "hash": "0",
    "count": "1",
    "isDefault": "true",
    "names": "lake",
    "searchText": "lake",
    "orderByAsc": "true",
    "jobType": "Sweep",
    "pageSize": "1",
    "category": "ADLSGen2",
    "target": "https://other.example",
    "includeAll": "true",
}
# Refused as not built, by the shape of the list.
_UNBUILT = {
    "batchendpoints": "count",
    "batchendpoints/{}/deployments": "$orderBy $top",
    "codes/{}/versions": "hashVersion",  # without a hash
    "data/{}/versions": "$tags",
    "datastores": "orderBy",
    "featuresets": "createdBy description name tags",
    "featuresets/{}/versions": "createdBy description stage tags version versionName",
    "featurestoreentities": "createdBy description name tags",
    "featurestoreentities/{}/versions": "createdBy description stage tags version versionName",
    "jobs": "properties tag",
    "models": "count",
    "models/{}/versions": "description feed offset properties tags version",
    "onlineendpoints": "computeType count name orderBy properties tags",
    "onlineendpoints/{}/deployments": "$orderBy $top",
    "onlineendpoints/{}/deployments/{}/skus": "$skip count",
}


@pytest.fixture
async def arm(arm: ArmClient) -> ArmClient:
    for path, body in EXAMPLES.items():
        await _make(arm, path, body)
    return arm


async def _make(arm: ArmClient, path: str, body: dict[str, Any]) -> None:
    response = await arm.send("PUT", f"{WORKSPACE}/{path}", body)
    assert response.status in (200, 201), (path, response.body.decode())
    if "Azure-AsyncOperation" in response.headers:
        await arm.finish(response)


def _known() -> list[tuple[str, str]]:
    found = json.loads(Path(knownqueries.__file__).with_name("data").joinpath("queries.json").read_text())["arm"]
    shapes = {
        shape.removeprefix(f"{_LISTS}/{{}}/"): names
        for shape, names in found.items()
        if f"{_LISTS}/{{}}/" in shape
    }
    own = {"api-version", "$skiptoken"}
    return [
        (shape, name) for shape, names in shapes.items() if shape != _NOT_HAD for name in names if name not in own
    ]


async def _names(arm: ArmClient, url: str) -> list[str]:
    return [each["name"] for each in (await arm.ok("GET", url))["value"]]


async def test_each_is_obeyed_or_refused(arm: ArmClient) -> None:
    for path, body in EXAMPLES.items():
        where, _, query = path.partition("?")
        await _make(arm, f"{where}2" + (f"?{query}" if query else ""), copy.deepcopy(body))
    lake = {"authType": "None", "category": "ADLSGen2", "target": "https://lake.example"}
    await _make(arm, "connections/lake", {"properties": lake})
    unbuilt, wrong = set(), []
    for shape, name in _known():
        url = f"{WORKSPACE}/{_PARENTS.get(shape, shape)}"
        value = "DisabledOnly" if shape == "schedules" and name == "listViewType" else _VALUES.get(name, "x")
        response = await arm.send("GET", f"{url}?{name}={value}")
        if response.status == 501:
            assert json.loads(response.body)["error"]["code"] == "NotImplemented"
            unbuilt.add((shape, name))
        elif response.status != 200:
            wrong.append((shape, name, response.status, response.body[:200]))
        else:
            every, some = await _names(arm, url), [each["name"] for each in json.loads(response.body)["value"]]
            if len(every) < 2 or every == some:
                wrong.append((shape, name, every, some))
    assert not wrong
    assert unbuilt == {(shape, name) for shape, names in _UNBUILT.items() for name in names.split()}


async def test_hash_version(arm: ArmClient) -> None:
    url = f"{WORKSPACE}/codes/code/versions?hash={'ab' * 32}&hashVersion="
    assert await _names(arm, f"{url}202208") == ["1"]
    assert await _names(arm, f"{url}1") == []
    await arm.error(501, "GET", f"{WORKSPACE}/codes/code/versions?hashVersion=1", says="hashversion")


async def test_parameters_of_changes(arm: ArmClient) -> None:
    body = EXAMPLES["datastores/blobs?skipValidation=true"]
    await arm.error(400, "PUT", f"{WORKSPACE}/datastores/checked", body)
    await arm.ok("PUT", f"{WORKSPACE}/datastores/checked?skipValidation=true", body)
    await arm.error(400, "DELETE", f"{WORKSPACE}/datastores/checked?skipValidation=true")
    await arm.ok("GET", f"{WORKSPACE}/datastores/checked")
    await arm.error(400, "GET", f"{WORKSPACE}/datastores/checked?skipValidation=true")


async def test_a_known_one_of_a_change_that_is_not_built_changes_nothing(arm: ArmClient) -> None:
    await arm.error(501, "DELETE", f"{GROUP}?forceDeletionTypes=Microsoft.Compute/virtualMachines")
    await arm.ok("GET", WORKSPACE)


async def test_a_known_value_that_is_not_built_is_refused(arm: ArmClient) -> None:
    await arm.error(501, "GET", f"{GROUP}/resources?$expand=createdTime,fly")


async def test_when_resources_were_made_is_told_of_those_that_tell(arm: ArmClient) -> None:
    made = (await arm.ok("GET", WORKSPACE))["systemData"]
    listed = await arm.every(f"{GROUP}/resources?$expand=createdTime,changedTime,provisioningState")
    [found] = [one for one in listed if one["id"].lower() == WORKSPACE.lower()]
    assert (found["createdTime"], found["changedTime"]) == (made["createdAt"], made["lastModifiedAt"])
    assert not any("createdTime" in one for one in await arm.every(f"{GROUP}/resources"))


@pytest.mark.parametrize(
    "url",
    [
        f"{WORKSPACE}/datastores?hash=a",
        f"{WORKSPACE}/datastores/lake?names=lake",
        f"{WORKSPACE}/models/model/versions?count=1",
        f"{WORKSPACE}/codes?listViewType=All",
        f"{WORKSPACE}?$skip=1",
        f"{WORKSPACE}?type=async",
    ],
)
async def test_what_another_type_or_method_has_is_refused(arm: ArmClient, url: str) -> None:
    await arm.error(400, "GET", url, code="UnsupportedQueryParameter")
