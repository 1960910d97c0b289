"""Two `migrate key rotate` at once: in one folder the second is kept out, from two machines both make a version."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from tests.acceptance import alone
from tests.acceptance.test_rotating import ROTATION, Keys, done
from tests.acceptance.world import Result, World, make_world
from tests.builders import fault

from azsandbox import Sandbox

sandbox = alone.sandbox
LOCKED = 5


@pytest.fixture
def dev(sandbox: Sandbox, tmp_path: Path) -> Keys:
    keys = Keys(make_world(sandbox, tmp_path))
    keys.tag("dev")
    return keys


def elsewhere(keys: Keys, folder: Path) -> Keys:
    """The same key, from another machine: a folder of its own."""
    folder.mkdir()
    return Keys(replace(keys.world, folder=folder))


def _until_called(world: World, since: str, method: str, end: str, running: Future[Result]) -> None:
    limit = time.monotonic() + 60
    while not any(row["method"] == method and row["path"].endswith(end) for row in world.log(since)):
        assert not running.done(), running.result().out
        assert time.monotonic() < limit
        time.sleep(0.1)


def test_a_second_one_in_one_folder_is_kept_out_and_changes_nothing(dev: Keys) -> None:
    # The first is past its new version and holds the folder for longer than another one waits for it.
    slow = fault(method="PATCH", path="/storageAccounts/", delay=25)
    since = dev.world.now()
    with dev.world.faults(slow), ThreadPoolExecutor(1) as pool:
        first = pool.submit(dev.of_key)
        _until_called(dev.world, since, "POST", "/create", first)
        second = dev.of_key("--rotation", "another")
        assert not first.done(), "it has to be at work still"
        refused = second.event("error")
        assert (second.code, "Another command is writing" in refused["summary"]) == (LOCKED, True), second.out
        assert refused["address"].endswith("keys")
        ended = done(first.result())
    # Nothing of the second is there, and what it was asked for is done when the folder is free.
    assert (ended["complete"], len(dev.versions())) == (True, 2)
    assert [one["plan"]["name"] for one in dev.reports()] == [ended["rotation"]]
    assert dev.world.migrate("evidence", "check", "--keys", "keys", "--json").code == 0
    assert done(dev.of_key("--rotation", "another"))["rotation"] == "another"
    assert len(dev.versions()) == 3


def test_two_machines_at_once_make_a_version_each_and_all_goes_over_to_the_newest(
    dev: Keys, tmp_path: Path
) -> None:
    other = elsewhere(dev, tmp_path / "other")
    # The one that comes first has its call held up on the way: it has looked before the other one's version is there.
    slow = fault(method="POST", path="/create$", host="vault", delay=15)
    since = dev.world.now()
    with dev.world.faults(slow), ThreadPoolExecutor(1) as pool:
        first = pool.submit(dev.of_key)
        reports = dev.world.folder / "keys" / "evidence"
        while not list(reports.glob("0001-*")):
            assert not first.done(), first.result().out
            time.sleep(0.05)
        # Its report of the beginning is written just before: the call comes next.
        time.sleep(3)
        second = done(other.of_key())
        assert not first.done(), "it has to be at work still"
        result = first.result()
    ended = done(result)
    old, early, late = dev.versions()
    # One id, derived on both machines: both versions bear it.
    assert ended["rotation"] == second["rotation"] == early["tags"][ROTATION] == late["tags"][ROTATION]
    assert (second["version"], ended["version"]) == (early["kid"], late["kid"])
    # The newest counts, and whoever finds the other one is told.
    warning = "2 versions bear the tag of this rotation"
    assert dev.named["keyIdentifier"] == dev.in_use() == late["kid"]
    assert warning in result.out
    again = other.of_key()
    assert (done(again)["changed"], done(again)["version"], warning in again.out) == (0, late["kid"], True)
    # Nothing is disabled, and no third version is made.
    assert all(one["attributes"]["enabled"] for one in (old, early, late))
    assert len([row for row in dev.writes(since) if row.endswith("/create")]) == 2
    for one in (dev, other):
        assert one.world.migrate("evidence", "check", "--keys", "keys", "--json").code == 0
