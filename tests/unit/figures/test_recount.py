"""The figures over five hundred histories are what somebody counts by hand, and no trick makes one better."""

from __future__ import annotations

import random
import statistics
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from tests.unit.figures import recount
from tests.unit.figures.histories import FIRST, PLACES, Made, arm_id, history, told_by
from tests.unit.figures.recount import Recount

from amlmigrate.figures import lostplans
from amlmigrate.figures.history import Look, Sighting, Succession, moments
from amlmigrate.figures.mttr import Mttr, Spells, mttr
from amlmigrate.figures.plans import Plans, PlanTold, Residue
from amlmigrate.figures.residuals import residuals
from amlmigrate.figures.share import Share, share

SEEDS = range(500)
KEY = "https://v.vault.azure.net/keys/k"
_HALF = timedelta(days=11, hours=7)


@cache
def of_seed(seed: int) -> tuple[Share, Mttr]:
    """Both figures of a history."""
    return counted(history(seed))


def counted(made: Made) -> tuple[Share, Mttr]:
    """Both figures as the product counts them."""
    follower, last = Spells(), None
    for last in moments(made.looks, made.plans):
        follower.follow(last)
    assert last is not None
    return share(last), mttr(follower.found({}), made.looks[-1].at + _HALF)


def in_doubt(made: Made) -> dict[str, str]:
    """The keys of those that vanished or could not be read."""
    *_, last = moments(made.looks, made.plans)
    return last.keys_in_doubt()


def test_the_histories_have_everything_in_them() -> None:
    every = [of_seed(seed) for seed in SEEDS]
    told = [one.as_dict() for one, _ in every]
    for name in ("vanished", "unreadable", "moving", "no_longer_told", "under_cmk", "with_storage", "with_all"):
        assert sum(1 for one in told if one[name]) > 30, name
    assert sum(times.every.closed for _, times in every) > 100
    assert sum(times.every.vanished for _, times in every) > 50
    assert sum(1 for _, times in every if times.every.at_least < times.every.closed) > 10
    ends = [Recount(made.looks, made.plans) for made in map(history, SEEDS[:100])]
    assert sum(len(one.let_go) for one in ends) > 30
    # And those that nobody let go, since it was too soon, or of another name.
    names = [{id_ for look in one.looks for id_ in look.let_go} for one in ends]
    kept = [one.last[it].id.lower() in name for one, name in zip(ends, names, strict=True) for it in one.exposed]
    assert kept.count(True) > 30


@pytest.mark.parametrize("block", range(10))
def test_the_share_is_what_is_counted_by_hand(block: int) -> None:
    for seed in SEEDS[block::10]:
        made = history(seed)
        found, _ = of_seed(seed)
        told = {
            "production": found.production.total,
            "production under a key": found.production.under_cmk,
            "untagged": found.untagged.total,
            "untagged under a key": found.untagged.under_cmk,
            "other": found.other.total,
            "other under a key": found.other.under_cmk,
            "vanished": found.beside.vanished,
            "unreadable": found.beside.unreadable,
            "moving": found.beside.moving,
            "no longer told": found.beside.no_longer_told,
            "storage": found.beside.storage,
            "registry": found.beside.registry,
            "other data": found.beside.other_data,
            "all of it": found.beside.whole,
            "storage not known": found.beside.storage_unknown,
            "registry not known": found.beside.registry_unknown,
            "other data not known": found.beside.other_data_unknown,
        }
        assert {name: value for name, value in told.items() if value} == Recount(made.looks, made.plans).share(), (
            seed
        )
        assert sum(one.total for one in found.by.values()) == found.production.total, seed


@pytest.mark.parametrize("block", range(10))
def test_the_days_are_what_is_counted_by_hand(block: int) -> None:
    for seed in SEEDS[block::10]:
        made = history(seed)
        _, times = of_seed(seed)
        closed, opened = Recount.days(made.looks, made.plans, made.looks[-1].at + _HALF)
        assert times.every.closed == len(closed), seed
        assert times.every.open == len(opened), seed
        if closed:
            assert times.every.mean == pytest.approx(statistics.fmean(closed)), seed
            assert times.every.median == pytest.approx(statistics.median(closed)), seed
            assert times.every.p90 is not None
            assert sum(1 for one in closed if one <= times.every.p90 + 1e-9) >= 0.9 * len(closed), seed
        if opened:
            assert times.every.open_oldest == pytest.approx(opened[-1]), seed
        parts: Any = (times.by_environment, times.by_wave, times.by_sensitivity)
        for part in parts:
            assert sum(one.closed for one in part.values()) == len(closed), seed
            assert sum(one.open for one in part.values()) == len(opened), seed


# The tricks, each from the second scan on, by what becomes of the workspace `one`.


def vanished(made: Made, one: Sighting) -> Made:
    return made.without(one.workspace, 1)


def renamed(made: Made, one: Sighting) -> Made:
    name = replace(one, id=arm_id("bbbb", "test-it"), production=None)
    return made.seen(one.workspace, 1, name)


def replaced(made: Made, one: Sighting) -> Made:
    found = made.without(one.workspace, 1)
    successor = replace(one, workspace="successor", id=arm_id("bbbb", "successor"), customer=True, production=True)
    found.looks[1:] = [
        replace(look, sightings={**look.sightings, "successor": successor}, places=look.places | {"bbbb"})
        for look in found.looks[1:]
    ]
    found.plans.append(Succession(one.workspace, "successor", "plans/it", found.looks[0].at))
    return found


def untagged(made: Made, one: Sighting) -> Made:
    return made.seen(one.workspace, 1, replace(one, production=None))


def unreadable(made: Made, one: Sighting) -> Made:
    found = made.without(one.workspace, 1)
    found.looks[1:] = [
        replace(look, unreadable={**look.unreadable, one.id.lower(): "refused"}) for look in found.looks[1:]
    ]
    return found


def _decided(made: Made, one: Sighting, day: str) -> Made:
    """Its owner says of that day that it is gone."""
    decision = {one.id.lower(): ("ann", day)}
    return Made(
        [made.looks[0], *(replace(look, let_go={**look.let_go, **decision}) for look in made.looks[1:])],
        made.plans,
    )


def let_go_too_soon(made: Made, one: Sighting) -> Made:
    return _decided(vanished(made, one), one, f"{FIRST - timedelta(days=1):%Y-%m-%d}")


def let_go_while_it_is_there(made: Made, one: Sighting) -> Made:
    return _decided(made, one, "2027-01-01")


def let_go_by_its_old_name(made: Made, one: Sighting) -> Made:
    return _decided(renamed(made, one), one, "2027-01-01")


def let_go_where_nobody_could_look(made: Made, one: Sighting) -> Made:
    return _decided(unreadable(made, one), one, "2027-01-01")


LETTING_GO = (let_go_too_soon, let_go_while_it_is_there, let_go_by_its_old_name, let_go_where_nobody_could_look)
TRICKS = (vanished, renamed, replaced, untagged, unreadable, *LETTING_GO)
UNSEEN = (vanished, replaced, unreadable, let_go_too_soon, let_go_where_nobody_could_look)


def plan_of(source: Sighting, target: Sighting, day: int, proven: int | None = None) -> Succession:
    since = None if proven is None else FIRST + timedelta(days=proven)
    return Succession(source.workspace, target.workspace, "plans/it", FIRST + timedelta(days=day), since)


def test_targets_that_succeed_nothing_make_no_share_better() -> None:
    one, other = (Sighting(name, arm_id("aaaa", name), False, production=True) for name in ("one", "other"))
    target = Sighting("new", arm_id("aaaa", "new"), True, production=True)
    empty = [Sighting(f"empty{number}", arm_id("aaaa", f"empty{number}"), True) for number in range(3)]
    keyed = replace(one, customer=True)

    def of(plans: list[Succession], *scans: tuple[Sighting, ...]) -> tuple[int, int]:
        found = [
            Look(
                FIRST + timedelta(days=2 * day),
                f"{day}",
                "",
                frozenset(PLACES),
                {one.workspace: one for one in seen},
            )
            for day, seen in enumerate(scans)
        ]
        whole, _ = counted(Made(found, plans))
        return whole.production.under_cmk, whole.production.total

    # Planned after the scan that saw both.
    assert of([plan_of(one, target, 1)], (one, other, target)) == (0, 2)
    # Further plans of one source, whose targets got nothing.
    plans = [plan_of(one, target, 0, 1), *(plan_of(one, each, 0) for each in empty)]
    assert of(plans, (one, other, target, *empty), (other, target, *empty)) == (1, 2)
    # Both under a customer's key.
    assert of([plan_of(keyed, target, 0)], (keyed, other, target)) == (1, 2)
    assert of([plan_of(keyed, target, 0, 1)], (keyed, other, target), (other, target)) == (1, 2)


def test_of_scans_in_one_second_the_one_with_a_number_behind_its_name_is_the_later() -> None:
    before = Sighting("one", arm_id("aaaa", "one"), False, production=True)
    names = ("SCAN-20261201T080000Z-10.jsonl", "SCAN-20261201T080000Z-2.jsonl", "SCAN-20261201T080000Z.jsonl")
    seen = (replace(before, customer=True), before, before)
    looks = [
        Look(FIRST, name, "", frozenset(PLACES), {one.workspace: one})
        for name, one in zip(names, seen, strict=True)
    ]
    *_, last = moments(looks, [])
    assert (last.look.name, share(last).production.under_cmk) == (names[0], 1)


def test_a_plan_that_proves_nothing_makes_no_share_better() -> None:
    for seed in SEEDS:
        made = history(seed)
        # At last all can be read: one that cannot be is no second workspace beside its source either.
        newest = replace(made.looks[-1], at=made.looks[-1].at + _HALF, places=frozenset(PLACES), unreadable={})
        made = Made([*made.looks, newest], made.plans)
        known = sorted({one for look in made.looks for one in look.sightings})
        if len(known) > 1:
            source, target = random.Random(seed).sample(known, 2)
            plan = Succession(source, target, "plans/it", FIRST)
            (fair, _), (unfair, _) = counted(made), counted(Made(made.looks, [*made.plans, plan]))
            assert unfair.production.under_cmk <= fair.production.under_cmk, seed
            assert (unfair.production.share or 0.0) <= (fair.production.share or 0.0), seed
            assert (unfair.least or 0.0) <= (fair.least or 0.0), seed


@pytest.mark.parametrize("trick", TRICKS)
@pytest.mark.parametrize("customer", [False, True], ids=["microsoft", "customer"])
def test_no_trick_makes_a_figure_better(trick: Any, customer: bool) -> None:
    one = Sighting(
        "it", arm_id("aaaa", "prod-it"), customer, production=True, by="rule", key=KEY if customer else ""
    )
    for seed in SEEDS[:60]:
        made = history(seed)
        # Without the trick it stays as it is, and every scan sees it.
        honest = Made(
            [
                replace(look, sightings={**look.sightings, "it": one}, places=frozenset(PLACES), unreadable={})
                for look in made.looks
            ],
            made.plans,
        )
        (fair, fair_times), (unfair, times) = counted(honest), counted(trick(honest, one))
        unseen = customer and trick in UNSEEN
        assert in_doubt(trick(honest, one)) == ({one.id.lower(): KEY} if unseen else {})
        assert (unfair.production.share or 0.0) <= (fair.production.share or 0.0), seed
        assert (unfair.least or 0.0) <= (fair.least or 0.0), seed
        assert times.every.mean == fair_times.every.mean, seed
        assert times.every.open == fair_times.every.open, seed
        assert times.every.open_oldest == fair_times.every.open_oldest, seed


def test_no_decision_of_an_owner_takes_out_the_days_of_one_that_was_put_under_a_key() -> None:
    closed = 0
    for seed in SEEDS[:200]:
        made = history(seed)
        ids = {one.id.lower() for look in made.looks for one in look.sightings.values()}
        last = replace(made.looks[-1], let_go=dict.fromkeys(ids, ("ann", "2030-01-01")))
        (_, fair), (_, unfair) = of_seed(seed), counted(Made([*made.looks[:-1], last], made.plans))
        assert (unfair.every.closed, unfair.every.mean) == (fair.every.closed, fair.every.mean), seed
        closed += unfair.every.closed
    assert closed > 50


def plans_of(made: Made, seed: int) -> tuple[PlanTold, ...]:
    """Its plans, each with evidence and what its removal left: some of it accepted, some left by others too."""
    dice = random.Random(seed)
    found = []
    for one in told_by(made.plans).told:
        things = [(dice.choice(("container", "share", "registry")), f"acct{dice.randint(1, 6)}") for _ in range(4)]
        residues = tuple(
            Residue(
                one.folder,
                f"residual/{name}",
                dice.choice((name, name.upper())),
                kind,
                open=dice.random() < 0.6,
                # A thing has one size, which is known or not.
                bytes=len(kind) * int(name[-1]) if int(name[-1]) % 3 else None,
            )
            for kind, name in things[: dice.randint(0, 4)]
        )
        found.append(replace(one, reports=1, newest="ab", chain=frozenset(["ab"]), residues=residues))
    return tuple(found)


def residual(told: Iterable[PlanTold], lost: Iterable[PlanTold] = ()) -> dict[str, Any]:
    """What is left by the plans that are there, and by those that an earlier run counted."""
    plans = lostplans.with_lost({one.sha256: one for one in lost}, Plans(tuple(told)))
    return residuals(plans.residues, whole=not lostplans.gone(plans)).as_dict()


def test_residuals_are_what_is_counted_by_hand() -> None:
    some = 0
    for seed in SEEDS[::4]:
        every = plans_of(history(seed), seed)
        told, away = every[1:], every[:1]
        assert residual(told) == recount.residual(told, ()), seed
        assert residual(told, every) == recount.residual(told, away), seed
        some += len(away) and residual(told)["accepted"] > 0
    assert some > 20


def test_a_plan_that_was_taken_away_makes_no_figure_better() -> None:
    gone = 0
    for seed in SEEDS[::2]:
        made = history(seed)
        every = plans_of(made, seed)
        for away in every:
            told = tuple(one for one in every if one is not away)
            left = lostplans.with_lost({one.sha256: one for one in every}, Plans(told))
            (fair, fair_times), (unfair, times) = of_seed(seed), counted(Made(made.looks, left.successions))
            assert (unfair.production.share or 0.0) <= (fair.production.share or 0.0), seed
            assert (unfair.least or 0.0) <= (fair.least or 0.0), seed
            assert unfair.production.under_cmk <= fair.production.under_cmk, seed
            assert (times.every.closed, times.every.mean) == (fair_times.every.closed, fair_times.every.mean), seed
            assert times.every.open >= fair_times.every.open, seed
            assert (times.every.open_oldest or 0.0) >= (fair_times.every.open_oldest or 0.0), seed
            before, after = residual(every), residual(told, every)
            assert all(after[name] >= before[name] for name in ("containers", "resources", "size_unknown")), seed
            assert (after["bytes"] or 0) >= (before["bytes"] or 0) and after["bound"] == "at least", seed
            gone += times.every.open > fair_times.every.open
    assert gone > 10


def test_of_a_single_workspace_numbers_are_numbers() -> None:
    one = Sighting(arm_id(PLACES[0], "a"), arm_id(PLACES[0], "a"), customer=False, production=True)
    look = replace(history(1).looks[0], sightings={one.workspace: one}, unreadable={})
    (moment,) = moments([look], [])
    told = share(moment).as_dict()
    assert told["total"] == 1
    counts = [
        told[name] for name in ("with_all", "with_storage", "vanished", "unreadable", "moving", "no_longer_told")
    ]
    assert counts == [0] * 6 and not [count for count in counts if isinstance(count, bool)]
