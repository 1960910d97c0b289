"""Rights that old identities still hold: all of them, and none to be taken without saying who else has the identity."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.builders.arm import FakeArm, FakeRoles, side
from tests.builders.errors import refusal
from tests.builders.world import OLD, SOURCE
from tests.builders.world import by_hand as left_by_hand

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset, Inventory
from amlmigrate.core.workspace import SurveyedWorkspace
from amlmigrate.decommissioning.held_rights import HeldRights, held
from amlmigrate.inventory.own_identities import identities

SUBSCRIPTION = OLD.subscription
AT = f"/subscriptions/{SUBSCRIPTION}"
VAULT = f"{AT}/resourceGroups/rg-old/providers/Microsoft.KeyVault/vaults/kv"
USER = f"{AT}/resourceGroups/rg-old/providers/Microsoft.ManagedIdentity/userAssignedIdentities/shared"
ROLE = f"{AT}/providers/Microsoft.Authorization/roleDefinitions/reader"
LIST = f"{AT}/providers/Microsoft.MachineLearningServices/workspaces"
IDENTITY = {"type": "SystemAssigned,UserAssigned", "principalId": "sys", "userAssignedIdentities": {
    USER: {"principalId": "user"}}}  # fmt: skip


def _source(*left: Asset, identity: Any = IDENTITY) -> Inventory:
    properties = {**SOURCE.properties, "keyVault": VAULT}
    document = {**SOURCE.document, "identity": identity, "properties": properties}
    return Inventory(SurveyedWorkspace(SOURCE.ref, document), by_hand=list(left))


def _assignment(name: str, scope: str) -> dict[str, Any]:
    id_ = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}"
    return {"id": id_, "properties": {"scope": scope, "roleDefinitionId": ROLE}}


def _azure(**changed: Any) -> tuple[FakeArm, FakeRoles]:
    arm = FakeArm({VAULT: {"properties": {"enableRbacAuthorization": True}}, LIST: []}, (SUBSCRIPTION,))
    arm.answers |= changed.pop("answers", {})
    return arm, replace(FakeRoles(whole=(SUBSCRIPTION,), names={ROLE: "Reader"}), **changed)


async def _held(source: Inventory, azure: tuple[FakeArm, FakeRoles]) -> HeldRights:
    return await held([side(*azure)], source)


async def test_role_assignments_outside_the_workspace_with_the_command_that_takes_them() -> None:
    account = _assignment("a", SOURCE.storage_account_id)
    inside = _assignment("b", f"{SOURCE.id.upper()}/onlineEndpoints/e")
    above = _assignment("c", "/providers/Microsoft.Management/managementGroups/mg")
    found = await _held(_source(), _azure(direct={(AT, "sys"): [account, inside, above]}))
    assert [one.id for one in found.rights] == [account["id"], above["id"]] and not found.unread
    told = found.rights[0].as_dict()
    assert (told["role"], told["scope"], told["principal"]) == ("Reader", SOURCE.storage_account_id, "sys")
    assert told["command"] == f"az role assignment delete --ids {account['id']}"
    assert told["command"] in found.rights[0].line()


async def test_one_that_other_workspaces_use_is_told_with_them_and_without_the_command() -> None:
    others = [
        {"id": "/ws/other", "identity": {"userAssignedIdentities": {USER.upper(): {}}},
         "properties": {"workspaceId": "x"}},
        {"id": "/ws/apart", "identity": {"userAssignedIdentities": {"/other": {}}}, "properties": {}},
        {"id": SOURCE.id, "identity": IDENTITY, "properties": {"workspaceId": SOURCE.workspace_id}},
    ]  # fmt: skip
    direct = {(AT, "user"): [_assignment("a", VAULT)], (AT, "sys"): [_assignment("b", VAULT)]}
    found = await _held(_source(), _azure(direct=direct, answers={LIST: others}))
    used = {one.identity.principal: one for one in found.rights}
    assert used["user"].also_used_by == ("/ws/other",) and used["sys"].also_used_by == ()
    assert "used by /ws/other too" in used["user"].line() and "az role" not in used["user"].line()
    assert "az role assignment delete" in used["sys"].line()
    assert "other services" in found.as_dict()["not_looked_at"]


async def test_who_else_uses_it_that_could_not_be_seen_is_told() -> None:
    found = await _held(_source(), _azure(answers={LIST: refusal()}))
    assert any("who else uses an identity" in one.why for one in found.unread)
    found = await _held(_source(), _azure(whole=()))
    assert any("who else uses an identity" in one.why for one in found.unread)
    # A system-assigned one is nobody else's.
    only = {"type": "SystemAssigned", "principalId": "sys"}
    assert not (await _held(_source(identity=only), _azure(answers={LIST: refusal()}))).unread


async def test_assignments_that_could_not_be_read_are_told() -> None:
    found = await _held(_source(), _azure(direct={(AT, "sys"): refusal()}))
    [unread] = found.unread
    assert AT in unread.why and any(line.startswith("not known") for line in found.lines())
    with pytest.raises(ServiceError):
        await _held(_source(), _azure(direct={(AT, "sys"): refusal(503, "ServerBusy")}))


@pytest.mark.parametrize("by_roles", (True, False))
async def test_access_policies_count_where_the_vault_goes_by_them(by_roles: bool) -> None:
    vault = {"properties": {"enableRbacAuthorization": by_roles, "accessPolicies": [
        {"objectId": "SYS"}, {"objectId": "somebody"}, {"objectId": "sys"}]}}  # fmt: skip
    found = await _held(_source(), _azure(answers={VAULT: vault}))
    assert [(one.what, one.identity.principal) for one in found.rights] == [("access policy", "sys")] * (
        not by_roles
    )
    assert all("az keyvault delete-policy --name kv --object-id sys" in one.command for one in found.rights)


async def test_a_vault_that_could_not_be_read_is_told() -> None:
    [unread] = (await _held(_source(), _azure(answers={VAULT: refusal()}))).unread
    assert VAULT in unread.why


def test_identities_of_computes_and_endpoints_are_the_workspaces_too() -> None:
    left = left_by_hand(
        Address.of("computes", "c"), "", "", {"identity": {"type": "SystemAssigned", "principalId": "cc"}}
    )
    same = left_by_hand(
        Address.of("onlineEndpoints", "e"), "", "", {"identity": {"userAssignedIdentities": {USER: {}}}}
    )
    none = left_by_hand(Address.of("schedules", "s"), "", "", {"identity": None})
    assert [
        (one.of, one.principal)
        for one in identities(_source(left, same, none, left_by_hand(Address.of("jobs"), "", "")))
    ] == [
        (SOURCE.id, "sys"),
        (SOURCE.id, "user"),
        ("computes/c", "cc"),
    ]


async def test_an_identity_whose_principal_is_not_told_is_told() -> None:
    identity = {"userAssignedIdentities": {USER: None}}
    found = await _held(_source(identity=identity), _azure())
    assert any(USER in one.why for one in found.unread)


async def test_an_identity_that_the_key_or_the_workspace_names_elsewhere_is_one_too() -> None:
    source = _source(identity={"type": "SystemAssigned", "principalId": "sys"})
    properties = {**source.workspace.properties, "primaryUserAssignedIdentity": USER,
                  "encryption": {"identity": {"userAssignedIdentity": f"{USER}-key"}}}  # fmt: skip
    source.workspace = replace(source.workspace, document={**source.workspace.document, "properties": properties})
    assert [one.id for one in identities(source)] == ["", f"{USER}-key", USER]
    answers = {USER: {"properties": {"principalId": "user"}}}
    found = await _held(source, _azure(answers=answers, direct={(AT, "user"): [_assignment("a", VAULT)]}))
    assert [one.identity.principal for one in found.rights] == ["user"]
    assert [f"{USER}-key" in one.why for one in found.unread] == [True]
