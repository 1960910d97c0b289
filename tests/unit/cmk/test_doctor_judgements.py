"""The doctor's judgements on what was read: network, keys, quotas, policies, providers, rights, and the role."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.unit.world import NEW, SOURCE, TARGET

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cmk.doctor import blockers, network, policies
from amlmigrate.cmk.doctor.datastores import unread_datastores
from amlmigrate.cmk.doctor.effective import Rights
from amlmigrate.cmk.doctor.needs import BLOB, DOCTOR, NEEDS, OWN_SECRETS, RUN, STAGES, WS, Where, needs
from amlmigrate.cmk.doctor.places import places
from amlmigrate.cmk.doctor.rights import missing_rights
from amlmigrate.cmk.doctor.role import least_role
from amlmigrate.core.documents import Document
from amlmigrate.core.rights import Permission, granted

ME = "11111111-0000-4000-8000-000000000001"


class FakeArm:
    """Answers reads from a table of paths; what is not in it is 404, what is None there 403."""

    def __init__(self, **answers: Any) -> None:
        self.answers = {path.lower(): answer for path, answer in answers.get("table", {}).items()}

    async def get(self, path: str) -> Document | None:
        answer = self.answers.get(path.lower(), {})
        if answer is None:
            raise ServiceError(403, "AuthorizationFailed", "no", method="GET", url=path)
        return answer or None

    async def pages(self, path: str, query: Any = None) -> AsyncIterator[Document]:
        for item in (await self.get(path)) or ():
            yield item  # type: ignore[misc]


class FakeRoles:
    """One identity's rights: what `permissions` says, and its role assignments with their definitions."""

    def __init__(self, permissions: Any = None, assigned: Any = None) -> None:
        self._permissions, self._assigned = permissions, assigned

    async def permissions(self, scope: str) -> list[Document]:
        return list(self._known(self._permissions))

    async def assigned(self, scope: str, object_id: str) -> list[Document]:
        return [
            {"properties": {"scope": at, "roleDefinitionId": f"role{n}"}}
            for n, (at, _) in enumerate(self._known(self._assigned))
        ]

    async def definition_at(self, scope: str, definition_id: str) -> Document | None:
        _, entry = self._assigned[int(definition_id.removeprefix("role"))]
        return {"properties": {"permissions": [entry]}}

    @staticmethod
    def _known(answer: Any) -> Any:
        if answer is None:
            raise ServiceError(403, "AuthorizationFailed", "no", method="GET", url="x")
        return answer


def _account(**properties: Any) -> Document:
    return {"id": "/s/storageAccounts/acct", "name": "acct", "properties": properties}


OPEN = network.Reached(_account(publicNetworkAccess="Enabled", networkAcls={"defaultAction": "Allow"}))
PRIVATE = {"publicNetworkAccess": "Disabled", "privateEndpointConnections": [{}, {}]}


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        (OPEN, OPEN, []),
        (network.Reached(_account(**PRIVATE)), OPEN, [("warning", "2 private endpoints")]),
        (network.Reached(_account(**PRIVATE), "no answer", by_firewall=True), OPEN, [("error", "not let in")]),
        (OPEN, network.Reached(_account(networkAcls={"defaultAction": "Deny"})), [("warning", "target's")]),
        (OPEN, network.Reached(_account(), "no answer", by_firewall=True), [("error", "does not answer")]),
        (OPEN, network.Reached(_account(allowedCopyScope="AAD")), []),
        (OPEN, network.Reached(_account(allowedCopyScope="PrivateLink")), [("error", "'PrivateLink'")]),
        (network.Reached(_account(allowedCopyScope="PrivateLink")), OPEN, []),
    ],
)
def test_what_stops_a_copy(
    source: network.Reached, target: network.Reached, expected: list[tuple[str, str]]
) -> None:
    found = list(network.paths(source, target, same_tenant=True))
    assert [one.severity for one in found] == [severity for severity, _ in expected]
    assert all(words in one.summary for one, (_, words) in zip(found, expected, strict=True))


def test_copies_within_a_tenant_need_one_tenant() -> None:
    [found] = network.paths(OPEN, network.Reached(_account(allowedCopyScope="AAD")), same_tenant=False)
    assert found.severity == "error" and "'AAD'" in found.summary


def _store(name: str, kind: str, account: str = "acct") -> Document:
    return {"name": name, "properties": {"accountName": account, "credentials": {"credentialsType": kind}}}


def test_datastores_with_a_key_need_an_account_that_takes_keys() -> None:
    stores = [
        _store("b", "AccountKey"),
        _store("a", "AccountKey"),
        _store("n", "None"),
        _store("workspaceblobstore", "AccountKey"),
    ]
    closed = {"acct": _account(allowSharedKeyAccess=False)}
    [source] = network.keys_refused(stores, closed, side="source")
    assert source.summary.endswith("datastores of the source have its key: a, b.")
    [target] = network.keys_refused(stores, closed, side="target")
    assert "workspaceblobstore" in target.summary
    for accounts in ({"acct": _account(allowSharedKeyAccess=True)}, {"acct": _account()}, {}):
        assert list(network.keys_refused(stores, accounts, side="target")) == []


def test_a_quota_that_is_used_up_is_warned_of() -> None:
    usages = [
        {"name": {"value": "Clusters"}, "currentValue": 200, "limit": 200},
        {"name": {"value": "Cores"}, "currentValue": 5, "limit": 10},
        {"name": {"value": "Nothing"}, "currentValue": 0, "limit": 0},
        {"name": {"value": "Unknown"}, "currentValue": None, "limit": -1},
    ]
    [found] = blockers.full(usages, "/subscriptions/s", "eastus2")
    assert found.severity == "warning" and "'Clusters' is used up: 200 of 200" in found.summary


def test_a_provider_that_is_not_registered_is_an_error_and_one_not_readable_a_warning() -> None:
    base = f"/subscriptions/{NEW.subscription}/providers"
    arm: Any = FakeArm(
        table={
            f"{base}/Microsoft.MachineLearningServices": {"registrationState": "Registered"},
            f"{base}/Microsoft.Storage": {"registrationState": "NotRegistered"},
            f"{base}/Microsoft.KeyVault": None,
        }
    )
    error, warning = asyncio.run(blockers.providers(arm, TARGET))
    assert error.severity == "error" and "--namespace Microsoft.Storage" in error.remedy
    assert warning.severity == "warning" and "Microsoft.KeyVault's registration" in warning.summary


# Policies.


def _assignment(definition: str, **properties: Any) -> Document:
    return {
        "id": f"/a/{definition}",
        "name": definition,
        "properties": {"policyDefinitionId": definition, **properties},
    }


def _denying(*assignments: Document, **definitions: Any) -> list[Any]:
    listed = f"{TARGET.id}/providers/Microsoft.Authorization/policyAssignments"
    arm: Any = FakeArm(table={listed: list(assignments), **definitions})
    return asyncio.run(policies.denying(arm, TARGET))


RULE = {
    "if": {"field": "type", "equals": "Microsoft.Storage/storageAccounts"},
    "then": {"effect": "[parameters('effect')]"},
}
DEFINITION = {"properties": {"policyRule": RULE, "parameters": {"effect": {"defaultValue": "Audit"}}}}


def test_only_policies_in_force_that_deny_are_named_with_what_they_speak_of() -> None:
    deny = {"effect": {"value": "Deny"}}
    [found] = _denying(_assignment("p", parameters=deny, displayName="No keys"), p=DEFINITION)
    assert found.severity == "warning" and "'No keys' denies" in found.summary and "storage" in found.summary
    assert _denying(_assignment("p"), p=DEFINITION) == [], "its default is to audit"
    assert _denying(_assignment("p", parameters=deny, enforcementMode="DoNotEnforce"), p=DEFINITION) == []


def test_an_initiative_denies_where_one_of_its_policies_does() -> None:
    member = {"policyDefinitionId": "p", "parameters": {"effect": {"value": "[parameters('how')]"}}}
    initiative = {"properties": {"policyDefinitions": [member], "parameters": {"How": {"defaultValue": "Audit"}}}}
    assert _denying(_assignment("set"), set=initiative, p=DEFINITION) == []
    [found] = _denying(_assignment("set", parameters={"how": {"value": "deny"}}), set=initiative, p=DEFINITION)
    assert "storage" in found.summary


def test_microsofts_own_policy_on_keys_is_read_as_it_is(shared: Path) -> None:
    text = (shared / "real" / "policies" / "Workspace_CMKEnabled_Audit.json").read_text("utf-8")
    definition = json.loads(text)
    [found] = _denying(_assignment("p", parameters={"effect": {"value": "Deny"}}), p=definition)
    assert "Azure ML" in found.summary
    assert _denying(_assignment("p"), p=definition) == []


# Rights.


def _missing(roles: FakeRoles, **options: Any) -> dict[str, str]:
    rights: Any = Rights(roles, ME)  # type: ignore[arg-type]
    at = places(SOURCE, TARGET)
    found = asyncio.run(missing_rights(needs(*STAGES), at, {"source": rights, "target": rights}, **options))
    return {f"{one.address.rpartition('/')[2]} {one.summary.split(chr(39))[1]}": one.severity for one in found}


def test_an_owner_lacks_data_rights_only() -> None:
    found = _missing(FakeRoles([{"actions": ["*"]}], []))
    assert found and all("/blobs/" in name or "/fileServices/" in name for name in found)
    assert found[f"acct {BLOB}/blobs/read"] == "error" and found[f"acct {BLOB}/blobs/tags/read"] == "warning"


def test_data_rights_count_from_either_answer_at_the_scope_or_above() -> None:
    all_data = {"dataActions": ["*"]}
    assert _missing(FakeRoles([{"actions": ["*"]}, all_data], None)) == {}
    above = [(f"/subscriptions/{ref.subscription}", all_data) for ref in (SOURCE.ref, TARGET.ref)]
    assert _missing(FakeRoles([{"actions": ["*"]}], above)) == {}
    below = [(f"{SOURCE.storage_account_id}/blobServices/default/containers/x", all_data)]
    assert f"acct {BLOB}/blobs/read" in _missing(FakeRoles([{"actions": ["*"]}], below))


def test_what_cannot_be_looked_up_is_a_warning_and_never_an_error() -> None:
    assert set(_missing(FakeRoles(None, None)).values()) == {"warning"}
    assert set(_missing(FakeRoles([], []), worst="warning").values()) == {"warning"}


def test_a_right_that_is_needed_at_times_is_an_error_when_it_is_one_of_those() -> None:
    name = f"{SOURCE.ref.name} {WS}/datastores/listSecrets/action"
    assert _missing(FakeRoles([], []))[name] == "warning"
    assert _missing(FakeRoles([], []), holds={OWN_SECRETS})[name] == "error"


def test_reading_only_some_collections_is_not_reading_all() -> None:
    some = [{"actions": [f"{WS}/read", f"{WS}/models/*"], "dataActions": ["*"]}]
    assert _missing(FakeRoles(some, []))[f"{SOURCE.ref.name} {WS}/*/read"] == "error"


@pytest.mark.parametrize(("assigned", "expected"), [([], "may not read"), (None, "is not known")])
def test_the_new_identity_has_to_read_datastores_without_credentials(assigned: Any, expected: str) -> None:
    target = TARGET.__class__(TARGET.ref, {**TARGET.document, "identity": {"principalId": ME}})
    accounts = {"acct": {"id": SOURCE.storage_account_id}}
    stores = [_store("lake", "None"), _store("keyed", "AccountKey"), _store("workspaceblobstore", "None")]
    [found] = asyncio.run(unread_datastores(FakeRoles([], assigned), target, stores, accounts))  # type: ignore[arg-type]
    assert expected in found.summary and found.summary.endswith("of lake.") and found.severity == "warning"
    reads = [(SOURCE.storage_account_id, {"dataActions": [f"{BLOB}/*"]})]
    assert asyncio.run(unread_datastores(FakeRoles([], reads), target, stores, accounts)) == []  # type: ignore[arg-type]


# The table.


def test_the_role_grants_every_need_and_names_both_subscriptions() -> None:
    role = least_role((SOURCE.ref, TARGET.ref, TARGET.ref))
    granting = Permission(tuple(role["Actions"]), (), tuple(role["DataActions"]), ())
    for need in NEEDS:
        assert all(granted([granting], operation, data=need.data) for operation in need.operations), need
    assert role["AssignableScopes"] == sorted(
        f"/subscriptions/{ref.subscription}" for ref in (SOURCE.ref, TARGET.ref)
    )
    assert not [
        action for action in role["Actions"] + role["DataActions"] if "*" in action.replace(f"{WS}/*/read", "")
    ]


def test_the_table_is_whole() -> None:
    assert {stage for need in NEEDS for stage in need.stages} == {*STAGES, DOCTOR}
    assert {need.where for need in NEEDS} == set(Where)
    for need in NEEDS:
        assert re.fullmatch(r"Microsoft\.\w+/[\w*/]+/(read|write|delete|action)", need.action), need.action
        assert need.why and not need.why.endswith(".")
    keys = [(need.where, need.action, need.by) for need in NEEDS]
    assert len(keys) == len(set(keys))
    [copying] = [need for need in NEEDS if need.signed_in != need.where.side]
    assert copying.where is Where.SOURCE_ACCOUNT and copying.stages == (RUN,)
