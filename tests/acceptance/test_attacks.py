"""What a source may hold to mislead a migration: exit codes and reports have to tell the truth all the same."""

from __future__ import annotations

from tests.acceptance.world import World

STORE = "azureml://datastores/workspaceblobstore/paths"


def _steps(world: World, name: str) -> dict[str, dict[str, object]]:
    return {line["address"]: line for line in world.plan_lines(name) if line["record"] == "step"}


def test_an_asset_over_the_whole_container_leaves_the_uploaded_code_alone(world: World) -> None:
    uploads = f"{world.documents['source']['properties']['workspaceId']}-75avca01seto0cmc7jp5v00x53"
    with world.container_client("source", uploads) as client:
        client.create_container()
        client.upload_blob("src/train.py", b"print()")
    url = f"https://{world.account('source')}.blob.core.windows.net/{uploads}/src"
    world.seed(
        [
            {"kind": "codes", "name": "c", "version": "1", "properties": {"codeUri": url}},
            {
                "kind": "data",
                "name": "all",
                "version": "1",
                "properties": {"dataType": "uri_folder", "dataUri": f"{STORE}/"},
            },
        ],
        [{"container": "azureml-blobstore", "path": "a", "bytes": 10}],
    )
    world.ok("plan", *world.names)
    world.ok("run")
    world.ok("verify")
    moved = "migrated-code/75avca01seto0cmc7jp5v00x53/src/train.py"
    assert world.blobs("target").keys() == {"a", moved}

    # A later plan without the code finds the first plan's copy of it, which is none of its own that is gone.
    world.ok("plan", *world.names, "--out", "plans/data", "--select", "data/*")
    assert _steps(world, "data")[f"blobs/{world.container('source')}"]["action"] == "adopt"
    assert world.migrate("run", "plans/data").code == 3, "the code's container is left to do by hand"
    assert moved in world.blobs("target")
