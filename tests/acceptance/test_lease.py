"""Two plans of one pair never change anything at once, from whichever folder or machine."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import sqlite3
import time
import uuid

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import BlobClient, BlobLeaseClient
from tests.acceptance import alone
from tests.acceptance.inprocess import here
from tests.acceptance.removing import removal
from tests.acceptance.underway import under_way
from tests.acceptance.world import LEASE, World
from tests.builders import fault

# Containers are deleted only where no workspace is around that nobody can read, as others' tests leave them.
sandbox = alone.sandbox

ARM = r"management\.azure\.com"
SLOW = fault("PUT", "/environments/py/", host=ARM, hang="before")
DELAYED = SLOW | {"action": "delay", "seconds": 2}
KILLED = fault("PUT", "/environments/py/", host=ARM, kill="before")


@pytest.fixture
def planned(small_world: World) -> World:
    """Two plans of one pair in two folders; the one that is not named is `one`."""
    small_world.ok("plan", *small_world.names, "--out", "plans/one")
    shutil.copytree(small_world.folder / "plans/one", small_world.folder / "plans/two")
    return small_world


def blob(world: World) -> BlobClient:
    """The lease's blob, with the account's key."""
    return world.container_client("target").get_blob_client(LEASE)


def changes(world: World, since: str) -> list[str]:
    """What was changed since: paths below the target and of blobs, without the lease's."""
    account = f"{world.account('target')}."
    rows = [row for row in world.log(since) if row["method"] in ("PUT", "PATCH", "POST", "DELETE")]
    return [
        row["path"]
        for row in rows
        if (f"/{world.target}/" in row["path"] or row["host"].startswith(account)) and not row["path"].endswith(LEASE)
        and "listSecrets" not in row["path"]
    ]  # fmt: skip


def ends_with_5(world: World, *arguments: str) -> str:
    """A command that may not: what it says."""
    since = world.now()
    result = world.migrate(*arguments)
    assert result.code == 5, (arguments, result.code, result.out[-1000:], result.err[-1000:])
    assert changes(world, since) == []
    return result.err


def test_of_two_folders_one_works_and_the_others_are_told_who(planned: World) -> None:
    world = planned
    folder = str((world.folder / "plans/one").resolve())
    with under_way(world, [SLOW], "run", "plans/one", "--jobs", "1") as first:
        first.until("step.doing", "environments/")
        for arguments in (
            ("run", "plans/two"),
            ("freeze", "plans/two"),
            ("verify", "plans/one"),
            ("decommission", "plans/two", "--confirm", f"{world.group}/{world.source}", "--soak", "0"),
        ):
            told = ends_with_5(world, *arguments)
            assert f"`migrate run` of the plan {folder} on {socket.gethostname()}, since 20" in told
            assert "runs out by 20" in told
        # Who changes nothing may, and is told.
        assert world.ok("run", "plans/two", "--dry-run")
        status = world.ok("status", "plans/two", "--json").event("status")
        assert status["lease"]["held"] is True and status["lease"]["holder"]["folder"] == folder
        world.ok("plan", *world.names, "--out", "plans/three")
        [found] = [f for f in world.plan_lines("three")[0]["findings"] if f["code"] == "target-in-use"]
        assert folder in found["summary"] and found["severity"] == "warning"
        first.signal(signal.SIGINT)
        first.until("run.stopping")
        first.signal(signal.SIGINT)
        assert first.end().code == 130
    # It was given up at once: nobody waits.
    assert world.ok("status", "plans/one", "--json").event("status")["lease"] == {"held": False, "holder": None}
    world.ok("run", "plans/one", "--resume")
    assert world.ok("verify", "plans/one", "--json").event("verify.end")["green"] is True


def test_killed_it_goes_on_at_once_and_only_there(planned: World) -> None:
    """Its own folder knows by its lock that the process is dead; a copy of the folder, or another host, does not."""
    world = planned
    assert world.with_faults([KILLED], "run", "plans/one").code == -signal.SIGKILL
    with sqlite3.connect(world.folder / "plans/one/ledger.db") as ledger:
        [(id_, host)] = ledger.execute("SELECT id, host FROM lease")
    ledger.close()
    assert host == socket.gethostname()
    shutil.copytree(world.folder / "plans/one", world.folder / "plans/copy")
    ends_with_5(world, "run", "plans/copy", "--resume", "--force-unlock")
    with sqlite3.connect(world.folder / "plans/one/ledger.db") as ledger:
        ledger.execute("UPDATE lease SET host = 'another'")
    ledger.close()
    ends_with_5(world, "run", "plans/one", "--resume")
    with sqlite3.connect(world.folder / "plans/one/ledger.db") as ledger:
        ledger.execute("UPDATE lease SET host = ?, id = ?", (host, id_))
    ledger.close()
    # Nobody lives who could change the target, and this folder knows it.
    assert world.migrate("verify", "plans/one").code == 3
    world.ok("run", "plans/one", "--resume")
    world.ok("verify", "plans/one")


# The command with a tenth of the times, so that no test has to wait for them.
_HASTY = """
from amlmigrate.cloud import fence
from amlmigrate.leasing import keeping
fence.KEPT_SECONDS, keeping.RENEW_SECONDS, keeping.AGAIN_SECONDS = 4.0, 1.0, 0.2
from amlmigrate.cli.main import main
main()
"""


def test_a_stopped_process_that_wakes_after_a_takeover_changes_nothing(planned: World) -> None:
    world = planned
    with under_way(world, [DELAYED], "run", "plans/one", "--jobs", "1", program=_HASTY) as first:
        first.until("step.doing", "environments/")
        first.signal(signal.SIGSTOP)
        BlobLeaseClient(blob(world)).break_lease(0)
        stolen = BlobLeaseClient(blob(world), str(uuid.uuid4()))
        stolen.acquire(60)
        time.sleep(4.5)
        since = world.now()
        first.signal(signal.SIGCONT)
        result = first.end()
    assert result.code == 5, result.out[-1000:]
    # Woken up, it sees that its time is over, or is told by the renewal that was due: whichever comes first.
    told = result.events[-1]["summary"]
    assert any(why in told for why in ("could not be renewed for 4 s", "somebody broke it, took it")), told
    assert changes(world, since) == []
    stolen.release()
    world.ok("run", "plans/one", "--resume")
    world.ok("verify", "plans/one")


def test_the_blob_is_no_content_and_what_is_named_like_it_is(world: World) -> None:
    """Neither in a target nor in a source that was a target once; and `decommission` takes it away."""
    like = {".aml-cmk-migrate-2/x", ".aml-cmk-migrate/lease-2", ".aml-cmk-migrate/lease/x", ".aml-cmk-migrate"}
    world.seed([], [{"container": "azureml-blobstore", "path": path, "bytes": 7} for path in (*like, LEASE)])
    # A version of its own for a folder that begins like it.
    uri = "azureml://datastores/workspaceblobstore/paths/.aml-cmk-migrate-2"
    world.put("data/d/versions/1", {"properties": {"dataType": "uri_folder", "dataUri": uri}})
    world.ok("plan", *world.names, "--unreferenced", "copy")
    header = world.plan_lines()[0]
    assert header["blobs"] == len(like)
    world.ok("run")
    assert set(world.blobs("target")) == like
    assert json.loads(blob(world).download_blob().readall()) == {"format": 1, "sequence": 1}, "not the source's"
    end = world.ok("verify", "--json").event("verify.end")
    assert end["green"] is True
    manifests = (world.folder / "plans" / world.source / "evidence").glob("*manifest*")
    lines = [json.loads(line) for one in manifests for line in one.read_text().splitlines()]
    assert len(lines) == 2 * len(like) and LEASE not in {line["path"] for line in lines}
    # Written since, it is no change of the target.
    blob(world).set_blob_metadata({"somebody": "else"})
    world.ok(*removal(world))
    with pytest.raises(ResourceNotFoundError):
        blob(world).get_blob_properties()
    # The one that the source has from the time when it was a target keeps none of its containers.
    gone = here(world, "--storage", "delete")
    assert gone.code == 0, gone.out[-1000:]
    with pytest.raises(ResourceNotFoundError):
        world.blobs("source")
