"""Settings of the unit tests."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# How long one example takes says something of the machine and nothing of the code.
settings.register_profile("unit", max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unit")
