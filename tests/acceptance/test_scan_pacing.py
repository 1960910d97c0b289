"""A scan keeps a count for each subscription and waits there: ARM, whose limits are the real ones, sends it away rarely."""

from __future__ import annotations

from pathlib import Path

from tests.estates import estate, scanned

SUBSCRIPTIONS, EACH = 3, 40
BUCKET = 250


def test_several_subscriptions_are_paced_each_for_itself(tmp_path: Path) -> None:
    with estate(tmp_path / "estate", subscriptions=SUBSCRIPTIONS, each=EACH, limits="real") as (state, env):
        found = scanned(state, env, tmp_path)
    assert (found.workspaces, found.complete) == (SUBSCRIPTIONS * EACH, True)
    # More than a bucket holds was asked of each, so that it had to wait somewhere.
    assert len([count for count in found.subscriptions.values() if count > BUCKET]) == SUBSCRIPTIONS
    assert found.statuses[429] <= found.asked / 100, found.statuses
