"""SIGINT and SIGTERM: a run drains, a second signal ends it at once, every other command ends at the first."""

from __future__ import annotations

import signal
import sqlite3
import time
from typing import Any

import pytest
from tests.acceptance.underway import UnderWay, under_way
from tests.acceptance.world import LEASE, World
from tests.builders import fault
from tests.builders.rows import blob, data

ARM, BLOB = r"management\.azure\.com", r"\.blob\."
ENVIRONMENT = {"method": "PUT", "host": ARM, "path": "/environments/"}
# Far below what a call that hangs takes to be given up, and enough for a busy machine.
AT_ONCE = 15.0
MANY = 100


def _told(command: UnderWay) -> dict[str, Any]:
    result = command.end(AT_ONCE)
    assert result.code == 130, (result.code, result.out[-1000:], result.err[-2000:])
    assert "Traceback" not in result.err
    return result.events[-1]


def test_a_signal_drains_and_says_so(small_world: World) -> None:
    world = small_world
    world.ok("plan", *world.names)
    rule = fault(**ENVIRONMENT, delay=1.5)
    with under_way(world, [rule], "run", "--jobs", "1", installed=True) as command:
        command.until("step.doing", "environments/py/1")
        command.signal(signal.SIGTERM)
        assert command.until("run.stopping")["steps"] == 1
        result = command.end()
    assert result.code == 130, result.out
    doing = {event["address"] for event in result.events if event["event"] == "step.doing"}
    assert doing == {event["address"] for event in result.events if event["event"] == "step.done"}
    assert "--resume" in result.events[-1]["next"]
    world.ok("run", "--resume")
    world.ok("verify")


def test_a_signal_ends_a_copy_with_the_blobs_under_way(world: World) -> None:
    world.seed([data("d", "d")], [blob(f"d/{n:03}") for n in range(MANY)])
    world.ok("plan", *world.names)
    since = world.now()
    rule = fault("PUT", host=BLOB, times=0, delay=1)
    with under_way(world, [rule], "run") as command:
        command.until("step.doing", "blobs/")
        while not _copied(world, since):
            time.sleep(0.1)
        command.signal(signal.SIGINT)
        command.until("run.stopping")
        event = _told(command)
    # The asset, and its name, wait for its bytes.
    assert event["event"] == "run.end" and event["items"]["remaining"] == 3
    # What was under way has arrived and is known to be the tool's own; the rest was not begun.
    copied = set(world.blobs("target"))
    assert 0 < len(copied) < MANY
    with sqlite3.connect(world.folder / "plans" / world.source / "ledger.db") as db:
        assert {path for (path,) in db.execute("SELECT path FROM blobs WHERE target_etag != ''")} == copied
    db.close()
    world.ok("run", "--resume")
    assert sorted(_copied(world, since)) == sorted(world.blobs("source"))
    world.ok("verify")


def _copied(world: World, since: str) -> list[str]:
    rows = [
        row
        for row in world.log(since)
        if row["method"] == "PUT"
        and row["host"].startswith(world.account("target"))
        and not row["path"].endswith(LEASE)
    ]
    return [row["path"].split("/", 2)[2] for row in rows]


def test_two_signals_stop_at_once(small_world: World) -> None:
    world = small_world
    world.ok("plan", *world.names)
    more: list[str] = []
    for first, second, waits in ((signal.SIGINT, signal.SIGINT, True), (signal.SIGTERM, signal.SIGINT, False)):
        with under_way(world, [fault(**ENVIRONMENT, hang="before")], "run", "--jobs", "1", *more) as command:
            command.until("step.doing", "environments/py/1")
            command.signal(first)
            if waits:
                command.until("run.stopping")
                time.sleep(0.5)
            command.signal(second)
            event = _told(command)
        assert event["event"] == "error" and event["exit_code"] == 130
        assert "--resume" in event["remedy"]
        more = ["--resume"]
    world.ok("run", "--resume")
    world.ok("verify", "--depth", "metadata")


@pytest.mark.parametrize(
    ("number", "arguments", "rule", "event"),
    [
        (signal.SIGTERM, ["plan"], {"method": "GET", "host": ARM, "path": "/computes"}, "inventory.kind"),
        (signal.SIGINT, ["verify"], {"method": "GET", "host": BLOB, "path": "/m/1/a$"}, "verify.start"),
    ],
)  # fmt: skip
def test_another_command_ends_at_the_first(
    moved_world: World, number: int, arguments: list[str], rule: dict[str, Any], event: str
) -> None:
    world = moved_world
    more = [*world.names, "--out", "plans/cut-off"] if arguments == ["plan"] else [f"plans/{world.source}"]
    with under_way(world, [fault(**rule, times=0, hang="before")], *arguments, *more) as command:
        command.until(event)
        time.sleep(0.5)
        command.signal(number)
        told = _told(command)
    assert told["event"] == "error" and told["exit_code"] == 130 and "same command again" in told["remedy"]
    assert not (world.folder / "plans" / "cut-off").exists()
    world.ok("verify", f"plans/{world.source}", "--depth", "metadata")


def test_a_run_that_has_not_begun_its_steps_ends_at_the_first(small_world: World) -> None:
    world = small_world
    world.ok("plan", *world.names)
    rule = fault("GET", "/computes", host=ARM, times=0, hang="before")
    with under_way(world, [rule], "run") as command:
        while not _locked(world):
            time.sleep(0.1)
        # A third one is for what hangs while it cleans up; here it must do no harm.
        command.signal(signal.SIGTERM, signal.SIGINT)
        assert _told(command)["exit_code"] == 130
    assert not _locked(world)
    world.ok("run")


def _locked(world: World) -> bool:
    path = world.folder / "plans" / world.source / "ledger.db"
    if not path.exists():
        return False
    db = sqlite3.connect(path)
    try:
        return bool(db.execute("SELECT 1 FROM lock").fetchone())
    except sqlite3.Error:
        return False
    finally:
        db.close()
