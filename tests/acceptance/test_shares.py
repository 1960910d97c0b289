"""The file shares of a workspace move as its blobs do: planned, copied, compared, held to at the gate."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from azure.storage.fileshare import ContentSettings, ShareClient
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
OLD = "2021-02-03T04:05:06.1234567Z"


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


def _steps(world: World) -> dict[str, dict[str, Any]]:
    return {line["address"]: line for line in world.plan_lines() if line["record"] == "step"}


@contextmanager
def _share(world: World, which: str = "source") -> Iterator[ShareClient]:
    keys = world.arm("POST", f"{world.storage_id(which)}/listKeys", "2023-05-01")
    with ShareClient(
        f"https://{world.account(which)}.file.core.windows.net",
        CODE_SHARE,
        credential=keys["keys"][0]["value"],
        proxies={"https": world.env["HTTPS_PROXY"]},
        connection_verify=world.env["SSL_CERT_FILE"],
        allow_trailing_dot=True,
    ) as client:
        yield client


DENIED = fault(times=0, status=403, code="AuthorizationPermissionMismatch")


@contextmanager
def _faults(world: World, *rules: dict[str, Any]) -> Iterator[None]:
    """Rules for the file service of the source's account."""
    match = {"host": rf"^{world.account('source')}\.file\.", "method": "GET"}
    with world.faults(*({**rule, "match": {**match, **rule.get("match", {})}} for rule in rules)):
        yield


def test_a_share_that_may_not_be_read_is_an_item_that_says_so(noted: World) -> None:
    world = noted
    with _faults(world, DENIED):
        world.ok("plan", *world.names)
    item = _steps(world)[ADDRESS]
    assert item["action"] == "manual" and "could not be listed" in item["reason"]
    assert (
        "AuthorizationPermissionMismatch" in item["reason"]
        and "Storage File Data Privileged Reader" in item["reason"]
    )
    # With the right there is more to see than the plan knew of.
    result = world.migrate("run")
    assert result.code == 4 and ADDRESS in result.err
    with _faults(world, DENIED):
        assert world.migrate("run").code == 3


def test_notebooks_move_with_all_that_they_have_and_the_gate_asks_for_them(noted: World) -> None:
    world = noted
    with _share(world) as share:
        share.get_directory_client("Users/empty").create_directory()
        deep = share.get_directory_client("Users/ann/src/deep")
        deep.set_http_headers(file_creation_time=OLD, file_last_write_time=OLD)
        odd = share.get_file_client("Users/ann/100%41 odd...")
        odd.upload_file(b"odd", metadata={"k": "v"})
        times = {"file_creation_time": OLD, "file_last_write_time": OLD}
        odd.set_http_headers(ContentSettings(content_type="text/x"), file_attributes="ReadOnly", **times)
    with _share(world, "target") as share:
        # What Azure made there itself is nobody's to overwrite, and no other file's loss.
        share.get_directory_client("Users").create_directory()
    world.ok("plan", *world.names)
    step = _steps(world)[ADDRESS]
    # Files, and the directories that they lie in.
    assert (step["action"], step["blobs"], step["bytes"]) == ("copy", 12, sum(NOTEBOOKS.values()) + 3)
    assert step["to"][-1] == "file"
    world.ok("run")
    with _share(world, "target") as share:
        found = share.get_file_client("Users/ann/100%41 odd...").get_file_properties()
        assert (found.file_attributes, found.metadata, found.size) == ("ReadOnly", {"k": "v"}, 3)
        assert share.get_directory_client("Users/empty").exists()
        deep = share.get_directory_client("Users/ann/src/deep").get_directory_properties()
        assert deep.creation_time == deep.last_write_time and deep.creation_time.year == 2021
        assert {one.name for one in share.list_directories_and_files()} == {"empty.txt", "Users"}
    assert world.ok("verify", "--json").event("verify.end")["green"] is True
    world.ok("plan", *world.names, "--out", "again")
    world.ok(*removal(world), "--dry-run")
    with _share(world, "target") as share:
        share.get_file_client("Users/bo/ünï.csv").upload_range(b"changed", 100, 7)
    refused = world.migrate(*removal(world), "--dry-run")
    assert refused.code == 4 and ADDRESS in refused.err
    differs = world.migrate("verify", "--json").event("verify.end")["differences"]
    assert {one["address"] for one in differs} == {ADDRESS}


def test_what_the_target_has_under_a_name_is_left_and_what_changed_is_drift(noted: World) -> None:
    world = noted
    _fill(world, {"empty.txt": 7}, into="target")
    world.ok("plan", *world.names)
    steps = _steps(world)
    assert steps[f"{ADDRESS}/empty.txt"]["action"] == "conflict" and steps[ADDRESS]["action"] == "copy"
    assert world.migrate("run").code == 4
    world.ok("waive", f"{ADDRESS}/empty.txt", "--reason", "the target's own")
    _fill(world, {"Users/late.ipynb": 9})
    refused = world.migrate("run")
    assert refused.code == 4 and ADDRESS in refused.err
    with _share(world) as share:
        share.get_file_client("Users/late.ipynb").delete_file()
    world.ok("run")
    with _share(world, "target") as share:
        assert share.get_file_client("empty.txt").get_file_properties().size == 7
        assert share.get_file_client("Users/ann/note book.ipynb").get_file_properties().size == 1200
    world.ok("verify")


def test_killed_at_any_call_of_a_file_a_run_goes_on_to_the_same_end(small_world: World) -> None:
    """A range may be put twice, and a file may be made anew beside its place; none is there twice or by half."""
    world = small_world
    _fill(world, {"a": 70_000, "d/b": 5})
    world.ok("plan", *world.names)
    host = rf"^{world.account('target')}\.file\."
    for query, moment in (("comp=range", "before"), ("comp=range", "after"), ("comp=rename", "after")):
        with world.faults(fault("PUT", host=host, query=query, kill=moment, nth=1)):
            resume = () if moment == "before" else ("--resume",)
            assert world.migrate("run", *resume).code == -signal.SIGKILL, (query, moment)
    world.ok("run", "--resume")
    with _share(world, "target") as share:
        assert {one.name for one in share.list_directories_and_files()} == {"a", "d"}
    assert world.ok("verify", "--json").event("verify.end")["green"] is True
    world.ok("plan", *world.names, "--out", "plans/again")
    steps = [line for line in world.plan_lines("again") if line.get("address") == ADDRESS]
    assert [step["action"] for step in steps] == ["adopt"]


def test_shares_that_nobody_known_made_are_items_and_empty_ones_are_skipped(small_world: World) -> None:
    world = small_world
    _fill(world, {"a.csv": 5}, "reports")
    _fill(world, {"sys.log": 77}, FILE_SHARE)
    # A customer's own is its datastore's.
    _fill(world, {"x": 1}, "own-share")
    own = {"datastoreType": "AzureFile", "accountName": world.account("source"), "fileShareName": "own-share"}
    own |= {"endpoint": "core.windows.net", "protocol": "https", "credentials": {"credentialsType": "None"}}
    world.put("datastores/own?skipValidation=true", {"properties": own})
    for share in ("nothing", "azureml-filestore-77777777-0e7a-4a55-9c1d-0123456789ab"):
        world.make_share(share)
    world.ok("plan", *world.names)
    steps = _steps(world)
    shares = {address: step["action"] for address, step in steps.items() if address.startswith("shares/")}
    filestore = f"azureml-filestore-{world.documents['source']['properties']['workspaceId']}"
    told = {"shares/reports": "manual", f"shares/{filestore}": "copy", "shares/nothing": "skip"}
    assert shares == told, "the fourth bears another's number"
    text = (world.folder / "plans" / world.source / "by-hand/shares/reports.yaml").read_text()
    copied = f"azcopy copy https://{world.account('source')}.file.core.windows.net/reports"
    assert f"{copied} https://{world.account('target')}.file.core.windows.net/reports --recursive" in text
