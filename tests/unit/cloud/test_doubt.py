"""After which failures of a call it is open what was done."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from tests.builders.errors import refusal, silence

from amlmigrate.cloud.arm import Answer
from amlmigrate.cloud.doubt import Doubt
from amlmigrate.cloud.workspaces import WorkspaceClient
from amlmigrate.core.workspace import WorkspaceRef

LOST = silence("cut off", method="PUT")


async def _fails(doubt: Doubt, error: Exception) -> None:
    async def call() -> None:
        raise error

    with pytest.raises(type(error)):
        await doubt.attempt(call)


@pytest.mark.parametrize("error", [LOST, refusal(500), refusal(503), refusal(408)])
async def test_a_call_without_a_clear_answer_may_have_been_served(error: Exception) -> None:
    doubt = Doubt()
    await _fails(doubt, error)
    taken = refusal(409)
    await _fails(doubt, taken)
    assert doubt.doubtful and taken.doubtful


@pytest.mark.parametrize("status", [400, 401, 403, 409, 412, 429])
async def test_what_was_refused_was_not_done(status: int) -> None:
    doubt, refused = Doubt(), refusal(status)
    await _fails(doubt, refused)
    assert not doubt.doubtful and not refused.doubtful


async def test_an_answer_leaves_no_doubt_of_its_own() -> None:
    async def call() -> int:
        return 1

    doubt = Doubt()
    assert await doubt.attempt(call) == 1
    assert not doubt.doubtful


@pytest.mark.parametrize(
    ("status", "doubtful", "existed"),
    [(200, False, True), (200, True, False), (201, False, False), (201, True, False)],
)
async def test_what_a_lost_attempt_may_have_made_is_not_told_to_have_been_there(
    status: int, doubtful: bool, existed: bool
) -> None:
    async def put(*_: object) -> Answer:
        return Answer(status, {}, {"id": "x"}, doubtful)

    port = WorkspaceClient(SimpleNamespace(put=put), WorkspaceRef("s", "g", "w"))  # type: ignore[arg-type]  # a stand-in: it has what is asked of it
    assert (await port.put("models/m/versions/1", {})).existed is existed
