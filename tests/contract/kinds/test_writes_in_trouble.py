"""Long-running writes that fail, are taken back, or are cut off: what a later run makes of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.contract.kinds.living import KilledError
from tests.contract.kinds.test_kinds_to_come import BLUE, NEW_BLUE, NEW_SCORE, TRAFFIC, Move, living

from amlmigrate.core.documents import Document
from amlmigrate.core.state import State
from amlmigrate.running.run import finished

__all__ = ["living"]


@pytest.fixture
def move(tmp_path: Path) -> Iterator[Move]:
    found = Move(tmp_path)
    yield found
    found.ledger.close()


async def test_a_phase_that_the_service_failed_at_and_took_back_is_made_again(
    move: Move, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, put, call = move.target, move.target.put, move.target.call
    before: dict[str, Document] = {}

    async def keeps(path: str, body: Document, query: Any = None) -> Any:
        if path == NEW_SCORE and path in target.documents:
            before[path] = target.documents[path]
        return await put(path, body, query)

    async def takes_back(method: str, path: str) -> Any:
        found = await call(method, path)
        if found.body["status"] == "Succeeded" and before:
            target.documents[NEW_SCORE] = before.pop(NEW_SCORE)
            return type(found)(200, {}, {"status": "Failed", "error": {"code": "NoQuota", "message": "full"}})
        return found

    with monkeypatch.context() as once:
        once.setattr(target, "put", keeps)
        once.setattr(target, "call", takes_back)
        [failed] = (await move.run()).failed
    assert "NoQuota" in failed.summary and move.state(TRAFFIC) is State.FAILED
    # It is as this tool left it before: nobody else has changed it.
    again = await move.run()
    assert [one.summary for one in again.failed] == [] and finished(move.plan_, move.ledger)
    assert move.puts(NEW_SCORE) == 3


async def test_the_operation_of_an_earlier_attempt_says_nothing_of_a_later_one(
    move: Move, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, put = move.target, move.target.put
    target.fails[NEW_BLUE] = "no quota"
    assert "no quota" in (await move.run()).failed[0].summary
    del target.fails[NEW_BLUE]

    # This time it is done at once, and no operation is named; the process ends before it has read it back.
    async def at_once(path: str, body: Document, query: Any = None) -> Any:
        accepted = await put(path, body, query)
        if path == NEW_BLUE:
            target.looks.pop(path)
            target.documents[path]["properties"]["provisioningState"] = "Succeeded"
            return type(accepted)(target.documents[path], accepted.existed, None)
        return accepted

    async def killed(path: str, operation: Any = None) -> Any:
        raise KilledError

    with monkeypatch.context() as once:
        once.setattr(target, "put", at_once)
        once.setattr(target, "settled", killed)
        with pytest.raises(KilledError):
            await move.run()
    assert move.state(BLUE) is State.CREATED

    async def as_then(method: str, path: str) -> Any:
        from tests.contract.kinds.living import Reply

        if path.endswith(NEW_BLUE):
            return Reply(200, {}, {"status": "Failed", "error": {"code": "NoQuota", "message": "no quota"}})
        return await type(target).call(target, method, path)

    monkeypatch.setattr(target, "call", as_then)
    again = await move.run()
    assert [one.summary for one in again.failed] == [] and finished(move.plan_, move.ledger)
    assert move.puts(NEW_BLUE) == 2
