"""The file shares of a workspace: their files are listed and named to whoever has to carry them over."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from azure.storage.fileshare import ShareClient
from tests.acceptance.removing import removal
from tests.acceptance.world import World
from tests.builders import fault

from azsandbox.seed import CODE_SHARE, FILE_SHARE, Seeder

ADDRESS = f"shares/{CODE_SHARE}"
NOTEBOOKS = {
    "Users/ann/note book.ipynb": 1200,
    "Users/ann/src/deep/er/train.py": 340,
    "Users/bo/ünï.csv": 5_000_000,
    "empty.txt": 0,
}


def _fill(world: World, files: dict[str, int], share: str = CODE_SHARE, into: str = "source") -> None:
    rows = [{"share": share, "path": path, "bytes": length} for path, length in files.items()]

    async def work(client: Any) -> None:
        await (await Seeder.of(client, world.documents[into]["id"])).files(rows)

    world.azure(work)


@pytest.fixture
def noted(small_world: World) -> World:
    """A source with a few assets, and notebooks in its code share."""
    _fill(small_world, NOTEBOOKS)
    return small_world


def _items(world: World) -> dict[str, dict[str, Any]]:
    lines = world.plan_lines()
    return {line["address"]: line for line in lines if line["record"] == "step" and line["action"] == "manual"}


def _listing(world: World, share: str = CODE_SHARE) -> Path:
    return world.folder / "plans" / world.source / f"shares-{share}.jsonl"


@contextmanager
def _share(world: World, which: str = "source") -> Iterator[ShareClient]:
    keys = world.arm("POST", f"{world.storage_id(which)}/listKeys", "2023-05-01")
    with ShareClient(
        f"https://{world.account(which)}.file.core.windows.net",
        CODE_SHARE,
        credential=keys["keys"][0]["value"],
        proxies={"https": world.env["HTTPS_PROXY"]},
        connection_verify=world.env["SSL_CERT_FILE"],
    ) as client:
        yield client


@contextmanager
def _faults(world: World, *rules: dict[str, Any]) -> Iterator[None]:
    """Rules for the file service of the source's account."""
    match = {"host": rf"^{world.account('source')}\.file\.", "method": "GET"}
    with world.faults(*({**rule, "match": {**match, **rule.get("match", {})}} for rule in rules)):
        yield


DENIED = fault(times=0, status=403, code="AuthorizationPermissionMismatch")


def test_a_share_that_may_not_be_read_is_an_item_that_says_so(noted: World) -> None:
    world = noted
    with _faults(world, DENIED):
        world.ok("plan", *world.names)
    item = _items(world)[ADDRESS]
    assert "could not be listed" in item["reason"]
    assert (
        "AuthorizationPermissionMismatch" in item["reason"]
        and "Storage File Data Privileged Reader" in item["reason"]
    )
    assert not _listing(world).exists()
    # With the right there is more to see than the plan knew of.
    result = world.migrate("run")
    assert result.code == 4 and ADDRESS in result.err
    with _faults(world, DENIED):
        assert world.migrate("run").code == 3


def _more(share: ShareClient) -> None:
    share.get_file_client("Users/new.ipynb").upload_file(b"")


def _rewritten(share: ShareClient) -> None:
    share.get_file_client("Users/bo/ünï.csv").upload_range(b"changed", 100, 7)


def _verified(world: World) -> list[str]:
    """What a verification finds another, and says by its exit code too."""
    result = world.migrate("verify", "--json")
    end = result.event("verify.end")
    assert end["green"] is (result.code == 0) is not bool(end["differences"]), result.out
    return [difference["address"] for difference in end["differences"]]


def test_notebooks_are_one_item_with_their_list_and_waived_until_they_change(noted: World) -> None:
    world = noted
    assert ADDRESS in world.ok("plan", *world.names).out
    reason = _items(world)[ADDRESS]["reason"]
    assert f"{len(NOTEBOOKS)} files with {sum(NOTEBOOKS.values())} bytes" in reason
    assert f"https://{world.account('source')}.file.core.windows.net/{CODE_SHARE}" in reason
    lines = [json.loads(line) for line in _listing(world).read_text().splitlines()]
    assert [(line["path"], line["length"]) for line in lines] == sorted(NOTEBOOKS.items())
    assert f"`{ADDRESS}`" in (world.folder / "plans" / world.source / "manual.md").read_text()
    _fill(world, {"Users/late.ipynb": 9})
    refused = world.migrate("run")
    assert refused.code == 4 and ADDRESS in refused.err
    with _share(world) as share:
        share.get_file_client("Users/late.ipynb").delete_file()
    left = world.migrate("run", "--json").event("run.end")["left"]
    assert {item["address"]: item["outcome"] for item in left} == {ADDRESS: "left to do by hand"}
    assert world.migrate("verify").code == 3
    world.ok("waive", ADDRESS, "--reason", "copied with AzCopy")
    assert _verified(world) == []
    world.ok(*removal(world), "--dry-run")
    with _share(world) as share:
        _more(share)
        assert _verified(world) == [ADDRESS]
        share.get_file_client("Users/new.ipynb").delete_file()
        assert _verified(world) == []
        _rewritten(share)
        assert _verified(world) == [ADDRESS]


def test_shares_that_nobody_known_made_are_items_and_empty_ones_are_skipped(small_world: World) -> None:
    world = small_world
    _fill(world, {"a.csv": 5}, "reports")
    _fill(world, {"sys.log": 77}, FILE_SHARE)
    # One that is empty by now, and a customer's own, which is its datastore's.
    _fill(world, {"Users/gone/x": 1})
    with _share(world) as share:
        share.get_directory_client("Users/gone").delete_file("x")
    _fill(world, NOTEBOOKS, into="target")  # what the target holds is nobody's to carry over
    _fill(world, {"x": 1}, "own-share")
    own = {"datastoreType": "AzureFile", "accountName": world.account("source"), "fileShareName": "own-share"}
    own |= {"endpoint": "core.windows.net", "protocol": "https", "credentials": {"credentialsType": "None"}}
    world.put("datastores/own?skipValidation=true", {"properties": own})
    for share in ("nothing", "azureml-filestore-77777777-0e7a-4a55-9c1d-0123456789ab"):
        path = f"{world.storage_id('source')}/fileServices/default/shares/{share}"
        world.arm("PUT", path, "2023-05-01", {"properties": {}})
    world.ok("plan", *world.names)
    steps = {line["address"]: line for line in world.plan_lines() if line["record"] == "step"}
    shares = {address: step["action"] for address, step in steps.items() if address.startswith("shares/")}
    filestore = f"azureml-filestore-{world.documents['source']['properties']['workspaceId']}"
    told = {"shares/reports": "manual", f"shares/{filestore}": "manual", "shares/nothing": "skip"}
    assert shares == told, "the fourth bears another's number"
    listed = {path.name for path in (world.folder / "plans" / world.source).glob("shares-*")}
    assert listed <= {_listing(world, share).name for share in ("reports", filestore)}
    text = (world.folder / "plans" / world.source / "by-hand/shares/reports.yaml").read_text()
    copied = f"azcopy copy https://{world.account('source')}.file.core.windows.net/reports"
    assert f"{copied} https://{world.account('target')}.file.core.windows.net/reports --recursive" in text
