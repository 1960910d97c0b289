"""The plugin for pytest: one sandbox a test process, and what its clients need.

Where this distribution is installed, pytest loads it by itself.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from azsandbox.sandbox import Sandbox


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox without throttling, shared by the tests of this process: use names of your own in it."""
    with Sandbox(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture
def azure_env(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """The sandbox, with its variables in this process's environment."""
    for name, value in sandbox.env.items():
        monkeypatch.setenv(name, value)
    if "aiohttp" in sys.modules:
        import aiohttp.connector

        # It reads SSL_CERT_FILE once, when it is imported, which here may be long ago.
        aiohttp.connector._SSL_CONTEXT_VERIFIED.load_verify_locations(sandbox.env["SSL_CERT_FILE"])
    return sandbox
