"""A move between accounts with a hierarchical namespace, whose directories are listed as blobs."""

from __future__ import annotations

from tests.acceptance.world import World, seed_small

from amlmigrate.core.lease import PATH


def _hierarchical(world: World, which: str) -> None:
    path, version = world.storage_id(which), "2023-05-01"
    account = world.arm("GET", path, version)
    account["properties"]["isHnsEnabled"] = True
    world.arm("PUT", path, version, account)


def _names(world: World, which: str) -> set[str]:
    """What is listed, without tags, of which such an account has none."""
    with world.container_client(which) as client:
        return {name for name in client.list_blob_names() if name != PATH}


def test_directories_are_neither_copied_nor_too_many_and_access_lists_are_told(world: World) -> None:
    for which in ("source", "target"):
        _hierarchical(world, which)
    seed_small(world)
    world.seed([], [{"container": "azureml-blobstore", "path": "d/y/z/4", "bytes": 5}])
    files = ["d/1", "d/2", "d/x/3", "d/y/z/4", "m/1/a", "m/1/b", "m/2/a"]
    directories = {"d", "d/x", "d/y", "d/y/z", "m", "m/1", "m/2"}
    assert _names(world, "source") == {*files, *directories}
    world.ok("plan", *world.names)
    assert world.plan_lines()[0]["blobs"] == len(files)
    [told] = [one for one in world.asset_findings() if one["address"].endswith("!access-lists-left")]
    assert f"{len(directories)} directories" in told["summary"]
    world.ok("run")
    # The service made them anew, and the folder of the lease beside them.
    assert _names(world, "target") == {*files, *directories, ".aml-cmk-migrate"}
    end = world.ok("verify", "--json").event("verify.end")
    assert end["green"] is True and f"{len(files)} blobs" in end["text"]
