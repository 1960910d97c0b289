"""Which roles write, by Microsoft's own definitions and by ones that are meant to be awkward."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from amlmigrate.core.rights import granted, permissions
from amlmigrate.freezing.rights import writes_storage, writes_workspace

ROLES = Path(str(resources.files("azsandbox.arm") / "data" / "roles"))
ML = "Microsoft.MachineLearningServices/workspaces"
STORAGE = "Microsoft.Storage/storageAccounts"
BLOBS = f"{STORAGE}/blobServices/containers/blobs"


def _role(**permission: list[str]) -> dict[str, Any]:
    return {"properties": {"permissions": [permission]}}


# Actions, notActions, whether that writes a workspace.
WORKSPACE = [
    (["*"], [], True),
    (["*/read"], [], False),
    (["*/write"], [], True),
    ([f"{ML}/read", f"{ML}/*/read"], [], False),
    ([f"{ML}/models/versions/write"], [], True),
    ([f"{ML.upper()}/MODELS/VERSIONS/WRITE"], [], True),
    ([f"{ML}/somethingNew/versions/write"], [], True),
    ([f"{ML}/somethingNew/*"], [], True),
    (["*/somethingNew/write"], [], True),
    ([f"{ML}/*"], [f"{ML}/*/write", f"{ML}/*/delete", f"{ML}/*/action", f"{ML}/write", f"{ML}/delete"], False),
    ([f"{ML}/*/write"], ["*/write"], False),
    ([f"{ML}/listKeys/action"], [], True),
    ([f"{STORAGE}/*"], [], False),
    (["Microsoft.MachineLearningServices/registries/*"], [], False),
    (["Microsoft.Authorization/*/read", "Microsoft.Resources/deployments/*"], [], False),
    ([], [], False),
]


@pytest.mark.parametrize(("actions", "denied", "writes"), WORKSPACE)
def test_what_writes_a_workspace(actions: list[str], denied: list[str], writes: bool) -> None:
    assert writes_workspace(_role(actions=actions, notActions=denied)) is writes


# Microsoft's own roles: does it write a workspace, does it write an account?
BUILT_IN = {
    "Owner": (True, True),
    "Contributor": (True, True),
    "Reader": (False, False),
    "AzureMLDataScientist": (True, False),
    "AzureMLComputeOperator": (True, False),
    "AzureMLMetricsWriterPreview": (True, False),
    "AzureMLRegistryUser": (False, False),
    "AzureAIDeveloper": (True, False),
    "ReaderAndDataAccess": (False, True),
    "StorageAccountContributor": (False, True),
    "StorageBlobDataContributor": (False, True),
    "StorageBlobDataOwner": (False, True),
    "StorageBlobDataReader": (False, False),
    "StorageFileDataPrivilegedContributor": (False, True),
    "StorageFileDataPrivilegedReader": (False, False),
    "UserAccessAdministrator": (True, True),
    "KeyVaultAdministrator": (False, False),
}


@pytest.mark.parametrize("name", BUILT_IN)
def test_built_in_roles(shared: Path, name: str) -> None:
    found = json.loads((shared / "real" / "roles" / f"{name}.json").read_text())
    role = {"properties": {"permissions": found["permissions"]}}
    assert (writes_workspace(role), writes_storage(role)) == BUILT_IN[name]


def test_one_permission_does_not_take_from_another() -> None:
    parts = [{"actions": ["*/write"], "notActions": ["*"]}, {"actions": [f"{ML}/data/write"]}]
    assert writes_workspace({"properties": {"permissions": parts}})


STORAGES = [
    (_role(dataActions=[f"{BLOBS}/read"]), False),
    (_role(dataActions=[f"{BLOBS}/write"]), True),
    (_role(dataActions=[f"{BLOBS}/*"], notDataActions=[f"{BLOBS}/*"]), False),
    (_role(dataActions=[f"{STORAGE}/fileServices/fileshares/files/write"]), True),
    (_role(actions=[f"{STORAGE}/listKeys/action"]), True),
    (_role(actions=["*"], notActions=[]), True),
    (_role(actions=["*/read"]), False),
    (_role(actions=[f"{ML}/*"]), False),
]


@pytest.mark.parametrize(("role", "writes"), STORAGES)
def test_what_writes_the_storage(role: dict[str, Any], writes: bool) -> None:
    assert writes_storage(role) is writes


# Each changes something, though none of them writes a blob or a document by itself.
ON_ACCOUNT = [
    "write", "delete",
    "listkeys/action", "regeneratekey/action", "rotateKey/action", "listAccountSas/action", "listServiceSas/action",
    "restoreBlobRanges/action", "failover/action", "hnsonmigration/action", "revokeUserDelegationKeys/action",
    "PrivateEndpointConnectionsApproval/action", "privateEndpointConnections/write", "privateEndpointConnections/delete",
    "joinPerimeter/action", "updateInternalProperties/action", "accountMigrations/write", "accountLocks/deleteLock/action",
    "managementPolicies/write", "managementPolicies/delete",
    "objectReplicationPolicies/write", "objectReplicationPolicies/delete",
    "objectReplicationPolicies/restorePointMarkers/write", "restorePoints/delete", "inventoryPolicies/write",
    "localusers/write", "localUsers/delete", "localusers/regeneratePassword/action", "localusers/listKeys/action",
    "encryptionScopes/write", "storageTaskAssignments/write", "storageTaskAssignments/delete", "dataSharePolicies/write",
    "blobServices/write",
    "blobServices/containers/write", "blobServices/containers/delete", "blobServices/containers/lease/action",
    "blobServices/containers/setLegalHold/action", "blobServices/containers/clearLegalHold/action",
    "blobServices/containers/immutabilityPolicies/write", "blobServices/containers/immutabilityPolicies/delete",
    "blobServices/containers/immutabilityPolicies/lock/action",
    "fileServices/write", "fileServices/shares/write", "fileServices/shares/delete", "fileServices/shares/restore/action",
    "queueServices/write", "queueServices/queues/delete", "tableServices/write", "tableServices/tables/delete",
    "services/diagnosticSettings/write", "somethingOfTomorrow/write", "somethingOfTomorrow/any/thing/action",
]  # fmt: skip
AS_DATA = [
    "blobServices/containers/blobs/write",
    "blobServices/containers/blobs/delete",
    "blobServices/containers/blobs/add/action",
    "blobServices/containers/blobs/deleteBlobVersion/action",
    "blobServices/containers/blobs/permanentDelete/action",
    "blobServices/containers/blobs/move/action",
    "blobServices/containers/blobs/manageOwnership/action",
    "blobServices/containers/blobs/modifyPermissions/action",
    "blobServices/containers/blobs/runAsSuperUser/action",
    "blobServices/containers/blobs/immutableStorage/runAsSuperUser/action",
    "blobServices/containers/blobs/tags/write",
    "fileServices/fileshares/files/write",
    "fileServices/fileshares/files/delete",
    "fileServices/takeOwnership/action",
    "fileServices/fileshares/files/modifypermissions/action",
    "fileServices/fileshares/files/actassuperuser/action",
    "fileServices/writeFileBackupSemantics/action",
    "queueServices/queues/messages/process/action",
    "tableServices/tables/entities/update/action",
]
HARMLESS = [
    "blobServices/generateUserDelegationKey/action",
    "fileServices/generateUserDelegationKey/action",
    "blobServices/providers/Microsoft.Insights/diagnosticSettings/write",
    "providers/Microsoft.Insights/diagnosticSettings/write",
    "read",
    "blobServices/containers/read",
    "managementPolicies/read",
]
HARMLESS_DATA = [
    "blobServices/containers/blobs/filter/action",
    "blobServices/containers/blobs/tags/read",
    "fileServices/readFileBackupSemantics/action",
    "queueServices/queues/messages/read",
]


@pytest.mark.parametrize("call", ON_ACCOUNT)
def test_each_change_of_an_account_counts_alone_and_by_wildcards(call: str) -> None:
    name = f"{STORAGE}/{call}"
    start, _, verb = name.rpartition("/")
    for action in (name, name.upper(), f"*/{call}", f"{start}/*", f"Microsoft.Storage/*/{verb}", "*", f"{name}*"):
        assert writes_storage(_role(actions=[action])), action
    assert not writes_storage(_role(actions=[name], notActions=[name.lower()]))
    assert not writes_storage(_role(actions=[name], notActions=[f"*/{verb}"]))
    assert writes_storage(_role(actions=[f"{STORAGE}/*"], notActions=["*/read", *_but(name)]))


def _but(name: str) -> list[str]:
    """All changes of an account but one."""
    return [f"{STORAGE}/{other}" for other in ON_ACCOUNT if other.lower() not in name.lower()]


@pytest.mark.parametrize("call", AS_DATA)
def test_each_change_of_data_counts_where_it_is_a_data_action(call: str) -> None:
    name = f"{STORAGE}/{call}"
    assert writes_storage(_role(dataActions=[name]))
    assert writes_storage(_role(dataActions=[f"{name.rpartition('/')[0]}/*"]))
    assert not writes_storage(_role(dataActions=[name], notDataActions=[f"{STORAGE}/*"]))
    assert writes_storage(_role(dataActions=[name], notActions=["*"]))


def test_what_only_reads_is_let_be() -> None:
    reads = {"actions": [f"{STORAGE}/{one}" for one in HARMLESS], "notActions": []}
    data = {"dataActions": [f"{STORAGE}/{one}" for one in HARMLESS_DATA]}
    assert not writes_storage(_role(**reads, **data))
    assert not writes_storage(_role(actions=[f"{STORAGE}/*/read"], dataActions=["*/read"]))
    # What is harmless under one name is not what a wildcard says.
    assert writes_storage(_role(actions=[f"{STORAGE}/blobServices/*/action"]))


RIGHTS = [
    "Microsoft.Authorization/roleAssignments/write",
    "Microsoft.Authorization/roleAssignments/delete",
    "Microsoft.Authorization/roleAssignmentScheduleRequests/write",
    "Microsoft.Authorization/roleDefinitions/write",
    "Microsoft.Authorization/locks/delete",
    "Microsoft.Authorization/policyAssignments/write",
    "Microsoft.Authorization/denyAssignments/delete",
    "Microsoft.Authorization/elevateAccess/Action",
    "Microsoft.Resources/subscriptions/resourceGroups/delete",
    "Microsoft.Resources/subscriptions/resourceGroups/moveResources/action",
]


@pytest.mark.parametrize("name", RIGHTS)
def test_rights_locks_and_the_group_count_for_both(name: str) -> None:
    assert writes_storage(_role(actions=[name])) and writes_workspace(_role(actions=[name]))


BUILT_IN_ROLES = [json.loads(file.read_text()) for file in sorted(ROLES.iterdir()) if file.suffix == ".json"]


@pytest.mark.parametrize("role", BUILT_IN_ROLES, ids=lambda role: str(role["name"]))
def test_of_microsofts_roles_each_that_grants_a_change_counts_and_no_reader(role: dict[str, Any]) -> None:
    entries = permissions({"properties": role})
    control = any(granted(entries, name) for name in (*(f"{STORAGE}/{call}" for call in ON_ACCOUNT), *RIGHTS))
    data = any(granted(entries, f"{STORAGE}/{call}", data=True) for call in AS_DATA)
    assert writes_storage({"properties": role}) is (control or data)


def test_what_belongs_to_something_else_does_not_count() -> None:
    other = ["Microsoft.Authorization/*/read", "Microsoft.KeyVault/*", "Microsoft.Resources/deployments/*",
             "Microsoft.Insights/alertRules/*", "Microsoft.Support/*", "Microsoft.Storage/locations/*",
             "Microsoft.MachineLearningServices/registries/*"]  # fmt: skip
    assert not writes_storage(_role(actions=other)) and not writes_workspace(_role(actions=other))


def test_tags_of_the_workspace_are_its_document_and_those_of_the_account_are_not_moved() -> None:
    tagger = _role(actions=["Microsoft.Resources/tags/*"])
    assert writes_workspace(tagger) and not writes_storage(tagger)


def test_who_only_asks_a_deployed_model_is_let_be() -> None:
    ends = f"{ML}/onlineEndpoints"
    asks = [f"{ends}/score/action", f"{ends}/token/action", f"{ends}/listKeys/action", f"{ML}/*/read"]
    assert not writes_workspace(_role(actions=asks))
    for more in (f"{ends}/write", f"{ends}/regenerateKeys/action", f"{ends}/deployments/write", f"{ends}/*"):
        assert writes_workspace(_role(actions=[*asks, more])), more


@pytest.mark.parametrize(
    "call",
    ["write", "delete", "listKeys/action", "listStorageAccountKeys/action", "resyncKeys/action",
     "datastores/listsecrets/action", "connections/listsecrets/action", "computes/listKeys/action",
     "jobs/cancel/action", "computes/start/action", "outboundRules/write", "agents/action/write",
     "privateEndpointConnections/write", "batchEndpoints/listkeys/action"],
)  # fmt: skip
def test_each_change_of_a_workspace_counts(call: str) -> None:
    assert writes_workspace(_role(actions=[f"{ML}/{call}"]))
    assert writes_workspace(_role(dataActions=[f"{ML}/{call}"]))
    assert not writes_storage(_role(actions=[f"{ML}/{call}"]))
