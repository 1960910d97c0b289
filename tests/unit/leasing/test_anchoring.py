"""A plan's folder that was put back as it was earlier is known by what stands in the target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from tests.builders.errors import refusal
from tests.builders.reports import filed

from amlmigrate.cloud.errors import OutOfReachError
from amlmigrate.core.errors import BadInputError, RefusedError
from amlmigrate.leasing.anchoring import keep, refuse_older

CHAIN = [filed("verify", number) for number in range(1, 6)]
OTHER = [*CHAIN[:3], replace(CHAIN[3], sha256="another")]


class Lease:
    """The lease's blob."""

    def __init__(self, document: Any = None, error: Exception | None = None) -> None:
        self.document: dict[str, Any] = document or {}
        self.error = error
        self.holder = SimpleNamespace(folder="/plan")
        self.written = 0

    async def record(self) -> dict[str, Any]:
        if self.error:
            raise self.error
        return self.document

    async def change(self, members: Mapping[str, object]) -> None:
        self.written += 1
        self.document |= members


async def test_what_grew_is_taken_and_what_is_older_or_another_is_refused() -> None:
    lease: Any = Lease({"cutover": {"x": 1}})
    assert await refuse_older(lease, "plan", CHAIN[:1]) == ""
    await keep(lease, "plan", CHAIN[:4])
    for chain in (CHAIN[:4], CHAIN):
        await refuse_older(lease, "plan", chain)
    for chain in (CHAIN[:3], [], OTHER):
        with pytest.raises(RefusedError, match="older than it was"):
            await refuse_older(lease, "plan", chain)
    # Another plan of the pair is another chain, and what others keep there stays.
    await refuse_older(lease, "another plan", [])
    await keep(lease, "another plan", OTHER)
    await refuse_older(lease, "plan", CHAIN[:4])
    assert lease.document["cutover"] == {"x": 1}


async def test_nothing_new_is_not_written_again() -> None:
    lease: Any = Lease()
    await keep(lease, "plan", [])
    await keep(lease, "plan", CHAIN)
    await keep(lease, "plan", CHAIN)
    assert lease.written == 1


@pytest.mark.parametrize("number", [0, -1, 6, "4", None, True])
async def test_an_edited_number_opens_nothing(number: Any) -> None:
    lease: Any = Lease({"freezes": {"plan": {"number": number, "sha256": "sha 5"}}})
    with pytest.raises(RefusedError):
        await refuse_older(lease, "plan", CHAIN)


@pytest.mark.parametrize("error", [refusal(403, "AuthorizationPermissionMismatch"),
                                   OutOfReachError("no", method="GET", url="/x"), BadInputError("no document")])  # fmt: skip
async def test_what_cannot_be_read_keeps_nothing_back(error: Exception) -> None:
    lease: Any = Lease(error=error)
    assert await refuse_older(lease, "plan", CHAIN), "that it was not compared is told"
    with pytest.raises(type(error)):
        await keep(lease, "plan", CHAIN)


async def test_the_first_report_is_one_to_be_held_to() -> None:
    lease: Any = Lease()
    await keep(lease, "plan", CHAIN[:1])
    assert await refuse_older(lease, "plan", CHAIN[:1]) == ""
    with pytest.raises(RefusedError):
        await refuse_older(lease, "plan", [replace(CHAIN[0], sha256="another"), *CHAIN[1:]])
