"""How every item of a plan stands, and the map of ids."""

from __future__ import annotations

import csv
import itertools
from pathlib import Path

import pytest
from tests.builders.world import plan, step

from amlmigrate.core.address import Address
from amlmigrate.core.decision import Decision, DecisionVerb
from amlmigrate.core.plan import Action
from amlmigrate.core.state import State
from amlmigrate.ledger import Ledger
from amlmigrate.ledger import ledger as module
from amlmigrate.ledger.decision_subjects import of_step
from amlmigrate.ledger.files import FileError
from amlmigrate.ledger.items import eta_seconds, items, tally, write_idmap

PLAN = plan(
    step("models/m/1", reason="not in the target"),
    step("models/m/2", "models/m/1"),
    step("models/m/2#archive", "models/m/2", action=Action.UPDATE),
    step("data/d/1", action=Action.SKIP, reason="left by selection"),
    step("jobs", action=Action.MANUAL, reason="5 jobs"),
    step("environments/e/1", action=Action.CONFLICT, reason="the target has a different one"),
)


def _ends(ledger: Ledger | None) -> dict[str, str]:
    return {item.address: item.outcome.value for item in items(PLAN, ledger)}


def test_every_item_has_an_end_before_any_run() -> None:
    assert _ends(None) == {
        "models/m/1": "remaining",
        "models/m/2": "remaining",
        "models/m/2#archive": "remaining",
        "data/d/1": "left by selection",
        "jobs": "left to do by hand",
        "environments/e/1": "in conflict",
    }


def test_items_end_as_the_ledger_says(ledger: Ledger) -> None:
    first, second = Address.parse("models/m/1"), Address.parse("models/m/2")
    ledger.move(first, State.DOING)
    ledger.move(first, State.CREATED)
    ledger.move(first, State.DONE)
    ledger.move(second, State.FAILED, detail="it broke")
    ledger.move(second.archived(), State.BLOCKED, detail="depends on it")
    found = {item.address: (item.outcome.value, item.detail) for item in items(PLAN, ledger)}
    assert found["models/m/1"] == ("migrated", "not in the target")
    assert found["models/m/2"] == ("failed", "it broke")
    assert found["models/m/2#archive"] == ("blocked", "depends on it")
    assert tally(items(PLAN, ledger)) == {
        "migrated": 1, "failed": 1, "blocked": 1, "left by selection": 1, "left to do by hand": 1,
        "in conflict": 1,
    }  # fmt: skip


def test_a_waiver_is_for_one_address_and_names_who_and_why(ledger: Ledger) -> None:
    for address in ("jobs", "environments/e/1", "models/m/2", "data/d/1"):
        sha256 = of_step(next(one for one in PLAN.steps if str(one.address) == address)).sha256
        ledger.decide([Decision(address, DecisionVerb.WAIVE, sha256, "exported", "ann@host", "t")])
    found = {item.address: (item.outcome.value, item.detail) for item in items(PLAN, ledger)}
    assert (
        found["jobs"]
        == found["environments/e/1"]
        == found["data/d/1"]
        == ("waived", "waived by ann@host: exported")
    )
    assert found["models/m/1"][0] == "remaining"
    # What archives a waived item has no item of its own to act on.
    assert found["models/m/2"][0] == found["models/m/2#archive"][0] == "waived"


def test_the_map_of_ids_is_csv_of_all_that_was_migrated(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        ledger.bind(PLAN)
        ledger.move(Address.parse("models/m/2"), State.DONE, target_id="/new/2", source_id='/old/"2",é')
        ledger.move(Address.parse("models/m/1"), State.DONE, target_id="/new/1", source_id="/old/1")
        path = write_idmap(tmp_path, ledger)
    with path.open(newline="", encoding="utf-8") as file:
        assert list(csv.reader(file)) == [["old_id", "new_id"], ["/old/1", "/new/1"], ['/old/"2",é', "/new/2"]]


def test_the_rest_takes_as_long_as_the_last_five_minutes_went(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    minutes = itertools.chain([0, 0, 30, 31, 32, 33], itertools.repeat(33))
    monkeypatch.setattr(module, "_now", lambda: f"2026-01-01T00:{next(minutes):02d}:00.000+00:00")
    many = plan(*(step(f"models/m/{number}") for number in range(5)))
    with Ledger(tmp_path) as ledger:
        ledger.bind(many)
        assert eta_seconds(ledger, 5) is None
        for one in many.steps:
            ledger.move(one.address, State.DONE)
        # Four were done from minute 30 to minute 33, the first half an hour before.
        assert eta_seconds(ledger, 4) == pytest.approx(4 / (4 / 180))


def test_a_map_of_ids_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        ledger.bind(plan(step("m/a")))
        before = write_idmap(tmp_path, ledger).read_bytes()
        (tmp_path / ".idmap.csv.unfinished").mkdir()
        with pytest.raises(FileError) as caught:
            write_idmap(tmp_path, ledger)
        assert str(tmp_path / "idmap.csv") == caught.value.address
        assert (tmp_path / "idmap.csv").read_bytes() == before == b"old_id,new_id\r\n"
