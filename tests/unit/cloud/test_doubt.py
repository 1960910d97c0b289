"""After which failures of a call it is open what was done."""

from __future__ import annotations

import pytest

from amlmigrate.cloud.doubt import Doubt
from amlmigrate.cloud.errors import OutOfReachError, ServiceError

LOST = OutOfReachError("cut off", method="PUT", url="/x")


def _answer(status: int) -> ServiceError:
    return ServiceError(status, "code", "text", method="PUT", url="/x")


async def _fails(doubt: Doubt, error: Exception) -> None:
    async def call() -> None:
        raise error

    with pytest.raises(type(error)):
        await doubt.attempt(call)


@pytest.mark.parametrize("error", [LOST, _answer(500), _answer(503), _answer(408)])
async def test_a_call_without_a_clear_answer_may_have_been_served(error: Exception) -> None:
    doubt = Doubt()
    await _fails(doubt, error)
    taken = _answer(409)
    await _fails(doubt, taken)
    assert doubt.doubtful and taken.doubtful


@pytest.mark.parametrize("status", [400, 401, 403, 409, 412, 429])
async def test_what_was_refused_was_not_done(status: int) -> None:
    doubt, refusal = Doubt(), _answer(status)
    await _fails(doubt, refusal)
    assert not doubt.doubtful and not refusal.doubtful


async def test_an_answer_leaves_no_doubt_of_its_own() -> None:
    async def call() -> int:
        return 1

    doubt = Doubt()
    assert await doubt.attempt(call) == 1
    assert not doubt.doubtful
