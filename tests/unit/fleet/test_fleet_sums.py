"""What a fleet comes to: each plan once, nothing that has no plan, and every item by hand under somebody or nobody."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.builders.ledgers import bear_out
from tests.builders.world import header, plan, step
from tests.unit.scanning.workspaces import SUBSCRIPTION, path

from amlmigrate.cli.views.fleets import FleetView
from amlmigrate.core.decision import Decision, DecisionVerb
from amlmigrate.core.plan import Action
from amlmigrate.fleet.fleetfile import FleetEntry, PlanningProgress
from amlmigrate.fleet.members import NO_TARGET, UnplannedMember
from amlmigrate.fleet.stage import FleetOutcome
from amlmigrate.fleet.sums import NOBODY, still_open, sums, told_of
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.decision_subjects import of_step

OTHER = "9999abcd-2222-3333-4444-555555555555"


def entry(
    name: str,
    wave: int = 1,
    state: str = "planned",
    subscription: str = SUBSCRIPTION,
    of: str = SUBSCRIPTION,
    **told: Any,
) -> FleetEntry:
    source, target = path(name).replace(SUBSCRIPTION, of), path(f"{name}-new").replace(SUBSCRIPTION, subscription)
    known = {"counts": {"models": {"create": 3}}, "blobs": 10, "bytes": 100, "arm_reads": 1000, "arm_writes": 300}
    return FleetEntry(wave, source, target, f"id-{name}", "dev", 50, name, PlanningProgress(state), known | told)


def test_each_plan_is_counted_once_in_all_and_in_its_wave() -> None:
    found = sums([entry("a"), entry("b", wave=2), entry("c", wave=2), entry("d", state="failed")], unplanned=2)
    assert (found.whole.plans, found.whole.blobs, found.whole.bytes) == (3, 30, 300)
    assert {number: (one.plans, one.bytes) for number, one in found.waves.items()} == {1: (1, 100), 2: (2, 200)}
    assert found.unplanned == 3
    assert sum(one.arm_reads for one in found.waves.values()) == found.whole.arm_reads == 3000


def test_plans_of_one_subscription_share_its_limits_and_others_do_not() -> None:
    alone = sums([entry("a")]).whole.floor_seconds
    together = sums([entry("a"), entry("b")]).whole.floor_seconds
    assert alone == (1000 - 250) / 25 and together == (2000 - 250) / 25 > 2 * alone
    elsewhere = [entry(name, subscription=one, of=one) for name, one in (("b", OTHER), ("c", OTHER.upper()))]
    apart = [entry("a"), *elsewhere]
    assert sums(apart).whole.floor_seconds == together
    assert sums([]).whole.floor_seconds == 0


def test_what_is_read_of_a_source_in_another_subscription_counts_there() -> None:
    def into(name: str, **told: Any) -> FleetEntry:
        return entry(name, subscription=OTHER, **{"arm_reads": 2000, "arm_writes": 0} | told)

    told = [into("a", arm_reads_source=1500), into("b", arm_reads_source=1500)]
    assert sums(told).whole.floor_seconds == (3000 - 250) / 25
    there = entry("c", subscription=OTHER, arm_reads=5000, arm_writes=0, arm_reads_source=10)
    assert sums([*told, there]).whole.floor_seconds == (500 + 500 + 4990 - 250) / 25
    # Of which subscription the reads of an older plan are is not known: the least time is none too long.
    assert sums([into("a", arm_writes=300)]).whole.floor_seconds == 10


def test_a_plan_that_does_not_tell_its_calls_makes_the_sum_at_least() -> None:
    every = (entry("a"), entry("b", wave=2, arm_reads=None), entry("c", wave=3, arm_reads=None, arm_writes=None))
    found = sums(every)
    assert (found.whole.arm_reads, found.whole.arm_writes, found.whole.calls_not_known) == (1000, 600, 2)
    assert [one.calls_not_known for one in found.waves.values()] == [0, 1, 1]
    (event,) = FleetView(FleetOutcome(Path("moves"), every, ())).as_json()
    whole, first, second, third, *_ = event.data["lines"]
    assert "at least 1600 calls to ARM (40 s at least; 2 plans do not tell all calls)" in whole
    assert ", 1300 calls to ARM (30 s at least)" in first
    assert "at least 300 calls to ARM (10 s at least; 1 plan does not tell all calls)" in second
    assert "at least 0 calls to ARM (0 s at least; 1 plan does not tell all calls)" in third


def test_what_is_left_by_hand_is_told_by_kind_and_by_who_made_it() -> None:
    counts = {"jobs": {"manual": 2}, "models": {"create": 1, "conflict": 1}, "data": {"create": 5}}
    first = told_of(header(counts=counts, extra={"made_by": {"Ana": ["jobs/a"]}}))
    second = told_of(header(counts={"jobs": {"manual": 1}}, extra={"made_by": {"Ana": ["jobs/b"]}}))
    found = sums([entry("a", **first), entry("b", **second)])
    assert found.whole.by_hand == {"jobs": 3, "models": 1}
    assert {owner: kinds for owner, kinds in found.by_owner.items() if kinds} == {
        "Ana": {"jobs": 2},
        NOBODY: {"jobs": 1, "models": 1},
    }
    assert list(found.by_owner)[-1] == NOBODY


def test_what_was_done_or_waived_since_is_not_open_any_more(tmp_path: Path) -> None:
    left = (step(f"jobs/{name}", action=Action.MANUAL) for name in "abc")
    one = plan(*left, step("models/m/1"))
    assert still_open(tmp_path, one) is None, "without a ledger nothing was decided"
    with Ledger(tmp_path) as ledger:
        ledger.bind(one)
        bear_out(ledger)
        sha256 = of_step(one.steps[0]).sha256
        ledger.decide([Decision("jobs/a", DecisionVerb.WAIVE, sha256, "exported", "ann@host", "t")])
    assert still_open(tmp_path, one) == {"jobs/b", "jobs/c"}
    told = told_of(header(extra={"made_by": {"Ana": ["jobs/a", "jobs/b"]}}), frozenset({"jobs/b", "jobs/c"}))
    assert (told["by_hand"], told["by_owner"]) == ({"jobs": 2}, {"Ana": {"jobs": 1}})
    (tmp_path / "ledger.db").write_text("no ledger")
    assert still_open(tmp_path, one) is None


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_it_is_told_to_people_and_to_programs(missing: int) -> None:
    left = tuple(UnplannedMember(path(f"x{number}"), NO_TARGET, "No target.") for number in range(missing))
    outcome = FleetOutcome(Path("moves"), (entry("a"), entry("b", wave=2)), left)
    (event,) = FleetView(outcome).as_json()
    assert event.data["sums"]["twice"] == {"bytes": 200, "hours_at_least": 168}
    assert list(event.data["sums"]["waves"]) == ["1", "2"]
    first, *waves, twice = event.data["lines"][missing : missing + 4]
    told = {0: "", 1: "; 1 workspace without a plan left out", 2: "; 2 workspaces without a plan left out"}
    assert first.startswith("all plans: 20 blobs, 200 B, 2600 calls to ARM (70 s at least)")
    assert first.endswith(f"0 items by hand{told[missing]}")
    assert [line.partition(":")[0] for line in waves] == ["wave 1", "wave 2"]
    assert twice.startswith("stored twice: 200 B for 168 hours at least")
    (event,) = FleetView(replace(outcome, entries=())).as_json()
    assert not [line for line in event.data["lines"] if line.startswith("all plans")]
