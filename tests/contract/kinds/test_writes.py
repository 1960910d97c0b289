"""The rules of writes, over every kind's example: what a plan shows of them, and how each comes about or does not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tenacity import wait_none
from tests.builders.errors import refusal
from tests.builders.sessions import nothing_given
from tests.builders.world import CONTEXT, NEW, header
from tests.contract.kinds.examples import ASSETS, KINDS, every_asset, kind_of
from tests.contract.kinds.living import DEPLOYMENTS, ENDPOINTS, KilledError, Service
from tests.contract.kinds.workspace_of import EverySecret, InMemory

from amlmigrate.cloud import retrying
from amlmigrate.core.address import PHASES
from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import Document, overlaid
from amlmigrate.core.errors import MigrateError
from amlmigrate.core.ownership_record import OwnershipRecord
from amlmigrate.core.plan import Action, Plan, Step
from amlmigrate.core.state import State
from amlmigrate.core.switched import found_at, laid
from amlmigrate.core.writes import Accepted
from amlmigrate.kinds import Kind, moving_kinds
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.asynchronous import AsyncLedger
from amlmigrate.running import document_executor
from amlmigrate.running.document_executor import DocumentExecutor
from amlmigrate.running.sources import Sources
from amlmigrate.running.target_names import TargetNames

# With every state that a source can have one in.
STATES = [one for one in ASSETS if not kind_of(one).inherent]
every_state = pytest.mark.parametrize(
    "asset",
    [*STATES, ENDPOINTS.example(), DEPLOYMENTS.example()],
    ids=lambda one: str(one.address),
)


@pytest.fixture(autouse=True)
def living(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The kinds to come among the others."""
    for kind in (ENDPOINTS, DEPLOYMENTS):
        monkeypatch.setitem(moving_kinds(), kind.name, kind)
    yield


def _kind(asset: Asset) -> Kind:
    return moving_kinds()[asset.address.kind]


def _archived(asset: Asset) -> Asset:
    return Asset(asset.address, {**asset.document, "properties": {**asset.properties, "isArchived": True}})


@every_state
def test_each_write_says_what_it_changes_and_the_cutovers_come_last(asset: Asset) -> None:
    for one in (asset, _archived(asset)):
        desired = _kind(one).desired(one, CONTEXT)
        phases = [write.phase for write in desired.writes]
        assert phases[0] == "" and set(phases[1:]) <= PHASES and len(set(phases)) == len(phases)
        for before, write in zip(desired.writes, desired.writes[1:], strict=False):
            assert write.changes and write.reason
            assert overlaid(before.body, write.body, write.changes) == write.body != before.body
        stages = [write.stage for write in desired.writes]
        assert stages == sorted(stages, reverse=True)


@every_state
@pytest.mark.parametrize("word", ["Creating", "Updating", "Failed", "Canceled", "SomethingNew"])
def test_what_is_not_settled_is_never_equal(asset: Asset, word: str) -> None:
    kind = _kind(asset)
    body = kind.desired(asset, CONTEXT).first.body
    there = {**body, "properties": {**body["properties"], "provisioningState": word}}
    [found] = kind.differences(asset.address, body, there)
    assert (found.field, found.expected, found.actual) == ("/properties/provisioningState", "Succeeded", word)
    assert found.changeable


@dataclass
class Begun:
    """A step of a plan, and what carries it out."""

    step: Step
    target: Service
    ledger: Ledger
    documents: DocumentExecutor

    async def go_on(self) -> None:
        """As a run does that finds it as it is."""
        await self.documents.write(self.step, self.ledger.step(self.step.address).state)


def _newest(asset: Asset) -> str:
    """The newest version of what has its versions in it."""
    versions: list[str] = asset.properties.get("versions") or [""]
    return versions[-1]


@pytest.fixture
def begun(asset: Asset, tmp_path: Path) -> Iterator[Begun]:
    kind = _kind(asset)
    path, body = kind.path(asset.address), kind.desired(asset, CONTEXT).first.body
    step = Step(
        asset.address,
        Action.CREATE,
        source_id=str(asset.document.get("id", "")),
        target_id=f"{NEW.id}/{path}",
        source_sha256=kind.digest(asset),
        body=body,
    )
    source = Service({path: asset.document})
    target = Service(slow_at=path)
    # What it lies below is there.
    if asset.address.parent:
        target.documents[str(asset.address.parent)] = {"properties": {}}
    for secrets in (source.secrets, target.secrets):
        secrets |= {
            f"{path}/listSecrets": EverySecret(),
            f"{path}/value": {"id": f"https://v/secrets/s/{_newest(asset)}", "value": "secret"},
            f"{path}/listsecrets": {"properties": {"credentials": {"pat": "secret"}}},
            "datastores/workspaceblobstore/listSecrets": EverySecret(),
        }
    ledger = Ledger(tmp_path)
    ledger.bind(Plan(header(), (step,), "ab" * 32))
    written = AsyncLedger(ledger)
    names = TargetNames(target, written, OwnershipRecord(), {})
    documents = DocumentExecutor(
        source, target, Sources(source, (), CONTEXT), written, {}, OwnershipRecord(), names, nothing_given()
    )
    yield Begun(step, target, ledger, documents)
    written.close()
    ledger.close()


@every_state
@pytest.mark.parametrize("looks", range(4))
async def test_a_kill_during_the_wait_is_resumed_by_reading(begun: Begun, asset: Asset, looks: int) -> None:
    begun.target.dying = looks
    with pytest.raises(KilledError):
        await begun.go_on()
    assert begun.ledger.step(begun.step.address).state is State.CREATED
    begun.target.calls.clear()
    await begun.go_on()
    assert begun.ledger.step(begun.step.address).state is State.DONE
    assert begun.target.changing() == []


@every_state
async def test_what_is_failed_at_fails_the_step_in_the_services_words(begun: Begun, asset: Asset) -> None:
    begun.target.fails[begun.target.slow_at] = "no quota is left"
    with pytest.raises(MigrateError) as caught:
        await begun.go_on()
    assert "no quota is left" in caught.value.summary
    assert begun.ledger.step(begun.step.address).state is State.CREATED


@every_state
async def test_what_is_refused_fails_the_step_in_the_services_words_and_is_asked_for_once_more(
    begun: Begun, asset: Asset, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuses(path: str, body: Document, query: Any = None) -> Accepted:
        raise refusal(400, "ValidationError", "The member 'x' is not one of these: y.", method="PUT", url=path)

    with monkeypatch.context() as once:
        once.setattr(begun.target, "put", refuses)
        with pytest.raises(MigrateError) as caught:
            await begun.go_on()
    assert "The member 'x' is not one of these: y." in caught.value.summary
    assert begun.ledger.step(begun.step.address).state is State.DOING
    assert not begun.ledger.owned() and begun.target.slow_at not in begun.target.documents
    await begun.go_on()
    assert begun.ledger.step(begun.step.address).state is State.DONE
    assert len([one for one in begun.target.changing() if one[0] == "PUT"]) == 1


def _fail(begun: Begun, asset: Asset) -> None:
    """The service failed at what somebody asked for."""
    path, body = begun.target.slow_at, begun.step.body or {}
    properties = {**body["properties"], "provisioningState": "Failed"}
    begun.target.documents[path] = {"id": f"{NEW.id}/{path}", "name": "x", **body, "properties": properties}


@every_state
async def test_what_was_asked_for_before_a_kill_and_failed_is_made_anew(begun: Begun, asset: Asset) -> None:
    begun.ledger.move(begun.step.address, State.DOING)
    _fail(begun, asset)
    await begun.go_on()
    assert begun.ledger.step(begun.step.address).state is State.DONE
    assert begun.target.changing() != []


# A vault's secret has no state to fail in.
_NAMELESS = [
    one
    for one in STATES
    if not kind_of(one).fields.provenance
    and kind_of(one).read_before_put(one.address)
    and one.address.kind != "vaultSecrets"
]


@pytest.mark.parametrize("asset", _NAMELESS, ids=lambda one: str(one.address))
async def test_what_failed_and_was_never_asked_for_is_somebody_elses(begun: Begun, asset: Asset) -> None:
    _fail(begun, asset)
    with pytest.raises(MigrateError, match="did not create"):
        await begun.go_on()
    assert begun.target.changing() == []


@every_asset
async def test_nothing_is_read_between_the_call_and_its_answer(asset: Asset) -> None:
    port, kind = InMemory(), kind_of(asset)
    await kind.apply(port, asset.address, kind.desired(asset, CONTEXT).first)
    assert len(port.calls) == 1


@every_asset
async def test_what_a_cutover_sets_is_one_call_that_changes_that_alone_and_sets_it_back(asset: Asset) -> None:
    kind, path = kind_of(asset), kind_of(asset).path(asset.address)
    settings = kind.quiet(asset)
    port = InMemory({path: asset.document})
    for wanted in (settings, found_at(asset.document, settings)) if settings else ():
        port.calls.clear()
        before = port.documents[path]
        await kind.apply(port, asset.address, kind.setting(before, wanted))
        assert len(port.calls) == 1
        assert kind.canonical(port.documents[path]) == kind.canonical(laid(before, wanted))


def test_the_examples_are_of_every_kind_that_moves() -> None:
    assert {one.address.kind for one in STATES} == {kind.name for kind in KINDS if not kind.inherent}


_ROLES = [one for one in STATES if one.address.kind == "roleAssignments"]


@pytest.mark.parametrize("asset", _ROLES, ids=lambda one: str(one.address))
@pytest.mark.parametrize("times", [2, 9])
async def test_what_is_not_known_everywhere_yet_is_asked_again_for_a_while(
    begun: Begun, asset: Asset, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, left = begun.target.put, [times]

    async def unknown(path: str, body: Document, query: Any = None) -> Accepted:
        left[0] -= 1
        if left[0] >= 0:
            raise refusal(400, "PrincipalNotFound", "Principal p does not exist in the directory t.", method="PUT")
        return await put(path, body, query)

    monkeypatch.setattr(begun.target, "put", unknown)
    monkeypatch.setattr(retrying, "_grant_backoff", wait_none())
    monkeypatch.setattr(document_executor, "_LATE_SECONDS", 120.0 if times == 2 else 0.0)
    if times == 2:
        await begun.go_on()
        assert begun.ledger.step(begun.step.address).state is State.DONE
        return
    with pytest.raises(MigrateError, match="PrincipalNotFound"):
        await begun.go_on()
    assert begun.target.documents.get(_kind(asset).path(asset.address)) is None
