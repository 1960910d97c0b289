"""Fixtures for every test of the local Azure; `sandbox` and `azure_env` come from its own plugin."""

from __future__ import annotations

from pathlib import Path

import pytest
from arm_harness import NO_SHARED, SHARED


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of material beside the repository; skips where there is none."""
    if not SHARED.is_dir():
        pytest.skip(NO_SHARED)
    return SHARED
