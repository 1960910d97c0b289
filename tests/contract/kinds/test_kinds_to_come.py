"""The port carries the kinds to come: two examples go through plan, run, kill, resume, verify and gate."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.builders.sessions import nothing_given
from tests.builders.world import CONTEXT, MAPPING, NEW, OLD, SOURCE, TARGET, header, inventory
from tests.contract.kinds.living import DEPLOYMENTS, ENDPOINTS, KEYS, KilledError, Service
from tests.unit.planning.planned import Planned, containers, model

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset, Inventory
from amlmigrate.core.documents import properties_of
from amlmigrate.core.events import ignore
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.ownership_record import OwnershipRecord
from amlmigrate.core.plan import Action, Plan, Step
from amlmigrate.core.reference import references
from amlmigrate.core.select import Selection
from amlmigrate.core.state import Outcome, State
from amlmigrate.core.stop import Stop
from amlmigrate.decommissioning.gate import undecided
from amlmigrate.inventory.walk import scan
from amlmigrate.kinds import Context, all_kinds, moving_kinds
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.asynchronous import AsyncLedger
from amlmigrate.ledger.items import idmap, items
from amlmigrate.planning.diff import verdicts_on
from amlmigrate.planning.planner import Planner
from amlmigrate.running.document_executor import DocumentExecutor
from amlmigrate.running.run import finished
from amlmigrate.running.sources import Sources
from amlmigrate.running.target_names import TargetNames
from amlmigrate.running.walker import Walker, WalkResult
from amlmigrate.verifying.document_comparison import compare_documents

SCORE, BLUE, GREEN = (
    Address.parse(text)
    for text in (
        "onlineEndpoints/score",
        "onlineEndpoints/score/deployments/blue",
        "onlineEndpoints/score/deployments/green",
    )
)
TRAFFIC, ENABLE = SCORE.at("traffic"), SCORE.at("enable")
NAMES = {SCORE: Address.parse("onlineEndpoints/score-cmk")}
# Where the target has them.
NEW_SCORE, NEW_BLUE = "onlineEndpoints/score-cmk", "onlineEndpoints/score-cmk/deployments/blue"
MODEL = model("1")


@pytest.fixture(autouse=True)
def living(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Both kinds in the place of those that are only listed."""
    for kind in (ENDPOINTS, DEPLOYMENTS):
        monkeypatch.setitem(all_kinds(), kind.name, kind)
        monkeypatch.setitem(moving_kinds(), kind.name, kind)
    yield


def _held() -> list[Asset]:
    blue = DEPLOYMENTS.example()
    own = {**blue.properties, "environmentVariables": {"HOME": f"{OLD.id}/{GREEN}"}}
    green = Asset(GREEN, {**blue.document, "name": "green", "id": f"{OLD.id}/{GREEN}", "properties": own})
    return [ENDPOINTS.example(), blue, green, MODEL]


class Move:
    """Two workspaces in memory, a plan, and its ledger; each run is a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        held = {moving_kinds()[one.address.kind].path(one.address): one.document for one in _held()}
        self.source = Service(dict(held), id=OLD.id)
        self.target = Service(taken=frozenset({"score"}))
        self.prior = OwnershipRecord()
        self.planned = self.plan()
        self.plan_ = Plan(header(), self.planned.steps, "ab" * 32)
        self.ledger = Ledger(folder)
        self.ledger.bind(self.plan_)

    def plan(self, there: Inventory | None = None) -> Planned:
        """A plan of what both hold now."""
        target = there or inventory(of=TARGET)
        chosen = Selection()
        planner = Planner(
            inventory(*_held()),
            target,
            selection=chosen,
            prior=self.prior,
            copy_unreferenced=False,
            names=dict(NAMES),
        )
        steps, findings = planner.steps(containers())
        return Planned([_as_read(step) for step in steps], findings)

    async def holds(self) -> Inventory:
        """What the target holds, as an inventory has it."""
        found = await scan(moving_kinds().values(), self.target, ignore)  # type: ignore[arg-type] - in memory
        return inventory(*(asset for assets in found.values() for asset in assets), of=TARGET)

    async def run(self) -> WalkResult:
        """One run, as one that goes on."""
        self.ledger.reopen()
        written = AsyncLedger(self.ledger)
        present = (await self.holds()).assets
        names = TargetNames(self.target, written, self.prior, present)
        documents = DocumentExecutor(
            self.source,
            self.target,
            Sources(self.source, (), CONTEXT),
            written,
            present,
            self.prior,
            names,
            nothing_given(),
        )

        async def carry_out(step: Step, state: State) -> None:
            await (documents.adopt(step) if step.action is Action.ADOPT else documents.write(step, state))

        try:
            states = {address: row.state for address, row in self.ledger.steps().items()}
            return await Walker(self.plan_, states, written, carry_out, ignore, Stop()).walk(1)
        finally:
            written.close()

    def state(self, address: Address) -> State:
        """Of one step."""
        return self.ledger.step(address).state

    def puts(self, path: str) -> int:
        """How often something was written at a path."""
        return self.target.calls.count(("PUT", path))


def _as_read(step: Step) -> Step:
    """As a plan's file gives it back."""
    return Step.of_dict(json.loads(json.dumps(step.as_dict())))


@pytest.fixture
def move(tmp_path: Path) -> Iterator[Move]:
    found = Move(tmp_path)
    yield found
    found.ledger.close()


def test_the_plan_has_a_step_for_each_write_in_the_order_in_which_they_can_be_made(move: Move) -> None:
    planned = move.planned
    order = [one for one in planned.addresses if one.startswith("onlineEndpoints")]
    assert order == [str(SCORE), str(BLUE), str(GREEN), str(TRAFFIC), str(ENABLE)]
    assert planned.after(str(BLUE)) == ["models/m/1", str(SCORE)]
    assert set(planned.after(str(TRAFFIC))) == {str(SCORE), str(BLUE), str(GREEN)}
    assert planned.after(str(ENABLE)) == [str(TRAFFIC)]
    # Deployments are no versions: neither waits for the other.
    assert str(BLUE) not in planned.after(str(GREEN))


def test_the_plan_has_whole_envelopes_for_the_place_and_the_names_of_the_target(move: Move) -> None:
    score, blue = move.planned[str(SCORE)], move.planned[str(BLUE)]
    assert score.body is not None and blue.body is not None
    assert {key: score.body[key] for key in ("location", "kind", "identity", "tags")} == {
        "location": "northeurope",
        "kind": "Managed",
        "identity": {"type": "SystemAssigned"},
        "tags": {"team": "risk"},
    }
    assert (blue.body["location"], blue.body["sku"]) == ("northeurope", {"name": "Default", "capacity": 2})
    assert score.target_id == f"{NEW.id}/{NEW_SCORE}" and blue.target_id == f"{NEW.id}/{NEW_BLUE}"
    assert blue.body["properties"]["environmentVariables"] == {"HOME": f"{NEW.id}/{NEW_BLUE}"}
    assert [(one.stage, one.called) for one in move.planned.steps if one.address == ENABLE] == [
        ("cutover", NAMES[SCORE])
    ]
    for secret in KEYS.values():
        assert secret not in json.dumps([one.as_dict() for one in move.planned.steps])


def test_a_reference_keeps_the_collections_spelling_and_its_whole_path() -> None:
    text = f"/{OLD.id.strip('/')}/ONLINEENDPOINTS/score/Deployments/blue"
    [found] = references({"deploymentId": text})
    assert Address(str(found.kind), found.names) == BLUE and found.version is None
    assert MAPPING.rewrite(text).endswith("/ONLINEENDPOINTS/score/Deployments/blue")
    assert Mapping(SOURCE, TARGET, NAMES).rewrite(text).endswith("/ONLINEENDPOINTS/score-cmk/Deployments/blue")


async def test_what_the_plan_shows_is_what_a_run_writes_and_nothing_of_the_cutover(move: Move) -> None:
    tally = await move.run()
    assert not tally.failed and finished(move.plan_, move.ledger)
    written = [path for verb, path in move.target.calls if verb == "PUT"]
    assert sorted(written[:2]) == ["models/m/versions/1", NEW_SCORE]
    assert written[2:] == [NEW_BLUE, f"{NEW_SCORE}/deployments/green", NEW_SCORE]
    shown = [one.body for one in move.planned.steps if one.run]
    for sent, body in zip(move.target.bodies, shown, strict=True):
        filled = json.loads(json.dumps(body))
        if "keys" in filled["properties"]:
            filled["properties"]["keys"] = dict(KEYS)
        assert sent == filled
    made = move.target.documents[NEW_SCORE]["properties"]
    assert made["traffic"] == {"blue": 90, "green": 10} and made["publicNetworkAccess"] == "Disabled"
    assert move.state(ENABLE) is State.PENDING
    assert f"{OLD.id}/{SCORE},{NEW.id}/{NEW_SCORE}" in idmap(move.ledger).decode()
    assert f"{OLD.id}/{BLUE},{NEW.id}/{NEW_BLUE}" in idmap(move.ledger).decode()
    kept = b"".join(path.read_bytes() for path in move.folder.rglob("*") if path.is_file())
    assert not any(secret.encode() in kept for secret in KEYS.values())


async def test_no_write_is_done_before_it_is_settled(move: Move) -> None:
    settled: list[str] = []
    before = move.target.settled

    async def watched(path: str, operation: Any = None) -> Any:
        # What was accepted is on the disk by now, with the operation that is to be polled.
        address = next(one.address for one in move.planned.steps if one.target_id.endswith(path) and one.run)
        if path == NEW_BLUE:
            assert move.state(BLUE) is State.CREATED
            assert move.ledger.operation(BLUE) == {"url": f"/operations/{path}", "tells": True} == operation
        found = await before(path, operation)
        assert found is None or properties_of(found).get("provisioningState") in ("Succeeded", None)
        settled.append(str(address))
        return found

    move.target.settled = watched  # type: ignore[method-assign] - to look on
    await move.run()
    assert str(SCORE) in settled and str(BLUE) in settled
    assert move.state(BLUE) is State.DONE and move.ledger.operation(BLUE) is None


@pytest.mark.parametrize("looks", range(12))
async def test_a_kill_during_any_wait_is_resumed_by_reading(move: Move, looks: int) -> None:
    move.target.dying = looks
    with pytest.raises(KilledError):
        await move.run()
    under_way = [one.address for one in move.planned.steps if move.state(one.address) is State.CREATED]
    assert len(under_way) == 1
    tally = await move.run()
    assert not tally.failed and finished(move.plan_, move.ledger)
    # The endpoint twice, for its traffic; nothing a second time for the kill.
    assert (move.puts(NEW_SCORE), move.puts(NEW_BLUE), move.puts("models/m/versions/1")) == (2, 1, 1)


async def test_what_the_service_fails_at_fails_the_step_in_its_words_and_is_made_anew_when_asked(
    move: Move,
) -> None:
    move.target.fails[NEW_BLUE] = "pip could not find torch==9"
    tally = await move.run()
    [failed] = tally.failed
    assert "pip could not find torch==9" in failed.summary and "ImageBuildFailure" in failed.summary
    assert move.state(BLUE) is State.FAILED and move.state(TRAFFIC) is State.BLOCKED
    assert "pip could not find torch==9" in move.ledger.step(BLUE).detail
    # Failed is not equal to done, whatever its members are.
    there = await move.holds()
    assert [one.field for one in DEPLOYMENTS.differences(BLUE, move.planned[str(BLUE)].body or {}, there.assets[
        Address.parse(NEW_BLUE)
    ].document)][-1] == "/properties/provisioningState"  # fmt: skip
    told = compare_documents(move.plan_, inventory(*_held()), there).differences
    assert {"/properties/provisioningState"} <= {one.field for one in told if one.address == str(BLUE)}
    del move.target.fails[NEW_BLUE]
    assert not (await move.run()).failed and finished(move.plan_, move.ledger)
    assert move.puts(NEW_BLUE) == 2


async def test_a_failure_that_came_while_nobody_waited_is_told_and_not_written_over_at_once(move: Move) -> None:
    move.target.fails[NEW_BLUE] = "no quota"
    move.target.dying = 4
    with pytest.raises(KilledError):
        await move.run()
    assert move.state(BLUE) is State.CREATED
    tally = await move.run()
    assert "no quota" in tally.failed[0].summary and move.puts(NEW_BLUE) == 1


async def test_what_somebody_elses_failed_at_is_a_conflict(move: Move) -> None:
    theirs = {"name": "score-cmk", "properties": {"provisioningState": "Failed", "authMode": "Key"}}
    move.target.documents[NEW_SCORE] = theirs
    tally = await move.run()
    assert "a different one that this tool did not create" in tally.failed[0].summary
    assert move.puts(NEW_SCORE) == 0


async def _moved(move: Move) -> Inventory:
    assert not (await move.run()).failed
    owned, left = move.ledger.in_target()
    move.prior = OwnershipRecord(frozenset(owned), left={address: sha256 for address, (_, sha256) in left.items()})
    return await move.holds()


async def test_after_a_run_a_new_plan_holds_only_the_cutover(move: Move) -> None:
    anew = move.plan(await _moved(move))
    assert {str(one.address): one.action for one in anew.steps if one.action.writes} == {
        str(ENABLE): Action.UPDATE
    }
    assert anew[str(ENABLE)].stage == "cutover"


async def test_after_the_cutover_a_new_plan_holds_nothing_and_shuts_nothing(move: Move) -> None:
    there = await _moved(move)
    move.target.documents[NEW_SCORE]["properties"]["publicNetworkAccess"] = "Enabled"
    there = await move.holds()
    score = there.assets[NAMES[SCORE]]
    move.prior = replace(move.prior, left={**move.prior.left, NEW_SCORE: ENDPOINTS.state(score.document)})
    anew = move.plan(there)
    assert not [one for one in anew.steps if one.action.writes]
    again = Plan(header(), anew.steps, "cd" * 32)
    assert compare_documents(again, inventory(*_held()), there).differences == []


async def test_a_change_of_the_endpoint_takes_no_traffic_from_it(move: Move) -> None:
    there = await _moved(move)
    move.source.documents[str(SCORE)]["tags"] = {"team": "fraud"}
    changed = replace(ENDPOINTS.example(), document={**ENDPOINTS.example().document, "tags": {"team": "fraud"}})
    desired = ENDPOINTS.desired(changed, Context(Mapping(SOURCE, TARGET, NAMES), _held()))
    verdicts, _ = verdicts_on(ENDPOINTS, changed, desired, there.assets[NAMES[SCORE]], move.prior, NAMES[SCORE])
    item, traffic, enable = verdicts
    assert (item.action, traffic.action, enable.action) == (Action.UPDATE, Action.ADOPT, Action.UPDATE)
    assert item.body is not None and item.body["tags"] == {"team": "fraud"}
    assert item.body["properties"]["traffic"] == {"blue": 90, "green": 10}


async def test_traffic_that_people_moved_on_is_not_moved_back(move: Move) -> None:
    await _moved(move)
    move.target.documents[NEW_SCORE]["properties"]["traffic"] = {"green": 100}
    anew = move.plan(await move.holds())
    assert anew[str(TRAFFIC)].action is Action.CONFLICT
    assert "changed in the target since it was moved" in anew[str(TRAFFIC)].reason


async def test_verify_looks_under_the_targets_names_and_misses_nothing_of_the_cutover(move: Move) -> None:
    there = await _moved(move)
    compared = compare_documents(move.plan_, inventory(*_held()), there)
    assert compared.differences == [] and {str(SCORE), str(BLUE)} <= compared.same
    # Opened before the cutover both would answer: that is told.
    move.target.documents[NEW_SCORE]["properties"]["publicNetworkAccess"] = "Enabled"
    told = compare_documents(move.plan_, inventory(*_held()), await move.holds()).differences
    assert [(one.address, one.field) for one in told] == [(str(SCORE), "/properties/publicNetworkAccess")]
    del move.target.documents[NEW_BLUE]
    missing = compare_documents(move.plan_, inventory(*_held()), await move.holds()).differences
    assert (str(BLUE), "target") in {(one.address, one.field) for one in missing}


async def test_the_gate_asks_for_what_is_left_for_the_cutover(move: Move) -> None:
    await _moved(move)
    ended = {item.address: item.outcome for item in items(move.plan_, move.ledger)}
    assert ended[str(ENABLE)] is Outcome.TO_CUT_OVER and ended[str(TRAFFIC)] is Outcome.UPDATED
    [told] = [one for one in undecided(move.plan_, move.ledger, []) if one.startswith("onlineEndpoints")]
    assert told.startswith(f"{ENABLE} is left for the cutover") and f"migrate done {ENABLE}" in told


def test_every_rule_for_all_kinds_holds_for_these_too() -> None:
    context = Context(Mapping(SOURCE, TARGET, NAMES), _held())
    for asset in _held():
        desired = all_kinds()[asset.address.kind].desired(asset, context)  # type: ignore[attr-defined] - they move
        phases = [one.phase for one in desired.writes]
        assert phases[0] == "" and len(set(phases)) == len(phases)
        stages = [one.stage for one in desired.writes]
        assert stages == sorted(stages, reverse=True)
