"""Every kind whose names are one in a region goes under another name, and what refers to it follows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.builders.errors import refusal
from tests.builders.sessions import nothing_given
from tests.builders.world import CONTEXT, NEW, OLD, SOURCE, TARGET, asset, header, inventory
from tests.contract.kinds.examples import KINDS, filled
from tests.contract.kinds.living import ENDPOINTS, Service
from tests.unit.planning.planned import Planned, containers

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset, Inventory
from amlmigrate.core.errors import ConflictError
from amlmigrate.core.events import ignore
from amlmigrate.core.ownership_record import OwnershipRecord
from amlmigrate.core.plan import Action, Plan, Step
from amlmigrate.core.select import Selection
from amlmigrate.core.state import State
from amlmigrate.core.writes import Accepted
from amlmigrate.inventory.regional import keep_names_taken
from amlmigrate.inventory.walk import scan
from amlmigrate.kinds import Kind, all_kinds, moving_kinds
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.asynchronous import AsyncLedger
from amlmigrate.ledger.items import idmap
from amlmigrate.planning import new_names
from amlmigrate.planning.planner import Planner
from amlmigrate.planning.renames import Renames
from amlmigrate.running.document_executor import DocumentExecutor
from amlmigrate.running.sources import Sources
from amlmigrate.running.target_names import TargetNames
from amlmigrate.verifying.document_comparison import compare_documents

NEAR = replace(TARGET, document={**TARGET.document, "location": SOURCE.location})
NIGHTLY = Address.of("schedules", "n")


def _alone(kind: Kind) -> Asset:
    """An example, without traffic to deployments that are not there."""
    found = filled(kind.example())
    properties = {name: value for name, value in found.properties.items() if name != "traffic"}
    return replace(found, document={**found.document, "properties": properties})


EXAMPLES = [_alone(one) for one in (*KINDS, ENDPOINTS) if one.regional]


@pytest.fixture(autouse=True)
def living(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Endpoints as they are to move."""
    for kinds in (all_kinds(), moving_kinds()):
        monkeypatch.setitem(kinds, ENDPOINTS.name, ENDPOINTS)
    yield


@pytest.fixture(params=EXAMPLES, ids=lambda one: str(one.address))
def example(request: pytest.FixtureRequest) -> Asset:
    """One of each such kind."""
    found: Asset = request.param
    return found


def _nightly(example: Asset) -> Asset:
    """A schedule whose job names it, in another letter case."""
    job = {"jobType": "Command", "x": f"{OLD.id.upper()}/{example.address.kind}/{example.address.name}"}
    return asset(str(NIGHTLY), isEnabled=False, action={"actionType": "CreateJob", "jobDefinition": job})


class Move:
    """A source with one of a kind, and what refers to it; a target in the same region."""

    def __init__(self, folder: Path, example: Asset) -> None:
        self.kind: Kind = moving_kinds()[example.address.kind]
        self.old, self.new = example.address, Address.of(example.address.kind, f"{example.address.name}-cmk")
        self.held = [example, _nightly(example)]
        self.source = Service(
            {moving_kinds()[one.address.kind].path(one.address): one.document for one in self.held}
        )
        self.target = Service()
        self.prior = OwnershipRecord()
        self.planned = self.plan(inventory(of=NEAR))
        self.plan_ = Plan(header(), tuple(self.planned.steps), "ab" * 32)
        self.ledger = Ledger(folder)
        self.ledger.bind(self.plan_)

    def plan(self, there: Inventory) -> Planned:
        """A plan of what both hold now, without a file of names."""
        source = inventory(*self.held)
        named = new_names.chosen(source, there, Renames(), self.prior, ())
        planner = Planner(
            source,
            there,
            selection=Selection(),
            prior=self.prior,
            copy_unreferenced=False,
            names=named.names,
        )
        steps, findings = planner.steps(containers())
        return Planned([Step.of_dict(json.loads(json.dumps(one.as_dict()))) for one in steps], findings)

    async def holds(self) -> Inventory:
        """What the target holds."""
        kinds = (self.kind, moving_kinds()[NIGHTLY.kind])
        found = await scan(kinds, self.target, ignore)  # type: ignore[arg-type] - in memory
        return inventory(*(one for assets in found.values() for one in assets), of=NEAR)

    async def run(self) -> None:
        """Makes all that a run makes, in order."""
        written = AsyncLedger(self.ledger)
        documents = DocumentExecutor(
            self.source, self.target, Sources(self.source, (), CONTEXT), written, {}, self.prior,
            TargetNames(self.target, written, self.prior, ()), nothing_given(),
        )  # fmt: skip
        try:
            for step in self.planned.steps:
                if step.run:
                    await documents.write(step, State.PENDING)
        finally:
            written.close()

    def learn(self) -> None:
        """What the next plan knows by this one's ledger."""
        owned, left = self.ledger.in_target()
        self.prior = OwnershipRecord(
            frozenset(owned),
            left={address: sha256 for address, (_, sha256) in left.items()},
            called=self.ledger.called(),
        )


@pytest.fixture
def move(tmp_path: Path, example: Asset) -> Iterator[Move]:
    found = Move(tmp_path, example)
    yield found
    found.ledger.close()


async def test_it_goes_under_its_new_name_and_the_next_plan_keeps_that(move: Move) -> None:
    item, nightly = move.planned[str(move.old)], move.planned[str(NIGHTLY)]
    assert (item.target, item.target_id, item.action) == (move.new, f"{NEW.id}/{move.new}", Action.CREATE)
    assert nightly.body and nightly.target is None
    named = nightly.body["properties"]["action"]["jobDefinition"]["x"]
    assert named.lower() == f"{NEW.id}/{move.new}".lower()
    await move.run()
    assert {path for verb, path in move.target.calls if verb == "PUT"} == {str(move.new), str(NIGHTLY)}
    rows = [row.split(",") for row in idmap(move.ledger).decode().splitlines()]
    assert [new.endswith(f"/{move.new}") for old, new in rows if old == f"{OLD.id}/{move.old}"] == [True]
    source = inventory(*move.held)
    keep_names_taken(source, NEAR, move.plan_.names())
    told = compare_documents(move.plan_, source, await move.holds())
    assert told.differences == [] and {str(move.old), str(NIGHTLY)} <= told.same
    move.learn()
    again = move.plan(await move.holds())
    assert {again[str(one)].action for one in (move.old, NIGHTLY)} == {Action.ADOPT}
    assert not [one.address for one in again.steps if one.run and one.action.writes]
    assert again[str(move.old)].target == move.new


async def test_a_name_that_somebody_else_of_the_region_has_is_told_with_the_remedy(move: Move) -> None:
    words = {
        "computes": "Compute name 'cpu-cmk' is not available. Reason: AlreadyExists. Message: The specified name"
        " cpu-cmk is already in use and is therefore unavailable",
        "onlineEndpoints": "There is already an endpoint with this name, Endpoint name needs to be unique within a"
        " region. Try some other name.",
    }

    async def refused(path: str, body: Any, query: Any = None) -> Accepted:
        raise refusal(400, "UserError", words[move.kind.name], method="PUT", url=path)

    move.target.put = refused  # type: ignore[method-assign] - the service's answer
    with pytest.raises(
        ConflictError, match=rf"Something else of the region has the name '{move.new.name}'"
    ) as told:
        await move.run()
    assert f"'{move.old},NEW-NAME'" in told.value.remedy and "--rename FILE" in told.value.remedy
    assert "Plan again with --rename" in told.value.summary


async def test_what_came_after_the_plan_is_left_to_a_person(move: Move) -> None:
    source = inventory(*move.held)
    keep_names_taken(source, NEAR, {})
    [left] = source.by_hand
    assert left.address == move.old and "one in a region" in left.reason
    keep_names_taken(moved := inventory(*move.held), TARGET, {})
    assert move.old in moved.assets
