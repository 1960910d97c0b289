"""What lies at a workspace of other providers': who is not known yet, names that are taken, destinations that are not."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest
from arm_harness import GROUP, WORKSPACE, ArmClient, Time, client, with_workspace

from azsandbox.arm.access.evaluation import Terms
from azsandbox.arm.clock import Clock
from azsandbox.arm.identities import Identities

arm = with_workspace  # the fixture

ROLES = "providers/Microsoft.Authorization/roleAssignments"
READER = "/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"
SETTING = f"{WORKSPACE}/providers/Microsoft.Insights/diagnosticSettings/logs"
STORE = f"{GROUP}/providers/Microsoft.Storage/storageAccounts"


def _body(principal: str, **more: str) -> dict[str, dict[str, str]]:
    return {"properties": {"roleDefinitionId": READER, "principalId": principal, **more}}


async def test_an_identity_is_not_known_everywhere_at_once(tmp_path: Path) -> None:
    time = Time()
    arm = client(tmp_path, clock=Clock(time), terms=Terms(delay=lambda: 60.0))
    await arm.group()
    made = await arm.ok(
        "PUT",
        f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/mine",
        {"location": "eastus2"},
    )
    who, path = made["properties"]["principalId"], f"{GROUP}/{ROLES}/{uuid.uuid4()}"
    await arm.error(400, "PUT", path, _body(who), code="PrincipalNotFound", says=who.replace("-", ""))
    # Somebody who is no identity of this sandbox's is not looked for.
    await arm.ok("PUT", f"{GROUP}/{ROLES}/{uuid.uuid4()}", _body(str(uuid.uuid4())))
    # Who says what it is is believed.
    await arm.ok("PUT", f"{GROUP}/{ROLES}/{uuid.uuid4()}", _body(who, principalType="ServicePrincipal"))
    await arm.ok("DELETE", f"{(await arm.every(f'{GROUP}/{ROLES}'))[-1]['id']}")
    time.seconds += 61
    await arm.ok("PUT", path, _body(who))


async def test_a_name_is_one_in_the_tenant(arm: ArmClient) -> None:
    name, who = uuid.uuid4(), str(uuid.uuid4())
    await arm.ok("PUT", f"{WORKSPACE}/{ROLES}/{name}", _body(who))
    refused = {"code": "RoleAssignmentUpdateNotPermitted", "says": "scope are not allowed to be updated"}
    await arm.error(400, "PUT", f"{GROUP}/{ROLES}/{name}", _body(who), **refused)
    await arm.error(400, "PUT", f"{WORKSPACE}/{ROLES}/{name}", _body(str(uuid.uuid4())), **refused)
    changed = await arm.ok("PUT", f"{WORKSPACE}/{ROLES}/{name}", _body(who, description="told"))
    assert changed["properties"]["description"] == "told"
    await arm.error(409, "PUT", f"{WORKSPACE}/{ROLES}/{uuid.uuid4()}", _body(who), code="RoleAssignmentExists")


@pytest.mark.parametrize(
    ("sink", "status", "code"),
    [
        ({}, 400, "BadRequest"),
        ({"workspaceId": None}, 400, "BadRequest"),
        ({"workspaceId": "/w"}, 400, "LinkedInvalidPropertyId"),
        ({"storageAccountId": f"{STORE}/none"}, 404, "ResourceNotFound"),
        ({"workspaceId": f"{STORE}/acct"}, 404, "ResourceNotFound"),
    ],
)
async def test_a_destination_has_to_be_there(
    arm: ArmClient, sink: dict[str, str | None], status: int, code: str
) -> None:
    await arm.error(status, "PUT", SETTING, {"properties": {**sink, "logs": []}}, code=code)
    assert (await arm.send("GET", SETTING)).status == 404


async def test_a_setting_is_kept_with_its_destination(arm: ArmClient) -> None:
    sent = {"storageAccountId": f"{STORE}/ACCT", "logs": [{"category": "AmlRunEvent", "enabled": True}]}
    assert (await arm.ok("PUT", SETTING, {"properties": sent}))["properties"] == sent


async def test_a_new_setting_keeps_nothing_and_sends_no_category_twice_to_one_place(arm: ArmClient) -> None:
    def sends(days: int, category: str) -> dict[str, Any]:
        kept = {"enabled": True, "days": days}
        logs = [{"category": category, "enabled": True, "retentionPolicy": kept}]
        return {"properties": {"storageAccountId": f"{STORE}/acct", "logs": logs}}

    await arm.error(
        400, "PUT", SETTING, sends(30, "AmlRunEvent"), code="BadRequest", says="does not support retention"
    )
    await arm.ok("PUT", SETTING, sends(0, "AmlRunEvent"))
    await arm.ok("PUT", SETTING, sends(0, "AmlRunEvent"))
    await arm.error(
        409, "PUT", f"{SETTING}2", sends(0, "AmlRunEvent"), code="Conflict", says="'logs' for category"
    )
    await arm.ok("PUT", f"{SETTING}2", sends(0, "AmlComputeClusterEvent"))


async def test_people_are_known_by_the_roles_that_they_have(arm: ArmClient) -> None:
    user, nobody = str(uuid.uuid4()), str(uuid.uuid4())
    await arm.ok("PUT", f"{WORKSPACE}/{ROLES}/{uuid.uuid4()}", _body(user, principalType="User"))
    await arm.ok("PUT", f"{WORKSPACE}/{ROLES}/{uuid.uuid4()}", _body(nobody))
    shown = {one.object_id: one.type for one in Identities(arm.arm._context)()}
    assert shown[user] == "user" and nobody not in shown
