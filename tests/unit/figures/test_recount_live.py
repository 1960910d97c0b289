"""What vaults and Azure Monitor tell over random estates is counted as somebody with the lists on paper counts it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.unit.figures.histories import history
from tests.unit.figures.test_figure_alerts import AT, LOGS, OWN, VAULT, alert
from tests.unit.keys import keyed
from tests.unit.keys.keyed import NOW, key, of_account, of_workspace, version

from amlmigrate.core.keys import KeyVersion
from amlmigrate.figures import record, stage
from amlmigrate.figures.alerts import AlertsRead, DrillSpan, fired_of
from amlmigrate.figures.plans import Plans
from amlmigrate.figures.resources import EstateResources
from amlmigrate.figures.rotations import rotations
from amlmigrate.figures.scans import ScansRead
from amlmigrate.figures.stage import Live
from amlmigrate.keys.model import KeyInUse, KeyName
from amlmigrate.posture.reading import Read

# Four versions; one that no vault shows, and one that Azure does not tell.
NAMES = ("a" * 32, "b" * 32, "c" * 32, "d" * 32)
USED = (*NAMES, "f" * 32, "")


def keys_of(dice: random.Random) -> list[KeyInUse]:
    """Some keys, each with versions, the newest first, and what lies under it; of one in eight nobody may list them."""
    found = []
    for number in range(dice.randint(0, 3)):
        days = sorted(dice.sample(range(1, 800), dice.randint(1, 4)))
        versions = tuple(version(name, age) for name, age in zip(NAMES, days, strict=False))
        # Of what is in use more often than not the newest version is.
        used = [dice.choice((*NAMES[:1] * 8, *USED)) for _ in range(dice.randint(0, 3))]
        under = [
            of_account(current=one, name=f"acct{number}{at}")
            if at
            else of_workspace(version=one, name=f"ws{number}")
            for at, one in enumerate(used)
        ]
        told: Read[tuple[KeyVersion, ...]] = Read(versions) if dice.random() < 0.88 else Read(refused="no")
        found.append(replace(key(*under), name=KeyName(keyed.VAULT, f"k{number}"), versions=told))
    return found


def recounted(keys: Iterable[KeyInUse], doubt: dict[str, str], *, whole: bool) -> dict[str, int]:
    """Rotations of the last year, and those that everything under the key has gone over to, as far as anybody knows."""
    found = Counter[str]()
    shown = {one.id.lower() for each in keys for one in each.dependants}
    doubted = {name for id_, name in doubt.items() if id_ not in shown}
    for each in keys:
        oldest_first = sorted(each.versions.value or (), key=lambda one: one.created or NOW)
        order = [one.version for one in oldest_first]
        for one in oldest_first[1:]:
            if one.created and NOW - one.created < timedelta(days=365):
                fine = order[order.index(one.version) :]
                found["made"] += 1
                behind = any(under.in_use in set(order) - set(fine) for under in each.dependants)
                known = bool(each.dependants) and all(under.in_use in order for under in each.dependants)
                sure = known and whole and each.name.id not in doubted
                found["adopted" if sure and not behind else "not" if behind else "adoption_unknown"] += 1
    return {name: found[name] for name in ("made", "adopted", "adoption_unknown")}


def test_rotations_are_what_is_counted_by_hand() -> None:
    every = Counter[str]()
    for seed in range(60):
        dice = random.Random(seed)
        keys = keys_of(dice)
        gone = {f"/gone{at}": f"{keyed.VAULT}/keys/k{dice.randint(0, 4)}" for at in range(dice.choice((0, 0, 1)))}
        # Of one that is among what uses keys nothing is in doubt.
        doubt = gone | {one.id.lower(): each.name.id for each in keys for one in each.dependants[:1]}
        whole = dice.random() < 0.9
        told, by_hand = rotations(keys, NOW, doubt, whole=whole).as_dict(), recounted(keys, doubt, whole=whole)
        assert {name: told[name] for name in by_hand} == by_hand, seed
        every.update(by_hand)
    assert min(every.values()) > 8, every


# What each rule is about, and whether a drill makes it fire.
RULES = {
    "guard-key-changed": ("keys", True),
    "guard-use-refused": ("keys", True),
    "guard-vault-deleted": ("keys", False),
    "guard-access-changed": ("access", False),
    "theirs": ("other", False),
}
PLACES = ("s", "t")
DRILL = DrillSpan(VAULT.lower(), AT + timedelta(days=20), AT + timedelta(days=20, hours=6))


def alerts_of(dice: random.Random) -> list[tuple[str, str, datetime, str]]:
    """What fires in 100 days: in which subscription, by which rule, when, and its id."""
    times = [AT + timedelta(days=dice.choice((*range(100), 20, 20)), hours=dice.randint(0, 9)) for _ in range(30)]
    return [(dice.choice(PLACES), dice.choice(list(RULES)), at, f"{number}") for number, at in enumerate(times)]


@pytest.mark.parametrize("seed", range(12))
def test_alerts_are_what_is_counted_by_hand(seed: int, tmp_path: Path) -> None:
    dice = random.Random(seed)
    fired, seen, now = alerts_of(dice), set[str](), AT
    looks = ScansRead(history(1).looks, {}, EstateResources())
    for _ in range(4):
        now += timedelta(days=dice.randint(1, 45))
        refused = dice.choice((None, None, *PLACES))
        shown = [one for one in fired if now - timedelta(days=30) < one[2] <= now and one[0] != refused]
        made = (
            fired_of(alert(rule, VAULT if rule == "theirs" else LOGS, at, id_), OWN, [DRILL])
            for _, rule, at, id_ in shown
        )
        read_now = AlertsRead(tuple(one for one in made if one), {refused: "no"} if refused else {})
        known = stage.sources(looks, Plans(), record.read(tmp_path))
        told = stage.figures(known, Live(alerts=read_now), now).as_dict()["alerts"]
        record.add(tmp_path, now, {}, read_now, {})

        seen |= {one[3] for one in shown}
        if told is None:
            assert refused and not seen
            continue
        found = Counter[str]()
        for _, rule, at, id_ in fired:
            about, drilled = RULES[rule]
            if id_ in seen:
                drill = drilled and DRILL.since <= at <= DRILL.until + timedelta(minutes=30)
                found["drills" if drill else about] += 1
                found[f"last {about}"] += not drill and at > now - timedelta(days=30)
                found[rule] += about == "keys" and not drill
        assert (told["total"], told["access"]["total"]) == (found["keys"], found["access"])
        assert (told["drills"], told["other"]) == (found["drills"], found["other"])
        recent = (None, None) if refused else (found["last keys"], found["last access"])
        assert (told["last_30_days"], told["access"]["last_30_days"]) == recent
        assert told["by_rule"] == {rule[6:]: found[rule] for rule in sorted(RULES) if found[rule]}
