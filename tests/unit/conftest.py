"""Settings of the unit tests, and the ledger that many of them open."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from amlmigrate.ledger import Ledger

# How long one example takes says something of the machine and nothing of the code.
# The same examples in every run: what turns the suite red is a change. HYPOTHESIS_PROFILE=search draws others.
_SLOW = [HealthCheck.too_slow]
settings.register_profile("unit", max_examples=50, deadline=None, suppress_health_check=_SLOW, derandomize=True)
settings.register_profile("search", max_examples=500, deadline=None, suppress_health_check=_SLOW)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "unit"))


@pytest.fixture
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    """The ledger of a folder of the test's own; bound to `PLAN` where the test's module has one."""
    with Ledger(tmp_path) as opened:
        if bound := getattr(request.module, "PLAN", None):
            opened.bind(bound)
        yield opened
