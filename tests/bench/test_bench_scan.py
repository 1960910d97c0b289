"""A scan of a large estate: a thousand workspaces in a hundred subscriptions, and how often ARM sends it away."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.bench.measuring import Figures
from tests.estates import estate, scanned

SUBSCRIPTIONS, EACH = 100, 10


@pytest.mark.bench
@pytest.mark.timeout(900)
def test_a_thousand_workspaces_do_not_bounce(tmp_path: Path, figures: Figures) -> None:
    with estate(tmp_path / "estate", subscriptions=SUBSCRIPTIONS, each=EACH, limits="x10") as (state, env):
        found = scanned(state, env, tmp_path)
    refused = found.statuses[429] / found.asked
    whole = (found.workspaces, found.complete) == (SUBSCRIPTIONS * EACH, True)
    holds = [
        figures.add(
            f"`migrate scan` of {SUBSCRIPTIONS * EACH} workspaces in {SUBSCRIPTIONS} subscriptions",
            f"{found.seconds:.0f} s, {found.asked} requests of ARM",
            "every workspace is found",
            holds=whole,
        ),
        figures.add("the same: calls refused with 429", f"{refused:.2%}", "1 %", holds=refused <= 0.01),
    ]
    assert all(holds)
