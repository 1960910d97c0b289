"""A region is one of the subscription's, or the file is refused before anything is made."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest
from tests.builders.errors import refusal
from tests.unit.provisioning.provisioned import wanted

from amlmigrate.cloud.arm import Arm
from amlmigrate.core.errors import BadInputError
from amlmigrate.provisioning import regions

LISTED: list[dict[str, Any]] = [
    {"name": "eastus2", "metadata": {"regionType": "Physical"}},
    {"name": "westeurope", "metadata": {"regionType": "Physical"}},
    {"name": "unitedstates", "metadata": {"regionType": "Logical"}},
]


class _Arm:
    def __init__(self, listed: list[dict[str, Any]], error: Exception | None = None) -> None:
        self.listed, self.error = listed, error

    async def pages(self, path: str) -> AsyncIterator[dict[str, Any]]:
        assert path == "/subscriptions/5b1c7e90-2f4d-4a86-b3c9-8d06e2f7a154/locations"
        if self.error:
            raise self.error
        for one in self.listed:
            yield one


def _check(location: str, arm: _Arm) -> None:
    asyncio.run(regions.check(cast(Arm, arm), wanted(location=location), "f.yaml"))


@pytest.mark.parametrize("location", ["eastus2", "East US 2", "WestEurope"])
def test_one_of_the_subscriptions_is_taken(location: str) -> None:
    _check(location, _Arm(LISTED))


@pytest.mark.parametrize(
    ("location", "told"),
    [("eastus22", "near it are eastus2"), ("unitedstates", "no region"), ("mars", "no region 'mars'.")],
)
def test_any_other_is_refused_with_what_is_near(location: str, told: str) -> None:
    with pytest.raises(BadInputError, match="location: ") as caught:
        _check(location, _Arm(LISTED))
    assert told in caught.value.summary and caught.value.address == "f.yaml"
    assert "az account list-locations" in caught.value.remedy


def test_a_list_that_nobody_may_read_or_that_is_empty_is_no_knowledge() -> None:
    _check("mars", _Arm([]))
    _check("mars", _Arm(LISTED, refusal(403, "AuthorizationFailed", "no")))
