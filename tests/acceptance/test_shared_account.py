"""Two real workspaces keep their bytes in one account: what is the other's is told, and never copied."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.acceptance.world import World, make_world, seed_small

from azsandbox import provision
from azsandbox.seed import CODE_SHARE, Seeder


def _neighbour(world: World) -> World:
    """A second workspace in the source's account; `source` of what comes back."""
    group = world.documents["source"]["id"].partition("/providers/")[0]

    def work(client: Any) -> Any:
        return provision.workspace(
            client,
            group,
            "theirs",
            storage_id=world.storage_id("source"),
            vault_id=world.documents["source"]["properties"]["keyVault"],
        )

    made = world.azure(work)
    return replace(world, source="theirs", documents={**world.documents, "source": made})


def _job(world: World, name: str) -> None:
    """A job that wrote an output into the container that both have."""
    environment = f"{world.documents['source']['id']}/environments/py/versions/1"
    job = {"jobType": "Command", "command": "true", "environmentId": environment, "experimentName": "e"}
    world.put(f"jobs/{name}", {"properties": job})
    world.has_run(name)
    path = f"ExperimentRun/dcid.{name}/outputs/{world.source}.txt"
    world.seed([], [{"container": "azureml", "path": path, "bytes": 9}])


def _notebooks(world: World) -> None:
    """In the share that has one name in every account."""

    async def work(client: Any) -> None:
        seeder = await Seeder.of(client, world.documents["source"]["id"])
        await seeder.files([{"share": CODE_SHARE, "path": f"Users/{world.source}/x.ipynb", "bytes": 3}])

    world.azure(work)


def test_what_is_a_neighbours_is_told_and_never_copied(sandbox: Any, tmp_path: Any) -> None:
    world = seed_small(make_world(sandbox, tmp_path))
    theirs = seed_small(_neighbour(world))
    _job(world, "ours")
    _job(theirs, "theirs")
    # Theirs: in their own container, beside their assets, behind a datastore of theirs, in what both have.
    theirs.seed(
        [
            {
                "kind": "datastores",
                "name": "reports",
                "properties": {
                    "datastoreType": "AzureBlob",
                    "accountName": world.account("source"),
                    "containerName": "reports",
                    "endpoint": "core.windows.net",
                    "protocol": "https",
                    "credentials": {"credentialsType": "None"},
                },
            }
        ],
        [
            {"container": "azureml-blobstore", "path": "theirs/loose", "bytes": 7},
            {"container": "reports", "path": "theirs.csv", "bytes": 7},
            {"container": "azureml", "path": "theirs/of-nobody", "bytes": 7},
            {"container": "snapshotzips", "path": "theirs.zip", "bytes": 7},
        ],
    )
    world.seed([], [{"container": "azureml-blobstore", "path": "ours/loose", "bytes": 5}])
    _notebooks(theirs)
    world.ok("plan", *world.names, "--unreferenced", "copy", "--json")

    header, *steps = world.plan_lines()
    [told] = [one for one in header["findings"] if one["address"].endswith("!account-of-others")]
    assert "workspaces/theirs" in told["summary"]
    by = {step["address"]: step for step in steps if step["record"] == "step"}
    assert not [name for name in by if theirs.container("source") in name]
    for left in ("blobs/reports", "blobs/snapshotzips", "blobs/azureml"):
        assert by[left]["action"] == "manual" and "workspaces/theirs" in by[left]["reason"], by.get(left)
    # The line that a person is given takes what is named alone.
    by_hand = world.folder / "plans" / world.source / "by-hand"
    for file in ("blobs/azureml.yaml", f"shares/{CODE_SHARE}.yaml"):
        told = (by_hand / file).read_text()
        assert '--include-path "${PATHS:?}"' in told and "others" in told.partition("definition:")[0], told
    assert "workspaces/theirs" in by[f"shares/{CODE_SHARE}"]["reason"]
    world.migrate("run")
    arrived = {path for name in (None, "azureml") for path in world.blobs("target", name)}
    assert {"ours/loose", "ExperimentRun/dcid.ours/outputs/" + world.source + ".txt", "m/1/a"} <= arrived
    assert not [path for path in arrived if "theirs" in path], arrived
