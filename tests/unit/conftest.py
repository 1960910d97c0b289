"""Settings of the unit tests."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# How long one example takes says something of the machine and nothing of the code.
# The same examples in every run: what turns the suite red is a change. HYPOTHESIS_PROFILE=search draws others.
_SLOW = [HealthCheck.too_slow]
settings.register_profile("unit", max_examples=50, deadline=None, suppress_health_check=_SLOW, derandomize=True)
settings.register_profile("search", max_examples=500, deadline=None, suppress_health_check=_SLOW)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "unit"))
