"""Each line of the exit-code table, with what a person reads."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
from pathlib import Path

import pytest
from tests.acceptance.world import MIGRATE, World, make_world, seed_small


def _plan_file(world: World) -> Path:
    return world.folder / "plans" / world.source / "plan.jsonl"


def _refused(world: World, code: int, *arguments: str, says: tuple[str, ...], **env: str) -> str:
    result = world.migrate(*arguments, **env)
    assert result.code == code, (result.code, result.out, result.err)
    assert "Traceback" not in result.err
    for words in says:
        assert words in result.err, result.err
    return result.err


@pytest.fixture(scope="module")
def planned(sandbox: object, tmp_path_factory: pytest.TempPathFactory) -> World:
    """One for a module: a plan that was made and not run."""
    world = seed_small(make_world(sandbox, tmp_path_factory.mktemp("planned")))
    world.ok("plan", *world.names)
    return world


@pytest.fixture
def copy(planned: World, tmp_path: Path) -> World:
    """The plan in a folder of the test's own."""
    shutil.copytree(planned.folder / "plans", tmp_path / "plans")
    return World(planned.env, tmp_path, planned.group, planned.source, planned.target, planned.documents)


@pytest.mark.parametrize(
    "arguments",
    [("fly",), ("plan",), ("plan", "--source", "a/b"), ("run", "--jobs", "many"), ("waive",), ("decommission", "x"),
     ("verify", "--depth", "deep"), ("show", "a", "b")],
)  # fmt: skip
def test_wrong_arguments_are_2(planned: World, arguments: tuple[str, ...]) -> None:
    assert planned.migrate(*arguments).code == 2


def test_unknown_things_are_2(planned: World) -> None:
    world, group = planned, planned.group
    _refused(world, 2, "plan", "--source", f"{group}/none", "--target", f"{group}/{world.target}",
             says=("no workspace", f"{group}/none"))  # fmt: skip
    _refused(
        world, 2, "plan", "--source", "oops", "--target", "x/y", says=("'oops' is not a workspace", "GROUP/NAME")
    )
    one = f"{group}/{world.source}"
    _refused(world, 2, "plan", "--source", one, "--target", one.upper(), says=("are one workspace",))
    _refused(
        world, 2, "plan", *world.names, "--out", f"plans/{world.source}", says=("a plan in this folder", "--out")
    )
    _refused(world, 2, "run", "nowhere", says=("no plan in 'nowhere'",))
    _refused(world, 2, "verify", says=("nothing was run yet", "migrate run"))
    _refused(world, 2, "waive", "models/none/1", "--reason", "x", says=("no item 'models/none/1'",))
    _refused(world, 2, "waive", "models/*", "--reason", "x", says=("globs are refused",))
    _refused(world, 2, "waive", "jobs", "--reason", " ", says=("needs a reason",))
    _refused(world, 2, "plan", *world.names, "--cloud", "Mars", says=("'Mars' is not a cloud", "AzureCloud"))


def test_several_plans_are_2_with_their_list(copy: World) -> None:
    shutil.copytree(copy.folder / "plans" / copy.source, copy.folder / "plans" / "other")
    _refused(copy, 2, "show", says=("several plans", "plans/other", f"plans/{copy.source}"))
    shutil.rmtree(copy.folder / "plans")
    _refused(copy, 2, "show", says=("no plan below plans/", "migrate plan"))


def test_a_plan_edited_by_one_character_is_2(copy: World) -> None:
    path = _plan_file(copy)
    path.write_text(path.read_text().replace("mcr.microsoft.com", "mcr.microsoft.con", 1))
    _refused(copy, 2, "run", says=("checksum does not match", "never edited"))


def test_workspaces_made_anew_are_others(small_world: World) -> None:
    world = small_world
    world.ok("plan", *world.names)
    document = world.documents["target"]
    base = document["id"]
    world.arm("DELETE", f"{base}?forceToPurge=true", "2025-12-01")
    keys = (
        "storageAccount",
        "keyVault",
        "encryption",
        "enableServiceSideCMKEncryption",
        "primaryUserAssignedIdentity",
    )
    body = {"location": document["location"], "identity": document["identity"],
            "properties": {key: document["properties"][key] for key in keys if key in document["properties"]}}  # fmt: skip
    world.arm("PUT", base, "2025-12-01", body)
    _refused(world, 2, "run", says=("is not the workspace that the plan was made for", "make a new plan"))


def test_source_and_target_exchanged_are_4(planned: World) -> None:
    old, new = (f"{planned.group}/{name}" for name in (planned.source, planned.target))
    says = ("are exchanged", f"--source {old} --target {new}")
    _refused(planned, 4, "plan", "--source", new, "--target", old, "--out", "plans/x", says=says)
    assert not (planned.folder / "plans" / "x").exists()


def test_a_target_without_a_customers_key_is_4(planned: World) -> None:
    world, name = planned, f"bare{planned.group}"
    document = world.documents["source"]
    stores = {key: document["properties"][key] for key in ("storageAccount", "keyVault")}
    body = {"location": document["location"], "identity": {"type": "SystemAssigned"}, "properties": stores}
    base = document["id"].rsplit("/", 1)[0]
    world.arm("PUT", f"{base}/{name}", "2025-12-01", body)
    both = ("--source", f"{world.group}/{world.source}", "--target", f"{world.group}/{name}")
    result = world.migrate("plan", *both, "--out", "elsewhere/bare")
    assert result.code == 0 and "not under a customer's key" in result.out
    _refused(world, 4, "run", "elsewhere/bare", says=("has errors", "create a workspace with a customer's key"))


def test_a_lock_is_5(copy: World) -> None:
    assert copy.migrate("run", "--dry-run").code == 0
    with sqlite3.connect(_plan_file(copy).parent / "ledger.db") as db:
        db.execute(
            "INSERT INTO lock (one, host, pid, heartbeat) VALUES (1, 'elsewhere', 42, '2026-01-01T00:00:00+00:00')"
        )
    _refused(copy, 5, "run", says=("process 42 on elsewhere", "--force-unlock"))
    # Whoever holds the plan holds it against its removal too.
    removal = ("decommission", f"plans/{copy.source}", "--confirm", f"{copy.group}/{copy.source}", "--dry-run")
    _refused(copy, 5, *removal, says=("process 42 on elsewhere", "--force-unlock"))
    assert copy.migrate(*removal, "--force-unlock").code == 4, "there is no evidence"
    with sqlite3.connect(_plan_file(copy).parent / "ledger.db") as db:
        assert db.execute("SELECT count(*) FROM lock").fetchone() == (0,)


def test_a_refused_identity_is_6(planned: World) -> None:
    says = ("gave no token", "AADSTS7000215", "AZURE_CLIENT_SECRET")
    _refused(planned, 6, "plan", *planned.names, "--out", "plans/x", says=says, AZURE_CLIENT_SECRET="wrong")
    _refused(planned, 6, "scan", says=says, AZURE_CLIENT_SECRET="wrong")


def test_azure_out_of_reach_is_1(planned: World) -> None:
    _refused(planned, 1, "plan", *planned.names, "--out", "plans/y", says=("got no answer", "network"),
             HTTPS_PROXY="http://127.0.0.1:9", https_proxy="http://127.0.0.1:9")  # fmt: skip


def test_a_folder_that_cannot_be_written_says_so(planned: World, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    _refused(planned, 2, "plan", *planned.names, "--out", str(blocked / "p"), says=("cannot be written", "--out"))


def test_a_full_disk_says_so_and_leaves_no_plan(planned: World, tmp_path: Path) -> None:
    # A limit on the size of files stands in for a disk that is full: the write fails in the same place.
    out = tmp_path / "full"
    done = subprocess.run(
        [
            "bash",
            "-c",
            'ulimit -f 2; trap "" XFSZ; exec "$0" "$@"',
            str(MIGRATE),
            "plan",
            *planned.names,
            "--out",
            str(out),
        ],
        env={**os.environ, **planned.env},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2 and "cannot be written" in done.stderr, done.stderr
    assert not (out / "plan.jsonl").exists()


@pytest.mark.parametrize("kind", ["Hub", "Project"])
def test_other_kinds_of_workspaces_are_refused(planned: World, kind: str) -> None:
    base, name = planned.documents["source"]["id"].rsplit("/", 1)[0], f"{kind.lower()}{planned.group}"
    stores = {key: planned.documents["source"]["properties"][key] for key in ("storageAccount", "keyVault")}

    def put(name: str, kind: str, properties: dict[str, str]) -> None:
        body = {
            "location": "eastus2",
            "kind": kind,
            "identity": {"type": "SystemAssigned"},
            "properties": properties,
        }
        planned.arm("PUT", f"{base}/{name}", "2025-12-01", body)

    if kind == "Project":
        put(f"over{name}", "Hub", stores)
        stores = {"hubResourceId": f"{base}/over{name}"}
    put(name, kind, stores)
    names = ("--source", f"{planned.group}/{name}", "--target", f"{planned.group}/{planned.target}")
    _refused(planned, 2, "plan", *names, "--out", f"plans/{name}", says=(f"is of kind {kind}", "plain workspaces"))


def test_errors_for_machines(planned: World) -> None:
    result = planned.migrate("show", "nowhere", "--json")
    [error] = result.events
    assert error["event"] == "error" and error["exit_code"] == 2 and error["remedy"]
    assert json.dumps(error)
