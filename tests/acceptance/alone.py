"""A sandbox of a module's own, for tests that look at all that the caller can see, which others' tests add to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from azsandbox import Sandbox


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """In place of the shared one: others' tests leave workspaces that nobody can read, and roles that write."""
    with Sandbox(tmp_path_factory.mktemp("sandbox")) as running:
        yield running
