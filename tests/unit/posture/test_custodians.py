"""Who may change a key of a vault: by roles as they are or may be activated, by policies; and what is not known."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from amlmigrate.cloud.errors import OutOfReachError, ServiceError
from amlmigrate.core.roleends import NO_LICENCE
from amlmigrate.posture.custodians import rights_of
from amlmigrate.posture.facts import KeyRef
from amlmigrate.posture.holders import Holders
from amlmigrate.posture.reading import Read

VAULT = "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/kv"
KEY = KeyRef(VAULT, "https://kv.vault.azure.net", "cmk", "")
OFFICER, READER = (
    "/providers/Microsoft.Authorization/roleDefinitions/officer",
    "/providers/x/roleDefinitions/reader",
)
DEFINITIONS = {
    OFFICER.lower(): {"properties": {"roleName": "Officer", "permissions": [{"dataActions": ["Microsoft.KeyVault/vaults/keys/*"]}]}},
    READER.lower(): {"properties": {"roleName": "Reader", "permissions": [{"actions": ["*/read"]}]}},
}  # fmt: skip


def given(who: str, role: str, scope: str = VAULT) -> dict[str, Any]:
    id_ = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{who}"
    properties = {"principalId": who, "roleDefinitionId": role, "scope": scope, "principalType": "User"}
    return {"id": id_, "properties": properties}


def refusal(status: int, code: str = "AuthorizationFailed") -> ServiceError:
    return ServiceError(status, code, "no", method="GET", url="u")


def managers(vault: Any = None, definitions: Any = None, **lists: Any) -> Read[Holders]:
    """Of the key, with these lists of the vault's; an exception is raised."""

    def listed(name: str) -> Any:
        async def read(_: str) -> Any:
            found = lists.get(name, [])
            if isinstance(found, Exception):
                raise found
            return found

        return read

    async def definition_at(_: str, id_: str) -> Any:
        return (DEFINITIONS if definitions is None else definitions).get(id_)

    roles = SimpleNamespace(
        assignments=listed("assigned"),
        eligible=listed("eligible"),
        denials=listed("denials"),
        definition_at=definition_at,
    )
    shown = Read({"properties": {"enableRbacAuthorization": True, **(vault or {})}})
    side: Any = SimpleNamespace(roles=roles)
    found = asyncio.run(rights_of(side, VAULT, shown))
    assert found.value
    return found.value.managers(KEY)


def test_roles_that_change_keys_count_and_those_that_read_do_not() -> None:
    found = managers(
        assigned=[given("a", OFFICER), given("b", READER), given("c", OFFICER, f"{VAULT}/keys/other")]
    )
    assert found.value and (set(found.value.all), found.refused) == ({"a"}, "")


def test_a_role_that_may_be_activated_counts_and_is_told_as_such() -> None:
    found = managers(eligible=[given("a", OFFICER)])
    assert found.value and found.value.all["a"] == {"Officer (may activate)"}


def test_with_access_policies_they_count_and_roles_on_data_do_not() -> None:
    policies = [
        {"objectId": "P", "permissions": {"keys": ["Rotate"]}},
        {"objectId": "q", "permissions": {"keys": ["get", "wrapKey", "unwrapKey"]}},
    ]
    found = managers(
        {"enableRbacAuthorization": False, "accessPolicies": policies}, assigned=[given("a", OFFICER)]
    )
    assert found.value and dict(found.value.all) == {"p": {"access policy"}}


@pytest.mark.parametrize("what", ["assigned", "eligible"])
@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_list_of_roles_that_cannot_be_had_is_told_beside_the_other(what: str, status: int) -> None:
    other = "eligible" if what == "assigned" else "assigned"
    found = managers(**{what: refusal(status), other: [given("a", OFFICER)]})
    assert found.value and set(found.value.all) == {"a"}
    assert str(status) in found.refused


@pytest.mark.parametrize(
    "error", [refusal(429), refusal(500), OutOfReachError("broke", method="GET", url="u")], ids=["429", "500", "dropped"]
)  # fmt: skip
def test_what_is_out_of_order_is_raised(error: Exception) -> None:
    with pytest.raises(type(error)):
        managers(assigned=error)


def test_a_tenant_without_a_licence_for_it_has_nobody_who_may_activate() -> None:
    found = managers(assigned=[given("a", OFFICER)], eligible=refusal(400, NO_LICENCE))
    assert found.value and (set(found.value.all), found.refused) == ({"a"}, "")


def test_a_role_definition_that_cannot_be_read_is_told() -> None:
    assert managers(assigned=[given("a", OFFICER)], definitions={}).refused


def test_a_denial_that_cannot_be_read_takes_nothing() -> None:
    found = managers(assigned=[given("a", OFFICER)], denials=refusal(403))
    assert found.value and set(found.value.all) == {"a"}


@pytest.mark.parametrize("vault", [Read(refused="403"), Read()], ids=["refused", "gone"])
def test_without_the_vault_nothing_is_known(vault: Read[Any]) -> None:
    found = asyncio.run(rights_of(SimpleNamespace(), VAULT, vault))  # type: ignore[arg-type]  # it asks nothing
    assert found.value is None and found.refused
