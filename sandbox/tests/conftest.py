"""Fixtures for every test of the local Azure; `sandbox` and `azure_env` come from its own plugin."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from arm_harness import NO_SHARED, SHARED, ArmClient, Time, client

from azsandbox.arm.clock import Clock


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of material beside the repository; skips where there is none."""
    if not SHARED.is_dir():
        pytest.skip(NO_SHARED)
    return SHARED


@pytest.fixture
async def bare(tmp_path: Path) -> AsyncIterator[ArmClient]:
    """ARM in this process, with nothing in it."""
    made = client(tmp_path)
    yield made
    await made.arm.close()


@pytest.fixture
def time() -> Time:
    """The clock of `timed`."""
    return Time()


@pytest.fixture
async def timed(tmp_path: Path, time: Time) -> AsyncIterator[ArmClient]:
    """ARM in this process with a resource group, at a time that the test moves."""
    made = client(tmp_path, clock=Clock(time))
    await made.group()
    yield made
    await made.arm.close()


@pytest.fixture
async def arm(bare: ArmClient) -> ArmClient:
    """The same with a workspace."""
    await bare.workspace()
    return bare
