"""The doctor's judgements on what was read: network, keys, quotas, policies, providers, rights, and the role."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.builders.errors import refusal, silence
from tests.builders.world import NEW, SOURCE, TARGET

from amlmigrate.core.documents import Document
from amlmigrate.core.errors import DeniedError
from amlmigrate.core.finding import Finding
from amlmigrate.core.rights import Permission, granted
from amlmigrate.doctor import blockers, examination, network, policies
from amlmigrate.doctor.datastores import unread_datastores
from amlmigrate.doctor.effective import Rights
from amlmigrate.doctor.named import missing_at_named
from amlmigrate.doctor.need import CUTOVER, DOCTOR, RUN, STAGES, WS, Where
from amlmigrate.doctor.needs import NAMED, NEEDS, OWN_SECRETS, needs, of_stages
from amlmigrate.doctor.places import places
from amlmigrate.doctor.rights import missing_rights
from amlmigrate.doctor.role import least_role
from amlmigrate.doctor.stores import _reached, has_secret
from amlmigrate.posture.reading import tried_vault

BLOB = "Microsoft.Storage/storageAccounts/blobServices/containers"

ME = "11111111-0000-4000-8000-000000000001"


class FakeArm:
    """Answers reads from a table of paths; what is not in it is 404, what is None there 403."""

    def __init__(self, **answers: Any) -> None:
        self.answers = {path.lower(): answer for path, answer in answers.get("table", {}).items()}

    async def get(self, path: str) -> Document | None:
        answer = self.answers.get(path.lower(), {})
        if answer is None:
            raise refusal(403, "AuthorizationFailed", "no", url=path)
        return answer or None

    async def pages(self, path: str, query: Any = None) -> AsyncIterator[Document]:
        for item in (await self.get(path)) or ():
            yield item  # type: ignore[misc]  # whatever the test answers


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
            raise refusal(403, "AuthorizationFailed", "no")
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


def test_the_providers_of_what_the_workspace_uses_are_looked_at() -> None:
    document = {
        **TARGET.document,
        "identity": {"userAssignedIdentities": {"/id": {}}},
        "properties": {**TARGET.properties, "containerRegistry": "/r", "applicationInsights": "/i"},
    }
    base = f"/subscriptions/{NEW.subscription}/providers"
    names = [f"Microsoft.{name}" for name in ("ManagedIdentity", "ContainerRegistry", "Insights")]
    arm: Any = FakeArm(table={f"{base}/{name}": {"registrationState": "NotRegistered"} for name in names})
    used = asyncio.run(blockers.providers(arm, TARGET.__class__(TARGET.ref, document)))
    plain = asyncio.run(blockers.providers(arm, TARGET))
    assert [one.summary.split()[3] for one in used if one.severity == "error"] == names
    assert [one for one in plain if one.severity == "error"] == []


VAULT = f"{TARGET.id.partition('/providers/')[0]}/providers/Microsoft.KeyVault/vaults/kv"
LOCKED = {
    # A lock by scope, level and side: what it comes to.
    ("group", "CanNotDelete", "source"): ("warning", "decommission is refused"),
    ("workspace", "ReadOnly", "source"): ("warning", "decommission is refused"),
    ("account", "CanNotDelete", "source"): ("warning", "--storage delete"),
    ("subscription", "ReadOnly", "target"): ("error", "nothing can be created"),
    ("workspace", "ReadOnly", "target"): ("error", "nothing can be created"),
    ("account", "ReadOnly", "target"): ("warning", "cannot be listed"),
    ("vault", "ReadOnly", "target"): ("warning", "vault not be changed"),
    ("group", "CanNotDelete", "target"): None,
    ("vault", "CanNotDelete", "target"): None,
}


@pytest.mark.parametrize(("scope", "level", "side"), LOCKED)
def test_locks_are_looked_up_on_workspace_account_and_vault(scope: str, level: str, side: Any) -> None:
    encryption = {"status": "Enabled", "keyVaultProperties": {"keyVaultArmId": VAULT}}
    document = {**TARGET.document, "properties": {**TARGET.properties, "encryption": encryption}}
    workspace = TARGET.__class__(TARGET.ref, document)
    scopes = {
        "subscription": "/".join(TARGET.id.split("/")[:3]),
        "group": TARGET.id.partition("/providers/")[0],
        "workspace": TARGET.id,
        "account": TARGET.storage_account_id,
        "vault": VAULT,
    }
    lock = {"id": f"{scopes[scope]}/providers/Microsoft.Authorization/locks/l", "properties": {"level": level}}
    places = [TARGET.id, TARGET.storage_account_id, VAULT]
    seen = [one for one in places if f"{one}/".lower().startswith(f"{scopes[scope]}/".lower())]
    arm: Any = FakeArm(table={f"{one}/providers/Microsoft.Authorization/locks": [lock] for one in seen})
    found = asyncio.run(blockers.locks(arm, workspace, side=side))
    expected = LOCKED[scope, level, side]
    assert [one.severity for one in found] == ([expected[0]] if expected else [])
    assert not expected or expected[1] in found[0].summary


def test_locks_that_cannot_be_read_are_said_to_be_unchecked() -> None:
    path = f"{TARGET.storage_account_id}/providers/Microsoft.Authorization/locks"
    [found] = asyncio.run(blockers.locks(FakeArm(table={path: None}), TARGET, side="target"))  # type: ignore[arg-type]  # a stand-in: it has what is asked of it
    assert found.severity == "warning" and "Not checked: locks" in found.summary
    assert "Microsoft.Authorization/locks/read" in found.remedy


@pytest.mark.parametrize(
    ("error", "refused", "by_firewall"),
    [
        (refusal(403, "AuthorizationFailure", "no"), "AuthorizationFailure", True),
        (refusal(403, "AuthorizationPermissionMismatch", "no"), "Mismatch", False),
        (refusal(403, "KeyVaultEncryptionKeyNotFound", "no"), "KeyVault", False),
        (silence("no route"), "no answer", True),
        (TimeoutError(), "no answer", True),
        (DeniedError("Azure gave no token."), "no token", False),
        (None, "", False),
    ],
)
def test_only_silence_and_the_firewalls_own_word_are_the_firewall(
    error: Exception | None, refused: str, by_firewall: bool
) -> None:
    class Blobs:
        async def containers(self, account: str) -> list[str]:
            if error:
                raise error
            return []

    class Reaching:
        blobs = Blobs()

    reached = asyncio.run(_reached(Reaching(), TARGET, {"id": "/a"}))  # type: ignore[arg-type]  # a stand-in: it has what is asked of it
    assert refused in reached.refused and bool(reached.refused) is bool(refused)
    assert reached.by_firewall is by_firewall


# Tokens.


def test_a_sign_in_without_a_token_for_vaults_is_told() -> None:
    class Refusing:
        data_scopes = ("https://storage.azure.com/.default", "https://vault.azure.net/.default")

        async def get_token(self, scope: str) -> None:
            if "vault" in scope:
                raise DeniedError("Azure gave no token.", remedy="Sign in.")

    class Signed:
        credential = Refusing()

    [found] = asyncio.run(examination._tokens(Signed()))  # type: ignore[arg-type]  # a stand-in: it has what is asked of it
    assert (found.severity, found.address) == ("error", "https://vault.azure.net/.default!token-refused")

    async def denied() -> None:
        raise DeniedError("Azure gave no token.", remedy="Sign in.")

    assert asyncio.run(tried_vault(denied())).refused == "Azure gave no token."


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


def test_a_definition_that_cannot_be_read_is_said_to_be_unchecked() -> None:
    deny = {"effect": {"value": "Deny"}}
    initiative = {"properties": {"policyDefinitions": [{"policyDefinitionId": "secret"}], "parameters": {}}}
    for definitions in ({"p": None}, {}, {"p": initiative, "secret": None}):
        [found] = _denying(_assignment("p", parameters=deny, displayName="Keys"), **definitions)
        assert found.severity == "warning" and found.summary.startswith(
            "Not checked: what the policy 'Keys' denies"
        )
        assert "policyDefinitions/read" in found.remedy


def test_a_scope_that_an_assignment_leaves_out_is_not_told() -> None:
    deny = {"effect": {"value": "Deny"}}
    group = TARGET.id.partition("/providers/")[0]
    assert _denying(_assignment("p", parameters=deny, notScopes=[group.upper()]), p=DEFINITION) == []
    assert len(_denying(_assignment("p", parameters=deny, notScopes=[f"{group}2"]), p=DEFINITION)) == 1


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
    rights: Any = Rights(roles, ME)  # type: ignore[arg-type]  # a stand-in: it has what is asked of it
    at = places(SOURCE, TARGET)
    found = asyncio.run(missing_rights(needs(*STAGES), at, {"source": rights, "target": rights}, **options))
    return {f"{one.about.rpartition('/')[2]} {one.summary.split(chr(39))[1]}": one.severity for one in found}


def test_an_owner_lacks_data_rights_only() -> None:
    found = _missing(FakeRoles([{"actions": ["*"]}], []))
    assert found and all("/blobs/" in name or "/fileServices/" in name for name in found)
    assert found[f"acct {BLOB}/blobs/read"] == "error" and found[f"acct {BLOB}/blobs/tags/read"] == "warning"


def test_the_subscription_of_an_account_elsewhere_is_asked_for_its_own_sake() -> None:
    assert Where.SOURCE_ACCOUNT_SUBSCRIPTION not in places(SOURCE, TARGET)
    account = SOURCE.storage_account_id.replace(SOURCE.ref.subscription, "elsewhere")
    properties = {**SOURCE.properties, "storageAccount": account}
    source = SOURCE.__class__(SOURCE.ref, {**SOURCE.document, "properties": properties})
    assert places(source, TARGET)[Where.SOURCE_ACCOUNT_SUBSCRIPTION] == "/subscriptions/elsewhere"


def test_a_missing_right_says_that_a_new_one_may_still_be_on_its_way() -> None:
    rights: Any = Rights(FakeRoles([], []), ME)  # type: ignore[arg-type] - a stand-in for roles
    [found, *_] = asyncio.run(missing_rights(needs(*STAGES), places(SOURCE, None), {"source": rights}))
    assert found.remedy.endswith("An assignment that was just made takes some minutes to count.")


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


LOGS = "/subscriptions/l/resourceGroups/l/providers/Microsoft.OperationalInsights/workspaces/all"
STORE = "/subscriptions/l/resourceGroups/l/providers/Microsoft.Storage/storageAccounts/kept"
HUBS = "/subscriptions/l/resourceGroups/l/providers/Microsoft.EventHub/namespaces/hubs"
SENT = {
    f"{LOGS} Microsoft.OperationalInsights/workspaces/sharedKeys/action",
    f"{STORE} Microsoft.Storage/storageAccounts/listKeys/action",
    f"{HUBS}/authorizationRules/send Microsoft.EventHub/namespaces/authorizationRules/listKeys/action",
    f"{HUBS}/eventhubs/one/authorizationRules/send"
    " Microsoft.EventHub/namespaces/eventhubs/authorizationRules/listKeys/action",
}


class Sending:
    """A source with diagnostic settings, two of which send to one workspace; or whose list is refused."""

    def __init__(self, status: int = 0) -> None:
        self.arm, self.status = self, status

    async def pages(self, path: str) -> AsyncIterator[Document]:
        assert path == f"{SOURCE.id}/providers/Microsoft.Insights/diagnosticSettings"
        if self.status:
            raise refusal(self.status)
        for told in (
            {"workspaceId": LOGS, "storageAccountId": STORE, "eventHubAuthorizationRuleId": None},
            {"workspaceId": LOGS, "eventHubAuthorizationRuleId": f"{HUBS}/authorizationRules/send"},
            {"eventHubAuthorizationRuleId": f"{HUBS}/eventhubs/one/authorizationRules/send"},
        ):
            yield {"properties": told}


def _at_destinations(roles: FakeRoles, worst: Any = "error", status: int = 0) -> list[Finding]:
    side: Any = Sending(status)
    rights: Any = Rights(roles, ME)  # type: ignore[arg-type] - a stand-in for roles
    sides: Any = {"source": rights, "target": rights}
    found = missing_at_named(side, SOURCE, of_stages(), sides, holds={NAMED}, worst=worst)
    return asyncio.run(found)


def test_what_diagnostic_settings_send_to_is_asked_for_the_right_of_its_own_type() -> None:
    found = _at_destinations(FakeRoles([{"actions": ["Microsoft.Insights/*", f"{WS}/*"]}], []))
    assert {f"{one.about} {one.summary.split(chr(39))[1]}" for one in found} == SENT
    for one in found:
        assert (one.severity, one.code) == ("error", "right-missing") and "run needs it" in one.summary
        assert "--print-role --for destinations" in one.remedy and f"--scope {one.about}" in one.remedy
        assert "'Azure ML key migration: destinations'" in one.remedy and "AssignableScopes" in one.remedy
    some = [{"actions": ["Microsoft.OperationalInsights/workspaces/sharedKeys/action"]}]
    assert len(_at_destinations(FakeRoles(some, []))) == len(SENT) - 1
    assert _at_destinations(FakeRoles([{"actions": ["*"]}], [])) == []


def test_of_a_destination_that_shows_no_rights_nothing_is_known_and_a_plan_only_warns() -> None:
    for found in (_at_destinations(FakeRoles(None, None)), _at_destinations(FakeRoles([], []), "warning")):
        assert len(found) == len(SENT) and {one.severity for one in found} == {"warning"}


def test_settings_that_cannot_be_listed_are_told_as_not_checked() -> None:
    [found] = _at_destinations(FakeRoles([], []), status=403)
    assert found.code == "not-checked" and "Microsoft.Insights/diagnosticSettings/read" in found.remedy


def test_a_right_that_is_in_a_role_of_its_own_is_told_with_that() -> None:
    rights: Any = Rights(FakeRoles([], []), ME)  # type: ignore[arg-type] - a stand-in for roles
    found = asyncio.run(missing_rights(needs(*STAGES), places(None, TARGET), {"target": rights}))
    [assigns] = [one for one in found if "'Microsoft.Authorization/roleAssignments/write'" in one.summary]
    assert "--for assign" in assigns.remedy and "'Azure ML key migration: assign'" in assigns.remedy
    assert not [one for one in found if one is not assigns and "--for" in one.remedy]


def test_reading_only_some_collections_is_not_reading_all() -> None:
    some = [{"actions": [f"{WS}/read", f"{WS}/models/*"], "dataActions": ["*"]}]
    assert _missing(FakeRoles(some, []))[f"{SOURCE.ref.name} {WS}/*/read"] == "error"


@pytest.mark.parametrize(("assigned", "expected"), [([], "may not read"), (None, "is not known")])
def test_the_new_identity_has_to_read_datastores_without_credentials(assigned: Any, expected: str) -> None:
    target = TARGET.__class__(TARGET.ref, {**TARGET.document, "identity": {"principalId": ME}})
    accounts = {"acct": {"id": SOURCE.storage_account_id}}
    stores = [_store("lake", "None"), _store("keyed", "AccountKey"), _store("workspaceblobstore", "None")]
    [found] = asyncio.run(unread_datastores(FakeRoles([], assigned), target, stores, accounts))  # type: ignore[arg-type]  # a stand-in: it has what is asked of it
    assert expected in found.summary and found.summary.endswith("of lake.") and found.severity == "warning"
    reads = [(SOURCE.storage_account_id, {"dataActions": [f"{BLOB}/*"]})]
    assert asyncio.run(unread_datastores(FakeRoles([], reads), target, stores, accounts)) == []  # type: ignore[arg-type]  # a stand-in: it has what is asked of it


def test_system_datastores_are_read_with_the_targets_identity_where_they_have_no_key() -> None:
    properties = {**TARGET.properties, "systemDatastoresAuthMode": "Identity"}
    target = TARGET.__class__(
        TARGET.ref, {**TARGET.document, "properties": properties, "identity": {"principalId": ME}}
    )
    accounts = {TARGET.storage_account.lower(): {"id": TARGET.storage_account_id}}
    [found] = asyncio.run(unread_datastores(FakeRoles([], []), target, [], accounts))  # type: ignore[arg-type]  # a stand-in: it has what is asked of it
    assert "may not read" in found.summary and "workspaceblobstore" in found.summary
    reads = [(TARGET.storage_account_id, {"dataActions": [f"{BLOB}/*"]})]
    assert asyncio.run(unread_datastores(FakeRoles([], reads), target, [], accounts)) == []  # type: ignore[arg-type]  # a stand-in: it has what is asked of it


def test_a_datastore_of_ones_own_may_be_named_like_the_systems() -> None:
    assert has_secret(_store("workspace_lake", "AccountKey"))
    assert not has_secret(_store("workspaceblobstore", "AccountKey")) and not has_secret(_store("lake", "None"))


# The table.


def test_the_role_grants_every_need_and_names_both_subscriptions() -> None:
    role = least_role((SOURCE.ref, TARGET.ref, TARGET.ref))
    granting = Permission(tuple(role["Actions"]), (), tuple(role["DataActions"]), ())
    for need in NEEDS:
        grants = all(granted([granting], operation, data=need.data) for operation in need.operations)
        assert grants is not bool(need.apart), need
    assert role["AssignableScopes"] == sorted(
        f"/subscriptions/{ref.subscription}" for ref in (SOURCE.ref, TARGET.ref)
    )
    assert not [
        action for action in role["Actions"] + role["DataActions"] if "*" in action.replace(f"{WS}/*/read", "")
    ]


def test_the_table_is_whole() -> None:
    assert {stage for need in NEEDS for stage in need.stages} == {*STAGES, CUTOVER, DOCTOR}
    assert {need.where for need in NEEDS} == set(Where)
    for need in NEEDS:
        assert re.fullmatch(r"Microsoft\.\w+/[\w*/]+/(read|write|delete|action)", need.action), need.action
        assert need.why and not need.why.endswith(".")
    keys = [(need.where, need.action, need.data, need.by) for need in NEEDS]
    assert len(keys) == len(set(keys))
    [copying] = [need for need in NEEDS if need.signed_in != need.where.side]
    assert copying.where is Where.SOURCE_ACCOUNT and copying.stages == (RUN,)
