"""What somebody else made or changed in the target since the plan stays as it is, and the step says so."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.builders.sessions import nothing_given
from tests.builders.world import CONTEXT, NEW, header
from tests.contract.kinds.examples import ASSETS, every_asset, kind_of
from tests.contract.kinds.workspace_of import EverySecret, InMemory

from amlmigrate.core.asset import Asset
from amlmigrate.core.errors import ConflictError
from amlmigrate.core.ownership_record import OwnershipRecord
from amlmigrate.core.plan import Action, Plan, Step
from amlmigrate.core.state import State
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.asynchronous import AsyncLedger
from amlmigrate.running.document_executor import DocumentExecutor
from amlmigrate.running.sources import Sources
from amlmigrate.running.target_names import TargetNames


class Move:
    """A step about one asset, the target that it writes to, and what carries it out."""

    def __init__(self, asset: Asset, folder: Path) -> None:
        self.kind, self.asset = kind_of(asset), asset
        self.path, self.body = self.kind.path(asset.address), self.kind.desired(asset, CONTEXT).first.body
        self.target, self.ledger = InMemory(), Ledger(folder)
        self.source = InMemory({self.path: asset.document})
        self.prior = OwnershipRecord()
        for port in (self.source, self.target):
            port.secrets = {
                f"{one}/listSecrets": EverySecret() for one in (self.path, "datastores/workspaceblobstore")
            }

    def step(self, action: Action, **more: Any) -> Step:
        id_ = str(self.asset.document.get("id", ""))
        made = Step(self.asset.address, action, source_id=id_, target_id=f"{NEW.id}/{self.path}",
                    source_sha256=self.kind.digest(self.asset), body=self.body, **more)  # fmt: skip
        self.ledger.bind(Plan(header(), (made,), "ab" * 32))
        return made

    def theirs(self) -> dict[str, Any]:
        """Another document under the address, that somebody else made."""
        told = {"description": "theirs", "tags": {"by": "them"}}
        self.target.documents[self.path] = {**self.body, "properties": {**self.body["properties"], **told}}
        return dict(self.target.documents[self.path])

    async def write(self, step: Step) -> None:
        await self._carried_out(lambda documents: documents.write(step, self.ledger.step(step.address).state))

    async def adopt(self, step: Step) -> None:
        await self._carried_out(lambda documents: documents.adopt(step))

    async def _carried_out(self, deed: Callable[[DocumentExecutor], Awaitable[None]]) -> None:
        written = AsyncLedger(self.ledger)
        names = TargetNames(self.target, written, self.prior, {})
        documents = DocumentExecutor(
            self.source,
            self.target,
            Sources(self.source, (), CONTEXT),
            written,
            {},
            self.prior,
            names,
            nothing_given(),
        )
        try:
            await deed(documents)
        finally:
            written.close()


@pytest.fixture
def move(asset: Asset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Move]:
    monkeypatch.setattr("amlmigrate.running.document_executor._READ_BEFORE_SECONDS", ())
    monkeypatch.setattr("amlmigrate.running.document_executor.READ_BACK_SECONDS", ())
    found = Move(asset, tmp_path)
    yield found
    found.ledger.close()


MODEL = next(one for one in ASSETS if str(one.address).startswith("models/") and one.address.version)
of_a_model = pytest.mark.parametrize("asset", [MODEL], ids=lambda one: str(one.address))


@every_asset
async def test_what_a_put_would_replace_unseen_is_looked_for_right_before(move: Move, asset: Asset) -> None:
    step, there = move.step(Action.CREATE), move.theirs()
    if not move.kind.read_before_put(asset.address):
        # The answer to its PUT tells that something was there: for the next one.
        with pytest.raises(ConflictError, match="appeared in the target while the plan was run"):
            await move.write(step)
        return
    with pytest.raises(ConflictError, match="a different one that this tool did not create"):
        await move.write(step)
    assert move.target.changing() == [] and move.target.documents[move.path] == there


@of_a_model
async def test_one_that_appeared_is_never_called_the_tools_own(move: Move, asset: Asset) -> None:
    step, _ = move.step(Action.CREATE), move.theirs()
    with pytest.raises(ConflictError, match="somebody else made it"):
        await move.write(step)
    assert move.ledger.step(step.address).state is State.PENDING


@of_a_model
async def test_an_update_over_what_somebody_changed_since_the_plan_is_refused(move: Move, asset: Asset) -> None:
    step, there = move.step(Action.UPDATE, target_sha256="f" * 64), move.theirs()
    with pytest.raises(ConflictError, match=r"not what it was when the plan was made: /properties/"):
        await move.write(step)
    assert move.target.changing() == [] and move.target.documents[move.path] == there


@of_a_model
async def test_an_update_is_made_over_what_is_as_it_was(move: Move, asset: Asset) -> None:
    there = move.theirs()
    await move.write(move.step(Action.UPDATE, target_sha256=move.kind.state(there)))
    assert len(move.target.changing()) == 1


@of_a_model
async def test_an_update_that_somebody_made_already_is_not_made_again(move: Move, asset: Asset) -> None:
    step = move.step(Action.UPDATE, target_sha256="f" * 64)
    move.target.documents[move.path] = dict(move.body)
    await move.write(step)
    assert move.target.changing() == [] and move.ledger.step(step.address).state is State.DONE


@of_a_model
async def test_what_was_made_and_is_another_by_now_stays_and_once_gone_is_made_again(
    move: Move, asset: Asset
) -> None:
    step, there = move.step(Action.CREATE), move.theirs()
    move.ledger.move(step.address, State.DOING)
    with pytest.raises(ConflictError, match="otherwise than it was written: /properties/"):
        await move.write(step)
    assert move.target.changing() == [] and move.target.documents[move.path] == there
    del move.target.documents[move.path]
    await move.write(step)
    assert [method for method, _ in move.target.changing()] == ["PUT"]
