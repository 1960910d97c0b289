"""Fixtures for every test; those of the local Azure come from its own plugin, `azsandbox.testing`."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of material beside the repository; skips where there is none."""
    if not SHARED.is_dir():
        pytest.skip(f"no folder {SHARED.name} beside the repository")
    return SHARED
