"""What contract tests of the clients share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.contract.sides import signed_in

from amlmigrate.cloud.session import Side


@pytest.fixture
async def side(azure_env: Any) -> AsyncIterator[Side]:
    """A side that is signed in before the test begins."""
    async with signed_in() as made:
        yield made
