"""The lease's id is in the ledger before it is taken, with where it was asked for and by whom."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.builders.world import plan, step

from amlmigrate.core.workspace import Location
from amlmigrate.ledger import Ledger, leased

PLAN = plan(step("models/m/1"))
PLACE = Location("acct", "one", ".aml-cmk-migrate/lease")


def test_a_ledger_has_one_place_for_its_lease(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        ledger.bind(PLAN)
    mine = leased.LeaseRequest("id", "acct", "one", "host", str(tmp_path))
    with Ledger(tmp_path) as ledger:
        assert leased.asked(ledger) is None
        leased.note(ledger, mine)
        assert leased.asked(ledger) == mine
        leased.note(ledger, replace(mine, id="other"))
        assert leased.asked(ledger) == replace(mine, id="other"), "one at most"
        leased.forget(ledger)
        assert leased.asked(ledger) is None


def test_an_id_is_that_of_one_folder_on_one_host_for_one_container() -> None:
    mine = leased.LeaseRequest("id", "acct", "one", "host", "/plans/a")
    assert mine.on(PLACE, "host", "/plans/a")
    assert not mine.on(PLACE, "other", "/plans/a")
    assert not mine.on(PLACE, "host", "/plans/a-copy")
    assert not mine.on(replace(PLACE, container="two"), "host", "/plans/a")
    assert not mine.on(replace(PLACE, account="moved"), "host", "/plans/a")
