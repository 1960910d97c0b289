"""Containers and shares are one thing, whether ARM or the data plane makes, lists, changes and deletes them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from arm_harness import GROUP, ArmClient, Time, client
from azure.storage.blob import BlobServiceClient
from azure.storage.fileshare import ShareServiceClient
from live import account_with_key, ask, azure, refused, through, unique

from azsandbox import Sandbox
from azsandbox.arm.clock import Clock
from azsandbox.nodepackages import node

ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/acct"
CONTAINERS = f"{ACCOUNT}/blobServices/default/containers"
SHARES = f"{ACCOUNT}/fileServices/default/shares"
STORAGE = "2024-01-01"


@dataclass
class World:
    arm: ArmClient
    time: Time


@pytest.fixture
async def world(tmp_path: Path) -> World:
    time = Time()
    arm = client(tmp_path, clock=Clock(time))
    await arm.group()
    return World(arm, time)


def _names(listed: dict[str, Any]) -> list[str]:
    return [one["name"] for one in listed["value"]]


@pytest.mark.parametrize(
    ("place", "code"), [(CONTAINERS, "ContainerOperationFailure"), (SHARES, "ShareBeingDeleted")]
)
async def test_a_name_can_be_used_again_thirty_seconds_after_its_deletion(
    world: World, place: str, code: str
) -> None:
    arm = world.arm
    await arm.ok("PUT", f"{place}/one", {"properties": {"metadata": {"a": "1"}}}, version=STORAGE)
    assert (await arm.send("DELETE", f"{place}/one", version=STORAGE)).status == 200
    assert (await arm.send("DELETE", f"{place}/one", version=STORAGE)).status == 204
    await arm.error(404, "GET", f"{place}/one", version=STORAGE)
    await arm.error(
        409, "PUT", f"{place}/one", {}, version=STORAGE, code=code, says="is being deleted. Try operation later."
    )
    world.time.seconds += 29.9
    await arm.error(409, "PUT", f"{place}/one", {}, version=STORAGE)
    await arm.ok("PUT", f"{place}/other", {}, version=STORAGE)
    world.time.seconds += 0.2
    again = await arm.send("PUT", f"{place}/one", {}, version=STORAGE)
    assert again.status == 201
    assert "metadata" not in (await arm.ok("GET", f"{place}/one", version=STORAGE))["properties"]


async def test_an_account_made_anew_has_no_names_that_are_taken(world: World) -> None:
    await world.arm.ok("PUT", f"{CONTAINERS}/one", {}, version=STORAGE)
    await world.arm.send("DELETE", f"{CONTAINERS}/one", version=STORAGE)
    await world.arm.send("DELETE", ACCOUNT, version=STORAGE)
    await world.arm.ok("PUT", ACCOUNT, {"location": "eastus2", "properties": {}}, version=STORAGE)
    assert (await world.arm.send("PUT", f"{CONTAINERS}/one", {}, version=STORAGE)).status == 201


@pytest.mark.parametrize("place", [CONTAINERS, SHARES])
async def test_lists_are_filtered_and_paged_as_asked(world: World, place: str) -> None:
    for name in ("a-1", "a-2", "a-3", "b-1"):
        await world.arm.ok("PUT", f"{place}/{name}", {}, version=STORAGE)
    listed = await world.arm.ok("GET", f"{place}?$filter=a-", version=STORAGE)
    assert _names(listed) == ["a-1", "a-2", "a-3"]
    first = await world.arm.ok("GET", f"{place}?$maxpagesize=2&$filter=a-", version=STORAGE)
    assert _names(first) == ["a-1", "a-2"]
    second = await world.arm.ok("GET", first["nextLink"], version=STORAGE)
    assert _names(second) == ["a-3"]
    assert "nextLink" not in second
    for query in ("$maxpagesize=none", "$filter=startswith(name, 'a')"):
        await world.arm.error(400, "GET", f"{place}?{query}", version=STORAGE)


@dataclass
class Account:
    """An account of the running sandbox by all its clients."""

    id: str
    blobs: BlobServiceClient
    files: ShareServiceClient
    arm: Callable[..., Any]


@pytest.fixture(scope="module")
def account(sandbox: Sandbox) -> Iterator[Account]:
    name = unique("planes")
    id_, key = azure(sandbox.env, lambda client: account_with_key(client, unique("planes-"), name))

    def arm(method: str, path: str, body: Any = None) -> Any:
        return ask(sandbox.env, method, f"{id_}/{path}", STORAGE, body).body

    options: Any = {"credential": key, **through(sandbox.env)}
    with (
        BlobServiceClient(f"https://{name}.blob.core.windows.net", **options) as blobs,
        ShareServiceClient(f"https://{name}.file.core.windows.net", **options) as files,
    ):
        yield Account(id_, blobs, files, arm)


def test_containers_of_the_data_plane_are_arms(account: Account) -> None:
    one = account.blobs.create_container("data-one", metadata={"Who": "data"})
    listed = account.arm("GET", "blobServices/default/containers")["value"]
    assert [each["name"] for each in listed if each["name"].startswith("data-")] == ["data-one"]
    shown = account.arm("GET", "blobServices/default/containers/data-one")["properties"]
    assert (shown["metadata"], shown["leaseState"], shown["publicAccess"]) == (
        {"Who": "data"},
        "Available",
        "None",
    )
    account.arm("PATCH", "blobServices/default/containers/data-one", {"properties": {"metadata": {"by": "arm"}}})
    assert one.get_container_properties().metadata == {"by": "arm"}
    one.upload_blob("a", b"text")
    account.arm("DELETE", "blobServices/default/containers/data-one")
    assert refused(one.get_container_properties) == (404, "ContainerNotFound")
    assert refused(one.create_container) == (409, "ContainerBeingDeleted")
    assert refused(lambda: one.upload_blob("a", b"text")) == (404, "ContainerNotFound")


def test_a_leased_container_is_not_deleted_by_arm(account: Account) -> None:
    one = account.blobs.create_container("leased")
    lease = one.acquire_lease()
    assert account.arm("GET", "blobServices/default/containers/leased")["properties"]["leaseState"] == "Leased"
    error = account.arm("DELETE", "blobServices/default/containers/leased")["error"]
    assert error["code"] == "ContainerOperationFailure"
    lease.release()
    account.arm("DELETE", "blobServices/default/containers/leased")
    assert not one.exists()


def test_what_the_data_plane_deletes_is_gone_in_arm(account: Account) -> None:
    account.arm("PUT", "blobServices/default/containers/by-arm", {"properties": {"metadata": {"a": "1"}}})
    account.blobs.get_container_client("by-arm").delete_container()
    assert account.arm("GET", "blobServices/default/containers/by-arm")["error"]["code"] == "ContainerNotFound"
    again = account.arm("PUT", "blobServices/default/containers/by-arm", {"properties": {}})
    assert again["error"]["code"] == "ContainerOperationFailure"


def test_shares_of_the_data_plane_are_arms(account: Account) -> None:
    one = account.files.create_share("data-share", metadata={"Who": "data"}, quota=7)
    listed = account.arm("GET", "fileServices/default/shares")["value"]
    assert [each["name"] for each in listed] == ["data-share"]
    shown = account.arm("GET", "fileServices/default/shares/data-share")["properties"]
    assert (shown["shareQuota"], shown["metadata"]) == (7, {"Who": "data"})
    account.arm("PATCH", "fileServices/default/shares/data-share", {"properties": {"shareQuota": 9}})
    assert one.get_share_properties().quota == 9
    one.get_directory_client().upload_file("a", b"text")
    account.arm("DELETE", "fileServices/default/shares/data-share")
    assert refused(one.get_share_properties) == (404, "ShareNotFound")
    assert refused(one.create_share) == (409, "ShareBeingDeleted")
    again = account.arm("PUT", "fileServices/default/shares/data-share", {"properties": {}})
    assert again["error"]["code"] == "ShareBeingDeleted"


def test_node_trusts_the_sandbox_by_its_environment(sandbox: Sandbox) -> None:
    script = (
        "fetch('https://management.azure.com/subscriptions?api-version=2022-12-01')"
        ".then(a => console.log(a.status), e => console.log(e.cause.code))"
    )
    env = {**os.environ, **sandbox.env, "NODE_USE_ENV_PROXY": "1"}
    said = subprocess.run([node(), "-e", script], env=env, capture_output=True, text=True, timeout=60, check=False)
    assert said.stdout.strip() == "401", said.stderr
    env.pop("NODE_EXTRA_CA_CERTS")
    said = subprocess.run([node(), "-e", script], env=env, capture_output=True, text=True, timeout=60, check=False)
    assert said.stdout.strip() != "401"
