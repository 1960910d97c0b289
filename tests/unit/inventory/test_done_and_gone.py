"""What was done by hand is looked for again each time: gone it blocks, and once the target is in use it is told."""

from __future__ import annotations

from typing import Any

import pytest
from tests.builders.world import plan, step

from amlmigrate.core.address import Address
from amlmigrate.core.plan import Action
from amlmigrate.core.state import Outcome
from amlmigrate.inventory import done_by_hand
from amlmigrate.ledger.items import Item

PLAN = plan(*(step(f"computes/{name}", action=Action.MANUAL) for name in ("here", "gone", "hidden", "waived")))
THERE = {"computes/here": True, "computes/gone": False, "computes/hidden": None, "computes/waived": False}
ENDED = [Item(str(one.address), Outcome.BY_HAND, "") for one in PLAN.steps[:3]]
ENDED.append(Item("computes/waived", Outcome.WAIVED, ""))


class Clouds:
    """A target of which nothing but its port is asked."""

    target = type("Side", (), {"workspace": lambda _self, ref: ref})()


@pytest.mark.parametrize(("living", "severity"), [(False, "blocks"), (True, "warning")])
async def test_only_what_is_seen_to_be_gone_is_found(
    monkeypatch: pytest.MonkeyPatch, living: bool, severity: str
) -> None:
    async def shown(_: Any, address: Address, effect: Any) -> bool | None:
        return THERE[str(address)]

    monkeypatch.setattr(done_by_hand, "shown", shown)
    clouds: Any = Clouds()
    [found] = await done_by_hand.undone(clouds, PLAN, ENDED, living=living)
    assert (found.address, found.severity) == ("computes/gone!done-gone", severity)
