"""Deployments: what MLClient sends to make a workspace with all that it needs, and what is refused."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from arm_harness import GROUP, ArmClient, with_group
from live import azure, unique

from azsandbox import Sandbox, provision
from azsandbox.client import Client

arm = with_group  # the fixture

DEPLOYMENTS = f"{GROUP}/providers/Microsoft.Resources/deployments"
VERSION = "2020-06-01"
ACCOUNT = {
    "type": "Microsoft.Storage/storageAccounts",
    "apiVersion": "2023-05-01",
    "name": "[parameters('name')]",
    "location": "[resourceGroup().location]",
    "properties": {},
}
CONTAINER = {
    "type": "Microsoft.Storage/storageAccounts/blobServices/containers",
    "apiVersion": "2023-05-01",
    "name": "[concat(parameters('name'), '/default/', variables('container'))]",
    "dependsOn": ["[resourceId('Microsoft.Storage/storageAccounts', parameters('name'))]"],
    "properties": {},
}


def template(*resources: dict[str, Any], **parameters: Any) -> dict[str, Any]:
    declared = {"name": {"type": "string"}, "many": {"type": "int", "defaultValue": 1, "allowedValues": [1, 2]}}
    document = {"parameters": declared, "variables": {"container": "made"}, "resources": list(resources)}
    values = {name: {"value": value} for name, value in ({"name": "fromtemplate"} | parameters).items()}
    return {"properties": {"mode": "Incremental", "template": document, "parameters": values}}


async def ended(arm: ArmClient, body: dict[str, Any], name: str = "one") -> dict[str, Any]:
    response = await arm.send("PUT", f"{DEPLOYMENTS}/{name}", body, version=VERSION)
    assert response.status == 201, response.body
    for _ in range(200):
        state: dict[str, Any] = await arm.ok("GET", response.headers["Azure-AsyncOperation"])
        if state["status"] not in ("Accepted", "Running"):
            return state
        await asyncio.sleep(0.005)
    raise AssertionError("the deployment does not end")


async def test_resources_are_made_in_the_order_of_what_they_need(arm: ArmClient) -> None:
    left_out = {**ACCOUNT, "name": "never", "condition": "[equals(parameters('many'), 2)]"}
    assert (await ended(arm, template(CONTAINER, ACCOUNT, left_out)))["status"] == "Succeeded"
    account = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/fromtemplate"
    await arm.ok("GET", f"{account}/blobServices/default/containers/made")
    await arm.error(404, "GET", f"{GROUP}/providers/Microsoft.Storage/storageAccounts/never")
    operations = (await arm.ok("GET", f"{DEPLOYMENTS}/one/operations", version=VERSION))["value"]
    assert [one["properties"]["targetResource"]["resourceName"] for one in operations] == [
        "fromtemplate",
        "fromtemplate/default/made",
    ]
    shown = await arm.ok("GET", f"{DEPLOYMENTS}/one", version=VERSION)
    assert shown["properties"]["provisioningState"] == "Succeeded"


async def test_what_fails_is_told_and_ends_the_rest(arm: ArmClient) -> None:
    wrong = {**ACCOUNT, "name": "No-Account-Name"}
    container = {
        **CONTAINER,
        "dependsOn": ["[resourceId('Microsoft.Storage/storageAccounts', 'No-Account-Name')]"],
    }
    state = await ended(arm, template(container, wrong))
    assert (state["status"], state["error"]["code"]) == ("Failed", "DeploymentFailed")
    assert [one["code"] for one in state["error"]["details"]] == ["AccountNameInvalid"]
    operations = (await arm.ok("GET", f"{DEPLOYMENTS}/one/operations", version=VERSION))["value"]
    assert [one["properties"]["provisioningState"] for one in operations] == ["Failed"]


async def test_a_body_that_cannot_be_worked_out_fails_the_deployment_with_its_reason(arm: ArmClient) -> None:
    wrong = {**ACCOUNT, "properties": {"accessTier": "[unheard('x')]"}}
    state = await ended(arm, template(wrong))
    assert (state["status"], state["error"]["code"]) == ("Failed", "DeploymentFailed")
    [detail] = state["error"]["details"]
    assert detail["code"] == "InvalidTemplate" and "unheard" in detail["message"]
    await arm.error(404, "GET", f"{GROUP}/providers/Microsoft.Storage/storageAccounts/fromtemplate")


@pytest.mark.parametrize(
    ("limits", "value", "right"),
    [
        ({"type": "string", "minLength": 3, "maxLength": 4}, "ab", False),
        ({"type": "string", "minLength": 3, "maxLength": 4}, "abcde", False),
        ({"type": "string", "minLength": 3, "maxLength": 4}, "abc", True),
        ({"type": "array", "maxLength": 1}, [1, 2], False),
        ({"type": "int", "minValue": 3}, 2, False),
        ({"type": "int", "minValue": 3, "maxValue": 3}, 3, True),
    ],
)
async def test_parameters_keep_their_limits(
    arm: ArmClient, limits: dict[str, Any], value: Any, right: bool
) -> None:
    body = template(value=value)
    body["properties"]["template"]["parameters"]["value"] = limits
    response = await arm.send("PUT", f"{DEPLOYMENTS}/one", body, version=VERSION)
    assert response.status == (201 if right else 400)


@pytest.mark.parametrize(
    "body",
    [
        template({**ACCOUNT, "copy": {"name": "loop", "count": 2}}),
        template({**ACCOUNT, "name": "[unheard('x')]"}),
        template({**ACCOUNT, "name": "[parameters('unheard')]"}),
        template(ACCOUNT, unheard=1),
        template(ACCOUNT, name=1),
        template(ACCOUNT, many=3),
        template({**ACCOUNT, "name": "a/b"}),
        template({"type": "Microsoft.Storage/storageAccounts", "name": "a"}),
        template(
            {**ACCOUNT, "dependsOn": ["[resourceId('Microsoft.Storage/storageAccounts', parameters('name'))]"]}
        ),
        {"properties": {"mode": "Complete", "template": {"resources": []}}},
        {"properties": {"mode": "Incremental", "templateLink": {"uri": "https://example.com"}}},
        {
            "properties": {
                "mode": "Incremental",
                "template": {"parameters": {"name": {"type": "string"}}, "resources": []},
            }
        },
    ],
)
async def test_a_template_that_is_not_understood_is_refused(arm: ArmClient, body: dict[str, Any]) -> None:
    await arm.error(400, "PUT", f"{DEPLOYMENTS}/one", body, version=VERSION, code="InvalidTemplate")
    await arm.error(404, "GET", f"{DEPLOYMENTS}/one", version=VERSION)


# azure-ai-ml and what it imports warn of their own plans.
@pytest.mark.filterwarnings("ignore")
def test_mlclient_makes_a_workspace_with_all_that_it_needs(
    azure_env: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    from azure.ai.ml import MLClient
    from azure.ai.ml.constants._common import LROConfigurations
    from azure.ai.ml.entities import Workspace
    from azure.identity import EnvironmentCredential

    monkeypatch.setattr(LROConfigurations, "SLEEP_TIME", 0.2)
    monkeypatch.setattr(LROConfigurations, "POLL_INTERVAL", 0.2)
    name, group = unique("mlmade"), unique("mlmade-")
    azure(azure_env.env, lambda azure_client: provision.group(azure_client, group))
    subscription = azure_env.env["AZURE_SUBSCRIPTION_ID"]
    ml = MLClient(EnvironmentCredential(), subscription, group, enable_telemetry=False)
    wanted = Workspace(name=name, location="eastus2", display_name="Made", tags={"a": "1"}, hbi_workspace=True)
    made = ml.workspaces.begin_create(wanted).result()
    assert (made.name, made.display_name, made.tags["a"], made.hbi_workspace) == (name, "Made", "1", True)

    async def types(azure_client: Client) -> set[str]:
        base = f"/subscriptions/{subscription}/resourceGroups/{group}"
        found = await azure_client.arm("GET", f"{base}/resources", "2022-09-01")
        return {one["type"].lower() for one in found["value"]}

    there = azure(azure_env.env, types)
    assert there >= {
        "microsoft.storage/storageaccounts",
        "microsoft.keyvault/vaults",
        "microsoft.insights/components",
        "microsoft.operationalinsights/workspaces",
        "microsoft.machinelearningservices/workspaces",
    }
    assert made.storage_account.lower().endswith(
        ml.workspaces.get(name).storage_account.lower().rpartition("/")[2]
    )
    assert {
        one.name for one in MLClient(EnvironmentCredential(), subscription, group, name).datastores.list()
    } >= {"workspaceblobstore"}
