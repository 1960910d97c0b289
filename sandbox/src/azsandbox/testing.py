"""Fixtures for pytest: one running sandbox a test process, and what its clients need."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class RunningSandbox:
    """A sandbox in a temporary folder; `env` is what a client's environment must hold."""

    env: dict[str, str]
    state: Path


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    """A sandbox without throttling, shared by the tests of this process: use names of your own in it."""
    with started(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@contextmanager
def started(folder: Path) -> Iterator[RunningSandbox]:
    """A sandbox without throttling, with its state in a folder."""
    from azsandbox import lifetime
    from azsandbox.settings import Options, environment
    from azsandbox.state import StateFolder

    state = StateFolder(folder)
    process = lifetime.detach(state, Options(arm_limits="off"))
    try:
        yield RunningSandbox(environment(state, state.announced()["port"]), state.root)
    finally:
        lifetime.stop(state)
        process.wait()


@pytest.fixture
def azure_env(sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> RunningSandbox:
    """The sandbox, with its variables in this process's environment."""
    import aiohttp.connector

    for name, value in sandbox.env.items():
        monkeypatch.setenv(name, value)
    # aiohttp reads SSL_CERT_FILE once, when it is imported, which here may be long ago.
    aiohttp.connector._SSL_CONTEXT_VERIFIED.load_verify_locations(sandbox.env["SSL_CERT_FILE"])
    return sandbox
