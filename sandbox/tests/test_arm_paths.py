"""Every path and every example body of Microsoft's description of 2023-04-01 meets an answer it allows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from arm_harness import GROUP, SHARED, SUBSCRIPTION, WORKSPACE, ArmClient

OF_2023 = "Microsoft.MachineLearningServices/stable/2023-04-01"
FOLDER = SHARED / "specs/openapi/specification/machinelearningservices/resource-manager" / OF_2023
FILES = ("machineLearningServices", "mfe", "workspaceFeatures")
NAMES = {
    "subscriptionId": SUBSCRIPTION,
    "resourceGroupName": "rg",
    "workspaceName": "source",
    "location": "eastus2",
    "version": "1",
}


def _operations() -> Iterator[tuple[str, str, Any]]:
    """Method, path template and description of each operation."""
    for name in FILES:
        if not FOLDER.is_dir():
            return
        for path, methods in json.loads((FOLDER / f"{name}.json").read_text())["paths"].items():
            for method, operation in methods.items():
                if method != "parameters" and "/registries/" not in path:
                    yield method.upper(), path, operation


OPERATIONS = list(_operations())
PUTS = [(path, operation) for method, path, operation in OPERATIONS if method == "PUT"]
needs_shared = pytest.mark.skipif(not OPERATIONS, reason=f"no folder {SHARED.name} beside the repository")


def _filled(path: str, names: dict[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda match: NAMES.get(match[1]) or names.get(match[1], "first"), path)


@needs_shared
async def test_every_path_is_known(arm: ArmClient) -> None:
    unknown = []
    for method, path, _ in OPERATIONS:
        body = {} if method in ("PUT", "PATCH", "POST") else None
        response = await arm.send(method, _filled(path, {}), body)
        if "x-azsandbox-unknown-route" in response.headers or response.status in (405, 500):
            unknown.append((method, path, response.status))
    assert unknown == []


def _examples() -> list[Any]:
    """Path, description and parameters of each example of a PUT, but for a workspace's own resources."""
    return [
        pytest.param(
            path,
            operation,
            json.loads((FOLDER / reference["$ref"]).read_text())["parameters"],
            id=f"{path.rpartition('/workspaces/')[2]}-{name}",
        )
        for path, operation in PUTS
        for name, reference in operation["x-ms-examples"].items()
        if not path.endswith("workspaces/{workspaceName}")
    ]


@needs_shared
@pytest.mark.parametrize(("path", "operation", "example"), _examples())
async def test_every_example_is_accepted(arm: ArmClient, path: str, operation: Any, example: Any) -> None:
    body = example.get("body") or example.get("parameters") or example.get("properties")
    url = _filled(path, {"computeName": "compute123"})
    for parent in _parents(url):
        await arm.done("PUT", parent, {"location": "eastus2", "properties": {"authMode": "Key"}})
    asked = "?skipValidation=true" if "/datastores/" in url else ""
    response = await arm.send("PUT", f"{url}{asked}", _without_references(body))
    assert str(response.status) in operation["responses"], response.body.decode()


def _parents(url: str) -> list[str]:
    """The endpoint of a deployment."""
    return [url.partition("/deployments/")[0]] if "/deployments/" in url else []


def _without_references(body: Any) -> Any:
    """The body without what names resources that the example does not have: identities, deployments, clusters.

    One example changes a compute, and does not repeat its size.
    """
    text = json.dumps(body)
    # One example has a type of data in a spelling that its own description does not have.
    text = text.replace('"condaFile": "string"', '"condaFile": "name: string"').replace('"UriFile"', '"uri_file"')
    document = json.loads(text)
    document.pop("identity", None)
    for name in ("traffic", "defaults", "resourceId"):
        document["properties"].pop(name, None)
    if "trigger" in document["properties"]:  # whose every value is `string`
        document["properties"]["trigger"] = {"triggerType": "Cron", "expression": "0 0 * * *"}
    if document["properties"].get("computeType") == "AmlCompute":
        document["properties"]["properties"].setdefault("vmSize", "STANDARD_NC6")
    return document


@needs_shared
async def test_answers_of_paths_of_the_provider_itself(arm: ArmClient) -> None:
    provider = "providers/Microsoft.MachineLearningServices"
    for path in (f"/{provider}/operations", f"{WORKSPACE}/features"):
        assert (await arm.ok("GET", path))["value"] == []
    assert (await arm.send("GET", GROUP)).status == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", f"{GROUP}/providers/Microsoft.MachineLearningServices/registries/r"),
        ("GET", f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.MachineLearningServices/registries"),
        ("PUT", f"{GROUP}/providers/Microsoft.Insights/dataCollectionRules/a"),
        ("GET", f"{GROUP}/providers/Microsoft.Insights/autoscaleSettings"),
        ("PUT", f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/policyEnrollments/e"),
        (
            "POST",
            f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.PolicyInsights/componentPolicyStates/latest/queryResults",
        ),
        ("GET", f"{WORKSPACE}/providers/Microsoft.EventGrid/eventSubscriptions"),
        ("POST", "/providers/Microsoft.ResourceGraph/resources"),
        ("PUT", f"{WORKSPACE}/inferencePools/p"),
        ("PUT", f"{WORKSPACE}/models/m/versions/1/things/t"),
    ],
)
async def test_types_that_are_not_there_are_refused(arm: ArmClient, method: str, path: str) -> None:
    body = {"location": "eastus2", "properties": {}} if method != "GET" else None
    response = await arm.send(method, path, body)
    error = json.loads(response.body)["error"]
    assert (response.status, error["code"]) == (404, "InvalidResourceType")
    assert "x-azsandbox-unknown-route" in response.headers
