"""Containers under a policy of retention or a legal hold: what both planes refuse, by Microsoft's own client."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import test_front_storage as front
from arm_harness import GROUP
from arm_harness import client as in_process
from azure.storage.blob import BlobClient, ContentSettings
from live import Answer, ask, refused
from test_front_storage import SOURCE, Storage

from azsandbox import Sandbox

storage, account_keys = front.storage, front.account_keys
Arm = Callable[..., Any]


@pytest.fixture
def arm(sandbox: Sandbox, storage: Storage) -> Arm:
    """Calls ARM below the container of the source: status, headers and document."""
    group = f"/subscriptions/{sandbox.env['AZURE_SUBSCRIPTION_ID']}/resourceGroups/front-rg"
    service = f"{group}/providers/Microsoft.Storage/storageAccounts/{SOURCE}/blobServices/default"
    container = f"{service}/containers/{storage.source.container_name}"

    def call(method: str, path: str = "", body: Any = None, match: str = "") -> Answer:
        headers = {"If-Match": match} if match else {}
        return ask(sandbox.env, method, f"{container}{path}", "2022-09-01", body, **headers)

    return call


_POLICY = "/immutabilityPolicies/default"
_DAYS = {"properties": {"immutabilityPeriodSinceCreationInDays": 3}}


def _changing(blob: BlobClient) -> dict[str, Callable[[], object]]:
    return {
        "overwritten": lambda: blob.upload_blob(b"other", overwrite=True),
        "deleted": blob.delete_blob,
        "metadata": lambda: blob.set_blob_metadata({"a": "b"}),
        "headers": lambda: blob.set_http_headers(ContentSettings(content_type="x")),
        "snapshot": blob.create_snapshot,
        "blocks": lambda: (blob.stage_block("MDAx", b"x"), blob.commit_block_list(["MDAx"])),
        "copied over": lambda: blob.start_copy_from_url(f"{blob.url}-other"),
    }


def _is_kept(storage: Storage, blob: BlobClient, code: str) -> None:
    for what, change in _changing(blob).items():
        assert refused(change) == (409, code), what
    assert blob.download_blob().readall() == b"first"
    blob.acquire_lease(15).release()
    # What is not there yet may be written, once.
    new = storage.source.get_blob_client(f"new{code}")
    new.upload_blob(b"new")
    assert refused(new.delete_blob) == (409, code)
    # The beginning of a name is another blob.
    storage.source.upload_blob(f"fir{code}", b"x")


def test_a_policy_keeps_blobs_and_their_container(storage: Storage, arm: Arm) -> None:
    blob, other = (storage.source.upload_blob(name, b"first") for name in ("first", "first-other"))
    status, headers, made = arm("PUT", _POLICY, _DAYS)
    assert (status, made["properties"]["state"], headers["ETag"]) == (200, "Unlocked", made["etag"])
    _is_kept(storage, blob, "BlobImmutableDueToPolicy")
    assert refused(storage.source.delete_container) == (409, "BlobImmutableDueToPolicy")
    shown = arm("GET")[2]["properties"]
    assert (shown["hasImmutabilityPolicy"], shown["hasLegalHold"]) == (True, False)
    assert shown["immutabilityPolicy"]["updateHistory"][0]["update"] == "put"
    assert arm("DELETE")[0] == 409
    # An unlocked one is taken away by who names its ETag.
    assert arm("DELETE", _POLICY)[0] == 400
    assert arm("DELETE", _POLICY, match='"other"')[0] == 412
    assert arm("DELETE", _POLICY, match=made["etag"])[0] == 200
    assert arm("GET", _POLICY)[0] == 404
    other.delete_blob()
    storage.source.delete_container()


def test_a_locked_policy_is_only_made_longer(storage: Storage, arm: Arm) -> None:
    made = arm("PUT", _POLICY, _DAYS)[2]
    assert arm("POST", f"{_POLICY}/extend", _DAYS, match=made["etag"])[0] == 409
    locked = arm("POST", f"{_POLICY}/lock", match=made["etag"])[2]
    assert locked["properties"]["state"] == "Locked"
    for method, path, body in (("PUT", "", _DAYS), ("DELETE", "", None), ("POST", "/lock", None)):
        status, _, error = arm(method, _POLICY + path, body, match=locked["etag"])
        assert (status, error["error"]["message"]) == (
            409,
            "Operation not allowed on immutability policy with current state.",
        )
    shorter = {"properties": {"immutabilityPeriodSinceCreationInDays": 2}}
    assert arm("POST", f"{_POLICY}/extend", shorter, match=locked["etag"])[0] == 409
    longer = {"properties": {"immutabilityPeriodSinceCreationInDays": 4}}
    assert arm("POST", f"{_POLICY}/extend", longer, match=locked["etag"])[0] == 200
    # Even an empty one is deleted by ARM alone.
    assert refused(storage.source.delete_container) == (409, "ContainerImmutabilityPolicyLocked")
    storage.source.upload_blob("first", b"first")
    assert arm("DELETE")[2]["error"]["code"] == "ContainerImmutabilityPolicyLocked"


def test_the_data_plane_shows_what_is_held_too(storage: Storage, arm: Arm) -> None:
    def shown() -> set[tuple[bool, bool]]:
        service, name = storage.source._get_blob_service_client(), storage.source.container_name
        [listed] = [one for one in service.list_containers() if one.name == name]
        both = (storage.source.get_container_properties(), listed)
        return {(one.has_immutability_policy, one.has_legal_hold) for one in both}

    assert shown() == {(False, False)}
    arm("POST", "/setLegalHold", {"tags": ["case"]})
    assert shown() == {(False, True)}
    made = arm("PUT", _POLICY, _DAYS)[2]
    assert shown() == {(True, True)}
    arm("POST", "/clearLegalHold", {"tags": ["case"]})
    assert shown() == {(True, False)}
    arm("DELETE", _POLICY, match=made["etag"])
    assert shown() == {(False, False)}


def test_an_empty_container_under_a_locked_policy_is_deleted_by_arm(storage: Storage, arm: Arm) -> None:
    made = arm("PUT", _POLICY, _DAYS)[2]
    arm("POST", f"{_POLICY}/lock", match=made["etag"])
    assert arm("DELETE")[0] == 200
    assert arm("GET")[0] == 404


def test_a_legal_hold_keeps_blobs_and_their_container(storage: Storage, arm: Arm) -> None:
    blob = storage.source.upload_blob("first", b"first")
    storage.source.upload_blob("first-other", b"other")
    assert arm("POST", "/setLegalHold", {"tags": ["Case1", "case2"]})[2] == {
        "hasLegalHold": True,
        "tags": ["case1", "case2"],
    }
    _is_kept(storage, blob, "BlobImmutableDueToLegalHold")
    assert refused(storage.source.delete_container) == (409, "ContainerHasLegalHold")
    assert arm("DELETE")[2]["error"]["code"] == "ContainerHasLegalHold"
    assert [each["tag"] for each in arm("GET")[2]["properties"]["legalHold"]["tags"]] == ["case1", "case2"]
    assert arm("POST", "/clearLegalHold", {"tags": ["case1"]})[2]["hasLegalHold"] is True
    assert refused(blob.delete_blob) == (409, "BlobImmutableDueToLegalHold")
    assert arm("POST", "/clearLegalHold", {"tags": ["case2"]})[2]["hasLegalHold"] is False
    blob.delete_blob()
    storage.source.delete_container()


def test_appends_may_be_allowed(storage: Storage, arm: Arm) -> None:
    log = storage.source.get_blob_client("log")
    log.create_append_blob()
    arm("PUT", _POLICY, _DAYS)
    assert refused(lambda: log.append_block(b"x")) == (409, "BlobImmutableDueToPolicy")
    arm("PUT", _POLICY, {"properties": {**_DAYS["properties"], "allowProtectedAppendWrites": True}})
    log.append_block(b"x")
    assert refused(log.delete_blob) == (409, "BlobImmutableDueToPolicy")


async def test_an_account_that_holds_such_a_container_stays(tmp_path: Path) -> None:
    client_ = in_process(tmp_path)
    await client_.group()
    account = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/acct"
    container = f"{account}/blobServices/default/containers/kept"
    await client_.ok("PUT", container, {"properties": {}})
    await client_.ok("POST", f"{container}/setLegalHold", {"tags": ["case"]})
    error = await client_.error(409, "DELETE", account)
    assert error["code"] == "AccountProtectedFromDeletion" and "kept" in error["message"]
    await client_.ok("POST", f"{container}/clearLegalHold", {"tags": ["case"]})
    await client_.ok("DELETE", account)
    await client_.arm.close()
