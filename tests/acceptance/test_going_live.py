"""A schedule and a connection go the whole way: plan, run, verify, cutover, back, once more, and the source goes.

What was never enabled on both sides, and what the source is after `--back`, is judged by the local Azure's own log and
documents.
"""

from __future__ import annotations

import shutil
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance import alone
from tests.acceptance.removing import decommission, refused
from tests.acceptance.world import VERSION, World, make_world, seed_small
from tests.builders import fault

sandbox = alone.sandbox

NIGHTLY, OFF, THEIRS, GIT = "schedules/nightly", "schedules/off", "schedules/theirs", "connections/git"
SECRET, KEY, SIGNATURE = "TOP-SECRET-PAT-1", "TOPSECRETKEY2abcdefghijklmnopqrs==", "TOP-SECRET-SIG-3"


def _schedule(world: World, path: str, *, enabled: bool, **job: Any) -> None:
    home = world.documents["source"]["id"]
    definition = {
        "jobType": "Command",
        "command": "true",
        "environmentId": f"{home}/environments/py/versions/1",
        "experimentName": "night",
        **job,
    }
    trigger = {"triggerType": "Recurrence", "frequency": "Day", "interval": 2, "timeZone": "UTC"}
    properties = {
        "displayName": "Every other night",
        "description": f"AccountKey={KEY}",
        "isEnabled": enabled,
        "trigger": {**trigger, "startTime": "2026-01-01T03:00:00", "schedule": {"hours": [3], "minutes": [15]}},
        "action": {"actionType": "CreateJob", "jobDefinition": definition},
    }
    world.put(path, {"properties": properties})
    while world.get(path, of="source")["properties"]["provisioningState"] != "Succeeded":
        pass


def _state(world: World, which: str) -> dict[str, bool]:
    """Which schedules of a workspace are enabled, by the local Azure."""
    names = ("nightly", "off", "theirs")
    return {name: world.get(f"schedules/{name}", of=which)["properties"]["isEnabled"] for name in names}


def _documents(world: World) -> dict[str, Any]:
    """What the source's schedules are, but for when they were written."""
    return {path: world.get(path, of="source")["properties"] for path in (NIGHTLY, OFF, THEIRS)}


def _puts(world: World, since: str) -> list[tuple[str, str]]:
    """Which schedules were written since, and on which side, in order."""
    return [
        ("source" if f"/workspaces/{world.source}/" in row["path"] else "target", row["path"].rpartition("/")[2])
        for row in world.log(since)
        if row["method"] == "PUT" and "/schedules/" in row["path"] and row["status"] == 201
    ]


@pytest.fixture(scope="module")
def moved(sandbox: Any, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Moved and verified."""
    world = seed_small(make_world(sandbox, tmp_path_factory.mktemp("live")))
    _schedule(world, NIGHTLY, enabled=True)
    _schedule(world, OFF, enabled=False)
    _schedule(world, THEIRS, enabled=True, identity={"identityType": "UserIdentity"})
    credentials = {"authType": "PAT", "credentials": {"pat": SECRET}}
    target = {"category": "Git", "target": f"https://example.com/x.git?sig={SIGNATURE}", "isSharedToAll": True}
    world.put(GIT, {"properties": {**credentials, **target, "metadata": {"owner": "risk"}}})
    world.ok("plan", *world.names)
    world.ok("run")
    world.ok("verify")
    return world


def _cutover(world: World, *more: str) -> Any:
    return world.migrate("cutover", f"plans/{world.source}", "--json", "--unfrozen", "a test", *more)


def _secret_is_nowhere(folder: Path) -> None:
    for path in folder.rglob("*"):
        data = path.read_bytes() if path.is_file() else b""
        assert not [one for one in (SECRET, KEY, SIGNATURE) if one.encode() in data], path


def test_everything_is_made_and_nothing_is_enabled(moved: World) -> None:
    assert _state(moved, "target") == {"nightly": False, "off": False, "theirs": False}
    assert _state(moved, "source") == {"nightly": True, "off": False, "theirs": True}
    source, target = (moved.get(NIGHTLY, of=of)["properties"] for of in ("source", "target"))
    assert target["trigger"] == source["trigger"]
    new = moved.documents["target"]["id"]
    assert target["action"]["jobDefinition"]["environmentId"] == f"{new}/environments/py/versions/1"
    url = f"{moved.documents['target']['id']}/{GIT}/listsecrets"
    assert moved.arm("POST", url, VERSION)["properties"]["credentials"] == {"pat": SECRET}
    made = moved.get(GIT)["properties"]
    assert (made["metadata"], made["target"].endswith(f"?sig={SIGNATURE}")) == ({"owner": "risk"}, True)
    assert target["description"] == source["description"] == f"AccountKey={KEY}"
    _secret_is_nowhere(moved.folder)
    steps = {line["address"]: line for line in moved.plan_lines() if "address" in line}
    assert steps[f"{NIGHTLY}#enable"]["stage"] == steps[f"{THEIRS}#enable"]["stage"] == "cutover"
    assert (
        steps[f"{THEIRS}#enable"]["action"] == "manual"
        and "its owner has to save it" in steps[f"{THEIRS}#enable"]["reason"]
    )
    assert f"{OFF}#enable" not in steps


def test_the_gate_asks_for_a_cutover(moved: World) -> None:
    told = refused(moved, "--dry-run")
    assert [one for one in told if one.startswith(f"{NIGHTLY}#enable is left for the cutover")]
    assert f"{NIGHTLY} is an enabled schedule." in told


def test_it_goes_live_comes_back_goes_live_again_and_the_source_is_removed(moved: World) -> None:
    world, before = moved, _documents(moved)
    assert _cutover(world, "--dry-run").event("cutover.dry")["stops"] == [NIGHTLY, THEIRS]
    assert _documents(world) == before
    # Killed between the two sides: nothing is enabled on both, and the same command goes on.
    since = world.now()
    rule = fault("PUT", f"/{world.target}/{NIGHTLY}", kill="before")
    killed = world.with_faults([rule], "cutover", f"plans/{world.source}", "--unfrozen", "a test")
    assert killed.code == -signal.SIGKILL
    assert _state(world, "source") == _state(world, "target") == dict.fromkeys(("nightly", "off", "theirs"), False)
    assert world.migrate("verify").code == 4 and world.migrate("run", "--resume").code == 4
    # A plan that is made meanwhile lowers nothing, and takes what stands for nobody's wish.
    _plans_nothing(world, "half", {f"{NIGHTLY}#enable": "update"})
    done = _cutover(world)
    # One is left to its owner.
    assert done.code == 3 and done.event("cutover.end")["left"] == [f"{THEIRS}#enable"]
    assert _puts(world, since) == [("source", "nightly"), ("source", "theirs"), ("target", "nightly")]
    assert _state(world, "target") == {"nightly": True, "off": False, "theirs": False}
    again = world.now()
    assert _cutover(world).code == 3 and _puts(world, again) == []
    _plans_nothing(world, "stands", {})
    # What its users disable there is theirs.
    ran = world.get(NIGHTLY, of="target")["properties"]
    world.put(NIGHTLY, {"properties": {**ran, "isEnabled": False}}, into="target")
    _plans_nothing(world, "theirs", {f"{NIGHTLY}#enable": "conflict"})
    world.put(NIGHTLY, {"properties": ran}, into="target")
    assert world.ok("verify", "--json").event("verify.end")["green"] is True
    # Back: the target's first, and the source is what it was.
    since = world.now()
    back = world.migrate("cutover", f"plans/{world.source}", "--back", "--json")
    assert back.code == 0, (back.out, back.err)
    assert _puts(world, since) == [("target", "nightly"), ("source", "nightly"), ("source", "theirs")]
    assert _documents(world) == before
    assert _state(world, "target") == {"nightly": False, "off": False, "theirs": False}
    again = world.now()
    assert world.migrate("cutover", f"plans/{world.source}", "--back").code == 0 and _puts(world, again) == []
    assert world.ok("verify", "--depth", "sdk", "--json").event("verify.end")["differences"] == []
    # Once more, and its owner saves the other one.
    assert _cutover(world).code == 3
    saved = world.get(THEIRS)["properties"]
    world.put(THEIRS, {"properties": {**saved, "isEnabled": True}}, into="target")
    world.ok("done", f"{THEIRS}#enable", "--reason", "saved by its owner", f"plans/{world.source}")
    assert _cutover(world).code == 0
    world.ok("verify")
    gone = decommission(world)
    assert gone.code == 0, (gone.out, gone.err)
    assert world.status("source") == 404
    assert _state(world, "target") == {"nightly": True, "off": False, "theirs": True}
    _secret_is_nowhere(world.folder)


OFTEN = "schedules/often"
# The job of each run goes on until somebody cancels it.
ENDLESS = {"jobType": "Command", "command": "sleep infinity", "experimentName": "often"}


def _of(world: World, person: dict[str, str]) -> World:
    """The same to somebody else."""
    return replace(world, env={**world.env, **person})


def _save(person: World, which: str, **more: Any) -> None:
    """Somebody writes the schedule that fires often."""
    home = person.documents[which]["id"]
    job = {**ENDLESS, "environmentId": f"{home}/environments/py/versions/1"}
    cron = {
        "triggerType": "Cron",
        "expression": "*/5 * * * *",
        "timeZone": "UTC",
        "startTime": "2026-01-01T00:00:00",
    }
    action = {"actionType": "CreateJob", "jobDefinition": job}
    person.put(OFTEN, {"properties": {"isEnabled": True, "trigger": cron, "action": action, **more}}, into=which)
    while person.get(OFTEN, of=which)["properties"]["provisioningState"] != "Succeeded":
        pass


def _fires(world: World, which: str) -> str:
    """The job of one run more."""
    made = world.arm("POST", f"{world.documents[which]['id']}/{OFTEN}/trigger", VERSION, {})
    return str(made["submissionId"])


def _cancel(world: World, job: str) -> None:
    world.arm("POST", f"{world.documents['source']['id']}/jobs/{job}/cancel", VERSION)
    while world.get(f"jobs/{job}", of="source")["properties"]["status"] != "Canceled":
        pass


def _enabled(world: World) -> tuple[bool, bool]:
    """Whether it is enabled in the source, and in the target."""
    return tuple(world.get(OFTEN, of=which)["properties"]["isEnabled"] for which in ("source", "target"))  # type: ignore[return-value] - two of them


def _never_both(world: World, since: str) -> None:
    """By the local Azure's log: what each write of the schedule made of it, one side after the other."""
    rows = [row for row in world.log(since) if row["method"] == "PUT" and row["path"].endswith(f"/{OFTEN}")]
    sides = ["source" if f"/workspaces/{world.source}/" in row["path"] else "target" for row in rows]
    assert all(row["status"] == 201 for row in rows) and sides == sorted(sides), sides


@pytest.fixture
def often(sandbox: Any, tmp_path: Path) -> tuple[World, World]:
    """A workspace with a schedule that always has a job running, moved; and its owner."""
    world = seed_small(make_world(sandbox, tmp_path))
    owner = _of(world, world.principal("owner", has_roles=True)[1])
    _save(owner, "source", tags={"team": "risk"})
    world.ok("plan", *world.names)
    world.ok("run")
    return world, owner


def test_one_that_fires_often_is_stopped_first_and_its_difference_is_cut_over(often: tuple[World, World]) -> None:
    world, _ = often
    job = _fires(world, "source")
    plan, later = f"plans/{world.source}", f"plans/{world.source}-2"
    since = world.now()
    told = _cutover(world)
    assert told.code == 4 and "with --stop" in told.event("error")["remedy"]
    assert [one for one in told.event("error")["reasons"] if one == f"1 job is running: {job}."]
    assert _enabled(world) == (True, False)
    assert world.ok("cutover", plan, "--stop", "--dry-run", "--json").event("cutover.stop.dry")["stopped"] == [
        OFTEN
    ]
    assert _puts(world, since) == []
    # Nothing new comes from here on; what runs is told until it has ended, and nothing is written again.
    stopped = world.migrate("cutover", plan, "--stop", "--json")
    assert stopped.code == 3 and stopped.event("cutover.stop")["running"] == [f"1 job is running: {job}."]
    assert _enabled(world) == (False, False) and _puts(world, since) == [("source", "often")]
    _cancel(world, job)
    assert world.ok("cutover", plan, "--stop", "--json").event("cutover.stop")["stopped"] == []
    assert world.migrate("status", plan, "--json").event("status")["stages"]["cutting_over"]
    # The difference, with the job that ran; it is not taken for a wish that it is disabled.
    world.ok("plan", *world.names)
    assert world.migrate("run", later).code == 3
    world.ok("waive", "jobs", later, "--reason", "its lines are kept")
    world.ok("verify", later)
    done = world.migrate("cutover", later, "--unfrozen", "a test", "--json")
    assert done.code == 0 and done.event("cutover.end")["started"] == [f"{OFTEN}#enable"], (done.out, done.err)
    assert _puts(world, since) == [("source", "often"), ("target", "often")] and _enabled(world) == (False, True)
    _never_both(world, since)
    # What the first plan stopped is the second's by now: that one alone sets it back, the target's first.
    assert world.migrate("cutover", plan, "--back").code == 4 and _enabled(world) == (False, True)
    world.ok("cutover", later, "--back")
    assert _puts(world, since)[2:] == [("target", "often"), ("source", "often")] and _enabled(world) == (
        True,
        False,
    )
    world.ok("cutover", plan, "--back")
    assert len(_puts(world, since)) == 4 and _enabled(world) == (True, False)


@pytest.mark.filterwarnings("ignore")
def test_between_cutover_and_removal_people_work_in_the_target(often: tuple[World, World], azure_env: Any) -> None:
    from azure.ai.ml import MLClient
    from azure.ai.ml.entities import Model
    from azure.identity import DefaultAzureCredential

    world, owner = often
    world.ok("verify")
    assert _cutover(world).code == 0
    plan = f"plans/{world.source}"
    told = world.ok("verify", "--json").event("verify.end")
    assert [one["what"] for one in told["since_cutover"]["changes"]] == ["no run seen"]
    assert "1 not seen to run yet" in told["text"]
    assert world.migrate("status", plan, "--json").event("status")["stages"]["cutover"]["not_run"] == [OFTEN]
    [unknown] = decommission(world, "--dry-run").event("decommission.dry")["not_known"]
    assert unknown == f"in whose name it works in the target: {OFTEN} (no run seen since the cutover)"
    # It runs in the name of who moved it, until its owner has saved it.
    _fires(world, "target")
    [reason] = refused(world, "--dry-run")
    assert reason.startswith(f"{OFTEN}!runs-as-operator: ")
    assert world.migrate("verify").code == 3
    assert world.migrate("status", plan, "--json").event("status")["stages"]["open"] == 1
    saved = world.get(OFTEN)["properties"]
    owner.put(OFTEN, {"properties": {**saved, "tags": {"team": "theirs"}}}, into="target")
    while world.get(OFTEN)["properties"]["provisioningState"] != "Succeeded":
        pass
    new = MLClient(
        DefaultAzureCredential(),
        world.env["AZURE_SUBSCRIPTION_ID"],
        world.group,
        world.target,
        enable_telemetry=False,
    )
    local = world.folder / "model.pkl"
    local.write_bytes(b"trained in the target")
    new.models.create_or_update(Model(name="m", version="3", path=str(local)))
    tagged = new.models.get("m", "1")
    tagged.tags = {**tagged.tags, "stage": "production"}
    new.models.create_or_update(tagged)
    new.models.archive("m", version="2")
    with world.container_client("target") as client:
        client.upload_blob("d/1", b"written over", overwrite=True)
        client.upload_blob("d/new", b"appended")
    assert new.schedules.trigger("often").job_name
    overwritten = f"blobs/{world.container('target')}/d/1!overwritten-since-cutover"
    # One of all this asks for a decision.
    assert world.migrate("verify").code == 3
    stands = {one.partition(": ")[0] for one in refused(world, "--dry-run")}
    assert stands == {overwritten, "The last verification is not green."}
    world.ok("waive", overwritten, plan, "--reason", "the team has written it anew")
    changes = world.ok("verify", "--json").event("verify.end")["since_cutover"]["changes"]
    what = {(one["address"], one["what"]) for one in changes}
    assert {("models/m/3", "added"), ("models/m/1", "changed"), ("models/m/2", "changed"), (OFTEN, "ran")} <= what
    gone = decommission(world)
    assert gone.code == 0, (gone.out, gone.err)
    assert world.status("source") == 404
    assert world.get("models/m/versions/1")["properties"]["tags"]["stage"] == "production"
    assert world.get(OFTEN)["properties"]["tags"] == {"team": "theirs"}


def _plans_nothing(world: World, name: str, wanted: dict[str, str]) -> None:
    """What a plan that is made now would write."""
    world.ok("plan", *world.names, "--out", f"plans/{name}")
    lines = world.plan_lines(name)[1:-1]
    shutil.rmtree(world.folder / "plans" / name)
    held = {
        line["address"]: line["action"] for line in lines if line["action"] in ("create", "update", "conflict")
    }
    assert {name: action for name, action in held.items() if name.startswith("schedules")} == wanted, held
