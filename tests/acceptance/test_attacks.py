"""What a source may hold to mislead a migration: exit codes and reports have to tell the truth all the same."""

from __future__ import annotations

from tests.acceptance.world import World
from tests.builders.rows import STORE, blob, data, row


def _steps(world: World, name: str) -> dict[str, dict[str, object]]:
    return {line["address"]: line for line in world.plan_lines(name) if line["record"] == "step"}


def test_an_asset_over_the_whole_container_leaves_the_uploaded_code_alone(world: World) -> None:
    uploads = f"{world.documents['source']['properties']['workspaceId']}-75avca01seto0cmc7jp5v00x53"
    with world.container_client("source", uploads) as client:
        client.create_container()
        client.upload_blob("src/train.py", b"print()")
    url = f"https://{world.account('source')}.blob.core.windows.net/{uploads}/src"
    world.seed([row("codes", "c", codeUri=url), data("all", f"{STORE}/")], [blob("a")])
    world.ok("plan", *world.names)
    world.ok("run")
    world.ok("verify")
    moved = "migrated-code/75avca01seto0cmc7jp5v00x53/src/train.py"
    assert world.blobs("target").keys() == {"a", moved}

    # A later plan without the code finds the first plan's copy of it, which is none of its own that is gone.
    world.ok("plan", *world.names, "--out", "plans/data", "--select", "data/*")
    assert _steps(world, "data")[f"blobs/{world.container('source')}"]["action"] == "adopt"
    world.ok("run", "plans/data")
    assert moved in world.blobs("target")


def test_what_cannot_move_with_an_asset_is_said_of_it(world: World) -> None:
    path = world.documents["source"]["id"].replace("/providers/Microsoft.MachineLearningServices", "")
    old = f"azureml:/{path}/datastores/workspaceblobstore/paths"
    world.seed(
        [
            data("notebook", "azureml://datastores/workspacefilestore/paths/Users/me/x.csv", "uri_file"),
            data("log", "log"),
            data("root", STORE),
            data("latin", "latin", "mltable"),
            data("wide", "wide", "mltable"),
            row(
                "datastores",
                "mine",
                None,
                datastoreType="AzureBlob",
                accountName=world.account("source"),
                containerName="mine",
                credentials={"credentialsType": "None"},
            ),
        ],
        [],
    )
    with world.container_client("source") as client:
        client.upload_blob("log/user_log", b"line\n", blob_type="AppendBlob")
        client.upload_blob("latin/MLTable", f"paths:\n  - folder: {old}/d\xe9\n".encode("latin-1"))
        client.upload_blob("wide/MLTable", f"paths:\n  - folder: {old}/d\n".encode("utf-16"))
    world.ok("plan", *world.names)
    found = {
        (finding["severity"], finding["address"].partition("/")[2].partition("!")[0])
        for finding in world.asset_findings()
    }
    assert found == {
        # What lies on a share moves; this one names what is not there.
        ("warning", "notebook/1"),
        ("warning", world.container("source")),
        ("warning", "mine"),
        ("error", "latin/1"),
        ("error", "wide/1"),
        # The container that it names whole holds both.
        ("error", "root/1"),
    }
    [copy] = [line for line in world.plan_lines() if line.get("action") == "copy"]
    assert copy["blobs"] == 3, "a path that ends with `paths` is the whole container"
    assert world.migrate("run").code == 4


def test_what_was_changed_in_the_target_is_not_put_back(small_world: World) -> None:
    world = small_world
    world.ok("plan", *world.names)
    world.ok("run")
    there = world.get("models/m/versions/1")["properties"]
    world.put("models/m/versions/1", {"properties": {**there, "tags": {"team": "ours"}}}, into="target")
    world.ok("plan", *world.names, "--out", "plans/again")
    step = _steps(world, "again")["models/m/1"]
    assert step["action"] == "conflict" and "changed in the target" in str(step["reason"])
    assert world.migrate("run", "plans/again").code == 4
    # Nor is it where the source changed as well.
    theirs = world.get("models/m/versions/1", of="source")["properties"]
    world.put("models/m/versions/1", {"properties": {**theirs, "tags": {"team": "theirs"}}})
    world.ok("plan", *world.names, "--out", "plans/third")
    step = _steps(world, "third")["models/m/1"]
    assert step["action"] == "conflict"
    assert "changed in the target" in str(step["reason"]) and "/properties/tags" in str(step["reason"])
    assert world.migrate("run", "plans/third").code == 4
    assert world.get("models/m/versions/1")["properties"]["tags"] == {"team": "ours"}
    # Put back to what the tool had made of it, it follows the source again.
    world.put("models/m/versions/1", {"properties": there}, into="target")
    world.ok("plan", *world.names, "--out", "plans/fourth")
    assert _steps(world, "fourth")["models/m/1"]["action"] == "update"
