"""Names in the target: those that come by themselves, and what archiving one would hide from others."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.builders.sessions import nothing_given
from tests.builders.world import CONTEXT
from tests.builders.world import plan as made_plan
from tests.contract.kinds.workspace_of import InMemory
from tests.unit.planning.planned import asset, model, plan

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.core.errors import ConflictError
from amlmigrate.core.ownership_record import OwnershipRecord
from amlmigrate.core.plan import Step
from amlmigrate.core.state import State
from amlmigrate.kinds import all_kinds, moving_kinds
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.asynchronous import AsyncLedger
from amlmigrate.running.document_executor import DocumentExecutor
from amlmigrate.running.sources import Sources
from amlmigrate.running.target_names import TargetNames

PLAIN: dict[str, Any] = {"description": "", "tags": {}, "properties": {}, "isArchived": False}
LIST = ("GET", "models")


class Run:
    """What carries out the steps of a plan from one workspace in memory to another."""

    def __init__(
        self, tmp_path: Path, *source: Asset, there: tuple[Asset, ...] = (), prior: OwnershipRecord | None = None
    ) -> None:
        prior = prior or OwnershipRecord()
        self.source, self.target = (
            InMemory({moving_kinds()[one.address.kind].path(one.address): one.document for one in side})
            for side in (source, there)
        )
        self.steps = {str(one.address): one for one in plan(*source, there=there, prior=prior).steps}
        self.ledger = Ledger(tmp_path)
        self.ledger.bind(made_plan(*self.steps.values()))
        written = AsyncLedger(self.ledger)
        present = {one.address: one for one in there}
        names = TargetNames(self.target, written, prior, present)
        self.documents = DocumentExecutor(
            self.source,
            self.target,
            Sources(self.source, (), CONTEXT),
            written,
            present,
            prior,
            names,
            nothing_given(),
        )

    async def write(self, address: str) -> None:
        """Carries out one step as a run does that finds it pending, and forgets what was asked before."""
        self.target.calls.clear()
        await self.documents.write(self.steps[address], State.PENDING)

    async def version(self, address: str) -> None:
        """One version is made, and its name with it where the target has none."""
        await self.write(address)
        name = Address.parse(address).container
        known = {"name": name.name, "properties": dict(PLAIN)}
        self.target.documents.setdefault(all_kinds()[name.kind].path(name), known)

    def state(self, address: str) -> State:
        """Of one step."""
        return self.ledger.step(Address.parse(address)).state

    def made(self, address: str) -> bool:
        """Whether it counts as the tool's own from now on."""
        return self.ledger.creates(Address.parse(address))


def _named(name: str, **said: Any) -> tuple[Asset, Asset]:
    uri = "https://example.com/model"
    return asset(f"models/{name}", **{**PLAIN, **said}), asset(f"models/{name}/1", modelUri=uri)


async def test_names_that_came_by_themselves_are_seen_in_one_list_and_not_written(tmp_path: Path) -> None:
    run = Run(tmp_path, *_named("a"), *_named("b"), *_named("c"))
    for name in "abc":
        await run.version(f"models/{name}/1")
    await run.write("models/a")
    assert run.target.calls == [LIST]
    for name in "bc":
        await run.write(f"models/{name}")
        assert run.target.calls == [], "the list is there already"
    assert all(run.state(f"models/{name}") is State.DONE and run.made(f"models/{name}") for name in "abc")
    assert run.source.calls.count(("GET", "models/a")) == 0, "nothing acts upon it"


async def test_one_that_came_after_the_list_is_asked_for_by_itself(tmp_path: Path) -> None:
    run = Run(tmp_path, *_named("a"), *_named("b"))
    await run.version("models/a/1")
    await run.write("models/a")
    await run.version("models/b/1")
    await run.write("models/b")
    assert run.target.calls == [("GET", "models/b")]
    assert run.made("models/b")


async def test_a_name_that_others_use_too_is_not_the_tools_own(tmp_path: Path) -> None:
    theirs = model("7")
    run = Run(tmp_path, *_named("m"), there=(theirs,))
    await run.version("models/m/1")
    await run.write("models/m")
    assert run.state("models/m") is State.DONE and not run.made("models/m")


async def test_what_an_earlier_start_of_the_run_made_is_nobody_elses(tmp_path: Path) -> None:
    run = Run(tmp_path, *_named("m"))
    await run.version("models/m/1")
    there = {Address.of("models", "m", "1"): asset("models/m/1")}
    run.documents.names.present = there
    await run.write("models/m")
    assert run.made("models/m")


@pytest.mark.parametrize(
    "said", [{"description": "theirs"}, {"tags": {"by": "them"}}, {"isArchived": True}], ids=str
)
async def test_what_others_said_of_it_in_the_meantime_stays(tmp_path: Path, said: dict[str, Any]) -> None:
    run = Run(tmp_path, *_named("m"))
    await run.version("models/m/1")
    run.target.documents["models/m"]["properties"] |= said
    with pytest.raises(ConflictError):
        await run.write("models/m")
    assert not run.target.changing() and not run.made("models/m")


async def test_a_name_that_did_not_come_is_made(tmp_path: Path) -> None:
    run = Run(tmp_path, *_named("m"))
    await run.write("models/m/1")
    await run.write("models/m")
    assert run.target.changing() == [("PUT", "models/m")] and run.made("models/m")


@pytest.mark.parametrize("status", [401, 403, 429, 500])
async def test_a_list_that_is_refused_leaves_the_step_open(tmp_path: Path, status: int) -> None:
    run = Run(tmp_path, *_named("m"))
    await run.version("models/m/1")
    run.target.refusing = status
    with pytest.raises(ServiceError):
        await run.write("models/m")
    assert run.state("models/m") is State.PENDING
    run.target.refusing = 0
    await run.write("models/m")
    assert run.state("models/m") is State.DONE


def _archiving(tmp_path: Path) -> Run:
    """A name that was moved with nothing said of it, and is archived in the source since."""
    name, version = _named("m", isArchived=True)
    before = plan(*_named("m"))
    there = tuple(asset(one, **(before[one].body or {})["properties"]) for one in ("models/m/1",))
    plain = asset("models/m", **PLAIN)
    kind = all_kinds()["models"]
    left = {str(one.address): kind.state(one.document) for one in (plain, *there)}
    return Run(tmp_path, name, version, there=(plain, *there), prior=OwnershipRecord(frozenset(left), left=left))


async def test_a_moved_name_is_archived(tmp_path: Path) -> None:
    run = _archiving(tmp_path)
    await run.write("models/m#archive")
    assert run.target.changing() == [("PUT", "models/m")]
    assert ("GET", "models/m/versions") in run.target.calls
    assert run.target.documents["models/m"]["properties"]["isArchived"] is True


@pytest.mark.parametrize("archived", [False, True])
async def test_versions_that_others_made_since_keep_a_name_from_being_archived(
    tmp_path: Path, archived: bool
) -> None:
    run = _archiving(tmp_path)
    run.target.documents["models/m/versions/7"] = {"name": "7", "properties": {"isArchived": archived}}
    with pytest.raises(ConflictError, match=r"models/m/7\.") as failed:
        await run.write("models/m#archive")
    assert failed.value.address == "models/m#archive" and "models/m/1" not in failed.value.summary
    assert not run.target.changing() and run.state("models/m#archive") is State.PENDING


async def test_nothing_is_archived_while_its_versions_cannot_be_listed(tmp_path: Path) -> None:
    run = _archiving(tmp_path)
    run.target.refusing = 403
    with pytest.raises(ServiceError):
        await run.write("models/m#archive")
    assert not run.target.changing()


def test_only_what_comes_after_a_version_of_its_own_comes_with_it() -> None:
    found = plan(*_named("m"), *_named("n", description="d"))
    assert [str(one.address) for one in found.steps if one.comes_with_version] == ["models/m"]
    other = Step(Address.of("models", "x"), found["models/m"].action, after=(Address.of("models", "m", "1"),))
    assert not other.comes_with_version


async def test_names_that_are_there_already_are_seen_in_the_same_list(tmp_path: Path) -> None:
    there = (*_named("a", description="d"), *_named("b"))
    run = Run(tmp_path, *_named("a", description="d"), *_named("b"), there=there)
    for name in "ab":
        await run.documents.adopt(run.steps[f"models/{name}"])
        assert run.state(f"models/{name}") is State.DONE and not run.made(f"models/{name}")
    assert run.target.calls == [LIST] and run.source.calls == []


async def test_one_that_is_another_by_now_is_asked_for_and_not_adopted(tmp_path: Path) -> None:
    run = Run(tmp_path, *_named("a"), there=_named("a"))
    run.target.documents["models/a"]["properties"]["isArchived"] = True
    with pytest.raises(ConflictError, match="isArchived"):
        await run.documents.adopt(run.steps["models/a"])
    assert run.target.calls == [LIST, ("GET", "models/a")]


@pytest.mark.parametrize("reached", [State.DOING, State.CREATED])
async def test_a_step_that_was_cut_off_goes_on_to_its_end(tmp_path: Path, reached: State) -> None:
    run = Run(tmp_path, *_named("m"))
    await run.version("models/m/1")
    name = Address.of("models", "m")
    for state in (State.DOING, State.CREATED)[: 1 + (reached is State.CREATED)]:
        run.ledger.move(name, state)
    await run.documents.write(run.steps["models/m"], reached)
    assert run.state("models/m") is State.DONE and run.made("models/m") and not run.target.changing()[1:]


async def test_what_the_ledger_made_is_asked_once_for_all_steps_under_way() -> None:
    """It is a text for each document: as many times as there are steps it would fill memory."""
    asked: list[str] = []

    async def owned() -> set[str]:
        asked.append("owned")
        await asyncio.sleep(0)
        return {"models/ours/1"}

    present = [Address.parse("models/ours/1"), Address.parse("models/theirs/1")]
    ledger: Any = SimpleNamespace(owned=owned)
    target: Any = None
    names = TargetNames(target, ledger, OwnershipRecord(), present)
    both = [Address.parse("models/ours"), Address.parse("models/theirs")] * 8
    assert await asyncio.gather(*map(names.ours, both)) == [True, False] * 8
    assert asked == ["owned"]
