"""Which roles write, by Microsoft's own definitions and by ones that are meant to be awkward."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from amlmigrate.freezing.rights import gives_rights, writes_storage, writes_workspace

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
    "UserAccessAdministrator": (False, False),
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


def test_who_may_assign_roles() -> None:
    assert gives_rights(_role(actions=["Microsoft.Authorization/*"]))
    assert not gives_rights(_role(actions=["Microsoft.Authorization/*/read"]))
    assert not gives_rights(_role(actions=["*"], notActions=["Microsoft.Authorization/*/Write"]))
