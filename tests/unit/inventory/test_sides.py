"""Both sides of a plan as they are now: what keeps its name, as the plan says, is what the plan moves."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from tests.builders.world import SOURCE, TARGET, asset, inventory, plan, step

from amlmigrate.core.plan import Action
from amlmigrate.inventory import sides

K8S = asset("computes/k8s", computeType="Kubernetes", computeLocation="westeurope")
FAR = replace(TARGET, document={**TARGET.document, "location": "northeurope"})


@pytest.mark.parametrize(
    ("steps", "moves"),
    [
        ((step("computes/k8s", action=Action.ADOPT),), True),
        ((step("computes/k8s", action=Action.CREATE, target="computes/k8s-cmk"),), True),
        # What came after the plan, what it has left to a person, and what one of an older version would make so.
        ((), False),
        ((step("computes/k8s"),), False),
        ((step("computes/k8s", action=Action.MANUAL),), False),
    ],
)
async def test_what_the_plan_has_under_its_own_name_is_not_left_to_a_person(
    monkeypatch: pytest.MonkeyPatch, steps: Any, moves: bool
) -> None:
    """As of what an earlier plan attached so: no further plan would give it another name."""
    held = {SOURCE.ref: inventory(K8S), TARGET.ref: inventory(of=FAR)}

    async def take(ref: Any, *_: Any, **__: Any) -> Any:
        return held[ref]

    monkeypatch.setattr(sides, "take", take)
    side = SimpleNamespace(workspace=lambda ref: ref)
    clouds: Any = SimpleNamespace(source=side, target=side)
    source, _ = await sides.read_both(clouds, plan(*steps), pair=(SOURCE, FAR))
    assert (K8S.address in source.assets, bool(source.by_hand)) == (moves, not moves)


async def test_whoever_needs_the_source_alone_reads_nothing_that_the_target_holds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And has it as whoever reads both: what keeps its name in the target's region is left to a person."""
    taken = []

    async def take(ref: Any, *_: Any, **__: Any) -> Any:
        taken.append(ref)
        return inventory(K8S)

    async def pair(*_: Any) -> sides.Pair:
        return SOURCE, FAR

    monkeypatch.setattr(sides, "take", take)
    monkeypatch.setattr(sides, "read_pair", pair)
    side = SimpleNamespace(workspace=lambda ref: ref)
    clouds: Any = SimpleNamespace(source=side, target=side)
    source = await sides.read_source(clouds, plan(step("computes/k8s")))
    assert taken == [SOURCE.ref] and [one.address for one in source.by_hand] == [K8S.address]
