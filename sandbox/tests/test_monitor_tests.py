"""Test notifications of an action group: who is told, who cannot be, and what becomes of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from arm_harness import ArmClient
from monitor import EMAIL, WHO, group_body

NOTIFY = f"{WHO}/createNotifications"
TEST: dict[str, Any] = {"alertType": "logalertv2", "emailReceivers": [EMAIL]}


@pytest.fixture
async def arm(bare: ArmClient) -> ArmClient:
    await bare.group()
    await bare.ok("PUT", WHO, group_body())
    return bare


async def test_a_test_ends_after_a_while_and_tells_who_was_reached(arm: ArmClient) -> None:
    nobody = {"name": "hook", "serviceUri": "https://nobody.invalid/x"}
    secure = {"name": "safe", "serviceUri": "https://example.org", "useAadAuth": True}
    made = await arm.send("POST", NOTIFY, {**TEST, "webhookReceivers": [nobody, secure]})
    link = made.headers["Location"]
    assert (made.status, "/notificationStatus/" in link) == (202, True)
    assert (await arm.send("GET", link)).status == 202
    assert (await arm.ok("GET", link))["state"] == "InProgress"
    ended = await arm.ok("GET", link)
    assert ended["state"] == "Completed"
    assert [(one["MechanismType"], one["Name"], one["Status"]) for one in ended["actionDetails"]] == [
        ("Email", "officers", "Completed"),
        ("Webhook", "hook", "Failed"),
        ("SecureWebhook", "safe", "Completed"),
    ]
    assert await arm.ok("GET", link) == ended


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({**TEST, "armRoleReceivers": [{"name": "owners", "roleId": "x"}]}, "NotSupportedArmRole"),
        ({**TEST, "alertType": "surprise"}, "InvalidAlertType"),
        ({**TEST, "emailReceivers": []}, "NoReceivers"),
        ({"emailReceivers": [EMAIL]}, "BadRequest"),
        ({**TEST, "emailReceivers": [{"name": "officers"}]}, "BadRequest"),
    ],
)
async def test_what_cannot_be_tested_is_refused(arm: ArmClient, body: dict[str, Any], code: str) -> None:
    response = await arm.send("POST", NOTIFY, body)
    assert (response.status, json.loads(response.body)["code"]) == (400, code)


async def test_a_group_and_a_test_that_are_not_there(arm: ArmClient) -> None:
    await arm.error(404, "POST", f"{WHO}2/createNotifications", TEST, code="ResourceNotFound")
    response = await arm.send("GET", f"{WHO}/notificationStatus/1")
    assert (response.status, json.loads(response.body)["code"]) == (404, "NotificationNotFound")
