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
    world.ok("run", "plans/data")
    assert moved in world.blobs("target")


def _data(name: str, uri: str, kind: str = "uri_folder") -> dict[str, object]:
    return {"kind": "data", "name": name, "version": "1", "properties": {"dataType": kind, "dataUri": uri}}


def test_what_cannot_move_with_an_asset_is_said_of_it(world: World) -> None:
    path = world.documents["source"]["id"].replace("/providers/Microsoft.MachineLearningServices", "")
    old = f"azureml:/{path}/datastores/workspaceblobstore/paths"
    world.seed(
        [
            _data("notebook", "azureml://datastores/workspacefilestore/paths/Users/me/x.csv", "uri_file"),
            _data("log", f"{STORE}/log"),
            _data("root", f"{STORE}"),
            _data("latin", f"{STORE}/latin", "mltable"),
            _data("wide", f"{STORE}/wide", "mltable"),
            {
                "kind": "datastores",
                "name": "mine",
                "properties": {
                    "datastoreType": "AzureBlob",
                    "accountName": world.account("source"),
                    "containerName": "mine",
                    "credentials": {"credentialsType": "None"},
                },
            },
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
        ("blocks", "notebook/1"),
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


def test_two_plans_for_one_name_do_not_change_what_its_label_means(small_world: World) -> None:
    world = small_world
    world.ok(
        "plan", *world.names, "--out", "plans/new", "--select", "models/m/2", "--select", "c*", "--exclude", "e*"
    )
    [warning] = world.asset_findings("new")
    assert warning["address"] == "components/c/1!reference-left" and "environments/py/1" in warning["summary"]
    # All that was asked for is moved; what it refers to is open until somebody has let it go.
    assert world.migrate("run", "plans/new").code == 3

    world.ok("plan", *world.names, "--out", "plans/rest")
    [error] = world.asset_findings("rest")
    assert (error["severity"], error["address"]) == ("error", "models/m/2!latest-overtaken")
    assert world.migrate("run", "plans/rest").code == 4
    assert world.get("models/m")["properties"]["latestVersion"] == "2"


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
