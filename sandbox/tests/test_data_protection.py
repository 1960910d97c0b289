"""What accounts keep of deleted blobs, and their lifecycle and replication rules, by Microsoft's own clients."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import test_front_storage as front
from arm_harness import GROUP, client
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import ContainerClient
from live import ask
from test_front_storage import SOURCE, Storage

from azsandbox import Sandbox
from azsandbox.messages import PastBlob

storage, account_keys = front.storage, front.account_keys
Arm = Callable[..., Any]
_WEEK = {"enabled": True, "days": 7}
_OFF = {"enabled": False}


@pytest.fixture
def arm(sandbox: Sandbox, storage: Storage) -> Arm:
    """Calls ARM below the source's account: status and document."""
    group = f"/subscriptions/{sandbox.env['AZURE_SUBSCRIPTION_ID']}/resourceGroups/front-rg"
    account = f"{group}/providers/Microsoft.Storage/storageAccounts/{SOURCE}"

    def call(method: str, path: str, body: Any = None, version: str = "2022-09-01") -> tuple[int, Any]:
        found = ask(sandbox.env, method, f"{account}/{path}", version, body)
        return found.status, found.body

    return call


@pytest.fixture
def keeping(arm: Arm) -> Any:
    """Sets what the blob service keeps; all is off again afterwards."""

    def keep(**settings: Any) -> None:
        assert arm("PUT", "blobServices/default", {"properties": settings})[0] == 200

    yield keep
    keep(deleteRetentionPolicy=_OFF, isVersioningEnabled=False)


def _listed(storage: Storage, prefix: str, *include: str) -> list[tuple[str, bool, bool, str]]:
    """Name, whether deleted, whether a snapshot, whether a version and which."""
    found = storage.source.list_blobs(name_starts_with=prefix, include=list(include))
    return [
        (
            one.name.removeprefix(prefix),
            bool(one.deleted),
            bool(one.snapshot),
            "" if not one.version_id else "now" if one.is_current_version else "old",
        )
        for one in found
    ]


def _beside(storage: Storage, end: str) -> ContainerClient:
    """Another container of the source's account."""
    url = f"https://{SOURCE}.blob.core.windows.net"
    return ContainerClient(url, storage.source.container_name + end, credential=storage.credential)


def test_deleted_blobs_are_kept_and_shown_to_who_asks(storage: Storage, keeping: Any) -> None:
    keeping(deleteRetentionPolicy=_WEEK)
    for name in ("k/a", "k/b", "k/c"):
        storage.source.upload_blob(name, name.encode())
    storage.source.delete_blob("k/b")
    assert _listed(storage, "k/") == [("a", False, False, ""), ("c", False, False, "")]
    assert _listed(storage, "k/", "deleted") == [
        ("a", False, False, ""),
        ("b", True, False, ""),
        ("c", False, False, ""),
    ]
    [kept] = [one for one in storage.source.list_blobs(name_starts_with="k/", include=["deleted"]) if one.deleted]
    assert (kept.size, kept.remaining_retention_days) == (3, 7)
    with pytest.raises(HttpResponseError) as refused:
        storage.source.get_blob_client("k/b").undelete_blob()
    assert refused.value.status_code == 501


def test_what_an_account_keeps_is_none_of_its_groups_resources(storage: Storage, keeping: Any, arm: Arm) -> None:
    keeping(deleteRetentionPolicy=_WEEK)
    storage.source.upload_blob("o/a", b"first").delete_blob()
    assert _listed(storage, "o/", "deleted") == [("a", True, False, "")]
    for scope in ("../../../../resources", "../../../../../../resources"):
        status, listed = arm("GET", scope)
        assert status == 200
        assert SOURCE in {one["name"] for one in listed["value"]}


def test_what_is_written_over_is_kept_as_a_deleted_snapshot(storage: Storage, keeping: Any) -> None:
    keeping(deleteRetentionPolicy=_WEEK)
    blob = storage.source.upload_blob("w/a", b"first")
    blob.upload_blob(b"second", overwrite=True)
    assert _listed(storage, "w/", "deleted") == [("a", True, True, ""), ("a", False, False, "")]


def test_with_versions_nothing_is_deleted_and_each_write_makes_one(storage: Storage, keeping: Any) -> None:
    storage.source.upload_blob("v/before", b"x")
    keeping(isVersioningEnabled=True)
    blob = storage.source.upload_blob("v/a", b"first")
    assert blob.upload_blob(b"second", overwrite=True)["version_id"]
    assert _listed(storage, "v/") == [("a", False, False, ""), ("before", False, False, "")]
    assert _listed(storage, "v/", "versions") == [
        ("a", False, False, "old"),
        ("a", False, False, "now"),
        ("before", False, False, ""),
    ]
    blob.delete_blob()
    assert _listed(storage, "v/a", "versions") == [("", False, False, "old"), ("", False, False, "old")]
    assert _listed(storage, "v/a", "deleted") == []


def test_pages_show_each_of_them_once(storage: Storage, keeping: Any) -> None:
    keeping(deleteRetentionPolicy=_WEEK)
    names = [f"p/{number}" for number in range(6)]
    for name in names:
        storage.source.upload_blob(name, b"x")
    for name in names[::2]:
        storage.source.delete_blob(name)
    found = storage.source.list_blobs(name_starts_with="p/", include=["deleted"], results_per_page=2)
    assert [one.name for one in found] == names


def test_a_blob_whose_snapshots_alone_are_deleted_stays(storage: Storage, keeping: Any) -> None:
    keeping(deleteRetentionPolicy=_WEEK)
    blob = storage.source.upload_blob("s/a", b"x")
    blob.create_snapshot()
    blob.delete_blob(delete_snapshots="only")
    assert _listed(storage, "s/", "deleted") == [("a", False, False, "")]


def test_what_was_written_before_versions_were_kept_becomes_one_of_its_own(storage: Storage, keeping: Any) -> None:
    blob = storage.source.upload_blob("b/a", b"first")
    keeping(isVersioningEnabled=True)
    blob.upload_blob(b"second", overwrite=True)
    found = list(storage.source.list_blobs(name_starts_with="b/", include=["versions"]))
    assert len({one.version_id for one in found}) == len(found) == 2


def test_pages_by_folder_show_each_of_them_once(storage: Storage, keeping: Any) -> None:
    """A page ends where its marker says so, whichever of its elements comes last in it."""
    keeping(deleteRetentionPolicy=_WEEK)
    lost = ["f/a/gone", "f/b", "f/d", "f/only/x", "f/only/y"]
    for name in ("f/a/x", "f/c", "f/e", "f/f/x", "f/g", *lost):
        storage.source.upload_blob(name, b"x")
    for name in lost:
        storage.source.delete_blob(name)
    pages = storage.source.walk_blobs(
        name_starts_with="f/", include=["deleted"], delimiter="/", results_per_page=2
    )
    found = [one.name for one in pages]
    assert sorted(found) == ["f/a/", "f/b", "f/c", "f/d", "f/e", "f/f/", "f/g", "f/only/"]


def test_a_deleted_name_that_xml_cannot_hold_is_shown(storage: Storage, keeping: Any) -> None:
    keeping(deleteRetentionPolicy=_WEEK)
    storage.source.upload_blob("x/\ufffe", b"x")
    storage.source.delete_blob("x/\ufffe")
    assert _listed(storage, "x/", "deleted") == [("\ufffe", True, False, "")]


def test_versions_of_containers_with_alike_names_are_apart(storage: Storage, keeping: Any) -> None:
    keeping(isVersioningEnabled=True)
    storage.source.upload_blob("a", b"x")
    with _beside(storage, "-current") as other:
        other.create_container()
        assert list(other.list_blobs(include=["versions"])) == []


async def test_a_container_that_arm_deletes_takes_along_what_was_kept_in_it(tmp_path: Path) -> None:
    made = client(tmp_path)
    await made.group()
    path = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/acct/blobServices/default/containers/logs"
    await made.ok("PUT", path, {"properties": {}})
    past = made.arm.storage_past
    past.note("acct", "logs", PastBlob("a/b", {}, deleted=past.moment()[0], days=7))
    past.became("acct", "logs", "a/c", "v1")
    assert [one.name for one in past.listed("acct", "logs")] == ["a/b"]
    await made.ok("DELETE", path)
    assert (past.listed("acct", "logs"), past.current("acct", "logs")) == ([], {})


def test_nothing_is_kept_where_nothing_says_so(storage: Storage, arm: Arm) -> None:
    storage.source.upload_blob("n/a", b"x")
    storage.source.delete_blob("n/a")
    assert _listed(storage, "n/", "deleted", "versions") == []
    assert arm("GET", "blobServices/default")[1]["properties"]["isVersioningEnabled"] is False


def _rule(**more: Any) -> dict[str, Any]:
    actions = {"baseBlob": {"delete": {"daysAfterModificationGreaterThan": 30}}}
    return {
        "name": "old",
        "type": "Lifecycle",
        "definition": {"actions": actions, "filters": {"blobTypes": ["blockBlob"], "prefixMatch": ["logs/"]}},
        **more,
    }


def test_lifecycle_rules_are_a_document(arm: Arm) -> None:
    path = "managementPolicies/default"
    status, document = arm("GET", path)
    assert (status, document["error"]["code"]) == (404, "ManagementPolicyNotFound")
    status, document = arm("PUT", path, {"properties": {"policy": {"rules": [_rule()]}}})
    assert (status, document["properties"]["policy"]["rules"]) == (200, [_rule()])
    assert arm("GET", path) == (200, document)
    assert arm("DELETE", path)[0] == 200
    assert arm("GET", path)[0] == 404


def test_replication_policies_get_their_id_from_the_destination(arm: Arm) -> None:
    rules = [{"sourceContainer": "a", "destinationContainer": "b"}]
    sent = {"properties": {"sourceAccount": SOURCE, "destinationAccount": "elsewhere", "rules": rules}}
    status, made = arm("PUT", "objectReplicationPolicies/default", sent)
    assert status == 200
    assert made["name"] == made["properties"]["policyId"] != "default"
    assert arm("GET", "objectReplicationPolicies")[1]["value"] == [made]
    assert arm("GET", f"objectReplicationPolicies/{made['name']}") == (200, made)
    assert arm("DELETE", f"objectReplicationPolicies/{made['name']}")[0] == 200
    assert arm("GET", "objectReplicationPolicies")[1]["value"] == []


_TASK = {
    "taskId": "/subscriptions/s/resourceGroups/g/providers/Microsoft.StorageActions/storageTasks/tidy",
    "enabled": True,
    "description": "old ones go",
    "executionContext": {"trigger": {"type": "RunOnce", "parameters": {"startOn": "2030-01-01T00:00:00Z"}}},
    "report": {"prefix": "reports"},
}


def test_assignments_of_storage_tasks_are_documents(arm: Arm) -> None:
    path, version = "storageTaskAssignments", "2024-01-01"
    assert arm("GET", path, None, version) == (200, {"value": []})
    status, made = arm("PUT", f"{path}/tidy", {"properties": _TASK}, version)
    assert status == 201
    assert made["properties"] == {**_TASK, "provisioningState": "Succeeded"}
    assert arm("GET", path, None, version)[1]["value"] == [made]
    assert arm("DELETE", f"{path}/tidy", None, version)[0] == 200
    assert arm("GET", f"{path}/tidy", None, version)[0] == 404
