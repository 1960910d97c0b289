"""Which jobs count as running: every one that is not known to have ended."""

from __future__ import annotations

import pytest

from amlmigrate.inventory.jobs import Jobs

ENDED = ("Completed", "Failed", "Canceled")
GOING = ("Running", "Queued", "Paused", "NotResponding", "Unknown", "Scheduled", None)


@pytest.mark.parametrize("status", (*ENDED, *GOING))
def test_a_job_that_is_not_known_to_have_ended_is_running(status: str | None) -> None:
    left = Jobs([{"name": "one", "status": status}]).leftover()
    assert left is not None and left.document is not None
    assert left.document["running"] == (status in GOING)
