"""What several ledgers know of one target: the latest run counts, whatever their folders are called and clocks show."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.builders.ledgers import bear_out
from tests.builders.world import blob, header, plan, step

from amlmigrate.core.address import Address
from amlmigrate.core.ownership_record import Copied
from amlmigrate.core.plan import Action, Bytes, Plan, Step
from amlmigrate.core.state import State
from amlmigrate.core.workspace import Location
from amlmigrate.ledger import Ledger
from amlmigrate.ledger import ledger as module
from amlmigrate.ledger import ownership as made_by
from amlmigrate.planning import earlier_plans, planfile

CONTAINER = Location("acct", "c")
MODEL = Address.parse("models/m/1")
BYTES = Step(Address.parse("blobs/c"), Action.COPY, bytes=Bytes(CONTAINER, CONTAINER, 1, 1))
STEPS = (step("models/m/1"), BYTES)


def _plan(beside: Path, name: str, made: Plan) -> Ledger:
    folder = beside / name
    folder.mkdir(parents=True)
    planfile.write(folder, made.header, made.steps)
    ledger = Ledger(folder)
    ledger.bind(planfile.read(folder))
    return ledger


@pytest.mark.parametrize("names", [("a", "b"), ("b", "a")], ids=["in order", "in reverse order"])
def test_of_several_plans_the_latest_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: tuple[str, str]
) -> None:
    made = plan(*STEPS)
    for hour, name in enumerate(names):
        at = f"2026-01-01T0{hour}:00:00.000+00:00"
        monkeypatch.setattr(module, "_now", lambda at=at: at)
        monkeypatch.setattr(made_by, "now", lambda at=at: at)
        with _plan(tmp_path, name, made) as ledger:
            ledger.move(MODEL, State.DONE, target_sha256=f"left {hour}")
            # The source's ETag of the later copy sorts first, as any may.
            ledger.copied(CONTAINER, [("p", Copied(f'"{9 - hour}"', f'"t{hour}"'))])
            bear_out(ledger)
    ids = (made.header.source["workspaceId"], made.header.target["workspaceId"])
    found = earlier_plans.ownership(tmp_path, *ids)
    assert found.copied(CONTAINER.below("p")) == Copied('"8"', '"t1"')
    assert found.untouched(MODEL, "left 1") and not found.untouched(MODEL, "left 0")
    assert earlier_plans.ownership(tmp_path, "another", ids[1]).copied(CONTAINER.below("p")) is None


@pytest.mark.parametrize("days", [0, -400, 400], ids=["right", "behind", "ahead"])
@pytest.mark.parametrize("names", [("a", "b"), ("b", "a")], ids=["in order", "in reverse order"])
def test_the_order_is_that_of_the_runs_whatever_the_clocks_of_their_machines_show(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: tuple[str, str], days: int
) -> None:
    """The second run's machine is days off."""
    made = plan(*STEPS)
    ids = (made.header.source["workspaceId"], made.header.target["workspaceId"])
    for turn, name in enumerate(names):
        at = (datetime(2026, 1, 1, turn, tzinfo=UTC) + timedelta(days=days * turn)).isoformat()
        monkeypatch.setattr(module, "_now", lambda at=at: at)
        monkeypatch.setattr(made_by, "now", lambda at=at: at)
        with _plan(tmp_path, name, made) as ledger:
            assert earlier_plans.ownership(tmp_path, *ids).run == turn
            ledger.number_run(turn + 1, None)
            ledger.move(MODEL, State.DONE, target_sha256=f"left {turn}")
            ledger.copied(CONTAINER, [("p", Copied(f'"{turn}"', f'"t{turn}"'))])
            bear_out(ledger)
    found = earlier_plans.ownership(tmp_path, *ids)
    assert found.copied(CONTAINER.below("p")) == Copied('"1"', '"t1"') and found.untouched(MODEL, "left 1")
    assert found.run == 2 and earlier_plans.ownership(tmp_path, "another", ids[1]).run == 0


@pytest.mark.parametrize("days", [-400, 400], ids=["behind", "ahead"])
def test_what_an_older_ledger_has_came_before_every_numbered_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    made = plan(*STEPS)
    for turn, name in enumerate(("older", "newer")):
        at = (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=days * turn)).isoformat()
        monkeypatch.setattr(module, "_now", lambda at=at: at)
        monkeypatch.setattr(made_by, "now", lambda at=at: at)
        with _plan(tmp_path, name, made) as ledger:
            if turn:
                ledger.number_run(1, None)
            ledger.begin_copy(MODEL, CONTAINER, [blob("p")])
            ledger.copied(CONTAINER, [("p", Copied('"1"', f'"t{turn}"'))])
            bear_out(ledger)
    found = earlier_plans.ownership(tmp_path, made.header.source["workspaceId"], made.header.target["workspaceId"])
    assert found.copied(CONTAINER.below("p")) == Copied('"1"', '"t1"')


def test_a_plan_that_goes_on_after_another_one_is_the_later_of_the_two(tmp_path: Path) -> None:
    """What it did in its first run came before the other's, and what it does now comes after."""
    made = plan(*STEPS)
    with _plan(tmp_path, "one", made) as one, _plan(tmp_path, "two", made) as two:
        one.number_run(1, None)
        one.copied(CONTAINER, [("first", Copied('"1"', '"one"')), ("again", Copied('"1"', '"one"'))])
        two.number_run(2, None)
        two.copied(CONTAINER, [("first", Copied('"1"', '"two"')), ("again", Copied('"1"', '"two"'))])
        one.number_run(3, None)
        one.copied(CONTAINER, [("again", Copied('"2"', '"one"'))])
        bear_out(one)
        bear_out(two)
    found = earlier_plans.ownership(tmp_path, made.header.source["workspaceId"], made.header.target["workspaceId"])
    assert found.copied(CONTAINER.below("first")) == Copied('"1"', '"two"')
    assert found.copied(CONTAINER.below("again")) == Copied('"2"', '"one"')


@pytest.mark.parametrize("days", [-9, 9], ids=["behind", "ahead"])
def test_when_a_step_was_done_is_told_by_azures_clock(tmp_path: Path, days: int) -> None:
    made = plan(*STEPS)
    with _plan(tmp_path, "one", made) as ledger:
        ledger.number_run(1, timedelta(days=days))
        ledger.move(MODEL, State.DONE)
        done = datetime.fromisoformat(ledger.done_at()["models/m/1"])
    assert abs(done - datetime.now(UTC) - timedelta(days=days)) < timedelta(minutes=1)


def test_what_was_made_keeps_its_name_before_what_was_only_planned_and_then_the_latest_counts(
    tmp_path: Path,
) -> None:
    def named(cpu: str, gpu: str) -> Plan:
        old = (("computes/cpu", cpu), ("computes/gpu", gpu))
        return plan(*(step(address, target=Address.of("computes", name)) for address, name in old))

    with _plan(tmp_path, "one", named("train", "first")) as one:
        one.number_run(1, None)
        for state in (State.DOING, State.CREATED):
            one.move(Address.parse("computes/cpu"), state)
        bear_out(one)
    with _plan(tmp_path, "two", made := named("other", "second")) as two:
        two.number_run(2, None)
        bear_out(two)
    ids = (made.header.source["workspaceId"], made.header.target["workspaceId"])
    found = earlier_plans.ownership(tmp_path, *ids)
    assert found.called == {"computes/cpu": "computes/train", "computes/gpu": "computes/second"}
    assert found.owns(Address.parse("computes/train")) and not found.owns(Address.parse("computes/cpu"))


def test_the_names_that_plans_of_other_pairs_give_are_told_by_their_headers(tmp_path: Path) -> None:
    given = {"regional_names": {"computes": {"westeurope": {"computes/a": "CPU", "": "x", "computes/b": "b"}}}}
    steps = plan(*STEPS).steps
    for name, extra in (("with", given), ("without", {})):
        (tmp_path / name).mkdir()
        planfile.write(tmp_path / name, header(extra=extra), steps)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / planfile.FILE).write_text("no plan")
    pair = (header().source["workspaceId"], header().target["workspaceId"])
    found = earlier_plans.names_of_others(tmp_path, ("another", pair[1]))
    assert found == {(("computes", "westeurope"), name) for name in ("cpu", "x", "b")}
    assert earlier_plans.names_of_others(tmp_path, pair) == set()
    # Of the same pair, what was only planned is made by people under these names.
    assert earlier_plans.ownership(tmp_path, *pair).called == {"computes/a": "computes/CPU"}
    assert earlier_plans.ownership(tmp_path, "another", pair[1]).called == {}


def test_what_a_run_began_is_told_though_it_is_not_known_to_be_made(tmp_path: Path) -> None:
    made = plan(*STEPS)
    with _plan(tmp_path, "a", made) as ledger:
        ledger.move(MODEL, State.DOING)
        bear_out(ledger)
    found = earlier_plans.ownership(tmp_path, made.header.source["workspaceId"], made.header.target["workspaceId"])
    assert found.asked_for == {str(MODEL)} and not found.owns(MODEL)
