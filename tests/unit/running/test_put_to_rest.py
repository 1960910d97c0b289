"""An instance that this tool has made is stopped whichever way a run comes back to it, and nobody else's is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.builders.errors import refusal
from tests.builders.world import CONTEXT
from tests.contract.kinds.test_target_of_others import Move
from tests.unit.kinds.test_compute_instances import instance

from amlmigrate.core.documents import Document
from amlmigrate.core.errors import MigrateError
from amlmigrate.core.ownership_record import OwnershipRecord
from amlmigrate.core.plan import Action
from amlmigrate.core.state import State

STOP = ("POST", "computes/ci/stop")


@pytest.fixture
def move(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Move]:
    for module in ("running.document_executor", "kinds._compute_instances"):
        monkeypatch.setattr(f"amlmigrate.{module}.READ_BACK_SECONDS", ())
    found = Move(instance(), tmp_path)
    yield found
    found.ledger.close()


def _runs(move: Move, **inner: Any) -> None:
    """The target has it as the plan has it, and it was never started."""
    body = move.kind.desired(move.asset, CONTEXT).first.body
    there: Document = {**body["properties"]["properties"], "state": "Running", **inner}
    move.target.documents[move.path] = {**body, "properties": {**body["properties"], "properties": there}}


async def test_one_whose_creation_nobody_has_recorded_is_stopped_by_the_next_run(move: Move) -> None:
    step = move.step(Action.CREATE)
    move.ledger.move(step.address, State.DOING)
    _runs(move)
    await move.write(step)
    assert move.target.calls.count(STOP) == 1 and move.target.changing() == []
    assert move.ledger.step(step.address).state is State.DONE


async def test_one_that_could_not_be_stopped_is_not_done_until_it_is(move: Move) -> None:
    step, act = move.step(Action.CREATE), move.target.act

    async def refused(path: str) -> None:
        raise refusal(403, "AuthorizationFailed", "no right to stop")

    async def written() -> None:
        with pytest.raises(MigrateError, match="may run"):
            await move.write(step)
        move.ledger.move(step.address, State.FAILED)
        move.ledger.reopen()

    move.target.act = refused  # type: ignore[method-assign] - its right comes later
    put = move.target.put

    async def running(path: str, body: Document, query: Any = None) -> Any:
        accepted = await put(path, body, query)
        _runs(move)
        return accepted

    move.target.put = running  # type: ignore[method-assign] - one runs once it is made
    await written()
    await written()
    move.target.act = act  # type: ignore[method-assign] - now it has
    await move.write(step)
    assert move.target.calls.count(STOP) == 1 and move.ledger.step(step.address).state is State.DONE


@pytest.mark.parametrize(("own", "inner", "stopped"), [(True, {}, 1), (False, {}, 0),
                                                       (True, {"lastOperation": {"operationName": "Start"}}, 0)])  # fmt: skip
async def test_a_new_plan_stops_what_an_earlier_one_made_and_did_not(
    move: Move, own: bool, inner: dict[str, Any], stopped: int
) -> None:
    step = move.step(Action.ADOPT)
    _runs(move, **inner)
    move.prior = OwnershipRecord(asked_for=frozenset({"computes/ci"} if own else ()))
    await move.adopt(step)
    assert move.target.calls.count(STOP) == stopped and move.ledger.step(step.address).state is State.DONE
