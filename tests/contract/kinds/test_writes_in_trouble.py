"""Long-running writes that fail, are taken back, or are cut off: what a later run makes of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.builders.world import header
from tests.contract.kinds.living import ENDPOINTS, KilledError, Reply
from tests.contract.kinds.test_kinds_to_come import (
    BLUE,
    NAMES,
    NEW_BLUE,
    NEW_SCORE,
    SCORE,
    TRAFFIC,
    Move,
    _moved,
    living,
    move,
)
from tests.unit.planning.planned import Planned

from amlmigrate.core.documents import Document
from amlmigrate.core.plan import Action, Plan
from amlmigrate.core.state import State
from amlmigrate.ledger import Ledger
from amlmigrate.running.run import finished

__all__ = ["living", "move"]


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
        if path.endswith(NEW_BLUE):
            return Reply(200, {}, {"status": "Failed", "error": {"code": "NoQuota", "message": "no quota"}})
        return await type(target).call(target, method, path)

    monkeypatch.setattr(target, "call", as_then)
    again = await move.run()
    assert [one.summary for one in again.failed] == [] and finished(move.plan_, move.ledger)
    assert move.puts(NEW_BLUE) == 2


async def _left_under_way(move: Move, word: str) -> None:
    """All is moved, and then the service is at work on one of it, or has failed at it."""
    await _moved(move)
    move.target.documents[NEW_BLUE]["properties"]["provisioningState"] = word
    move.target.looks[NEW_BLUE] = 2


def _anew(move: Move, folder: Path, planned: Planned) -> None:
    """What is run from now on is another plan, with a ledger of its own."""
    move.plan_ = Plan(header(), planned.steps, "cd" * 32)
    move.ledger.close()
    (folder / "anew").mkdir()
    move.ledger = Ledger(folder / "anew")
    move.ledger.bind(move.plan_)


@pytest.mark.parametrize("word", ["Creating", "Failed"])
async def test_a_new_plan_says_what_is_not_finished_and_nothing_of_a_change(move: Move, word: str) -> None:
    await _left_under_way(move, word)
    step = move.plan(await move.holds())[str(BLUE)]
    assert step.action is Action.UPDATE
    assert step.reason == f"made before, and not finished in the target: it is {word}"


async def test_what_is_under_way_is_waited_for_by_a_new_plan_too(move: Move, tmp_path: Path) -> None:
    await _left_under_way(move, "Creating")
    anew = move.plan(await move.holds())
    _anew(move, tmp_path, anew)
    before = move.puts(NEW_BLUE)
    assert [one.summary for one in (await move.run()).failed] == [] and finished(move.plan_, move.ledger)
    assert move.puts(NEW_BLUE) == before


async def test_what_was_equal_and_is_at_work_again_is_compared_once_it_is_done(move: Move, tmp_path: Path) -> None:
    anew = move.plan(await _moved(move))
    assert anew[str(BLUE)].action is Action.ADOPT
    _anew(move, tmp_path, anew)
    move.target.documents[NEW_BLUE]["properties"]["provisioningState"] = "Updating"
    move.target.looks[NEW_BLUE] = 8
    assert [one.summary for one in (await move.run()).failed] == [] and finished(move.plan_, move.ledger)


async def test_a_new_plan_after_the_cutover_is_run_and_shuts_nothing(move: Move, tmp_path: Path) -> None:
    await _moved(move)
    move.target.documents[NEW_SCORE]["properties"]["publicNetworkAccess"] = "Enabled"
    move.target.documents[NEW_SCORE]["properties"]["traffic"] = {"green": 100}
    there = await move.holds()
    # As if the tool had left it so: the source's traffic has changed since.
    left = ENDPOINTS.state(there.assets[NAMES[SCORE]].document)
    move.prior = replace(move.prior, left={**move.prior.left, NEW_SCORE: left})
    traffic = move.plan(there)[str(TRAFFIC)]
    assert traffic.action is Action.UPDATE and traffic.body is not None
    assert traffic.body["properties"]["publicNetworkAccess"] == "Enabled"
    _anew(move, tmp_path, move.plan(there))
    assert [one.summary for one in (await move.run()).failed] == [] and finished(move.plan_, move.ledger)
    made = move.target.documents[NEW_SCORE]["properties"]
    assert (made["publicNetworkAccess"], made["traffic"]) == ("Enabled", {"blue": 90, "green": 10})
