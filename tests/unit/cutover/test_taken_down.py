"""What people may delete in the source after a cutover: what they decided about, and what keeps it from going."""

from __future__ import annotations

import pytest

from amlmigrate.core.state import Outcome
from amlmigrate.cutover.taken_down import may_be_gone
from amlmigrate.ledger.items import Item

ENDPOINT, DEPLOYMENT = "onlineEndpoints/score", "onlineEndpoints/score/deployments/blue"


@pytest.mark.parametrize("outcome", [Outcome.WAIVED, Outcome.BY_HAND])
def test_what_was_decided_and_has_to_go_first_may_be_gone(outcome: Outcome) -> None:
    ended = [Item(address, outcome, "") for address in (ENDPOINT, DEPLOYMENT, "computes/ci", "data/d/1", "jobs")]
    assert may_be_gone(ended) == {ENDPOINT, DEPLOYMENT, "computes/ci"}


@pytest.mark.parametrize("outcome", [one for one in Outcome if one not in (Outcome.WAIVED, Outcome.BY_HAND)])
def test_about_all_else_nobody_decided(outcome: Outcome) -> None:
    assert may_be_gone([Item(ENDPOINT, outcome, ""), Item("schedules/s", outcome, "")]) == frozenset()
